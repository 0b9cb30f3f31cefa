"""What to do with a category: each verdict from planted counts, and none by chance."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from ingestion.config import CategoryVerdict, Config
from ingestion.judging import category_verdicts
from ingestion.judging.category_evidence import JudgedGrouping, Proportion, effective_sizes, regrouped
from ingestion.judging.category_verdicts import judge
from store import parts
from store.root import Root
from store.tables import table
from tests.ingestion.steps import Rows, do, put

RULE = Config().verdict.model_dump(mode="json")
THRESHOLDS = CategoryVerdict().model_dump(mode="json")
Counts = dict[str, dict[int, int]]
OWN = {"Mug": 0, "Hat": 1, "Tie": 2}
"""The group that is matched to each category."""


def scored(
    root: Root,
    counts: Counts,
    method: str = "bert",
    stability: dict[str, float] | None = None,
    errors: dict[str, tuple[float, float]] | None = None,
) -> Any:
    tag = {"method": method, "grouping": "manifold"}
    category_of = {group: category for category, group in OWN.items()}
    cells = [
        {**tag, "category": c, "cluster": g, "matched_category": category_of.get(g), "products": n}
        for c, row in counts.items()
        for g, n in row.items()
    ]
    found = [
        {**tag, "category": c, "stability": {**dict.fromkeys(counts, 1.0), **(stability or {})}[c]} for c in counts
    ]
    for row in found:
        row["precision_error"], row["recall_error"] = (errors or {}).get(row["category"], (0.0, 0.0))
    return put(root, f"scoring:{method}", {"category_scores": found, "confusions": cells})


def run(
    root: Root, counts: Counts, predicted: Counts | None = None, duplicates: int = 1, **options: Any
) -> dict[str, dict[str, Any]]:
    """The verdicts by category; `predicted[category][i]` counts the products predicted to be of the i-th category.

    The products of a category come in duplicate groups of that many `duplicates`.
    """
    names = list(counts)
    products, predictions = [], []
    for category, row in counts.items():
        ids = [f"{category}{i}" for i in range(sum(row.values()))]
        products += [{"product_id": i, "category": category} for i in ids]
        taken = [names[other] for other, n in (predicted or {}).get(category, {}).items() for _ in range(n)]
        predictions += [
            {"product_id": i, "probe": "linear", "predicted_category": c} for i, c in zip(ids, taken, strict=False)
        ]
    reads = [put(root, "catalogue", {"products": products}), scored(root, counts, **options)]
    extra = [(c, i) for c, row in counts.items() for i in range(sum(row.values())) if i % duplicates]
    pairs = [
        {"product_id": f"{c}{i}", "duplicate_of": f"{c}{i - i % duplicates}", "modality": "text"} for c, i in extra
    ]
    reads.append(put(root, "duplicates", {"duplicates": pairs}))
    if predicted:
        reads.append(put(root, "probes:bert", {"predictions": predictions}))
    return verdicts(root, reads)


def verdicts(root: Root, reads: list[Any], **rule: Any) -> dict[str, dict[str, Any]]:
    """The verdicts by category; each method is judged by the one grouping that it has."""
    scores = [row for part in reads for row in parts.read(root, part, "category_scores").to_pylist()]
    judged = {row["method"]: {key: row[key] for key in ("method", "grouping")} for row in scores}
    reads = [*reads, put(root, "verdict", {"judged_groupings": list(judged.values())})]
    parameters = {"verdict": {**RULE, **rule}, "category_verdict": THRESHOLDS}
    rows: Rows = do(root, "category_verdicts", category_verdicts.step, reads, parameters).get("verdicts", [])
    return {row["scope"].removeprefix("category:"): row for row in rows}


def test_what_is_found_and_pure_is_automated(tmp_path: Path) -> None:
    row = run(Root(tmp_path), {"Mug": {0: 95, 1: 5}, "Hat": {1: 97, 0: 3}})["Mug"]
    assert row["verdict"] == "automate"
    assert row["stable_from"] == CategoryVerdict().stable_from
    assert (row["method"], row["grouping"]) == ("bert", "manifold")
    assert (row["metric"], row["value"], row["feasible_from"]) == ("recall", 0.95, THRESHOLDS["automate_from"])
    assert "95 % of its 100 products (95 % interval 89 to 98 %)" in row["reason"]
    assert "97 % (91 to 99 %)" in row["reason"]  # 95 of the 98 in its group
    assert row["reason"].count(". ") == 1  # two sentences


@pytest.mark.parametrize("unknown", [{"stability": {"Mug": None}}, {"errors": {"Mug": (None, None)}}], ids=str)
def test_what_no_resample_could_tell_automates_nothing(unknown: dict[str, Any], tmp_path: Path) -> None:
    row = run(Root(tmp_path), {"Mug": {0: 95, 1: 5}, "Hat": {1: 97, 0: 3}}, **unknown)["Mug"]
    assert row["verdict"] == "label"
    assert "whether that group is found again in resamples was not measured" in row["reason"]


def test_a_proportion_that_could_be_chance_automates_nothing(tmp_path: Path) -> None:
    surely = run(Root(tmp_path / "surely"), {"Mug": {0: 90, 1: 10}, "Hat": {1: 100}})
    chance = run(Root(tmp_path / "chance"), {"Mug": {0: 18, 1: 2}, "Hat": {1: 100}})
    assert surely["Mug"]["value"] == chance["Mug"]["value"] == 0.9
    assert (surely["Mug"]["verdict"], chance["Mug"]["verdict"]) == ("automate", "label")
    assert chance["Mug"]["low"] < THRESHOLDS["automate_from"] <= surely["Mug"]["low"]


def test_near_duplicates_are_fewer_draws(tmp_path: Path) -> None:
    counts = {"Mug": {0: 90, 1: 10}, "Hat": {1: 100}}
    predicted = {"Mug": {0: 95, 1: 5}, "Hat": {1: 100}}
    single, grouped = (run(Root(tmp_path / str(n)), counts, predicted, duplicates=n)["Mug"] for n in (1, 5))
    assert single["value"] == grouped["value"] == 0.9
    few = binomtest(18, 20).proportion_ci(method="wilson")
    assert (grouped["low"], grouped["high"]) == pytest.approx((few.low, few.high), abs=1e-6)
    assert (single["verdict"], grouped["verdict"]) == ("automate", "label")
    assert (
        "90 % of its 100 products (95 % interval 70 to 97 %, as of 20 because of near-duplicates" in grouped["reason"]
    )
    assert "A model trained on labels finds 95 % (76 to 99 %) of it" in grouped["reason"]  # as of 19 of 20


def test_duplicates_of_a_few_products_are_too_few_to_judge_by(tmp_path: Path) -> None:
    row = run(Root(tmp_path), {"Mug": {0: 12}, "Hat": {1: 12}}, duplicates=12)["Mug"]
    assert row["verdict"] == "unknown"
    assert "12 products of it could be grouped with bert, which count as 1 because of near-duplicates;" in row["reason"]


def purity(counts: dict[str, int], effective_size: dict[str, float]) -> Proportion:
    """The proportion of mugs in a group of these products, of which each counts as that many draws."""
    return JudgedGrouping("bert", "embedding", {}, {}, {}, {}, {}, effective_size).purity("Mug", counts)


def test_one_duplicate_group_of_another_category_counts_as_one() -> None:
    found = purity({"Mug": 150, "Hat": 14}, {"Mug": 1.0, "Hat": 1 / 14})
    assert found.draws == pytest.approx(12.7, abs=0.1)
    assert found.low < THRESHOLDS["automate_from"] < found.value


def test_fewer_other_products_never_lower_the_purity() -> None:
    for mug, hat in [(1.0, 1.0), (0.2, 1.0), (1.0, 0.2), (0.2, 0.2)]:
        lows = [purity({"Mug": 100, "Hat": hats}, {"Mug": mug, "Hat": hat}).low for hats in range(6)]
        assert lows == sorted(lows, reverse=True)
    assert purity({"Mug": 90, "Hat": 10}, {"Mug": 1.0, "Hat": 1.0}).draws == pytest.approx(100)


@pytest.mark.parametrize(("own", "other"), [(1, 5), (5, 1), (5, 5), (1, 1)])
def test_the_interval_of_a_purity_covers_it(own: int, other: int) -> None:
    random, covered, draws = np.random.default_rng(0), 0, 2000
    mugs, hats = 160 / own, 20 / other
    for _ in range(draws):
        found = {"Mug": own * int(random.poisson(mugs)), "Hat": other * int(random.poisson(hats))}
        proportion = purity(found, {"Mug": 1 / own, "Hat": 1 / other})
        covered += proportion.low <= 160 / 180 <= proportion.high
    assert covered / draws > 0.92


def test_the_effective_size_is_kishs() -> None:
    assert effective_sizes(["Mug"] * 6 + ["Hat", None], [0, 0, 0, 1, 2, 3, 0, 0]) == {
        "Mug": pytest.approx(6 / (9 + 1 + 1 + 1)),  # Kish: 36 / 12 = 3 draws of 6 products
        "Hat": 1.0,
    }


def test_regrouping_takes_draws_by_hand() -> None:
    # of 96 right of 100, Agresti and Coull take 98 of 104: a variance of .0544 a draw, .000544 of the 100; an error of
    # .05 adds .0025, so that it is that of .0544 / .003044 = 17.9 draws
    p = 98 / 104
    found = regrouped(Proportion(96, 100, 100.0), 0.05)
    assert found.draws == pytest.approx(p * (1 - p) / (p * (1 - p) / 100 + 0.05**2))
    assert found.draws == pytest.approx(17.9, abs=0.1)
    assert (found.part, found.whole, found.value) == (96, 100, 0.96)


@pytest.mark.parametrize(("part", "error"), [(100, 0.05), (0, 0.05), (90, 0.01)])
def test_regrouping_only_widens_an_interval(part: int, error: float) -> None:
    kept = Proportion(part, 100, 100.0)
    found = regrouped(kept, error)
    assert found.low <= kept.low
    assert found.high >= kept.high
    assert found.high - found.low > kept.high - kept.low
    assert regrouped(kept, 0.0) == kept
    assert regrouped(Proportion(0, 0, 0.0), error) == Proportion(0, 0, 0.0)


@pytest.mark.parametrize(("errors", "metric"), [((0.1, 0.0), "precision"), ((0.0, 0.1), "recall")])
def test_a_category_whose_group_comes_and_goes_is_not_automated(
    errors: tuple[float, float], metric: str, tmp_path: Path
) -> None:
    counts = {"Mug": {0: 97, 1: 3}, "Hat": {1: 97, 0: 3}}
    kept = run(Root(tmp_path / "kept"), counts, errors={"Mug": (0.0, 0.0)})["Mug"]
    moved = run(Root(tmp_path / "moved"), counts, errors={"Mug": errors})["Mug"]
    assert (kept["verdict"], moved["verdict"]) == ("automate", "label")
    assert moved["metric"] == metric
    few = regrouped(Proportion(97, 100, 100.0), 0.1)
    assert (moved["value"], moved["low"], moved["high"]) == (0.97, pytest.approx(few.low), pytest.approx(few.high))


def test_a_pure_group_that_comes_and_goes_needs_labels(tmp_path: Path) -> None:
    row = run(Root(tmp_path), {"Mug": {0: 100}, "Hat": {1: 100}}, errors={"Mug": (0.2, 0.0)})["Mug"]
    assert (row["verdict"], row["metric"], row["value"]) == ("label", "precision", 1.0)


def test_an_unstable_group_automates_nothing(tmp_path: Path) -> None:
    counts = {"Mug": {0: 100}, "Hat": {1: 100}}
    found = run(Root(tmp_path), counts, stability={"Mug": 0.5, "Hat": 0.9})
    assert (found["Mug"]["verdict"], found["Hat"]["verdict"]) == ("label", "automate")
    assert "Jaccard similarity of 0.50" in found["Mug"]["reason"]


def test_labels_are_advised_where_a_probe_separates_categories(tmp_path: Path) -> None:
    counts = {"Mug": {0: 100}, "Hat": {0: 90, 1: 10}}
    found = run(Root(tmp_path), counts, {"Mug": {0: 99, 1: 1}, "Hat": {1: 98, 0: 2}})
    assert found["Hat"]["verdict"] == found["Mug"]["verdict"] == "label"
    assert "90 % are in group 0, the group of Mug" in found["Hat"]["reason"]
    assert "47 % of that group are Hat" in found["Mug"]["reason"]
    assert found["Hat"]["reason"].endswith("labels would be enough.")


def test_a_category_that_the_probe_did_not_learn_is_not_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = {"Mug": {0: 90, 1: 10}, "Hat": {0: 88, 1: 12}, "Tie": {2: 100}}
    predicted = {"Mug": {0: 100}, "Hat": {0: 100}, "Tie": {2: 100}}
    monkeypatch.setattr(category_verdicts, "MAX_CATEGORIES", 2)
    hat = run(Root(tmp_path), counts, predicted)["Hat"]
    assert hat["verdict"] == "label"
    assert hat["reason"].endswith("not known: the probe learns the 2 largest categories.")


def test_two_that_grouping_and_probe_confuse_are_merged(tmp_path: Path) -> None:
    counts = {"Mug": {0: 90, 1: 10}, "Hat": {0: 88, 1: 12}, "Tie": {2: 100}}
    found = run(Root(tmp_path), counts, {"Mug": {0: 60, 1: 40}, "Hat": {1: 55, 0: 45}, "Tie": {2: 100}})
    assert [found[c]["verdict"] for c in ("Mug", "Hat", "Tie")] == ["merge", "merge", "automate"]
    assert "Merge it with Hat" in found["Mug"]["reason"]
    assert "40 % (31 to 50 %)" in found["Mug"]["reason"]


def test_a_few_confusions_or_separate_groups_merge_nothing(tmp_path: Path) -> None:
    shared, separate = {"Mug": {0: 90, 1: 10}, "Hat": {0: 60, 1: 40}}, {"Mug": {0: 60, 2: 40}, "Hat": {1: 60, 2: 40}}
    few = run(Root(tmp_path / "few"), shared, {"Mug": {0: 75, 1: 25}, "Hat": {1: 75, 0: 25}})
    other = run(Root(tmp_path / "separate"), separate, {"Mug": {0: 60, 1: 40}, "Hat": {1: 60, 0: 40}})
    assert {row["verdict"] for found in (few, other) for row in found.values()} == {"label"}
    assert "labels alone will not be enough" in other["Mug"]["reason"]


def test_a_category_in_several_groups_of_its_own_is_split(tmp_path: Path) -> None:
    root = Root(tmp_path)
    counts = {"Mug": {0: 60, 3: 38, 1: 2}, "Hat": {1: 98, 0: 2}}
    tag = {"method": "bert", "grouping": "manifold"}
    names = [{**tag, "cluster": 0, "name": "cup, saucer"}, {**tag, "cluster": 3, "name": "tankard"}]
    reads = [
        put(root, "catalogue", {"products": [{"product_id": c, "category": c} for c in counts]}),
        scored(root, counts),
        put(root, "descriptions:bert", {"cluster_descriptions": names}),
    ]
    row = verdicts(root, reads)["Mug"]
    assert row["verdict"] == "split"
    assert "'cup, saucer' with 60 % (50 to 69 %) of it, 97 %" in row["reason"]
    assert "'tankard' with 38 % (29 to 48 %) of it, 100 %" in row["reason"]


def test_a_small_or_a_mixed_group_is_no_part_to_split_into(tmp_path: Path) -> None:
    small = run(Root(tmp_path / "small"), {"Mug": {0: 70, 3: 10, 1: 20}, "Hat": {1: 100}})
    mixed = run(Root(tmp_path / "mixed"), {"Mug": {0: 60, 3: 40}, "Hat": {1: 60, 3: 40}})
    assert (small["Mug"]["verdict"], mixed["Mug"]["verdict"]) == ("label", "label")


def test_a_category_without_a_group_names_its_largest_group(tmp_path: Path) -> None:
    row = run(Root(tmp_path), {"Mug": {0: 100}, "Hat": {1: 100}, "Cup": {0: 80, 1: 20}})["Cup"]
    assert row["verdict"] == "label"
    assert "80 % (71 to 87 %) of it are in group 0, the group of Mug" in row["reason"]
    assert row["reason"].endswith("no probe was trained on its vectors.")
    assert (row["metric"], row["value"]) == ("recall", 0.0)


def test_too_few_products_are_not_judged(tmp_path: Path) -> None:
    found = run(Root(tmp_path), {"Mug": {0: 9}, "Hat": {1: 100}, "Tie": {2: 1}})
    assert found["Mug"]["verdict"] == "unknown"
    assert found["Mug"]["reason"].startswith("9 products of it could be grouped with bert; a verdict needs 10")
    assert found["Tie"]["reason"].startswith("1 product of it")


def test_a_category_without_grouped_products_is_unknown(tmp_path: Path) -> None:
    root = Root(tmp_path)
    products = [{"product_id": c, "category": c} for c in ("Mug", "Hat", "Lost", None)]
    reads = [put(root, "catalogue", {"products": products}), scored(root, {"Mug": {0: 90}, "Hat": {1: 90}})]
    found = verdicts(root, reads)
    assert list(found) == ["Hat", "Lost", "Mug"]
    assert (found["Lost"]["verdict"], found["Lost"]["value"]) == ("unknown", None)


def test_the_first_declared_method_of_the_widest_scope_counts(tmp_path: Path) -> None:
    root = Root(tmp_path)
    good, bad = {"Mug": {0: 90}, "Hat": {1: 90}}, {"Mug": {1: 90}, "Hat": {0: 90}}
    catalogue = put(root, "catalogue", {"products": [{"product_id": c, "category": c} for c in good]})
    reads = [catalogue, scored(root, bad, "tfidf"), scored(root, bad, "cnn"), scored(root, good, "use")]
    assert {row["method"] for row in verdicts(root, reads).values()} == {"use"}
    both = [*reads, scored(root, good, "joint")]
    found = verdicts(root, both, rests_on={"text": ["use"], "text+image": ["joint"]})
    assert {(row["method"], row["grouping"]) for row in found.values()} == {("joint", "manifold")}


def test_with_nothing_scored_every_category_is_unknown(tmp_path: Path) -> None:
    root = Root(tmp_path)
    one = verdicts(root, [put(root, "catalogue", {"products": [{"product_id": "p", "category": "Mug"}]})])
    assert [row["verdict"] for row in one.values()] == ["unknown"]
    none = Root(tmp_path / "none")
    assert verdicts(none, [put(none, "catalogue", {"products": [{"product_id": "p"}]})]) == {}


def test_noise_is_never_automated() -> None:
    random, single = np.random.default_rng(0), dict.fromkeys(OWN, 1.0)
    for _ in range(100):
        groups = {c: np.bincount(random.integers(0, 3, 60), minlength=3).tolist() for c in OWN}
        counts = {c: Counter(dict(enumerate(row))) for c, row in groups.items()}
        grouping = JudgedGrouping("bert", "manifold", counts, OWN, {}, {}, {}, single)
        assert "automate" not in {judge(c, grouping, {}, THRESHOLDS)["verdict"] for c in OWN}


@pytest.mark.parametrize(("part", "whole"), [(0, 10), (1, 10), (10, 10), (87, 150), (149, 150), (3, 4)])
def test_the_interval_is_wilsons(part: int, whole: int) -> None:
    known = binomtest(part, whole).proportion_ci(method="wilson")
    proportion = Proportion(part, whole, draws=whole)
    assert (proportion.low, proportion.high) == pytest.approx((known.low, known.high), abs=1e-6)


def test_the_verdicts_fit_the_declared_table() -> None:
    assert {"scope", "reason", "metric", "low", "high", "feasible_from"} <= set(table("verdicts").schema.names)

"""The questions behind the verdict: comparisons, ceilings, labels, spread, categories, findings, numbers and costs."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from duckdb import DuckDBPyConnection as Cursor

from store.questions import categories, comparisons, costs, estimates, findings, groups, labels, maps, study
from store.reader import Reader
from store.root import Root
from tests.factories import CATEGORIES, DECLARED, ESTIMATED, RESTS_ON


@pytest.fixture(scope="module")
def cursor(large_store: Root) -> Iterator[Cursor]:
    with Reader(large_store).cursor() as cursor:
        yield cursor


@pytest.fixture(scope="module")
def bare(bare_store: Root) -> Iterator[Cursor]:
    """A store without categories and images."""
    with Reader(bare_store).cursor() as cursor:
        yield cursor


def test_each_method_has_the_score_of_its_judged_grouping(cursor: Cursor) -> None:
    judged = study.judged(cursor)
    assert set(judged.values()) == {DECLARED}
    ranking = [s for s in study.ranking(cursor) if s.value is not None]
    assert len(ranking) == 8
    assert [s.value for s in ranking] == sorted((s.value or 0.0 for s in ranking), reverse=True)
    scores = {(s.method, s.grouping): s.value for s in study.scores(cursor) if s.metric == "ari"}
    for s in ranking:
        assert s.grouping == judged[s.method]
        assert s.value == scores[s.method, judged[s.method]]


def test_the_declared_grouping_is_that_of_most_methods_not_that_of_a_category(cursor: Cursor) -> None:
    assert study.declared(cursor) == (DECLARED, "ari")


def test_the_other_side_of_a_comparison_is_a_method_that_a_verdict_rests_on(cursor: Cursor) -> None:
    assert comparisons.others(cursor) == [(RESTS_ON[scope], DECLARED) for scope in ("text+image", "text", "image")]
    joint, bert = ("joint", DECLARED), ("bert", DECLARED)
    there = comparisons.between(cursor, bert, joint, "ari")
    assert there is not None
    assert (there.method, there.other_method, there.other_grouping) == ("bert", *joint)
    assert comparisons.between(cursor, joint, bert, "ari") is None
    assert comparisons.between(cursor, joint, joint, "ari") is None
    assert comparisons.between(cursor, ("bert", ESTIMATED), joint, "ari") is not None


def test_each_other_method_is_compared_with_the_declared_one_once(cursor: Cursor) -> None:
    declared, *_ = comparisons.others(cursor)
    found = comparisons.against(cursor, declared, "ari")
    value = {s.method: s.value or 0.0 for s in study.ranking(cursor) if s.value is not None}
    assert set(found) == set(value) - {declared[0]}
    for method, comparison in found.items():
        assert comparison.grouping == study.judged(cursor)[method]
        assert comparison.difference == pytest.approx(value[method] - value[declared[0]])
    assert [c.difference for c in found.values()] == sorted((c.difference for c in found.values()), reverse=True)
    assert {c.distinct for c in found.values()} == {True, False}


def test_a_ceiling_is_the_better_probes_and_only_methods_with_vectors_have_one(cursor: Cursor) -> None:
    found = labels.ceilings(cursor, "ari")
    assert set(found) == {"bert", "cnn", "count", "fusion", "sift", "tfidf"}
    best = dict(
        cursor.execute("SELECT method, max(value) FROM ceilings WHERE metric = 'ari' GROUP BY method").fetchall()
    )
    assert {method: ceiling.value for method, ceiling in found.items()} == best


def test_learning_curves_come_by_method_and_labels(cursor: Cursor) -> None:
    assert labels.curve_metrics(cursor)[0] == "accuracy"
    points = labels.learning_curves(cursor, "accuracy")
    assert [(p.method, p.labels) for p in points] == sorted((p.method, p.labels) for p in points)
    assert {p.labels for p in points} == {5, 10, 20, 50}


def test_the_widest_spread_over_maps_comes_first_and_is_that_of_the_maps(cursor: Cursor) -> None:
    ranges = maps.map_ranges(cursor, "ari")
    assert all(a.high - a.low >= b.high - b.low for a, b in pairwise(ranges))
    for found in ranges:
        values = [m.value for m in maps.map_scores(cursor, "ari") if m.method == found.method]
        assert (min(values), max(values), len(values)) == (found.low, found.high, found.maps)


def test_every_category_has_its_figures_by_every_method_and_one_verdict(cursor: Cursor) -> None:
    figures = categories.judged_scores(cursor)
    assert len(figures) == 8 * len(CATEGORIES)
    assert all(f.stability is not None for f in figures)
    verdicts = categories.category_verdicts(cursor)
    assert [v.category for v in verdicts] == sorted(CATEGORIES)
    assert {v.verdict for v in verdicts} == {"automate", "label", "merge", "split"}
    assert not any(v.scope.startswith("category:") for v in study.verdicts(cursor))


def test_suspects_come_by_rank_whole_or_of_one_category(cursor: Cursor) -> None:
    found = findings.suspects(cursor)
    votes = findings.suspect_votes(cursor)
    assert votes is not None
    assert [s.rank for s in found] == list(range(1, votes.suspects + 1))
    assert (votes.fewest, votes.most) == (min(s.votes for s in found), max(s.votes for s in found))
    assert votes.methods == max(s.methods for s in found)
    counts = findings.suspect_categories(cursor)
    assert sum(counts.values()) == len(found)
    category = next(iter(counts))
    some = findings.suspects(cursor, category)
    assert [s for s in found if s.category == category] == some
    of_category = findings.suspect_votes(cursor, category)
    assert of_category is not None
    assert of_category.suspects == counts[category]
    assert findings.suspect_votes(cursor, "no such") is None
    assert findings.suspects(cursor, limit=1, offset=1) == found[1:2]
    assert findings.suspects(cursor, "' OR 1=1 --") == []


def test_duplicates_are_filtered_by_modality_and_match(cursor: Cursor) -> None:
    counts = {(c.modality, c.match): c.pairs for c in findings.duplicate_counts(cursor)}
    assert set(counts) == {("text", "exact"), ("text", "near"), ("image", "exact"), ("image", "near")}
    every = findings.duplicates(cursor)
    assert [p.similarity for p in every] == sorted((p.similarity for p in every), reverse=True)
    for (modality, match), pairs in counts.items():
        found = findings.duplicates(cursor, modality, match)
        assert len(found) == pairs
        assert all((p.modality, p.match) == (modality, match) for p in found)
        assert all(p.earlier.product_id < p.later.product_id for p in found)


def test_a_group_is_described_by_its_terms_its_stability_and_its_central_products(cursor: Cursor) -> None:
    where = ("joint", DECLARED)
    described = groups.descriptions(cursor, *where, terms=3)
    assert set(described) == {c.cluster for c in groups.clusters(cursor, *where)}
    inside = dict(
        cursor.execute("SELECT product_id, cluster FROM clusters WHERE method = ? AND grouping = ?", where).fetchall()
    )
    central = groups.central(cursor, *where, limit=4)
    assert all(inside[p.product_id] == p.cluster for p in central)
    for cluster, description in described.items():
        assert len(description.terms) == 3
        assert description.name == ", ".join(description.terms)
        assert description.stability is not None
        assert sum(p.cluster == cluster for p in central) == 4


def test_the_least_sure_of_a_group_are_those_found_again_least_often(cursor: Cursor) -> None:
    found = groups.least_sure(cursor, "joint", DECLARED, 3)
    for cluster in {c.cluster for c in groups.clusters(cursor, "joint", DECLARED)}:
        again = cursor.execute(
            """SELECT found_again FROM clusters WHERE method = 'joint' AND grouping = ? AND cluster = ?
               AND found_again < 1 ORDER BY found_again LIMIT 3""",
            (DECLARED, cluster),
        ).fetchall()
        assert [(p.found_again,) for p in found if p.cluster == cluster] == again
    assert groups.least_sure(cursor, "joint", "' OR 1=1 --", 3) == []


def test_every_method_has_one_estimate_and_its_score(cursor: Cursor) -> None:
    found = estimates.k_estimates(cursor)
    assert [e.method for e in found] == sorted(study.judged(cursor))
    scored = estimates.estimated_scores(cursor, "ari")
    values = {s.method: s.value for s in study.leaderboard(cursor, ESTIMATED, "ari") if s.value is not None}
    assert {method: s.value for method, s in scored.items()} == values
    assert {s.groups for s in scored.values()} == {len(CATEGORIES) + 1}
    assert {e.categories for e in found} == {len(CATEGORIES)}
    assert all((e.low or 0) <= e.k <= (e.high or 0) for e in found)


def test_named_groups_have_scores_of_their_own(cursor: Cursor) -> None:
    named = estimates.named_scores(cursor)
    assert [s.metric for s in named] == ["ari", "ami", "accuracy", "macro_f1"]
    assert not {"named"} & {s.grouping for s in study.scores(cursor)}


def test_costs_are_per_thousand_products_and_hold_what_a_method_is_built_on(cursor: Cursor) -> None:
    found = {c.method: c for c in costs.costs(cursor)}
    bert, cnn, fusion = found["bert"], found["cnn"], found["fusion"]
    assert bert.seconds == pytest.approx(31.0 * 1000 / 140)
    assert bert.grouping_seconds == pytest.approx((7.7 + 0.3) * 1000 / 140)
    assert bert.vector_mb == pytest.approx(8 * 4 * 1000 / 1e6)
    assert fusion.built_on == ("bert", "cnn")
    assert fusion.seconds == pytest.approx((31.0 + 22.4 + 0.4) * 1000 / 140)
    assert fusion.peak_mb == max(bert.peak_mb or 0, cnn.peak_mb or 0)
    joint = found["joint"]
    assert joint.seconds == pytest.approx((31.0 + 1.1 + 22.4) * 1000 / 140)
    assert joint.dimensions is None
    assert "glove" not in found


def test_a_store_without_categories_has_groups_to_describe_and_nothing_to_compare(bare: Cursor) -> None:
    assert comparisons.others(bare) == []
    assert labels.ceilings(bare, "ari") == {}
    assert labels.learning_curves(bare, "ari") == labels.curve_metrics(bare) == []
    assert maps.map_ranges(bare, "ari") == []
    assert maps.map_ranges(bare, "silhouette")
    assert categories.judged_scores(bare) == []
    assert categories.category_verdicts(bare) == []
    assert findings.suspects(bare) == []
    assert estimates.named_scores(bare) == []
    assert {e.categories for e in estimates.k_estimates(bare)} == {None}
    assert groups.descriptions(bare, "bert", DECLARED)
    assert all(c.value is None for c in costs.costs(bare))
    assert study.judged(bare)["joint-text"] == DECLARED

"""A whole run: what is published, and what is computed again."""

import shutil
from pathlib import Path

import pytest

from ingestion.pipeline.ingest import Report
from store import manifest, parts
from store.root import Root
from tests.ingestion import shop
from tests.ingestion.shop import (
    ALL,
    BEFORE_SCORES,
    FAKES,
    JOINED,
    STUDIED,
    DirectEngine,
    Shop,
    ask,
    computed,
    ingest,
    signature,
)
from tests.ingestion.steps import entries

MADE = 2 * len(FAKES) + len(JOINED)
"""Groupings on the manifold and, of methods with vectors, in the embedding."""


def test_a_run_computes_every_step_and_publishes_all_tables(first: tuple[Shop, Path, Report, DirectEngine]) -> None:
    _, store, report, _ = first
    assert (report.status, report.number, report.missing) == ("published", 1, {})
    assert computed(report) == set(report.outcomes) == ALL
    groupings = MADE + ask(store, "SELECT count(*) FROM k_estimates WHERE k > 1")[0][0]
    assert groupings > MADE
    counts = {
        "products": 60,
        "images": 60,
        "texts": 60,
        "embedding_faketext": 60,
        "embedding_fakeimage": 60,
        "projections": 2 * 2 * 60,
        "clusters": groupings * 60,
        "resampled_scores": groupings * 3 * shop.SETTINGS["study"]["resamples"],
        "models": len(FAKES) + len(JOINED),
        "verdicts": 3 + len(FAKES) + len(JOINED) + len(shop.CATEGORIES),
    }
    assert {table: ask(store, f"SELECT count(*) FROM {table}")[0][0] for table in counts} == counts


def test_the_categories_are_found_by_text_and_by_image(
    first: tuple[Shop, Path, Report, DirectEngine],
) -> None:
    question = "SELECT scope, method, verdict, value FROM verdicts WHERE scope NOT LIKE '%:%' ORDER BY scope"
    rows = ask(first[1], question)
    assert [row[:-1] for row in rows] == [
        ("image", "fakeimage", "feasible"),
        ("text", "faketext", "feasible"),
        ("text+image", "joint", "feasible"),
    ]
    assert min(value for *_, value in rows) > 0.9


def test_groups_are_computed_before_steps_that_no_step_needs(
    first: tuple[Shop, Path, Report, DirectEngine],
) -> None:
    order = [task.step for task in first[3].tasks]
    for other in ("map_scores", "probes"):
        assert order.index("clustering:joint") < min(at for at, step in enumerate(order) if step.startswith(other))


def test_a_run_and_its_steps_are_logged(first: tuple[Shop, Path, Report, DirectEngine]) -> None:
    _, store, report, _ = first
    columns = "run_id, status, snapshot, products, steps_computed, steps_cached, steps_failed, detail"
    assert ask(store, f"SELECT {columns} FROM runs") == [(report.run_id, "published", 1, 60, len(ALL), 0, 0, None)]
    steps = ask(store, "SELECT step, status, seconds > 0, peak_mb > 0, length(key) FROM steps")
    assert {row[0] for row in steps} == ALL
    assert {row[1:] for row in steps} == {("computed", True, True, 32)}


def test_no_step_before_the_scores_reads_a_category(first: tuple[Shop, Path, Report, DirectEngine]) -> None:
    tasks = [task for task in first[3].tasks if task.step.split(":")[0] in BEFORE_SCORES]
    joined = {f"clustering:{method}" for method in JOINED}
    assert {task.step for task in tasks} == {f"{step}:{method}" for step in BEFORE_SCORES for method in FAKES} | joined
    for task in tasks:
        for part in task.parts.values():
            for table in part.files:
                assert "category" not in "".join(parts.read(task.root, part, table).column_names), (task.step, table)


def test_a_second_run_computes_nothing_and_publishes_nothing(again: tuple[Shop, Path]) -> None:
    goods, store = again
    before = manifest.numbers(Root(store)), signature(store), entries(store / "parts")
    engine = DirectEngine()
    report = ingest(goods, store, engine=engine)
    assert (report.status, report.number) == ("unchanged", 1)
    assert engine.tasks == []
    assert {outcome.status for outcome in report.outcomes.values()} == {"cached"}
    assert before == (manifest.numbers(Root(store)), signature(store), entries(store / "parts"))
    assert ask(store, "SELECT status, steps_computed FROM runs ORDER BY run_id")[-1] == ("unchanged", 0)


def test_a_changed_text_recomputes_no_image_step(again: tuple[Shop, Path]) -> None:
    goods, store = again
    rows = shop.read(goods[0])
    rows[7]["name"] = "a strap of leather for a quartz watch"
    shop.write(goods[0], rows)
    report = ingest(goods, store)
    assert (report.status, report.number) == ("published", 2)
    kept = {f"{step}:fakeimage" for step in BEFORE_SCORES}
    assert kept <= ALL - computed(report)
    assert {"catalogue", "texts", *(f"{step}:faketext" for step in STUDIED)} <= computed(report)
    assert ask(store, f"SELECT name FROM products WHERE product_id = '{rows[7]['id']}'") == [(rows[7]["name"],)]


def test_a_changed_category_recomputes_no_vectors_and_no_groups(again: tuple[Shop, Path]) -> None:
    goods, store = again
    rows = shop.read(goods[0])
    rows[7]["category"] = next(category for category in shop.CATEGORIES if category != rows[7]["category"])
    shop.write(goods[0], rows)
    report = ingest(goods, store)
    scored = {f"scoring:{method}" for method in (*FAKES, *JOINED)} | {f"probes:{method}" for method in FAKES}
    assert {"catalogue", "comparisons", "verdict", "suspects"} | scored <= computed(report)
    assert not [step for step in computed(report) if step.split(":")[0] in BEFORE_SCORES]
    assert report.status == "published"


def test_a_changed_image_recomputes_no_text_step(again: tuple[Shop, Path]) -> None:
    goods, store = again
    shutil.copy(goods[1] / "M01.png", goods[1] / "S01.png")
    report = ingest(goods, store)
    assert {"images", *(f"{step}:fakeimage" for step in STUDIED)} <= computed(report)
    assert "clustering:joint" in computed(report)
    # groups follow the duplicates, among which are those of images: a resample draws a duplicate group as one
    kept = {f"{step}:faketext" for step in (*BEFORE_SCORES, "map_scores") if step != "clustering"}
    assert not {"catalogue", "texts", *kept} & computed(report)
    assert ("S01", "M01") in ask(store, "SELECT product_id, duplicate_of FROM duplicates WHERE modality = 'image'")


def test_another_threshold_recomputes_what_follows_verdicts_only(again: tuple[Shop, Path]) -> None:
    goods, store = again
    rule = {**shop.SETTINGS["verdict"], "feasible_accuracy": 1.0, "infeasible_accuracy": 0.99}
    report = ingest(goods, store, verdict=rule)
    assert computed(report) == {"verdict", "category_verdicts", "comparisons"}
    judged = "SELECT DISTINCT feasible_from FROM verdicts WHERE method IS NOT NULL AND scope NOT LIKE 'category:%'"
    assert ask(store, judged) == [(1.0,)]


def test_an_earlier_snapshot_is_still_there_after_the_next(again: tuple[Shop, Path]) -> None:
    goods, store = again
    shop.write(goods[0], shop.read(goods[0])[:-3])
    ingest(goods, store)
    assert [ask(store, "SELECT count(*) FROM products", number) for number in (1, 2)] == [[(60,)], [(57,)]]


def test_without_categories_all_but_the_agreement_is_published(tmp_path: Path) -> None:
    goods = shop.make(tmp_path, categories=False)
    report = ingest(goods, tmp_path / "store")
    assert (report.status, report.missing) == ("published", {})
    assert computed(report) == ALL
    found = {
        table: ask(tmp_path / "store", f"SELECT count(*) FROM {table}")[0][0]
        for table in ("category_scores", "confusions", "suspects", "ceilings", "comparisons", "clusters", "projections")
    }
    assert found == {
        **dict.fromkeys(found, 0),
        "clusters": MADE * 60,
        "projections": 2 * 2 * 60,
    }
    assert ask(tmp_path / "store", "SELECT DISTINCT metric FROM scores") == [("silhouette",)]
    assert ask(tmp_path / "store", "SELECT DISTINCT verdict FROM verdicts") == [("unknown",)]
    made = "SELECT method, count(DISTINCT cluster) FROM clusters WHERE grouping = 'manifold' GROUP BY 1 ORDER BY 1"
    estimated = "SELECT method, greatest(k, 2) FROM k_estimates ORDER BY 1"
    assert ask(tmp_path / "store", made) == ask(tmp_path / "store", estimated)


def test_a_number_of_groups_can_be_asked_for(tmp_path: Path) -> None:
    goods = shop.make(tmp_path, categories=False)
    study = {**shop.SETTINGS["study"], "k": 3}
    ingest(goods, tmp_path / "store", {"faketext": FAKES["faketext"]}, study=study)
    assert ask(tmp_path / "store", "SELECT count(DISTINCT cluster) FROM clusters WHERE grouping = 'manifold'") == [(3,)]


def test_the_groups_are_no_more_than_is_allowed(tmp_path: Path) -> None:
    goods = shop.make(tmp_path)
    for study, groups in (({"most_groups": 2}, 2), ({"most_groups": 2, "k": 3}, 3), ({"most_groups": 4}, 3)):
        store = tmp_path / f"store {study}"
        ingest(goods, store, {"faketext": shop.FAKES["faketext"]}, study=study)
        counted = "SELECT count(DISTINCT cluster) FROM clusters WHERE grouping = 'manifold'"
        assert ask(store, counted) == [(groups,)]
        (reason,) = ask(store, "SELECT reason FROM verdicts WHERE scope = 'text'")[0]
        assert ("There are 2 groups by their descriptions for 3 categories" in reason) == (groups == 2)


def test_without_images_the_methods_that_need_them_are_missing(tmp_path: Path) -> None:
    catalogue, _ = shop.make(tmp_path)
    report = ingest((catalogue, None), tmp_path / "store")
    assert list(report.missing) == ["fakeimage"]
    assert "no product has what it reads (image)" in report.missing["fakeimage"]
    assert ask(tmp_path / "store", "SELECT scope FROM verdicts WHERE verdict = 'feasible' ORDER BY 1") == [
        ("method:faketext",),
        ("text",),
    ]
    assert ask(tmp_path / "store", "SELECT verdict FROM verdicts WHERE scope = 'text+image'") == [("unknown",)]


@pytest.mark.parametrize("count", [1, 2])
def test_a_catalogue_of_a_few_products_is_published(tmp_path: Path, count: int) -> None:
    catalogue, images = shop.make(tmp_path)
    shop.write(catalogue, shop.read(catalogue)[:count])
    report = ingest((catalogue, images), tmp_path / "store")
    assert (report.status, report.missing, report.count("failed", "skipped")) == ("published", {}, 0)
    assert ask(tmp_path / "store", "SELECT count(*) FROM embedding_faketext") == [(count,)]
    assert ask(tmp_path / "store", "SELECT count(*) FROM verdicts WHERE verdict = 'feasible'") == [(0,)]

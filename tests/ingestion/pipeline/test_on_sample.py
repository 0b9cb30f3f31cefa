"""A study of bounded cost: it rests on a sample, all products are placed, and a small catalogue sees no difference."""

from pathlib import Path
from typing import Any

import pytest

from ingestion import console
from ingestion.pipeline.ingest import Report
from store import snapshot
from store.questions.catalogue import rests_on
from store.root import Root
from tests.ingestion import shop as shops
from tests.ingestion.shop import ALL, FAKES, JOINED, ask, ingest, signature

SAMPLE = 40
LEAST = {"least_products": 30}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return shops.make(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def sampled(shop: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("sampled") / "store"
    report = ingest(shop, store, study={"sample": SAMPLE}, verdict=LEAST)
    further = {f"{step}:{method}" for step in ("placing", "all_neighbours") for method in FAKES}
    assert report.outcomes.keys() == {*ALL, "study_sample", *further, *(f"placing:{method}" for method in JOINED)}
    assert not report.count("failed", "skipped")
    return store


@pytest.fixture(scope="module")
def whole(shop: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("whole") / "store"
    assert ingest(shop, store, verdict=LEAST).outcomes.keys() == ALL
    return store


def test_a_catalogue_within_the_sample_is_studied_as_without_one(
    shop: tuple[Path, Path], whole: Path, tmp_path: Path
) -> None:
    assert ingest(shop, tmp_path / "store", study={"sample": 60}, verdict=LEAST).outcomes.keys() == ALL
    assert signature(tmp_path / "store") == signature(whole)
    for table in ("study_sample", "sample_neighbours", "neighbour_searches"):
        assert ask(whole, f"FROM {table}") == []
    assert ask(whole, "SELECT count(*) FROM clusters WHERE placed") == [(0,)]


def test_every_product_has_a_group_and_says_whether_it_was_placed(sampled: Path, whole: Path) -> None:
    count = "SELECT method, grouping, count(*), count(DISTINCT product_id) FROM clusters GROUP BY ALL ORDER BY ALL"
    assert {(n, different) for _, _, n, different in ask(sampled, count)} == {(60, 60)}
    of_judged = "SEMI JOIN judged_groupings USING (method, grouping)"
    methods = f"SELECT DISTINCT method FROM clusters {of_judged} ORDER BY method"
    assert ask(sampled, methods) == ask(whole, methods) == [("fakeimage",), ("faketext",), ("joint",)]
    in_sample = "product_id IN (FROM study_sample)"
    assert ask(sampled, f"SELECT DISTINCT placed, {in_sample} FROM clusters ORDER BY placed") == [
        (False, True),
        (True, False),
    ]
    assert ask(sampled, "SELECT count(*) FROM study_sample") == [(SAMPLE,)]


def test_a_placed_product_has_the_category_that_its_group_is_matched_to(sampled: Path) -> None:
    names = (
        "SELECT count(DISTINCT coalesce(matched_category, '-')) AS n FROM clusters GROUP BY method, grouping, cluster"
    )
    assert ask(sampled, f"SELECT DISTINCT n FROM ({names})") == [(1,)]


def test_every_product_is_on_every_map(sampled: Path, whole: Path) -> None:
    count = "SELECT method, reducer, count(*), count(DISTINCT product_id) FROM projections GROUP BY ALL ORDER BY ALL"
    assert ask(sampled, count) == ask(whole, count)


def test_placed_products_lie_on_the_map_among_those_of_their_kind(sampled: Path) -> None:
    nearest = """WITH p AS (SELECT * FROM projections JOIN products USING (product_id)
                            WHERE method = 'faketext' AND reducer = 'tsne'),
                      s AS (FROM p WHERE product_id IN (FROM study_sample))
                 SELECT avg((category = other)::INT) FROM (
                   SELECT p.category, arg_min(s.category, (p.x - s.x) ** 2 + (p.y - s.y) ** 2) AS other
                   FROM p, s WHERE p.product_id NOT IN (FROM study_sample) GROUP BY p.product_id, p.category)"""
    ((right,),) = ask(sampled, nearest)
    assert right > 0.9


def test_the_verdicts_by_the_sample_and_by_all_products_agree(sampled: Path, whole: Path) -> None:
    scopes = "SELECT scope, method, verdict FROM verdicts WHERE scope IN ('text', 'image', 'text+image') ORDER BY scope"
    assert ask(sampled, scopes) == ask(whole, scopes)
    assert {row[2] for row in ask(sampled, scopes)} != {"unknown"}


def test_scores_probes_and_descriptions_rest_on_the_sample(sampled: Path) -> None:
    assert ask(sampled, "SELECT DISTINCT products FROM scores") == [(SAMPLE,)]
    assert ask(sampled, "SELECT DISTINCT products FROM ceilings") == [(SAMPLE,)]
    for table in ("predictions", "partitions", "sample_neighbours", "cluster_products"):
        assert ask(sampled, f"SELECT count(*) FROM {table} WHERE product_id NOT IN (FROM study_sample)") == [(0,)]
    sizes = "SELECT DISTINCT sum(products) FROM cluster_descriptions GROUP BY method, grouping"
    assert ask(sampled, sizes) == [(SAMPLE,)]


def test_neighbours_are_those_of_all_products(sampled: Path, whole: Path) -> None:
    ten = "SELECT * FROM neighbours WHERE rank <= 10 ORDER BY method, product_id, rank"
    assert ask(sampled, ten) == ask(whole, ten)
    assert ask(sampled, "SELECT DISTINCT search, products, recall FROM neighbour_searches") == [("exact", 60, 1.0)]


def test_the_first_lines_say_what_the_study_rests_on(
    sampled: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    console.study(sampled, Report("run"))
    assert capsys.readouterr().out.startswith("The study rests on a sample of 40 of 60 products; the others were ")
    console.study(whole, Report("run"))
    assert "rests on a sample" not in capsys.readouterr().out
    with snapshot.connect(Root(sampled)) as connection:
        assert rests_on(connection) == "a sample of 40 of 60 products"
    with snapshot.connect(Root(whole)) as connection:
        assert rests_on(connection) is None


def test_a_category_too_rare_for_the_sample_is_named(shop: tuple[Path, Path], tmp_path: Path) -> None:
    ingest(shop, tmp_path / "store", study={"sample": 20})
    found: list[tuple[Any, ...]] = ask(
        tmp_path / "store", "SELECT scope, verdict, reason FROM verdicts WHERE scope LIKE 'category:%' ORDER BY scope"
    )
    counted = """SELECT category, count(*) FILTER (product_id IN (FROM study_sample)) FROM products
                 GROUP BY category ORDER BY category"""
    for (scope, verdict, reason), (category, drawn) in zip(found, ask(tmp_path / "store", counted), strict=True):
        assert (scope, verdict, drawn < 10) == (f"category:{category}", "unknown", True)
        assert f"too rare for the study's sample of 20 products, which holds {drawn} of its 20" in reason

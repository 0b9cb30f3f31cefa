"""`study.reestimate`: a night's few changes move no estimate, and every product still has its group and place."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingestion.pipeline import kept_study
from ingestion.pipeline.kept_study import STAGES
from store import tables, upkeep
from store.questions.catalogue import rests_on
from store.root import Root
from store.snapshot import connect
from tests.ingestion import shop
from tests.ingestion.shop import FAKES, DirectEngine, Shop, ask, ingest
from tests.store.test_upkeep import NO_GRACE

STUDY = {"reestimate": 0.05, "reducers": ["pca"]}
ESTIMATES = ("verdicts", "scores", "category_scores", "k_estimates")
GROUPED = "SELECT method, grouping, product_id, cluster FROM clusters WHERE NOT placed"


@dataclass
class Night:
    """How a run ended, what it computed, which stages it estimated rather than took over, and what stands after it."""

    status: str
    tasks: int
    estimated: set[str]
    estimates: list[Any]
    grouped: set[Any]


def run(goods: Shop, store: Path, study: dict[str, Any]) -> Night:
    engine = DirectEngine()
    report = ingest(goods, store, FAKES, engine=engine, study=study)
    assert report.missing == {}
    estimated = [task for task in engine.tasks if task.function is not kept_study.take_over]
    return Night(
        report.status,
        len(engine.tasks),
        {task.step.split(":")[0] for task in estimated} & set(STAGES),
        [ask(store, f"SELECT * FROM {table} ORDER BY ALL") for table in ESTIMATES],
        set(ask(store, GROUPED)),
    )


def change(goods: Shop, number: int = 0) -> tuple[str, str, str]:
    """Change one product, remove one, add one, 3 % of sixty: their ids."""
    rows = shop.read(goods[0])
    changed, gone = rows[5 * number], rows[5 * number + 2]
    changed["name"] += " new words"
    new = {**rows[5 * number + 1], "id": f"new{number}", "name": "tea mug of blue ceramic"}
    shop.write(goods[0], [*(row for row in rows if row is not gone), new])
    return changed["id"], gone["id"], new["id"]


@dataclass
class Nights:
    """A store after a first run, one without a change, one after a change, and another without one."""

    goods: Shop
    store: Path
    study: dict[str, Any]
    changed: str
    gone: str
    new: str
    runs: list[Night]


def four_nights(folder: Path, study: dict[str, Any]) -> Nights:
    goods, store = shop.make(folder), folder / "store"
    runs = [run(goods, store, study), run(goods, store, study)]
    ids = change(goods)
    runs += [run(goods, store, study), run(goods, store, study)]
    return Nights(goods, store, study, *ids, runs)


@pytest.fixture(scope="module")
def of_all(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    return four_nights(tmp_path_factory.mktemp("of_all"), STUDY)


@pytest.fixture(scope="module")
def of_a_sample(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    return four_nights(tmp_path_factory.mktemp("of_a_sample"), STUDY | {"sample": 50})


@pytest.fixture(params=["of_all", "of_a_sample"])
def nights(request: pytest.FixtureRequest) -> Nights:
    """A study of all products, and one on a sample."""
    nights: Nights = request.getfixturevalue(request.param)
    return nights


@pytest.fixture
def later(of_all: Nights, tmp_path: Path) -> Callable[..., Night]:
    """One more change, a vacuum and a run in a copy of the store, with those settings changed."""
    goods = (shutil.copy(of_all.goods[0], tmp_path / "shop.csv"), of_all.goods[1])
    store = shutil.copytree(of_all.store, tmp_path / "store")

    def run_later(study: dict[str, Any], number: int = 1) -> Night:
        change(goods, number)
        upkeep.vacuum(Root(store), keep=1, grace=NO_GRACE)
        return run(goods, store, of_all.study | study)

    return run_later


def test_a_small_change_moves_no_estimate_and_no_product_of_its_group(nights: Nights) -> None:
    first, _, second, _ = nights.runs
    assert {"clustering", "verdict", "suspects"} < first.estimated
    assert second.status == "published"
    assert second.estimated <= {"neighbours"}
    assert second.estimates == first.estimates
    left = {row for row in first.grouped if row[2] not in {nights.changed, nights.gone}}
    assert second.grouped == left != first.grouped


def test_products_that_are_new_or_changed_are_placed_in_groups_and_on_maps(nights: Nights) -> None:
    there = {row["id"] for row in shop.read(nights.goods[0])}
    for table in ("clusters", "projections"):
        found = ask(nights.store, f"SELECT product_id FROM {table} WHERE method = 'faketext' GROUP BY ALL")
        assert {product_id for (product_id,) in found} == there
    placed = ask(nights.store, "SELECT DISTINCT product_id FROM clusters WHERE placed AND method = 'faketext'")
    assert {nights.new, nights.changed} <= {product_id for (product_id,) in placed}


def test_a_product_that_is_gone_is_in_no_table(nights: Nights) -> None:
    named = [
        (table.name, column.name)
        for table in tables.TABLES
        for column in table.columns
        if column.name in {"product_id", "neighbour_id", "duplicate_of"} and not table.log
    ]
    assert len(named) > 10
    for table, column in named:
        assert ask(nights.store, f"SELECT {column} FROM {table} WHERE {column} = '{nights.gone}'") == [], table


def test_the_store_says_how_much_has_changed_and_is_whole(nights: Nights) -> None:
    with connect(Root(nights.store)) as connection:
        rests = rests_on(connection)
    assert rests is not None
    ((changed,),) = ask(nights.store, "SELECT changed FROM kept_study")
    assert 2 / 60 - 1e-6 <= changed <= 2 / 50 + 1e-6
    assert rests.endswith(f" of 60 products, as it was estimated before {changed:.1%} of them changed")
    assert upkeep.verify(Root(nights.store)) == []


def test_a_run_without_a_change_computes_nothing(nights: Nights) -> None:
    for night in nights.runs[1::2]:
        assert (night.status, night.tasks) == ("unchanged", 0)


def test_small_changes_add_up_until_all_is_estimated_anew(later: Callable[..., Night]) -> None:
    assert {"clustering", "verdict", "suspects"} < later({}).estimated
    assert later({}, 2).estimated <= {"neighbours"}


@pytest.mark.parametrize(
    ("study", "taken_over"),
    [
        ({"reestimate": 0.1}, True),
        ({"reestimate": 0}, False),
        ({"reestimate": 0.1, "seed": 1}, False),
        ({"reestimate": 0.1, "sample": 500}, False),
    ],
)
def test_a_study_is_taken_over_with_its_settings_only_and_as_far_as_allowed(
    later: Callable[..., Night], study: dict[str, Any], taken_over: bool
) -> None:
    assert ("verdict" not in later(study).estimated) == taken_over


def test_a_study_without_the_vectors_of_a_method_is_taken_over_too(tmp_path: Path) -> None:
    goods, _ = shop.make(tmp_path)
    done = []
    for night in range(2):
        engine = DirectEngine()
        done.append(ingest((goods, None), tmp_path / "store", FAKES, engine=engine, study=STUDY))
        estimated = {task.step for task in engine.tasks if task.function is not kept_study.take_over}
        assert ("verdict" in estimated) == (night == 0)
        change((goods, tmp_path))
    assert [report.missing.keys() for report in done] == [{"fakeimage"}] * 2

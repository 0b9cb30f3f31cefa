"""Steps that are divided into slices: another number of tasks, and the same study."""

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingestion.pipeline import slices
from ingestion.pipeline.engine import Failed, Finished, Progressed, attempt
from ingestion.pipeline.runner import Listener
from ingestion.pipeline.slices import Counted, Kept, SliceEvent, SlicingEngine
from ingestion.task import Task
from store.chunks import Slice
from store.parts import Part
from tests.ingestion import shop
from tests.ingestion.pipeline.test_chunks import METHODS, STUDY, Encoder
from tests.ingestion.shop import Shop, ingest

PRODUCTS = 60
"""Of the shop, in chunks of ten."""
STEP = "features:encoder"


class Cluster:
    """Runs tasks in this process, one at a time in the order of their submission; `tasks` are those it was given."""

    def __init__(self, slots: int) -> None:
        self.tasks: list[Task] = []
        self._slots, self._events = slots, list[SliceEvent]()

    def slots(self, task: Task) -> int:
        return self._slots

    def room(self) -> bool:
        return not self._events

    def submit(self, task: Task) -> None:
        assert self.room()
        self.tasks.append(task)
        ending, *values = self.attempt(task)
        end: dict[str, Any] = {
            "finished": lambda: Finished(task, Part(task.key, task.step, 0.0, 50.0, *values)),
            "failed": lambda: Failed(task, values[0], 0.0, 50.0, values[1]),
            "divisible": lambda: Counted(task, 0.5, *values),
            "kept": lambda: Kept(task, 80.0, *values),
        }
        self._events.append(end[ending]())

    def attempt(self, task: Task) -> tuple[Any, ...]:
        return attempt(task, lambda done, total: self._events.append(Progressed(task, done, total)))

    def events(self) -> list[SliceEvent]:
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        self._events.clear()

    @property
    def slices(self) -> list[Slice]:
        return [task.slice for task in self.tasks if task.slice]


@pytest.fixture
def goods(tmp_path: Path) -> Shop:
    Encoder.encoded.clear()
    return shop.make(tmp_path)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of ten products."""
    monkeypatch.setattr(slices, "SMALLEST", 10)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("slots", "number"), [(1, 0), (2, 4), (5, 6)])
def test_the_snapshot_is_the_same_whatever_the_slices(goods: Shop, tmp_path: Path, slots: int, number: int) -> None:
    ingest(goods, tmp_path / "whole", METHODS, **STUDY)
    whole = Counter(Encoder.encoded)
    Encoder.encoded.clear()
    cluster = Cluster(slots)
    report = ingest(goods, tmp_path / "sliced", METHODS, engine=SlicingEngine(cluster), **STUDY)
    assert [one.number for one in cluster.slices] == list(range(number))
    assert {one.of for one in cluster.slices} <= {number}
    assert Counter(Encoder.encoded) == whole
    assert {outcome.status for outcome in report.outcomes.values()} == {"computed"}
    assert shop.signature(tmp_path / "sliced") == shop.signature(tmp_path / "whole")


def test_a_small_catalogue_is_not_divided(goods: Shop, tmp_path: Path) -> None:
    cluster = Cluster(5)
    ingest(goods, tmp_path / "store", METHODS, engine=SlicingEngine(cluster), **STUDY)
    assert cluster.slices == []


@pytest.mark.usefixtures("small")
def test_a_nightly_run_divides_what_is_missing_only(goods: Shop, tmp_path: Path) -> None:
    ingest(goods, tmp_path / "store", METHODS, **STUDY)
    rows = shop.read(goods[0])
    for row in rows[:25]:
        row["name"] += " anew"
    shop.write(goods[0], rows)
    Encoder.encoded.clear()
    cluster = Cluster(5)
    ingest(goods, tmp_path / "store", METHODS, engine=SlicingEngine(cluster), **STUDY)
    assert len(cluster.slices) == 2
    assert len(Encoder.encoded) == 25


@pytest.mark.usefixtures("small")
def test_progress_counts_the_products_of_all_slices(goods: Shop, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    class Watching(Listener):
        def progressed(self, step: str, done: int, total: int) -> None:
            if step == STEP:
                seen.append((done, total))

    ingest(goods, tmp_path / "store", METHODS, Watching(), SlicingEngine(Cluster(2)), **STUDY)
    assert seen == sorted(seen)
    assert seen[-1] == (PRODUCTS, PRODUCTS)
    assert {total for _, total in seen} == {PRODUCTS}


@pytest.mark.usefixtures("small")
def test_a_sliced_step_has_the_time_and_memory_of_its_slices(
    goods: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    report = ingest(goods, tmp_path / "store", METHODS, engine=SlicingEngine(Cluster(2)), **STUDY)
    assert report.outcomes[STEP].peak_mb == 80.0
    assert report.outcomes[STEP].seconds > 0.5


@pytest.mark.usefixtures("small")
def test_a_slice_that_fails_is_the_failure_of_its_step_once(goods: Shop, tmp_path: Path) -> None:
    class Failing(Cluster):
        def attempt(self, task: Task) -> tuple[Any, ...]:
            if task.slice and task.slice.number in {1, 2}:
                return "failed", "The second half is broken.", "failed"
            return super().attempt(task)

    class Listening(Listener):
        def ended(self, outcome: Any) -> None:
            ended.append(outcome.step)

    ended: list[str] = []
    cluster = Failing(2)
    report = ingest(goods, tmp_path / "store", METHODS, Listening(), SlicingEngine(cluster), **STUDY)
    assert report.missing == {"encoder": "The second half is broken."}
    assert [one.number for one in cluster.slices] == [0, 1]
    assert ended.count(STEP) == 1
    assert report.outcomes["features:fakeimage"].status == "computed"
    assert 0 < len(Encoder.encoded) < PRODUCTS
    kept = len(Encoder.encoded)
    ingest(goods, tmp_path / "store", METHODS, engine=SlicingEngine(Cluster(2)), **STUDY)
    assert len(Encoder.encoded) == PRODUCTS > kept


@pytest.mark.usefixtures("small")
def test_slices_that_run_beside_a_failed_one_are_passed_over(goods: Shop, tmp_path: Path) -> None:
    class Beside(Cluster):
        """Has room for all slices at a time; the second fails first."""

        def room(self) -> bool:
            return len(self._events) < 4

        def attempt(self, task: Task) -> tuple[Any, ...]:
            if task.slice and task.slice.number == 1:
                return "failed", "The second is broken.", "failed"
            return attempt(task, lambda done, total: None)

        def events(self) -> list[SliceEvent]:
            return sorted(super().events(), key=lambda event: not isinstance(event, Failed))

    report = ingest(goods, tmp_path / "store", METHODS, engine=SlicingEngine(Beside(2)), **STUDY)
    assert report.missing == {"encoder": "The second is broken."}
    assert len(Encoder.encoded) > PRODUCTS / 2


def test_texts_and_images_keep_the_results_of_a_slice(goods: Shop, tmp_path: Path) -> None:
    kept: list[tuple[str, int]] = []

    class Slicing(shop.DirectEngine):
        def submit(self, task: Task) -> None:
            if task.step in {"texts", "images"}:
                for number in range(3):
                    (ending, files) = attempt(replace(task, slice=Slice(number, 3, PRODUCTS)), lambda done, total: None)
                    assert ending == "kept"
                    kept.append((task.step, len(files)))
            super().submit(task)

    ingest(goods, tmp_path / "whole", METHODS, **STUDY)
    ingest(goods, tmp_path / "sliced", METHODS, engine=Slicing(), **STUDY)
    assert {step for step, _ in kept} == {"texts", "images"}
    assert shop.signature(tmp_path / "sliced") == shop.signature(tmp_path / "whole")

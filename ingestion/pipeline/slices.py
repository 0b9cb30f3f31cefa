"""Past one process: a step that has many results per product to compute is divided into slices.

A step is started as it is. If the results that it lacks fill two slices or more, its start ends where it has counted
them, and each slice is started as a task of its own: it computes its part of the results, and keeps them in the store
as the step itself would. Then the step is started again, takes all results over and writes its part, which is so the
same whatever the number of slices. A slice that fails is the failure of its step.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from ingestion.pipeline.engine import Event, Finished, Progressed
from ingestion.task import Task
from store.chunks import Slice

SMALLEST = 2048
"""Results of the smallest slice, or a chunk's if that is more. bert, sift and cnn take 20 to 60 s for so many
(docs/operations.md), several times the start of a worker that loads their libraries and models."""
PER_SLOT = 2
"""Slices for each task that the cluster runs at a time: with one for each, a task of another step or a slow node would
have all wait for the last of them twice as long. Each slice reads the texts or the list of images once more."""


@dataclass(frozen=True)
class Counted:
    """A step's start ended as it lacks many of its `total` results, enough for so many `slices`."""

    task: Task
    seconds: float
    total: int
    slices: int


@dataclass(frozen=True)
class Kept:
    """The results of a task's slice are kept, in these files of the store."""

    task: Task
    peak_mb: float
    files: tuple[str, ...]


SliceEvent = Event | Counted | Kept


class Cluster(Protocol):
    """An engine whose tasks may run on other machines, and that says more of them."""

    def slots(self, task: Task) -> int:
        """How many such tasks can run at a time."""

    def room(self) -> bool:
        """Whether another task may be submitted now."""

    def submit(self, task: Task) -> None:
        """Start a task."""

    def events(self) -> list[SliceEvent]:
        """Wait a moment and return what has happened since the last call."""

    def close(self) -> None:
        """Stop everything, running tasks too."""


@dataclass
class _Sliced:
    """A step whose slices run or wait."""

    task: Task
    total: int
    began: float
    left: set[int]
    done: dict[int, int] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    peak_mb: float = 0.0


class SlicingEngine:
    """The engine `cluster`, with large steps divided into slices; to who uses it a step is one task, as ever."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._sliced: dict[str, _Sliced] = {}
        self._waiting: list[Task] = []

    def room(self) -> bool:
        """Whether another task may be submitted now; slices that wait go first."""
        return not self._waiting and self.cluster.room()

    def submit(self, task: Task) -> None:
        """Start a task; it counts first what it lacks if slices of it can run beside each other."""
        self.cluster.submit(replace(task, divide=SMALLEST) if self.cluster.slots(task) > 1 else task)

    def events(self) -> list[Event]:
        """What has happened; starts slices as there is room for them."""
        while self._waiting and self.cluster.room():
            self.cluster.submit(self._waiting.pop(0))
        return [event for found in self.cluster.events() for event in self._of_step(found)]

    def close(self) -> None:
        """Stop everything, running tasks too."""
        self._waiting.clear()
        self.cluster.close()

    def _of_step(self, event: SliceEvent) -> Iterator[Event]:
        """What an event of a task means for its step."""
        task = event.task
        sliced = self._sliced.get(task.key)
        if isinstance(event, Counted):
            self._divide(event)
        elif isinstance(event, Kept):
            if sliced:  # else another slice of it has failed
                self._end_slice(sliced, event)
        elif sliced is None:
            if not task.slice:
                yield event
        elif isinstance(event, Progressed):
            if task.slice:
                sliced.done[task.slice.number] = event.done
                event = Progressed(task, sum(sliced.done.values()), event.total)
            yield event
        else:
            del self._sliced[task.key]
            self._waiting = [waiting for waiting in self._waiting if waiting.key != task.key]
            if isinstance(event, Finished):
                peak_mb = max(event.part.peak_mb, sliced.peak_mb)
                part = replace(event.part, seconds=round(time.monotonic() - sliced.began, 3), peak_mb=peak_mb)
                event = Finished(event.task, part)
            yield event

    def _divide(self, event: Counted) -> None:
        """Have slices of equal size run, or nearly so: each result falls to one of them by its hash."""
        task = replace(event.task, divide=None)
        number = max(min(PER_SLOT * self.cluster.slots(task), event.slices), 1)
        began = time.monotonic() - event.seconds
        self._sliced[task.key] = _Sliced(task, event.total, began, set(range(number)))
        self._waiting += [replace(task, slice=Slice(n, number, event.total)) for n in range(number)]

    def _end_slice(self, sliced: _Sliced, event: Kept) -> None:
        """Note where a slice's results are; after the last one have the step itself run."""
        assert event.task.slice
        sliced.left.discard(event.task.slice.number)
        sliced.files.update(event.files)
        sliced.peak_mb = max(sliced.peak_mb, event.peak_mb)
        if not sliced.left:
            self._waiting.append(replace(sliced.task, known=tuple(sorted(sliced.files))))

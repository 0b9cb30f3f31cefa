"""Where steps run past one machine: tasks of a Ray cluster, over a store on a file system that all nodes share.

Imported only where `engine.runs_on` is "ray". A step is one task, or several (`slices`), in a worker process of its
runtime with one thread, as in the local engine; it writes its part into the store, and the driver, which is this
process, sees that the files are there. A step whose worker or node dies is started again on another worker. A step that
raises is not: it would raise again.
"""

import itertools
import logging
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import (
    LocalRayletDiedError,
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayActorError,
    RayError,
    RuntimeEnvSetupError,
    TaskCancelledError,
    WorkerCrashedError,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ingestion.config import Limits
from ingestion.pipeline.engine import ENVIRONMENT, POLL_SECONDS, Event, Failed, Finished, Progressed
from ingestion.pipeline.ray_cluster import first_line, join
from ingestion.pipeline.ray_worker import Board, code_of, run_step, with_absolute_paths
from ingestion.pipeline.slices import Counted, Kept, SliceEvent
from ingestion.task import Task
from store.parts import Part
from store.root import Root

RETRIES = 3
"""How often a step is started again after its worker died: Ray's own default of `max_retries`."""
NODES_SECONDS = 2.0
"""Seconds between two looks at which nodes are alive."""
SEEN_SECONDS = 60.0
"""Seconds that a file which another node wrote may take to be seen here: NFS keeps what it knows of a folder for
at most as long (`acdirmax` in nfs(5))."""
ENCODES = ("features", "named_groups")
"""The stages that run a method's encoder."""
LOST = (
    LocalRayletDiedError,
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RuntimeEnvSetupError,
    TaskCancelledError,
    WorkerCrashedError,
)
"""How Ray says that a worker or its node is gone, or was ended by others."""
log = logging.getLogger(__name__)


@dataclass
class _Running:
    """A task that was submitted, from its first start to its end."""

    task: Task
    number: int  # of its start
    reference: Any
    start: int = 1
    node: str | None = None  # where it runs; None until its worker says so
    since: float = 0.0
    peak_mb: float = 0.0


@dataclass(frozen=True)
class _Written:
    """A step that ended well on its node, whose files are not all seen here yet."""

    event: Finished
    node: str
    until: float


class RayEngine:
    """At most `limits.workers` steps at a time on a Ray cluster, as many as it has processors if not given.

    `address` is host:port of the cluster's head, or "auto" for the cluster that this machine is a node of; without one
    a cluster of this machine alone is started, and shut down by `close`. `gpus` is how many GPUs, or which part of one,
    each step takes that runs the encoder of a method. ConfigError if no cluster can be joined.
    """

    def __init__(self, limits: Limits, address: str | None = None, gpus: Mapping[Any, float] | None = None) -> None:
        self.limits = limits
        self.gpus = {f"{stage}:{method}": n for method, n in (gpus or {}).items() for stage in ENCODES}
        self._numbers = itertools.count()
        self._running: list[_Running] = []
        self._written: list[_Written] = []
        self._joined = join(address, limits)
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        board = ray.remote(num_cpus=0, max_restarts=-1)(Board)
        self._board = board.options(scheduling_strategy=here).remote()
        self._nodes: list[dict[str, float]] = []
        self._looked = -NODES_SECONDS

    def room(self) -> bool:
        """Whether another task may be submitted now."""
        processors = int(sum(node.get("CPU", 0) for node in self._alive()))
        return len(self._running) + len(self._written) < (self.limits.workers or max(processors, 1))

    def slots(self, task: Task) -> int:
        """How many such tasks the nodes have room for at a time, `limits.workers` at most."""
        takes = {"CPU": 1, "memory": self.limits.memory_mb * 2**20, "GPU": self.gpus.get(task.step, 0)}
        room = (min(node.get(name, 0) // n for name, n in takes.items() if n) for node in self._alive())
        return min(int(sum(room)), self.limits.workers or sys.maxsize)

    def submit(self, task: Task) -> None:
        """Start a task on a node that has a processor and `limits.memory_mb` of memory for it."""
        self._running.append(_Running(task, *self._start(task)))

    def events(self) -> list[SliceEvent]:
        """What has happened; returns after `POLL_SECONDS` seconds or little later."""
        waiting = [running.reference for running in self._running]
        ready = set(ray.wait(waiting, timeout=POLL_SECONDS)[0]) if waiting else set()
        if not waiting:
            time.sleep(POLL_SECONDS)
        events: list[SliceEvent] = [*self._reports()]
        for running in list(self._running):
            if running.reference in ready:
                events += self._ended(running)
            elif reason := self._over_limit(running) or self._nowhere(running):
                ray.cancel(running.reference, force=True)
                events.append(self._fail(running, reason))
        return events + self._seen()

    def close(self) -> None:
        """Cancel running tasks and leave the cluster; one that was started here is shut down."""
        for running in self._running:
            ray.cancel(running.reference, force=True)
        self._running.clear()
        if self._joined:
            ray.shutdown()
            self._joined = False

    def _start(self, task: Task) -> tuple[int, Any]:
        """Have Ray start a task: the number of this start, and what it will give."""
        step = ray.remote(
            num_cpus=1,
            num_gpus=self.gpus.get(task.step, 0),
            memory=self.limits.memory_mb * 2**20,
            max_retries=0,  # `_ended` decides, which also counts
            scheduling_strategy="SPREAD",
            # a worker runs tasks of one environment only, so those of two runtimes never share one
            runtime_env={"env_vars": {**ENVIRONMENT, "AISLEMAP_RUNTIME": task.runtime}},
        )(run_step)
        number, name = next(self._numbers), task.step
        if task.slice:
            name = f"{name} {task.slice.number + 1}/{task.slice.of}"
        return number, step.options(name=name).remote(with_absolute_paths(task), number, code_of(task), self._board)

    def _alive(self) -> list[dict[str, float]]:
        """The resources of each node that is alive, as of some seconds ago at most."""
        if time.monotonic() - self._looked > NODES_SECONDS:
            self._nodes, self._looked = [n["Resources"] for n in ray.nodes() if n["Alive"]], time.monotonic()
        return self._nodes

    def _reports(self) -> list[Progressed]:
        """Take over what the workers reported since the last call."""
        if not self._running:
            return []
        try:
            reports = ray.get(self._board.take.remote())
        except RayActorError:  # Ray starts it again
            return []
        events = []
        for running in self._running:
            report = reports.get(running.number)
            if report:
                running.since = running.since if running.node else time.monotonic()
                running.node = report["node"]
                running.peak_mb = max(running.peak_mb, report["peak_mb"])
                if "progress" in report:
                    events.append(Progressed(running.task, *report["progress"]))
        return events

    def _over_limit(self, running: _Running) -> str | None:
        if running.peak_mb > self.limits.memory_mb:
            limit = f"{self.limits.memory_mb} MB (limits.memory_mb in aislemap.toml)"
            return f"It was stopped at {running.peak_mb:.0f} MB of memory; the limit is {limit}."
        if running.node and time.monotonic() - running.since > self.limits.step_seconds:
            return f"It was stopped after {self.limits.step_seconds:g} s (limits.step_seconds in aislemap.toml)."
        return None

    def _nowhere(self, running: _Running) -> str | None:
        """Why a task that waits will wait for ever; None if it need not."""
        alive = [node for node in self._alive() if node.get("CPU", 0) >= 1]
        nodes = [(node["CPU"], node.get("memory", 0.0) / 2**20) for node in alive]
        with_memory = [node for node, (_, memory) in zip(alive, nodes, strict=True) if memory >= self.limits.memory_mb]
        gpus = self.gpus.get(running.task.step, 0)
        if running.node or any(node.get("GPU", 0) >= gpus for node in with_memory):
            return None
        if with_memory:
            return (
                f"No node of the Ray cluster that has the memory for it has the {gpus:g} GPU that it takes; add such a "
                "node, or lower [engine] gpus in aislemap.toml."
            )
        have = ", ".join(f"{processors:g} and {memory:.0f} MB" for processors, memory in nodes) or "none"
        return (
            f"No node of the Ray cluster has a processor and {self.limits.memory_mb} MB of memory for it (the nodes "
            f"have {have}); add a node, or lower limits.memory_mb in aislemap.toml."
        )

    def _ended(self, running: _Running) -> list[SliceEvent]:
        """How a task ended that Ray is done with; none if it was started again, or its files are not seen yet."""
        task = running.task
        try:
            (ending, *values), node, seconds, peak_mb, progress = ray.get(running.reference)
        except LOST as error:
            return self._lost(running, error)
        except RayError as error:  # it did not get as far as `attempt`
            return [self._fail(running, f"Ray could not run it: {_last_line(error)}")]
        self._running.remove(running)
        events: list[SliceEvent] = [Progressed(task, *progress)] if progress else []
        if ending == "divisible":
            return [*events, Counted(task, seconds, *values)]
        if ending == "kept":
            return [*events, Kept(task, round(peak_mb, 1), *values)]
        if ending == "finished":
            part = Part(task.key, task.step, round(seconds, 3), round(peak_mb, 1), *values)
            self._written.append(_Written(Finished(task, part), node, time.monotonic() + SEEN_SECONDS))
            return events
        return [*events, Failed(task, values[0], seconds, round(peak_mb, 1), status=values[1])]

    def _lost(self, running: _Running, error: Exception) -> list[SliceEvent]:
        node = running.node or "a node"
        if running.start > RETRIES:
            reason = f"Its worker died {running.start} times, the last time on {node}: {first_line(error)}"
            return [self._fail(running, reason)]
        log.warning("%s is started again: its worker on %s died.", running.task.step, node)
        running.start, running.node, running.peak_mb = running.start + 1, None, 0.0
        running.number, running.reference = self._start(running.task)
        return []

    def _fail(self, running: _Running, reason: str) -> Failed:
        self._running.remove(running)
        seconds = time.monotonic() - running.since if running.node else 0.0
        return Failed(running.task, reason, seconds, round(running.peak_mb, 1))

    def _seen(self) -> list[Event]:
        """The steps whose files are seen here now, and those whose files will not be."""
        events: list[Event] = []
        for written in list(self._written):
            event, root = written.event, written.event.task.root
            unseen = [file.name for file in event.part.files.values() if not _has(root, file.name, file.bytes)]
            if unseen and time.monotonic() < written.until:
                continue
            self._written.remove(written)
            if unseen:
                reason = (
                    f"Node {written.node} wrote {unseen[0]}, which is not seen in {root.path} here; the store must be "
                    "on a file system that all nodes share, under the same path."
                )
                events.append(Failed(event.task, reason, event.part.seconds, event.part.peak_mb))
            else:
                events.append(event)
        return events


def _has(root: Root, name: str, size: int) -> bool:
    try:
        return root.size(name) == size
    except FileNotFoundError:
        return False


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]

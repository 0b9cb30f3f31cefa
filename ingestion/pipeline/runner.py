"""Runs the steps of a plan in the order of their needs, several at a time, each only if its result is not there yet.

If a step fails, only the steps that need it are skipped; the rest goes on.
"""

from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from ingestion.pipeline.engine import Engine, Failed, Finished, Progressed
from ingestion.pipeline.keys import key as key_of
from ingestion.pipeline.keys import recipe
from ingestion.task import Step, Task
from store import parts
from store.errors import StoreError
from store.parts import Part
from store.root import Root


@dataclass(frozen=True)
class Outcome:
    """How one step ended. `status` is computed, cached, unavailable, failed or skipped (what it needs is missing)."""

    step: str
    status: str
    part: Part | None = None
    seconds: float = 0.0
    peak_mb: float = 0.0
    detail: str | None = None


class Listener:
    """Is notified of the progress of a run; this one ignores it."""

    def planned(self, steps: list[str]) -> None:
        """These steps will be looked at."""

    def started(self, step: str) -> None:
        """A step is being computed."""

    def progressed(self, step: str, done: int, total: int) -> None:
        """A step has done so many of its units."""

    def ended(self, outcome: Outcome) -> None:
        """A step ended."""


@dataclass
class Runner:
    """Runs steps; `outcomes` says how each ended, over all calls of `run`."""

    root: Root
    engine: Engine
    listener: Listener
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def run(self, steps: list[Step]) -> None:
        """Run these steps to their ends; StoreError where the store does not take what one made.

        Of those that can start, the one of the highest priority does.

        Of equal ones the one whose worker may be there already, then the one that comes first in the list.
        """
        self.listener.planned([step.name for step in steps])
        by_name = {step.name: step for step in steps}
        rank = {step.name: (-step.priority, step.runtime, at) for at, step in enumerate(steps)}
        order = TopologicalSorter({step.name: by_name.keys() & {*step.needs, *step.uses} for step in steps})
        order.prepare()
        ready, running = list[Task](), dict[str, str]()
        while order.is_active():
            for name in sorted(order.get_ready(), key=rank.__getitem__):
                if task := self._prepare(by_name[name]):
                    ready.append(task)
                else:
                    order.done(name)
            while ready and self.engine.room():
                loaded = set(running.values()) - {"plain"}
                # a second worker would load the same libraries, for seconds: something else first
                task = min(ready, key=lambda task: (task.runtime in loaded, rank[task.step]))
                ready.remove(task)
                running[task.step] = task.runtime
                self.listener.started(task.step)
                self.engine.submit(task)
            for event in self.engine.events() if running else ():
                if isinstance(event, Progressed):
                    self.listener.progressed(event.task.step, event.done, event.total)
                else:
                    del running[event.task.step]
                    order.done(event.task.step)
                    self.settle(self._outcome(event))

    def part(self, step: str) -> Part | None:
        """What a step wrote, in this run or an earlier one; None if it did not end well."""
        outcome = self.outcomes.get(step)
        return outcome.part if outcome else None

    def _prepare(self, step: Step) -> Task | None:
        """The task of a stale step; None if it ended here and now, as cached or skipped."""
        have = {name: part for name in (*step.needs, *step.uses) if (part := self.part(name))}
        lacking = [name for name in step.needs if name not in have]
        if lacking:
            self.settle(Outcome(step.name, "skipped", detail=f"It needs {', '.join(lacking)}, which did not run."))
            return None
        key = key_of(step, have)
        if part := parts.find(self.root, key):
            self.settle(Outcome(step.name, "cached", part, part.seconds, part.peak_mb))
            return None
        return Task(step.name, key, step.function, step.runtime, self.root, have, step.arguments, recipe(step))

    def _outcome(self, event: Finished | Failed) -> Outcome:
        if isinstance(event, Failed):
            if event.status == "store":
                raise StoreError(event.reason)
            return Outcome(event.task.step, event.status, None, event.seconds, event.peak_mb, event.reason)
        part = parts.finish(self.root, event.part)
        return Outcome(part.step, "computed", part, part.seconds, part.peak_mb)

    def settle(self, outcome: Outcome) -> None:
        """Record how a step ended."""
        self.outcomes[outcome.step] = outcome
        self.listener.ended(outcome)

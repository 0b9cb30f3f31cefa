"""A step, its task, and what its function works with, wherever it runs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from store import parts, tables
from store.parts import Part
from store.root import Root

Progress = Callable[[int, int], None]
"""Called with (products done, products in all)."""


@dataclass(frozen=True)
class Step:
    """One step. `needs` are the steps whose parts it reads; `uses` those of them it can do without."""

    name: str
    function: str
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    runtime: str = "plain"
    code: tuple[str, ...] = ()
    """Modules beside the function's own that its result depends on."""


@dataclass(frozen=True)
class Task:
    """One step, ready to run anywhere: all of it can be pickled.

    `function` is 'module:name' of a function that takes a `Work`. `parameters` go into the key of the result;
    `context` (paths, mostly) does not. `parts` are the finished parts of the steps it needs, by step.
    """

    step: str
    key: str
    function: str
    runtime: str
    root: Root
    parts: dict[str, Part]
    parameters: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Work:
    """What a step's function reads from, writes to and reports by."""

    task: Task
    writer: parts.PartWriter
    progress: Progress

    def read(self, step: str, table: str, columns: list[str] | None = None) -> pa.Table:
        """A table that a needed step wrote; empty, with the declared columns, if it wrote none."""
        return parts.read(self.task.root, self.task.parts[step], table, columns)

    def write(self, table: str | tables.Table, rows: pa.Table | Iterable[dict[str, Any]]) -> None:
        """Append rows to a table of this step's part."""
        self.writer.write(tables.table(table) if isinstance(table, str) else table, rows)

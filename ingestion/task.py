"""A step, its task, and what its function works with, wherever it runs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from store import parts, tables
from store.chunks import Chunks, Slice
from store.parts import Part
from store.root import Root

Progress = Callable[[int, int], None]
"""Called with (products done, products in all)."""
BATCH_ROWS = 10_000
"""Rows of a table that are held at a time where all of it need not be: 15 MB of vectors of 384 dimensions."""


@dataclass(frozen=True)
class Step:
    """One step of a plan: a stage, of one method or of the whole catalogue.

    `function` is called as `function(work, **parameters, **context)`, with `method=` too where the step is of one.
    `parameters` go into the key of its result, and so do `stamp`, which the function does not get (the sha256 of a
    model), and `files` (the hash of what it reads from outside the store). `context` (paths, mostly) does not.
    """

    stage: str
    function: Callable[..., None]
    method: str | None = None
    needs: tuple[str, ...] = ()
    """Names of the steps whose parts it reads."""
    uses: tuple[str, ...] = ()
    """Names of the steps whose parts it reads where they are there."""
    parameters: dict[str, Any] = field(default_factory=dict)
    stamp: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    runtime: str = "plain"
    """plain, torch or tensorflow: a worker process runs steps of one runtime only."""
    code: tuple[str, ...] = ()
    """Modules beside the function's own that its result depends on."""
    priority: int = 0
    """Of the steps that can start, one of the highest priority does."""

    @property
    def name(self) -> str:
        """`stage`, or `stage:method`: what the step is called in tables, logs and the needs of others."""
        return f"{self.stage}:{self.method}" if self.method else self.stage

    @property
    def arguments(self) -> dict[str, Any]:
        """What the function is called with beside its `Work`."""
        return {**({"method": self.method} if self.method else {}), **self.parameters, **self.context}


@dataclass(frozen=True)
class Task:
    """One step, ready to run anywhere: all of it can be pickled (the function by reference).

    `key` names the result, `recipe` what it depends on but its inputs: results per product are kept under that name.
    `parts` are the finished parts of the steps it reads, by step. `slice`, `divide` and `known` are those of its
    `Chunks`: a task with a slice keeps results and writes no part.
    """

    step: str
    key: str
    function: Callable[..., None]
    runtime: str
    root: Root
    parts: dict[str, Part]
    arguments: dict[str, Any] = field(default_factory=dict)
    recipe: str = ""
    slice: Slice | None = None
    divide: int | None = None
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class Work:
    """What a step's function reads from, writes to and reports by."""

    task: Task
    writer: parts.PartWriter
    progress: Progress
    chunks: Chunks = field(default_factory=Chunks)

    def read(self, step: str, table: str, columns: list[str] | None = None) -> pa.Table:
        """A table that a needed step wrote; empty, with the declared columns, if it wrote none."""
        return parts.read(self.task.root, self.task.parts[step], table, columns)

    def batches(self, step: str, table: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """As `read`, at most BATCH_ROWS rows at a time; nothing of an empty table."""
        return parts.batches(self.task.root, self.task.parts[step], table, BATCH_ROWS, columns)

    def write(self, table: str | tables.Table, rows: pa.Table | Iterable[dict[str, Any]]) -> None:
        """Append rows to a table of this step's part."""
        self.writer.write(tables.table(table) if isinstance(table, str) else table, rows)

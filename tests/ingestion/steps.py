"""Run a step's function on parts that a test writes by hand; and steps for workers to run, to fail in, to die in."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.features.base import Batch, Inputs, Model
from ingestion.features.step import column
from ingestion.grouping import neighbours
from ingestion.task import Progress, Task, Work
from store import parts, tables
from store.chunks import Chunks
from store.errors import MethodUnavailable, StepFailed
from store.parts import Part, PartWriter
from store.root import Root
from tests.fakes import FakeText

Rows = list[dict[str, Any]]


def put(root: Root, step: str, contents: dict[str, Rows]) -> Part:
    """A finished part of that step with these rows by table."""
    with PartWriter(root, step.replace(":", "-")) as writer:
        for table, rows in contents.items():
            writer.write(tables.table(table), rows)
    return parts.finish(root, Part(step.replace(":", "-"), step, 0.0, 0.0, writer.files()))


def put_vectors(root: Root, method: str, ids: list[str], vectors: NDArray[Any]) -> Part:
    """A finished part of 'features:<method>' with (n, d) vectors."""
    step = f"features:{method}"
    with PartWriter(root, f"features-{method}") as writer:
        if ids:
            rows = pa.table({"product_id": ids, "vector": column(vectors.astype(np.float32))})
            writer.write(tables.embedding_table(method, vectors.shape[1]), rows)
    return parts.finish(root, Part(f"features-{method}", step, 0.0, 0.0, writer.files()))


def put_neighbours(root: Root, vectors: Part, n_neighbours: int = 30) -> Part:
    """The finished part of the step `neighbours` on these vectors."""
    method = vectors.step.removeprefix("features:")
    written = do(
        root, f"neighbours:{method}", neighbours.step, [vectors], {"method": method, "n_neighbours": n_neighbours}
    )
    return put(root, f"neighbours:{method}", written)


def do(
    root: Root,
    step: str,
    function: Callable[..., None],
    reads: list[Part],
    parameters: dict[str, Any],
    chunks: Chunks | None = None,
) -> dict[str, Rows]:
    """What the function writes when it runs as that step on these parts: rows by table."""
    key, known = f"out-{step}".replace(":", "-"), {part.step: part for part in reads}
    task = Task(step, key, function, "plain", root, known, parameters)
    with PartWriter(root, task.key) as writer:
        function(Work(task, writer, lambda done, total: None, chunks or Chunks()), **parameters)
    part = Part(task.key, step, 0.0, 0.0, writer.files())
    return {table: parts.read(root, part, table).to_pylist() for table in part.files}


def say_who(work: Work) -> None:
    """Write the worker's process id, as a product."""
    work.write("products", [{"product_id": str(os.getpid()), "name": os.environ["OMP_NUM_THREADS"]}])


def say_gpus(work: Work) -> None:
    """Write how many GPUs Ray set aside for this step, as a product."""
    import ray

    gpus = ray.get_runtime_context().get_assigned_resources().get("GPU", 0)
    work.write("products", [{"product_id": f"{gpus:g}", "name": ""}])


def report_progress(work: Work) -> None:
    """Report three units."""
    for done in range(1, 4):
        work.progress(done, 3)


def break_down(work: Work) -> None:
    """Raise what nobody expected."""
    raise ZeroDivisionError("of all things")


def refuse(work: Work) -> None:
    """Raise one of our own errors, whose message stands by itself."""
    raise StepFailed("The thing is empty; fill it.")


def miss_weights(work: Work) -> None:
    """Find only now that the weights cannot be had."""
    raise MethodUnavailable("The hub does not answer.", "Give a path.")


def leave(work: Work) -> None:
    """End the process without a word."""
    os._exit(7)


def leave_with_words(work: Work) -> None:
    """Write last words to standard error, as a C library does, and end."""
    os.write(2, b"first line\nterminate called after throwing bad_alloc\n")
    os._exit(1)


def be_killed(work: Work) -> None:
    """Die as under the kernel's out-of-memory killer."""
    os.kill(os.getpid(), signal.SIGKILL)


def crash(work: Work) -> None:
    """Die as by a fault in native code."""
    os.kill(os.getpid(), signal.SIGSEGV)


def devour(work: Work) -> None:
    """Take 2 GB of memory, and hold it."""
    held = [np.ones(2**25) for _ in range(8)]
    threading.Event().wait()
    del held


def take_and_give_back(work: Work) -> None:
    """Take 400 MB of memory, and give it back at once."""
    np.ones(50 * 2**20)


def wait_for_ever(work: Work) -> None:
    """Say that it started, and never end."""
    work.progress(1, 1)
    threading.Event().wait()


def compute_for_ever(work: Work) -> None:
    """Say that it started, and multiply matrices for ever."""
    work.progress(1, 1)
    while True:
        np.ones((400, 400)) @ np.ones((400, 400))


def be_suspended(work: Work) -> None:
    """Stop as a process does that somebody suspended: no signal but SIGKILL and SIGCONT reaches it."""
    os.kill(os.getpid(), signal.SIGSTOP)


class Broken(FakeText):
    """A method that breaks."""

    name: ClassVar[str] = "broken"

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        raise ZeroDivisionError("no luck today")
        yield


class Missing(FakeText):
    """A method whose weights are nowhere."""

    name: ClassVar[str] = "missing"

    def resolve(self) -> Model:
        raise MethodUnavailable("No weights found for missing.", "Give some with --weights missing=PATH.")


def entries(folder: Path) -> set[str]:
    """The names in a folder; empty if there is none."""
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()

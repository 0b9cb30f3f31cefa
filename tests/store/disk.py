"""Publishing on a disk that fails: a process with disk.c preloaded forks a child for each point of failure."""

import ctypes
import errno
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_name("disk.c")


def build(folder: Path) -> Path:
    """Compile disk.c; the library to preload."""
    library = folder / "disk.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


@contextmanager
def failing(library: Path, publisher: str, store: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """Give a function that publishes `number` by `publisher` ("module:function", called with the store's folder and the
    number) in a process whose `at`-th touch of the store fails with `error`, and with `lasting` those that follow.

    It returns what happened: "touches" of the disk, what "failed", the "error" as (class, exit code, message) or None.
    """
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "LD_PRELOAD": str(library)}
    command = [sys.executable, "-m", "tests.store.disk", publisher, str(store.resolve())]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True, cwd=store.parent) as process:
        assert process.stdin
        assert process.stdout

        def publish(number: int, at: int = 0, error: int = 0, lasting: bool = False) -> dict[str, Any]:
            print(json.dumps([number, at, error, lasting]), file=process.stdin, flush=True)
            answer: dict[str, Any] = json.loads(process.stdout.readline())
            return answer

        try:
            yield publish
        finally:
            process.stdin.close()


def report(fault: int, who: str, answers: list[dict[str, Any]]) -> str:
    """What a disk that failed at each of these answers' touches did to a writer, for whom all else was asserted."""
    calls = Counter(answer["failed"].partition(" ")[0] or "none" for answer in answers)
    where = ", ".join(f"{call} {count}" for call, count in calls.most_common())
    words = sum(answer["error"] is not None for answer in answers)
    return (
        f"{errno.errorcode[fault]} at {len(answers)} touches of the disk by {who} ({where}): {words} ended in one "
        f"sentence with exit code 5, {len(answers) - words} made no difference; 0 tracebacks, 0 snapshots lost or "
        f"mixed, {len(answers)} of {len(answers)} next runs right, 0 temporaries left"
    )


def main(publisher: str, store: str) -> None:
    """Serve `failing`."""
    from importlib import import_module

    from store.errors import AislemapError

    module, _, name = publisher.partition(":")
    publish = getattr(import_module(module), name)
    disk = ctypes.CDLL(None)
    disk.disk_failed.restype = ctypes.c_char_p
    for line in sys.stdin:
        number, at, code, lasting = json.loads(line)
        if not (child := os.fork()):
            error = None
            disk.disk_arm(store.encode(), at, code, lasting)
            try:
                publish(Path(store), number)
            except AislemapError as caught:
                error = [type(caught).__name__, caught.exit_code, str(caught)]
            except BaseException as caught:
                error = [type(caught).__name__, 1, str(caught)]
            touches, failed = disk.disk_touched(), disk.disk_failed().decode()
            disk.disk_arm(b"", 0, 0, 0)
            print(json.dumps({"touches": touches, "failed": failed, "error": error}), flush=True)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])

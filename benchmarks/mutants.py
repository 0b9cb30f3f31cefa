"""Read mutated catalogues of every format: no traceback, no hang, and no row lost without a row in `issues`.

    python -m benchmarks.mutants --count 10000 --seed 0

Half of the files are written anew with hostile values in their cells, so that they still parse and their number of rows
is known. The others have bytes changed, cut out, repeated or put in from another place.
"""

import argparse
import csv
import gzip
import io
import json
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import typer

from ingestion.config import Catalogue as Settings
from ingestion.reading import catalogue
from ingestion.reading.formats import open_rows
from ingestion.reading.rows import UNFIT
from store.errors import CatalogueError

SECONDS = 20.0
"""A file of 24 rows that takes longer hangs; most take some milliseconds."""
COLUMNS = ("id", "name", "description", "category", "image", "price", "note")
ROWS = 24
VALUES: tuple[Any, ...] = (
    *("", " ", "\t", "\x00", "a\x00b", "\ufeff", "\u202eabc", "é" * 300, "x" * 200_000, "👩‍👩‍👧", "漢字かな"),
    *('"', '""', "'", "a,b;c|d\te", "line\nline", "\r", "\r\n", "\\", '\\"', "#", "sep=;", "=1+1", "@x", "<b>&lt;"),
    *("NA", "nan", "NULL", "\\N", "None", "-", "1e999", "-1e400", "1_000", "1.234,56", "0x10", "٣", "1000.0", "00123"),
    *("9999999999999999999999", "0000-00-00", "10000-01-01", "2020-02-30", "[", "{", "[]", "{}", "[" * 3000, "{'a':"),
    *('["a","b"]', "[['a'],['b']]", '{"name": "x"}', "A > B > C", ">" * 50, "a>>b", ">", "//", "http://x/a.jpg?b#c"),
    *("../../etc/passwd", "/dev/zero", "a.jpg|b.jpg", "CON", "%00", "\ud800", "\udcff", "item", "row-3", "id:1"),
    *(None, True, 0, -1, 7.5, float("inf"), float("nan"), 10**400, ["a", None, 3], [["a"], []], {"name": {"en": "x"}}),
    *({}, [], {"": ""}, {"id": 7, "name": "Mugs"}, [{"bytes": "x", "path": None}]),
)  # fmt: skip
"""What a hostile or careless export may hold in a cell."""
Cells = list[dict[str, Any]]


def rows_of(choose: random.Random) -> Cells:
    """Rows of a catalogue of which some cells are hostile, each with a cell that is filled, so that it is a row."""
    made = []
    for i in range(ROWS):
        row: dict[str, Any] = {
            "id": str(i), "name": f"plum {choose.choice(('pot', 'lamp', 'cup'))} number {i}",
            "description": "it pours and shines", "category": choose.choice(("Tea > Pots", "Light > Lamps")),
            "image": f"{i}.jpg", "price": f"{i}.50", "note": f"row {i}",
        }  # fmt: skip
        for name in COLUMNS[:-1]:
            if choose.random() < 0.25:
                row[name] = choose.choice(VALUES)
        made.append(row)
    return made


def as_cell(value: Any) -> str:
    """A value as a program writes it into a text file."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def as_bytes(text: str) -> bytes:
    """Text as UTF-8, also half of a surrogate pair."""
    return text.encode("utf-8", "surrogatepass")


def write_csv(rows: Cells, choose: random.Random) -> bytes:
    """The rows as text with delimiters, quoted as far as needed or throughout."""
    file = io.StringIO()
    writer = csv.writer(
        file, delimiter=choose.choice(",;\t|"), quoting=choose.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL))
    )
    writer.writerow(COLUMNS)
    writer.writerows([as_cell(row[name]) for name in COLUMNS] for row in rows)
    return as_bytes(file.getvalue())


def write_jsonl(rows: Cells, choose: random.Random) -> bytes:
    """One object per line."""
    return "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows).encode()


def write_json(rows: Cells, choose: random.Random) -> bytes:
    """One array, bare or within an object."""
    return json.dumps(rows if choose.random() < 0.5 else {"count": len(rows), "products": rows}).encode()


def write_xml(rows: Cells, choose: random.Random) -> bytes:
    """A feed of items, of the characters that XML may hold."""

    def text(value: Any) -> str:
        return escape("".join(c for c in as_cell(value) if c.isprintable() or c in "\t\n"))

    items = "".join("<item>" + "".join(f"<{n}>{text(row[n])}</{n}>" for n in COLUMNS) + "</item>" for row in rows)
    return as_bytes(f"<rss version={quoteattr('2.0')}><channel>{UNFIT.sub('', items)}</channel></rss>")


def write_xlsx(rows: Cells, choose: random.Random) -> bytes:
    """A workbook, of the characters that Excel may hold."""
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    for row in rows:
        cells = [v if isinstance(v, (int, float, bool)) and abs(v) < 1e300 else as_cell(v) for v in row.values()]
        book.active.append(
            [UNFIT.sub("", c)[:30_000].translate(NO_CONTROL) if isinstance(c, str) else c for c in cells]
        )
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


NO_CONTROL = dict.fromkeys(c for c in range(32) if c not in (9, 10, 13))
"""What `str.translate` takes out: control characters that Excel refuses."""


def write_parquet(rows: Cells, choose: random.Random) -> bytes:
    """Each column of one of the types that such a column may have."""
    columns = {}
    for name in COLUMNS:
        texts = pa.array([UNFIT.sub("", as_cell(row[name])) for row in rows])
        types: list[Callable[[], pa.Array]] = [
            lambda t=texts: t,
            lambda t=texts: t.dictionary_encode(),
            lambda t=texts: pa.array([[x, None] for x in t.to_pylist()]),
            lambda t=texts: pa.array([{"name": x, "n": 1} for x in t.to_pylist()]),
            lambda t=texts: pa.array([[(x, 1)] for x in t.to_pylist()], pa.map_(pa.string(), pa.int64())),
            lambda: pa.array([choose.choice((None, 1, -(2**62))) for _ in rows], pa.int64()).cast(pa.timestamp("us")),
            lambda: pa.array([choose.choice((None, 2**31 - 1, -(2**31))) for _ in rows], pa.int32()).cast(pa.date32()),
            lambda: pa.array([choose.choice((None, 1.5, float("nan"), float("-inf"))) for _ in rows]),
            lambda t=texts: t.cast(pa.binary()),
            lambda t=texts: pa.array([{"bytes": as_bytes(x), "path": x} for x in t.to_pylist()]),
            lambda: pa.nulls(len(rows)),
        ]
        columns[name] = texts if name == "note" or choose.random() < 0.6 else choose.choice(types)()
    file = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), file, row_group_size=choose.choice((5, 100)))
    return file.getvalue().to_pybytes()


WRITERS: dict[str, Callable[[Cells, random.Random], bytes]] = {
    ".csv": write_csv,
    ".txt": write_csv,
    ".csv.gz": lambda rows, choose: gzip.compress(write_csv(rows, choose)),
    ".jsonl": write_jsonl,
    ".json": write_json,
    ".xml": write_xml,
    ".xlsx": write_xlsx,
    ".parquet": write_parquet,
}


def mutate(data: bytes, choose: random.Random) -> bytes:
    """Bytes of which some are changed, cut out, repeated, or put in from another place, at one to eight places."""
    changed = bytearray(data)
    for _ in range(choose.randint(1, 8)):
        at, size = choose.randrange(len(changed) + 1), choose.choice((1, 1, 4, 64, 1000))
        change = choose.randrange(6)
        if change == 0 and at < len(changed):
            changed[at] ^= 1 << choose.randrange(8)
        elif change == 1:
            del changed[at : at + size]
        elif change == 2:
            changed[at:at] = changed[at : at + size] * choose.choice((1, 3))
        elif change == 3:
            source = choose.randrange(len(changed) + 1)
            changed[at:at] = changed[source : source + size]
        elif change == 4:
            changed[at:at] = choose.choice((b'"', b"\n", b"\x00", b",", b"\xff\xfe", b"[", b"{", b"&x;", b"<", b"\xc3"))
        else:
            del changed[at:]
    return bytes(changed)


def problem_of(path: Path, written: int | None) -> str | None:
    """What is wrong with how a file is read; None if nothing is. `written` is the number of its rows, where known."""
    try:
        with limited():
            found = catalogue.read(path, Settings())
            rows = sum(1 for _ in open_rows(path).rows)
    except CatalogueError:
        return None
    except TimeoutError:
        return f"no answer in {SECONDS:g} s"
    except Exception:
        return traceback.format_exc()
    seen = {*found.products["catalogue_row"].to_pylist(), *found.issues["catalogue_row"].to_pylist()}
    lost = sorted(set(range(1, max(rows, written or 0) + 1)) - seen)
    return f"rows {lost[:5]} of {max(rows, written or 0)} are lost" if lost else None


@contextmanager
def limited() -> Iterator[None]:
    """TimeoutError after `SECONDS`."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run(count: int, seed: int, folder: Path) -> tuple[Counter[str], list[tuple[int, str, str]]]:
    """Read that many files; how many of each format, and (number, file, problem) of those that were read wrongly.

    A file that was read wrongly is kept in the folder.
    """
    counts: Counter[str] = Counter()
    wrong = []
    for number in range(count):
        choose = random.Random(f"{seed} {number}")  # noqa: S311 - repeatable, not secret
        suffix = list(WRITERS)[number % len(WRITERS)]
        data = WRITERS[suffix](rows_of(choose), choose)
        whole = number // len(WRITERS) % 2 == 0
        path = folder / f"{number}{suffix}"
        path.write_bytes(data if whole else mutate(data, choose))
        counts[suffix] += 1
        problem = problem_of(path, ROWS if whole else None)
        if problem is None:
            path.unlink()
        else:
            wrong.append((number, path.name, problem))
    return counts, wrong


def main() -> None:
    """Print how many files were read, and what went wrong; exit 1 if anything did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder, started = Path(tempfile.mkdtemp(prefix="mutants-")), time.monotonic()
    counts, wrong = run(options.count, options.seed, folder)
    for number, name, problem in wrong[:20]:
        typer.echo(f"{number} {folder / name}: {problem}")
    took = time.monotonic() - started
    typer.echo(
        f"{datetime.now(UTC):%Y-%m-%d} {sum(counts.values()):,} files in {took:.0f} s, {len(wrong)} read wrongly; "
        f"{dict(counts)}"
    )
    if wrong:
        sys.exit(1)
    folder.rmdir()


if __name__ == "__main__":
    main()

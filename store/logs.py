"""The logs: runs, their steps, the schedule, reviews. They grow with every event and belong to no snapshot.

log/<table>/00000001.parquet    rows of many events; the newest file is written anew with each event until it is full

So a log of years is some ten files, which a query opens in milliseconds, and damage costs the rows of one file only.
A file is replaced by one rename, and only `vacuum` removes any, but none of `LASTING`, so that a query finds the files
it has listed.
"""

import hashlib
import logging
import os
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from store import lock, tables
from store.errors import StoreDamaged
from store.ownership import own
from store.root import DAMAGED, Root
from store.terminal import printable

ROWS = 20_000
"""Rows of a full file: the steps of a hundred runs, which are read and written anew in less than 0.1 s."""
LASTING = ("reviews",)
"""Logs of what people decided, which nothing can compute again: `vacuum` removes no file of them."""
log = logging.getLogger(__name__)


def files(root: Root, table: str) -> list[str]:
    """The files of a log, the oldest first, but those that were set aside."""
    return [name for name in _all(root, table) if not name.endswith(DAMAGED)]


def all_files(root: Root) -> list[str]:
    """The files of all logs, but those that were set aside."""
    return [name for table in tables.LOGS for name in files(root, table.name)]


def stamp(root: Root) -> str:
    """Changes whenever a file of a log does: its name, size and time."""
    seen = []
    for name in all_files(root):
        with suppress(FileNotFoundError):  # set aside or removed meanwhile
            seen.append((name, root.size(name), root.modified(name)))
    return hashlib.sha256(str(seen).encode()).hexdigest()


def columns(root: Root, name: str) -> list[str]:
    """The columns of a file; StoreDamaged if it cannot be opened."""
    try:
        return list(pq.read_schema(root.url(name)).names)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(name, error) from error


def damaged(root: Root) -> dict[str, StoreDamaged]:
    """The files that cannot be opened, with the reason."""
    found = {}
    for name in all_files(root):
        try:
            columns(root, name)
        except StoreDamaged as error:
            found[name] = error
    return found


def read(root: Root, name: str) -> pa.Table:
    """All of a file, by its pages' checksums, with the declared columns; StoreDamaged if it cannot be read."""
    schema = tables.table(name.split("/")[1]).schema
    try:
        with pq.ParquetFile(root.url(name), page_checksum_verification=True) as file:
            found = file.read()
        nothing = pa.nulls(len(found))  # for a column that is newer than the file
        return pa.table({c: found[c] if c in found.column_names else nothing for c in schema.names}).cast(schema)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(name, error) from error


def append(root: Root, table: str, rows: list[dict[str, Any]]) -> None:
    """Add rows to a log. StoreError, and the log is as it was, where it cannot be written.

    Text that is not UTF-8, as the name of a file need not be, is written with escapes (`terminal.printable`).
    If its newest file cannot be read, that is set aside and named, and the rows are in a new one.
    """
    schema = tables.table(table).schema
    with lock.appending(root):
        kept, name = schema.empty_table(), next(reversed(files(root, table)), None)
        if name:
            try:
                kept = read(root, name)
            except StoreDamaged as error:
                log.warning("%s It was set aside as %s.", error, root.set_aside(name))
        if name is None or not root.exists(name) or len(kept) >= ROWS:
            kept, name = schema.empty_table(), _next(root, table)
        _write(root, name, pa.concat_tables([kept, pa.Table.from_pylist(list(map(_storable, rows)), schema=schema)]))


def writable(root: Root) -> bool:
    """Whether this process may add to the logs; not where they are mounted read-only, or are another user's."""
    folder = next(place for place in (root.path / "log", root.path, *root.path.parents) if place.exists())
    return os.access(folder, os.W_OK | os.X_OK)


def mend(root: Root, every_byte: bool = False) -> list[str]:
    """See that each log has a file, that each can be opened, or with `every_byte` read, and has the declared columns.

    What cannot is set aside; one sentence for each such file.
    """
    lines = []
    for table in tables.LOGS:
        with lock.appending(root):
            for name in files(root, table.name):
                try:
                    if every_byte:
                        read(root, name)
                    if not set(table.schema.names) <= set(columns(root, name)):
                        _write(root, name, read(root, name))
                except StoreDamaged as error:
                    lines.append(f"{error} It was set aside as {root.set_aside(name)}.")
            if not files(root, table.name):
                _write(root, _next(root, table.name), table.schema.empty_table())
    return lines


def _all(root: Root, table: str) -> list[str]:
    return [name for last in root.names(f"log/{table}") if own(name := f"log/{table}/{last}")]


def _next(root: Root, table: str) -> str:
    """The name of the next file; one that was set aside keeps its number."""
    taken = [int(name.split("/")[2].partition(".")[0]) for name in _all(root, table)]
    return f"log/{table}/{max(taken, default=0) + 1:08d}.parquet"


def _write(root: Root, name: str, rows: pa.Table) -> None:
    with root.writing(name) as temporary, root.in_words(name):
        pq.write_table(rows, temporary, compression="zstd", write_page_checksum=True)


def _storable(row: dict[str, Any]) -> dict[str, Any]:
    def is_utf8(text: str) -> bool:
        return text.encode("utf-8", "replace").decode() == text

    return {n: printable(value) if isinstance(value, str) and not is_utf8(value) else value for n, value in row.items()}


def _damaged(name: str, error: Exception) -> StoreDamaged:
    return StoreDamaged(f"{name} cannot be read ({str(error).splitlines()[0]}).")

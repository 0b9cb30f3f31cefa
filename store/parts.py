"""Parts: what one step wrote, Parquet files that never change, named by the hash of all that went into them.

parts/<key>/<table>.parquet    the rows
parts/<key>/part.json          written last: a part without it does not exist
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from store import tables
from store.root import Root

ROW_GROUP = 100_000
"""Rows of a Parquet file that are read together: a question on one product passes over the others by their ids."""


@dataclass(frozen=True)
class File:
    """One Parquet file of a part. `dimensions` is the vector length of an embedding table, else None."""

    name: str
    rows: int
    bytes: int
    sha256: str
    dimensions: int | None = None


@dataclass(frozen=True)
class Part:
    """A finished part: the files by table, and what its making cost. `chunks` are the files that it took results of."""

    key: str
    step: str
    seconds: float
    peak_mb: float
    files: dict[str, File]
    chunks: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows over all its tables."""
        return sum(file.rows for file in self.files.values())

    def to_json(self) -> bytes:
        """As it stands in part.json."""
        return json.dumps(asdict(self), indent=1).encode()


def check(table: str, file: File) -> None:
    """See that a table and a file of it, as read from a manifest or a marker, are such as the store writes.

    A declared table, or `embedding_<method>` with a positive number of dimensions, in `parts/<key>/<table>.parquet`,
    with counts of rows and bytes and a SHA-256; ValueError, naming what is none, otherwise.
    """
    embedding = re.fullmatch(tables.EMBEDDING + "[a-z0-9_]+", table) is not None
    if not embedding and (table not in tables.BY_NAME or tables.table(table).log):
        raise ValueError(f"{table!r} is no table of a store")
    if not isinstance(file.name, str) or not re.fullmatch(rf"parts/[A-Za-z0-9_-]+/{table}\.parquet", file.name):
        raise ValueError(f"{file.name!r} is no file of the table {table}")
    counted = type(file.dimensions) is int and file.dimensions > 0
    if not (counted if embedding else file.dimensions is None):
        raise ValueError(f"{file.dimensions!r} is no number of dimensions of the table {table}")
    if not all(type(count) is int and count >= 0 for count in (file.rows, file.bytes)):
        raise ValueError(f"{file.rows!r} rows of {file.bytes!r} bytes are none of the table {table}")
    if not isinstance(file.sha256, str) or not re.fullmatch("[0-9a-f]{64}", file.sha256):
        raise ValueError(f"{file.sha256!r} is no SHA-256 of the table {table}")


def find(root: Root, key: str) -> Part | None:
    """The finished part of that key, or None; a marker that cannot be read, or a file of other bytes, is a miss.

    Every byte is read (1 GB a second and more), so that a part that a disk altered is computed again and not reused.
    """
    part = marked(root, key)
    try:
        sound = part and all(root.sha256(file.name) == file.sha256 for file in part.files.values())
    except OSError:
        sound = False
    return part if sound else None


def marked(root: Root, key: str) -> Part | None:
    """The part of that key as its marker describes it, its files unread; None without a marker that can be read."""
    try:
        raw = json.loads(root.read(f"parts/{key}/part.json"))
        files = {table: File(**file) for table, file in raw.pop("files").items()}
        for table, file in files.items():
            check(table, file)
        return Part(files=files, chunks=tuple(raw.pop("chunks")), **raw)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def read(root: Root, part: Part, table: str, columns: list[str] | None = None) -> pa.Table:
    """One table of a part; an empty table of the declared schema if the part has none of it.

    OSError where a page's checksum differs from what was written.
    """
    if table not in part.files:
        nothing = tables.table(table).schema.empty_table()
        return nothing.select(columns) if columns else nothing
    with pq.ParquetFile(root.url(part.files[table].name), page_checksum_verification=True) as file:
        return file.read(columns)


def batches(root: Root, part: Part, table: str, rows: int, columns: list[str] | None = None) -> Iterator[pa.Table]:
    """As `read`, at most so many rows at a time, so that no more of a large table is held; nothing of an empty one."""
    # with pre_buffer, its default, pyarrow reads the whole file first: 2 GB of a million vectors
    if table in part.files:
        with pq.ParquetFile(
            root.url(part.files[table].name), page_checksum_verification=True, pre_buffer=False
        ) as file:
            for batch in file.iter_batches(rows, columns=columns):
                yield pa.Table.from_batches([batch])


class PartWriter:
    """Writes the tables of one part, batch by batch; the files appear when the `with` block ends well.

    `finish` then makes the part exist. Writing the same key again replaces equal bytes by equal bytes.
    """

    def __init__(self, root: Root, key: str) -> None:
        self.root, self.key = root, key
        self._open: dict[str, pq.ParquetWriter] = {}
        self._declared: dict[str, tables.Table] = {}
        self._stack = ExitStack()

    def __enter__(self) -> "PartWriter":
        return self

    def write(self, table: tables.Table, rows: pa.Table | Iterable[dict[str, Any]]) -> None:
        """Append rows: an Arrow table with the declared columns, or dicts of them. Nothing is made for no rows."""
        batch = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), schema=table.schema)
        if not batch.num_rows:
            return
        batch = batch.select(table.schema.names).cast(table.schema)
        if table.name not in self._open:
            name = f"parts/{self.key}/{table.name}.parquet"
            path = self._stack.enter_context(self.root.writing(name))
            with self.root.in_words(name):
                writer = pq.ParquetWriter(path, table.schema, compression="zstd", write_page_checksum=True)
            self._stack.callback(self._close, name, writer)  # before `writing` syncs and renames
            self._open[table.name], self._declared[table.name] = writer, table
        with self.root.in_words(table.name):
            self._open[table.name].write_table(batch, row_group_size=ROW_GROUP)

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(error_type, error, trace)

    def _close(self, name: str, writer: pq.ParquetWriter) -> None:
        with self.root.in_words(name):
            writer.close()

    def files(self) -> dict[str, File]:
        """The files written, by table; to be called after the `with` block."""
        return {name: self._file(table) for name, table in sorted(self._declared.items())}

    def _file(self, table: tables.Table) -> File:
        name = f"parts/{self.key}/{table.name}.parquet"
        vector = table.schema.field("vector").type if table.name.startswith(tables.EMBEDDING) else None
        return File(
            name=name,
            rows=pq.read_metadata(self.root.url(name)).num_rows,
            bytes=self.root.size(name),
            sha256=self.root.sha256(name),
            dimensions=vector.list_size if vector is not None else None,
        )


def finish(root: Root, part: Part) -> Part:
    """Make a written part exist, by its marker."""
    root.put(f"parts/{part.key}/part.json", part.to_json())
    return part

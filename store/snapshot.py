"""Snapshots: publish, open, list. A reader sees one whole snapshot or the one before it, never a mixture.

snapshots/00000007.json   the manifest: which files make up each table; created once, never replaced
catalog.duckdb            one documented view per table over the newest snapshot; swapped in with one rename
log/<table>/*.parquet     the logs (runs, steps, schedule): one small file per event, only ever added to
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from store import tables
from store.errors import SnapshotNotFound, StoreDamaged, StoreError, StoreMissing
from store.ownership import own
from store.parts import File, Part, check
from store.root import Root

FORMAT = 1
CATALOGUE = "catalog.duckdb"
SETTINGS: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": False}


@dataclass(frozen=True)
class Snapshot:
    """One published state of all tables. `signature` is a hash over the content of every file."""

    number: int
    created: str
    version: str
    signature: str
    files: dict[str, list[File]]

    def declared(self) -> list[tables.Table]:
        """Every table a reader finds in it: the declared ones, empty or not, and its embedding tables."""
        embeddings = [
            tables.embedding_table(name.removeprefix(tables.EMBEDDING), files[0].dimensions or 0)
            for name, files in sorted(self.files.items())
            if name.startswith(tables.EMBEDDING)
        ]
        return [*tables.TABLES, *embeddings]


def numbers(root: Root) -> list[int]:
    """The numbers of all snapshots in the store, oldest first; empty if nothing was published."""
    names = (name for name in root.names("snapshots") if own(f"snapshots/{name}"))
    return sorted(int(name.removesuffix(".json")) for name in names)


def open_snapshot(root: Root, number: int | None = None) -> Snapshot:
    """The snapshot of that number, or the newest. StoreMissing, SnapshotNotFound or StoreDamaged.

    SQL is made of the names in a manifest, so one that holds a table, a file or a dimension that the store would not
    write is damaged (`parts.check`), whoever wrote it and whatever its signature says.
    """
    have = numbers(root)
    if not have:
        raise StoreMissing(f"Nothing is published in the store {root.path}; run `aislemap ingest` into it first.")
    number = have[-1] if number is None else number
    if number not in have:
        raise SnapshotNotFound(f"The store {root.path} has no snapshot {number}; it has {have[0]} to {have[-1]}.")
    name = manifest_name(number)
    try:
        raw = json.loads(root.read(name))
        files = {table: [File(**file) for file in entries] for table, entries in raw["files"].items()}
        for table, entries in files.items():
            for file in entries:
                check(table, file)
        if (raw["number"], raw["signature"]) != (number, _signature(files)):
            raise ValueError("it is not what was written")
        return Snapshot(number, raw["created"], raw["version"], raw["signature"], files)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreDamaged(
            f"The manifest {name} of {root.path} cannot be read ({error}); delete it to fall back to the one before."
        ) from error


def publish(root: Root, parts: Iterable[Part]) -> Snapshot:
    """Publish these parts as the newest snapshot; the newest one as it is, if it has the same content already.

    The parts' files are on disk before the manifest names them. The catalogue is made anew either way: a writer may
    have been killed between the manifest and the catalogue, or the store been moved. Only the holder of the store's
    lock may publish; FileExistsError if somebody published that number without holding it.
    """
    files: dict[str, list[File]] = defaultdict(list)
    for part in parts:
        for table, file in part.files.items():
            files[table].append(file)
    ordered = {table: sorted(files[table], key=lambda f: f.sha256) for table in sorted(files)}
    signature = _signature(ordered)
    have = numbers(root)
    newest = open_snapshot(root) if have else None
    if newest is None or newest.signature != signature:
        number = have[-1] + 1 if have else 1
        created = datetime.now(UTC).isoformat(timespec="seconds")
        newest = Snapshot(number, created, aislemap_version(), signature, ordered)
        manifest = json.dumps({"format": FORMAT, **asdict(newest)}, indent=1).encode()
        root.put(manifest_name(number), manifest, replace=False)
    write_catalogue(root)
    return newest


def write_catalogue(root: Root) -> None:
    """Rebuild `catalog.duckdb` for the newest snapshot at the store's present place, and swap it in.

    Views hold absolute paths (DuckDB resolves relative ones against the reader's folder), so a store that was
    moved or copied needs this once: `aislemap store repoint`. The file is opened again and its views are counted
    before it takes the old one's place. StoreError, and the old one stays, where it cannot be written whole.
    """
    snapshot = open_snapshot(root)
    ensure_logs(root)
    with root.writing(CATALOGUE) as temporary:
        journal = temporary.with_name(f"{temporary.name}.wal")
        try:
            _write_views(temporary, root, snapshot)
            with duckdb.connect(str(temporary), read_only=True, config=SETTINGS) as written:
                rows = written.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
            # a checkpoint that failed leaves a sound file with fewer views, and the others in its journal
            if {name for (name,) in rows} != {table.name for table in snapshot.declared()} or journal.exists():
                raise StoreError(f"{CATALOGUE} cannot be written in {root.path}: not all of it reached the disk.")
        except duckdb.Error as error:
            raise StoreError(f"{CATALOGUE} cannot be written in {root.path}: {str(error).splitlines()[0]}") from error
        finally:
            journal.unlink(missing_ok=True)
        root.remove(f"{CATALOGUE}.wal")  # left by a client that wrote to the old file; the new one would not open


def _write_views(path: Path, root: Root, snapshot: Snapshot) -> None:
    """Write the views to a new database that DuckDB 1.0 and later can open."""
    with duckdb.connect(config=SETTINGS) as connection:
        connection.execute(f"ATTACH {_quote(str(path))} AS catalogue (STORAGE_VERSION 'v1.0.0')")
        connection.execute("USE catalogue")
        connection.begin()
        _create_views(connection, root, snapshot)
        connection.commit()  # one for all views: ten times as fast as one for each
        connection.execute("CHECKPOINT catalogue")  # one at closing fails in silence
        connection.execute("USE memory")
        connection.execute("DETACH catalogue")


def connect(root: Root, number: int | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB connection with one view per table of a snapshot (the newest by default).

    It does not open `catalog.duckdb`, so it works from a read-only mount and from a store that was moved.
    StoreMissing, SnapshotNotFound, or StoreDamaged where a manifest or a file cannot be read.
    """
    connection = duckdb.connect(config=SETTINGS)
    connection.execute("SET TimeZone = 'UTC'")
    _create_views(connection, root, open_snapshot(root, number))
    return connection


def connect_sealed(root: Root, number: int | None = None, memory_mb: int | None = None) -> duckdb.DuckDBPyConnection:
    """The same for SQL that somebody else wrote: DuckDB can open no file, neither to read nor to write.

    Its views read through pyarrow, which opens the store's files for reading alone, so that DuckDB needs no external
    access. (`allowed_directories` would let it read the store's folder, and would let it write there too.) The
    settings are locked: no statement can undo this. What does not fit its memory (DuckDB's default, 80 % of the
    machine's, if not given) is not moved to the disk, but refused. It costs some 30 ms more than `connect`; errors
    as there.
    """
    snapshot = open_snapshot(root, number)
    memory = {} if memory_mb is None else {"memory_limit": f"{memory_mb}MB"}
    connection = duckdb.connect(config={**SETTINGS, **memory, "temp_directory": ""})
    connection.execute("SET TimeZone = 'UTC'")
    _create_views(connection, root, snapshot, sealed=True)
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def ensure_logs(root: Root) -> None:
    """See that each log has a file, empty at first, so that its view can always be read."""
    for table in tables.TABLES:
        if table.log and not root.names(f"log/{table.name}"):
            _write(root, f"log/{table.name}/00000000-empty.parquet", table.schema.empty_table())


def append_log(root: Root, table: str, rows: list[dict[str, Any]], stamp: str) -> None:
    """Add rows to a log as one file. `stamp` names it: a UTC time that sorts, and something unique."""
    declared = tables.table(table)
    _write(root, f"log/{table}/{stamp}.parquet", pa.Table.from_pylist(rows, schema=declared.schema))


def aislemap_version() -> str:
    """The version of aislemap that is installed."""
    try:
        return version("aislemap")
    except PackageNotFoundError:
        return "not installed"


def manifest_name(number: int) -> str:
    """Where the manifest of that snapshot stands."""
    return f"snapshots/{number:08d}.json"


def pattern(path: str) -> str:
    """A path as DuckDB takes it literally, whatever wildcards are in the names of its folders."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)


def _signature(files: dict[str, list[File]]) -> str:
    content = {table: [file.sha256 for file in files[table]] for table in sorted(files)}
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _write(root: Root, name: str, rows: pa.Table) -> None:
    with root.writing(name) as temporary:
        try:
            pq.write_table(rows, temporary, compression="zstd")
        except OSError as error:
            raise StoreError(f"{name} cannot be written in {root.path}: {error}") from error


def _create_views(connection: duckdb.DuckDBPyConnection, root: Root, snapshot: Snapshot, sealed: bool = False) -> None:
    for table in snapshot.declared():
        try:
            (_sealed_view if sealed else _view)(connection, root, snapshot, table)  # both read each file's schema
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise StoreDamaged(
                f"The table {table.name} of snapshot {snapshot.number} cannot be read ({str(error).splitlines()[0]}); "
                "`aislemap store verify` names every fault and its remedy."
            ) from error
        connection.execute(f'COMMENT ON VIEW "{table.name}" IS {_quote(table.meaning)}')
        for column in table.columns:
            connection.execute(f'COMMENT ON COLUMN "{table.name}"."{column.name}" IS {_quote(column.comment)}')


def _view(connection: duckdb.DuckDBPyConnection, root: Root, snapshot: Snapshot, table: tables.Table) -> None:
    if table.log:
        folder = f"log/{table.name}"
        sources = [pattern(root.url(folder)) + "/*.parquet"] if root.names(folder) else []
    else:
        sources = [pattern(root.url(file.name)) for file in snapshot.files.get(table.name, [])]
    nothing = ", ".join(f'NULL::{c.type} AS "{c.name}"' for c in table.columns)
    select = (
        f"SELECT {_columns(table)} FROM read_parquet([{', '.join(map(_quote, sources))}])"
        if sources
        else f"SELECT {nothing} WHERE false"
    )
    connection.execute(f'CREATE VIEW "{table.name}" AS {select}')


def _sealed_view(connection: duckdb.DuckDBPyConnection, root: Root, snapshot: Snapshot, table: tables.Table) -> None:
    if table.log:
        names = [f"log/{table.name}/{name}" for name in root.names(f"log/{table.name}") if name.endswith(".parquet")]
    else:
        names = [file.name for file in snapshot.files.get(table.name, [])]
    for name in names:
        pq.read_schema(root.url(name))  # a dataset of a given schema opens nothing before it is asked
    urls = [root.url(name) for name in names]
    rows = ds.dataset(urls, schema=table.schema, format="parquet") if urls else table.schema.empty_table()
    connection.from_arrow(rows).project(_columns(table)).create_view(table.name)


def _columns(table: tables.Table) -> str:
    return ", ".join(f'"{c.name}"::{c.type} AS "{c.name}"' for c in table.columns)


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

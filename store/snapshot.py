"""Snapshots: publish, open, list. A reader sees one whole snapshot or the one before it, never a mixture.

snapshots/00000007.json   the manifest (`store.manifest`)
catalog.duckdb            one documented view per table over the newest snapshot; swapped in with one rename
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from store import logs, manifest, tables, views
from store.errors import SnapshotNotFound, StoreDamaged, StoreError, StoreMissing
from store.manifest import Snapshot
from store.parts import File, Part
from store.root import Root

CATALOGUE = "catalog.duckdb"
SETTLED = 10.0
"""Seconds after which a publishing that is under way has put its catalogue in place: it takes milliseconds."""
SETTINGS: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": False}


def open_snapshot(root: Root, number: int | None = None) -> Snapshot:
    """The snapshot of that number, or the newest one that is whole: each of its files is there, with its size.

    StoreMissing, SnapshotNotFound, or errors as `manifest.read` and StoreDamaged for a file, where no snapshot is whole
    or the one that was asked for is not.
    """
    have = manifest.numbers(root)
    if not have:
        raise StoreMissing(f"Nothing is published in the store {root.path}; run `aislemap ingest` into it first.")
    if number is not None and number not in have:
        raise SnapshotNotFound(f"The store {root.path} has no snapshot {number}; it has {have[0]} to {have[-1]}.")
    faults = []
    for candidate in [number] if number is not None else reversed(have):
        try:
            return _whole(root, manifest.read(root, candidate))
        except StoreError as error:
            faults.append(error)
    raise faults[0]


def notices(root: Root) -> list[str]:
    """What a reader of the newest snapshot should be told: why it is not the last that was published, which log is
    not whole, and whether `catalog.duckdb` shows another. A sentence each; errors as `open_snapshot`.
    """
    shown = open_snapshot(root).number
    lines = []
    for number in (number for number in reversed(manifest.numbers(root)) if number > shown):
        try:
            open_snapshot(root, number)
        except StoreError as error:
            lines.append(f"{error} Until then snapshot {shown} is the newest.")
    lines += [
        f"{fault} Its rows are left out; the next ingestion sets it aside." for fault in logs.damaged(root).values()
    ]
    if not lines and not _follows(root, shown):
        lines.append(f"{CATALOGUE} does not show snapshot {shown} yet; `aislemap store repoint` makes it anew.")
    return lines


def publish(root: Root, parts: Iterable[Part]) -> Snapshot:
    """Publish these parts as the newest snapshot; the newest one as it is, if it has the same content already.

    The parts' files are on disk before the manifest names them, and the catalogue's before that: only its rename is
    left then. The catalogue is made anew in any case: a writer may have been killed before that, or the store been
    moved. Only the holder of the store's lock may publish; FileExistsError if somebody published that number without
    holding it. StoreError where the disk does not take it; what was published stays.
    """
    files: dict[str, list[File]] = defaultdict(list)
    keys = set()
    for part in parts:
        keys.add(part.key)
        for table, file in part.files.items():
            files[table].append(file)
    ordered = {table: sorted(files[table], key=lambda f: f.sha256) for table in sorted(files)}
    signature = manifest.signature(ordered)
    newest = manifest.newest(root)
    if newest is None or newest.signature != signature:
        taken = [int(name.partition(".")[0]) for name in manifest.names(root)]  # a damaged one keeps its number
        created = datetime.now(UTC).isoformat(timespec="seconds")
        number = max(taken, default=0) + 1
        newest = Snapshot(number, created, manifest.aislemap_version(), signature, tuple(sorted(keys)), ordered)
        write_catalogue(root, newest)
    else:
        write_catalogue(root)
    return newest


def write_catalogue(root: Root, new: Snapshot | None = None) -> None:
    """Rebuild `catalog.duckdb` for the newest snapshot at the store's present place, and swap it in.

    With `new` that one is published: its manifest is written when the rename is all that is left to do. Views hold
    absolute paths (DuckDB resolves relative ones against the reader's folder), so a store that was moved or copied
    needs this once: `aislemap store repoint`. The file is opened again and its views are counted before it takes the
    old one's place. StoreError, and the old one stays, where it cannot be written whole.
    """
    snapshot = new or open_snapshot(root)
    logs.mend(root)
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
            reason = str(error).splitlines()[0].rstrip(".")
            raise StoreError(f"{CATALOGUE} cannot be written in {root.path}: {reason}.") from error
        finally:
            root.remove(journal.name)
        root.remove(f"{CATALOGUE}.wal")  # left by a client that wrote to the old file; the new one would not open
        if new:
            root.put(manifest.path(new.number), manifest.encoded(new), replace=False)
        with root.in_words(CATALOGUE):
            os.utime(temporary)  # not older than the manifest: `_follows`


def _write_views(path: Path, root: Root, snapshot: Snapshot) -> None:
    """Write the views to a new database that DuckDB 1.0 and later can open."""
    with duckdb.connect(config=SETTINGS) as connection:
        connection.execute(f"ATTACH {views.quote(str(path))} AS catalogue (STORAGE_VERSION 'v1.0.0')")
        connection.execute("USE catalogue")
        connection.begin()
        create_views(connection, root, snapshot, views.following)
        connection.commit()  # one for all views: ten times as fast as one for each
        connection.execute("CHECKPOINT catalogue")  # one at closing fails in silence
        connection.execute("USE memory")
        connection.execute("DETACH catalogue")


def connect(root: Root, number: int | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB connection with one view per table of a snapshot (the newest whole one by default).

    It does not open `catalog.duckdb`, so it works from a read-only mount and from a store that was moved. Errors as
    `open_snapshot`, StoreDamaged where a file cannot be read, and StoreError where one lacks a column that its table
    has today. A file of a log that cannot be read is left out.
    """
    snapshot = open_snapshot(root, number)
    connection = duckdb.connect(config=SETTINGS)
    connection.execute("SET TimeZone = 'UTC'")
    create_views(connection, root, snapshot, views.over)
    return connection


def connect_sealed(root: Root, number: int | None = None, memory_mb: int | None = None) -> duckdb.DuckDBPyConnection:
    """The same for SQL that somebody else wrote: DuckDB can open no file, neither to read nor to write.

    Its views read through pyarrow, which opens the store's files for reading alone, so that DuckDB needs no external
    access. (`allowed_directories` would let it read the store's folder, and would let it write there too.) The
    settings are locked: no statement can undo this. None names a folder of the machine. What does not fit its memory
    (DuckDB's default, 80 % of the machine's, if not given) is not moved to the disk, but refused. It costs some 30 ms
    more than `connect`; errors as there.
    """
    snapshot = open_snapshot(root, number)
    memory = {} if memory_mb is None else {"memory_limit": f"{memory_mb}MB"}
    connection = duckdb.connect(config={**SETTINGS, **memory, "temp_directory": ""})
    connection.execute("SET secret_directory = ''")  # the user's home folder
    connection.execute("SET TimeZone = 'UTC'")
    create_views(connection, root, snapshot, views.sealed)
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def create_views(
    connection: duckdb.DuckDBPyConnection,
    root: Root,
    snapshot: Snapshot,
    make: Callable[[duckdb.DuckDBPyConnection, Root, tables.Table, list[str]], None],
    logs_only: bool = False,
) -> None:
    """Make the views of a snapshot's tables, or of the logs only, in a connection, each by `make` (see `store.views`).

    StoreDamaged where a file cannot be read, StoreError where one lacks a column that its table has today. A file of a
    log that cannot be opened is left out.
    """
    damaged = logs.damaged(root)
    for table in snapshot.declared():
        if table.log:
            names = [name for name in logs.files(root, table.name) if name not in damaged]
        elif logs_only:
            continue
        else:
            names = [file.name for file in snapshot.files.get(table.name, [])]
        try:
            make(connection, root, table, names)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise _unreadable(root, snapshot, table, names, error) from error


def _whole(root: Root, snapshot: Snapshot) -> Snapshot:
    for file in snapshot.all_files():
        try:
            size = root.size(file.name)
        except FileNotFoundError:
            size = None
        if size != file.bytes:
            found = "is missing" if size is None else f"has {size} bytes, not the {file.bytes} that were written"
            raise StoreDamaged(
                f"Snapshot {snapshot.number} of {root.path} is not whole: {file.name} {found}; ingest again to write "
                "it anew, or `aislemap store verify` names every fault and its remedy."
            )
    return snapshot


def _follows(root: Root, number: int) -> bool:
    """Whether the catalogue was put in place after that manifest; true for a manifest of this moment."""
    try:
        published = root.modified(manifest.path(number))
        return root.modified(CATALOGUE) >= published or time.time() - published < SETTLED
    except FileNotFoundError:
        return False


def _unreadable(root: Root, snapshot: Snapshot, table: tables.Table, names: list[str], error: Exception) -> StoreError:
    what = f"The table {table.name} of snapshot {snapshot.number}"
    for name in names:
        with suppress(StoreDamaged):
            if lacking := set(table.schema.names).difference(logs.columns(root, name)):
                without = f"{what}, without the column {min(lacking)},"
                return StoreError(manifest.of_other_version(without, snapshot.version))
    reason = str(error).splitlines()[0]
    return StoreDamaged(f"{what} cannot be read ({reason}); `aislemap store verify` names every fault and its remedy.")

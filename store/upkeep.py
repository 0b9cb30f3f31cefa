"""Keeping a store in order: is every file what was written, and what may go."""

import time
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import duckdb

from store import parts, snapshot
from store.errors import StoreDamaged
from store.ownership import own
from store.root import Root

GRACE = timedelta(hours=1)
"""A snapshot that was the newest within this time stays, for somebody may be reading it; so do files so young."""
KEEP = 10
"""Snapshots kept by default: enough to see what changed over a week of daily runs, and to fall back."""
KEEP_LOGS = 1000
"""Newest files kept of each log: some years of daily runs, and few enough to be read in one query."""


@dataclass(frozen=True)
class Freed:
    """What `vacuum` removed."""

    snapshots: int
    files: int
    bytes: int


def verify(root: Root) -> list[str]:
    """Check every file of every snapshot by its size and SHA-256, and the catalogue; one line per fault, or none.

    StoreMissing if nothing was published.
    """
    faults, checked = [], dict[str, str | None]()
    numbers = snapshot.numbers(root)
    if not numbers:
        snapshot.open_snapshot(root)  # says so
    for number in numbers:
        try:
            manifest = snapshot.open_snapshot(root, number)
        except StoreDamaged as error:
            faults.append(str(error))
            continue
        for file in (file for files in manifest.files.values() for file in files):
            if file.name not in checked:
                checked[file.name] = _fault(root, file.name, file.bytes, file.sha256)
            if fault := checked[file.name]:
                faults.append(f"snapshot {number}: {file.name} {fault}")
    if fault := _catalogue_fault(root):
        faults.append(f"{snapshot.CATALOGUE} {fault}; `aislemap store repoint` makes it again.")
    return faults


def vacuum(root: Root, keep: int = KEEP, grace: timedelta = GRACE) -> Freed:
    """Drop all but the newest `keep` snapshots (at least one), and every file of the store that no snapshot left uses.

    A snapshot stays as long as its successor is younger than `grace`, and so do files so young; temporary files of
    killed writers go. A file that the store did not write (`ownership.own`) stays, wherever it is. Only the holder of
    the store's lock may call this. Results that no snapshot left uses are gone with it: they would be computed again.
    So do chunks that the newest snapshot's parts took no result of: the next run can take results of the others.
    StoreDamaged, and nothing is dropped, if a manifest cannot be read.
    """
    before = time.time() - grace.total_seconds()

    def old(name: str) -> bool:
        try:
            return root.modified(name) < before
        except FileNotFoundError:  # a temporary file whose writing has ended meanwhile
            return False

    numbers = snapshot.numbers(root)
    spare = set(numbers[: -max(1, keep)])
    dropped = [n for n, successor in pairwise(numbers) if n in spare and old(snapshot.manifest_name(successor))]
    left = [snapshot.open_snapshot(root, n) for n in numbers if n not in dropped]
    used = {file.name.split("/")[1] for manifest in left for files in manifest.files.values() for file in files}
    doomed = [snapshot.manifest_name(number) for number in dropped]
    for part in root.names("parts"):
        names = _own(root, f"parts/{part}")
        if part not in used and all(map(old, names)):
            doomed += names
    newest = {file.name.split("/")[1] for files in left[-1].files.values() for file in files} if left else set()
    taken = {chunk for key in newest if (made := parts.find(root, key)) for chunk in made.chunks}
    for recipe in root.names("chunks"):
        doomed += (name for name in _own(root, f"chunks/{recipe}") if name not in taken and old(name))
    for log in root.names("log"):
        doomed += filter(old, _own(root, f"log/{log}")[:-KEEP_LOGS])
    doomed += filter(old, filter(own, root.temporaries()))
    size = sum(map(root.size, doomed))
    # A part's marker goes first: a part without it does not exist, one without a file would be damaged.
    for name in sorted(doomed, key=lambda name: not name.endswith(".json")):
        root.remove(name)
    return Freed(len(dropped), len(doomed), size)


def _own(root: Root, folder: str) -> list[str]:
    return [name for name in (f"{folder}/{last}" for last in root.names(folder)) if own(name)]


def _fault(root: Root, name: str, size: int, sha256: str) -> str | None:
    if not root.exists(name):
        return "is missing; ingest again to write it anew."
    if root.size(name) != size:
        return f"has {root.size(name)} bytes, not the {size} that were written; delete it and ingest again."
    if root.sha256(name) != sha256:
        return "is not what was written (its SHA-256 differs); delete it and ingest again."
    return None


def _catalogue_fault(root: Root) -> str | None:
    if not root.exists(snapshot.CATALOGUE):
        return "is missing"
    try:
        with duckdb.connect(root.url(snapshot.CATALOGUE), read_only=True) as found:
            shown = found.execute(_VIEWS).fetchall()
    except duckdb.Error as error:
        return f"cannot be opened ({str(error).partition(chr(10))[0]})"
    try:
        with snapshot.connect(root) as newest:
            right = newest.execute(_VIEWS).fetchall()
    except StoreDamaged:  # a fault of its own, named already
        return None
    return None if shown == right else "does not show the newest snapshot at the store's present place"


_VIEWS = "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY view_name"

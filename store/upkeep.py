"""Keeping a store in order: is every file what was written, and what may go."""

import time
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import duckdb

from store import logs, manifest, parts, snapshot, views
from store.errors import StoreDamaged, StoreError
from store.ownership import own
from store.root import DAMAGED, Root

GRACE = timedelta(hours=1)
"""A snapshot that was the newest within this time stays, for somebody may be reading it; so do files so young."""
KEEP = 10
"""Snapshots kept by default: enough to see what changed over a week of daily runs, and to fall back."""
KEEP_LOGS = 50
"""Newest files kept of each log, a million rows: the steps of some 5,000 runs, and of years of daily ones."""


@dataclass(frozen=True)
class Freed:
    """What `vacuum` removed."""

    snapshots: int
    files: int
    bytes: int


def verify(root: Root) -> list[str]:
    """Check every field of every manifest, every file of every snapshot by its size and SHA-256, every page of the
    logs, and the catalogue; one line per fault, or none. StoreMissing if nothing was published.
    """
    faults, checked = [], dict[str, str | None]()
    numbers = manifest.numbers(root)
    if not numbers:
        snapshot.open_snapshot(root)  # says so
    for number in numbers:
        try:
            found = manifest.read(root, number)
        except StoreError as error:
            faults.append(str(error))
            continue
        for file in found.all_files():
            if file.name not in checked:
                checked[file.name] = fault_of(root, file)
            if fault := checked[file.name]:
                faults.append(f"snapshot {number}: {file.name} {fault}")
    for name in logs.all_files(root):
        try:
            logs.read(root, name)
        except StoreDamaged as error:
            faults.append(f"{error} `aislemap store repair` sets it aside.")
    if fault := catalogue_fault(root):
        faults.append(f"{snapshot.CATALOGUE} {fault}; `aislemap store repoint` makes it again.")
    return faults


def vacuum(root: Root, keep: int = KEEP, grace: timedelta = GRACE) -> Freed:
    """Drop all but the newest `keep` snapshots (at least one), and every file of the store that no snapshot left uses.

    A snapshot stays as long as its successor is younger than `grace`, and so do files so young; what was set aside
    goes. A file that the store did not write (`ownership.own`) stays, wherever it is. Only the holder of the store's
    lock may call this. Results that no snapshot left uses are gone with it: they would be computed again. So do chunks
    that the newest snapshot's parts took no result of: the next run can take results of the others. StoreError, and
    nothing is dropped, if a manifest cannot be read.
    """
    before = time.time() - grace.total_seconds()

    def old(name: str) -> bool:
        return root.modified(name) < before

    numbers = manifest.numbers(root)
    spare = set(numbers[: -max(1, keep)])
    dropped = [n for n, successor in pairwise(numbers) if n in spare and old(manifest.path(successor))]
    left = [manifest.read(root, n) for n in numbers if n not in dropped]
    used = {key for found in left for key in found.parts}
    doomed = [manifest.path(number) for number in dropped]
    for part in root.names("parts"):
        names = _own(root, f"parts/{part}")
        if part not in used and all(map(old, names)):
            doomed += names
    taken = {
        chunk for key in (left[-1].parts if left else ()) if (made := parts.marked(root, key)) for chunk in made.chunks
    }
    for recipe in root.names("chunks"):
        doomed += (name for name in _own(root, f"chunks/{recipe}") if name not in taken and old(name))
    for log in set(root.names("log")).difference(logs.LASTING):
        doomed += filter(old, logs.files(root, log)[:-KEEP_LOGS])
        doomed += filter(old, _aside(root, f"log/{log}")[:-1])  # the last one's number stays taken
    doomed += filter(old, _aside(root, "snapshots")[:-1])
    size = sum(map(root.size, doomed))
    # A part's marker goes first: a part without it does not exist, one without a file would be damaged.
    for name in sorted(doomed, key=lambda name: not name.endswith(".json")):
        root.remove(name)
    return Freed(len(dropped), len(doomed), size)


def _own(root: Root, folder: str) -> list[str]:
    return [name for name in (f"{folder}/{last}" for last in root.names(folder)) if own(name)]


def _aside(root: Root, folder: str) -> list[str]:
    return [name for name in _own(root, folder) if name.endswith(DAMAGED)]


def fault_of(root: Root, file: parts.File) -> str | None:
    """How a file differs from what was written, with the remedy; None if it does not."""
    remedy = "ingest again to write it anew, or drop older snapshots that need it by `aislemap store repair`."
    if not root.exists(file.name):
        return f"is missing; {remedy}"
    if root.size(file.name) != file.bytes:
        return f"has {root.size(file.name)} bytes, not the {file.bytes} that were written; {remedy}"
    if root.sha256(file.name) != file.sha256:
        return f"is not what was written (its SHA-256 differs); {remedy}"
    return None


def catalogue_fault(root: Root) -> str | None:
    """What is wrong with `catalog.duckdb`; None if it shows the newest whole snapshot at the store's place."""
    if not root.exists(snapshot.CATALOGUE):
        return "is missing"
    try:
        with duckdb.connect(root.url(snapshot.CATALOGUE), read_only=True) as found:
            shown = found.execute(_VIEWS).fetchall()
    except duckdb.Error as error:
        return f"cannot be opened ({str(error).partition(chr(10))[0]})"
    try:
        with duckdb.connect() as newest:
            snapshot.create_views(newest, root, snapshot.open_snapshot(root), views.following)
            right = newest.execute(_VIEWS).fetchall()
    except StoreError:  # a fault of its own, named already
        return None
    return None if shown == right else "does not show the newest whole snapshot at the store's present place"


_VIEWS = "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY view_name"

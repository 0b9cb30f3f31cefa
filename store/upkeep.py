"""Keeping a store in order: is every file what was written, and what may go."""

import time
from dataclasses import dataclass
from datetime import timedelta

from store import snapshot
from store.errors import StoreDamaged
from store.root import Root

GRACE = timedelta(hours=1)
"""Younger files are never removed: a writer may be about to publish them, or a reader be in the midst of them."""
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
    snapshot.open_snapshot(root, snapshot.numbers(root)[0] if snapshot.numbers(root) else None)
    for number in snapshot.numbers(root):
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
    if not root.exists(snapshot.CATALOGUE):
        faults.append(f"{snapshot.CATALOGUE} is missing; `aislemap store repoint` makes it again.")
    return faults


def vacuum(root: Root, keep: int = KEEP, grace: timedelta = GRACE) -> Freed:
    """Drop all but the newest `keep` snapshots (at least one), and every file that none of those uses.

    What is younger than `grace` stays. Only the holder of the store's lock may call this. Results that no kept
    snapshot uses are gone with it: they would be computed again.
    """
    numbers = snapshot.numbers(root)
    kept = [snapshot.open_snapshot(root, number) for number in numbers[-max(1, keep) :]]
    used = {file.name.split("/")[1] for manifest in kept for files in manifest.files.values() for file in files}
    doomed = [f"snapshots/{number:08d}.json" for number in numbers[: -max(1, keep)]]
    for part in root.names("parts"):
        if part not in used:
            doomed += [f"parts/{part}/{name}" for name in root.names(f"parts/{part}")]
    for log in root.names("log"):
        doomed += [f"log/{log}/{name}" for name in root.names(f"log/{log}")[:-KEEP_LOGS]]
    before = time.time() - grace.total_seconds()
    old = [name for name in doomed if root.modified(name) < before]
    size = sum(root.size(name) for name in old)
    # A part's marker goes first: a part without it does not exist, one without a file would be damaged.
    for name in sorted(old, key=lambda name: not name.endswith(".json")):
        root.remove(name)
    return Freed(sum(name.startswith("snapshots/") for name in old), len(old), size)


def _fault(root: Root, name: str, size: int, sha256: str) -> str | None:
    if not root.exists(name):
        return "is missing; ingest again to write it anew."
    if root.size(name) != size:
        return f"has {root.size(name)} bytes, not the {size} that were written; delete it and ingest again."
    if root.sha256(name) != sha256:
        return "is not what was written (its SHA-256 differs); delete it and ingest again."
    return None

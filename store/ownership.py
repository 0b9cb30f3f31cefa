"""What in a folder is the store's own: the files that it writes, told by their exact names.

A store may be made in a folder that holds other things. What the store did not write is neither replaced nor removed.
"""

import json
import re

from store.errors import StoreError
from store.root import FOLDERS, TEMPORARY, Root

OWN = re.compile(
    r"parts/[0-9a-f]{32}/(part\.json|[a-z0-9_]+\.parquet)"
    r"|chunks/[0-9a-f]{32}/[0-9a-f]{32}\.parquet"
    r"|snapshots/\d{8,}\.json(\.damaged)?"
    r"|log/[a-z_]+/\d{8}\.parquet(\.damaged)?"
    r"|catalog\.duckdb|writer\.json|writer\.lock|log/writer\.lock|progress\.json"
)
"""The names of all files that a store has, but temporary ones: a key is 32 hexadecimal digits."""
KEYS = {
    "writer.json": {"purpose", "process", "host", "since"},
    "progress.json": {"run_id", "catalogue", "process", "host", "started", "written", "steps"},
}
"""What `lock` and `progress` write."""


def own(name: str) -> bool:
    """Whether a file of that name (relative, with '/') is one that the store writes, finished or temporary."""
    folder, slash, last = name.rpartition("/")
    if temporary := TEMPORARY.fullmatch(last):
        name = folder + slash + temporary["target"]
    return OWN.fullmatch(name) is not None


def claim(root: Root) -> None:
    """See that nothing of somebody else stands where a new store would write; StoreError, naming it, if so.

    A store in which something is published is in use, and only what it wrote is ever replaced or removed there: a
    file that was put beside its own does not stop the nightly run.
    """
    if any(own(f"snapshots/{name}") for name in root.names("snapshots")):
        return
    strangers = [name for name in root.below(*FOLDERS) if not own(name)]
    strangers += [name for name in ("catalog.duckdb", *KEYS, "writer.lock", "log/writer.lock") if not _ours(root, name)]
    if strangers:
        raise StoreError(
            f"The folder {root.path} holds {min(strangers)}, which no store wrote, where a store keeps its own files; "
            "give --store another folder, best an empty one."
        )


def _ours(root: Root, name: str) -> bool:
    if not root.exists(name) or name.endswith(".lock"):
        return not root.exists(name) or root.size(name) == 0
    try:
        return name in KEYS and set(json.loads(root.read(name))) == KEYS[name]
    except (OSError, ValueError, TypeError):
        return False

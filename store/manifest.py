"""The manifests of snapshots: which files make up each table of one. Created once, never replaced.

snapshots/00000007.json   the manifest of snapshot 7
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from store import tables
from store.errors import SnapshotNotFound, StoreDamaged, StoreError
from store.ownership import own
from store.parts import File, check
from store.root import DAMAGED, Root

FORMAT = 2
"""The form of a manifest. A store in another form must be ingested again."""


@dataclass(frozen=True)
class Snapshot:
    """One published state of all tables. `signature` is a hash over the content of every file.

    `parts` are the keys of all parts, those without rows too, by which `vacuum` knows what a run can take again.
    """

    number: int
    created: str
    version: str
    signature: str
    parts: tuple[str, ...]
    files: dict[str, list[File]]

    def all_files(self) -> list[File]:
        """The files of all its tables."""
        return [file for files in self.files.values() for file in files]

    def declared(self) -> list[tables.Table]:
        """Every table a reader finds in it: the declared ones, empty or not, and its embedding tables."""
        embeddings = [
            tables.embedding_table(name.removeprefix(tables.EMBEDDING), files[0].dimensions or 0)
            for name, files in sorted(self.files.items())
            if name.startswith(tables.EMBEDDING)
        ]
        return [*tables.TABLES, *embeddings]


def aislemap_version() -> str:
    """The version of aislemap that is installed."""
    try:
        return version("aislemap")
    except PackageNotFoundError:
        return "not installed"


def path(number: int) -> str:
    """Where the manifest of that snapshot stands."""
    return f"snapshots/{number:08d}.json"


def names(root: Root) -> list[str]:
    """The names of all manifests, also of those that were set aside."""
    return [name for name in root.names("snapshots") if own(f"snapshots/{name}")]


def numbers(root: Root) -> list[int]:
    """The numbers of all snapshots in the store, oldest first; empty if nothing was published."""
    return sorted(int(name.removesuffix(".json")) for name in names(root) if not name.endswith(DAMAGED))


def read(root: Root, number: int) -> Snapshot:
    """A snapshot as its manifest has it, its files not looked at.

    SQL is made of the names in a manifest, so one that holds a table, a file or a dimension that the store would not
    write is StoreDamaged (`parts.check`), whoever wrote it and whatever its digest says. So is one that differs in
    any other field from what was written. StoreError if another version of aislemap wrote it in another form.
    """
    name = path(number)
    try:
        raw = json.loads(root.read(name))
        if raw["format"] != FORMAT:
            raise StoreError(of_other_version(f"Snapshot {number} of {root.path}", str(raw["version"])))
        files = {table: [File(**file) for file in entries] for table, entries in raw["files"].items()}
        for table, entries in files.items():
            for file in entries:
                check(table, file)
        found = Snapshot(number, raw["created"], raw["version"], raw["signature"], tuple(raw["parts"]), files)
        if json.loads(encoded(found)) != raw:
            raise ValueError("it is not what was written")
        return found
    except FileNotFoundError as error:  # dropped meanwhile
        raise SnapshotNotFound(f"The store {root.path} has no snapshot {number} any more.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreDamaged(
            f"The manifest {name} of {root.path} cannot be read ({error}); `aislemap store repair` sets it aside."
        ) from error


def newest(root: Root) -> Snapshot | None:
    """What the newest manifest says; None if there is none that can be read."""
    have = numbers(root)
    try:
        return read(root, have[-1]) if have else None
    except StoreError:
        return None


def signature(files: dict[str, list[File]]) -> str:
    """The hash over the content of every file, equal for equal content."""
    content = {table: [file.sha256 for file in files[table]] for table in sorted(files)}
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def encoded(snapshot: Snapshot) -> bytes:
    """What stands in the manifest: every field, and the hash of all of them."""
    fields = {"format": FORMAT, **asdict(snapshot)}
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
    return json.dumps({**fields, "digest": digest}, indent=1).encode()


def of_other_version(what: str, made_by: str) -> str:
    """What to say of something that the version `made_by` wrote in another form."""
    return (
        f"{what} was made by another version of aislemap ({made_by}; this is {aislemap_version()}): ingest again with "
        "this one."
    )

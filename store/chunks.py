"""Chunks: what a step computed per product (a vector, descriptors, a thumbnail), kept for the next run.

chunks/<recipe>/<digest>.parquet    input: the hash of what a result was computed from; result: its bytes

A recipe is the hash of all that results depend on but the inputs: the model, the settings, the code. A file is named
by the hash of its own bytes, so damage is noticed; a result that is missing or damaged is computed again. Each file is
on disk as soon as its results are computed: a killed run loses one chunk at most.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from store.ownership import own
from store.root import Root

Item = TypeVar("Item")
Refused = TypeVar("Refused")

ROWS = 1024
"""Results of one chunk, unless a step asks for another number: some seconds of work of an encoder."""
SCHEMA = pa.schema([pa.field("input", pa.binary(16)), pa.field("result", pa.binary())])
MISSING = -1
SPARE_FILES = 16
"""Files beyond twice those that are needed, before all are written anew: a fortnight of daily changes."""


@dataclass(frozen=True)
class Slice:
    """One of `of` slices of `total` results, by their digests: together they are all results, and none is in two.

    So several processes compute slices at a time without a word between them, and write no file that another writes.
    """

    number: int
    of: int
    total: int

    def has(self, digest: bytes) -> bool:
        """Whether the result of that digest is of this slice."""
        return int.from_bytes(digest[:8]) % self.of == self.number


class NotGiven(Exception):
    """No error: the results are not given here, and the work goes on elsewhere.

    Its `args` are ("divisible", all results, slices that the missing ones are enough for), or ("kept", files with the
    results of the slice).
    """


@dataclass
class Chunks:
    """The kept results of one recipe. Without a store everything is computed and nothing is kept.

    `used` are the files that hold the results which were asked for; a part names them, so that `vacuum` keeps them.
    With a `slice` only its results are computed and kept, none is given. With `divide` nothing is computed where the
    missing results make two slices, each of `divide` results and of a chunk at least. `known` are files that other
    machines wrote a moment ago, which a look into the folder may not show yet.
    """

    root: Root | None = None
    recipe: str = ""
    used: set[str] = field(default_factory=set)
    slice: Slice | None = None
    divide: int | None = None
    known: tuple[str, ...] = ()

    def of(self, recipe: str) -> "Chunks":
        """The kept results of another recipe, in the same store and for the same slice."""
        return replace(self, recipe=recipe, used=set())

    def results(
        self,
        items: Callable[[], Iterable[Item]],
        source: Callable[[Item], bytes | str],
        compute: Callable[[list[Item]], Sequence[bytes | Refused]],
        progress: Callable[[int, int], None],
        rows: int = ROWS,
    ) -> Iterator[tuple[Item, bytes | Refused]]:
        """Yield every item with its result, in the order of `items`, each call of which starts a fresh pass.

        `source` gives what an item's result is computed from; items of equal source share one result. `compute` gives
        the results of at most `rows` items whose results are not kept; what is not bytes (a reason why there is none)
        is yielded and not kept. `progress` is called with (items that have their results, all items); with a slice
        those of the slice are counted. Memory is that of one chunk and of 16 bytes and a place for each item: the
        results wait in a temporary file. NotGiven once those of `slice` are kept, or as `divide` says.
        """
        digests = (digest_of(source(item)) for item in items())
        places = dict.fromkeys((d for d in digests if not self.slice or self.slice.has(d)), MISSING)
        refused: dict[bytes, Refused] = {}
        with TemporaryFile(prefix="aislemap-") as spool:
            held = self._recall(places, spool)
            missing = {digest for digest, place in places.items() if place == MISSING}
            fresh = _first(items(), source, missing)
            total = self.slice.total if self.slice else len(places)
            slices = len(missing) // max(self.divide, rows) if self.divide else 0
            if slices > 1:
                raise NotGiven("divisible", total, slices)
            if self.slice:
                progress(len(places) - len(missing), total)
            while batch := list(islice(fresh, rows)):
                kept = []
                for (digest, _), result in zip(batch, compute([item for _, item in batch]), strict=True):
                    if isinstance(result, bytes):
                        places[digest] = _append(spool, result)
                        kept.append((digest, result))
                    else:
                        refused[digest] = result
                self._keep(kept)
                held += len(kept)
                progress(len(places) - len(missing), total)
            if self.slice:
                raise NotGiven("kept", tuple(sorted(self.used)))
            if held > 2 * total or len(self.used) > 2 * -(-total // rows) + SPARE_FILES:
                self._rewrite(places, spool, rows)
            for item in items():
                digest = digest_of(source(item))
                yield item, refused[digest] if places[digest] == MISSING else _at(spool, places[digest])
        progress(total, total)

    def newest(self) -> bytes | None:
        """The result that was kept last and can be read: of a recipe of which one result counts."""
        for name in self._files():
            if len(chunk := self._read(name)):
                self.used.add(name)
                return bytes(chunk["result"][0].as_py())
        return None

    def keep(self, source: bytes | str, result: bytes) -> None:
        """Keep one result."""
        self._keep([(digest_of(source), result)])

    def _recall(self, places: dict[bytes, int], spool: IO[bytes]) -> int:
        """Copy the kept results that are wanted to `spool` and note their places; how many the used files hold."""
        held = 0
        for name in self._files():
            chunk = self._read(name)
            wanted = [places.get(digest) == MISSING for digest in chunk["input"].to_pylist()]
            for digest, result in zip(
                *(c.to_pylist() for c in chunk.filter(pa.array(wanted, pa.bool_())).columns), strict=True
            ):
                places[digest] = _append(spool, result)
            if any(wanted):
                self.used.add(name)
                held += len(chunk)
        return held

    def _files(self) -> list[str]:
        """The recipe's files, the newest first: what `_rewrite` wrote before what it replaced."""
        if not self.root:
            return []
        folder = f"chunks/{self.recipe}/"
        names = {f"{folder}{last}" for last in self.root.names(folder)}
        names |= {name for name in self.known if name.startswith(folder) and self.root.exists(name)}
        return sorted(sorted(filter(own, names)), key=self.root.modified, reverse=True)

    def _read(self, name: str) -> pa.Table:
        """A chunk; an empty one if its file is damaged, or cannot be read."""
        assert self.root
        try:
            data = self.root.read(name)
        except OSError:
            data = b""
        if self._name(data) != name:
            return SCHEMA.empty_table()
        return pq.read_table(pa.BufferReader(data))

    def _name(self, data: bytes) -> str:
        return f"chunks/{self.recipe}/{hashlib.sha256(data).hexdigest()[:32]}.parquet"

    def _keep(self, results: list[tuple[bytes, bytes]]) -> None:
        if not self.root or not results:
            return
        inputs, values = zip(*results, strict=True)
        sink = pa.BufferOutputStream()
        # no dictionary: no two results are equal
        pq.write_table(pa.table([inputs, values], schema=SCHEMA), sink, compression="zstd", use_dictionary=False)
        data = sink.getvalue().to_pybytes()
        self.root.put(self._name(data), data)
        self.used.add(self._name(data))

    def _rewrite(self, places: dict[bytes, int], spool: IO[bytes], rows: int) -> None:
        """Write what is used into full files, in order: small files of many runs and results of removed products
        would be read by every run to come. `vacuum` removes the old ones.
        """
        self.used.clear()
        kept = ((digest, _at(spool, place)) for digest, place in places.items() if place != MISSING)
        while batch := list(islice(kept, rows)):
            self._keep(batch)


def digest_of(source: bytes | str) -> bytes:
    """What a result is kept under: 16 bytes of the hash of its source."""
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    return hashlib.sha256(data).digest()[:16]


def _first(
    items: Iterable[Item], source: Callable[[Item], bytes | str], missing: set[bytes]
) -> Iterator[tuple[bytes, Item]]:
    """The first item of each missing digest, which is missing no more."""
    for item in items:
        digest = digest_of(source(item))
        if digest in missing:
            missing.remove(digest)
            yield digest, item


def _append(spool: IO[bytes], result: bytes) -> int:
    """Where it was appended: its length in eight bytes, then itself."""
    place = spool.seek(0, os.SEEK_END)
    spool.write(len(result).to_bytes(8, "little") + result)
    return place


def _at(spool: IO[bytes], place: int) -> bytes:
    spool.seek(place)
    return spool.read(int.from_bytes(spool.read(8), "little"))

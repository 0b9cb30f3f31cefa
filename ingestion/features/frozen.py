"""Fitted models that are kept for later runs, so that a changed catalogue need not be fitted again (`study.refit`).

A model is a few arrays, kept as the store keeps results per product: in a file beside them, under a recipe of its own,
with the hashes of the texts or images that it was fitted on. No code is kept, so nothing is run by reading it.
"""

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from store.chunks import Chunks, digest_of

Arrays = dict[str, NDArray[Any]]
Refit = Literal["always", "never"] | float
THIS = "this catalogue"
DIGESTS = "fitted on"
"""The array of a kept model that holds the digests of what it was fitted on, 16 bytes each, in order."""


@dataclass
class Frozen:
    """The kept models of one method. With refit "always", the default, every run fits and nothing is kept.

    `chunks` is where they are kept; `fitted` says in words what the model of this run was fitted on.
    """

    refit: Refit = "always"
    chunks: Chunks = field(default_factory=Chunks)
    fitted: str = THIS
    _digests: frozenset[bytes] = frozenset()
    _derived: list[Chunks] = field(default_factory=list)

    def kept(self, sources: Iterable[bytes | str]) -> Arrays | None:
        """The model that was kept last; None if one is to be fitted, and then given to `keep`.

        `sources` are the texts, or the hashes of the images, of this catalogue. A model is fitted again once
        the fraction of them that it was not fitted on, or the fraction of what it was fitted on that is gone, is at
        least `refit`; with "never" only where none is kept, or the kept one is damaged.
        """
        if self.refit == "always":
            return None
        now = self._digests = frozenset(map(digest_of, sources))
        data = self.chunks.newest()
        if data is None:
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = dict(file)
        then = frozenset(row.tobytes() for row in arrays.pop(DIGESTS))
        changed = max(len(now - then) / max(len(now), 1), len(then - now) / max(len(then), 1))
        if self.refit != "never" and changed >= self.refit:
            return None
        self.fitted = changed_since(changed)
        return arrays

    def keep(self, arrays: Arrays) -> None:
        """Keep the model that was fitted on what `kept` was told of."""
        if self.refit == "always":
            return
        digests = np.frombuffer(b"".join(sorted(self._digests)), np.uint8).reshape(-1, 16)
        file = io.BytesIO()
        np.savez(file, **arrays, **{DIGESTS: digests})  # type: ignore[arg-type]  # the arrays are of any names
        self.chunks.keep("a fitted model", file.getvalue())

    def derived(self, arrays: Arrays) -> Chunks:
        """Where results per product are kept that depend on a kept model, too."""
        digest = hashlib.sha256(self.chunks.recipe.encode())
        for name, array in sorted(arrays.items()):
            digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
        self._derived.append(self.chunks.of(digest.hexdigest()[:32]))
        return self._derived[-1]

    @property
    def used(self) -> set[str]:
        """The files of the store that hold what was taken or kept."""
        return set().union(self.chunks.used, *(chunks.used for chunks in self._derived))


def beside(chunks: Chunks, refit: Refit) -> Frozen:
    """The kept models of the method whose results per product are in `chunks`."""
    recipe = hashlib.sha256(f"{chunks.recipe} fitted".encode()).hexdigest()[:32]
    return Frozen(refit, chunks.of(recipe))


def changed_since(fraction: float) -> str:
    """What a kept model was fitted on, in words, if so much of it, 0 to 1, changed since."""
    return f"an earlier catalogue, of which {fraction:.1%} changed since" if fraction else THIS


def packed(words: Sequence[str]) -> NDArray[np.uint8]:
    """Words without a line break as the bytes of their lines."""
    return np.frombuffer("\n".join(words).encode("utf-8", "surrogatepass"), np.uint8)


def unpacked(lines: NDArray[np.uint8]) -> list[str]:
    """The words that `packed` made bytes of."""
    return lines.tobytes().decode("utf-8", "surrogatepass").split("\n")

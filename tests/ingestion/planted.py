"""Made-up vectors with known groups, and with none, to test groupings."""

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping.resampling import Labels
from ingestion.vectors import Matrix, normalised


def truth(groups: int, each: int) -> Labels:
    """(groups * each,) group numbers, group after group."""
    return np.repeat(np.arange(groups, dtype=np.int32), each)


def vectors(groups: NDArray[np.integer], noise: float, dimensions: int = 16, seed: int = 0) -> Matrix:
    """(n, dimensions) unit rows: each group's own random direction, and noise of that standard deviation."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(int(groups.max()) + 1, dimensions))
    return normalised((centres[groups] + noise * random.normal(size=(len(groups), dimensions))).astype(np.float32))


def nothing(n: int, dimensions: int = 16, seed: int = 1) -> Matrix:
    """(n, dimensions) unit rows in any direction: there are no groups."""
    return normalised(np.random.default_rng(seed).normal(size=(n, dimensions)).astype(np.float32))


def blurred(groups: Labels, wrong: float, seed: int) -> Labels:
    """The groups with that fraction of the products assigned at random."""
    random = np.random.default_rng(seed)
    anywhere = random.integers(0, groups.max() + 1, len(groups))
    return np.where(random.random(len(groups)) < wrong, anywhere, groups).astype(np.int32)


def names(n: int) -> list[str]:
    """Product ids."""
    return [f"p{number:04d}" for number in range(n)]

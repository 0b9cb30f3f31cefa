"""The ten nearest neighbours of all products: comparing all pairs beside the index, on made-up vectors.

neighbours.py 20000 --search index prints CPU seconds, peak memory, the recall, and a hash of the rows found, which must
be equal in two processes.
"""

import argparse
import hashlib
import resource
import sys
import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from ingestion.grouping.all_neighbours import NEIGHBOURS, QUERIES, build, recall, search
from ingestion.task import BATCH_ROWS
from ingestion.vectors import Matrix, nearest, normalised

DIMENSIONS = 384
"""Those of bert's default model."""
GROUPS, LATENT, SPREAD, NOISE = 200, 32, 0.7, 0.02
"""Two hundred groups in a space of 32 dimensions, which overlap, and a little noise in all others."""


def made(products: int, seed: int = 0) -> Matrix:
    """(products, DIMENSIONS) unit rows with structure."""
    random = np.random.default_rng(seed)
    axes = random.normal(size=(LATENT, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    centres = random.normal(size=(GROUPS, LATENT))
    latent = centres[random.integers(0, GROUPS, products)] + SPREAD * random.normal(size=(products, LATENT))
    return normalised((latent @ axes + NOISE * random.normal(size=(products, DIMENSIONS))).astype(np.float32))


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("products", type=int)
    parser.add_argument("--search", choices=("exact", "index"), default="index")
    chosen = parser.parse_args()
    unit = made(chosen.products)
    began = time.process_time()
    if chosen.search == "exact":
        rows, found = nearest(unit, NEIGHBOURS)[0], 1.0
        seconds = time.process_time() - began
    else:
        starts = range(0, len(unit), BATCH_ROWS)
        _, index = build(lambda: ((pa.array([""] * len(b)), b) for b in _blocks(unit)), len(unit))
        rows = np.concatenate([search(index, b, at)[0] for at, b in zip(starts, _blocks(unit), strict=True)])
        seconds = time.process_time() - began
        found = recall(index, unit[np.random.default_rng(1).choice(len(unit), QUERIES, replace=False)])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{chosen.search}, {chosen.products:,} products: {seconds:.1f} CPU s, {peak:,.0f} MB, recall {found:.4f}, "
        f"rows {hashlib.sha256(rows.tobytes()).hexdigest()[:12]}\n"
    )


def _blocks(unit: Matrix) -> Iterator[Matrix]:
    return (unit[at : at + BATCH_ROWS] for at in range(0, len(unit), BATCH_ROWS))


if __name__ == "__main__":
    main()

"""The ten nearest neighbours of all products: comparing all pairs beside the index, on made-up vectors.

neighbours.py 20000 --search index prints CPU seconds (compilation included), peak memory, the recall, and a hash of the
rows found, which must be equal in two processes.
"""

import argparse
import hashlib
import resource
import sys
import time

import numpy as np

from ingestion.grouping.all_neighbours import NEIGHBOURS, indexed, recall
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
    search = nearest if chosen.search == "exact" else indexed
    began = time.process_time()
    rows, cosines = search(unit, NEIGHBOURS)
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{chosen.search}, {chosen.products:,} products: {seconds:.1f} CPU s, {peak:,.0f} MB, "
        f"recall {recall(unit, cosines):.4f}, rows {hashlib.sha256(rows.tobytes()).hexdigest()[:12]}\n"
    )


if __name__ == "__main__":
    main()

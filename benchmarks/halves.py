"""Do the intervals hold what they are taken for? Disjoint halves of real catalogues: halves.py STORE ... --splits 40.

Each catalogue, of which the newest snapshot of a store has the vectors, is split into two random halves, and each half
is searched for neighbours, grouped and scored by the functions that a study runs. The two scores differ as those of
two catalogues of one shop would. For each grouping and measure: how often the difference lies within the joint
interval of the two halves, and how often the interval of a half holds the mean of both; in percent.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.protocol import Vectors, joint, load
from ingestion.config import Config
from ingestion.grouping import clustering
from ingestion.grouping.agreement import contingency
from ingestion.grouping.manifold import manifold, part
from ingestion.grouping.resampling import Rows, resample
from ingestion.judging import scoring
from ingestion.vectors import Matrix

JOINED = {"text": ("bert", "use"), "image": ("cnn",), "text+image": ("bert", "use", "cnn"), "tfidf": ("tfidf",)}
EMBEDDINGS = ("bert", "cnn")
RESAMPLES = Config().study.resamples
NEIGHBOURS = Config().study.neighbours
Score = tuple[float, float, float]
"""A value and the ends of its interval."""


def half(vectors: Vectors, category_of: dict[str, str], chosen: set[str]) -> dict[tuple[str, str], Score]:
    """The scores of each grouping of the chosen products, by its name and the measure."""
    own: Vectors = {}
    for method, (ids, points) in vectors.items():
        rows = [row for row, product_id in enumerate(ids) if product_id in chosen]
        own[method] = [ids[row] for row in rows], points[rows]
    k = len({category_of[product_id] for product_id in chosen})
    found: dict[tuple[str, str], Score] = {}
    for name, methods in JOINED.items():
        product_ids, whole = joint(own, methods, NEIGHBOURS)

        def on_manifold(rows: Rows | None, whole: object = whole) -> Matrix:
            return manifold(whole if rows is None else part(whole, rows), k)

        found |= score(f"{name}, manifold", product_ids, on_manifold, category_of, k, clustering.STARTS)
    for method in EMBEDDINGS:
        product_ids, points = own[method]

        def in_embedding(rows: Rows | None, points: Matrix = points) -> Matrix:
            return points if rows is None else points[rows]

        found |= score(f"{method}, embedding", product_ids, in_embedding, category_of, k, clustering.FEW_STARTS)
    return found


def score(
    name: str,
    product_ids: list[str],
    points: Callable[[Rows | None], Matrix],
    category_of: dict[str, str],
    k: int,
    starts: int,
    of_sample: bool = False,
) -> dict[tuple[str, str], Score]:
    """The scores with their intervals of k-means on these points."""
    categories = np.unique([category_of[i] for i in product_ids], return_inverse=True)[1].astype(np.int32)
    groups = clustering.kmeans(points(None), k, 0, starts)
    resamples = {}
    for number in range(RESAMPLES):
        rows = resample(product_ids, number)
        drawn = [product_ids[row] for row in rows]
        resamples[number] = drawn, clustering.kmeans(points(rows), k, 0, clustering.FEW_STARTS)
    again = list(scoring.regrouped(product_ids, categories, groups, resamples))
    codes = categories, groups, np.arange(len(product_ids))
    rows_of = scoring.scores(contingency(categories, groups), codes, again, scoring.LEAST, of_sample)
    return {(name, row["metric"]): (row["value"], row["low"], row["high"]) for row in rows_of}


def main() -> None:
    """Print a table for each store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="+", type=Path)
    parser.add_argument("--splits", type=int, default=40)
    wanted = parser.parse_args()
    for store in wanted.stores:
        every, vectors = load(store)
        category_of = {product_id: category for product_id, category in every.items() if category}
        ids = sorted(category_of)
        found: dict[tuple[str, str], list[tuple[Score, Score]]] = defaultdict(list)
        for split in range(wanted.splits):
            shuffled = np.random.default_rng(split).permutation(len(ids))
            parts = [{ids[at] for at in rows} for rows in np.array_split(shuffled, 2)]
            one, other = (half(vectors, category_of, chosen) for chosen in parts)
            for key, first in one.items():
                found[key].append((first, other[key]))
        sys.stdout.write(f"{store.name}: {len(ids)} products, {wanted.splits} splits\n")
        for (name, metric), pairs in found.items():
            sys.stdout.write(f"  {name:22} {metric:17} {line(pairs)}\n")
        sys.stdout.flush()


def line(pairs: list[tuple[Score, Score]]) -> str:
    """The mean score, the mean half width, and the two percentages."""
    values = np.array(pairs)  # (splits, 2, 3)
    width = (values[:, :, 2] - values[:, :, 1]) / 2
    difference = np.abs(values[:, 0, 0] - values[:, 1, 0])
    within = difference <= np.hypot(width[:, 0], width[:, 1])
    mean = values[:, :, 0].mean(1, keepdims=True)
    held = (values[:, :, 1] <= mean) & (mean <= values[:, :, 2])
    return (
        f"mean {values[:, :, 0].mean():.3f}  half width {width.mean():.3f}  "
        f"difference within {100 * within.mean():5.1f} %  mean held {100 * held.mean():5.1f} %"
    )


if __name__ == "__main__":
    main()

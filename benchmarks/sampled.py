"""How often the interval of a study on a sample holds the score of all products: sampled.py --samples 100 --noise 2.

A made-up catalogue of unequal, overlapping categories is grouped and scored once as a whole, as a study declares it:
k-means on the manifold of the graph of nearest neighbours. Then samples of it are drawn, searched, grouped and scored
with their intervals by the functions that a study runs. For each measure: how often the interval holds the score of
the whole, in percent.
"""

import argparse
import sys
import time

import numpy as np

from benchmarks.halves import NEIGHBOURS, Score, score
from benchmarks.protocol import joint
from ingestion.grouping import clustering
from ingestion.grouping.manifold import manifold, part
from ingestion.grouping.resampling import Labels, Rows
from ingestion.study_sample import draw
from ingestion.vectors import Matrix, normalised

METHOD = "use"
"""The vectors stand for those of one text method; a name that `joint` knows."""
DIMENSIONS = 64


def catalogue(products: int, k: int, noise: float) -> tuple[Labels, Matrix]:
    """(n,) categories, their sizes as 1 / rank^0.7, and (n, d) unit vectors.

    A vector is a category's random direction of length about 1 and noise whose length is about `noise`.
    """
    random, sizes = np.random.default_rng(0), 1 / np.arange(1, k + 1) ** 0.7
    categories = random.choice(k, products, p=sizes / sizes.sum()).astype(np.int32)
    centres = random.standard_normal((k, DIMENSIONS))
    points = centres[categories] + noise * random.standard_normal((products, DIMENSIONS))
    return categories, normalised(points.astype(np.float32))


def scored(ids: list[str], categories: Labels, points: Matrix, k: int) -> dict[str, Score]:
    """The score of the declared grouping of (n, d) points and the ends of its interval, by measure."""
    _, whole = joint({METHOD: (ids, points)}, (METHOD,), NEIGHBOURS)

    def on_manifold(rows: Rows | None) -> Matrix:
        return manifold(whole if rows is None else part(whole, rows), k)

    category_of = {product_id: str(category) for product_id, category in zip(ids, categories.tolist(), strict=True)}
    found = score("", ids, on_manifold, category_of, k, clustering.STARTS, of_sample=True)
    return {metric: values for (_, metric), values in found.items()}


def main() -> None:
    """Print a line for each noise and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=4_000)
    parser.add_argument("--sample", type=int, default=1_000)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--categories", type=int, default=12)
    parser.add_argument("--noise", type=float, nargs="+", default=[2.0, 2.5, 3.0])
    chosen = parser.parse_args()
    for noise in chosen.noise:
        started, found = time.process_time(), []
        categories, points = catalogue(chosen.products, chosen.categories, noise)
        whole = scored([str(row) for row in range(len(points))], categories, points, chosen.categories)
        for number in range(chosen.samples):
            row_of = {f"{number}-{row}": row for row in range(len(points))}  # other ids are another draw
            ids = draw(list(row_of), chosen.sample)
            rows = [row_of[product_id] for product_id in ids]
            found.append(scored(ids, categories[rows], points[rows], chosen.categories))
        for metric, (truth, _, _) in whole.items():
            values, low, high = np.array([one[metric] for one in found]).T
            held = 100 * np.mean((low <= truth) & (truth <= high))
            sys.stdout.write(
                f"noise {noise:g}  {metric:17} all {truth:.3f}  mean {values.mean():.3f}  "
                f"deviation {values.std():.3f}  half width {(high - low).mean() / 2:.3f}  holds {held:.0f} %  "
                f"ends below {np.sum(high < truth)}, begins above {np.sum(low > truth)}\n"
            )
        sys.stdout.write(f"noise {noise:g}  {time.process_time() - started:.0f} CPU s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

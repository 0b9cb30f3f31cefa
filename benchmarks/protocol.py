"""Compare the ways to group on labelled catalogues: protocol.py STORES NAME=CATALOGUE[,IMAGES] ... --cnn WEIGHTS.

Each catalogue is ingested into a store of its own in the folder STORES, once. Then its embeddings are grouped by
k-means on the manifold of each candidate graph, and the ARI with the categories is printed,
with the mean over the catalogues: what the declared protocol was chosen by. Never run it on a catalogue whose figures
are published.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ingestion.config import Config
from ingestion.grouping import agreement
from ingestion.grouping.clustering import STARTS, kmeans
from ingestion.grouping.manifold import Graph, graph, joined, manifold, weights
from ingestion.grouping.neighbours import Neighbours
from ingestion.pipeline import ingest as pipeline
from ingestion.vectors import Matrix, nearest, normalised
from store import snapshot
from store.root import Root

MODALITY = {
    **dict.fromkeys(("count", "tfidf", "word2vec", "fasttext", "bert", "use"), "text"),
    "cnn": "image",
    "fusion": "text+image",
}
SETS = {
    "bert": ("bert",),
    "bert, use": ("bert", "use"),
    "all texts": ("count", "tfidf", "word2vec", "fasttext", "bert", "use"),
}
Vectors = dict[str, tuple[list[str], Matrix]]
"""The product ids and (n, d) unit vectors of each method."""


def load(store: Path) -> tuple[dict[str, str | None], Vectors]:
    """The category of each product, and the vectors of each method, in the newest snapshot of a store."""
    with snapshot.connect(Root(store)) as connection:
        category_of = dict(connection.execute("SELECT product_id, category FROM products").fetchall())
        found: Vectors = {}
        for (method,) in connection.execute("SELECT method FROM models WHERE status = 'ran'").fetchall():
            if method in MODALITY:
                rows = connection.execute(f"SELECT product_id, vector FROM embedding_{method}").fetchall()
                found[method] = [row[0] for row in rows], normalised(np.array([row[1] for row in rows], np.float32))
    return category_of, found


def joint(vectors: Vectors, methods: tuple[str, ...], n_neighbours: int) -> tuple[list[str], Graph]:
    """The product ids and the joint graph of these methods."""
    parts = [
        (share, vectors[method][0], graph(Neighbours(vectors[method][0], *nearest(vectors[method][1], n_neighbours))))
        for method, share in weights({method: MODALITY[method] for method in methods}).items()
    ]
    product_ids = list(dict.fromkeys(product_id for _, ids, _ in parts for product_id in ids))
    return product_ids, joined(parts, product_ids)


def ari(category_of: dict[str, str | None], product_ids: list[str], points: Matrix, k: int) -> float:
    """The ARI of k-means groups of (n, d) points, the best of many starts, with the categories."""
    has = [row for row, product_id in enumerate(product_ids) if category_of[product_id] is not None]
    codes = np.unique([category_of[product_ids[row]] or "" for row in has], return_inverse=True)[1].astype(np.int32)
    return agreement.ari(agreement.contingency(codes, kmeans(points, k, 0, STARTS)[has]))


def candidates(category_of: dict[str, str | None], vectors: Vectors) -> Iterator[tuple[str, float]]:
    """The name and the ARI of each way to group this catalogue."""
    k = len({category for category in category_of.values() if category is not None})
    for method, (ids, points) in vectors.items():
        yield f"{method}: embedding", ari(category_of, ids, points, k)
    sets = {f"text {name}": methods for name, methods in SETS.items()}
    if "cnn" in vectors:
        sets |= {f"both {name}": (*methods, "cnn") for name, methods in SETS.items()} | {"image cnn": ("cnn",)}
    for name, methods in sets.items():
        for n_neighbours in (15, 20, 30, 50):
            ids, whole = joint(vectors, methods, n_neighbours)
            for steps in (1, 2, 3, 4) if n_neighbours == 30 else (2,):
                points = manifold(whole, k, steps)
                yield f"{name}: {n_neighbours} neighbours, {steps} steps", ari(category_of, ids, points, k)


def main() -> None:
    """Ingest all catalogues, and print a line for each candidate."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("stores", type=Path)
    parser.add_argument("catalogues", nargs="+", metavar="NAME=CATALOGUE[,IMAGES]")
    parser.add_argument("--cnn", help="The weights of cnn; the embedded encoder's if not given.")
    arguments = parser.parse_args()
    study = {
        "methods": tuple(MODALITY),
        "reducers": ("pca",),
        "map_perplexities": (30.0,),
        "map_seeds": 1,
        "resamples": 2,
    }
    methods = {"cnn": {"weights": arguments.cnn}} if arguments.cnn else {}
    config = Config.model_validate({"study": study, "methods": methods})
    found: dict[str, dict[str, float]] = {}
    for each in arguments.catalogues:
        name, _, paths = each.partition("=")
        catalogue, _, images = paths.partition(",")
        pipeline.ingest(Path(catalogue), Path(images) if images else None, arguments.stores / name, config)
        for candidate, value in candidates(*load(arguments.stores / name)):
            found.setdefault(candidate, {})[name] = value
    for candidate, values in sorted(
        found.items(), key=lambda row: (row[0].split()[0], -np.mean(list(row[1].values())))
    ):
        each = "  ".join(f"{name} {value:.2f}" for name, value in values.items())
        print(f"{candidate:40}{np.mean(list(values.values())):7.3f}  {each}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

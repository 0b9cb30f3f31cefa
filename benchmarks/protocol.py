"""Ingest labelled catalogues and print how well the protocol groups each: protocol.py FOLDER STORES --seeds N.

FOLDER is what `benchmarks.labellings` writes. The labellings of one catalogue share a store, so that it is embedded
once. What is printed is the median ARI over the seeds of the three consensuses, and their means.
"""

import argparse
from pathlib import Path

import numpy as np

from ingestion.config import Config
from ingestion.pipeline import ingest as pipeline
from ingestion.pipeline.plan import CONSENSUS
from store import snapshot
from store.questions import study
from store.root import Root


def scores(catalogue: Path, store: Path, config: Config) -> list[float]:
    """The ARI of the consensus of texts, of images and of both, once the catalogue is ingested.

    KeyError of a consensus that there is none of: every labelling has texts, images and categories.
    """
    pipeline.ingest(catalogue, catalogue.parent / "images", store, config)
    with snapshot.connect(Root(store)) as connection:
        board = study.leaderboard(connection, "consensus", "ensemble", "ari")
    found = {row.method: row.value for row in board if row.value is not None}
    return [found[method] for method in CONSENSUS.values()]


def main() -> None:
    """Ingest all, and print a line for each and their means."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("stores", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cnn", help="The weights of cnn; the embedded encoder's if not given.")
    arguments = parser.parse_args()
    methods = {"cnn": {"weights": arguments.cnn}} if arguments.cnn else {}
    # Fewer maps than a study draws: none of them moves a group, and they cost half of the time.
    study_of = {"seeds": arguments.seeds, "map_seeds": 1, "map_perplexities": (30.0,), "reducers": ("pca", "tsne")}
    config = Config.model_validate({"study": study_of, "methods": methods})
    values = []
    catalogues = sorted(arguments.folder.glob("*/*.csv"))
    if not catalogues:
        parser.error(f"{arguments.folder} holds no */*.csv; write them there with benchmarks.labellings")
    print(f"{'':12}{''.join(f'{scope:>12}' for scope in CONSENSUS)}", flush=True)  # noqa: T201
    for catalogue in catalogues:
        values.append(scores(catalogue, arguments.stores / catalogue.parent.name, config))
        print(f"{catalogue.stem:12}{''.join(f'{value:12.3f}' for value in values[-1])}", flush=True)  # noqa: T201
    print(f"{'mean':12}{''.join(f'{value:12.3f}' for value in np.mean(values, axis=0))}")  # noqa: T201


if __name__ == "__main__":
    main()

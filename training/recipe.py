"""Common code of the recipes: the data are checked, agreement is measured, and the record is written.

The record, `<name>.json`, stands beside the weights: the method that runs them refuses weights whose SHA-256 is not the
recorded one.
"""

import argparse
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.features.weights import sha256_of, size_of
from store.errors import ConfigError

SEED = 20261122
Matrix = NDArray[np.float32]
log = logging.getLogger(__name__)


def options(description: str) -> argparse.ArgumentParser:
    """The command line that every recipe has: --out, --replace and --other-data."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, required=True, help="folder to write the weights and their record into")
    parser.add_argument("--replace", action="store_true", help="overwrite weights that are there already")
    parser.add_argument("--other-data", action="store_true", help="go on with data other than the recorded ones")
    return parser


def check(sha256: str, expected: str, what: str, other_data: bool) -> None:
    """ConfigError if the data are not those of the published weights, unless others are wanted."""
    if sha256 != expected:
        difference = f"{what} is not what the published weights were made from (sha256 {sha256}, recorded {expected})"
        if not other_data:
            raise ConfigError(f"{difference}; give --other-data to go on all the same.")
        log.warning("%s", difference)


def ensure_absent(out: Path, name: str, replace: bool) -> None:
    """Make the folder `out`. ConfigError if it holds the encoder `name` already, unless it may be replaced."""
    there = [path for path in out.glob(f"{name}*") if path.suffix != ".md"]
    if there and not replace:
        raise ConfigError(f"{there[0]} is there already; give another --out, or --replace to overwrite it.")
    out.mkdir(parents=True, exist_ok=True)


def agreement(student: Matrix, teacher: Matrix, k: int = 10) -> dict[str, float]:
    """How (n, d) vectors order each other as the (n, e) teacher's do, by cosine, each row itself left out.

    `nearest`: the fraction of rows with the same nearest neighbour; `shared_<k>`: the mean fraction of the `k` nearest
    that both have.
    """
    near = []
    for vectors in (student, teacher):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        similar = unit @ unit.T
        np.fill_diagonal(similar, -np.inf)
        near.append(np.argsort(-similar, axis=1)[:, :k])
    shared = np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(*near, strict=True)])
    return {"nearest": float((near[0][:, 0] == near[1][:, 0]).mean()), f"shared_{k}": float(shared)}


def write_record(
    out: Path, name: str, file: str, dimensions: int, data: dict[str, str], held_out: dict[str, dict[str, float]]
) -> None:
    """Write `<name>.json`: what the weights in `file` are, their size and SHA-256, the data's SHA-256, the figures."""
    record: dict[str, Any] = {
        "name": name,
        "file": file,
        "sha256": sha256_of(out / file),
        "bytes": size_of(out / file),
        "dimensions": dimensions,
        "licence": "Apache-2.0",
        "seed": SEED,
        "data": data,
        "held_out": {part: {k: round(v, 6) for k, v in found.items()} for part, found in held_out.items()},
    }
    (out / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")

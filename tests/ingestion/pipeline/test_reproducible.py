"""The same catalogue gives the same study, to the last digit, in another process and into another store."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ingestion.pipeline.ingest import Report
from store import tables
from tests.ingestion.shop import DirectEngine, Shop, ask, signature

PROJECT = Path(__file__).resolve().parents[3]
INGEST = """
import sys
from pathlib import Path
from tests.ingestion.shop import ingest

if __name__ == "__main__":
    ingest((Path(sys.argv[1]), Path(sys.argv[2])), Path(sys.argv[3]))
"""


@pytest.fixture(scope="module")
def two(first: tuple[Shop, Path, Report, DirectEngine], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The stores of two ingestions of the shop, the second by a process that hashes strings in another way."""
    goods, store, _, _ = first
    other = tmp_path_factory.mktemp("other") / "store"
    command = [sys.executable, "-c", INGEST, *map(str, (*goods, other))]
    subprocess.run(command, check=True, cwd=PROJECT, env={**os.environ, "PYTHONHASHSEED": "7"})
    return store, other


@pytest.mark.parametrize(
    "table", [table.name for table in tables.TABLES if not table.log and table.name != "projections"]
)
def test_two_processes_write_the_same_rows(table: str, two: tuple[Path, Path]) -> None:
    one, other = (ask(store, f"SELECT * FROM {table} ORDER BY ALL") for store in two)
    assert one == other  # scores to the last digit


def test_two_processes_draw_the_same_maps(two: tuple[Path, Path]) -> None:
    question = "SELECT x, y FROM projections ORDER BY method, reducer, product_id"
    one, other = (np.array(ask(store, question)) for store in two)
    assert one.shape == (2 * 2 * 60, 2)
    assert one == pytest.approx(other, abs=1e-6)


def test_two_processes_publish_snapshots_of_one_signature(two: tuple[Path, Path]) -> None:
    assert signature(two[0]) == signature(two[1])

"""Fixtures of the tests of a whole run: one ingestion, and a duplicate of it that a test may change."""

import shutil
from pathlib import Path

import pytest

from ingestion.pipeline.ingest import Report
from tests.ingestion import shop
from tests.ingestion.shop import DirectEngine, Shop, ingest


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, Path, Report, DirectEngine]:
    """A shop, the store it was published into, and what the run did."""
    folder = tmp_path_factory.mktemp("first")
    goods, engine = shop.make(folder), DirectEngine()
    return goods, folder / "store", ingest(goods, folder / "store", engine=engine), engine


@pytest.fixture
def again(first: tuple[Shop, Path, Report, DirectEngine], tmp_path: Path) -> tuple[Shop, Path]:
    """A copy of the shop (its files as old as the first ones) and of its store, that a test may change."""
    for part in (*first[0], first[1]):
        (shutil.copytree if part.is_dir() else shutil.copy2)(part, tmp_path / part.name)
    return (tmp_path / "shop.csv", tmp_path / "images"), tmp_path / "store"

"""Stores for the jobs of the scheduler's tests."""

import shutil
from pathlib import Path

import pytest

from store.root import Root


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def published(small_store: Root, tmp_path: Path) -> Path:
    """A store with a snapshot, whose log knows nothing of the job of these tests."""
    shutil.copytree(small_store.path, tmp_path / "store")
    shutil.rmtree(tmp_path / "store" / "log" / "schedule")
    return tmp_path / "store"

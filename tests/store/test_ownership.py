"""A store owns what it wrote: it is made in no folder where it would mingle with files of somebody else."""

import json
from pathlib import Path

import pytest

from store import lock, logs
from store.errors import StoreError
from store.ownership import claim, own
from store.root import Root
from tests.store.numbered import publish

KEY = "0123456789abcdef" * 2


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "shop")


@pytest.mark.parametrize(
    "name",
    [
        "parts/brakes/disc.jpg",
        "parts/disc.jpg",
        f"parts/{KEY}/disc.jpg",
        f"parts/{KEY}/deeper/products.parquet",
        "parts/brakes/part.json",
        "snapshots/holiday.jpg",
        "snapshots/2024.json",
        "snapshots/.hidden",
        "log/runs/mine.parquet",
        "log/app.log",
        "catalog.duckdb",
        "writer.json",
        "progress.json",
        "writer.lock",
    ],
)
def test_a_folder_with_files_of_others_under_its_names_is_refused(root: Root, name: str) -> None:
    root.put(name, b"mine")
    with pytest.raises(StoreError, match=rf"holds {name}, which no store wrote.*--store another folder"):
        claim(root)
    assert root.read(name) == b"mine"


@pytest.mark.parametrize("name", ["products.csv", "photos/disc.jpg", "partsman.txt", "readme.json"])
def test_files_of_others_elsewhere_in_the_folder_are_no_matter(root: Root, name: str) -> None:
    root.put(name, b"mine")
    claim(root)


def test_what_a_killed_first_run_left_is_the_stores_own(root: Root) -> None:
    with lock.writing(root, "test"):
        holder = root.read(lock.HOLDER)
    for name in (f"parts/{KEY}/products.parquet", f"parts/{KEY}/.terms.parquet.0123abcd", ".catalog.duckdb.0123abcd"):
        root.put(name, b"half")
    logs.append(root, "schedule", [{"job": "nightly"}])
    logs.mend(root)
    root.put(lock.HOLDER, holder)
    assert set(json.loads(holder)) == {"purpose", "process", "host", "since"}
    claim(root)


def test_every_file_of_a_published_store_is_its_own(root: Root) -> None:
    publish(root, 1)
    logs.append(root, "runs", [{"run_id": "r1"}])
    files = [p.relative_to(root.path).as_posix() for p in root.path.rglob("*") if p.is_file()]
    assert [name for name in files if not own(name)] == []
    root.put("parts/brakes/disc.jpg", b"mine")
    claim(root)

"""Manifests: one that the store would not write is named with its remedy, whoever wrote it; no SQL is made of it."""

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from store import manifest, snapshot
from store.errors import SnapshotNotFound, StoreDamaged
from store.root import Root
from tests.store.numbered import carried, publish, whole


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "store")


@pytest.mark.parametrize("fault", ["empty", "cut", "not an object", "a hash altered", "another number", "a field less"])
def test_a_damaged_manifest_is_named_with_its_remedy_and_spares_the_others(root: Root, fault: str) -> None:
    publish(root, 1)
    publish(root, 2)
    name = manifest.path(2)
    good = root.read(name)
    raw = json.loads(good)
    altered = json.loads(good)
    altered["files"]["products"][0]["sha256"] = "0" * 64
    bad = {
        "empty": b"",
        "cut": good[: len(good) // 2],
        "not an object": b"[1]",
        "a hash altered": json.dumps(altered).encode(),
        "another number": json.dumps({**raw, "number": 1}).encode(),
        "a field less": json.dumps({k: v for k, v in raw.items() if k != "created"}).encode(),
    }[fault]
    root.put(name, bad)
    with pytest.raises(StoreDamaged, match=f"{name}.*`aislemap store repair` sets it aside"):
        snapshot.open_snapshot(root, 2)
    for look in (snapshot.connect, snapshot.connect_sealed):
        with look(root) as connection:
            assert carried(connection) == whole(1)
    (notice,) = snapshot.notices(root)
    assert notice.endswith("Until then snapshot 1 is the newest.")
    assert name in notice


def forge(root: Root, change: Callable[[dict[str, Any]], None]) -> None:
    """Alter the files of the newest manifest, and sign it as the store does."""
    name = manifest.path(manifest.numbers(root)[-1])
    raw = json.loads(root.read(name))
    change(raw["files"])
    del raw["digest"]
    raw["digest"] = hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
    root.put(name, json.dumps(raw).encode())


@pytest.mark.parametrize("look", [snapshot.connect, snapshot.connect_sealed, snapshot.write_catalogue])
def test_sql_in_a_manifests_table_name_is_never_run(root: Root, tmp_path: Path, look: Callable[[Root], object]) -> None:
    publish(root, 1)
    target = tmp_path / "written.csv"
    name = f"embedding_x\" AS SELECT 1; COPY (SELECT 1) TO '{target}'; CREATE VIEW \"y"
    forge(root, lambda files: files.update({name: files["embedding_bert"]}))
    with pytest.raises(StoreDamaged, match=r"COPY \(SELECT 1\).*is no table of a store.*store repair"):
        look(root)
    assert not target.exists()


@pytest.mark.parametrize(
    "table", ["secrets", "runs", "", "embedding_", "embedding_Bert", "embedding_a b", 'embedding_a"', "embedding_a\n"]
)
def test_a_manifests_table_is_a_declared_one_or_an_embeddings(root: Root, table: str) -> None:
    publish(root, 1)
    forge(root, lambda files: files.update({table: files["embedding_bert"]}))
    with pytest.raises(StoreDamaged, match="is no table of a store"):
        snapshot.open_snapshot(root)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/products.parquet",
        "parts/../../products.parquet",
        "parts/../products.parquet",
        "parts/first-1/models.parquet",
        "parts/first-1/deeper/products.parquet",
        "parts/first-1/products.parquet\n",
        "snapshots/first-1/products.parquet",
        "s3://bucket/parts/first-1/products.parquet",
        "",
        None,
    ],
)
def test_a_manifests_file_stands_in_a_part_under_its_tables_name(root: Root, name: str | None) -> None:
    publish(root, 1)
    forge(root, lambda files: files["products"][0].update(name=name))
    with pytest.raises(StoreDamaged, match="is no file of the table products"):
        snapshot.open_snapshot(root)


@pytest.mark.parametrize("dimensions", [0, -3, 2.5, "3] AS x FROM y --", None, True])
def test_a_manifests_dimensions_are_a_positive_number(root: Root, dimensions: object) -> None:
    publish(root, 1)
    forge(root, lambda files: files["embedding_bert"][0].update(dimensions=dimensions))
    with pytest.raises(StoreDamaged, match="is no number of dimensions"):
        snapshot.open_snapshot(root)


@pytest.mark.parametrize("field", ["rows", "bytes"])
@pytest.mark.parametrize("count", [-1, 2.5, "20", None, True])
def test_a_manifests_counts_are_whole_numbers(root: Root, field: str, count: object) -> None:
    publish(root, 1)
    forge(root, lambda files: files["products"][0].update({field: count}))
    with pytest.raises(StoreDamaged, match="are none of the table products"):
        snapshot.open_snapshot(root)


@pytest.mark.parametrize("sha256", ["", "a" * 63, "A" * 64, "a" * 64 + "\n", 7, None])
def test_a_manifests_file_has_a_sha256(root: Root, sha256: object) -> None:
    publish(root, 1)
    forge(root, lambda files: files["products"][0].update(sha256=sha256))
    with pytest.raises(StoreDamaged, match="is no SHA-256 of the table products"):
        snapshot.open_snapshot(root)


def test_a_snapshot_that_was_dropped_meanwhile_is_not_found(root: Root) -> None:
    publish(root, 1)
    with pytest.raises(SnapshotNotFound, match="no snapshot 7 any more"):
        manifest.read(root, 7)


def test_a_copy_without_its_package_says_that_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(manifest, "version", absent)
    assert manifest.aislemap_version() == "not installed"


def test_stray_files_among_the_manifests_are_passed_over(root: Root) -> None:
    publish(root, 1)
    for name in ("snapshots/notes.txt", "snapshots/00000001.json~", "snapshots/.hidden.json"):
        root.put(name, b"mine")
    assert manifest.numbers(root) == [1]

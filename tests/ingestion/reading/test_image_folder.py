"""A product's image is found by what the catalogue says of it, or by its id, wherever it lies in the folder."""

import io
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ingestion.config import Catalogue as Settings
from ingestion.reading import catalogue
from ingestion.reading.image_folder import Folder
from ingestion.reading.images import read_images
from store.tables import table


def folder(path: Path, *names: str) -> Folder:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), "red").save(path / name)
    return Folder(path)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("T1.JPG", "t1.jpg"),
        ("t1.jpg", "T1.JPG"),
        ("t 1.jpg", "https://cdn.example/p/t%201.jpg"),
        ("caf\u00e9.jpg", "cafe\u0301.jpg"),
        ("cafe\u0301.jpg", "caf\u00e9.jpg"),
        ("t1.jpg", "/media/t/1/t1.jpg"),
        ("t1.jpg", "//cdn.example/t1.jpg?v=17"),
        ("t1.jpg", "https://cdn.example/t1.jpg#main"),
        ("t1.jpg", "t1.jpeg"),
        ("t1.png", "https://cdn.example/t1.webp"),
        ("t1.jpg", "t1"),
        ("t1.jpg", "https://cdn.example/t1-300x300.jpg"),
        ("t1.jpg", "https://cdn.example/t1_480x480.jpg?v=1"),
        ("t1.jpg", "https://m.example/I/t1._SL1500_.jpg"),
        ("t1.jpg", "t1@2x.jpg"),
        ("t1-1024x768.jpg", "https://cdn.example/t1.jpg"),
        ("a/b/t1.jpg", "t1.jpg"),
        ("a/b/t1.jpg", "b/t1.jpg"),
        ("a/b/t1.jpg", "C:\\shop\\a\\b\\t1.jpg"),
        ("a/B/t1.jpg", "https://cdn.example/a/b/t1.jpg"),
    ],
)
def test_a_name_means_the_file_however_it_is_written(tmp_path: Path, file: str, name: str) -> None:
    assert folder(tmp_path, "other.jpg", file).by_name(name) == file


@pytest.mark.parametrize(
    ("file", "product_id"),
    [
        ("010/0108775015.jpg", "0108775015"),
        ("0108775015.jpg", "108775015"),
        ("K7_1.jpg", "K7"),
        ("K7-01.jpg", "K7"),
        ("K7 (1).jpg", "K7"),
        ("K7_main.jpg", "K7"),
        ("K7/front.jpg", "K7"),
        ("k7.JPG", "K7"),
        ("a/b/c/K7.webp", "K7"),
    ],
)
def test_an_image_is_found_by_the_id(tmp_path: Path, file: str, product_id: str) -> None:
    assert folder(tmp_path, "other.jpg", file).by_id(product_id) == file


def test_a_file_whose_name_is_not_utf8_is_no_image_of_a_product(tmp_path: Path) -> None:
    found = folder(tmp_path, os.fsdecode(b"K7/a\xe9.jpg"), "K7/b.jpg", os.fsdecode(b"K8/\xe9.jpg"))
    assert (found.by_id("K7"), found.by_id("K8"), found.count) == ("K7/b.jpg", None, 1)


def test_of_several_files_of_an_id_the_first_by_number_counts(tmp_path: Path) -> None:
    found = folder(tmp_path, "K7_10.jpg", "K7_2.jpg", "K8.jpg", "K8_1.jpg")
    assert [found.by_id(i) for i in ("K7", "K8", "K", "8")] == ["K7_2.jpg", "K8.jpg", None, None]


def test_of_two_files_of_one_name_the_folder_decides(tmp_path: Path) -> None:
    found = folder(tmp_path, "a/1.jpg", "b/1.jpg")
    assert [found.by_name(n) for n in ("a/1.jpg", "https://x.example/b/1.jpg", "1.jpg")] == [
        "a/1.jpg",
        "b/1.jpg",
        "a/1.jpg",
    ]


def test_the_first_image_that_is_there_is_the_products(tmp_path: Path) -> None:
    folder(tmp_path, "b.jpg", "c.jpg")
    rows = [
        {"product_id": "1", "image_path": "a.jpg", "other_images": ["b.jpg", "c.jpg"]},
        {"product_id": "2", "image_path": "a.jpg", "other_images": ["d.jpg"]},
        {"product_id": "c", "image_path": None, "other_images": []},
    ]
    products = pa.Table.from_pylist(rows, schema=table("products").schema)
    ((images, issues),) = read_images(products, tmp_path, 10**6, lambda done, total: None)
    assert dict(zip(images["product_id"].to_pylist(), images["image_path"].to_pylist(), strict=True)) == {
        "1": "b.jpg",
        "c": "c.jpg",
    }
    assert [(i["product_id"], i["problem"]) for i in issues.to_pylist()] == [
        (None, "several images"),
        ("2", "missing image"),
    ]


def hugging_face(path: Path, rows: int = 5) -> Path:
    """A Parquet file with images in its cells: of the second row none, of the third damaged bytes."""

    def cell(i: int) -> dict[str, object]:
        data = io.BytesIO()
        Image.new("RGB", (8 + i, 8), "red").save(data, "PNG")
        return {"bytes": {1: None, 2: b"\x89PNG"}.get(i, data.getvalue()), "path": f"{i}.png"}

    cells = pa.array([cell(i) for i in range(rows)], pa.struct({"bytes": pa.binary(), "path": pa.string()}))
    ids, names = [f"p{i}" for i in range(rows)], [f"plum teapot {i}" for i in range(rows)]
    pq.write_table(pa.table({"id": ids, "title": names, "image": cells}), path, row_group_size=2)
    return path


def test_images_in_the_cells_of_a_parquet_file_are_read(tmp_path: Path) -> None:
    path = hugging_face(tmp_path / "c.parquet")
    products = catalogue.read(path, Settings()).products
    assert products["image_path"].to_pylist() == [f"{i}.png" for i in range(5)]
    ((images, issues),) = read_images(products, path, 10**6, lambda done, total: None)
    assert dict(zip(images["product_id"].to_pylist(), images["width"].to_pylist(), strict=True)) == {
        "p0": 8,
        "p3": 11,
        "p4": 12,
    }
    assert [(i["product_id"], i["problem"]) for i in issues.to_pylist()] == [("p1", "no image"), ("p2", "broken image")]

"""The three steps that read a catalogue, run as a plan runs them: each reads what the one before it wrote."""

from pathlib import Path

import pytest
from PIL import Image

from ingestion.config import Config
from ingestion.reading import catalogue, images
from ingestion.reading import texts as cleaning
from ingestion.task import Task, Work
from store import parts
from store.parts import Part, PartWriter
from store.root import Root

FUNCTIONS = {"catalogue": catalogue.step, "images": images.step, "texts": cleaning.step}


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Path, Path]:
    """A catalogue of four rows, two of which are one product, and a folder with one sound and one broken image."""
    (tmp_path / "images").mkdir()
    Image.new("RGB", (30, 20), "red").save(tmp_path / "images/mug.png")
    (tmp_path / "images/cup.png").write_bytes(b"\x89PNG")
    rows = ["id,name,category,image", "1,Blue mugs,A,mug.png", "2,A cup,A,cup.png", "2,again,A,", "3,,B,none.png"]
    (tmp_path / "c.csv").write_text("\n".join(rows))
    return tmp_path / "c.csv", tmp_path / "images"


def run(root: Root, table: Path, folder: Path) -> dict[str, Part]:
    settings = Config().catalogue
    parameters = {
        "catalogue": {
            "catalogue": table,
            "settings": settings.model_dump(mode="json", exclude={"max_pixels", "text"}),
            "has_images": True,
        },
        "images": {"images": folder, "max_pixels": settings.max_pixels},
        "texts": {"columns": settings.text},
    }
    done: dict[str, Part] = {}
    for step, function in FUNCTIONS.items():
        task = Task(step, step, function, "plain", root, dict(done), parameters[step])
        with PartWriter(root, step) as writer:
            function(Work(task, writer, lambda finished, total: None), **task.arguments)
        done[step] = parts.finish(root, Part(step, step, 0.0, 0.0, writer.files()))
    return done


def test_the_steps_write_products_images_texts_and_issues(tmp_path: Path, shop: tuple[Path, Path]) -> None:
    root = Root(tmp_path / "store")
    done = run(root, *shop)
    tables = {"catalogue": "products", "images": "images", "texts": "texts"}
    ids = {step: parts.read(root, done[step], table)["product_id"].to_pylist() for step, table in tables.items()}
    assert ids == {"catalogue": ["1", "2", "3"], "images": ["1"], "texts": ["1", "2"]}
    issues = [
        (row["stage"], row["product_id"], row["problem"])
        for step in tables
        for row in parts.read(root, done[step], "issues").to_pylist()
    ]
    assert issues == [
        ("catalogue", "2", "duplicate id"),
        ("images", "2", "broken image"),
        ("images", "3", "missing image"),
        ("texts", "3", "empty text"),
    ]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, shop: tuple[Path, Path]) -> None:
    first, second = (run(Root(tmp_path / name), *shop) for name in ("one", "two"))
    assert first == second

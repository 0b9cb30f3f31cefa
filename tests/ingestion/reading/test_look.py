"""`aislemap look` says how a catalogue is read, fast, and what pins that reading."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from ingestion.config import Config
from ingestion.reading import catalogue, survey
from ingestion.reading.look import look, opening

TREE = ["Home > Tea > Pots", "Home > Tea > Cups", "Home > Light > Lanterns"]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    rows = [f"k{i},plum thing number {i},{TREE[i % 3]},k{i}.jpg,{i} cm,{'x,y' * (i == 29)}" for i in range(30)]
    (tmp_path / "c.csv").write_text("\n".join(["ref,xyz,warengruppe,bild,size,", *rows]))
    (tmp_path / "photos").mkdir()
    for i in range(12):
        Image.new("RGB", (4, 4)).save(tmp_path / f"photos/k{i}.jpg")
    return tmp_path


def test_the_reading_names_columns_categories_images_and_issues(shop: Path) -> None:
    text = "\n".join(look(shop / "c.csv", shop / "photos", Config().catalogue))
    for part in (
        "29 products, 6 columns",
        "id           'ref': 'k0', 'k1' (usual name)",
        "name         'xyz': 'plum thing number 0', 'plum thing number 1' (content)",
        "no column for description",
        "Not used (kept as attributes): 'size' ('0 cm'), 'column 6' (empty).",
        "Categories: 2 at level 2 of 3 (paths split at '>'): the first level with 2 to 50 categories",
        "'Tea' 20, 'Light' 9",
        "Language: English",
        "Images: 12 of 29 products have one in photos; 17 named ones are missing.",
        "missing: 'k12.jpg', 'k13.jpg', 'k14.jpg'",
        "1 ragged row: row 30: ",
    ):
        assert part in text, (part, text)


def test_the_lines_that_pin_a_reading_give_the_same_products(shop: Path) -> None:
    lines = look(shop / "c.csv", None, Config().catalogue)
    start = lines.index("[catalogue]")
    end = next(i for i, line in enumerate(lines) if line.startswith("Then: aislemap ingest"))
    pinned = Config.model_validate(tomllib.loads("\n".join(lines[start:end]))).catalogue
    assert (
        catalogue.read(shop / "c.csv", pinned).products == catalogue.read(shop / "c.csv", Config().catalogue).products
    )


def test_the_opening_of_a_run_names_what_was_taken_for_what(shop: Path) -> None:
    text = "\n".join(opening(shop / "c.csv", Config().catalogue))
    assert "category     'warengruppe': 'Home > Tea > Pots'" in text
    assert "Categories: 2 at level 2 of 3" in text


def test_the_opening_says_that_a_large_catalogue_is_counted_in_part(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "HEAD", 10)
    monkeypatch.setattr(survey, "SPREAD", 10)
    text = "\n".join(opening(shop / "c.csv", Config().catalogue))
    assert "Categories: 2 in a sample of 20 rows at level 2 of 3" in text
    assert "fewer than 5 products" not in text


def test_the_opening_says_where_groups_are_fewer_than_categories(shop: Path) -> None:
    for most, printed in ((1, True), (2, False), (None, False)):
        text = "\n".join(opening(shop / "c.csv", Config().catalogue, most_groups=most))
        assert ("1 groups are made for them: study.most_groups, or --k, says how many." in text) == printed


def test_a_catalogue_without_text_says_so_in_its_opening(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("id,category\n1,A\n2,B\n3,A\n")
    assert "NO TEXT" in "\n".join(opening(tmp_path / "c.csv", Config().catalogue, has_images=True))


def test_looking_loads_none_of_the_heavy_packages() -> None:
    heavy = "{'sklearn', 'torch', 'tensorflow', 'numba', 'scipy', 'gensim', 'cv2', 'pandas'}"
    code = f"import sys; import ingestion.cli, ingestion.reading.look; print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"

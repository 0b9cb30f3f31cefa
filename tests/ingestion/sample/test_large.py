"""Large samples: a row depends on its number only, and what the documentation says of a catalogue is so."""

import csv
import hashlib
import os
import subprocess
import sys
import tracemalloc
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from aislemap import app
from ingestion.sample import catalogue as sample
from ingestion.sample import large
from ingestion.sample.assortment import EVEN, MAX_CATEGORIES, categories, sizes
from ingestion.sample.listings import FAULTS, NO_PRICE, SHAPES, Recipe, path
from store.errors import CatalogueError, ConfigError

ROOT = Path(__file__).parents[3]
PRODUCTS, CATEGORIES = 6_000, 20


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> sample.Sample:
    return large.make_large(tmp_path_factory.mktemp("large"), PRODUCTS, CATEGORIES)


@pytest.fixture(scope="module")
def rows(made: sample.Sample) -> list[dict[str, str]]:
    return read(made.catalogue)


@pytest.fixture(scope="module")
def with_images(tmp_path_factory: pytest.TempPathFactory) -> sample.Sample:
    return large.make_large(tmp_path_factory.mktemp("images"), 120, 10, images=True)


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def top(row: dict[str, str]) -> str:
    return row["category"].split(" > ")[0]


def text(row: dict[str, str]) -> tuple[str, str]:
    return row["name"], row["description"]


def digests(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def near(fraction: float, number: int, of: int) -> bool:
    """Whether `number` of `of` is within five standard deviations of the fraction."""
    return bool(abs(number - fraction * of) < 5 * (fraction * (1 - fraction) * of) ** 0.5)


@pytest.mark.parametrize("name", ["catalogue.csv", "products.parquet"])
def test_the_same_arguments_make_the_same_bytes(tmp_path, name):
    script = "import sys, pathlib; from ingestion.sample.large import make_large as make;"
    for folder, hash_seed in (("one", "1"), ("two", "2")):
        call = f"make(pathlib.Path(sys.argv[1]), 40, 9, 3, images={name.endswith('csv')})"
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", script + call, str(tmp_path / folder / name)]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert {name, "truth.json"} <= digests(tmp_path / "one").keys()


def test_a_shorter_catalogue_is_the_beginning_of_a_longer_one(tmp_path, made):
    short = large.make_large(tmp_path, 500, CATEGORIES).catalogue.read_bytes()
    assert made.catalogue.read_bytes().startswith(short)


def test_another_seed_changes_every_text(rows):
    other = Recipe(1, CATEGORIES)
    assert not {text(row) for row in rows[:500]} & {
        (product.name, product.description) for product in (other.listing(n).product for n in range(1, 501))
    }


def test_images_change_no_other_column(with_images):
    others = [{name: cell for name, cell in row.items() if name != "image"} for row in read(with_images.catalogue)]
    recipe = Recipe(0, 10)
    names = [name for name in sample.COLUMNS if name != "image"]
    for number, row in enumerate(others, 1):
        cells = dict(zip(sample.COLUMNS, recipe.listing(number).product.row(), strict=True))
        assert row == {name: cells[name] for name in names}


@pytest.mark.parametrize("number", [2, 3, 7, 8, 60, MAX_CATEGORIES])
def test_there_are_as_many_categories_as_asked(number):
    recipe = Recipe(0, number)
    names = {recipe.listing(row).product.category for row in range(1, number + 1)}
    assert len(names) == len(recipe.by_name) == number
    assert {category.neighbour for category in recipe.by_size} <= names


def test_more_categories_keep_the_first_ones():
    assert categories(30, 0) == categories(300, 0)[:30]


def test_neighbours_are_of_one_type_or_for_one_use():
    lone = []
    for at, category in enumerate(categories(MAX_CATEGORIES, 0)[8:]):
        mine, other = (name.split(" ", 1) for name in (category.name, category.neighbour))
        if (mine[0] == other[0]) == (mine[1] == other[1]):
            lone.append(at)
    assert len(lone) <= MAX_CATEGORIES // 128  # the first after each round of the types


def test_every_made_up_category_fills_all_slots():
    recipe = Recipe(0, MAX_CATEGORIES)
    for number in range(1, MAX_CATEGORIES + 1):
        product = recipe.listing(number).product
        assert not set("{}") & set(product.name + product.description)


def test_the_sizes_of_categories_follow_zipf_with_a_floor(rows):
    found = Counter(map(top, rows))
    recipe, before = Recipe(0, CATEGORIES), 0.0
    for category, end in zip(recipe.by_size, sizes(CATEGORIES), strict=True):
        assert near(end - before, found[category.name], PRODUCTS)
        assert end - before > EVEN / CATEGORIES
        before = end
    largest, smallest = max(found.values()), min(count for name, count in found.items() if name)
    assert largest > 5 * smallest


def test_the_category_is_a_path_of_two_levels(rows):
    recipe = Recipe(0, CATEGORIES)
    paths = {path(name, sub_type) for name, found in recipe.by_name.items() for sub_type in found.wording.sub_types}
    assert {row["category"] for row in rows} - {""} == paths


def test_duplicates_and_missing_values_are_as_frequent_as_stated(made, rows):
    truth = made.truth
    assert near(FAULTS["exact"], len(truth.duplicates["exact text"]), PRODUCTS)
    assert near(FAULTS["near"], len(truth.duplicates["near text"]), PRODUCTS)
    assert near(FAULTS["wrong label"], len(truth.wrong_labels), PRODUCTS)
    assert near(FAULTS["description"], sum(not row["description"] for row in rows), PRODUCTS)
    assert near(FAULTS["category"], sum(not row["category"] for row in rows), PRODUCTS)
    assert near(NO_PRICE, sum(not row["price"] for row in rows), PRODUCTS * 0.97)
    assert near(0.1, sum(not row["brand"] for row in rows), PRODUCTS)


def test_duplicates_are_of_an_earlier_product_without_a_fault(made, rows):
    by_id = {row["id"]: row for row in rows}
    faulty = {*made.truth.wrong_labels, *made.truth.empty_descriptions}
    for how, pairs in made.truth.duplicates.items():
        for product, original in pairs.items():
            assert original < product
            assert original not in faulty
            assert (text(by_id[product]) == text(by_id[original])) == (how == "exact text")
            assert by_id[product]["name"] == by_id[original]["name"]


def test_few_texts_are_equal_by_chance(made, rows):
    repeated = sum(count - 1 for count in Counter(map(text, rows)).values())
    planted = len(made.truth.duplicates["exact text"])
    assert planted <= repeated <= planted + 0.005 * PRODUCTS


def test_wrong_labels_name_the_neighbour(made, rows):
    by_id, recipe = {row["id"]: row for row in rows}, Recipe(0, CATEGORIES)
    for product, true in made.truth.wrong_labels.items():
        assert top(by_id[product]) == recipe.by_name[true].neighbour


def test_the_truth_is_read_back_as_it_was_planted(made):
    assert sample.truth(made.folder) == made.truth


def test_parquet_holds_the_same_rows_with_nulls_for_empty_cells(tmp_path, rows):
    made = large.make_large(tmp_path / "products.parquet", 300, CATEGORIES)
    for found, row in zip(pq.read_table(made.catalogue).to_pylist(), rows[:300], strict=True):
        price = found.pop("price")
        assert (f"{price:.2f}" if price is not None else "") == row["price"]
        assert {name: cell or "" for name, cell in found.items()} == {k: v for k, v in row.items() if k != "price"}
        assert "" not in found.values()


def test_memory_holds_a_chunk_of_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(large, "CHUNK", 500)
    peaks = []
    for products in (1_000, 8_000):
        tracemalloc.start()
        made = large.make_large(tmp_path / "products.parquet", products, CATEGORIES)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert pq.ParquetFile(made.catalogue).num_row_groups == 16
    assert peaks[1] - peaks[0] < 7_000 * 150  # bytes: the ids of what is planted; a row takes some 1,500


def test_images_are_drawn_for_all_products_but_the_stated_few(with_images):
    listed = [row["image"] for row in read(with_images.catalogue) if row["image"]]
    assert {file.name for file in with_images.images.iterdir()} == set(listed)
    assert 0.9 * 120 < len(listed) <= 120
    for name in listed:
        with Image.open(with_images.images / name) as image:
            image.load()
            assert image.format == "JPEG"
            near_duplicate = Path(name).stem in with_images.truth.duplicates["near image"]
            assert image.size in SHAPES or near_duplicate


def test_a_duplicate_has_the_image_of_its_original():
    recipe = Recipe(0, 10)
    listings = [recipe.listing(number) for number in range(1, 800)]
    exact, close = (next(found for found in listings if found.fault == fault) for fault in ("exact", "near"))
    assert recipe.image(exact) == recipe.image(listings[exact.original - 1])
    assert recipe.image(close) != recipe.image(listings[close.original - 1])


def test_progress_ends_at_the_number_of_products(tmp_path):
    steps: list[tuple[int, int]] = []
    large.make_large(tmp_path, 30, 3, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(30, 30)]


@pytest.mark.parametrize(
    ("products", "number", "images", "message"),
    [
        (100, 1, False, "--categories 1 .*give a number"),
        (100_000, 2_001, False, "--categories 2001 .*give a number"),
        (9, 10, False, "--products 9 .*give --products 10"),
        (1_000_001, 10, False, "--products 1000001 .*give at most"),
        (20_001, 10, True, "--images with --products 20001.*leave --images out"),
    ],
)
def test_numbers_out_of_range_are_named_with_a_remedy(tmp_path, products, number, images, message):
    with pytest.raises(ConfigError, match=message):
        large.make_large(tmp_path / "new", products, number, images=images)
    assert not (tmp_path / "new").exists()


def test_a_catalogue_that_is_no_sample_is_never_overwritten(tmp_path):
    (tmp_path / "mine.csv").write_text("id,name\n1,mine\n")
    with pytest.raises(CatalogueError, match=r"mine\.csv"):
        large.make_large(tmp_path / "mine.csv", 10, 2)
    assert (tmp_path / "mine.csv").read_text() == "id,name\n1,mine\n"


def test_a_killed_run_leaves_no_half_of_a_catalogue(tmp_path):
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        large.make_large(tmp_path, 10, 2, progress=stop)
    assert not (tmp_path / "catalogue.csv").exists()
    assert large.make_large(tmp_path, 10, 2).products == 10


def test_the_command_writes_a_large_sample(tmp_path):
    target = tmp_path / "shop.parquet"
    result = CliRunner().invoke(app, ["sample", str(target), "--products", "50", "--categories", "5"])
    assert result.exit_code == 0, result.output
    assert pq.read_metadata(target).num_rows == 50
    assert not (tmp_path / "images").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--products", "50"], "--products 50 needs --categories"),
        (["--categories", "5"], "--categories 5 needs --products"),
        (["--no-images"], "--no-images is for large samples"),
    ],
)
def test_options_that_need_others_say_so(tmp_path, options, message):
    result = CliRunner().invoke(app, ["sample", str(tmp_path / "new"), *options])
    assert isinstance(result.exception, ConfigError)
    assert message in str(result.exception)

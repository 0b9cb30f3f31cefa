"""A large sample: up to 1,000,000 products of up to 2,000 categories, written a chunk of rows at a time."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.sample.assortment import MAX_CATEGORIES, MIN_CATEGORIES
from ingestion.sample.catalogue import (
    CATALOGUE,
    COLUMNS,
    DUPLICATE_TYPES,
    IMAGES,
    LOOK_ALIKE,
    DuplicateType,
    Sample,
    Truth,
    spare_others,
    unwritable,
    write_truth,
)
from ingestion.sample.listings import Listing, Recipe, product_id
from ingestion.task import Progress
from store.errors import ConfigError

MAX_PRODUCTS, MAX_IMAGES = 1_000_000, 20_000
CHUNK = 10_000
"""Rows that are held at a time; a row group of a Parquet file."""


def make_large(
    target: Path, products: int, categories: int, seed: int = 0, images: bool = False, progress: Progress | None = None
) -> Sample:
    """Write a large sample: the catalogue, truth.json beside it and, with `images`, images/<id>.jpg.

    `target` is the catalogue's file if it ends in .csv or .parquet, and else the folder of its catalogue.csv. Memory
    holds CHUNK rows, and the ids of what is planted. `progress(done, all)` is called after each chunk, or each image.
    An earlier sample there is overwritten. ConfigError for numbers out of range, CatalogueError if there is a catalogue
    that is not a sample, or the folder cannot be written.
    """
    check(products, categories, images)
    file = target if target.suffix in (".csv", ".parquet") else target / CATALOGUE
    folder, unfinished = file.parent, file.with_name(f"{file.name}.unfinished")
    spare_others(file)
    recipe, planted = Recipe(seed, categories), Planted({}, {name: {} for name in DUPLICATE_TYPES}, [], {})
    columns = [name for name in COLUMNS if images or name != "image"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if images:
            (folder / IMAGES).mkdir(exist_ok=True)
        with (parquet if file.suffix == ".parquet" else comma_separated)(unfinished, columns) as write_rows:
            for start in range(1, products + 1, CHUNK):
                rows = []
                for number in range(start, min(start + CHUNK, products + 1)):
                    listing = recipe.listing(number)
                    planted.add(listing, recipe, images)
                    row = dict(zip(COLUMNS, listing.product.row(), strict=True))
                    if listing.fault == "image":
                        row["image"] = ""
                    elif images:
                        (folder / IMAGES / row["image"]).write_bytes(recipe.image(listing))
                    rows.append(tuple(row[name] for name in columns))
                    if progress and images:
                        progress(number, products)
                write_rows(rows)
                if progress:
                    progress(start + len(rows) - 1, products)
        write_truth(folder, planted.truth(seed))
        unfinished.replace(file)  # last, so that a killed run leaves no half of a catalogue
    except OSError as error:
        raise unwritable(folder, error) from error
    return Sample(folder, file, folder / IMAGES, products, planted.truth(seed))


def check(products: int, categories: int, images: bool) -> None:
    """ConfigError, with value and remedy, for numbers that no large sample has."""
    if not MIN_CATEGORIES <= categories <= MAX_CATEGORIES:
        raise ConfigError(
            f"--categories {categories} is not in {MIN_CATEGORIES} to {MAX_CATEGORIES:,}; give a number in that range."
        )
    if products < categories:
        raise ConfigError(
            f"--products {products} is below --categories {categories}, and each category has a product; "
            f"give --products {categories} or more."
        )
    if products > MAX_PRODUCTS:
        raise ConfigError(f"--products {products} is above {MAX_PRODUCTS:,}; give at most that.")
    if images and products > MAX_IMAGES:
        raise ConfigError(
            f"--images with --products {products}: images are drawn for at most {MAX_IMAGES:,} products; "
            f"leave --images out, or give --products {MAX_IMAGES} or less."
        )


@dataclass
class Planted:
    """What was planted so far, as in `Truth`."""

    wrong_labels: dict[str, str]
    duplicates: dict[DuplicateType, dict[str, str]]
    empty_descriptions: list[str]
    look_alikes: dict[str, str]

    def add(self, listing: Listing, recipe: Recipe, images: bool) -> None:
        """Note what is planted in a row; duplicates have equal or nearly equal images too, if there are images."""
        product = listing.product
        match listing.fault:
            case "exact" | "near":
                for name in DUPLICATE_TYPES:
                    if name.startswith(listing.fault) and (images or name.endswith("text")):
                        self.duplicates[name][product.id] = product_id(listing.original)
            case "wrong label":
                self.wrong_labels[product.id] = product.category
            case "description":
                self.empty_descriptions.append(product.id)
        similar = LOOK_ALIKE.get(product.sub_type) if recipe.by_name[product.category].drawn is None else None
        if listing.fault is None and similar in recipe.by_name:
            self.look_alikes[product.id] = similar

    def truth(self, seed: int) -> Truth:
        """All of it."""
        return Truth(
            seed=seed,
            wrong_labels=self.wrong_labels,
            duplicates=self.duplicates,
            broken_images={},
            empty_descriptions=tuple(self.empty_descriptions),
            look_alikes=self.look_alikes,
        )


WriteRows = Callable[[list[tuple[str, ...]]], None]
"""Writes rows to the open file, their values in the order of its columns."""


@contextmanager
def comma_separated(file: Path, columns: list[str]) -> Iterator[WriteRows]:
    """A CSV file that is open for rows."""
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        yield writer.writerows


@contextmanager
def parquet(file: Path, columns: list[str]) -> Iterator[WriteRows]:
    """A Parquet file that is open for rows, a row group for each call; prices are numbers, empty values null."""
    schema = pa.schema([(name, pa.float64() if name == "price" else pa.string()) for name in columns])

    def write_rows(rows: list[tuple[str, ...]]) -> None:
        texts = (pa.array([row[at] or None for row in rows], pa.string()) for at in range(len(columns)))
        arrays = [text.cast(field.type) for text, field in zip(texts, schema, strict=True)]
        writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        yield write_rows

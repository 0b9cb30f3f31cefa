"""Read a catalogue file into the table `products`, and what was wrong with it into the table `issues`.

Nothing is lost silently: each row of the file is a product or a row of `issues`. What concerns a single row is one
issue with its number; what concerns a column (no ids, products without category) is one issue for all.
"""

import json
import logging
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingestion.config import Catalogue as Settings
from ingestion.config import Columns
from ingestion.issues import Issues, shorten
from ingestion.reading.formats import open_rows
from ingestion.reading.rows import Row, Source, mend
from ingestion.task import Work
from store.errors import CatalogueError
from store.tables import table

log = logging.getLogger(__name__)

MAX_CELL = 100_000
"""Characters of a cell that are kept: some thirty pages, more than the description of any product."""
BATCH = 1000
PATH_JOINT = " >> "
SCHEMA = table("products").schema
# fmt: off
USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "id": (
        "id", "product_id", "uniq_id", "unique_id", "item_id", "article_id", "sku", "asin", "gtin", "ean",
        "upc", "product_code", "item_code", "code", "pid", "article_number", "handle",
    ),
    "name": (
        "name", "product_name", "title", "product_title", "item_name", "item_title", "display_name",
        "product_display_name",
    ),
    "description": (
        "description", "product_description", "long_description", "item_description", "desc", "details", "body",
        "body_html", "text", "short_description", "summary", "about",
    ),
    "category": (
        "category", "category_path", "product_category_tree", "category_tree", "category_name",
        "product_category", "categories", "main_category", "label", "labels", "class", "product_type",
        "article_type", "type", "department",
    ),
    "image": (
        "image", "img", "image_path", "image_file", "image_name", "image_filename", "filename", "file_name",
        "picture", "photo", "images", "image_url", "img_url", "image_link", "img_link",
    ),
    "brand": (
        "brand", "brand_name", "manufacturer", "vendor", "make",
    ),
    "price": (
        "price", "discounted_price", "sale_price", "selling_price", "current_price", "final_price",
        "retail_price", "list_price", "mrp",
    ),
}
# fmt: on
"""What catalogues usually call a column, the most likely first; case and separators do not matter."""


@dataclass(frozen=True)
class Catalogue:
    """A catalogue, or a part of it: tables `products` and `issues`, in the order of the file."""

    products: pa.Table
    issues: pa.Table


def step(work: Work, *, catalogue: Path, settings: dict[str, Any], has_images: bool) -> None:
    """Write `products` and `issues` of the catalogue; `settings` is its table of the configuration."""
    for part in batches(catalogue, Settings.model_validate(settings), has_images):
        work.write("products", part.products)
        work.write("issues", part.issues)


def read(path: Path, settings: Settings, has_images: bool = False) -> Catalogue:
    """Read a whole catalogue: the parts of `batches` in one. Errors as there."""
    parts = list(batches(path, settings, has_images))
    return Catalogue(pa.concat_tables([p.products for p in parts]), pa.concat_tables([p.issues for p in parts]))


def batches(path: Path, settings: Settings, has_images: bool = False) -> Iterator[Catalogue]:
    """Read a catalogue (.csv, .tsv, .jsonl, .parquet) in parts of 1,000 rows or fewer.

    Columns are those that `settings.columns` names, else the first of `USUAL_NAMES`. `has_images` is whether
    a folder of images is given: then a catalogue of ids alone can be read, since images are found by id.
    CatalogueError if the file is not what its suffix says, is empty, has an unusable header, lacks a column that
    was named, has nothing to group products by (no name, description or image), or no row that can be read.
    """
    source = open_rows(path)
    columns = match_columns(source.columns, settings.columns)
    log.info("%s: columns %s", path.name, ", ".join(f"{field} = {column}" for field, column in columns.items()))
    if source.columns and not columns.keys() & {"name", "description", "image"} and not has_images:
        raise CatalogueError(
            f"No column of {path} looks like a product's name, description or image; its columns are "
            f"{_listed(source.columns)}. Name them in aislemap.toml under [catalogue.columns]."
        )
    yield from _Reader(settings, columns).read(path, source)


def match_columns(names: list[str], wanted: Columns) -> dict[str, str]:
    """The column of each field: the named ones, then those of `USUAL_NAMES`. A field without column is left out.

    CatalogueError if a named column is absent, or if the category is also named as text (the labels would leak).
    """
    loose = {_key(name): name for name in reversed(names)}
    found: dict[str, str] = {}
    for field, name in wanted.model_dump(exclude_none=True).items():
        match = name if name in names else loose.get(_key(name) or name)
        if match is None:
            raise CatalogueError(
                f"The catalogue has no column {shorten(name)} (named as {field}); its columns are {_listed(names)}."
            )
        found[field] = match
    for field, usual in USUAL_NAMES.items():
        usual_columns = (loose[_key(name)] for name in usual if _key(name) in loose)
        usual_column = next((name for name in usual_columns if name not in found.values()), None)
        if field not in found and usual_column is not None:
            found[field] = usual_column
    for field in ("name", "description", "brand"):
        if "category" in found and found.get(field) == found["category"]:
            raise CatalogueError(
                f"The column {shorten(found[field])} is named both as category and as {field}; "
                "the labels would be part of the text. Name another column for one of them."
            )
    return {field: found[field] for field in USUAL_NAMES if field in found}


def _key(name: str) -> str:
    """A column name without case and separators: 'Product Name', 'product_name' and 'productName' are one."""
    return re.sub(r"[\W_]+", "", name.casefold())


def _listed(names: list[str]) -> str:
    shown = ", ".join(shorten(name, 40) for name in names[:30])
    return shown + (f" and {len(names) - 30} more" if len(names) > 30 else "")


class _Reader:
    """Turns rows into products, and keeps what spans rows: the ids seen, and counts for the summary."""

    def __init__(self, settings: Settings, columns: dict[str, str]) -> None:
        self.settings = settings
        self.columns = columns
        self.issues = Issues("catalogue")
        self.rows_of_ids: dict[str, int] = {}
        self.first: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self.categories: set[str] = set()
        self.used = set(columns.values())

    def read(self, path: Path, source: Source) -> Iterator[Catalogue]:
        for problem, detail in source.notes:
            self.issues.add(problem, detail)
        if "id" not in self.columns:
            self.issues.add("no id column", "No column holds an id; the products are called row-1, row-2, ...")
        products: list[dict[str, Any]] = []
        refused = None
        for row in source.rows:
            product = self._product(row)
            if product is not None:
                products.append(product)
            elif refused is None and row.problems:
                refused = f" Row {row.number}: {row.problems[-1][1]}"
            if row.number % BATCH == 0:
                yield self._part(products)
                products = []
        if not self.rows_of_ids:
            raise CatalogueError(f"No row of the catalogue {path} could be read; is it the right file?{refused or ''}")
        self._summarise()
        yield self._part(products)

    def _part(self, products: list[dict[str, Any]]) -> Catalogue:
        return Catalogue(pa.Table.from_pylist(products, schema=SCHEMA), self.issues.take())

    def _product(self, row: Row) -> dict[str, Any] | None:
        """The row as a product; None, and an issue that says why, if it is not one."""
        notes = list(row.problems)
        product = None if row.cells is None else self._fill(row, row.cells, notes)
        product_id = None if product is None else product["product_id"]
        for problem, detail in notes:
            self.issues.add(problem, detail, product_id, row.number)
        if product is None or product_id is None:
            return None
        if product_id in self.rows_of_ids:
            kept = self.rows_of_ids[product_id]
            detail = f"Row {kept} has the same id; that one was kept and this one left out."
            self.issues.add("duplicate id", detail, product_id, row.number)
            return None
        self.rows_of_ids[product_id] = row.number
        if product["category"] is not None and len(self.categories) < 2:
            self.categories.add(product["category"])
        for summary in ("category", "depth"):
            if product.pop(f"_{summary}", False):
                self._count(summary, row.number)
        return product

    def _fill(self, row: Row, raw: dict[str, Any], notes: list[tuple[str, str]]) -> dict[str, Any] | None:
        """A row of `products`; its problems are appended to `notes`."""
        cells = {name: self._clean(name, value, row.number, notes) for name, value in raw.items()}
        if not any(cells.values()):
            notes.append(("empty row", "All cells are empty; the row was left out."))
            return None
        field = {name: cells.get(column) for name, column in self.columns.items()}
        product_id = field.get("id")
        if product_id is None:
            product_id = f"row-{row.number}"
            if "id" in self.columns:
                notes.append(("empty id", f"The row has no id; the product is called {product_id}."))
        levels = split_path(raw.get(self.columns.get("category", "")), self.settings.category_separator)
        wanted = self.settings.category_level
        attributes = {name: cell for name, cell in cells.items() if cell is not None and name not in self.used}
        return {
            "product_id": product_id,
            "name": field.get("name"),
            "description": field.get("description"),
            "category": levels[min(wanted, len(levels)) - 1] if levels else None,
            "category_path": PATH_JOINT.join(levels) or None,
            "image_path": _image(raw.get(self.columns.get("image", "")), field.get("image")),
            "brand": field.get("brand"),
            "price": self._price(field.get("price"), notes),
            "attributes": mend(json.dumps(attributes, ensure_ascii=False))[0],
            "catalogue_row": row.number,
            "_category": not levels,
            "_depth": bool(levels) and len(levels) < wanted,
        }

    def _clean(self, column: str, value: Any, number: int, notes: list[tuple[str, str]]) -> str | None:
        """A cell as text, without characters that cannot be stored and without surrounding space; None if empty."""
        text = as_text(value)
        if text is None:
            return None
        text, not_utf8, dropped = mend(text)
        if not_utf8:
            self._count("encoding", number)
        if dropped:
            detail = f"The column {shorten(column)} holds NUL or broken characters; they were dropped or marked."
            notes.append(("unusable characters", detail))
        text = text.strip()
        if len(text) > MAX_CELL:
            detail = f"The column {shorten(column)} holds {len(text):,} characters; the first {MAX_CELL:,} were kept."
            notes.append(("cell cut", detail))
            text = text[:MAX_CELL].rstrip()
        return text or None

    def _price(self, cell: str | None, notes: list[tuple[str, str]]) -> float | None:
        if cell is None:
            return None
        price = parse_price(cell)
        if price is None:
            notes.append(("unreadable price", f"{shorten(cell)} is not one price; the price was left empty."))
        return price

    def _count(self, what: str, number: int) -> None:
        """Count a row for the summary, once."""
        if self.first.get(f"last {what}") != number:
            self.first[f"last {what}"] = number
            self.first.setdefault(what, number)
            self.counts[what] = self.counts.get(what, 0) + 1

    def _summarise(self) -> None:
        """One issue for all rows with the same problem of a column."""

        def report(what: str, problem: str, detail: str) -> None:
            if what in self.counts:
                seen = f"{self.counts[what]:,} of {total:,} rows (first: row {self.first[what]})"
                self.issues.add(problem, f"{seen} {detail}")

        total = len(self.rows_of_ids)
        report("encoding", "not UTF-8", "hold bytes that are not UTF-8; they were read as Windows-1252.")
        if "category" not in self.columns:
            detail = "No column holds a category: the grouping is made, its agreement with categories cannot be scored."
            self.issues.add("no category column", detail)
        else:
            report("category", "no category", "have no category; the products are kept and not scored.")
            if len(self.categories) == 1 < total:
                detail = (
                    f"All are of {shorten(min(self.categories))}: agreement needs two categories, so nothing is scored."
                )
                self.issues.add("one category", detail)
        level = self.settings.category_level
        report("depth", "short category path", f"have no level {level}; the deepest level there is was taken.")


def _image(value: Any, cell: str | None) -> str | None:
    """The name, path or address of a product's image in the catalogue; of a list the first."""
    names = as_list(value)
    return (mend(names[0])[0].strip()[:MAX_CELL] if names else cell) or None


def as_text(value: Any) -> str | None:
    """A cell as text: a list of strings one to a line, anything nested as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False, default=lambda item: f"<{type(item).__name__}>")


def as_list(value: Any) -> list[str]:
    """The strings of a list, or of a JSON list in a cell (as Flipkart writes categories); empty if it is neither."""
    if isinstance(value, str) and value.lstrip().startswith("[") and len(value) <= MAX_CELL:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def split_path(value: Any, separator: str) -> list[str]:
    """The levels of a category path, top first: 'A >> B', '["A >> B"]' and ["A", "B"] are the same.

    Of a list of several paths the first counts. Empty levels are dropped.
    """
    items = as_list(value) or [as_text(value) or ""]
    if any(separator in item for item in items):
        items = items[0].split(separator)
    return [level for item in items if (level := mend(item[:MAX_CELL])[0].strip())]


def parse_price(cell: str) -> float | None:
    """The one number of a price as people write it: '1899.0', 'Rs. 1,899', '1.234,50 €'; None if there is none.

    The last dot or comma is the decimal sign, unless only one of the two signs occurs and exactly three digits follow.
    """
    if re.fullmatch(r"\d+(\.\d*)?([eE][+-]?\d+)?", cell, re.ASCII):
        price = float(cell)
        return price if math.isfinite(price) else None
    numbers = re.findall(r"-?\d[\d.,' \u00a0\u202f]*", cell[:100], re.ASCII)
    if len(numbers) != 1 or numbers[0].startswith("-"):
        return None
    digits = re.sub(r"[' \u00a0\u202f]", "", numbers[0]).rstrip(".,")
    whole, mark, rest = digits, "", ""
    if found := re.search(r"[.,](?=\d*$)", digits):
        whole, mark, rest = digits[: found.start()], found.group(), digits[found.end() :]
    thousands = mark and len(rest) == 3 and not re.search(r"[.,]", whole.replace(mark, ""))
    if thousands:
        whole, rest = whole + rest, ""
    return float(re.sub(r"[.,]", "", whole) + "." + (rest or "0"))

"""Read a catalogue file into the table `products`, and what was wrong with it into the table `issues`.

Nothing is lost silently: each row of the file is a product or a row of `issues`. What concerns a single row is one
issue with its number; what concerns a column (no ids, products without category) is one issue for all.
"""

import json
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingestion.config import Catalogue as Settings
from ingestion.issues import Issues, shorten
from ingestion.reading import categories
from ingestion.reading.cells import MAX_CELL, TECHNICAL, as_text, image_names, is_missing, naming, parse_price
from ingestion.reading.formats import open_rows
from ingestion.reading.rows import Row, Source, mend
from ingestion.reading.survey import Survey, is_variant, survey
from ingestion.task import Work
from store.errors import CatalogueError
from store.tables import table

log = logging.getLogger(__name__)

BATCH = 1000
PATH_JOINT = " >> "
SCHEMA = table("products").schema
WORDS_SHOWN = 5
"""Words for a missing category that an issue names."""


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
    """Read a catalogue (`formats.READERS`) in parts of 1,000 rows or fewer, as `survey` decides.

    `has_images` is whether a folder of images is given: then a catalogue of ids alone can be read, since images are
    found by id. CatalogueError if the file is not what its suffix says, is empty, has an unusable header, lacks a
    column that was named, has nothing to group products by (no name, description or image), no row that can be read,
    or too many.
    """
    found = survey(path, settings, has_images)
    log.info("%s: columns %s", path.name, ", ".join(f"{field} = {column}" for field, column in found.columns.items()))
    yield from _Reader(settings, found).read(path, open_rows(path, settings.max_rows))


class _Reader:
    """Turns rows into products, and keeps what spans rows: the ids seen, and counts for the summary."""

    def __init__(self, settings: Settings, found: Survey) -> None:
        self.settings = settings
        self.survey = found
        self.columns = found.columns
        self.level = found.level.number
        self.issues = Issues("catalogue")
        self.rows_of_ids: dict[str, int] = {}
        self.groups: dict[str, str] = {}
        self.first: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self.categories: set[str] = set()
        self.missing_words: Counter[str] = Counter()
        self.more_images = 0
        self.used = set(found.columns.values())
        self.last: dict[str, Any] | None = None

    def read(self, path: Path, source: Source) -> Iterator[Catalogue]:
        for problem, detail in source.notes:
            self.issues.add(problem, detail)
        self._note_decisions()
        products: list[dict[str, Any]] = []
        refused = None
        for row in source.rows:
            product = self._product(row)
            if product is not None:
                products.append(product)
            elif refused is None and row.problems:
                refused = f" Row {row.number}: {row.problems[-1][1]}"
            if row.number % BATCH == 0:
                # where variants may follow, the last product stays open for them
                keep = 0 if self.survey.variants is None else 1
                yield self._part(products[: len(products) - keep])
                products = products[len(products) - keep :] if keep else []
        if not self.rows_of_ids:
            raise CatalogueError(f"No row of the catalogue {path} could be read; is it the right file?{refused or ''}")
        self._summarise()
        yield self._part(products)

    def _note_decisions(self) -> None:
        """Issues for what the survey decided and a reader of the results should know."""
        if "id" not in self.columns:
            self.issues.add("no id column", "No column holds an id; the products are called row-1, row-2, ...")
        if self.survey.float_ids:
            self.issues.add("ids as decimals", "All ids are written as 1000.0; the '.0' was left out.")
        for field, taken in self.survey.fields.items():
            if taken.why == "content":
                examples = " and ".join(self.survey.profiles[taken.column].examples())
                detail = (
                    f"The column {shorten(taken.column)} was taken for the {field} by its content ({examples}); name "
                    f"another by --column {field}=COLUMN."
                )
                self.issues.add("column by content", detail)
        level = self.survey.level
        if level.number > 1 and self.settings.category_level is None:
            at = f" that were split at {self.survey.separator!r}" if self.survey.separator else ""
            detail = f"Of the category paths{at} level {level.number} counts: {level.reason}."
            self.issues.add("category level", detail)

    def _part(self, products: list[dict[str, Any]]) -> Catalogue:
        return Catalogue(pa.Table.from_pylist(products, schema=SCHEMA), self.issues.take())

    def _product(self, row: Row) -> dict[str, Any] | None:
        """The row as a product; None, and an issue that says why, if it is not one."""
        notes = list(row.problems)
        product = None if row.cells is None else self._fill(row, row.cells, notes)
        if product is not None and self._join_variant(product, row):
            notes.append(("variant row", "A variant of the product; it has its images if it stands right before it."))
            product_id, product = product["product_id"], None
        else:
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
        self.last = product
        return product

    def _join_variant(self, product: dict[str, Any], row: Row) -> bool:
        """Whether the row is a variant of a product that was read; its images are joined to that of the row before."""
        variants = self.survey.variants
        if variants is None or row.cells is None:
            return False
        parent = is_variant(variants, row.cells)
        if variants.group:
            group = (as_text(row.cells.get(variants.parent)) or "").strip()
            first = None if is_missing(group) else self.groups.setdefault(group, product["product_id"])
            if first in (None, product["product_id"]):
                return False
            same = self.last is not None and self.last["product_id"] == first
            product["product_id"] = first
        elif variants.type_column is None:
            name = product["name"]
            same = self.last is not None and self.last["product_id"] == product["product_id"]
            if product["product_id"] not in self.rows_of_ids:
                return False
            if name is not None and not (same and self.last and self.last["name"] == name):
                return False
        elif parent is None:
            return False
        else:
            same = self.last is not None and parent in (self.last["product_id"], *self._cells_of(self.last))
            if same and self.last:
                product["product_id"] = self.last["product_id"]
        self._count("variant", row.number)
        if same and self.last:
            names = [product["image_path"], *product["other_images"]]
            known = [self.last["image_path"], *self.last["other_images"]]
            joined = list(dict.fromkeys(name for name in (*known, *names) if name))
            self.last["image_path"], self.last["other_images"] = (joined or [None])[0], joined[1:]
            for field in ("description", "brand", "price"):
                self.last[field] = product[field] if self.last[field] is None else self.last[field]
        return True

    def _cells_of(self, product: dict[str, Any]) -> list[str]:
        """The cells that a variant may name its product by: those of its other columns."""
        return [str(cell) for cell in json.loads(product["attributes"]).values()]

    def _fill(self, row: Row, raw: dict[str, Any], notes: list[tuple[str, str]]) -> dict[str, Any] | None:
        """A row of `products`; its problems are appended to `notes`."""
        cells = {name: self._clean(name, value, row.number, notes) for name, value in raw.items()}
        if not any(cells.values()):
            notes.append(("empty row", "All cells are empty; the row was left out."))
            return None
        field = {name: self._field(name, raw.get(column), cells.get(column)) for name, column in self.columns.items()}
        product_id = field.get("id")
        if product_id is None:
            product_id = f"row-{row.number}"
            if "id" in self.columns:
                notes.append(("empty id", f"The row has no id; the product is called {product_id}."))
        elif self.survey.float_ids:
            product_id = product_id.removesuffix(".0")
        written = raw.get(self.columns.get("category", ""))
        levels = categories.split_path(written, self.survey.separator)
        if not levels and (word := (as_text(written) or "").strip()):
            self.missing_words[word[:40]] += 1
        its = self.survey.fields.get("image")
        images = image_names([raw.get(name) for name in (its.column, *its.also)] if its else None)
        attributes = {name: cell for name, cell in cells.items() if cell is not None and name not in self.used}
        return {
            "product_id": product_id,
            "name": field.get("name"),
            "description": field.get("description"),
            "category": levels[min(self.level, len(levels)) - 1] if levels else None,
            "category_path": PATH_JOINT.join(levels) or None,
            "image_path": images[0] if images else None,
            "other_images": images[1:],
            "brand": field.get("brand"),
            "price": self._price(cells, notes),
            "attributes": mend(json.dumps(attributes, ensure_ascii=False))[0],
            "catalogue_row": row.number,
            "_category": not levels,
            "_depth": bool(levels) and len(levels) < self.level,
        }

    def _field(self, field: str, raw: Any, cell: str | None) -> str | None:
        """The cell of a field as text: None for a missing value, of a nested one the name."""
        if cell is None or (cell.casefold() in TECHNICAL if field == "name" else is_missing(cell)):
            return None
        if isinstance(raw, (dict, list)) or cell[:1] in "[{":
            named = as_text(naming(raw))
            return None if named is None else mend(named)[0].strip()[:MAX_CELL] or None
        return cell

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

    def _price(self, cells: dict[str, str | None], notes: list[tuple[str, str]]) -> float | None:
        """The first price of its columns that can be read."""
        taken = self.survey.fields.get("price")
        written = [cells.get(name) for name in (taken.column, *taken.also)] if taken else []
        filled = [cell for cell in written if cell is not None and not is_missing(cell)]
        price = next((price for cell in filled if (price := parse_price(cell)) is not None), None)
        if filled and price is None:
            notes.append(("unreadable price", f"{shorten(filled[0])} is not one price; the price was left empty."))
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
        if variants := self.counts.get("variant"):
            detail = (
                f"{variants:,} rows are variants of {total:,} products: each product is one, with all their images."
            )
            self.issues.add("variants", detail)
        if "category" not in self.columns:
            detail = "No column holds a category: the grouping is made, its agreement with categories cannot be scored."
            self.issues.add("no category column", detail)
        else:
            words = ", ".join(
                f"{word!r} {count:,} times" for word, count in self.missing_words.most_common(WORDS_SHOWN)
            )
            missing = f" (written as {words})" if words else ""
            report("category", "no category", f"have no category{missing}; the products are kept and not scored.")
            if len(self.categories) == 1 < total:
                detail = (
                    f"All are of {shorten(min(self.categories))}: agreement needs two categories, so nothing is scored."
                )
                self.issues.add("one category", detail)
        report("depth", "short category path", f"have no level {self.level}; the deepest level there is was taken.")

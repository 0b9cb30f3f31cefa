"""What a catalogue is taken for, decided on a sample of its rows before any row becomes a product.

The sample is the first rows and then rows at an even distance, so that a file sorted by category shows all of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ingestion.config import Catalogue as Settings
from ingestion.reading import categories, columns, usual_names
from ingestion.reading.categories import Level
from ingestion.reading.cells import as_text, is_missing
from ingestion.reading.columns import Profile, Taken
from ingestion.reading.formats import open_rows
from ingestion.reading.languages import Language, detect
from ingestion.reading.rows import mend
from store.errors import CatalogueError

HEAD = 2000
"""Rows at the start that are all in the sample: whether rows of variants follow their product is seen there."""
SPREAD = 8000
"""Rows after them, at most, at an even distance."""
MAX_SAMPLE_CELL = 4000
"""Characters of a cell that the sample keeps."""
MIN_FOLLOWERS = 0.5
"""Fraction of the rows that repeat an id, at least, that have no name: then they are rows of variants."""
_CHILD = frozenset({"variant", "variation", "product_variation", "child"})
"""Values of a column 'type' that name a row of a variant (Wix, WooCommerce)."""
_GROUPS = frozenset(map(usual_names.key, usual_names.GROUPS))


@dataclass(frozen=True)
class Variants:
    """How rows of variants are recognised.

    By a column of their type; or since they repeat what stands in `parent` and have no name; or, if `group`, since they
    repeat what stands in `parent`, whatever their own id and name. `parent` names their product in any case.
    """

    type_column: str | None
    parent: str
    group: bool = False


@dataclass(frozen=True)
class Survey:
    """What was decided on a sample of the rows. `fields` are the columns taken, by field.

    `separator` and `level` are of the category paths. `float_ids` is whether all ids are whole numbers with '.0', as
    a program writes them that took them for decimal numbers. `format` is what the file was read as. `sampled` is how
    many rows were looked at, None for all.
    """

    profiles: dict[str, Profile]
    fields: dict[str, Taken]
    separator: str | None
    level: Level
    variants: Variants | None
    float_ids: bool
    language: Language
    format: str
    sampled: int | None = None

    @property
    def columns(self) -> dict[str, str]:
        """The column of each field."""
        return {field: taken.column for field, taken in self.fields.items()}

    @property
    def unused(self) -> list[str]:
        """The columns that were taken for no field; their cells are kept as attributes."""
        used = {name for taken in self.fields.values() for name in (taken.column, *taken.also)}
        return [name for name in self.profiles if name not in used]


def survey(path: Path, settings: Settings, has_images: bool = False) -> Survey:
    """Look at a catalogue and decide how it is read. CatalogueError as of `catalogue.batches`."""
    source = open_rows(path, settings.max_rows)
    head, spread, complete = _sample(source.rows)
    rows = head + spread
    profiles = {name: Profile(name, [row.get(name) for row in rows]) for name in source.columns}
    headless = _looks_headless(source.columns) and not any(
        columns.by_name(field, profiles, set()) for field in ("name", "description", "image")
    )
    fields = columns.match(profiles, settings.columns) if not headless else {}
    variants = find_variants(head, profiles, fields, settings)
    if profiles and not fields.keys() & {"name", "description", "image"} and not has_images and not source.image_column:
        raise CatalogueError(nothing_to_group_by(path, profiles, headless))
    if variants is not None and variants.type_column is None and not variants.group:
        fields["id"] = Taken(variants.parent, "rows repeat it")
    cells = [row.get(fields["category"].column) for row in rows] if "category" in fields else []
    separator = settings.category_separator or categories.find_separator(cells)
    paths = [categories.split_path(cell, separator) for cell in cells]
    level = categories.choose_level(paths, settings.category_level)
    ids = profiles[fields["id"].column].texts if "id" in fields else []
    texts = [
        " ".join(as_text(row.get(fields[field].column)) or "" for field in ("name", "description") if field in fields)
        for row in rows[:HEAD]
    ]
    return Survey(
        profiles,
        fields,
        separator,
        level,
        variants,
        bool(ids) and all(re.fullmatch(r"\d+\.0", text) for text in ids),
        Language(settings.language, "as the setting language says") if settings.language else detect(texts),
        source.format,
        None if complete else len(rows),
    )


def _sample(rows: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]], bool]:
    """The first `HEAD` rows that could be read, at most `SPREAD` of the others at an even distance, and whether these
    are all.
    """
    cells = (row.cells for row in rows if row.cells)
    head = list(islice(cells, HEAD))
    spread: list[dict[str, Any]] = []
    stride = 1
    for number, row in enumerate(cells):
        if number % stride == 0:
            spread.append(row)
            if len(spread) > SPREAD:
                spread, stride = spread[::2], 2 * stride
    head, spread = ([{k: _cut(v) for k, v in row.items()} for row in part] for part in (head, spread))
    return head, spread, stride == 1


def _cut(cell: Any) -> Any:
    return mend(cell[:MAX_SAMPLE_CELL])[0] if isinstance(cell, str) else cell


def find_variants(
    head: list[dict[str, Any]], profiles: Mapping[str, Profile], fields: Mapping[str, Taken], settings: Settings
) -> Variants | None:
    """Whether rows are variants of other rows, and how they say so; None if there are none."""
    if not settings.join_variants:
        return None
    types = {
        name: {(as_text(row.get(name)) or "").strip().casefold() for row in head} & _CHILD
        for name in profiles
        if usual_names.key(name) in {"type", "fieldtype", "producttype", "rowtype", "recordtype"}
    }
    type_column = next((name for name, found in types.items() if found), None)
    handles = [
        name for wanted in usual_names.HANDLES for name in profiles if usual_names.key(name) == usual_names.key(wanted)
    ]
    parents = [name for name in profiles if usual_names.key(name) in {"parent", "parentid", "parentsku"}]
    if type_column is not None and parents:
        return Variants(type_column, parents[0])
    named = settings.columns.model_dump().values()
    for column in profiles:
        if _GROUPS.intersection(usual_names.keys(column)[-1:]) and column not in named:  # a name of signs has no key
            values = [text for row in head if not is_missing(text := as_text(row.get(column)))]
            if len(set(values)) < len(values):
                return Variants(None, column, group=True)
    name = fields["name"].column if "name" in fields else None
    own = fields["id"].column if "id" in fields else None
    if name is None:
        return None
    candidates = [own] if settings.columns.id else [*handles, own]
    for column in dict.fromkeys(filter(None, candidates)):
        names: dict[str, str | None] = {}
        followers = nameless = 0
        for row in head:
            value, own_name = as_text(row.get(column)), as_text(row.get(name))
            if value is None or is_missing(value):
                continue
            followers += value in names
            # a handle that is repeated with its name is a variant too; an id is a duplicate
            same = column in handles and own_name == names.get(value)
            nameless += value in names and (is_missing(own_name) or same)
            names.setdefault(value, own_name)
        if followers and nameless >= MIN_FOLLOWERS * followers:
            return Variants(None, column)
    return None


def is_variant(variants: Variants, cells: Mapping[str, Any]) -> str | None:
    """What a row that says it is a variant names its product by, as '1001' for 'id:1001'; None for any other row."""
    if variants.type_column is None:
        return None
    if (as_text(cells.get(variants.type_column)) or "").strip().casefold() not in _CHILD:
        return None
    parent = as_text(cells.get(variants.parent))
    return None if parent is None or is_missing(parent) else parent.strip().removeprefix("id:")


def _looks_headless(names: list[str]) -> bool:
    """Whether the names look like a row of data: a number, a price or an address is among them."""
    return any(re.fullmatch(r"[\d.,]+|https?://.*", name.strip()) for name in names)


def nothing_to_group_by(path: Path, profiles: Mapping[str, Profile], headless: bool) -> str:
    """The message where no text and no image was found: which columns there are, and how to name one."""
    first = " The first row looks like data: a header is needed there." if headless else ""
    shown = "; ".join(
        f"{name!r} ({', '.join(profile.examples()) or 'empty'})" for name, profile in list(profiles.items())[:12]
    )
    return (
        f"No column of {path} looks like a product's name, description or image.{first} Its columns are {shown}. "
        "Say which holds what, as --column name=COLUMN, or in aislemap.toml under [catalogue.columns]."
    )

"""How a catalogue is read, in words: what `aislemap look` prints, and the first lines of `aislemap ingest`.

Nothing is computed but the reading itself, so that it takes a second or two.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ingestion.config import Catalogue as Settings
from ingestion.issues import shorten
from ingestion.reading import catalogue, texts
from ingestion.reading.columns import Profile
from ingestion.reading.image_folder import Folder
from ingestion.reading.parquet_rows import holds_images
from ingestion.reading.survey import Survey, survey

MAX_PARTS = 5
"""Parts of 1,000 rows that are read as products: enough for the issues to be seen."""
SHOWN = 12
"""Categories, columns and issues that are listed by name."""
WIDTH = 120


@dataclass
class Images:
    """Where the products' images were found. `missing` are the first names that were not."""

    found: int = 0
    without: int = 0
    missing_count: int = 0
    missing: list[str] = field(default_factory=list)


def look(path: Path, images: Path | None, settings: Settings, most_groups: int | None = None) -> list[str]:
    """The reading of a catalogue as lines of text; errors as of `catalogue.batches`.

    `most_groups` is how many groups a study of it would make at most, None without a limit.
    """
    found = survey(path, settings, images is not None)
    parts = list(islice(catalogue.batches(path, settings, images is not None), MAX_PARTS + 1))
    complete = len(parts) <= MAX_PARTS
    parts = parts[:MAX_PARTS]
    products = [row for part in parts for row in part.products.to_pylist()]
    issues = [row for part in parts for row in part.issues.to_pylist()]
    sizes = Counter(row["category"] for row in products if row["category"] is not None)
    of = "" if complete else f" of the first {MAX_PARTS * catalogue.BATCH:,} rows"
    return [
        f"{path.name}: {found.format}, {len(products):,} products{of}, {len(found.profiles)} columns",
        "",
        *taken(found),
        *unused(found),
        *variants(found),
        "",
        *category_lines(found, sizes, most_groups),
        "",
        f"Language: {found.language.name} ({found.language.reason}).",
        *([] if found.language.code == "en" else [texts.describe(found.language)]),
        *image_lines(path, images, found, products),
        "",
        *issue_lines(issues),
        "",
        *pinned(path, images, found),
    ]


def opening(path: Path, settings: Settings, has_images: bool = False, most_groups: int | None = None) -> list[str]:
    """The reading of a catalogue in a few lines, before it is studied; errors as of `survey`, the rest as above."""
    found = survey(path, settings, has_images)
    return [
        f"{path.name}: {found.format}, {len(found.profiles)} columns, {found.language.name}.",
        *taken(found),
        *unused(found),
        *variants(found),
        *category_lines(found, found.level.sizes, most_groups, found.sampled),
        f"`aislemap look {path.name}` shows more, and how to say otherwise.",
    ]


def taken(found: Survey) -> list[str]:
    """A line per field: the column that was taken for it, two values, and why."""
    lines = ["Taken for"]
    for name, its in found.fields.items():
        columns = ", else ".join(shorten(column, 40) for column in (its.column, *its.also))
        values = ", ".join(found.profiles[its.column].examples()) or "empty"
        lines.append(f"  {name:<12} {columns}: {values} ({its.why})")
    absent = [name for name in ("name", "description", "category", "image") if name not in found.fields]
    if absent:
        lines.append(f"  no column for {', '.join(absent)}")
    if not found.fields.keys() & {"name", "description"}:
        lines.append(
            "  NO TEXT: word methods and sentence encoders have nothing to read; --column name=COLUMN says which it is"
        )
    return lines


def unused(found: Survey) -> list[str]:
    """One line on the columns that are not used, with a value each."""
    if not found.unused:
        return []
    shown = [_example(found.profiles, name) for name in found.unused[:SHOWN]]
    more = f" and {len(found.unused) - SHOWN} more" if len(found.unused) > SHOWN else ""
    return [f"Not used (kept as attributes): {', '.join(shown)}{more}."]


def _example(profiles: Mapping[str, Profile], name: str) -> str:
    value = next(iter(profiles[name].examples(1)), "empty")
    return f"{shorten(name, 30)} ({value})"


def variants(found: Survey) -> list[str]:
    """One line where rows are variants of one product."""
    if found.variants is None:
        return []
    if found.variants.type_column:
        how = f"rows that {shorten(found.variants.type_column)} calls a variant belong to the product in "
        how += shorten(found.variants.parent)
    elif found.variants.group:
        how = f"rows of one {shorten(found.variants.parent)} are one product (join_variants = false keeps each)"
    else:
        how = f"rows that repeat {shorten(found.variants.parent)} without a name of their own are one product"
    return [f"Variants: {how}; their images are joined."]


def category_lines(
    found: Survey, sizes: Counter[str], most_groups: int | None = None, sampled: int | None = None
) -> list[str]:
    """The categories with their products, and the level that counts with its reason; where groups are fewer, that.

    `sampled` is in how many rows they were counted where those are not all.
    """
    if "category" not in found.fields:
        return ["Categories: no column holds them, so that the groups are made and not scored."]
    level = found.level
    lines = [f"Categories: {len(sizes):,}" + (f" in a sample of {sampled:,} rows" if sampled else "")]
    if level.deepest > 1:
        at = f"paths split at {found.separator!r}" if found.separator else "lists of levels"
        lines[0] += f" at level {level.number} of {level.deepest} ({at}): {level.reason}"
    shown = [f"{shorten(name, 40)} {size:,}" for name, size in sizes.most_common(SHOWN)]
    more = f" and {len(sizes) - SHOWN:,} more" if len(sizes) > SHOWN else ""
    if shown:
        lines.append(f"  {', '.join(shown)}{more}")
    if len(sizes) == 1:
        lines.append("  Only one category: the agreement with the categories cannot be scored.")
    small = sum(size < 5 for size in sizes.values())
    if small and len(sizes) > 1 and not sampled:
        lines.append(f"  {small:,} of them have fewer than 5 products, too few to judge them by.")
    if most_groups and len(sizes) > most_groups:
        lines.append(f"  {most_groups:,} groups are made for them: study.most_groups, or --k, says how many.")
    return lines


def image_lines(path: Path, images: Path | None, found: Survey, products: list[dict[str, object]]) -> list[str]:
    """How many products' images are in the folder, and the first names that are missing."""
    if images is None:
        if holds_images(path):
            return ["Images: in the catalogue itself."]
        named = sum(row["image_path"] is not None for row in products)
        if named:
            return [f"Images: {named:,} of {len(products):,} products name one; --images DIR says where they lie."]
        return ["Images: none are named, and no folder was given (--images DIR)."]
    counted = find_images(Folder(images), products)
    line = f"Images: {counted.found:,} of {len(products):,} products have one in {images.name}"
    line += f"; {counted.missing_count:,} named ones are missing" if counted.missing_count else ""
    line += f"; {counted.without:,} have none by their id" if counted.without else ""
    lines = [line + "."]
    if counted.missing:
        lines.append(f"  missing: {', '.join(shorten(name) for name in counted.missing)}")
    return lines


def find_images(folder: Folder, products: list[dict[str, object]]) -> Images:
    """Look up each product's image by name; nothing is opened."""
    counted = Images()
    for row in products:
        first, others = row["image_path"], row["other_images"]
        names = [name for name in (first, *(others if isinstance(others, list) else [])) if isinstance(name, str)]
        file = folder.find(names, str(row["product_id"]))
        if file is None:
            counted.without += 1
        elif file in folder:
            counted.found += 1
        else:
            counted.missing_count += 1
            counted.missing += [file] if len(counted.missing) < 3 else []
    return counted


def issue_lines(issues: list[dict[str, object]]) -> list[str]:
    """The issues of the reading by problem, each with its first detail."""
    if not issues:
        return ["Issues: none."]
    first: dict[object, object] = {}
    counts = Counter(row["problem"] for row in issues)
    for row in issues:
        where = f"row {row['catalogue_row']}: " if row["catalogue_row"] else ""
        first.setdefault(row["problem"], f"{where}{row['detail']}")
    lines = ["Issues"]
    for problem, count in counts.most_common():
        detail = " ".join(str(first[problem]).split())
        lines.append(f"  {count:>6,} {problem}: {detail if len(detail) <= 2 * WIDTH else detail[: 2 * WIDTH] + '…'}")
    return lines


def pinned(path: Path, images: Path | None, found: Survey) -> list[str]:
    """The settings that pin this reading, and the command that uses them."""
    lines = ["To pin this reading, in aislemap.toml:", "", "[catalogue]"]
    if "category" in found.fields and found.level.deepest > 1:
        lines.append(f"category_level = {found.level.number}")
        if found.separator:
            lines.append(f"category_separator = {_toml(found.separator)}")
    lines.append(f"language = {_toml(found.language.code)}")
    lines += ["", "[catalogue.columns]", *(f"{name} = {_toml(its.column)}" for name, its in found.fields.items())]
    folder = f" --images {images}" if images else ""
    return [*lines, "", f"Then: aislemap ingest {path}{folder} --config aislemap.toml --store mystore"]


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

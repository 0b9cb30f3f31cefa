"""Category paths are split where the cells show it, and the level that counts has a reason."""

from pathlib import Path
from typing import Any

import pytest

from ingestion.config import Catalogue as Settings
from ingestion.reading import catalogue
from ingestion.reading.categories import choose_level, find_separator, split_path

TREE = [("Home", "Tea", "Pots"), ("Home", "Tea", "Cups"), ("Home", "Light", "Lanterns"), ("Home", "Light", "Candles")]


@pytest.mark.parametrize("separator", [">>", ">", " > ", "/", " / ", "|", "»", " » ", "::", ";", "\\", "›", "→", ","])
def test_the_separator_of_a_tree_is_found(separator: str) -> None:
    cells = [separator.join(path) for path in TREE]
    found = find_separator(cells)
    assert found == separator.strip()
    assert [split_path(cell, found) for cell in cells] == [list(path) for path in TREE]


def test_a_separator_written_as_html_is_found() -> None:
    cells = [" &gt; ".join(path) for path in TREE]
    assert split_path(cells[0], find_separator(cells)) == list(TREE[0])


@pytest.mark.parametrize(
    "cells",
    [
        ["TV/Audio", "Toys/Games", "Pets"],
        ["Cups, Mugs & Saucers", "Lanterns", "Plates, Bowls"],
        ["Women's Tops - New", "Shoes", "Bags"],
        ["https://shop.example/a/b", "https://shop.example/a/c"],
        ["Mugs", "Cups"],
        ["", None],
    ],
)
def test_names_that_hold_a_sign_are_no_paths(cells: list[Any]) -> None:
    assert find_separator(cells) is None


@pytest.mark.parametrize(
    ("cell", "levels"),
    [
        ("Home, Home > Mugs", ["Home", "Mugs"]),
        ("Home > Mugs, Home > Mugs > Large", ["Home", "Mugs", "Large"]),
        ("Food, Drinks > Tea", ["Food, Drinks", "Tea"]),
        ([["Home", "Mugs"], ["Gifts"]], ["Home", "Mugs"]),
        ("[['Home', 'Mugs'], ['Gifts']]", ["Home", "Mugs"]),
        ([{"id": 1, "name": "Home"}, {"id": 2, "name": "Mugs"}], ["Home", "Mugs"]),
        ({"id": 7, "name": "Mugs"}, ["Mugs"]),
        ({"de": "Becher", "en": "Mugs"}, ["Mugs"]),
        ("Home > ", ["Home"]),
    ],
)
def test_of_several_paths_the_first_or_its_continuation_counts(cell: Any, levels: list[str]) -> None:
    assert split_path(cell, ">") == levels


@pytest.mark.parametrize(
    "word",
    ["NA", "n/a", "N/A", "nan", "NaN", "NULL", "null", "None", "\\N", "-", "#N/A", "<NA>", "Uncategorised",
     "uncategorized", "?"],
)  # fmt: skip
def test_words_for_a_missing_value_are_no_category(tmp_path: Path, word: str) -> None:
    path = tmp_path / "c.csv"
    path.write_text(f"id,name,category\n1,plum teapot,Tea\n2,lantern,{word}\n3,candle,Light\n")
    found = catalogue.read(path, Settings())
    assert found.products["category"].to_pylist() == ["Tea", None, "Light"]
    (detail,) = [row["detail"] for row in found.issues.to_pylist() if row["problem"] == "no category"]
    assert f"1 of 3 rows (first: row 2) have no category (written as {word!r} 1 times)" in detail


@pytest.mark.parametrize(
    ("paths", "number"),
    [
        ([path for path in TREE for _ in range(5)], 2),
        ([path[1:] for path in TREE for _ in range(5)], 1),
        ([path for path in TREE for _ in range(2)], 2),
        ([("Home", f"N{i}", f"K{i % 3}") for i in range(300)], 3),
        ([("Home",)] * 9, 1),
        ([], 1),
    ],
    ids=["one root", "two roots", "few products", "many small categories above", "one level", "none"],
)
def test_the_first_level_that_can_be_judged_counts(paths: list[tuple[str, ...]], number: int) -> None:
    assert choose_level(paths).number == number


def test_a_level_that_is_set_counts_whatever_the_sizes() -> None:
    assert choose_level(TREE, 3).number == 3


def test_the_level_and_its_reason_are_an_issue(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    rows = [f"{i}{j},plum thing {i},{' > '.join(path)}" for i, path in enumerate(TREE) for j in range(5)]
    path.write_text("\n".join(["id,name,category", *rows]))
    found = catalogue.read(path, Settings())
    assert set(found.products["category"].to_pylist()) == {"Tea", "Light"}
    assert found.products["category_path"][0].as_py() == "Home >> Tea >> Pots"
    (issue,) = found.issues.to_pylist()
    assert issue["detail"] == (
        "Of the category paths that were split at '>' level 2 counts: the first level with 2 to 50 categories of 5 "
        "products or more."
    )

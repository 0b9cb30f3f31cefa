"""Products are filtered and sorted by any column of the catalogue."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dash import Dash

from dashboard.app import create_app
from dashboard.pages.products import columns as product_columns
from dashboard.selecting.conditions import Place
from dashboard.selecting.selection import BadRule, Query
from store.errors import QueryError
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import products_page, texts

EVERY = Query("SELECT catalogue_row FROM products", [])


@pytest.fixture(scope="module")
def app(small_store: Root) -> Dash:
    return create_app(small_store)


def prices(answer: dict[str, Any]) -> list[float]:
    words = texts(answer["products-body"]["children"])
    return [float(word.removeprefix("price: ")) for word in words if word.startswith("price: ")]


def test_products_are_sorted_by_a_number_both_ways(app: Dash, small_store: Root) -> None:
    with Reader(small_store).cursor() as cursor:
        every = sorted(price for (price,) in cursor.execute("SELECT price FROM products").fetchall())
    assert prices(products_page(app, sort="price")) == every[:36]
    assert prices(products_page(app, sort="price", order="down")) == every[::-1][:36]
    assert prices(products_page(app, sort="price", page=2)) == every[36:]
    assert prices(products_page(app)) == []


def test_products_are_filtered_by_a_column_and_sorted_by_another(app: Dash) -> None:
    rules = [
        str(product_columns.filter_rule("price", how, value)) for how, value in (("least", "200"), ("most", "300"))
    ]
    answer = products_page(app, where=rules, sort="price")
    assert prices(answer) == [float(price) for price in range(209, 300, 10)]
    shown = " ".join(texts(answer["products-rule"]["children"]))
    assert "whose price is at least 200, whose price is at most 300" in shown
    assert shown.count("remove") == 2
    assert answer["products-count"]["children"] == "10 products"


def test_a_column_of_the_catalogues_own_is_offered_and_filters(app: Dash, small_store: Root) -> None:
    with Reader(small_store).cursor() as cursor:
        offered = product_columns.columns(cursor)
        place = Place(cursor, small_store, 1)
        assert {"brand", "price", "category", "colour", "pack"} <= set(offered)
        assert len(product_columns.ordered(place, EVERY, "colour", False, 3, 0)) == 3
        with pytest.raises(QueryError, match="no column 'size'"):
            product_columns.ordered(place, EVERY, "size", False, 3, 0)
    rule = str(product_columns.filter_rule("colour", "is", "no such colour"))
    assert "No product matches" in texts(products_page(app, where=[rule])["products-body"]["children"])
    assert "cannot be shown" in " ".join(texts(products_page(app, sort="size")["products-body"]["children"]))


def test_a_bound_that_is_no_number_is_refused_in_words() -> None:
    with pytest.raises(BadRule, match="'cheap' is not a number"):
        product_columns.filter_rule("price", "least", "cheap")


def test_a_price_that_is_no_number_is_refused_in_words() -> None:
    with pytest.raises(BadRule, match="'12,99' is not a number"):
        product_columns.filter_rule("price", "is", "12,99")
    assert str(product_columns.filter_rule("brand", "is", "12,99")) == "is~brand~12,99"


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("name", ["category", "price", "size"])
def test_products_without_a_value_come_last_in_both_orders(name: str, down: bool) -> None:
    """Sizes are texts of which some are numbers: '9' before '10', and both before 'XL'; rows of one value by id."""
    rows = [
        ("d", None, None, None), ("b", "rugs", 10.0, "10"), ("a", "Mugs", 9.5, "9"), ("e", "mugs", None, ""),
        ("c", "Mugs", 9.5, "XL"), ("f", None, 100.0, "9"),
    ]  # fmt: skip
    expected = {
        ("category", False): "acebdf", ("category", True): "bacedf", ("price", False): "acbfde",
        ("price", True): "fbacde", ("size", False): "afbcde", ("size", True): "bafcde",
    }  # fmt: skip
    with duckdb.connect() as cursor:
        cursor.execute(
            """CREATE TABLE products (catalogue_row BIGINT, product_id VARCHAR, category VARCHAR, price DOUBLE,
                                      attributes JSON)"""
        )
        for n, (product_id, category, price, size) in enumerate(rows):
            own = json.dumps({} if size is None else {"size": size})
            cursor.execute("INSERT INTO products VALUES (?, ?, ?, ?, ?)", [n, product_id, category, price, own])
        place = Place(cursor, Root(Path()), 1)
        found = [row for row, _ in product_columns.ordered(place, EVERY, name, down, 10, 0)]
        pages = [product_columns.ordered(place, EVERY, name, down, 2, offset)[0][0] for offset in (0, 2, 4)]
    assert "".join(rows[row][0] for row in found) == expected[name, down]
    assert pages == found[::2]

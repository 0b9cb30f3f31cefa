"""Products are filtered and sorted by any column of the catalogue."""

from typing import Any

import pytest
from dash import Dash

from dashboard import product_columns
from dashboard.app import create_app
from dashboard.conditions import Place
from dashboard.selection import BadRule
from store.errors import QueryError
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import products_page, texts


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
        assert len(product_columns.ordered(place, [1, 2, 3], "colour", down=False)) == 3
        with pytest.raises(QueryError, match="no column 'size'"):
            product_columns.ordered(place, [1], "size", down=False)
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


def test_products_without_a_value_come_last_in_both_orders(small_store: Root) -> None:
    with Reader(small_store).cursor() as cursor:
        rows = [row for (row,) in cursor.execute("SELECT catalogue_row FROM products").fetchall()]
        place = Place(cursor, small_store, 1)
        for down in (False, True):
            found = [value for _, value in product_columns.ordered(place, rows, "category", down)]
            known = [value for value in found if value]
            assert found == known + [None] * (len(found) - len(known))
            assert known == sorted(known, key=str.lower, reverse=down)

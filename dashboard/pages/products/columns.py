"""Products by the columns of the catalogue: the form that adds a rule to the list, and the order of the list."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboard import components as ui
from dashboard import context
from dashboard.selecting import conditions, lists, selection
from dashboard.selecting.conditions import Place
from dashboard.selecting.selection import BadRule, Rule
from dashboard.state import callback, link
from store.questions import catalogue
from store.questions.ask import Cursor, column
from store.reader import Reader

LEFT_OUT = ("description", "image_path", "other_images", "catalogue_row")
"""Columns that nobody orders a list by, or that are its order already; a rule may name them all the same."""
CONDITIONS = {"is": "is", "least": "is at least", "most": "is at most"}
IN_ORDER = "catalogue_row"
"""What a list is sorted by where nobody chose a column. (A select shows no name of an empty value.)"""
NUMBERS = ("price",)
"""Columns of `products` that are numbers; the catalogue's own are texts, which may be read as numbers."""
ORDERS = {"up": "the smallest first", "down": "the largest first"}


def columns(cursor: Cursor) -> list[str]:
    """The columns of the catalogue: those of `products`, then its own, the most often filled first."""
    usual = [name for name in conditions.COLUMNS if name not in LEFT_OUT]
    return [*usual, *(name for name in catalogue.attributes(cursor) if name not in conditions.COLUMNS)]


def form(reader: Reader, state: dict[str, Any]) -> Any:
    """The controls: a column, a condition and a value to add, and the column to sort by."""
    names = context.of(reader).ask(columns)
    options = [{"value": name, "label": name} for name in names]
    order = [{"value": IN_ORDER, "label": "the catalogue's order"}, *options]
    value = dbc.Input(id="products-value", size="sm", maxlength=200, value="", type="text")
    add = dbc.Button("Add filter", id="products-add", size="sm", color="secondary", outline=True)
    return html.Div(
        [
            ui.field("Filter by", ui.select("products-column", options, "brand"), "products-column"),
            ui.field("Condition", ui.select("products-how", _options(CONDITIONS), "is"), "products-how"),
            ui.field("Value", value, "products-value"),
            add,
            ui.field("Sort by", ui.select("products-sort", order, state["sort"]), "products-sort"),
            ui.field("Order", ui.select("products-order", _options(ORDERS), state["order"]), "products-order"),
            html.Div(id="products-filter-error", className="count", role="status"),
        ],
        className="controls columns-form",
    )


def register(app: Dash) -> None:
    """Add the rule of the form to the list's rules when it is sent."""

    @callback(
        app,
        Output("products-where", "data", allow_duplicate=True),
        Output("products-value", "value"),
        Output("products-filter-error", "children"),
        Input("products-add", "n_clicks"),
        Input("products-value", "n_submit"),
        State("products-column", "value"),
        State("products-how", "value"),
        State("products-value", "value"),
        State("products-where", "data"),
        prevent_initial_call=True,
    )
    def add(clicks: int | None, sent: int | None, name: str, how: str, value: str | None, where: list[str]) -> Any:
        try:
            made = [*(where or []), str(filter_rule(name, how, (value or "").strip()))]
            selection.read(made)
        except BadRule as error:
            return no_update, no_update, str(error)
        return made, "", None


def filter_rule(name: str, how: str, value: str) -> Rule:
    """The rule of a column, one of `CONDITIONS` and a value. BadRule if that means nothing."""
    if how == "is":
        return selection.rule("is", name, value)
    return selection.rule("range", name, *((value, "") if how == "least" else ("", value)))


def paged(
    place: Place, chosen: selection.Query, name: str, down: bool, page: int | None, per_page: int
) -> tuple[list[tuple[int, str | None]], int, int, int]:
    """The rows of a page as those of `ordered`, and how many are `chosen`; the page's number and the last, from 1."""
    if name == IN_ORDER:  # all are read, once: of a search, to find them takes longer than to hold their numbers
        every = (
            place.cursor.sql(f"{chosen.sql} ORDER BY catalogue_row", params=chosen.values).to_arrow_table().column(0)
        )
        at, last = lists.page_of(len(every), page, per_page)
        shown = every.slice((at - 1) * per_page, per_page).to_pylist()
        return [(row, None) for row in shown], len(every), at, last
    total = column(place.cursor, f"SELECT count(*) FROM ({chosen.sql})", chosen.values)[0]
    at, last = lists.page_of(total, page, per_page)
    return ordered(place, chosen, name, down, per_page, (at - 1) * per_page), total, at, last


def ordered(
    place: Place, chosen: selection.Query, name: str, down: bool, count: int, offset: int
) -> list[tuple[int, str | None]]:
    """`count` catalogue rows of those `chosen`, after `offset`, in the order of a column, each with its value there.

    Those without a value come last both ways, numbers are ordered as numbers and before texts, and of equal ones the
    smaller product_id comes first. QueryError if there is no such column.
    """
    expression, values = conditions.value_of(place, name)
    found = f"SELECT catalogue_row, product_id, price, nullif({expression}, '') AS value FROM products p"
    if name not in conditions.COLUMNS:
        kept, values = catalogue.own_values(place.cursor, name)
        found = f"SELECT catalogue_row, product_id, value FROM products JOIN {kept} USING (catalogue_row)"
    way = "DESC" if down else "ASC"
    if name in NUMBERS:
        order = f"{name} {way} NULLS LAST, product_id"
    else:
        order = f"value IS NULL, try_cast(value AS DOUBLE) {way} NULLS LAST, lower(value) {way}, product_id"
    return place.cursor.execute(
        f"SELECT catalogue_row, value FROM ({found}) WHERE catalogue_row IN ({chosen.sql}) ORDER BY {order} "
        "LIMIT ? OFFSET ?",
        [*values, *chosen.values, count, offset],
    ).fetchall()


def chips(where: Sequence[str], others: dict[str, Any]) -> Any:
    """The rules of the list in words, each with the link that takes it away and keeps `others` of the address."""
    rules = selection.read(where)
    return html.Div(
        [
            html.Span(
                [
                    html.Span(
                        selection.describe([rule]).removeprefix("Products ").removesuffix("."), className="chip-name"
                    ),
                    dcc.Link(
                        ["remove", html.Span(f" {selection.describe([rule])}", className="visually-hidden")],
                        href=link("/products", **others, where=[*where[:i], *where[i + 1 :]]),
                        className="chip-remove",
                    ),
                ],
                className="chip",
            )
            for i, rule in enumerate(rules)
        ],
        className="chips",
    )


def _options(names: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": key, "label": name} for key, name in names.items()]

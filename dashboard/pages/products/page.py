"""Products: search, filter and page through them."""

from typing import Any

from dash import Dash, Input, Output, dcc, html, no_update

from dashboard import components as ui
from dashboard import context, words
from dashboard.pages import Page
from dashboard.pages.map import COLOURS
from dashboard.pages.products import columns
from dashboard.selecting import lists, map_selection, selection
from dashboard.selecting.conditions import Place
from dashboard.state import SNAPSHOT, Address, Control, callback, link
from dashboard.theme import Look
from store.errors import AislemapError
from store.questions import catalogue
from store.reader import Reader

PER_PAGE = 36
RULE = ("lasso", "focus", "colour", "grouping", "m0", selection.PARAMETER)
"""The parts of the rule of a selection that have no control here: see `map_selection`."""
ALL = {"value": map_selection.ALL, "label": "All categories"}
ADDRESS = Address(
    "/products",
    (
        Control("q", "products-search", typed=True),
        Control("category", "products-category", ALL["value"]),
        Control("lasso", "products-lasso", "", "data"),
        Control("focus", "products-focus", [], "data"),
        Control("colour", "products-colour", "", "data"),
        Control("grouping", "products-grouping", "", "data"),
        Control("m0", "products-m0", "", "data"),
        Control(selection.PARAMETER, "products-where", [], "data"),
        Control("sort", "products-sort", columns.IN_ORDER),
        Control("order", "products-order", "up"),
        Control("page", "products-page", 1, "active_page", restarts=True),
    ),
)


def layout(reader: Reader, search: str) -> Any:
    """The controls in the state of the address."""
    state = ADDRESS.read(search)
    with reader.cursor() as cursor:
        categories = [{"value": c.name, "label": f"{c.name} ({c.count:,})"} for c in catalogue.categories(cursor)]
    return ui.page(
        "Products",
        "Search by name, brand, description or id; open one for its group by each method and similar products.",
        ADDRESS.store(),
        *(dcc.Store(id=f"products-{name}", data=state[name]) for name in RULE),
        html.Div(
            [
                ui.field(
                    "Search",
                    lists.search("products-search", state["q"], "Words of the name, the brand or the description"),
                    "products-search",
                ),
                ui.field(
                    "Category",
                    ui.select("products-category", [ALL, *categories], state["category"]),
                    "products-category",
                ),
                html.Div(id="products-count", className="count"),
            ],
            className="controls wide-first",
        ),
        columns.form(reader, state),
        html.Div(id="products-rule", className="count"),
        ui.loading(html.Div(id="products-body")),
        lists.pages("products-page", state["page"]),
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the page; a new search starts on the first page."""
    ADDRESS.register(app)
    columns.register(app)

    @callback(
        app,
        Output("products-body", "children"),
        Output("products-count", "children"),
        Output("products-rule", "children"),
        Output("products-page", "max_value"),
        Output("products-page", "class_name"),
        Output("products-page", "active_page", allow_duplicate=True),
        Input(SNAPSHOT, "data"),
        Input("products-search", "value"),
        Input("products-category", "value"),
        Input("products-page", "active_page"),
        Input("products-sort", "value"),
        Input("products-order", "value"),
        *(Input(f"products-{name}", "data") for name in RULE),
        prevent_initial_call="initial_duplicate",
    )
    def body(
        number: int, text: str | None, category: str | None, page: int | None, sort: str, order: str, *rule: Any
    ) -> Any:
        asked = context.of(reader, number)
        chosen = {} if sort == columns.IN_ORDER else {"sort": sort, "order": order}
        asked_for = {"q": text, "category": category, **dict(zip(RULE, rule, strict=True))}
        wanted = map_selection.rule(asked_for)
        with reader.cursor(number) as cursor:
            try:
                selected = map_selection.query(asked, cursor, wanted)
                place = Place(cursor, asked.root, asked.number)
                rows, total, at, last = columns.paged(place, selected, sort, order == "down", page, PER_PAGE)
            except AislemapError as error:
                return ui.notice("This selection cannot be shown", str(error)), "", _EVERYTHING, 1, "d-none", no_update
            found = catalogue.products_at(cursor, [row for row, _ in rows])
        count = lists.counted(words.count(total, "product"), at, last)
        if not found:
            content = ui.notice("No product matches", "Try fewer words, or all categories.", name="no-match")
        else:
            content = html.Div(
                [
                    ui.tile(number, product, _under(product, asked.looks(), sort, value))
                    for (_, value), product in zip(rows, found, strict=True)
                ],
                className="tiles",
            )
        named = {name: value for name, value in asked_for.items() if value and value != ALL["value"]}
        others = {name: value for name, value in named.items() if name != selection.PARAMETER}
        by = [
            html.Div(_by(wanted)) if wanted.narrows else None,
            html.Div([selection.describe(selection.read(wanted.where)), " ", _EVERYTHING]) if wanted.where else None,
            columns.chips(wanted.where, {**others, **chosen}) if wanted.where else None,
            html.Div(["Take this list as ", *_files(number, named)]) if found else None,
        ]
        return content, count, by, last, lists.pages_class(last), at if at != page else no_update


_EVERYTHING = dcc.Link("all products", href="/products")


def _files(number: int, named: dict[str, Any]) -> list[Any]:
    """The links to the list as files: the same rule."""
    csv, parquet = (
        html.A(name, href=link(f"/selection/{form}", number=number, **named), download=f"selection.{form}")
        for form, name in (("csv", "CSV"), ("parquet", "Parquet"))
    )
    return [csv, " or ", parquet]


def _by(wanted: map_selection.Rule) -> Any:
    """What the products were selected by on the maps, and the ways there and back to all of them."""
    parts = [f"{words.named(COLOURS, wanted.colour)}: {words.listed(wanted.focus)}"] if wanted.focus else []
    if wanted.lasso:
        method, _, reducer = wanted.lasso.partition(":")[0].partition(".")
        parts.append(f"a region of the map {words.method(method)}, {words.named(words.REDUCERS, reducer)}")
    rule = {
        "lasso": wanted.lasso, "focus": list(wanted.focus), "colour": wanted.colour, "grouping": wanted.grouping,
        "m0": wanted.method, "q": wanted.text,
    }  # fmt: skip
    return [
        f"Selected on the maps by {words.listed(parts)}: ",
        dcc.Link("on the maps", href=link("/map", **rule)),
        " · ",
        _EVERYTHING,
    ]


def _under(product: catalogue.Brief, looks: dict[str, Look], sort: str, value: str | None) -> Any:
    """The category, and the value of the column that the list is sorted by."""
    category = product.category
    shown = ["no category"] if category is None else [ui.dot(looks[category]), category]
    if sort in (columns.IN_ORDER, "category"):
        return shown
    if sort == "price" and product.price is not None:
        value = f"{product.price:,.2f}"
    return [*shown, html.Div(f"{sort}: {value or '–'}")]


PAGE = Page("/products", "Products", 50, layout, register)

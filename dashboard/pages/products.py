"""Products: search, filter and page through them."""

from typing import Any

from dash import Dash, Input, Output, html, no_update

from dashboard import components as ui
from dashboard import lists, theme, words
from dashboard.pages import Page
from dashboard.state import SNAPSHOT, Address, Control, callback
from dashboard.theme import Look
from store.questions import catalogue
from store.reader import Reader

PER_PAGE = 36
ALL = {"value": "*", "label": "All categories"}
ADDRESS = Address(
    "/products",
    (
        Control("q", "products-search", typed=True),
        Control("category", "products-category", ALL["value"]),
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
        ui.loading(html.Div(id="products-body")),
        lists.pages("products-page", state["page"]),
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the page; a new search starts on the first page."""
    ADDRESS.register(app)

    @callback(
        app,
        Output("products-body", "children"),
        Output("products-count", "children"),
        Output("products-page", "max_value"),
        Output("products-page", "class_name"),
        Output("products-page", "active_page", allow_duplicate=True),
        Input(SNAPSHOT, "data"),
        Input("products-search", "value"),
        Input("products-category", "value"),
        Input("products-page", "active_page"),
        prevent_initial_call="initial_duplicate",
    )
    def body(number: int, text: str | None, category: str | None, page: int | None) -> Any:
        with reader.cursor(number) as cursor:
            chosen = None if category == ALL["value"] else category
            wanted = max(1, int(page or 1))
            found = catalogue.search(cursor, text or "", chosen or None, PER_PAGE, (wanted - 1) * PER_PAGE)
            last = max(1, -(-found.total // PER_PAGE))
            if wanted > last:  # fewer matches than before: show the last page
                wanted = last
                found = catalogue.search(cursor, text or "", chosen or None, PER_PAGE, (wanted - 1) * PER_PAGE)
            looks = theme.looks([c.name for c in catalogue.categories(cursor)])
        count = lists.counted(words.count(found.total, "product"), wanted, last)
        if not found.products:
            content = ui.notice("No product matches", "Try fewer words, or all categories.", name="no-match")
        else:
            content = html.Div([ui.tile(number, p, _under(p, looks)) for p in found.products], className="tiles")
        return content, count, last, lists.pages_class(last), wanted if wanted != page else no_update


def _under(product: catalogue.Brief, looks: dict[str, Look]) -> Any:
    if product.category is None:
        return "no category"
    return [ui.dot(looks[product.category]), product.category]


PAGE = Page("/products", "Products", 50, layout, register)

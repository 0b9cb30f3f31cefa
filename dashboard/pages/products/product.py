"""One product: its image and texts, its group by each method, its nearest neighbours, and what to check."""

import json
from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard import components as ui
from dashboard import context, words
from dashboard.context import Context
from dashboard.pages import PRODUCT, Page
from dashboard.pages.check.review_card import review_link
from dashboard.state import SNAPSHOT, Address, Control, callback
from dashboard.theme import Look
from store.questions import catalogue, study
from store.reader import Reader

NEIGHBOURS = 8
ADDRESS = Address(PRODUCT, (Control("id", "product-id", "", "data"),))


def layout(reader: Reader, search: str) -> Any:
    """A place for the product of the address."""
    state = ADDRESS.read(search)
    return html.Div(
        [ADDRESS.store(), dcc.Store(id="product-id", data=state["id"]), ui.loading(html.Div(id="product-body"))]
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the page."""
    ADDRESS.register(app)

    @callback(app, Output("product-body", "children"), Input(SNAPSHOT, "data"), Input("product-id", "data"))
    def body(number: int, product_id: str) -> Any:
        asked = context.of(reader, number)
        product = asked.ask(catalogue.product, product_id)
        if product is None:
            return ui.not_found(
                f"There is no product {product_id!r} in snapshot {number}.", "Search for it on the Products page."
            )
        looks = asked.looks()
        return ui.page(
            product.name or product.product_id,
            [_category(product.category, looks), f" · {product.product_id}"],
            html.Div(
                [
                    html.Div([_image(number, product), _facts(product)], className="stack"),
                    html.Div(
                        [_concerns(asked, product_id), _placements(asked, product, looks), _texts(product)],
                        className="stack",
                    ),
                ],
                className="product",
            ),
            _neighbours(asked, product, looks),
        )


def _category(category: str | None, looks: dict[str, Look]) -> Any:
    return html.Span([ui.dot(looks[category]), category] if category in looks and category else "no category")


def _image(number: int, product: catalogue.Product) -> Any:
    return html.Section(
        ui.image(number, product.product_id, product.name, product.width is not None, "big-image"),
        className="panel",
    )


def _facts(product: catalogue.Product) -> Any:
    pairs = {
        "Category path": product.category_path,
        "Brand": product.brand,
        "Price": None if product.price is None else f"{product.price:,.2f}",
        "Image": product.image_path,
        "Image size": f"{product.width} x {product.height} px" if product.width else None,
        "Catalogue row": f"{product.catalogue_row:,}",
    }
    others = json.loads(product.attributes or "{}")
    more = html.Details([html.Summary(f"All other columns ({len(others)})"), _pairs(others)]) if others else None
    return ui.card("In the catalogue", _pairs(pairs), more)


def _pairs(pairs: dict[str, Any]) -> Any:
    lines = [part for name, value in pairs.items() if value for part in (html.Dt(name), html.Dd(str(value)))]
    return html.Dl(lines, className="facts-list")


def _concerns(asked: Context, product_id: str) -> Any:
    found = asked.ask(catalogue.concerns, product_id)
    if not found:
        return None
    lines = [
        html.Li(
            [
                html.Strong(c.topic),
                f": {c.detail} ",
                dcc.Link(c.other, href=ui.product_link(c.other)) if c.other else None,
                dcc.Link("review", href=review_link("suspect", product_id)) if c.topic == "suspect label" else None,
            ]
        )
        for c in found
    ]
    return ui.card("To check", html.Ul(lines, className="concerns"), class_name="concern")


def _placements(asked: Context, product: catalogue.Product, looks: dict[str, Look]) -> Any:
    found = asked.ask(catalogue.placements, product.product_id)
    ranked = asked.ask(study.ranking)
    lines = []
    right = 0
    for method in [s.method for s in ranked if s.method in found]:
        place = found[method]
        agrees = place.matched_category is not None and place.matched_category == product.category
        right += agrees
        tone = ui.badge("agrees", "good") if agrees else ui.badge("differs", "poor")
        lines.append(
            [
                words.method(method),
                _category(place.matched_category, looks) if place.matched_category else "–",
                f"group {place.cluster}",
                words.percent(place.found_again),
                tone if product.category and place.matched_category else "",
            ]
        )
    title = (
        f"{right} of {words.count(len(lines), 'method')} put it in its category" if product.category else "Its groups"
    )
    return ui.card(
        title if lines else "No method could place it",
        ui.table(
            ["Method", "Category of its group", "Group", "Found again", "Its own category"], lines, (3,), "placements"
        )
        if lines
        else None,
        note="Each method in the grouping it is judged by, the best method first. 'Found again': in how many of the "
        "resamples with this product it was put into its group again; the fewer, the less sure its place.",
    )


def _texts(product: catalogue.Product) -> Any:
    return ui.card(
        "What the text methods read",
        html.H3(f"As written · {words.count(product.raw_words, 'word')}"),
        html.P(product.raw or product.description or "no text", className="text", tabIndex=0),
        html.H3(f"Cleaned · {words.count(product.clean_words, 'word')}"),
        html.P(product.clean or "no text", className="text clean", tabIndex=0),
    )


def _neighbours(asked: Context, product: catalogue.Product, looks: dict[str, Look]) -> Any:
    strips = []
    found = asked.ask(catalogue.neighbours, product.product_id, NEIGHBOURS)
    for method in [s.method for s in asked.ask(study.ranking) if s.method in found]:
        near = found[method]
        same = sum(n.category == product.category for n in near if product.category)
        strips.append(
            html.Div(
                [
                    html.Div(
                        [
                            html.H3(words.method(method)),
                            html.Div(f"{same} of {len(near)} of its category", className="sub"),
                        ],
                        className="strip-head",
                    ),
                    html.Div(
                        [
                            ui.tile(
                                asked.number,
                                n,
                                [
                                    html.Div(_category(n.category, looks), className="one-line"),
                                    f"cosine {words.score(n.similarity)}",
                                ],
                            )
                            for n in near
                        ],
                        className="tiles tiles-strip",
                    ),
                ],
                className="strip",
            )
        )
    if not strips:
        return None
    return ui.card(
        "The most similar products by each method", *strips, note="Cosine similarity of the vectors, the nearest first."
    )


PAGE = Page(PRODUCT, "Product", 55, layout, register, nav=False)

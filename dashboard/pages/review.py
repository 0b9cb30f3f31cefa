"""Review: suspects and duplicates one at a time, decided by keys or buttons, which assets/review.js sends.

The page asks the store anew each time, as other people decide too: what was decided is in no context.
"""

import time
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from dashboard import components as ui
from dashboard import context
from dashboard import review_card as card
from dashboard.access import may_review
from dashboard.pages import Page
from dashboard.state import LOGS, SNAPSHOT, Address, Control, callback, pick
from store.questions import reviews
from store.questions.reviews import FINDINGS, Item
from store.reader import Reader

ALL = {"value": "*", "label": "All"}
NAMES = {"suspect": "Suspects", "duplicate": "Duplicates"}
ADDRESS = Address(
    card.REVIEW,
    (
        Control("finding", "review-finding", ALL["value"]),
        Control("category", "review-category", ALL["value"]),
        Control("item", "review-item", "", "data", restarts=True),
    ),
)


def layout(reader: Reader, search: str) -> Any:
    """The controls in the state of the address; the callbacks fill the rest."""
    state = ADDRESS.read(search)
    with reader.cursor() as cursor:
        categories = reviews.categories(cursor)
    options = [ALL, *({"value": c, "label": c} for c in categories)]
    finding = pick(state["finding"], [ALL["value"], *FINDINGS], ALL["value"])
    category = pick(state["category"], [o["value"] for o in options], ALL["value"])
    return ui.page(
        "Review",
        ["Is the proposed category right? Are the two one product? ", dcc.Link("All as lists", href="/check")],
        ADDRESS.store(),
        dcc.Store(id="review-item", data=state["item"]),
        dcc.Store(id="review-saved"),
        html.Div(id="review-trouble", role="alert", className="review-trouble"),
        html.Div(id="review-body"),
        tools=html.Div(
            [
                ui.field(
                    "Findings",
                    ui.select("review-finding", [ALL, *ui.choices(NAMES, FINDINGS)], finding),
                    "review-finding",
                ),
                ui.field("Category", ui.select("review-category", options, category), "review-category"),
                html.Div(id="review-count", className="count", **{"aria-live": "polite"}),
            ],
            className="controls",
        ),
    )


def register(app: Dash, reader: Reader) -> None:
    """Show the item, and how many are reviewed."""
    ADDRESS.register(app)
    asked_for = (Input(SNAPSHOT, "data"), Input("review-finding", "value"), Input("review-category", "value"))

    drawn_with = (*asked_for, Input("review-item", "data"), Input("review-saved", "data"))

    @callback(app, Output("review-body", "children"), *drawn_with)
    def body(number: int, finding: str, category: str, wanted: str, _: Any) -> Any:
        with reader.cursor(number) as cursor:
            items = reviews.items(cursor, _chosen(finding), _chosen(category))
        if not items:
            return ui.notice("Nothing is to be reviewed", "There is no suspect and no duplicate of this choice.")
        keys = [card.key(item.finding, item.product_id, item.other_product_id) for item in items]
        left = [n for n, item in enumerate(items) if item.decision is None]
        if wanted not in keys and not left:
            done = f"All {len(items):,} are reviewed" if len(items) > 1 else "It is reviewed"
            return ui.notice(done, html.A("Take the decisions as CSV", href="/reviews/csv", download="reviews.csv"))
        at = keys.index(wanted) if wanted in keys else left[0]
        after = [n for n in (*left[_first_after(left, at) :], *left) if n != at]
        steps = {"item": keys[at], "next": keys[after[0]] if after else ""}
        steps |= {"back": keys[at - 1] if at else "", "forward": keys[at + 1] if at + 1 < len(keys) else ""}
        gone = "The finding of the address is none of this choice; this is the next open one." if wanted else ""
        return [
            html.P(gone, className="note") if wanted not in keys else None,
            _item(reader, number, items[at], at + 1, len(items), steps),
        ]

    @callback(app, Output("review-count", "children"), *drawn_with, Input(LOGS, "data"))
    def count(number: int, finding: str, category: str, *_: Any) -> Any:
        with reader.cursor(number) as cursor:
            return card.counted(reviews.items(cursor, _chosen(finding), _chosen(category)))

    app.clientside_callback(
        ClientsideFunction("review", "drawn"),
        Output("review-saved", "modified_timestamp"),
        Input("review-body", "children"),
    )


def _chosen(value: str) -> str | None:
    return None if value == ALL["value"] else value


def _first_after(left: list[int], at: int) -> int:
    """The place in `left` of the first number after `at`."""
    return next((i for i, n in enumerate(left) if n > at), len(left))


def _item(reader: Reader, number: int, item: Item, at: int, of: int, steps: dict[str, str]) -> Any:
    asked = context.of(reader, number)
    may = may_review()
    return html.Div(
        [
            html.Div(
                [
                    html.Div(
                        [html.Div(f"{at:,} of {of:,}", className="sub"), card.heading(asked, item)],
                        className="review-head",
                    ),
                    card.actions(item, may),
                    card.note(item, may),
                    None if may else html.P("Your role only reads; a reviewer decides.", className="note"),
                ],
                className="panel review-bar",
            ),
            card.suspect(asked, item) if item.finding == "suspect" else card.pair(asked, item),
        ],
        id="review",
        **{f"data-{name}": value for name, value in steps.items()},
        **{
            "data-note": item.note or "",
            "data-post": card.posted(number, item),
            "data-drawn": str(time.monotonic_ns()),
        },
    )


PAGE = Page(card.REVIEW, "Review", 41, layout, register, nav=False)

"""Review: suspects and duplicates one at a time, decided by keys or buttons, which assets/review.js sends.

The page asks the store anew each time, as other people decide too: what was decided is in no context. Which item is
shown changes by what the reviewer does alone: one that was drawn stays, whoever decides it and whatever is published.
"""

import time
from typing import Any

import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update

from dashboard import components as ui
from dashboard import context
from dashboard.pages import Page
from dashboard.pages.check import review_card as card
from dashboard.server.access import may_review, person
from dashboard.state import LOGS, SNAPSHOT, Address, Control, callback, link, pick
from store import logs
from store.questions import reviews
from store.questions.reviews import FINDINGS, Progress, Step
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
        dcc.Store(id="review-drawn"),
        html.Div(id="review-trouble", role="alert", className="review-trouble"),
        html.Div(id="review-spoken", role="status", className="visually-hidden"),
        html.Div(id="review-body"),
        tools=html.Div(
            [
                ui.field(
                    "Findings",
                    ui.select("review-finding", [ALL, *ui.choices(NAMES, FINDINGS)], finding),
                    "review-finding",
                ),
                ui.field("Category", ui.select("review-category", options, category), "review-category"),
                dbc.Switch(id="review-keys", label="Letters A R S N U act as keys", value=True, persistence=True),
                html.Div(id="review-count", className="count", **{"aria-live": "polite"}),
            ],
            className="controls",
        ),
    )


def register(app: Dash, reader: Reader) -> None:
    """Show the item, and how many are reviewed."""
    ADDRESS.register(app)
    asked_for = (Input(SNAPSHOT, "data"), Input("review-finding", "value"), Input("review-category", "value"))

    drawn_with = (
        *asked_for, Input("review-item", "data"), Input("review-saved", "data"), Input(LOGS, "data"),
    )  # fmt: skip

    @callback(
        app,
        Output("review-body", "children"),
        Output("review-drawn", "data"),
        *drawn_with,
        State("review-drawn", "data"),
    )
    def body(number: int, finding: str, category: str, wanted: str, _: Any, stamp: str, before: str | None) -> Any:
        """The item, and what it was drawn from: it is not drawn again from the same, unless the reviewer did something.

        `wanted` is set by assets/review.js to the item that was drawn, also where it was the next open one.
        """
        of_list = _chosen(finding), _chosen(category)
        named = card.named(wanted) if wanted else None
        with reader.cursor(number) as cursor:
            step = reviews.step(cursor, *of_list, named) if named or not wanted else None
            progress = reviews.progress(cursor, *of_list) if step is None else None
        if progress is not None:
            return _nothing(finding, category, wanted, progress), None
        assert step is not None
        steps = {"item": step.item, "next": step.following, "back": step.back, "forward": step.forward}
        keys = {name: card.key_of(item) for name, item in steps.items()}
        drawn = str((number, step.item, step.place, step.of, keys))
        if drawn == before and "review-saved" not in ctx.triggered_prop_ids.values():
            return no_update, no_update
        return _item(reader, number, step, keys), drawn

    @callback(app, Output("review-count", "children"), *drawn_with)
    def count(number: int, finding: str, category: str, *_: Any) -> Any:
        with reader.cursor(number) as cursor:
            return card.counted(reviews.progress(cursor, _chosen(finding), _chosen(category)))

    app.clientside_callback(
        ClientsideFunction("review", "drawn"),
        Output("review-saved", "modified_timestamp"),
        Input("review-body", "children"),
        State("review-item", "data"),
    )


def _nothing(finding: str, category: str, wanted: str, progress: Progress) -> Any:
    """The message where no item is shown: nothing takes the place of one that the list does not have (any more)."""
    if not progress.items:
        return ui.notice("Nothing is to be reviewed", "There is no suspect and no duplicate of this choice.")
    if wanted:
        following = dcc.Link("Review the next open one", href=link(card.REVIEW, finding=finding, category=category))
        return ui.notice(
            "This item is not among the findings",
            "The snapshot that is shown does not have it any more, or it is not of the chosen kind or category.",
            following if progress.decided < progress.items else "Every other one is reviewed.",
        )
    done = f"All {progress.items:,} are reviewed" if progress.items > 1 else "It is reviewed"
    return ui.notice(done, html.A("Take the decisions as CSV", href="/reviews/csv", download="reviews.csv"))


def _chosen(value: str) -> str | None:
    return None if value == ALL["value"] else value


def _item(reader: Reader, number: int, step: Step, keys: dict[str, str]) -> Any:
    asked, item, why_not = context.of(reader, number), step.item, _why_not(reader)
    may = why_not is None
    return html.Div(
        [
            html.Div(
                [
                    html.Div(
                        [html.Div(f"{step.place:,} of {step.of:,}", className="sub"), card.heading(asked, item)],
                        className="review-head",
                    ),
                    card.actions(item, may),
                    card.note(item, may),
                    None if may else html.P(why_not, className="note"),
                ],
                className="panel review-bar",
            ),
            card.suspect(asked, item) if item.finding == "suspect" else card.pair(asked, item),
        ],
        id="review",
        **{f"data-{name}": value for name, value in keys.items()},
        **{
            "data-note": item.note or "",
            "data-post": card.posted(number, item),
            "data-drawn": str(time.monotonic_ns()),
        },
    )


def _why_not(reader: Reader) -> str | None:
    """Why the present person's decisions cannot be kept, with the remedy; None where they can."""
    if may_review():
        remedy = "Let the dashboard write to the folder log of the store (docs/operations.md)."
        return (
            None if logs.writable(reader.root) else f"Decisions cannot be saved: the store is read-only here. {remedy}"
        )
    if person() is None:
        return "Nobody logs in here, and so nobody decides: start the dashboard with --users (docs/security.md)."
    return "Your role only reads; a reviewer decides."


PAGE = Page(card.REVIEW, "Review", 41, layout, register, nav=False)

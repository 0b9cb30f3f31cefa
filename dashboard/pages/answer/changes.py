"""What the page Answer says of an earlier snapshot: the products that differ, and the scores side by side."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dash import dcc, html

from dashboard import components as ui
from dashboard import words
from dashboard.selecting.selection import address, rule
from dashboard.state import link
from store.errors import AislemapError
from store.questions import moves, study
from store.reader import Reader

COMPARED = 8
"""Earlier snapshots to compare with, the newest ones: a line of numbers."""


def card(reader: Reader, number: int, since: int | None) -> Any:
    """What differs from an earlier snapshot: `since`, or the one before."""
    earlier = [n for n in reader.numbers() if n < number]
    if not earlier:
        return ui.card("This is the first snapshot", html.P("The next one is compared with it here.", className="note"))
    before = since if since in earlier else earlier[-1]
    title, others = f"Since snapshot {before}", _others(earlier, before)
    try:
        scores, differ = _differences(reader, number, before)
    except AislemapError as error:
        return ui.card(title, html.P(str(error), className="note"), others)
    lines = moved(scores)
    return ui.card(
        title,
        html.P(
            [moved_products(differ), " ", dcc.Link("Which", href=address("/products", rule("moved", before)))],
            className="moves",
        )
        if differ.added or differ.recategorised or differ.regrouped
        else html.P(moved_products(differ), className="moves"),
        html.P("Scores that changed:" if lines else "No method's score changed."),
        ui.table(["Method", "Before", "Now"], lines, (1, 2), "changes") if lines else None,
        others,
    )


def _others(earlier: list[int], before: int) -> Any:
    """The links that compare with another earlier snapshot; None where there is none."""
    numbers = [n for n in reversed(earlier[-COMPARED:]) if n != before]
    links = [part for n in numbers for part in (" ", dcc.Link(str(n), href=link("/", since=n)))]
    return html.P(["Compare with snapshot", *links], className="note") if links else None


@lru_cache(maxsize=4)
def _differences(reader: Reader, number: int, earlier: int) -> tuple[list[study.Change], moves.Moves]:
    """The scores and the products that differ between two snapshots, which never change: asked once."""
    with reader.cursor(number) as cursor, reader.cursor(earlier) as before:
        return study.changes(cursor, before), moves.moves(cursor, before)


def moved_products(found: moves.Moves) -> str:
    """Which products differ since the earlier snapshot, in one sentence."""
    parts = [
        (found.added, "added"),
        (found.removed, "removed"),
        (found.recategorised, "put into another category"),
        (found.regrouped, f"in the group of another category by {words.method(found.method)}"),
    ]
    named = [f"{words.count(n, 'product')} {what}" for n, what in parts if n]
    return f"{words.listed(named)}." if named else "The same products, in the same categories and groups."


def moved(changes: Sequence[study.Change]) -> list[list[str]]:
    """Method, score before and score now, for each change that shows in two decimals."""
    lines = [[words.method(c.method), words.score(c.before), words.score(c.value)] for c in changes]
    return [line for line in lines if line[1] != line[2]]

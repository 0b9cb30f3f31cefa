"""Which snapshot is shown: the choice below the navigation, and the line above a page that shows an older one."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from dash import Dash, Input, Output, html

from dashboard import components as ui
from dashboard.state import NEWEST, PINNED, SNAPSHOT, callback, pinned_number
from store import manifest
from store.errors import StoreError
from store.reader import Reader
from store.root import Root

CHOICES = 50
"""Snapshots to choose from, the newest ones: a list that can still be looked through."""

FOLLOW = "newest"
"""The choice of no snapshot, as assets/state.js knows it."""


def choose(app: Dash, reader: Reader) -> None:
    """Fill the choice and the line, by the snapshot shown; assets/state.js puts what is chosen into the address."""

    @callback(
        app,
        Output("snapshot-choice", "options"),
        Output("snapshot-choice", "value"),
        Output("snapshot-field", "className"),
        Output("snapshot-older", "children"),
        Input(SNAPSHOT, "data"),
        Input(NEWEST, "data"),
        Input(PINNED, "data"),
    )
    def choices(number: int | None, newest: int | None, pinned: str | None) -> Any:
        numbers, kept = reader.numbers(), pinned_number(pinned)
        if not numbers:
            return [], FOLLOW, "d-none", None
        shown = sorted({*numbers[-CHOICES:], *([kept] if kept in numbers else [])}, reverse=True)
        options = [
            {"value": FOLLOW, "label": f"the newest ({numbers[-1]})"},
            *({"value": str(n), "label": f"{n} ({_published(reader.root, n).partition(',')[0]})"} for n in shown),
        ]
        value = str(kept) if kept in numbers else FOLLOW
        field = "snapshot-field" if len(numbers) > 1 or kept is not None else "d-none"
        return options, value, field, _older(reader.root, kept, numbers) if kept is not None else None


def dropped(wanted: int, newest: int) -> Any:
    """The message for an address with a snapshot that the store does not have."""
    return ui.notice(
        f"Snapshot {wanted} is not in the store",
        f"It was dropped, or never published. The newest is {newest}.",
        _newest(),
        name="not-found",
    )


def _older(root: Root, kept: int, numbers: list[int]) -> Any:
    """The line above a page that stays with a snapshot; none where a message takes the page's place."""
    if kept not in numbers:
        return None
    newest = "the newest so far" if kept == numbers[-1] else f"the newest is {numbers[-1]}"
    line = f"This is snapshot {kept}, published on {_published(root, kept)}; {newest}. "
    return html.Div([line, _newest()], className="older")


def _newest() -> Any:
    return html.Button("Show the newest", type="button", className="snapshot-newest btn btn-sm btn-outline-secondary")


@lru_cache(maxsize=256)
def _published(root: Root, number: int) -> str:
    """When a snapshot was published, in words; its manifest never changes."""
    try:
        return ui.when(datetime.fromisoformat(manifest.read(root, number).created))
    except StoreError:
        return "cannot be read"

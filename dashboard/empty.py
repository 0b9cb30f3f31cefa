"""What every page shows of a store without a snapshot: the ingestion that runs, or the command that starts one."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard import components as ui
from dashboard.pages.runs import steps
from dashboard.pages.runs.page import POLL_SECONDS
from dashboard.state import callback
from store import logs, progress
from store.errors import StoreError
from store.reader import Reader
from store.root import Root

SHOWN = "nothing"
"""What the app's store `shown` holds while this page is shown."""


def page(reader: Reader) -> Any:
    """The page, which keeps itself up to date; the app shows the study in its place as soon as there is a snapshot."""
    return html.Div(
        [dcc.Interval(id="empty-poll", interval=POLL_SECONDS * 1000), html.Div(_body(reader), id="empty-body")]
    )


def register(app: Dash, reader: Reader) -> None:
    """Follow the ingestion."""

    @callback(app, Output("empty-body", "children"), Input("empty-poll", "n_intervals"), prevent_initial_call=True)
    def body(polls: int) -> Any:
        return _body(reader)


def _body(reader: Reader) -> Any:
    running = progress.read(reader.root)
    if running is not None:
        return ui.page(
            "The first study is being made",
            "This page follows it, and shows the answer as soon as the snapshot is published.",
            steps.now(running, datetime.now(UTC)),
        )
    command = html.Code(f"aislemap ingest CATALOGUE --images DIR --store {reader.root.path}")
    if reader.removed:
        return ui.notice(
            "The store was removed",
            f"{reader.root.path} had snapshots while this dashboard ran, and now has none: it was removed, moved or "
            "unmounted.",
            "Put it back, or ingest a catalogue with this command; the study then appears here without reloading:",
            command,
            name="removed-store",
        )
    return ui.notice(
        "Nothing is published in this store yet",
        *_failure(reader.root),
        "Ingest a catalogue with this command; this page then shows how far it is, and the study without reloading:",
        command,
        name="empty-store",
    )


def _failure(root: Root) -> list[Any]:
    """How the last run ended, if one ended without a snapshot."""
    with suppress(StoreError, OSError):  # a log that cannot be read says nothing of this
        for name in reversed(logs.files(root, "runs")):
            for run in sorted(logs.read(root, name).to_pylist(), key=lambda run: run["started"])[-1:]:
                of = f"The run of {run['catalogue']} that began {ui.when(run['started'])} {run['status']}"
                return [html.Strong(f"{of}: {run['detail']}" if run["detail"] else f"{of}.")]
    return []

"""Runs: what ran, how long it took, what failed and why, and what runs next."""

from datetime import UTC, datetime
from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard import components as ui
from dashboard import words
from dashboard.pages import Page
from dashboard.pages.runs import steps as run_steps
from dashboard.state import LOGS, SNAPSHOT, Address, Control, callback
from store import progress
from store.questions import activity
from store.reader import Reader

NEWEST = {"value": "newest", "label": "The newest with steps"}
POLL_SECONDS = 3
"""How often the open page asks how far a running ingestion is: one small file on the server."""
ADDRESS = Address("/runs", (Control("run", "runs-run", NEWEST["value"]),))


def layout(reader: Reader, search: str) -> Any:
    """The choice of a run in the state of the address."""
    state = ADDRESS.read(search)
    return ui.page(
        "What ran, and what runs next",
        "The ingestion that runs, and each one that ended; the steps of one run by stage; the next runs.",
        ADDRESS.store(),
        html.Div(
            [
                dcc.Interval(id="runs-poll", interval=POLL_SECONDS * 1000),
                html.Div(id="runs-now"),
                ui.loading(html.Div(id="runs-list")),
                ui.card(
                    "Where the time went",
                    ui.loading(html.Div(id="runs-steps")),
                    note="The longest first; a cached step shows its cost when it was computed. The time of a stage is "
                    "the sum of its steps', of which several run at once.",
                    tools=ui.field("Run", ui.select("runs-run", [NEWEST], state["run"]), "runs-run"),
                ),
                ui.loading(html.Div(id="runs-schedule")),
            ],
            className="stack",
        ),
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the page; it follows the logs, not only the snapshots."""
    ADDRESS.register(app)

    @callback(app, Output("runs-now", "children"), Input(SNAPSHOT, "data"), Input("runs-poll", "n_intervals"))
    def now(number: int, polls: int) -> Any:
        running = progress.read(reader.root)
        return run_steps.now(running, datetime.now(UTC)) if running else None

    @callback(
        app,
        Output("runs-list", "children"),
        Output("runs-run", "options"),
        Output("runs-schedule", "children"),
        Input(SNAPSHOT, "data"),
        Input(LOGS, "data"),
    )
    def lists(number: int, logs: str) -> Any:
        with reader.cursor(number) as cursor:
            runs = activity.runs(cursor)
            jobs, events = activity.jobs(cursor), activity.events(cursor)
        options = [NEWEST]
        options += [{"value": r.run_id, "label": f"{words.when(r.started)} ({r.status})"} for r in runs]
        return _runs(runs), options, _schedule(jobs, events)

    @callback(
        app,
        Output("runs-steps", "children"),
        Input(SNAPSHOT, "data"),
        Input(LOGS, "data"),
        Input("runs-run", "value"),
    )
    def steps(number: int, logs: str, run_id: str | None) -> Any:
        with reader.cursor(number) as cursor:
            ids = [r.run_id for r in activity.runs(cursor)]
            chosen = run_id if run_id in ids else None
            for candidate in [chosen] if chosen else ids:
                found = activity.steps(cursor, candidate)
                if found:
                    return run_steps.grouped(found)
        return html.P("No step is in the log for this run.", className="note")


def _runs(runs: list[activity.Run]) -> Any:
    if not runs:
        return ui.card("No run is in the log")
    failed = sum(r.status == "failed" for r in runs)
    title = f"{failed} of the last {words.count(len(runs), 'run')} failed" if failed else "No run failed"
    rows = [
        [
            words.when(r.started),
            ui.status(r.status),
            words.count(r.snapshot),
            words.seconds(r.seconds),
            words.megabytes(r.peak_mb),
            words.count(r.products),
            f"{r.steps_computed or 0} / {r.steps_cached or 0} / {r.steps_failed or 0}",
            html.Span([html.Span(r.catalogue, className="wrap"), _detail(r.detail)]),
        ]
        for r in runs
    ]
    head = [
        "Started",
        "Outcome",
        "Snapshot",
        "Took",
        "Peak memory",
        "Products",
        "Computed / cached / failed",
        "Catalogue",
    ]
    return ui.card(title, ui.table(head, rows, (2, 3, 4, 5, 6), "runs"))


def _detail(text: str | None) -> Any:
    return html.Span(text, className="sub wrap") if text else None


def _schedule(jobs: list[activity.Job], events: list[activity.Event]) -> Any:
    if not events:
        return ui.card(
            "No job is scheduled",
            html.P(["Declare jobs in aislemap.toml and run ", html.Code("aislemap schedule"), "."], className="note"),
        )
    upcoming = [j for j in jobs if j.next_run]
    title = f"Next: {upcoming[0].job}, {words.due(upcoming[0].next_run)}" if upcoming else "No run is planned"
    return ui.card(
        title,
        ui.table(
            ["Job", "Last event", "At", "Next run"],
            [[j.job, ui.status(j.event), words.when(j.happened), words.due(j.next_run)] for j in jobs],
            name="jobs",
        ),
        html.H3("The scheduler's log"),
        ui.table(
            ["At", "Job", "Event", "Detail"],
            [[words.when(e.happened), e.job, ui.status(e.event), e.detail or ""] for e in events],
            name="events",
        ),
    )


PAGE = Page("/runs", "Runs", 90, layout, register)

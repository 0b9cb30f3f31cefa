"""The app: the frame around every page, the routes, and how an open page follows the newest snapshot."""

import importlib.util
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

import dash_bootstrap_components as dbc
import duckdb
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update, set_props
from flask import Response, request

from dashboard import components, empty, pages
from dashboard.pages.runs import page as runs
from dashboard.selecting import map_selection
from dashboard.server import points, reviewing, security, serving, sql_door
from dashboard.server.access import Access
from dashboard.snapshots import choose, dropped
from dashboard.state import LOGS, NEWEST, PINNED, SNAPSHOT, callback, pinned_number
from store import snapshot
from store.errors import AislemapError, StoreMissing
from store.limits import PageLimits
from store.questions import catalogue
from store.reader import Reader
from store.root import Root

log = logging.getLogger(__name__)
POLL_SECONDS = 4
"""How often an open page asks whether there is a newer snapshot: one listing of a folder on the server."""


def create_app(root: Root, access: Access | None = None, sql: PageLimits | None = None) -> Dash:
    """The whole app over the store at `root`, which may be empty or not there yet. `.server` is the WSGI app.

    Without `access` nobody has to log in, and everybody may review. With `sql` there is the SQL page, and whoever may
    read asks the store by it within these limits.
    """
    _import_pandas()
    reader = Reader(root)
    app = Dash(
        "dashboard",
        assets_folder=str(Path(__file__).parent / "assets"),
        external_stylesheets=["/bootstrap.css", "/theme.css"],
        serve_locally=True,
        suppress_callback_exceptions=True,  # a control exists only while its page is shown
        update_title=None,
        title="aislemap",
        add_log_handler=False,
        on_error=_show_error,
    )
    app.index_string = app.index_string.replace("<html>", '<html lang="en">')
    if sql is not None:
        app.server.extensions[sql_door.EXTENSION] = sql_door.Door(root, sql)
    found = pages.discover(sql is not None)
    app.layout = lambda: _frame(reader, found)
    for page in found:
        page.register(app, reader)
    empty.register(app, reader)
    _route(app, reader, found)
    _follow(app, reader)
    _serve_health(app, reader)
    serving.serve(app, reader)
    points.serve(app, reader)
    map_selection.serve(app, reader)
    access = access or Access()
    reviewing.serve(app, reader, access.hosts)
    security.protect(app, access)
    return app


def _import_pandas() -> None:
    """Import pandas, if it is installed, before any thread starts.

    DuckDB imports it at the first query; plotly in another thread would find it in `sys.modules` half initialised.
    """
    if importlib.util.find_spec("pandas"):
        importlib.import_module("pandas")


def _frame(reader: Reader, found: list[pages.Page]) -> Any:
    """The frame around every page: navigation, hidden state, messages."""
    links = [dbc.NavLink(p.name, href=p.path, active="exact" if p.path == "/" else "partial") for p in found if p.nav]
    return html.Div(
        [
            dcc.Location(id="url", refresh=False),
            dcc.Location(id="go", refresh="callback-nav"),
            dcc.Store(id="history"),
            dcc.Store(id="shown"),
            dcc.Store(id="title"),
            dcc.Store(id=SNAPSHOT, data=reader.number()),
            dcc.Store(id=NEWEST, data=reader.number()),
            dcc.Store(id=PINNED),
            dcc.Store(id=LOGS, data=reader.stamp()),
            dcc.Interval(id="poll", interval=POLL_SECONDS * 1000),
            html.A("Skip to the page", href="#page", className="visually-hidden-focusable skip"),
            html.Aside(
                [
                    dcc.Link([html.Span(className="brand-mark"), "aislemap"], href="/", className="brand"),
                    dbc.Nav(links, vertical=True, class_name="side-nav"),
                    html.Div(id="snapshot-info", className="where"),
                    html.Div(
                        [
                            html.Label("Show snapshot", htmlFor="snapshot-choice"),
                            dbc.Select(id="snapshot-choice", size="sm"),
                        ],
                        id="snapshot-field",
                        className="d-none",
                    ),
                    html.Button(
                        [
                            html.Span("Dark theme", className="theme-dark"),
                            html.Span("Light theme", className="theme-light"),
                        ],
                        id="theme",
                        type="button",
                        className="theme",
                    ),
                ],
                className="side",
            ),
            html.Main(
                [html.Div(id="snapshot-older", role="status"), html.Div(components.loading_page(), id="page")],
                className="main",
            ),
            html.Div(
                [
                    dbc.Alert(id="news", is_open=False, duration=8000, dismissable=True, color="primary"),
                    dbc.Alert(id="trouble", is_open=False, dismissable=True, color="warning"),
                ],
                className="messages",
                role="status",
            ),
        ],
        className="frame",
    )


def _route(app: Dash, reader: Reader, found: list[pages.Page]) -> None:
    by_path = {page.path: page for page in found}

    @callback(
        app,
        Output("page", "children"),
        Output("shown", "data"),
        Output("title", "data"),
        Output(SNAPSHOT, "data", allow_duplicate=True),
        Output("go", "href", allow_duplicate=True),
        Input("url", "pathname"),
        Input(PINNED, "data"),
        Input(SNAPSHOT, "data"),
        State("url", "search"),
        State("shown", "data"),
        prevent_initial_call="initial_duplicate",
    )
    def show(path: str, pinned: str | None, before: int | None, search: str, shown: str | None) -> Any:
        """The page of an address, of the snapshot that is named there or the newest.

        A new snapshot redraws it only if it showed the empty state, or if there is none. Who followed the first
        ingestion on the page of runs is led to the answer.
        """
        only_newer = set(ctx.triggered_prop_ids.values()) == {SNAPSHOT}
        if only_newer and before is not None and shown not in (None, "empty", empty.SHOWN):
            return [no_update] * 5
        if only_newer and before is not None and shown == empty.SHOWN and path == runs.PAGE.path:
            return [*[no_update] * 4, "/"]
        number = reader.number()
        wanted = pinned_number(pinned)
        if wanted is not None and number is not None:
            if wanted not in reader.numbers():
                return dropped(wanted, number), "empty", "Not found", no_update, no_update
            number = wanted
        return *drawn(path, number, search), number if number != before else no_update, no_update

    def drawn(path: str, number: int | None, search: str) -> Any:
        page = by_path.get(path.rstrip("/") or "/")
        if page is None:
            return (
                components.not_found("There is no such page.", "The navigation lists all pages."),
                path,
                "Not found",
            )
        if number is None:
            return empty.page(reader), empty.SHOWN, page.name
        try:
            return page.layout(reader.at(number), search), path, page.name
        except AislemapError as error:
            log.error("%s cannot be shown: %s", path, error)
            return components.trouble(str(error)), "empty", page.name

    app.clientside_callback(
        ClientsideFunction("state", "title"), Output("title", "modified_timestamp"), Input("title", "data")
    )

    app.clientside_callback(
        ClientsideFunction("state", "pinned"), Output(PINNED, "data"), Input("url", "search"), State(PINNED, "data")
    )

    @app.server.after_request  # type: ignore[untyped-decorator,unused-ignore]
    def set_not_found(response: Response) -> Response:
        """Dash answers any address with its frame and status 200; set 404 where the address names nothing."""
        if response.status_code != 200:  # who is not logged in learns nothing of what is there
            return response
        if request.endpoint == "/<path:path>" and f"/{request.path.strip('/')}" not in by_path:
            response.status_code = 404
        elif request.path == pages.PRODUCT and reader.number() is not None:
            wanted = pinned_number(request.args.get("snapshot"))
            with reader.cursor(wanted if wanted in reader.numbers() else None) as cursor:
                if catalogue.product(cursor, request.args.get("id", "")) is None:
                    response.status_code = 404
        return response


def _follow(app: Dash, reader: Reader) -> None:
    @callback(
        app,
        Output(SNAPSHOT, "data"),
        Output(LOGS, "data"),
        Output("news", "children"),
        Output("news", "is_open"),
        Output(NEWEST, "data"),
        Input("poll", "n_intervals"),
        State(SNAPSHOT, "data"),
        State(LOGS, "data"),
        State(NEWEST, "data"),
        State(PINNED, "data"),
        prevent_initial_call=True,
    )
    def look(_: int, number: int | None, logs: str, newest: int | None, pinned: str | None) -> Any:
        """The snapshot to show and the state of the logs, where they changed: an address with a snapshot keeps it."""
        now, stamp = reader.number(), reader.stamp()
        kept = pinned_number(pinned) if now is not None else None
        shows = now if kept is None else kept
        newer = now is not None and now not in (newest, number)
        does = "the page now shows it" if kept is None else f"this page stays with snapshot {kept}"
        return (
            shows if shows != number and (kept is None or kept in reader.numbers()) else no_update,
            stamp if stamp != logs else no_update,
            f"Snapshot {now} was published; {does}." if newer else no_update,
            True if newer else no_update,
            now if now != newest else no_update,
        )

    choose(app, reader)

    @callback(app, Output("snapshot-info", "children"), Input(SNAPSHOT, "data"))
    def snapshot_info(number: int | None) -> Any:
        if number is None:
            return "The store was removed" if reader.removed else "No snapshot yet"
        created = datetime.fromisoformat(snapshot.open_snapshot(reader.root, number).created)
        with reader.cursor(number) as cursor:
            sample = catalogue.rests_on(cursor)
        return [
            html.Div(f"Snapshot {number}", className="fw-semibold"),
            html.Div(components.when(created)),
            html.Div(f"Rests on {sample}") if sample else None,
            *(html.Div(notice) for notice in reader.notices()),
        ]


def _serve_health(app: Dash, reader: Reader) -> None:
    @app.server.get("/healthz")  # type: ignore[untyped-decorator,unused-ignore]
    def health() -> tuple[dict[str, Any], int]:
        """Whether pages can be shown: the newest snapshot is opened and a product read. No snapshot yet is no fault."""
        try:
            number = reader.number()
            if number is not None:
                with reader.cursor() as cursor:
                    catalogue.product(cursor, "")
        except (AislemapError, OSError, duckdb.Error) as error:
            log.warning("the store cannot be read: %s", error)
            return {"status": "the store cannot be read; the log says why", "snapshot": None}, 503
        return {"status": "ok", "snapshot": number}, 200


def _show_error(error: Exception) -> None:
    """Show on the page that something went wrong; the traceback goes to the log only."""
    if isinstance(error, StoreMissing):
        return  # what was asked for a page that the message for an empty store replaces
    log.error("a page could not be refreshed", exc_info=error)
    message = (
        str(error) if isinstance(error, AislemapError) else "Something went wrong; the server's log has the details."
    )
    set_props("trouble", {"children": message, "is_open": True})

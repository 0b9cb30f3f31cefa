"""SQL: one SELECT over the snapshot, its result as a table, as files and on the maps. Only where it is turned on."""

import io
import secrets
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update
from flask import Response, abort, current_app

from dashboard import components as ui
from dashboard import words
from dashboard.pages import Page
from dashboard.pages.sql import table as sql_table
from dashboard.selecting import lists, map_selection, selection
from dashboard.server.sql_door import EXTENSION, PRODUCT_ID, Door, Result
from dashboard.state import SNAPSHOT, Address, Control, callback
from store import export, snapshot
from store.errors import AislemapError, QueryError
from store.reader import Reader

ADDRESS = Address("/sql", (Control("query", "sql-text", typed=True),))
_BUTTON = "btn btn-sm btn-outline-secondary"
MOST_CHARACTERS = 20_000
"""Of a query: more than a person writes. An address of more than some 8,000 is cut on its way by some proxies."""
EXAMPLES = {
    "Products of each category": """SELECT coalesce(category, 'no category') AS category, count(*) AS products
FROM products
GROUP BY ALL ORDER BY products DESC""",
    "Scores of each method": """SELECT method, "grouping", metric, round(value, 3) AS value, round(low, 3) AS low,
       round(high, 3) AS high
FROM scores
ORDER BY metric, value DESC""",
    "Labels to check first": """SELECT s.rank, s.product_id, p.name, s.category, s.suggested_category, s.votes,
       s.methods
FROM suspects s JOIN products p USING (product_id)
ORDER BY s.rank LIMIT 100""",
    "The longest descriptions": """SELECT product_id, name, category, length(description) AS characters
FROM products
ORDER BY characters DESC NULLS LAST LIMIT 100""",
    "What is missing or could not be read": """SELECT stage, problem, count(*) AS products
FROM issues
GROUP BY ALL ORDER BY products DESC""",
    "The steps that took longest": """SELECT step, status, round(seconds, 1) AS seconds, round(peak_mb) AS peak_mb
FROM steps
ORDER BY seconds DESC NULLS LAST LIMIT 50""",
}
"""They run on every store, whatever methods it has, and with or without categories."""


def layout(reader: Reader, search: str) -> Any:
    """The query of the address, which is not run, and the tables that it may ask."""
    state = ADDRESS.read(search)
    door: Door = current_app.extensions[EXTENSION]
    limits = door.limits
    options = [{"value": "none", "label": "Choose one"}, *({"value": name, "label": name} for name in EXAMPLES)]
    editor = ui.card(
        "Query",
        ui.hidden_field(
            "The query",
            dcc.Textarea(
                id="sql-text",
                value=state["query"],
                rows=9,
                spellCheck=False,
                maxLength=MOST_CHARACTERS,
                placeholder="SELECT ... FROM products",
                className="form-control sql-text",
            ),
            "sql-text",
        ),
        html.Div(
            [
                html.Button("Run", id="sql-run", type="button", className="btn btn-sm btn-primary"),
                html.Button("Cancel", id="sql-cancel", type="button", className=_BUTTON, disabled=True),
                html.Span(
                    f"or Ctrl+Enter. At most {limits.seconds:g} s and {limits.memory:,} MB; the first {limits.rows:,} "
                    "rows are shown.",
                    className="note",
                ),
            ],
            className="sql-run",
        ),
        tools=ui.field("Example", ui.select("sql-example", options, "none"), "sql-example"),
    )
    result = html.Section(
        [
            html.Div(id="sql-summary", role="status"),
            html.Div(
                [
                    ui.field("Find in the result", lists.search("sql-filter", "", "Words"), "sql-filter"),
                    html.Div(id="sql-count", className="count"),
                ],
                id="sql-tools",
                className="d-none",
            ),
            html.Div(id="sql-rows"),
            lists.pages("sql-page", 1),
        ],
        className="panel",
        **{"aria-label": "The result"},
    )
    return ui.page(
        "Ask the store in SQL",
        "One SELECT over the tables of this snapshot, which it can only read. The address of this page holds the "
        "query: whoever opens it sees it, and runs it by pressing Run.",
        ADDRESS.store(),
        dcc.Store(id="sql-asker", data=secrets.token_urlsafe(12)),
        dcc.Store(id="sql-kept"),
        dcc.Store(id="sql-sort"),
        html.Div(
            [html.Div([editor, ui.loading(result)], className="stack"), _schema(reader)],
            className="sql-page",
        ),
    )


def _schema(reader: Reader) -> Any:
    """Every table of the snapshot with its rows, and its columns with what they mean."""
    shown = snapshot.open_snapshot(reader.root, reader.number())
    parts = []
    for table in shown.declared():
        rows = sum(file.rows for file in shown.files.get(table.name, []))
        head = [html.Code(table.name), html.Span("log" if table.log else words.count(rows, "row"), className="note")]
        columns = [
            part
            for c in table.columns
            for part in (html.Dt([html.Code(c.name), html.Span(c.type, className="sub")]), html.Dd(c.comment))
        ]
        parts.append(html.Details([html.Summary(head), html.P(table.meaning, className="note"), html.Dl(columns)]))
    return ui.card("Tables", html.Div(parts, className="sql-schema"), note="Open one for its columns.")


def register(app: Dash, reader: Reader) -> None:
    """Wire the editor to the door, and the result's table to what is kept of it."""
    ADDRESS.register(app)
    door: Door = app.server.extensions[EXTENSION]

    @callback(
        app,
        Output("sql-text", "value", allow_duplicate=True),
        Input("sql-example", "value"),
        prevent_initial_call=True,
    )
    def example(name: str | None) -> Any:
        return EXAMPLES.get(name or "", no_update)

    @callback(
        app,
        Output("sql-summary", "children"),
        Output("sql-kept", "data"),
        Output("sql-sort", "data"),
        Output("sql-filter", "value"),
        Output("sql-page", "active_page"),
        Input("sql-run", "n_clicks"),
        State("sql-text", "value"),
        State(SNAPSHOT, "data"),
        State("sql-asker", "data"),
        prevent_initial_call=True,
        running=[(Output("sql-run", "disabled"), True, False), (Output("sql-cancel", "disabled"), False, True)],
    )
    def run(clicks: int | None, text: str | None, number: int, asker: str) -> Any:
        """Only a pressed button runs a query; what goes wrong is one sentence."""
        if not clicks:
            return [no_update] * 5
        try:
            if len(text or "") > MOST_CHARACTERS:
                raise QueryError(f"The query has {len(text or ''):,} characters; there may be {MOST_CHARACTERS:,}.")
            token = door.run(text or "", number, asker)
        except AislemapError as error:
            return html.Div(str(error), className="sql-error", role="alert"), *_NONE
        kept = door.result(token)
        return _summary(kept, token) if kept else no_update, token, None, "", 1

    @callback(
        app,
        Output("sql-cancel", "disabled"),
        Input("sql-cancel", "n_clicks"),
        State("sql-asker", "data"),
        prevent_initial_call=True,
    )
    def cancel(clicks: int | None, asker: str) -> Any:
        """End this page's query; its own callback then says so."""
        if not clicks:
            return no_update
        door.cancel(asker)
        return True

    @callback(
        app,
        Output("sql-rows", "children"),
        Output("sql-count", "children"),
        Output("sql-tools", "className"),
        Output("sql-page", "max_value"),
        Output("sql-page", "class_name"),
        Input("sql-kept", "data"),
        Input("sql-sort", "data"),
        Input("sql-filter", "value"),
        Input("sql-page", "active_page"),
    )
    def rows(token: str | None, sort: Any, wanted: str | None, page: int | None) -> Any:
        result = door.result(token)
        if result is None:
            gone = "The result is not kept any more; press Run again." if token else ""
            return html.P(gone, className="note"), "", "d-none", 1, "d-none"
        column, down = _sort(sort)
        texts, found = sql_table.order(result, wanted, column, down)
        shown, at, last = lists.paged(found, page, sql_table.PER_PAGE)
        count = lists.counted(words.count(len(found), "row"), at, last)
        body = sql_table.table(result, [texts[i] for i in shown], column, down)
        return body, count, "controls sql-tools" if texts else "d-none", last, lists.pages_class(last)

    @app.server.get("/sql/<token>/<form>")  # type: ignore[untyped-decorator,unused-ignore]
    def sql_result(token: str, form: str) -> Response:
        """A result that is kept, as a file; nothing is run."""
        result = door.result(token)
        if result is None or form not in map_selection.FORMS:
            abort(404)
        file = io.BytesIO()
        try:
            export.write(result.table, form, file)
        except AislemapError as error:
            return Response(f"{error}\n", 400, mimetype="text/plain")
        response = Response(file.getvalue(), mimetype=map_selection.FORMS[form])
        response.headers["Content-Disposition"] = f"attachment; filename=result.{form}"
        response.headers["Cache-Control"] = "private, no-store"
        return response


_NONE: tuple[Any, ...] = (None, None, "", 1)
"""What is set where there is no result."""


def _sort(data: Any) -> tuple[int | None, bool]:
    """The column to sort by and the direction, as the browser sends them."""
    column = data.get("column") if isinstance(data, dict) else None
    return (column, bool(data.get("down"))) if isinstance(column, int) else (None, False)


def _summary(result: Result, token: str) -> Any:
    """How many rows came and how long they took, what was cut, and where the result can be taken."""
    rows, took = words.count(result.table.num_rows, "row"), f"{result.seconds:.2f} s"
    title = f"The first {rows}, in {took}" if result.cut else f"{rows} in {took}"
    note = f"Of snapshot {result.number}."
    if result.cut:
        note += " There are more, which were cut: count them, or ask for fewer (WHERE, LIMIT)."
    links = [
        html.A(name, href=f"/sql/{token}/{form}", download=f"result.{form}", className=_BUTTON)
        for form, name in (("csv", "CSV"), ("parquet", "Parquet"))
    ]
    names = result.table.column_names
    if PRODUCT_ID in names and f"{PRODUCT_ID}_2" not in names and not result.cut:
        made = selection.rule("sql", result.statement)
        if len(str(made)) > selection.MOST_CHARACTERS:
            note += f" A query of more than {selection.MOST_CHARACTERS:,} characters cannot be shown on the maps."
        else:
            links = [
                dcc.Link("Show on the maps", href=selection.address("/map", made), className=_BUTTON),
                dcc.Link("As a list", href=selection.address("/products", made), className=_BUTTON),
                *links,
            ]
    return html.Div(
        [
            html.Div([html.H2(title, className="sql-title"), html.P(note, className="note")]),
            html.Div(links, className="tools"),
        ],
        className="card-head",
    )


PAGE = Page("/sql", "SQL", 80, layout, register, needs_sql=True)

"""Overview: the verdict, the methods beside each other, and what was studied."""

from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard import components as ui
from dashboard import words
from dashboard.pages import Page
from dashboard.state import LOGS, SNAPSHOT, callback, link
from store.errors import AislemapError
from store.questions import activity, catalogue, study
from store.questions.ask import Cursor
from store.reader import Reader


def layout(reader: Reader, search: str) -> Any:
    """The page; its body follows the snapshot and the logs."""
    return ui.page(
        "Can these products be grouped automatically?",
        "What the study found: from the text alone, from the pictures alone, and from both together.",
        ui.loading(html.Div(id="overview-body", className="stack")),
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the page."""

    @callback(app, Output("overview-body", "children"), Input(SNAPSHOT, "data"), Input(LOGS, "data"))
    def body(number: int, logs: str) -> Any:
        with reader.cursor(number) as cursor:
            grouping, metric = study.declared(cursor)
            standings = study.leaderboard(cursor, grouping.algorithm, grouping.space, metric)
            verdicts = study.verdicts(cursor)
            return [
                _verdicts(verdicts, standings),
                _leaderboard(standings, verdicts, grouping, metric),
                html.Div([_catalogue(cursor), _changes(reader, cursor, number), _activity(cursor)], className="thirds"),
            ]


def _verdicts(verdicts: list[study.Verdict], standings: list[study.Standing]) -> Any:
    models = {s.method: s.model for s in standings}
    scopes = [v for v in verdicts if v.scope in words.SCOPES]
    if not scopes:
        return ui.card(
            "There is no verdict", html.P("No method could be run on this catalogue; the reasons are below.")
        )
    return html.Div([_verdict(v, models.get(v.method or "")) for v in scopes], className="thirds")


def _verdict(verdict: study.Verdict, model: str | None) -> Any:
    marks = [m for m in (verdict.infeasible_below, verdict.feasible_from) if m is not None]
    figure = [
        html.Div(
            [
                html.Span(words.score(verdict.value), className="verdict-figure"),
                html.Span(words.named(words.METRICS, verdict.metric), className="verdict-metric"),
                html.Span(ui.interval(verdict.low, verdict.high), className="verdict-interval"),
            ]
        ),
        ui.track(verdict.value, (verdict.low, verdict.high), marks=marks),
    ]
    return html.Section(
        [
            html.Div([html.H2(words.SCOPES[verdict.scope]), ui.verdict(verdict.verdict)], className="card-head"),
            *(figure if verdict.value is not None else []),
            html.P(verdict.reason, className="verdict-reason"),
            html.P([html.Strong(words.method(verdict.method)), f" · {model}" if model else ""], className="note"),
        ],
        className=f"panel verdict verdict-{verdict.scope.replace('+', '-')}",
    )


def _leaderboard(
    standings: list[study.Standing], verdicts: list[study.Verdict], grouping: study.Grouping, metric: str
) -> Any:
    by_method = {v.method: v for v in verdicts if v.scope.startswith("method:")}
    marks = [m for v in verdicts[:1] for m in (v.infeasible_below, v.feasible_from) if m is not None]
    ran = [s for s in standings if s.status == "ran"]
    rest = [s for s in standings if s.status != "ran"]
    body = [
        [
            html.Span([dcc.Link(words.method(s.method), href=link("/clusters", method=s.method)), _model(s)]),
            s.modality or "–",
            ui.track(s.value, (s.low, s.high), (s.seed_min, s.seed_max), marks),
            html.Strong(words.score(s.value)),
            ui.interval(s.low, s.high),
            ui.interval(s.seed_min, s.seed_max),
            ui.verdict(by_method[s.method].verdict) if s.method in by_method else "",
        ]
        for s in ran
    ]
    name = words.named(words.METRICS, metric)
    title = _headline([s for s in ran if s.value is not None])
    note = [
        f"{words.METRIC_MEANINGS.get(metric, '')} Groups by {words.grouping(grouping.algorithm, grouping.space)}. ",
        "Dot: median over seeds; thin line: 95 % interval over products; bar: range over seeds; ",
        "dashes: the thresholds of 'not feasible' and 'feasible'.",
    ]
    head = ["Method", "Looks at", "From 0 to 1", name, "Interval", "Over seeds", "Verdict"]
    return ui.card(
        title,
        ui.table(head, body, (3, 4, 5), "leaderboard") if ran else None,
        html.Div(
            [
                html.H3("Not in the comparison"),
                ui.table(
                    ["Method", "Looks at", "Status", "Why, and what to do"],
                    [
                        [
                            html.Span([words.method(s.method), _model(s)]),
                            s.modality or "–",
                            ui.status(s.status),
                            s.detail,
                        ]
                        for s in rest
                    ],
                    name="unavailable",
                ),
            ],
            className="mt-3",
        )
        if rest
        else None,
        note=note,
    )


def _headline(scored: list[Any]) -> str:
    """Who scores highest, the best first in `scored`, and whose intervals overlap with its own."""
    if not scored:
        return "The methods"
    best, *others = scored
    near = [words.method(s.method) for s in others if s.high is not None and best.low is not None and s.high > best.low]
    title = f"{words.method(best.method)} comes closest to the catalogue's own categories"
    return f"{title}, its interval overlapping with that of {' and '.join(near)}" if near else title


def _model(standing: study.Standing) -> Any:
    parts = [standing.model, f"{standing.dimensions:,}-d" if standing.dimensions else None]
    return html.Span(" · ".join(part for part in parts if part), className="sub")


def _catalogue(cursor: Cursor) -> Any:
    found = catalogue.summary(cursor)
    issues = catalogue.issue_counts(cursor)
    facts = [
        ui.fact(words.count(found.products), "products"),
        ui.fact(words.count(found.categories), "categories"),
        ui.fact(words.count(found.pictures), "with a picture"),
        ui.fact(words.count(found.texts), "with a text"),
        ui.fact(words.count(found.suspects), "suspect labels"),
        ui.fact(words.count(found.duplicates), "duplicates"),
    ]
    return ui.card(
        "What was studied",
        html.Div(facts, className="facts"),
        html.H3(words.count(found.issues, "issue") + " with the input" if issues else "No issue with the input"),
        html.Ul([html.Li([html.Span(i.name), html.Span(words.count(i.count))]) for i in issues[:6]], className="pairs"),
    )


def _changes(reader: Reader, cursor: Cursor, number: int) -> Any:
    earlier = [n for n in reader.numbers() if n < number]
    if not earlier:
        return ui.card("This is the first snapshot", html.P("The next one is compared with it here.", className="note"))
    title = f"Since snapshot {earlier[-1]}"
    try:
        with reader.cursor(earlier[-1]) as before:
            changes = study.changes(cursor, before)
            products = catalogue.summary(cursor).products - catalogue.summary(before).products
    except AislemapError as error:
        return ui.card(title, html.P(str(error), className="note"))
    lines = [[words.method(c.method), words.score(c.before), words.score(c.value)] for c in changes]
    said = f"{products:+,} products. " if products else "The same number of products. "
    said += "Scores that moved:" if lines else "No method's score moved."
    return ui.card(
        title, html.P(said), ui.table(["Method", "Before", "Now"], lines, (1, 2), "changes") if lines else None
    )


def _activity(cursor: Cursor) -> Any:
    runs = activity.runs(cursor, 1)
    jobs = [job for job in activity.jobs(cursor) if job.next_run]
    last = html.P("No run is in the log.", className="note")
    if runs:
        run = runs[0]
        last = html.Div(
            [
                html.P([ui.status(run.status), f" {words.when(run.started)}, took {words.seconds(run.seconds)}"]),
                html.P(run.detail, className="note") if run.detail else None,
            ]
        )
    return ui.card(
        "Runs",
        html.H3("Last"),
        last,
        html.H3("Next"),
        html.Ul([html.Li([html.Span(j.job), html.Span(words.due(j.next_run))]) for j in jobs], className="pairs")
        if jobs
        else html.P("None is scheduled.", className="note"),
        dcc.Link("All runs", href="/runs"),
    )


PAGE = Page("/", "Overview", 10, layout, register)

"""Answer: the verdicts, the leaderboard, costs, and what was studied."""

from collections.abc import Sequence
from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard import components as ui
from dashboard import context, words
from dashboard.context import Context
from dashboard.pages import Page
from dashboard.pages.answer import changes, head, leaderboard
from dashboard.plots.costs import cost_scores
from dashboard.plots.group_counts import group_counts
from dashboard.selecting.selection import address, rule
from dashboard.state import LOGS, SNAPSHOT, Address, Control, callback, pick
from store.questions import activity, catalogue, categories, comparisons, costs, estimates, labels, study
from store.reader import Reader

ADDRESS = Address("/", (Control("since", "answer-since", 0, "data"),))
"""`since` is the number of the snapshot that this one is compared with; 0 is the one before it."""


def layout(reader: Reader, search: str) -> Any:
    """The page; its body follows the snapshot and the logs."""
    return ui.page(
        "Can these products be grouped automatically?",
        "The verdicts of the study: from the text alone, from the images alone, and from both together.",
        ADDRESS.store(),
        dcc.Store(id="answer-since", data=ADDRESS.read(search)["since"]),
        ui.loading(html.Div(id="answer-body", className="stack")),
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the page."""
    ADDRESS.register(app)

    @callback(
        app,
        Output("answer-body", "children"),
        Input(SNAPSHOT, "data"),
        Input(LOGS, "data"),
        Input("answer-since", "data"),
    )
    def body(number: int, logs: str, since: int | None) -> Any:
        parts, studied = context.of(reader, number).draw(_study)
        last = [studied, changes.card(reader, number, since), _activity(reader, number)]
        return [*parts, html.Div(last, className="thirds")]


def prepare(reader: Reader, number: int) -> None:
    """What the first visitor would wait for: the study, and what differs from the snapshot before."""
    context.of(reader, number).draw(_study)
    changes.card(reader, number, None)


def _study(asked: Context) -> tuple[list[Any], Any]:
    """What rests on the snapshot alone: the parts of the page from its top, and the card of what was studied."""
    ask = asked.ask
    metric = ask(study.declared)[1]
    ranking = ask(study.ranking)
    verdicts = ask(study.verdicts)
    others = ask(comparisons.others)
    declared = others[0][0] if others else None
    compared = ask(comparisons.against, others[0], metric) if others else {}
    estimated = ask(estimates.estimated_scores, metric)
    parts = [
        _how_many(ask(estimates.k_estimates), declared, ranking),
        _named(ask(estimates.named_scores)),
    ]
    parts = [part for part in parts if part is not None]
    sample = ask(catalogue.rests_on)
    return [
        html.P(f"The study rests on {sample}; the others were placed in its groups.") if sample else None,
        head.answer(ask, verdicts, ask(categories.category_verdicts), ask(catalogue.summary).suspects),
        _verdicts(verdicts, ranking, estimated),
        leaderboard.card(ranking, verdicts, declared, compared, estimated, ask(labels.ceilings, metric), metric),
        _cost(ask(costs.costs), metric, next(iter(ask(study.rests_on)), None)),
        html.Div(parts, className="halves" if len(parts) > 1 else "stack") if parts else None,
    ], _catalogue(ask(catalogue.summary), ask(catalogue.issue_counts))


def _verdicts(
    verdicts: list[study.Verdict], ranking: list[study.Ranked], estimated: dict[str, estimates.EstimatedScore]
) -> Any:
    models = {s.method: words.model(s.model, s.method) for s in ranking}
    scopes = [v for v in verdicts if v.scope in words.SCOPES]
    if not scopes:
        return ui.card(
            "There is no verdict", html.P("No method could be run on this catalogue; the reasons are below.")
        )
    return html.Div(
        [_verdict(v, models.get(v.method or ""), estimated.get(v.method or "")) for v in scopes], className="thirds"
    )


def _verdict(verdict: study.Verdict, model: str | None, estimated: estimates.EstimatedScore | None) -> Any:
    thresholds = [m for m in (verdict.infeasible_below, verdict.feasible_from) if m is not None]
    figure = [
        html.Div(
            [
                html.Span(words.score(verdict.value), className="verdict-figure"),
                html.Span(words.named(words.METRICS, verdict.metric), className="verdict-metric"),
                html.Span(ui.interval(verdict.low, verdict.high), className="verdict-interval"),
            ]
        ),
        ui.track(verdict.value, (verdict.low, verdict.high), thresholds=thresholds),
        html.P(words.estimated(estimated.value, estimated.groups), className="note") if estimated else None,
    ]
    return html.Section(
        [
            html.Div([html.H2(words.SCOPES[verdict.scope]), ui.verdict(verdict.verdict)], className="card-head"),
            *(figure if verdict.value is not None else []),
            *reason(verdict.reason),
            html.P([html.Strong(words.method(verdict.method)), f" · {model}" if model else ""], className="note")
            if verdict.method
            else None,
        ],
        className=f"panel verdict verdict-{verdict.scope.replace('+', '-')}",
    )


def reason(text: str | None) -> list[Any]:
    """How many products land right and what follows, a paragraph each; the figures behind it are unfolded."""
    found, follows, *figures = *words.sentences(words.held(text)), "", ""
    parts = [html.P(part, className="verdict-reason") for part in (found, follows) if part]
    figures = [part for part in figures if part]
    if figures:
        parts.append(html.Details([html.Summary("The figures of this verdict"), html.P(" ".join(figures))]))
    return parts


def _how_many(found: list[estimates.Estimate], declared: str | None, ranking: list[study.Ranked]) -> Any:
    """The estimated number of groups, for the methods in the order of the leaderboard; of the declared one in words."""
    if not found:
        return None
    have = {e.method for e in found}
    methods = [s.method for s in ranking if s.method in have]
    shown = next(e for e in found if e.method == pick(declared, methods))
    spread = "" if shown.low is None else f" ({shown.low} to {shown.high})"
    title = f"{words.method(shown.method)} suggests {words.count(shown.k, 'group')}{spread}"
    if shown.categories is not None:
        title += f"; the catalogue has {words.count(shown.categories, 'category')}"
    return ui.card(
        title,
        ui.graph("group-counts", group_counts(found, methods), "Estimated number of groups of each method"),
        note="The number of groups, estimated without the categories, with the range over resamples. "
        + ("Dashed line: the number of categories." if shown.categories is not None else ""),
        class_name="how-many",
    )


def _cost(found: list[costs.Cost], metric: str, declared: str | None) -> Any:
    timed = [c for c in found if c.seconds is not None]
    if not timed:
        return None
    name = words.named(words.METRICS, metric)
    body = [
        [
            words.method(c.method),
            words.score(c.value),
            words.per_thousand(c.seconds),
            words.per_thousand(c.grouping_seconds),
            words.megabytes(c.peak_mb),
            words.per_thousand(c.vector_mb, "MB"),
            words.count(c.dimensions) if c.dimensions else "–",
        ]
        for c in found
    ]
    head = ["Method", name, "Vectors", "Groups", "Peak memory", "Stored", "Dimensions"]
    return ui.card(
        tradeoff(timed, name, declared),
        html.Div(
            [
                ui.graph(
                    "costs", cost_scores(found, metric), f"{name} of each method by what its vectors cost", least=500
                ),
                ui.table(head, body, tuple(range(1, 7)), "costs"),
            ],
            className="halves wide-only",
        ),
        note="Per 1,000 products, as measured in the run; higher is better, further left is faster. 'Vectors': the "
        "time the plot shows. 'Groups': the nearest neighbours, and all groupings. A method that joins "
        "others includes the cost of their vectors, a joint graph also that of their neighbours.",
    )


def tradeoff(timed: Sequence[costs.Cost], name: str, declared: str | None) -> str:
    """The method that the verdict rests on (the best, where none does), and the fastest with 90 % of its score."""
    scored = [c for c in timed if c.value is not None]
    if not scored:
        return "What the vectors cost"
    best = next((c for c in scored if c.method == declared), max(scored, key=lambda c: c.value or 0.0))
    title = (
        f"{words.method(best.method)} reaches {name} {words.score(best.value)} in {words.per_thousand(best.seconds)} "
        "per 1,000 products"
    )
    good = [c for c in scored if (c.value or 0.0) >= 0.9 * (best.value or 0.0)]
    quick = min(good, key=lambda c: c.seconds or 0.0)
    if quick is best:
        return f"{title}, and no faster method comes near"
    return f"{title}, {words.method(quick.method)} {words.score(quick.value)} in {words.per_thousand(quick.seconds)}"


def _named(found: list[estimates.NamedScore]) -> Any:
    """Groups made from the categories' names. No clustering, so no verdict rests on them."""
    if not found:
        return None
    metrics = list(dict.fromkeys(f.metric for f in found))
    cells = {(f.method, f.metric): f for f in found}
    body = [
        [
            words.method(method),
            *(
                html.Span([words.score(f.value), html.Span(ui.interval(f.low, f.high), className="sub")])
                if (f := cells.get((method, metric)))
                else "–"
                for metric in metrics
            ),
        ]
        for method in dict.fromkeys(f.method for f in found)
    ]
    return ui.card(
        [ui.badge("not clustering", "none"), " If the categories' names are given"],
        ui.table(
            ["Method", *(words.named(words.METRICS, m) for m in metrics)], body, range(1, len(metrics) + 1), "named"
        ),
        note="Each product goes to the category whose name is most similar to its text. No product's label is used, "
        "but the category names are, so no verdict rests on these figures.",
        class_name="named-groups",
    )


def _catalogue(found: catalogue.Summary, issues: list[catalogue.Count]) -> Any:
    facts = [
        ui.fact(words.count(found.products), "products", "/products"),
        ui.fact(words.count(found.categories), "categories"),
        ui.fact(words.count(found.images), "with an image"),
        ui.fact(words.count(found.texts), "with a text"),
        ui.fact(words.count(found.suspects), "suspect labels", address("/products", rule("suspect"))),
        ui.fact(words.count(found.duplicates), "duplicates", address("/products", rule("duplicate"))),
    ]
    return ui.card(
        "What was studied",
        html.Div(facts, className="facts"),
        html.H3(words.count(found.issues, "issue") + " with the input" if issues else "No issue with the input"),
        html.Ul([html.Li([_issue(i.name), html.Span(words.count(i.count))]) for i in issues[:6]], className="pairs"),
    )


def _issue(problem: str) -> Any:
    return dcc.Link(problem, href=address("/products", rule("issue", problem)))


def _activity(reader: Reader, number: int) -> Any:
    with reader.cursor(number) as cursor:  # the logs grow beside a snapshot, so their answers are not kept
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


PAGE = Page("/", "Answer", 10, layout, register, prepare=prepare)

"""Metrics: every score of every method, in every way the products were grouped."""

from typing import Any

from dash import Dash, Input, Output, html

from dashboard import components as ui
from dashboard import figures, words
from dashboard.pages import Page
from dashboard.state import SNAPSHOT, Address, Control, callback, pick
from store.questions import study
from store.reader import Reader

ADDRESS = Address("/metrics", (Control("metric", "metrics-metric"), Control("grouping", "metrics-grouping")))


def layout(reader: Reader, search: str) -> Any:
    """The controls in the state of the address."""
    with reader.cursor() as cursor:
        metrics = study.metrics(cursor)
        groupings = [f"{g.algorithm}.{g.space}" for g in study.groupings(cursor)]
        declared, metric = study.declared(cursor)
    if not metrics:
        return ui.notice(
            "There are no scores in this snapshot",
            "Scores compare groups with categories; the catalogue has none, or no method could be run.",
        )
    defaults = {"metric": pick(metric, metrics), "grouping": f"{declared.algorithm}.{declared.space}"}
    state = ADDRESS.read(search, **defaults)
    names = [{"value": g, "label": words.grouping(*g.split("."))} for g in groupings]
    return ui.page(
        "How well does each method do, by every measure?",
        "The study's verdict rests on one declared measure and grouping; here are all, to see whether it holds.",
        ADDRESS.store(**defaults),
        ui.loading(html.Div(id="metrics-body", className="stack")),
        tools=html.Div(
            [
                ui.field(
                    "Measure",
                    ui.select("metrics-metric", ui.choices(words.METRICS, metrics), pick(state["metric"], metrics)),
                    "metrics-metric",
                ),
                ui.field(
                    "Grouped by",
                    ui.select("metrics-grouping", names, pick(state["grouping"], groupings)),
                    "metrics-grouping",
                ),
            ],
            className="controls",
        ),
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the page."""
    ADDRESS.register(app)

    @callback(
        app,
        Output("metrics-body", "children"),
        Input(SNAPSHOT, "data"),
        Input("metrics-metric", "value"),
        Input("metrics-grouping", "value"),
    )
    def body(number: int, metric: str, grouping: str) -> Any:
        algorithm, _, space = (grouping or "").partition(".")
        with reader.cursor(number) as cursor:
            scores = study.scores(cursor)
            groupings = study.groupings(cursor)
            categories = study.category_scores(cursor, algorithm, space)
            models = study.model_names(cursor)
        of_metric = [s for s in scores if s.metric == metric]
        best: dict[str, float] = {}
        for score in of_metric:
            best[score.method] = max(best.get(score.method, -1.0), score.value if score.value is not None else -1.0)
        methods = sorted(best, key=lambda m: -best[m])
        here = study.Grouping(algorithm, space)
        return [
            html.Div(
                [_dots(of_metric, methods, groupings, metric), _heat(categories, methods, here)],
                className="halves wide-only",
            ),
            _table(scores, metric, here, models),
        ]


def _dots(scores: list[study.Score], methods: list[str], groupings: list[study.Grouping], metric: str) -> Any:
    name = words.named(words.METRICS, metric)
    spread = ""
    if scores:
        top = max(scores, key=lambda s: s.value if s.value is not None else -1.0)
        spread = (
            f": {words.score(top.value)} for {words.method(top.method)} by {words.grouping(top.algorithm, top.space)}"
        )
    return ui.card(
        f"The best {name} reached{spread}",
        ui.graph("dots", figures.dots(scores, methods, groupings)),
        note=[
            words.METRIC_MEANINGS.get(metric, ""),
            " Lines: 95 % interval over products. Marks far apart on one line: ",
            "the figure depends on how the products were grouped.",
        ],
    )


def _heat(scores: list[study.CategoryScore], methods: list[str], grouping: study.Grouping) -> Any:
    if not scores:
        return ui.card("There are no figures per category for these groups")
    best: dict[str, float] = {}
    for score in scores:
        best[score.category] = max(best.get(score.category, 0.0), score.f1 or 0.0)
    hardest = min(best, key=lambda c: best[c])
    easiest = max(best, key=lambda c: best[c])
    return ui.card(
        f"Easiest to find: {easiest}; hardest: {hardest}",
        ui.graph(
            "category-heat", figures.category_heat(scores, [m for m in methods if m in {s.method for s in scores}])
        ),
        note=f"F1 of each category (1 is perfect) by {words.grouping(grouping.algorithm, grouping.space)}, groups "
        "matched to categories one to one. Hover for precision, recall and what it is confused with.",
    )


def _table(scores: list[study.Score], metric: str, grouping: study.Grouping, models: dict[str, str]) -> Any:
    here = {(s.method, s.metric): s for s in scores if (s.algorithm, s.space) == (grouping.algorithm, grouping.space)}
    have = {column for _, column in here}
    metrics = [m for m in words.METRICS if m in have] + sorted(have - set(words.METRICS))
    values = [(column, s.value) for (_, column), s in here.items() if s.value is not None]
    top = {m: max((value for column, value in values if column == m), default=None) for m in metrics}

    def cell(method: str, column: str) -> Any:
        score = here.get((method, column))
        if score is None:
            return "–"
        value = words.score(score.value)
        return html.Span(
            [
                html.Strong(value) if score.value is not None and score.value == top[column] else value,
                html.Span(ui.interval(score.seed_min, score.seed_max), className="sub"),
            ]
        )

    def place(method: str) -> float:
        score = here.get((method, metric))
        return -score.value if score and score.value is not None else 1.0

    methods = sorted({method for method, _ in here}, key=lambda m: (place(m), m))
    named = {m: html.Span([words.method(m), html.Span(models.get(m), className="sub")]) for m in methods}
    rows = [[named[m], *(cell(m, column) for column in metrics)] for m in methods]
    return ui.card(
        f"Every measure, by {words.grouping(grouping.algorithm, grouping.space)}",
        ui.table(
            [
                "Method",
                *(html.Span(words.named(words.METRICS, m), title=words.METRIC_MEANINGS.get(m, "")) for m in metrics),
            ],
            rows,
            tuple(range(1, len(metrics) + 1)),
            "all-scores",
        ),
        note="Median over the seeds, and below it the range over them. Bold: the best of a column.",
    )


PAGE = Page("/metrics", "Metrics", 40, layout, register)

"""Metrics: every score of every method, in every way the products were grouped."""

from typing import Any

from dash import Dash, Input, Output, html

from dashboard import components as ui
from dashboard import figures, lanes, words
from dashboard.pages import Page
from dashboard.state import SNAPSHOT, Address, Control, callback, pick
from store.questions import comparisons, study
from store.reader import Reader

ADDRESS = Address(
    "/metrics",
    (
        Control("metric", "metrics-metric"),
        Control("grouping", "metrics-grouping"),
        Control("one", "metrics-one"),
        Control("other", "metrics-other"),
    ),
)

NOTHING = (
    "There are no scores in this snapshot",
    "Scores compare groups with categories; the catalogue has none, or no method could be run.",
)


def layout(reader: Reader, search: str) -> Any:
    """The controls in the state of the address."""
    with reader.cursor() as cursor:
        metrics = study.metrics(cursor)
        groupings = study.groupings(cursor)
        metric = study.declared(cursor)[1]
        judged = study.judged(cursor)
        ranked = [s.method for s in study.ranking(cursor) if s.value is not None]
        every = sorted({(s.method, study.Grouping(s.algorithm, s.space)) for s in study.scores(cursor)})
    if not metrics:
        return ui.notice(*NOTHING)
    best = [_key(m, judged[m]) for m in ranked if m in judged]
    defaults = {"metric": pick(metric, metrics), "grouping": ui.JUDGED["value"]}
    defaults |= {"one": best[0] if best else "", "other": best[1] if len(best) > 1 else ""}
    state = ADDRESS.read(search, **defaults)
    pairs = [{"value": _key(*one), "label": _label(*one)} for one in every]
    keys = [pair["value"] for pair in pairs]
    names = [ui.JUDGED, *ui.groupings(groupings)]
    return ui.page(
        "How well does each method do, by every measure?",
        "The verdict rests on one measure and one grouping, declared before the run. Here are all, for comparison.",
        ADDRESS.store(**defaults),
        ui.loading(html.Div(id="metrics-body", className="stack")),
        ui.card(
            "Is one better than the other?",
            html.Div(
                [
                    ui.field(
                        label,
                        ui.select(f"metrics-{name}", pairs, pick(state[name], keys, defaults[name])),
                        f"metrics-{name}",
                    )
                    for name, label in (("one", "Is this grouping"), ("other", "better than this one"))
                ],
                className="controls",
            ),
            ui.loading(html.Div(id="metrics-pair")),
            note="Two scores are compared over the same products. If the paired 95 % interval of their difference "
            "contains 0, no difference was shown.",
            class_name="mt-3",
        ),
        tools=html.Div(
            [
                ui.field(
                    "Measure",
                    ui.select("metrics-metric", ui.choices(words.METRICS, metrics), pick(state["metric"], metrics)),
                    "metrics-metric",
                ),
                ui.field(
                    "Grouped by",
                    ui.select("metrics-grouping", names, pick(state["grouping"], [n["value"] for n in names])),
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
        with reader.cursor(number) as cursor:
            scores = study.scores(cursor)
            groupings = study.groupings(cursor)
            models = study.model_names(cursor)
            judged = study.judged(cursor)
        if not scores:
            return ui.notice(*NOTHING)
        here, by_judged = study.Grouping.of(grouping), grouping == ui.JUDGED["value"]

        def chosen(score: study.Score) -> bool:
            wanted = judged.get(score.method) if by_judged else here
            return study.Grouping(score.algorithm, score.space) == wanted

        by = "as each method is judged" if by_judged else f"by {words.grouping(here.algorithm, here.space)}"
        of_metric = [s for s in scores if s.metric == metric]
        best: dict[str, float] = {}
        for score in of_metric:
            best[score.method] = max(best.get(score.method, -1.0), score.value if score.value is not None else -1.0)
        methods = sorted(best, key=lambda m: -best[m])
        return [
            _dots(of_metric, methods, groupings, metric),
            _table([s for s in scores if chosen(s)], metric, by, models),
        ]

    @callback(
        app,
        Output("metrics-pair", "children"),
        Input(SNAPSHOT, "data"),
        Input("metrics-metric", "value"),
        Input("metrics-one", "value"),
        Input("metrics-other", "value"),
    )
    def pair(number: int, metric: str, one: str, other: str) -> Any:
        (first, a), (second, b) = _parts(one), _parts(other)
        with reader.cursor(number) as cursor:
            compared = comparisons.metrics(cursor)
            metric = pick(metric, compared, study.declared(cursor)[1])
            found = comparisons.between(cursor, (first, a), (second, b), metric)
            judged = study.judged(cursor)
            rivals = comparisons.against(cursor, first, a, metric)
        rivals = [c for c in rivals if judged.get(c.other_method) == study.Grouping(c.other_algorithm, c.other_space)]
        return [
            html.P(in_words(first, a, second, b, found, metric), className="answer"),
            ui.graph("differences", lanes.differences(rivals)) if rivals else None,
            html.P(
                f"{words.named(words.METRICS, metric)} of {_label(first, a)} minus that of each other method as "
                "judged. Right of the line it is ahead. Grey: no difference was shown.",
                className="note",
            )
            if rivals
            else None,
        ]


def _key(method: str, grouping: study.Grouping) -> str:
    return f"{method}.{grouping.key}"


def _parts(key: str | None) -> tuple[str, study.Grouping]:
    """The method and grouping of a choice; names that no store has for nonsense."""
    method, _, grouping = (key or "").partition(".")
    return method, study.Grouping.of(grouping)


def _label(method: str, grouping: study.Grouping) -> str:
    return f"{words.method(method)} ({words.grouping(grouping.algorithm, grouping.space)})"


def in_words(
    one: str,
    a: study.Grouping,
    other: str,
    b: study.Grouping,
    found: comparisons.Comparison | None,
    metric: str,
) -> str:
    """The answer in one sentence."""
    if (one, a) == (other, b):
        return "These are the same grouping; choose another to compare it with."
    if found is None:
        return "These two were not compared: no product with a category was placed by both."
    size = words.score(abs(found.difference))
    how = f"is {size} {'ahead of' if found.difference > 0 else 'behind'}"
    if size == words.score(0.0):
        how = "scores the same as" if found.difference == 0 else "scores within 0.005 of"
    sure = "so a difference was shown" if found.distinct else "so no difference was shown"
    return (
        f"{_label(one, a)} {how} {_label(other, b)} by "
        f"{words.named(words.METRICS, metric)}; the interval goes from {words.signed(found.low)} to "
        f"{words.signed(found.high)} over {words.count(found.products, 'product')}, {sure}."
    )


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
            " Lines: 95 % interval over products. The further the points of one method lie from each other, ",
            "the more its score depends on how the products were grouped.",
        ],
    )


def _table(scores: list[study.Score], metric: str, by: str, models: dict[str, str]) -> Any:
    here = {(s.method, s.metric): s for s in scores}
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
    named = {
        m: html.Span([words.method(m), html.Span(words.model(models.get(m), m), className="sub")]) for m in methods
    }
    rows = [[named[m], *(cell(m, column) for column in metrics)] for m in methods]
    return ui.card(
        f"Every measure, {by}",
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

"""Metrics: every score of every method, in every way the products were grouped."""

from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard import components as ui
from dashboard import words
from dashboard.plots.differences import differences
from dashboard.plots.dots import dots
from dashboard.selecting.selection import address, rule
from dashboard.state import SNAPSHOT, Address, Control, callback, pick
from store.questions import comparisons, study
from store.reader import Reader

ADDRESS = Address(
    "/methods",
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
        every = list(dict.fromkeys((s.method, s.grouping) for s in study.scores(cursor)))
        others = comparisons.others(cursor)
    if not metrics:
        return ui.notice(*NOTHING)
    best = [(m, judged[m]) for m in ranked if m in judged]
    one = next((b for b in best if b not in others[:1]), None)
    defaults = {"metric": pick(metric, metrics), "grouping": ui.JUDGED["value"]}
    defaults |= {"one": _key(*one) if one else "", "other": _key(*others[0]) if others else ""}
    state = ADDRESS.read(search, **defaults)
    names = [ui.JUDGED, *ui.choices(words.GROUPINGS, groupings)]
    return ui.page(
        "How well does each method do, by every metric?",
        "The verdict rests on one metric and one grouping, declared before the run. Here are all, for comparison.",
        ADDRESS.store(**defaults),
        ui.loading(html.Div(id="metrics-body", className="stack")),
        ui.card(
            "Is one better than the other?",
            html.Div(
                [
                    _choice("one", "Is this grouping", every, state["one"], defaults["one"]),
                    _choice("other", "better than this one", others, state["other"], defaults["other"]),
                ],
                className="controls",
            ),
            ui.loading(html.Div(id="metrics-pair")),
            note="A grouping is compared with one that a verdict rests on, over the same products, with a paired 95 % "
            "interval. Whether a difference was shown is corrected for the number of groupings compared (Holm).",
            class_name="mt-3",
        ),
        tools=html.Div(
            [
                ui.choice("Metric", "metrics-metric", ui.choices(words.METRICS, metrics), state["metric"]),
                ui.choice("Grouped by", "metrics-grouping", names, state["grouping"]),
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
            rests_on = study.rests_on(cursor)
        if not scores:
            return ui.notice(*NOTHING)
        by_judged = grouping == ui.JUDGED["value"]
        chosen = [s for s in scores if s.grouping == (judged.get(s.method) if by_judged else grouping)]
        by = "as each method is judged" if by_judged else f"by {words.grouping(grouping)}"
        of_metric = [s for s in scores if s.metric == metric]
        value = {s.method: s.value for s in of_metric if s.grouping == judged.get(s.method) and s.value is not None}
        methods = sorted({s.method for s in of_metric}, key=lambda m: (-value.get(m, -1.0), m))
        declared = next(iter(rests_on.items()), None)
        return [
            _dots(of_metric, methods, groupings, metric, declared),
            _table(chosen, metric, by, models),
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
        first, second = _parts(one), _parts(other)
        with reader.cursor(number) as cursor:
            metric = pick(metric, comparisons.metrics(cursor), study.declared(cursor)[1])
            found = comparisons.between(cursor, first, second, metric)
            rivals = list(comparisons.against(cursor, second, metric).values())
            judged = study.judged(cursor)
        return [
            html.P([in_words(first, second, found, metric), *_opposed(first, second, judged)], className="answer"),
            ui.graph("differences", differences(rivals), f"Difference of each other method from {_label(*second)}")
            if rivals
            else None,
            html.P(
                f"{words.named(words.METRICS, metric)} of each other method, as it is judged, minus that of "
                f"{_label(*second)}. Right of the line a method is ahead. Grey: no difference was shown.",
                className="note",
            )
            if rivals
            else None,
        ]


def _choice(name: str, label: str, among: list[tuple[str, str]], chosen: str, default: str) -> Any:
    """The control of one side of a comparison."""
    options = [{"value": _key(*one), "label": _label(*one)} for one in among]
    value = pick(chosen, [option["value"] for option in options], default)
    return ui.field(label, ui.select(f"metrics-{name}", options, value), f"metrics-{name}")


def _key(method: str, grouping: str) -> str:
    return f"{method}.{grouping}"


def _parts(key: str | None) -> tuple[str, str]:
    """The method and grouping of a choice; names that no store has for nonsense."""
    method, _, grouping = (key or "").partition(".")
    return method, grouping


def _label(method: str, grouping: str) -> str:
    return f"{words.method(method)} ({words.grouping(grouping)})"


def in_words(one: tuple[str, str], other: tuple[str, str], found: comparisons.Comparison | None, metric: str) -> str:
    """The answer on two groupings, each a method and its grouping, in words."""
    if one == other:
        return "These are the same grouping; choose another to compare it with."
    if found is None:
        return "These two were not compared: no product with a category was placed by both."
    size = words.score(abs(found.difference))
    how = f"is {size} {'ahead of' if found.difference > 0 else 'behind'}"
    if size == words.score(0.0):
        how = "scores the same as" if found.difference == 0 else "scores within 0.005 of"
    return (
        f"{_label(*one)} {how} {_label(*other)} by {words.named(words.METRICS, metric)}; the interval goes from "
        f"{words.signed(found.low)} to {words.signed(found.high)} over {words.count(found.products, 'product')}. "
        f"Corrected for all comparisons, {'a' if found.distinct else 'no'} difference was shown."
    )


def _opposed(one: tuple[str, str], other: tuple[str, str], judged: dict[str, str]) -> list[Any]:
    """Links to the products that one puts right and the other wrong, where both are judged by these groupings."""
    if one == other or any(judged.get(method) != grouping for method, grouping in (one, other)):
        return []
    links = [
        dcc.Link(
            f"{words.method(good)} right, {words.method(bad)} wrong",
            href=address("/products", rule("right", good), rule("wrong", bad)),
        )
        for good, bad in ((one[0], other[0]), (other[0], one[0]))
    ]
    return [" Products: ", links[0], " · ", links[1]]


def headline(scores: list[study.Score], declared: tuple[str, str] | None, metric: str) -> str:
    """The score of the grouping that the widest verdict rests on: the best of many would be good by luck too."""
    name = words.named(words.METRICS, metric)
    score = next((s for s in scores if (s.method, s.grouping) == declared), None)
    if score is None:
        return f"{name} by method and grouping"
    interval = ui.interval(score.low, score.high)
    return (
        f"The verdict rests on {words.method(score.method)} by {words.grouping(score.grouping)}: "
        f"{name} {words.score(score.value)}{f' ({interval})' if interval else ''}"
    )


def _dots(
    scores: list[study.Score],
    methods: list[str],
    groupings: list[str],
    metric: str,
    declared: tuple[str, str] | None,
) -> Any:
    name = words.named(words.METRICS, metric)
    return ui.card(
        headline(scores, declared, metric),
        ui.graph("dots", dots(scores, methods, groupings), f"{name} of each method by each grouping, with intervals"),
        note=[
            words.METRIC_MEANINGS.get(metric, ""),
            " The methods by the score of the grouping that each is judged by. Lines: 95 % interval, for other ",
            "products of this shop, grouped anew. The further the points of one ",
            "method lie from each other, the more its score depends on how the products were grouped.",
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
                html.Span(ui.interval(score.low, score.high), className="sub"),
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
        f"Every metric, {by}",
        ui.table(
            [
                "Method",
                *(words.named(words.METRICS, m) for m in metrics),
            ],
            rows,
            tuple(range(1, len(metrics) + 1)),
            "all-scores",
        ),
        ui.meanings({words.METRICS[m]: words.METRIC_MEANINGS[m] for m in metrics if m in words.METRIC_MEANINGS}),
        note="Below a score its 95 % interval, where it has one. Bold: the best of a column.",
    )

"""Labels: how many labelled products per category reach what grouping without labels reaches."""

from typing import Any

from dash import Dash, Input, Output, html

from dashboard import components as ui
from dashboard import context, words
from dashboard.context import Context
from dashboard.plots.learning import learning
from dashboard.state import SNAPSHOT, Address, Control, callback
from store.questions import labels, study
from store.reader import Reader

ADDRESS = Address("/methods/labels", (Control("metric", "labels-metric"),))

GROUPED = {"accuracy": "matched_accuracy"}
"""The metric of `scores` that a grouping is compared by, where a learning curve's metric has another name."""

NOTHING = (
    "There is no learning curve in this snapshot",
    "It needs categories with enough products each, and a method that could be run.",
)


def layout(reader: Reader, search: str) -> Any:
    """The choice of the metric in the state of the address."""
    metrics = context.of(reader).ask(labels.curve_metrics)
    if not metrics:
        return ui.notice(*NOTHING)
    defaults = {"metric": metrics[0]}
    state = ADDRESS.read(search, **defaults)
    return ui.page(
        "How many labels would be enough?",
        "Where grouping without labels is not good enough, a classifier trained on a few labelled products per "
        "category can be. This page shows how many labels that takes.",
        ADDRESS.store(**defaults),
        ui.loading(html.Div(id="labels-body", className="stack")),
        tools=ui.choice("Metric", "labels-metric", ui.choices(words.METRICS, metrics), state["metric"]),
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the page."""
    ADDRESS.register(app)

    @callback(app, Output("labels-body", "children"), Input(SNAPSHOT, "data"), Input("labels-metric", "value"))
    def body(number: int, metric: str) -> Any:
        return context.of(reader, number).draw(_body, metric)


def _body(asked: Context, metric: str) -> Any:
    ask = asked.ask
    curves, ceilings = ask(labels.learning_curves, metric), ask(labels.ceilings, metric)
    judged, ranked = ask(study.judged), [s.method for s in ask(study.ranking)]
    clustering = {
        s.method: s.value
        for s in ask(study.scores)
        if s.metric == GROUPED.get(metric, metric) and s.value is not None
        if judged.get(s.method) == s.grouping
    }
    have = {p.method for p in curves}
    methods = [m for m in ranked if m in have]
    if not methods:
        return ui.notice(*NOTHING)
    name = words.named(words.METRICS, metric)
    return [
        ui.card(
            title(curves, methods, clustering),
            ui.graph(
                "learning",
                learning(curves, methods, ceilings, clustering, metric),
                f"{name} of each method by the number of labels per category",
            ),
            note=f"{name} of a linear classifier on the same vectors, by labelled products per category: the "
            "median over draws of products, and the middle 95 % of them. Where the curve is above the line of the "
            "grouping, labels score higher. "
            + ("" if clustering else f"The grouping itself has no {name} to draw.")
            + _without_curve({m: v for m, v in clustering.items() if m not in have}),
        ),
        _table(curves, methods, ceilings, clustering, name),
    ]


def needed(curves: list[labels.CurvePoint], method: str, target: float) -> int | None:
    """The fewest labels per category with which the method's median reaches the target; None if none does."""
    return next((p.labels for p in curves if p.method == method and p.value >= target), None)


def _without_curve(clustering: dict[str, float]) -> str:
    """The scores of the groupings without a learning curve: a joint graph has no vectors to train on."""
    parts = [f"{words.method(m)} {words.score(v)}" for m, v in sorted(clustering.items(), key=lambda item: -item[1])]
    return f"Without labels and without vectors of their own: {words.listed(parts)}." if parts else ""


def title(curves: list[labels.CurvePoint], methods: list[str], clustering: dict[str, float]) -> str:
    """The finding in one sentence, from the best method that has a curve."""
    best = next((m for m in methods if m in clustering), None)
    if best is None:
        return "Scores by number of labels per category"
    count = needed(curves, best, clustering[best])
    most = max(p.labels for p in curves)
    if count is None:
        return f"{words.method(best)} scores higher without labels than a classifier with {most} labels per category"
    reached = next(p for p in curves if p.method == best and p.labels == count)
    better = reached.low is not None and reached.low > clustering[best]
    return (
        f"With {words.count(count, 'label')} per category, {words.method(best)} scores "
        f"{'higher than' if better else 'as high as'} without labels: {words.score(reached.value)} against "
        f"{words.score(clustering[best])}"
    )


def _table(
    curves: list[labels.CurvePoint],
    methods: list[str],
    ceilings: dict[str, labels.Ceiling],
    clustering: dict[str, float],
    name: str,
) -> Any:
    counts = sorted({p.labels for p in curves})
    at = {(p.method, p.labels): p for p in curves}

    def cell(method: str, count: int) -> Any:
        point = at.get((method, count))
        if point is None:
            return "–"
        return html.Span([words.score(point.value), html.Span(ui.interval(point.low, point.high), className="sub")])

    def matched(method: str) -> str:
        if method not in clustering:
            return "–"
        count = needed(curves, method, clustering[method])
        if count is None:
            return f"more than {counts[-1]}"
        return f"{count} or fewer" if count == counts[0] else str(count)

    body = [
        [
            words.method(m),
            words.score(clustering.get(m)),
            *(cell(m, count) for count in counts),
            words.score(ceilings[m].value) if m in ceilings else "–",
            matched(m),
        ]
        for m in methods
    ]
    return ui.card(
        f"{name} by labels per category",
        ui.table(
            ["Method", "No label", *(f"{count} labels" for count in counts), "All (ceiling)", "Labels to reach it"],
            body,
            tuple(range(1, len(counts) + 4)),
            "labels-needed",
        ),
        note="'No label' is the grouping that the method is judged by; the last column: the labels that reach it.",
    )

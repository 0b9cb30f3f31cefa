"""A figure of each category by each method, as a heat map."""

from collections.abc import Sequence

from dashboard import words
from dashboard.plots.axes import ANGLES, HEAT, PLAIN, categories_down
from dashboard.plots.figure import Figure
from store.questions.categories import CategoryScore


def category_heat(scores: Sequence[CategoryScore], methods: Sequence[str], column: str = "f1") -> Figure:
    """A heat map of one figure: categories down, methods across."""
    categories = sorted({s.category for s in scores})
    by_place = {(s.category, s.method): s for s in scores}
    found = [[by_place.get((c, m)) for m in methods] for c in categories]
    values = [[None if s is None else getattr(s, column) for s in line] for line in found]
    hints = [
        ["" if s is None else f"{words.inert(c)}, {_hint(s, column)}" for s in line]
        for c, line in zip(categories, found, strict=True)
    ]
    figure = Figure(height=max(260, 70 + (24 if len(categories) > 14 else 40) * len(categories)))
    figure.add(
        "heatmap",
        z=values,
        x=[words.method(m).replace(" ", "<br>", 1) for m in methods],
        y=list(range(len(categories))),
        texttemplate="%{z:.2f}",
        text=hints,
        hovertemplate="%{text}<extra></extra>",
        **HEAT,
    )
    figure.x_axes(side="top", autotickangles=ANGLES, **PLAIN)
    categories_down(figure, categories)
    return figure


def _hint(score: CategoryScore, column: str) -> str:
    first = f"{words.method(score.method)}: {words.score(getattr(score, column))}<br>"
    mixed = f"; most misplaced ones are with {words.inert(score.confused_with)}" if score.confused_with else ""
    return f"{first}precision {words.score(score.precision)}, recall {words.score(score.recall)}{mixed}"

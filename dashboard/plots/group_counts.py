"""The estimated number of groups."""

from collections.abc import Sequence

from dashboard import words
from dashboard.plots.axes import AXIS, methods_down, titled
from dashboard.plots.figure import Figure
from dashboard.theme import FAINT, HUES
from store.questions.estimates import Estimate


def group_counts(found: Sequence[Estimate], methods: Sequence[str]) -> Figure:
    """The estimated number of groups with its range, per method; the number of categories as a line."""
    figure = Figure(height=90 + 30 * len(methods), showlegend=False)
    methods_down(figure, methods)
    mine = [e for e in found if e.method in methods]
    figure.add(
        "scatter",
        x=[e.k for e in mine],
        y=[methods.index(e.method) for e in mine],
        mode="markers",
        marker={"size": 9, "color": HUES[0]},
        error_x={
            "type": "data",
            "array": [(e.high if e.high is not None else e.k) - e.k for e in mine],
            "arrayminus": [e.k - (e.low if e.low is not None else e.k) for e in mine],
            "color": HUES[0],
            "thickness": 1.5,
            "width": 3,
        },
        text=[words.method(e.method) for e in mine],
        hovertemplate="%{text}: %{x} groups<extra></extra>",
    )
    categories = next((e.categories for e in found if e.categories is not None), None)
    if categories is not None:
        figure.upright(categories, color=FAINT, dash="dash", width=1.5)
    figure.x_axes(title=titled("groups"), rangemode="tozero", **AXIS)
    return figure

"""A score by where the products are grouped."""

from collections.abc import Sequence

from dashboard import words
from dashboard.plots.axes import lanes, look
from dashboard.plots.figure import Figure
from store.questions.study import Score

GROUPINGS = ("embedding", "manifold")
"""The groupings of as many groups as categories."""


def groupings(scores: Sequence[Score], methods: Sequence[str], ends: tuple[float, float]) -> Figure:
    """One metric of k-means in the embedding and on the manifold, with its interval where there is one."""
    figure = lanes(methods, ends)
    for i, grouping in enumerate(GROUPINGS):
        colour, symbol = look(grouping).colour, look(grouping).symbol
        mine = [s for s in scores if s.grouping == grouping and s.method in methods and s.value is not None]
        values = [s.value or 0.0 for s in mine]
        figure.add(
            "scatter",
            x=values,
            y=[methods.index(s.method) + (i - 0.5) * 0.3 for s in mine],
            mode="markers",
            name=words.grouping(grouping),
            marker={"size": 9, "color": colour, "symbol": symbol},
            error_x={
                "type": "data",
                "array": [(v if s.high is None else s.high) - v for s, v in zip(mine, values, strict=True)],
                "arrayminus": [v - (v if s.low is None else s.low) for s, v in zip(mine, values, strict=True)],
                "color": colour,
                "thickness": 1.5,
                "width": 3,
            },
            text=[words.method(s.method) for s in mine],
            hovertemplate="%{text}: %{x:.3f}<extra>%{fullData.name}</extra>",
        )
    return figure

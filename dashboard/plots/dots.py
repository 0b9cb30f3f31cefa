"""A score of each method by each grouping."""

from collections.abc import Sequence

from dashboard import words
from dashboard.plots.axes import look
from dashboard.plots.figure import Figure
from dashboard.theme import FAINT, LINE
from store.questions.study import Score


def dots(scores: Sequence[Score], methods: Sequence[str], groupings: Sequence[str]) -> Figure:
    """One metric: a line per method (the best on top), a point per grouping, with its interval where there is one."""
    have = {(s.method, s.grouping) for s in scores}
    lanes = {m: [g for g in groupings if (m, g) in have] for m in methods}
    most = max([1, *map(len, lanes.values())])
    spread = 0.72 / most
    figure = Figure(
        height=110 + max(52, 13 * most) * len(methods),
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    for grouping in groupings:
        mine = [s for s in scores if s.grouping == grouping and s.value is not None]
        where = [
            methods.index(s.method) + (lanes[s.method].index(grouping) - (len(lanes[s.method]) - 1) / 2) * spread
            for s in mine
        ]
        up = [0 if s.high is None else s.high - (s.value or 0) for s in mine]
        down = [0 if s.low is None else (s.value or 0) - s.low for s in mine]
        shade, symbol = look(grouping).colour, look(grouping).symbol
        figure.add(
            "scatter",
            x=[s.value for s in mine],
            y=where,
            mode="markers",
            name=words.grouping(grouping).replace(", ", ",<br>"),  # as wide as a phone
            marker={"size": 10, "color": shade, "symbol": symbol},
            error_x={"type": "data", "array": up, "arrayminus": down, "color": shade, "thickness": 1.5, "width": 3},
            text=[words.method(s.method) for s in mine],
            hovertemplate="%{text}: %{x:.3f}<extra>%{fullData.name}</extra>",
        )
    figure.y_axes(
        tickvals=list(range(len(methods))),
        ticktext=[words.method(m) for m in methods],
        autorange="reversed",
        showgrid=True,
        gridcolor=LINE,
        zeroline=False,
        ticklabelstandoff=8,
        automargin=True,
        fixedrange=True,
    )
    figure.x_axes(gridcolor=LINE, zerolinecolor=FAINT, automargin=True, fixedrange=True, rangemode="tozero")
    return figure

"""Paired differences of scores, with their intervals."""

from collections.abc import Sequence

from dashboard import words
from dashboard.plots.axes import AXIS
from dashboard.plots.figure import Figure
from dashboard.theme import CONTEXT, FAINT, HUES, INK
from store.questions.comparisons import Comparison


def differences(found: Sequence[Comparison]) -> Figure:
    """Paired differences with their intervals, the first on top; the vertical line is no difference."""
    figure = Figure(height=70 + 34 * len(found))
    colours = [HUES[5] if c.distinct else CONTEXT for c in found]
    figure.upright(0, color=FAINT, width=1.5)
    for i, (c, colour) in enumerate(zip(found, colours, strict=True)):
        figure.add(
            "scatter",
            x=[c.low, c.high],
            y=[i, i],
            mode="lines",
            line={"color": colour, "width": 3},
            hoverinfo="skip",
        )
    figure.add(
        "scatter",
        x=[c.difference for c in found],
        y=list(range(len(found))),
        mode="markers",
        marker={"size": 10, "color": colours, "line": {"color": INK, "width": 1}},
        hovertemplate="%{x:+.3f}<extra></extra>",
    )
    figure.y_axes(
        tickvals=list(range(len(found))), ticktext=[words.method(c.method) for c in found],
        autorange="reversed", ticklabelstandoff=8, showgrid=False, zeroline=False, automargin=True, fixedrange=True,
    )  # fmt: skip
    ends = [0.0, *(v for c in found for v in (c.low, c.high, c.difference) if v is not None)]
    room = 0.03 * (max(ends) - min(ends)) + 0.005
    figure.x_axes(range=[min(ends) - room, max(ends) + room], **AXIS)
    return figure

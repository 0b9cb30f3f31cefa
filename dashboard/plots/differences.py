"""Paired differences of scores, with their intervals."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard import words
from dashboard.plots.axes import AXIS
from dashboard.theme import CONTEXT, FAINT, HUES, INK, base
from store.questions.comparisons import Comparison


def differences(found: Sequence[Comparison]) -> go.Figure:
    """Paired differences with their intervals, the first on top; the vertical line is no difference."""
    figure = base(height=70 + 34 * len(found))
    colours = [HUES[5] if c.distinct else CONTEXT for c in found]
    figure.add_vline(0, line={"color": FAINT, "width": 1.5})
    for i, (c, colour) in enumerate(zip(found, colours, strict=True)):
        figure.add_trace(
            go.Scatter(x=[c.low, c.high], y=[i, i], mode="lines", line={"color": colour, "width": 3}, hoverinfo="skip")
        )
    figure.add_trace(
        go.Scatter(
            x=[c.difference for c in found],
            y=list(range(len(found))),
            mode="markers",
            marker={"size": 10, "color": colours, "line": {"color": INK, "width": 1}},
            hovertemplate="%{x:+.3f}<extra></extra>",
        )
    )
    figure.update_yaxes(
        tickvals=list(range(len(found))), ticktext=[words.method(c.method) for c in found],
        autorange="reversed", ticklabelstandoff=8, showgrid=False, zeroline=False, automargin=True, fixedrange=True,
    )  # fmt: skip
    ends = [0.0, *(v for c in found for v in (c.low, c.high, c.difference) if v is not None)]
    room = 0.03 * (max(ends) - min(ends)) + 0.005
    figure.update_xaxes(range=[min(ends) - room, max(ends) + room], **AXIS)
    return figure

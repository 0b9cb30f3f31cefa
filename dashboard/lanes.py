"""Plots with one line per method: groupings with their intervals, maps with their range, and differences."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard import words
from dashboard.charts import AXIS, methods_down, titled
from dashboard.figures import CONTEXT, FAINT, HUES, INK, base
from store.questions.comparisons import Comparison
from store.questions.maps import MapScore
from store.questions.study import Score

GROUPINGS = {"embedding": HUES[0], "manifold": HUES[2]}
"""The groupings of as many groups as categories, by their colours."""
PERPLEXITIES = ((0.0, "#5599C8"), (1.0, "#0B2A44"))
"""Light to dark: low to high perplexity."""


def groupings(scores: Sequence[Score], methods: Sequence[str], ends: tuple[float, float]) -> go.Figure:
    """One metric of k-means in the embedding and on the manifold, with its interval where there is one."""
    figure = _lanes(methods, ends)
    for i, (grouping, colour) in enumerate(GROUPINGS.items()):
        mine = [s for s in scores if s.grouping == grouping and s.method in methods and s.value is not None]
        values = [s.value or 0.0 for s in mine]
        figure.add_trace(
            go.Scatter(
                x=values,
                y=[methods.index(s.method) + (i - 0.5) * 0.3 for s in mine],
                mode="markers",
                name=words.grouping(grouping),
                marker={"size": 9, "color": colour},
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
        )
    return figure


def map_strip(found: Sequence[MapScore], methods: Sequence[str], ends: tuple[float, float]) -> go.Figure:
    """The score of every t-SNE map that was tried, one point each; the darker, the higher the perplexity."""
    figure = _lanes(methods, ends)
    sizes = sorted({m.perplexity for m in found})
    figure.add_trace(
        go.Box(
            x=[m.value for m in found],
            y=[methods.index(m.method) for m in found],
            orientation="h",
            boxpoints=False,
            fillcolor="rgba(0,0,0,0)",
            line={"color": CONTEXT, "width": 1.5},
            width=0.7,
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for i, perplexity in enumerate(sizes):
        mine = [m for m in found if m.perplexity == perplexity]
        lane = (i - (len(sizes) - 1) / 2) * 0.6 / len(sizes)
        figure.add_trace(
            go.Scatter(
                x=[m.value for m in mine],
                y=[methods.index(m.method) + lane for m in mine],
                mode="markers",
                name=f"{perplexity:g}",
                marker={"size": 7, "color": _shade(i, len(sizes))},
                text=[f"{words.method(m.method)}, perplexity {m.perplexity:g}, seed {m.seed}" for m in mine],
                hovertemplate="%{text}: %{x:.3f}<extra></extra>",
            )
        )
    figure.update_layout(legend={"title": titled("perplexity ")})
    return figure


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


def _lanes(methods: Sequence[str], ends: tuple[float, float]) -> go.Figure:
    """A lane per method over the scores from `ends[0]` to `ends[1]`, so that two figures can be compared."""
    figure = base(
        height=100 + 54 * len(methods),
        showlegend=True,
        legend={"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0},
    )
    methods_down(figure, methods)
    figure.update_xaxes(range=ends, **AXIS)
    return figure


def _shade(place: int, of: int) -> str:
    """The colour of a step from light to dark."""
    low, high = (tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) for _, colour in PERPLEXITIES)
    fraction = place / (of - 1) if of > 1 else 1.0
    return "#" + "".join(f"{round(a + (b - a) * fraction):02X}" for a, b in zip(low, high, strict=True))

"""Scores by the number of labels."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard import words
from dashboard.plots.axes import AXIS
from dashboard.theme import HUES, INK, base
from store.questions.labels import Ceiling, CurvePoint

CEILING, CLUSTERING = HUES[2], HUES[5]


def learning(
    curves: Sequence[CurvePoint],
    methods: Sequence[str],
    ceilings: Mapping[str, Ceiling],
    clustering: Mapping[str, float],
    metric: str,
) -> go.Figure:
    """One small plot per method: score by labels per category, with the grouping without labels and the ceiling."""
    columns = 3
    down = -(-len(methods) // columns)
    figure = make_subplots(
        rows=down,
        cols=columns,
        subplot_titles=[words.method(m) for m in methods],
        shared_yaxes="all",
        horizontal_spacing=0.03,
        vertical_spacing=min(0.5, 56 / (40 + 190 * down)),
    )
    figure.update_layout(
        base(
            height=70 + 200 * down,
            showlegend=True,
            legend={"orientation": "h", "yref": "container", "y": 1, "yanchor": "top", "x": 0},
            margin={"l": 8, "r": 8, "t": 64, "b": 8},
        ).layout
    )
    counts = sorted({p.labels for p in curves})
    ends = [counts[0] * 0.85, counts[-1] * 1.15] if counts else [1.0, 1.0]
    for i, method in enumerate(methods):
        place = {"row": i // columns + 1, "col": i % columns + 1}
        mine = [p for p in curves if p.method == method]
        x = [p.labels for p in mine]
        band = [p.high for p in mine] + [p.low for p in mine][::-1]
        if all(v is not None for v in band):
            figure.add_trace(
                go.Scatter(
                    x=x + x[::-1],
                    y=band,
                    mode="lines",
                    fill="toself",
                    fillcolor="rgba(0,122,204,0.16)",
                    line={"width": 0},
                    hoverinfo="skip",
                    showlegend=False,
                ),
                **place,
            )
        lines: list[tuple[str, list[float], list[float], dict[str, Any]]] = [
            ("with that many labels", [float(v) for v in x], [p.value for p in mine], {"color": HUES[0], "width": 2})
        ]
        if method in ceilings:
            top = ceilings[method].value
            lines.append(("ceiling: all labels", ends, [top, top], {"color": CEILING, "dash": "dash", "width": 1.5}))
        if method in clustering:
            flat = clustering[method]
            lines.append(("grouping without labels", ends, [flat, flat], {"color": CLUSTERING, "width": 1.5}))
        for name, at, values, line in lines:
            figure.add_trace(
                go.Scatter(
                    x=at,
                    y=values,
                    mode="lines+markers" if at is not ends else "lines",
                    name=name,
                    legendgroup=name,
                    showlegend=i == 0,
                    line=line,
                    marker={"size": 6},
                    hovertemplate="%{y:.2f}<extra>%{fullData.name}</extra>"
                    if at is ends
                    else "%{x} labels per category: %{y:.2f}<extra></extra>",
                ),
                **place,
            )
    figure.update_xaxes(type="log", tickvals=counts, ticktext=[str(c) for c in counts], **AXIS)
    figure.update_yaxes(range=[0, 1.02], dtick=0.25, **AXIS)
    figure.update_annotations(font={"size": 13, "color": INK}, yshift=2)
    return figure

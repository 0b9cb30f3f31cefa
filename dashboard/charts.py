"""Plots of the study's results: cost, number of groups, learning curves. Colours are in `figures`."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard import words
from dashboard.figures import FAINT, HUES, INK, LINE, base
from store.questions.costs import Cost
from store.questions.estimates import Estimate
from store.questions.labels import Ceiling, CurvePoint

MODALITIES = {"text": HUES[0], "image": HUES[1], "text+image": HUES[2]}
CEILING, CLUSTERING = HUES[2], HUES[5]
AXIS = {"gridcolor": LINE, "zerolinecolor": LINE, "automargin": True, "fixedrange": True}


def methods_down(figure: go.Figure, methods: Sequence[str]) -> None:
    """The methods as the vertical axis, the first on top, at the same height in every figure of as many."""
    figure.update_yaxes(
        tickvals=list(range(len(methods))),
        ticktext=[words.method(m) for m in methods],
        range=[len(methods) - 0.5, -0.5],
        ticklabelstandoff=8,
        zeroline=False,
        showgrid=False,
        automargin=True,
        fixedrange=True,
    )
    for i in range(len(methods) - 1):
        figure.add_hline(i + 0.5, line={"color": LINE, "width": 1})


def titled(text: str) -> dict[str, Any]:
    """The title of an axis or a legend, in the size of the labels."""
    return {"text": text, "font": {"size": 13}}


def costs(found: Sequence[Cost], metric: str) -> go.Figure:
    """Score against the seconds that the vectors of 1,000 products take, on a logarithmic axis."""
    figure = base(
        height=340,
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    shown = sorted((c for c in found if c.seconds and c.value is not None), key=lambda c: c.seconds or 0)
    ends = [math.log10(c.seconds) for c in shown if c.seconds] or [0.0]
    room = 0.35 + 0.12 * (max(ends) - min(ends))  # margin for the names
    low, high = min(ends) - room, max(ends) + room
    best = max((c.high or c.value or 0.0 for c in shown), default=1.0)
    beside = sides(
        [
            (words.method(c.method), (math.log10(c.seconds or 1) - low) / (high - low), (c.value or 0.0) / best)
            for c in shown
        ]
    )
    for modality, colour in MODALITIES.items():
        mine = [c for c in shown if c.modality == modality]
        if mine:
            figure.add_trace(
                go.Scatter(
                    x=[c.seconds for c in mine],
                    y=[c.value for c in mine],
                    mode="markers+text",
                    name=words.SCOPES[modality].removeprefix("From "),
                    text=[words.method(c.method) for c in mine],
                    textposition=[beside[words.method(c.method)] for c in mine],
                    textfont={"size": 12},
                    marker={"size": 11, "color": colour},
                    error_y={
                        "type": "data",
                        "array": [(c.high or c.value or 0) - (c.value or 0) for c in mine],
                        "arrayminus": [(c.value or 0) - (c.low if c.low is not None else c.value or 0) for c in mine],
                        "color": colour,
                        "thickness": 1.2,
                        "width": 3,
                    },
                    hovertemplate="%{text}: %{y:.2f}, %{x:.2g} s per 1,000 products<extra></extra>",
                )
            )
    ticks = [factor * 10.0**power for power in range(-3, 5) for factor in (1, 3)]
    figure.update_xaxes(
        type="log", title=titled("seconds for the vectors of 1,000 products"), range=[low, high],
        tickvals=ticks, ticktext=[f"{t:g}" for t in ticks], **AXIS,
    )  # fmt: skip
    figure.update_yaxes(title=titled(words.named(words.METRICS, metric)), rangemode="tozero", **AXIS)
    return figure


def sides(points: Sequence[tuple[str, float, float]]) -> dict[str, str]:
    """Where to put each point's name so that names overlap least. Points are (name, x, y), x and y from 0 to 1.

    Greedy, from the top down, for the smallest plot that is shown: 560 x 240 pixels, letters 6.5 pixels wide.
    """
    width, height, letter, line = 560.0, 240.0, 6.5, 15.0
    spots = [(x * width, y * height) for _, x, y in points]
    taken = [(x - 7, y - 7, x + 7, y + 7) for x, y in spots]
    chosen: dict[str, str] = {}
    for place in sorted(range(len(points)), key=lambda i: (-points[i][2], points[i][1])):
        (x, y), wide = spots[place], letter * len(points[place][0])
        boxes = {
            "middle right": (x + 9, y - line / 2, x + 9 + wide, y + line / 2),
            "middle left": (x - 9 - wide, y - line / 2, x - 9, y + line / 2),
            "top center": (x - wide / 2, y + 8, x + wide / 2, y + 8 + line),
            "bottom center": (x - wide / 2, y - 8 - line, x + wide / 2, y - 8),
        }

        def covered(side: str, boxes: dict[str, tuple[float, float, float, float]] = boxes) -> float:
            left, low, right, high = boxes[side]
            shared = (
                max(0.0, min(right, r) - max(left, a)) * max(0.0, min(high, h) - max(low, b)) for a, b, r, h in taken
            )
            return sum(shared) + 1e3 * (left < 0 or right > width)

        side = min(boxes, key=covered)
        chosen[points[place][0]] = side
        taken.append(boxes[side])
    return chosen


def group_counts(found: Sequence[Estimate], methods: Sequence[str]) -> go.Figure:
    """The estimated number of groups with its range, per method; the number of categories as a line."""
    figure = base(height=90 + 30 * len(methods), showlegend=False)
    methods_down(figure, methods)
    mine = [e for e in found if e.method in methods]
    figure.add_trace(
        go.Scatter(
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
    )
    categories = next((e.categories for e in found if e.categories is not None), None)
    if categories is not None:
        figure.add_vline(categories, line={"color": FAINT, "dash": "dash", "width": 1.5})
    figure.update_xaxes(title=titled("groups"), rangemode="tozero", **AXIS)
    return figure


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

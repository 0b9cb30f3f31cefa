"""The plots of the study's answer: cost, number of groups, labels, and spread. `figures` has the colours and maps."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard import words
from dashboard.figures import CONTEXT, FAINT, HUES, INK, LINE, base
from store.questions.comparisons import Comparison
from store.questions.costs import Cost
from store.questions.estimates import Estimate
from store.questions.labels import Ceiling, CurvePoint
from store.questions.spread import MapScore
from store.questions.study import Score

MODALITIES = {"text": HUES[0], "image": HUES[1], "text+image": HUES[2]}
CEILING, CLUSTERING = HUES[2], HUES[5]
SPACES = {"full": HUES[0], "manifold": HUES[2], "map": HUES[1]}
SEEDS = ((0.0, "#B9D7EC"), (1.0, "#0B3B5E"))
"""Light to dark: low to high perplexity."""
AXIS = {"gridcolor": LINE, "zerolinecolor": LINE, "automargin": True, "fixedrange": True}


def _methods_down(figure: go.Figure, methods: Sequence[str]) -> None:
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


def costs(found: Sequence[Cost], metric: str) -> go.Figure:
    """Score against the seconds that the vectors of 1,000 products take, on a logarithmic axis."""
    figure = base(
        height=340,
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    shown = sorted((c for c in found if c.seconds and c.value is not None), key=lambda c: c.seconds or 0)
    above = {c.method: i % 2 == 0 for i, c in enumerate(shown)}
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
                    textposition=["top center" if above[c.method] else "bottom center" for c in mine],
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
    figure.update_xaxes(type="log", title="seconds per 1,000 products", dtick=1, **AXIS)
    figure.update_yaxes(title=words.named(words.METRICS, metric), rangemode="tozero", **AXIS)
    return figure


def group_counts(found: Sequence[Estimate], methods: Sequence[str]) -> go.Figure:
    """The estimated number of groups with its range, per method; the number of categories as a line."""
    criteria = list(dict.fromkeys(e.criterion for e in found))
    figure = base(
        height=90 + 30 * len(methods),
        showlegend=len(criteria) > 1,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    _methods_down(figure, methods)
    for i, criterion in enumerate(criteria):
        mine = [e for e in found if e.criterion == criterion and e.method in methods]
        lane = (i - (len(criteria) - 1) / 2) * 0.6 / len(criteria)
        figure.add_trace(
            go.Scatter(
                x=[e.k for e in mine],
                y=[methods.index(e.method) + lane for e in mine],
                mode="markers",
                name=words.named(words.CRITERIA, criterion),
                marker={"size": 9, "color": HUES[i % len(HUES)]},
                error_x={
                    "type": "data",
                    "array": [(e.high if e.high is not None else e.k) - e.k for e in mine],
                    "arrayminus": [e.k - (e.low if e.low is not None else e.k) for e in mine],
                    "color": HUES[i % len(HUES)],
                    "thickness": 1.5,
                    "width": 3,
                },
                text=[words.method(e.method) for e in mine],
                hovertemplate="%{text}: %{x} groups<extra>%{fullData.name}</extra>",
            )
        )
    categories = next((e.categories for e in found if e.categories is not None), None)
    if categories is not None:
        figure.add_vline(categories, line={"color": FAINT, "dash": "dash", "width": 1.5})
    figure.update_xaxes(title="groups", rangemode="tozero", **AXIS)
    return figure


def learning(
    curves: Sequence[CurvePoint],
    methods: Sequence[str],
    ceilings: Mapping[str, Ceiling],
    clustering: Mapping[str, float],
    metric: str,
) -> go.Figure:
    """A small plot per method: score by labels a category, beside the grouping without labels and the ceiling."""
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
                    fill="toself",
                    fillcolor="rgba(0,114,178,0.16)",
                    line={"width": 0},
                    hoverinfo="skip",
                    showlegend=False,
                ),
                **place,
            )
        lines: list[tuple[str, list[float], list[float], dict[str, Any]]] = [
            ("with so many labels", [float(v) for v in x], [p.value for p in mine], {"color": HUES[0], "width": 2})
        ]
        if method in ceilings:
            top = ceilings[method].value
            lines.append(("ceiling: all labels", ends, [top, top], {"color": CEILING, "dash": "dash", "width": 1.5}))
        if method in clustering:
            flat = clustering[method]
            lines.append(("grouping, no label", ends, [flat, flat], {"color": CLUSTERING, "width": 1.5}))
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
                    else "%{x} labels a category: %{y:.2f}<extra></extra>",
                ),
                **place,
            )
    figure.update_xaxes(type="log", tickvals=counts, ticktext=[str(c) for c in counts], **AXIS)
    figure.update_yaxes(range=[0, 1.02], dtick=0.25, **AXIS)
    figure.update_annotations(font={"size": 13, "color": INK}, yshift=2)
    return figure


def spaces(scores: Sequence[Score], methods: Sequence[str]) -> go.Figure:
    """One metric of k-means in the full embedding, the manifold and the 2-D map: median, and range over seeds."""
    figure = _lanes(methods)
    for i, (space, colour) in enumerate(SPACES.items()):
        mine = [s for s in scores if s.space == space and s.method in methods and s.value is not None]
        values = [s.value or 0.0 for s in mine]
        figure.add_trace(
            go.Scatter(
                x=values,
                y=[methods.index(s.method) + (i - 1) * 0.24 for s in mine],
                mode="markers",
                name=words.SPACES[space],
                marker={"size": 9, "color": colour},
                error_x={
                    "type": "data",
                    "array": [(v if s.seed_max is None else s.seed_max) - v for s, v in zip(mine, values, strict=True)],
                    "arrayminus": [
                        v - (v if s.seed_min is None else s.seed_min) for s, v in zip(mine, values, strict=True)
                    ],
                    "color": colour,
                    "thickness": 4,
                    "width": 0,
                },
                text=[words.method(s.method) for s in mine],
                hovertemplate="%{text}: %{x:.3f}<extra>%{fullData.name}</extra>",
            )
        )
    return figure


def map_strip(found: Sequence[MapScore], methods: Sequence[str]) -> go.Figure:
    """The score of every t-SNE map that was tried, a mark each; the darker, the higher the perplexity."""
    figure = _lanes(methods)
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
                marker={"size": 7, "color": _shade(i, len(sizes)), "opacity": 0.85},
                text=[f"{words.method(m.method)}, perplexity {m.perplexity:g}, seed {m.seed}" for m in mine],
                hovertemplate="%{text}: %{x:.3f}<extra></extra>",
            )
        )
    figure.update_layout(legend={"title": {"text": "perplexity "}})
    return figure


def differences(found: Sequence[Comparison]) -> go.Figure:
    """Differences with their intervals, the first on top; the line is no difference."""
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
    names = [f"{words.method(c.other_method)}, {words.grouping(c.other_algorithm, c.other_space)}" for c in found]
    figure.update_yaxes(
        tickvals=list(range(len(found))), ticktext=names, autorange="reversed", ticklabelstandoff=8, showgrid=False,
        zeroline=False, automargin=True, fixedrange=True,
    )  # fmt: skip
    figure.update_xaxes(**AXIS)
    return figure


def _lanes(methods: Sequence[str]) -> go.Figure:
    figure = base(
        height=100 + 54 * len(methods),
        showlegend=True,
        legend={"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0},
    )
    _methods_down(figure, methods)
    figure.update_xaxes(**AXIS)
    return figure


def _shade(place: int, of: int) -> str:
    """The colour of a step from light to dark."""
    low, high = (tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) for _, colour in SEEDS)
    share = place / (of - 1) if of > 1 else 1.0
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in zip(low, high, strict=True))

"""Scores by the number of labels."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard import words
from dashboard.plots.axes import AXIS, titled
from dashboard.plots.figure import Figure
from dashboard.theme import HUES, INK
from store.questions.labels import Ceiling, CurvePoint

CEILING, CLUSTERING = HUES[2], HUES[5]
COLUMNS = 3
"""Plots side by side."""


def learning(
    curves: Sequence[CurvePoint],
    methods: Sequence[str],
    ceilings: Mapping[str, Ceiling],
    clustering: Mapping[str, float],
    metric: str,
) -> Figure:
    """One small plot per method: score by labels per category, with the grouping without labels and the ceiling."""
    down = -(-len(methods) // COLUMNS)
    figure = Figure(
        height=90 + 200 * down,
        showlegend=True,
        legend={"orientation": "h", "yref": "container", "y": 1, "yanchor": "top", "x": 0},
        margin={"l": 8, "r": 8, "t": 64, "b": 8},
    )
    _place(figure, [words.method(m) for m in methods], down)
    counts = sorted({p.labels for p in curves})
    ends = [counts[0] * 0.85, counts[-1] * 1.15] if counts else [1.0, 1.0]
    for i, method in enumerate(methods):
        place = {"xaxis": _axis("x", i), "yaxis": _axis("y", i)}
        mine = [p for p in curves if p.method == method]
        x = [p.labels for p in mine]
        band = [p.high for p in mine] + [p.low for p in mine][::-1]
        if all(v is not None for v in band):
            figure.add(
                "scatter",
                x=x + x[::-1],
                y=band,
                mode="lines",
                fill="toself",
                fillcolor="rgba(0,122,204,0.16)",
                line={"width": 0},
                hoverinfo="skip",
                showlegend=False,
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
            figure.add(
                "scatter",
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
                **place,
            )
    figure.x_axes(type="log", tickvals=counts, ticktext=[str(c) for c in counts], **AXIS)
    for i in range(max(0, len(methods) - COLUMNS), len(methods)):  # the lowest plot of each column
        figure.layout[_axis("xaxis", i)]["title"] = titled("labels per category")
    figure.y_axes(range=[0, 1.02], dtick=0.25, **AXIS)
    return figure


def _place(figure: Figure, titles: Sequence[str], down: int) -> None:
    """Axes for a plot of each title, in rows of `COLUMNS`, `down` rows in all; one vertical scale for all."""
    gap, between = 0.03, min(0.5, 56 / (40 + 190 * down)) if down > 1 else 0.0
    wide, high = (1 - gap * (COLUMNS - 1)) / COLUMNS, (1 - between * (down - 1)) / down
    for i, title in enumerate(titles):
        left, low = (wide + gap) * (i % COLUMNS), (high + between) * (down - 1 - i // COLUMNS)
        figure.layout[_axis("xaxis", i)] = {"anchor": _axis("y", i), "domain": [left, left + wide]}
        figure.layout[_axis("yaxis", i)] = {
            "anchor": _axis("x", i),
            "domain": [low, low + high],
            "matches": "y" if i else None,
            "showticklabels": i % COLUMNS == 0,
        }
        figure.layout["annotations"].append(
            {
                "text": title,
                "font": {"size": 13, "color": INK},
                "showarrow": False,
                "x": left + wide / 2,
                "xref": "paper",
                "xanchor": "center",
                "y": low + high,
                "yref": "paper",
                "yanchor": "bottom",
                "yshift": 2,
            }
        )


def _axis(name: str, place: int) -> str:
    """The name of the axis of the plot at a place from 0 on: x, x2, x3."""
    return name if place == 0 else f"{name}{place + 1}"

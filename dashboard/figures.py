"""The colours and the plots of maps, confusions and scores. A category has the same colour on every page."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa

from dashboard import words
from store.questions.categories import CategoryScore
from store.questions.groups import Cell
from store.questions.study import Score

# Chosen by measure: of colours near those of Okabe & Ito ("Color universal design", 2008) that have a contrast of 3:1
# on white, those whose least distance (CIE76) is the largest as people see them who lack one kind of cones.
HUES = ("#007ACC", "#AD8B00", "#29A366", "#943866", "#009CAD", "#A33100", "#3529A3", "#493F27")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
"""From the ninth category on the hues return with another symbol: 8 x 5 = 40 distinct looks."""
CONTEXT = "#89929C"
RIGHT, WRONG = HUES[0], HUES[5]
INK, FAINT, LINE = "#1F2933", "#5B6673", "#E3E7EC"
FONT = "Inter, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
WEBGL_FROM = 4000
"""From this many points a map is drawn with WebGL; below, SVG is as fast, sharper, and needs no graphics driver."""
BLUES = ((0.0, "#FFFFFF"), (0.3, "#DDEBF5"), (0.7, "#A5CBE6"), (1.0, "#6BAEDC"))
"""Light enough for dark text on top of it."""
COLUMNS_WIDTH = 790
"""Width in pixels of all columns of a confusion table together, in a window of 1,280 pixels."""
ANGLES = [0, -90]
"""Angles of the names over columns: the first that keeps them from overlapping in the window's width."""
PLAIN = {"showgrid": False, "zeroline": False, "ticks": "", "automargin": True, "fixedrange": True}


@dataclass(frozen=True)
class Look:
    """How a group of points is drawn."""

    colour: str
    symbol: str = "circle"


def looks(categories: Sequence[str]) -> dict[str, Look]:
    """The look of each category, by its place in the alphabet of all categories of the catalogue."""
    made = {}
    for i, category in enumerate(sorted(categories)):
        made[category] = Look(HUES[i % len(HUES)], SYMBOLS[(i // len(HUES)) % len(SYMBOLS)])
    return made


def base(height: int | None = None, **layout: Any) -> go.Figure:
    """An empty figure in the dashboard's style."""
    return go.Figure(
        layout={
            "template": None,
            "font": {"family": FONT, "size": 13, "color": INK},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "height": height,
            "showlegend": False,
            "hoverlabel": {"font": {"family": FONT, "size": 13}},
            **layout,
        }
    )


def projection(
    points: pa.Table, groups: Sequence[str | None], shown: dict[str, Look], focus: Sequence[str], view: str = ""
) -> go.Figure:
    """A map: `groups` names each point's group; those in `focus` (all, if it is empty) keep their look, the rest are
    drawn grey underneath. Each point carries its catalogue row, by which the server finds the product. `view` names
    what the points are: figures of one view share their zoom (`keepView` in assets/state.js).
    """
    hidden = {"visible": False, "fixedrange": False}
    figure = base(
        xaxis=hidden, yaxis={**hidden, "scaleanchor": "x"}, hovermode="closest", dragmode="pan", uirevision=view
    )
    x, y = points["x"].to_numpy(), points["y"].to_numpy()
    row, group = points["row"].to_numpy(), np.array([g or "" for g in groups], dtype=object)
    trace = go.Scattergl if len(x) >= WEBGL_FROM else go.Scatter
    size = 7 if len(x) < 2000 else 5 if len(x) < WEBGL_FROM else 3
    lit = [name for name in shown if not focus or name in focus]
    rest = ~np.isin(group, np.array(lit, dtype=object))
    for name, mask, look in [("", rest, Look(CONTEXT)), *((n, group == n, shown[n]) for n in lit)]:
        if mask.any():
            marker = {"size": size if name else size - 2, "color": look.colour, "symbol": look.symbol}
            figure.add_trace(
                trace(
                    x=x[mask],
                    y=y[mask],
                    customdata=row[mask].tolist(),  # a list: Dash cannot read it back from a packed array
                    mode="markers",
                    marker=marker,
                    name=name,
                    hoverinfo="none",
                )
            )
    return figure


def confusion(
    cells: Sequence[Cell], clusters: Sequence[tuple[int, str | None]], categories: Sequence[str]
) -> go.Figure:
    """Categories down, groups across in matched order, so that a perfect grouping is a full diagonal.

    Fractions are of all products of a category in `cells`, also of those in groups that have no column.
    """
    line = {category: i for i, category in enumerate(categories)}
    column = {cluster: i for i, (cluster, _) in enumerate(clusters)}
    counts = np.zeros((len(categories), len(clusters)))
    totals = np.zeros((len(categories), 1))
    for cell in cells:
        if cell.category in line:
            totals[line[cell.category]] += cell.products
            if cell.cluster in column:
                counts[line[cell.category], column[cell.cluster]] = cell.products
    fractions = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    many, size = len(clusters) > 14, 13 if len(clusters) <= 8 else 11
    labels = [
        f"{_short(m or 'unmatched', 18)} · {c}"
        if many
        else f"Group {c}<br>{_lines(m, COLUMNS_WIDTH * 2 // (size * len(clusters))) if m else 'unmatched'}"
        for c, m in clusters
    ]
    figure = base(
        height=max(300, (190 if many else 105) + (22 if many else 42) * len(categories)),
        margin={"l": 8, "r": 80 if many else 8, "t": 8, "b": 8},  # plotly leaves out a slanted name that does not fit
    )
    figure.add_trace(
        go.Heatmap(
            z=fractions,
            x=list(range(len(clusters))),
            y=list(range(len(categories))),
            zmin=0,
            zmax=1,
            colorscale=BLUES,
            showscale=False,
            xgap=2,
            ygap=2,
            text=np.where(counts > 0, counts.astype(int).astype(str), ""),
            texttemplate=None if len(clusters) > 24 else "%{text}",
            textfont={"color": INK},
            customdata=[
                [
                    f"{category}, group {group}: {words.count(int(n), 'product')} ({words.percent(part)})"
                    for (group, _), n, part in zip(clusters, numbers, parts, strict=True)
                ]
                for category, numbers, parts in zip(categories, counts, fractions, strict=True)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    figure.update_xaxes(
        tickvals=list(range(len(clusters))),
        ticktext=labels,
        tickfont={"size": size},
        side="top",
        tickangle=-50 if many else None,
        autotickangles=ANGLES,
        **PLAIN,
    )
    _categories_down(figure, categories)
    return figure


def _categories_down(figure: go.Figure, categories: Sequence[str]) -> None:
    """The categories as the vertical axis, by their places: two long names can be the same where they are cut."""
    figure.update_yaxes(
        tickvals=list(range(len(categories))),
        ticktext=[_short(c, 28) for c in categories],
        autorange="reversed",
        ticklabelstandoff=8,
        **PLAIN,
    )


def category_heat(scores: Sequence[CategoryScore], methods: Sequence[str], column: str = "f1") -> go.Figure:
    """A heat map of one measure: categories down, methods across."""
    categories = sorted({s.category for s in scores})
    by_place = {(s.category, s.method): s for s in scores}
    found = [[by_place.get((c, m)) for m in methods] for c in categories]
    values = [[None if s is None else getattr(s, column) for s in line] for line in found]
    hints = [
        [
            "" if s is None else f"{c}, {words.method(s.method)}: {words.score(getattr(s, column))}<br>{_hint(s)}"
            for s in line
        ]
        for c, line in zip(categories, found, strict=True)
    ]
    figure = base(height=max(260, 70 + (24 if len(categories) > 14 else 40) * len(categories)))
    figure.add_trace(
        go.Heatmap(
            z=values,
            x=[words.method(m).replace(" ", "<br>", 1) for m in methods],
            y=list(range(len(categories))),
            zmin=0,
            zmax=1,
            colorscale=BLUES,
            showscale=False,
            xgap=2,
            ygap=2,
            texttemplate="%{z:.2f}",
            textfont={"color": INK},
            text=hints,
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.update_xaxes(side="top", autotickangles=ANGLES, **PLAIN)
    _categories_down(figure, categories)
    return figure


def dots(scores: Sequence[Score], methods: Sequence[str], groupings: Sequence[str]) -> go.Figure:
    """One metric: a line per method (the best on top), a point per grouping, with its interval where there is one."""
    have = {(s.method, s.grouping) for s in scores}
    lanes = {m: [g for g in groupings if (m, g) in have] for m in methods}
    most = max([1, *map(len, lanes.values())])
    spread = 0.72 / most
    figure = base(
        height=110 + max(52, 13 * most) * len(methods),
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    for i, grouping in enumerate(groupings):
        mine = [s for s in scores if s.grouping == grouping and s.value is not None]
        where = [
            methods.index(s.method) + (lanes[s.method].index(grouping) - (len(lanes[s.method]) - 1) / 2) * spread
            for s in mine
        ]
        up = [0 if s.high is None else s.high - (s.value or 0) for s in mine]
        down = [0 if s.low is None else (s.value or 0) - s.low for s in mine]
        shade, symbol = HUES[i % len(HUES)], SYMBOLS[i % len(SYMBOLS)]
        figure.add_trace(
            go.Scatter(
                x=[s.value for s in mine],
                y=where,
                mode="markers",
                name=words.grouping(grouping),
                marker={"size": 10, "color": shade, "symbol": symbol},
                error_x={"type": "data", "array": up, "arrayminus": down, "color": shade, "thickness": 1.5, "width": 3},
                text=[words.method(s.method) for s in mine],
                hovertemplate="%{text}: %{x:.3f}<extra>%{fullData.name}</extra>",
            )
        )
    figure.update_yaxes(
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
    figure.update_xaxes(gridcolor=LINE, zerolinecolor=FAINT, automargin=True, fixedrange=True, rangemode="tozero")
    return figure


def _hint(score: CategoryScore) -> str:
    mixed = f"; most misplaced ones are with {score.confused_with}" if score.confused_with else ""
    return f"precision {words.score(score.precision)}, recall {words.score(score.recall)}{mixed}"


def _lines(text: str, length: int = 16) -> str:
    return "<br>".join(textwrap.wrap(text, length, max_lines=2, placeholder="…"))


def _short(text: str, length: int = 16) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"

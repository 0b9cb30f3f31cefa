"""The points of a map."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa

from dashboard.theme import CONTEXT, Look, base

WEBGL_FROM = 4000
"""From this many points a map is drawn with WebGL; below, SVG is as fast, sharper, and needs no graphics driver."""


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

"""The axes that several plots share."""

from collections.abc import Sequence
from typing import Any

from dashboard import words
from dashboard.plots.figure import Figure
from dashboard.theme import BLUES, HUES, INK, LINE, SYMBOLS, Look

ANGLES = [0, -90]
"""Angles of the names over columns: the first that keeps them from overlapping in the window's width."""
PLAIN = {"showgrid": False, "zeroline": False, "ticks": "", "automargin": True, "fixedrange": True}
HEAT = {"zmin": 0, "zmax": 1, "colorscale": BLUES, "showscale": False, "xgap": 2, "ygap": 2, "textfont": {"color": INK}}
"""The cells of a heat map of figures from 0 to 1."""
AXIS = {"gridcolor": LINE, "zerolinecolor": LINE, "automargin": True, "fixedrange": True}


def look(grouping: str) -> Look:
    """A grouping's colour and symbol, the same in every plot; the last one's of a grouping without a name."""
    place = [*words.GROUPINGS, grouping].index(grouping)
    return Look(HUES[place], SYMBOLS[place])


def titled(text: str) -> dict[str, Any]:
    """The title of an axis or a legend, in the size of the labels."""
    return {"text": text, "font": {"size": 13}}


def methods_down(figure: Figure, methods: Sequence[str]) -> None:
    """The methods as the vertical axis, the first on top, at the same height in every figure of as many."""
    figure.y_axes(
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
        figure.across(i + 0.5, color=LINE, width=1)


def lanes(methods: Sequence[str], ends: tuple[float, float]) -> Figure:
    """A lane per method over the scores from `ends[0]` to `ends[1]`, so that two figures can be compared."""
    figure = Figure(
        height=100 + 54 * len(methods),
        showlegend=True,
        legend={"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0},
    )
    methods_down(figure, methods)
    figure.x_axes(range=ends, **AXIS)
    return figure


def categories_down(figure: Figure, categories: Sequence[str]) -> None:
    """The categories as the vertical axis, by their places: two long names can be the same where they are cut."""
    figure.y_axes(
        tickvals=list(range(len(categories))),
        ticktext=[words.inert(short(c, 28)) for c in categories],
        autorange="reversed",
        ticklabelstandoff=8,
        **PLAIN,
    )


def short(text: str, length: int = 16) -> str:
    """The text cut to that many characters."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"

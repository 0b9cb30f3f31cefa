"""How many texts have how many words, as written and cleaned."""

from collections.abc import Sequence

from dashboard.plots.axes import AXIS, titled
from dashboard.plots.figure import Figure
from dashboard.theme import CONTEXT, HUES
from store.questions.texts import Bin

STAGES = {"raw": ("as written", CONTEXT), "clean": ("cleaned", HUES[0])}
"""The name and the colour of each stage of a text."""


def text_lengths(bins: Sequence[Bin]) -> Figure:
    """Two bars for each interval of lengths; the last interval has no end."""
    figure = Figure(
        height=300,
        showlegend=True,
        barmode="group",
        bargap=0.15,
        legend={"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0},
    )
    width = bins[1].low - bins[0].low if len(bins) > 1 else 1
    spans = [f"{b.low:,} to {b.low + width - 1:,} words" for b in bins[:-1]] + [f"{bins[-1].low:,} words or more"]
    for stage, (name, colour) in STAGES.items():
        figure.add(
            "bar",
            x=[b.low + width / 2 for b in bins],
            y=[getattr(b, stage) for b in bins],
            name=name,
            marker={"color": colour},
            text=spans,
            textposition="none",
            hovertemplate="%{text} " + name + ": %{y:,} texts<extra></extra>",
        )
    figure.x_axes(title=titled("words"), rangemode="tozero", **AXIS)
    figure.y_axes(title=titled("texts"), **AXIS)
    return figure

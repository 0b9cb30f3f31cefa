"""The scores of many maps of the same vectors."""

from collections.abc import Sequence

from dashboard import words
from dashboard.plots.axes import lanes, titled
from dashboard.plots.figure import Figure
from dashboard.theme import CONTEXT
from store.questions.maps import MapScore

PERPLEXITIES = ((0.0, "#5599C8"), (1.0, "#0B2A44"))
"""Light to dark: low to high perplexity."""


def map_strip(found: Sequence[MapScore], methods: Sequence[str], ends: tuple[float, float]) -> Figure:
    """The score of every t-SNE map that was tried, one point each; the darker, the higher the perplexity."""
    figure = lanes(methods, ends)
    sizes = sorted({m.perplexity for m in found})
    figure.add(
        "box",
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
    for i, perplexity in enumerate(sizes):
        mine = [m for m in found if m.perplexity == perplexity]
        lane = (i - (len(sizes) - 1) / 2) * 0.6 / len(sizes)
        figure.add(
            "scatter",
            x=[m.value for m in mine],
            y=[methods.index(m.method) + lane for m in mine],
            mode="markers",
            name=f"{perplexity:g}",
            marker={"size": 7, "color": _shade(i, len(sizes))},
            text=[f"{words.method(m.method)}, perplexity {m.perplexity:g}, seed {m.seed}" for m in mine],
            hovertemplate="%{text}: %{x:.3f}<extra></extra>",
        )
    figure.layout["legend"]["title"] = titled("perplexity ")
    return figure


def _shade(place: int, of: int) -> str:
    """The colour of a step from light to dark."""
    low, high = (tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) for _, colour in PERPLEXITIES)
    fraction = place / (of - 1) if of > 1 else 1.0
    return "#" + "".join(f"{round(a + (b - a) * fraction):02X}" for a, b in zip(low, high, strict=True))

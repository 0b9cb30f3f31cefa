"""The products of each category in each group, as a heat map."""

import textwrap
from collections.abc import Sequence
from urllib.parse import quote

import numpy as np

from dashboard import words
from dashboard.plots.axes import ANGLES, HEAT, PLAIN, categories_down, short
from dashboard.plots.figure import Figure
from store.questions.groups import Cell

COLUMNS_WIDTH = 790
"""Width in pixels of all columns of a confusion table together, in a window of 1,280 pixels."""
FEW_COLUMNS = 14
"""Groups up to which a column has its number and its category on lines of their own, above it."""


def confusion(cells: Sequence[Cell], clusters: Sequence[tuple[int, str | None]], categories: Sequence[str]) -> Figure:
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
    many, size = len(clusters) > FEW_COLUMNS, 13 if len(clusters) <= 8 else 11
    labels = [
        f"{words.inert(short(m or 'unmatched', 18))} · {c}"
        if many
        else f"Group {c}<br>{_lines(m, COLUMNS_WIDTH * 2 // (size * len(clusters))) if m else 'unmatched'}"
        for c, m in clusters
    ]
    figure = Figure(
        height=max(300, (190 if many else 105) + (22 if many else 42) * len(categories)),
        margin={"l": 8, "r": 80 if many else 8, "t": 8, "b": 8},  # plotly leaves out a slanted name that does not fit
    )
    figure.add(
        "heatmap",
        z=fractions.tolist(),
        x=list(range(len(clusters))),
        y=list(range(len(categories))),
        text=np.where(counts > 0, counts.astype(int).astype(str), "").tolist(),
        texttemplate=None if len(clusters) > 24 else "%{text}",
        customdata=[
            [
                (
                    (
                        f"{words.inert(category)}, group {group}: {words.count(int(n), 'product')} "
                        f"({words.percent(part)})"
                    ),
                    quote(category),  # of the cell that is clicked, and no markup
                    group,
                )
                for (group, _), n, part in zip(clusters, numbers, parts, strict=True)
            ]
            for category, numbers, parts in zip(categories, counts, fractions, strict=True)
        ],
        hovertemplate="%{customdata[0]}<extra></extra>",
        **HEAT,
    )
    figure.x_axes(
        tickvals=list(range(len(clusters))),
        ticktext=labels,
        tickfont={"size": size},
        side="top",
        tickangle=-50 if many else None,
        autotickangles=ANGLES,
        **PLAIN,
    )
    categories_down(figure, categories)
    return figure


def _lines(text: str, length: int = 16) -> str:
    return "<br>".join(map(words.inert, textwrap.wrap(text, length, max_lines=2, placeholder="…")))

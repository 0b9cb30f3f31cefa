"""What vectors cost and what they reach."""

import math
from collections.abc import Sequence

from dashboard import words
from dashboard.plots.axes import AXIS, titled
from dashboard.plots.figure import Figure
from dashboard.theme import HUES
from store.questions.costs import Cost

MODALITIES = {"text": HUES[0], "image": HUES[1], "text+image": HUES[2]}


def cost_scores(found: Sequence[Cost], metric: str) -> Figure:
    """Score against the seconds that the vectors of 1,000 products take, on a logarithmic axis."""
    figure = Figure(
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
            figure.add(
                "scatter",
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
    ticks = [factor * 10.0**power for power in range(-3, 5) for factor in (1, 3)]
    figure.x_axes(
        type="log", title=titled("seconds for the vectors of 1,000 products"), range=[low, high],
        tickvals=ticks, ticktext=[f"{t:g}" for t in ticks], **AXIS,
    )  # fmt: skip
    figure.y_axes(title=titled(words.named(words.METRICS, metric)), rangemode="tozero", **AXIS)
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

"""A figure as plotly.js takes it: plain lists and dictionaries.

Plotly's own class for Python, which checks every value, took most of the time of a page with plots, and its modules
most of the first one's. `tests/dashboard/test_plots.py` lets it check each figure instead.
"""

from typing import Any

from dashboard.theme import FONT, INK

CLEAR = "rgba(0,0,0,0)"


class Figure:
    """Traces and a layout in the dashboard's style, `height` pixels high.

    Names and values are those of https://plotly.com/javascript/reference/; what is None is left out.
    """

    def __init__(self, height: int, **layout: Any) -> None:
        self.height = height
        self.traces: list[dict[str, Any]] = []
        self.layout: dict[str, Any] = {
            "font": {"family": FONT, "size": 13, "color": INK},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "height": height,
            "showlegend": False,
            "hoverlabel": {"font": {"family": FONT, "size": 13}},
            "xaxis": {},
            "yaxis": {},
            "shapes": [],
            "annotations": [],
            **layout,
        }

    def add(self, trace_type: str, **trace: Any) -> None:
        """Add a trace of that type, such as 'scatter'."""
        self.traces.append({"type": trace_type, **_known(trace)})

    def x_axes(self, **settings: Any) -> None:
        """Set these of every horizontal axis."""
        self._axes("xaxis", settings)

    def y_axes(self, **settings: Any) -> None:
        """Set these of every vertical axis."""
        self._axes("yaxis", settings)

    def across(self, y: float, **line: Any) -> None:
        """Draw a line over the whole width at a height of the vertical axis."""
        ends = {"x0": 0, "x1": 1, "xref": "x domain", "y0": y, "y1": y, "yref": "y"}
        self.layout["shapes"].append({"type": "line", "line": line, **ends})

    def upright(self, x: float, **line: Any) -> None:
        """Draw a line over the whole height at a place of the horizontal axis."""
        ends = {"x0": x, "x1": x, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain"}
        self.layout["shapes"].append({"type": "line", "line": line, **ends})

    def to_dict(self) -> dict[str, Any]:
        """What plotly.js takes."""
        return {"data": self.traces, "layout": self.layout}

    def _axes(self, prefix: str, settings: dict[str, Any]) -> None:
        for name, axis in self.layout.items():
            if name.startswith(prefix):
                axis.update(_known(settings))


def _known(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}

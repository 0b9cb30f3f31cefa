"""The plots of the pages as plotly.js takes them."""

import json
from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go
import pytest
from dash import Dash

from dashboard.app import create_app
from store.root import Root
from tests.dashboard.ask import answered
from tests.dashboard.test_pages import BODIES

PLOTS = {
    *("costs", "group-counts", "confusion", "category-heat", "dots", "differences", "groupings", "map-strip"),
    *("learning", "text-lengths", "words-raw", "words-clean"),
}


@pytest.fixture(scope="module")
def app(large_store: Root) -> Dash:
    return create_app(large_store)


def figures(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each figure of a page's part, with its component's id."""
    if isinstance(node, dict) and "figure" in node:
        yield node["id"], node["figure"]
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from figures(part)


def test_every_figure_of_the_pages_is_one_of_plotlys(app: Dash) -> None:
    found = {name: figure for body, inputs in BODIES.items() for name, figure in figures(answered(app, body, inputs))}
    assert set(found) == PLOTS
    for name, figure in found.items():
        made = go.Figure(figure)  # refuses what plotly does not know
        assert made.data, name
        assert made.layout.height > 100, name
        assert made.layout.xaxis.fixedrange, name


def test_plots_of_the_learning_curves_stand_in_rows_on_one_scale(app: Dash) -> None:
    figure = dict(figures(answered(app, "labels-body", BODIES["labels-body"])))["learning"]
    layout = figure["layout"]
    axes = [name.removeprefix("xaxis") for name in layout if name.startswith("xaxis")]
    assert len(axes) == len(layout["annotations"]) == len({trace["xaxis"] for trace in figure["data"]}) > 3
    boxes = [(layout[f"xaxis{n}"]["domain"], layout[f"yaxis{n}"]["domain"]) for n in axes]
    assert all(0 <= low < high <= 1.0001 for box in boxes for low, high in box)
    for i, ((left, right), (low, high)) in enumerate(boxes):
        for (other_left, other_right), (other_low, other_high) in boxes[:i]:
            assert right <= other_left or left >= other_right or high <= other_low or low >= other_high
    assert {layout[f"yaxis{n}"].get("matches") for n in axes} == {None, "y"}
    assert json.dumps(figure)

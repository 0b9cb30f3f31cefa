"""Pages hold their layout in narrow windows, and what is written over plots can be read."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import opened

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
OVERPRINTED = """(plot) => {
    const labels = [...document.querySelectorAll(`${plot} .xaxislayer-above text`)];
    const boxes = labels.map((label) => label.getBoundingClientRect()).sort((a, b) => a.x - b.x);
    return [labels.length, boxes.filter((box, i) => i && box.left < boxes[i - 1].right - 1).length];
}"""
"""How many columns are named, and how many names are printed over the one before."""
REDRAWN = """(selector) => {
    const plot = document.querySelector(selector);
    return plot.querySelector(".main-svg").clientWidth === plot.clientWidth;
}"""
"""Whether a plot is as wide as its place: it is drawn again some time after the window has changed."""


@pytest.mark.parametrize(
    ("name", "plot", "columns"), [("groups", "#confusion", 7), ("categories", "#category-heat", 8)]
)
def test_the_heads_of_a_heat_map_do_not_overprint(study: str, page: Page, name: str, plot: str, columns: int) -> None:
    opened(page, study, name)
    for width in (1280, 820, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(REDRAWN, arg=f"{plot} .js-plotly-plot")
        assert page.evaluate(OVERPRINTED, plot) == [columns, 0], width


def test_the_verdicts_of_categories_are_in_sight(study: str, page: Page) -> None:
    opened(page, study, "categories")
    for width in (820, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for verdict in page.locator(".category-table .badge-tone").all():
            box = verdict.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] < width


def test_the_name_of_a_step_stays_on_one_line(study: str, page: Page) -> None:
    opened(page, study, "runs")
    for width in (820, 390):
        page.set_viewport_size({"width": width, "height": 900})
        heights = page.evaluate(
            "[...document.querySelectorAll('.steps td:first-child .text-nowrap')].map((name) => name.offsetHeight)"
        )
        assert len(heights) > 10
        assert max(heights) < 30


def test_the_hover_of_a_heat_map_has_whole_names(study: str, page: Page) -> None:
    opened(page, study, "categories", 1280)
    page.locator("#category-heat").scroll_into_view_if_needed()  # a mouse reaches only what the window shows
    box = page.locator("#category-heat .heatmaplayer image").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 1.5 / 8, box["y"] + 10)
    expect(page.locator("#category-heat .hovertext")).to_contain_text("Baby Care, Joint text + image: 1.00")

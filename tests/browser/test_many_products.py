"""Maps of so many products that the browser has a part of them: here every third of 60."""

import csv
import io
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard.server import points
from store.root import Root
from tests.browser.conftest import shown
from tests.browser.test_maps import MARKED, drawn, place, view

FEW = 20
NUMBERS = """() => {
    const { maps } = window.aislemap, box = document.querySelector("#map-0 canvas").getBoundingClientRect();
    return [...Array(60).keys()].filter((i) => {
        const [x, y] = maps.place(0, i);
        return x > box.left && x < box.right && y > box.top && y < box.bottom;
    });
}"""
"""The products that are drawn in the first map and in its window."""


@pytest.fixture
def address(small_store: Root, page: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a dashboard that sends a map whole up to 20 products, and so many of a region or selection."""
    monkeypatch.setattr(points, "WHOLE_TO", 20)
    monkeypatch.setattr(points, "PART_TO", FEW)
    with shown(small_store.path, page) as address:
        yield address


def rows(page: Page, address: str) -> list[dict[str, str]]:
    """The selected products as the tray's link to CSV has them."""
    file = page.request.get(f"{address}{page.locator('#map-tray-csv').get_attribute('href')}").text()
    return list(csv.DictReader(io.StringIO(file)))


def zoomed(page: Page, number: int) -> None:
    """Zoom into the first map at a product until all products there are drawn."""
    first = page.locator("#map-0")
    for _ in range(20):
        page.mouse.move(*place(page, number))
        page.mouse.wheel(0, -100)
        expect(first).to_have_attribute("data-looked", view(page))
        if first.get_attribute("data-points") != "20":
            return
    raise AssertionError("the region was never drawn")


def test_a_part_is_drawn_of_the_whole_and_all_of_a_region(address: str, page: Page) -> None:
    page.goto(f"{address}/map?panels=2&m0=bert&r0=tsne&m1=cnn")
    drawn(page, 60, 0)
    expect(page.locator("#map-summary-0")).to_contain_text("60 products")
    expect(page.locator("#map-0")).to_have_attribute("data-points", "20")
    assert page.evaluate(NUMBERS) == [*range(0, 60, 3)]
    zoomed(page, 30)
    seen = page.evaluate(NUMBERS)
    assert 30 in seen
    other = next(number for number in seen if number % 3)
    page.mouse.move(*place(page, other))
    expect(page.locator("#map-card img, #map-card .no-image")).to_be_visible()
    expect(page.locator("#map-card .hover-name")).to_contain_text(f"no. {other}")
    page.wait_for_function(MARKED)  # the other map has no point of it
    sent = page.locator("#map-0").get_attribute("data-points") or ""
    page.reload()
    expect(page.locator("#map-0")).to_have_attribute("data-points", sent)
    assert page.evaluate(NUMBERS) == seen
    page.keyboard.press("Tab")
    page.locator("#map-0").press("0")
    expect(page.locator("#map-0")).to_have_attribute("data-points", "20")


def test_a_selection_is_of_all_products_not_of_those_sent(address: str, page: Page) -> None:
    page.goto(f"{address}/map?panels=1&m0=bert&r0=tsne")
    drawn(page, 60, 0)
    expect(page.locator(".chip", has_text="Watches")).to_contain_text("8 products")
    page.locator(".chip", has_text="Watches").click()
    drawn(page, 60, 8)
    expect(page.locator("#map-0")).to_have_attribute("data-points", "28")
    expect(page.locator("#map-tray-count")).to_have_text("8 products selected")
    expect(page.locator("#map-tray .tile")).to_have_count(8)
    assert {row["category"] for row in rows(page, address)} == {"Watches"}
    page.locator("#map-clear").click()
    drawn(page, 60, 0)
    page.locator("#map-drag").get_by_text("select a box", exact=True).click()
    expect(page).to_have_url(re.compile("drag=box"))
    page.locator("#map-0").scroll_into_view_if_needed()
    box = page.locator("#map-0").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + box["height"] - 3, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"lasso=bert\.tsne%3A"))
    expect(page.locator("#map-tray")).to_be_visible()
    found = rows(page, address)
    assert 10 < len(found) < 50
    drawn(page, 60, len(found))

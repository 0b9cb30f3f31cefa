"""What a visitor has set stays set: zoom, page of a search, entries of the browser's history."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from store.root import Root
from tests.browser.conftest import shown
from tests.factories import make_store

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
RANGES = """() => {
    const { xaxis, yaxis } = document.querySelector("#map-0 .js-plotly-plot")._fullLayout;
    return [...xaxis.range, ...yaxis.range].map((end) => Math.round(end * 1e6) / 1e6);
}"""
"""The ends of the axes of the first map, as they are drawn."""
DRAWN = "#map-0 .scatterlayer .point"


def zoomed(page: Page) -> list[float]:
    """Zoom into the first map and pan it; the ends of its axes after that."""
    expect(page.locator(DRAWN).first).to_be_visible()
    box = page.locator("#map-0").bounding_box()
    assert box is not None
    before = page.evaluate(RANGES)
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 3
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"before => String(({RANGES})()) !== before", arg=",".join(f"{end:g}" for end in before))
    # plotly ends a zoom by the wheel after a pause, and Dash then takes the ranges into its figure
    page.wait_for_function(
        'document.querySelector("#map-0 .js-plotly-plot").layout.xaxis.autorange === false', timeout=30_000
    )
    page.mouse.down()
    page.mouse.move(x + 40, y + 25, steps=4)
    page.mouse.up()
    after: list[float] = page.evaluate(RANGES)
    assert after != before
    return after


def test_zoom_and_pan_stay_when_a_map_is_recoloured(study: str, page: Page) -> None:
    page.goto(f"{study}/projections")
    ranges = zoomed(page)
    page.locator(".chip", has_text="Watches").click()
    expect(page.locator("#map-0 .scatterlayer .trace")).to_have_count(2)
    assert page.evaluate(RANGES) == ranges
    page.locator("#map-colour").get_by_text("Right or wrong").click()
    expect(page.locator("#map-summary-0")).to_contain_text("right")
    assert page.evaluate(RANGES) == ranges


def test_other_points_are_shown_whole(study: str, page: Page) -> None:
    page.goto(f"{study}/projections?panels=1&m0=bert&r0=tsne")
    expect(page.locator(DRAWN).first).to_be_visible()
    whole = page.evaluate(RANGES)
    zoomed(page)
    page.locator("#map-method-0").select_option("cnn")
    expect(page.locator("#map-summary-0")).to_contain_text("59 products")
    page.locator("#map-method-0").select_option("bert")
    expect(page.locator("#map-summary-0")).to_contain_text("60 products")
    page.wait_for_function(f"whole => String(({RANGES})()) === String(whole)", arg=whole)


def test_zoom_stays_when_a_new_snapshot_is_published(small_store: Root, tmp_path: Path, page: Page) -> None:
    shutil.copytree(small_store.path, tmp_path, dirs_exist_ok=True)
    with shown(tmp_path, page) as address:
        page.goto(f"{address}/projections?panels=1&m0=cnn")
        ranges = zoomed(page)
        make_store(tmp_path, products=80, seed=1)
        expect(page.locator("#map-summary-0")).to_contain_text("79 products")
        expect(page.locator(DRAWN)).to_have_count(79)
        assert page.evaluate(RANGES) == ranges


def test_a_new_search_starts_on_the_first_page(study: str, page: Page) -> None:
    page.goto(f"{study}/products?page=2")
    expect(page.locator("#products-body .tile")).to_have_count(24)
    page.locator("#products-search").fill("no.")
    expect(page.locator("#products-count")).to_have_text("60 products, page 1 of 2")
    expect(page).to_have_url(f"{study}/products?q=no.&category=*&page=1")
    page.locator("#products-page").get_by_text("2", exact=True).click()
    expect(page.locator("#products-count")).to_have_text("60 products, page 2 of 2")
    page.locator("#products-category").select_option("Watches")
    expect(page).to_have_url(f"{study}/products?q=no.&category=Watches&page=1")


def test_typing_replaces_the_entry_of_the_history(study: str, page: Page) -> None:
    page.goto(f"{study}/products")
    expect(page.locator("#products-body .tile")).to_have_count(36)
    entries = page.evaluate("history.length")
    for text in ("a", "ar", "aria"):
        page.locator("#products-search").fill(text)
        expect(page).to_have_url(re.compile(f"q={text}&"))
    assert page.evaluate("history.length") == entries
    page.locator("#products-category").select_option("Watches")
    expect(page).to_have_url(re.compile("category=Watches"))
    assert page.evaluate("history.length") == entries + 1
    page.go_back()
    expect(page.locator("#products-search")).to_have_value("aria")
    expect(page.locator("#products-count")).to_have_text("12 products")


def test_back_from_a_page_beyond_the_last_one_leaves_it(study: str, page: Page) -> None:
    page.goto(f"{study}/runs")
    expect(page.locator("h1")).to_contain_text("What ran")
    page.goto(f"{study}/products?page=99")
    expect(page.locator("#products-count")).to_have_text("60 products, page 2 of 2")
    expect(page).to_have_url(re.compile("page=2"))
    page.go_back()
    expect(page.locator("h1")).to_contain_text("What ran")

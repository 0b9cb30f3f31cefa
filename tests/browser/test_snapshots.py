"""An older snapshot that is chosen stays: from page to page, on reload and back, in links, and past the next poll."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import dashboard
from tests.browser.pages import faults
from tests.factories import make_store

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
PINNED = re.compile(r"[?&]snapshot=1(&|$)")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard over a store with two snapshots, of 60 and 63 products."""
    folder = tmp_path_factory.mktemp("two")
    make_store(folder, products=60, logs=False)
    make_store(folder, products=63, moved=4, logs=False)
    with dashboard(folder) as address:
        yield address


def products(page: Page, count: int) -> None:
    expect(page.locator("#products-count")).to_have_text(re.compile(rf"^{count} products"))


def test_a_chosen_snapshot_stays_until_the_newest_is_asked_for(two: str, page: Page) -> None:
    page.goto(f"{two}/products")
    products(page, 63)
    expect(page.locator("#snapshot-older")).to_be_empty()
    page.locator("#snapshot-choice").select_option("1")
    products(page, 60)
    expect(page).to_have_url(PINNED)
    expect(page.locator("#snapshot-older")).to_contain_text(re.compile("This is snapshot 1, .*; the newest is 2"))
    expect(page.locator("#snapshot-info")).to_contain_text("Snapshot 1")

    with page.expect_response(lambda r: "poll" in (r.request.post_data or "")):
        pass  # the poll must not take it away
    products(page, 60)
    page.locator("#products-category").select_option("Watches")
    expect(page).to_have_url(re.compile("category=Watches.*snapshot=1"))
    page.get_by_role("link", name="Runs").click()
    expect(page).to_have_url(f"{two}/runs?snapshot=1")
    page.get_by_role("link", name="Products", exact=True).click()
    products(page, 60)
    page.reload()
    products(page, 60)
    page.locator("#products-body .tile").first.click()
    expect(page).to_have_url(PINNED)
    page.go_back()
    products(page, 60)

    link = page.get_by_role("link", name="Runs")
    link.dispatch_event("contextmenu")
    expect(link).to_have_attribute("href", "/runs?snapshot=1")
    page.locator(".snapshot-newest").click()
    products(page, 63)
    expect(page).not_to_have_url(PINNED)
    expect(page.locator("#snapshot-older")).to_be_empty()
    page.go_back()
    products(page, 60)
    link.dispatch_event("contextmenu")
    expect(link).to_have_attribute("href", "/runs?snapshot=1")


def test_a_link_to_a_snapshot_that_was_dropped_says_so(two: str, page: Page) -> None:
    page.goto(f"{two}/products?snapshot=9")
    expect(page.locator(".not-found")).to_contain_text("Snapshot 9 is not in the store")
    page.locator(".snapshot-newest").click()
    products(page, 63)


def test_the_maps_of_an_older_snapshot_are_its_own(two: str, page: Page) -> None:
    page.goto(f"{two}/map?snapshot=1")
    expect(page.locator("#map-summary-0")).to_contain_text("60 products")
    page.goto(f"{two}/map?snapshot=x")
    expect(page.locator("#map-summary-0")).to_contain_text("63 products")


@pytest.mark.parametrize("path", ["/", "/products", "/check/review"])
def test_an_older_snapshot_holds_at_every_width_and_theme(two: str, page: Page, path: str) -> None:
    page.goto(f"{two}{path}?snapshot=1")
    expect(page.locator("#snapshot-choice")).to_be_visible()
    expect(page.locator(".older")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert faults(page) == []

"""Every page is drawn, holds at every width in light and dark, and can be read aloud and used by keys."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from dashboard.pages import discover
from dashboard.server.access import Access, User
from store.root import Root
from tests.browser.conftest import shown
from tests.browser.pages import PAGES, faults, opened

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)


def test_every_page_is_walked() -> None:
    assert {urlsplit(page.path).path for page in PAGES.values()} == {page.path for page in discover(sql=True)}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn_and_holds_at_every_width_and_theme(study: str, page: Page, name: str) -> None:
    opened(page, study, name)
    expect(page.locator("h1")).to_contain_text(PAGES[name].title)
    expect(page.locator("#trouble")).to_have_count(0)
    assert faults(page) == []


@pytest.mark.parametrize("path", ["/map?panels=4&colour=match&where=suspect", "/products?where=suspect"])
def test_a_selection_holds_at_every_width_and_theme(study: str, page: Page, path: str) -> None:
    page.goto(study + path)
    expect(page.get_by_text("Parquet").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert faults(page) == []


def test_what_says_that_there_is_nothing_holds_at_every_width(bare: str, tmp_path: Path, page: Page) -> None:
    page.goto(f"{bare}/methods")
    expect(page.locator(".notice")).to_contain_text("There are no scores")
    assert faults(page) == []
    with shown(tmp_path / "empty", page) as address:
        page.goto(address)
        expect(page.locator(".empty-store")).to_be_visible()
        assert faults(page) == []


def test_the_log_in_holds_at_every_width_and_theme(small_store: Root, page: Page) -> None:
    with shown(small_store.path, page, Access(users={"ann": User("ann", "reviewer", "")})) as address:
        page.goto(address)
        expect(page.get_by_label("Password")).to_be_visible()
        assert faults(page) == []

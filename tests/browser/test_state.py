"""What a visitor has set stays set: the page of a search, entries of the browser's history."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)


def test_a_new_search_starts_on_the_first_page(study: str, page: Page) -> None:
    page.goto(f"{study}/products?page=2")
    expect(page.locator("#products-body .tile")).to_have_count(24)
    page.locator("#products-search").fill("no.")
    expect(page.locator("#products-count")).to_have_text("60 products, page 1 of 2")
    expect(page).to_have_url(f"{study}/products?q=no.&category=*&sort=catalogue_row&order=up&page=1")
    page.locator("#products-page").get_by_text("2", exact=True).click()
    expect(page.locator("#products-count")).to_have_text("60 products, page 2 of 2")
    page.locator("#products-category").select_option("Watches")
    expect(page).to_have_url(f"{study}/products?q=no.&category=Watches&sort=catalogue_row&order=up&page=1")


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

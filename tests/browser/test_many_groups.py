"""The groups of a study that has 200: they are paged and searched, and the address keeps the place."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import shown
from tests.crowd import make_crowd

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)


def test_of_200_groups_a_page_is_drawn_turned_and_searched(tmp_path: Path, page: Page) -> None:
    with shown(make_crowd(tmp_path, 200).path, page) as address:
        page.goto(f"{address}/categories/groups")
        cards, count = page.locator(".group-card"), page.locator("#groups-count")
        expect(page.locator("#confusion .heatmaplayer image")).to_be_visible()
        expect(page.locator("#groups-body")).to_contain_text("30 of 200 categories, those with most products in")
        expect(cards).to_have_count(12)
        expect(cards.first).to_contain_text("Aisle 0198")
        assert page.locator("*").count() < 3_000
        page.locator("#groups-order").select_option("name")
        expect(cards.first).to_contain_text("Aisle 0000")
        page.locator("#groups-page").get_by_text("2", exact=True).click()
        expect(count).to_have_text("200 groups, page 2 of 17")
        expect(cards.first).to_contain_text("Aisle 0012")
        expect(page).to_have_url(re.compile(r"order=name&page=2$"))
        page.reload()
        expect(cards.first).to_contain_text("Aisle 0012")
        page.locator("#groups-search").fill("term123")
        expect(count).to_have_text("1 group")
        expect(cards).to_have_count(1)
        expect(cards.first).to_contain_text("Aisle 0123")
        expect(page).to_have_url(re.compile(r"q=term123&order=name&page=1$"))
        page.go_back()
        expect(page.locator("#groups-search")).to_have_value("")
        page.goto(f"{address}/categories?page=4")
        expect(page.locator(".category-table tbody tr")).to_have_count(50)
        page.locator("#categories-search").fill("0123")
        expect(page.locator(".category-table tbody tr")).to_have_count(1)

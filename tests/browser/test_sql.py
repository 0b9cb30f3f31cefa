"""The SQL page in the browser: a link runs nothing; a query is run, sorted, taken as a file and shown on the maps."""

import csv
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import faults
from tests.store.test_sql_limits import ENDLESS

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)


def test_an_example_is_run_sorted_found_taken_and_shown_on_the_maps(study: str, page: Page, tmp_path: Path) -> None:
    page.goto(f"{study}/sql")
    page.locator("#sql-example").select_option("The longest descriptions")
    expect(page.locator("#sql-text")).to_have_value(re.compile("characters DESC"))
    page.locator("#sql-run").click()
    expect(page.locator("#sql-summary h2")).to_have_text(re.compile(r"60 rows in \d+\.\d\d s"))

    first = page.locator(".sql-table tbody tr").first.locator("td").first
    page.locator(".sql-table th button", has_text="product_id").click()
    expect(first).to_have_text("P0000")
    page.locator(".sql-table th button", has_text="product_id").click()
    expect(first).to_have_text("P0059")
    page.locator("#sql-filter").fill("watch")
    expect(page.locator("#sql-count")).to_have_text(re.compile(r"^\d rows$"))

    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV").click()
    taken.value.save_as(tmp_path / "result.csv")
    with (tmp_path / "result.csv").open(encoding="utf-8", newline="") as file:
        assert len({row["product_id"] for row in csv.DictReader(file)}) == 60

    page.locator("#sql-text").fill("SELECT product_id FROM products WHERE category = 'Watches'")
    page.locator("#sql-text").press("Control+Enter")
    expect(page.locator("#sql-summary h2")).to_have_text(re.compile("^8 rows"))
    page.get_by_role("link", name="Show on the maps").click()
    expect(page.locator("#map-tray-count")).to_have_text("8 products selected")
    expect(page.locator("#map-tray-rule")).to_contain_text("query names: SELECT product_id")
    page.locator("#map-tray-products").click()
    expect(page.locator("#products-count")).to_have_text("8 products")


def test_a_link_to_a_query_shows_it_and_runs_nothing(study: str, page: Page) -> None:
    requests: list[str] = []
    page.on("request", lambda r: requests.append(r.post_data or "") if r.method == "POST" else None)
    page.goto(f"{study}/sql?query={quote('SELECT 42 AS answer')}")
    expect(page.locator("#sql-text")).to_have_value("SELECT 42 AS answer")
    page.wait_for_load_state("networkidle")
    assert not [body for body in requests if '"sql-summary' in body]
    expect(page.locator("#sql-rows")).to_be_empty()
    page.locator("#sql-run").click()
    expect(page.locator(".sql-table td")).to_have_text("42")
    page.locator("#sql-text").fill("SELECT nonsense")
    expect(page).to_have_url(re.compile("query=SELECT\\+nonsense"))
    page.locator("#sql-run").click()
    expect(page.locator(".sql-error")).to_contain_text("nonsense")
    expect(page.locator("#sql-rows")).to_be_empty()
    page.reload()
    expect(page.locator("#sql-text")).to_have_value("SELECT nonsense")


def test_a_running_query_is_cancelled_and_the_next_one_runs(study: str, page: Page) -> None:
    page.goto(f"{study}/sql")
    expect(page.locator("#sql-cancel")).to_be_disabled()
    page.locator("#sql-text").fill(ENDLESS)
    page.locator("#sql-run").click()
    expect(page.locator("#sql-run")).to_be_disabled()
    page.locator("#sql-cancel").click()
    expect(page.locator(".sql-error")).to_have_text("The query was cancelled.")
    expect(page.locator("#sql-cancel")).to_be_disabled()
    page.locator("#sql-text").fill("SELECT 42 AS answer")
    page.locator("#sql-run").click()
    expect(page.locator(".sql-table td")).to_have_text("42")


def test_a_result_holds_at_every_width_and_theme(study: str, page: Page) -> None:
    page.goto(f"{study}/sql?query={quote('SELECT * FROM products')}")
    page.locator("#sql-run").click()
    expect(page.locator(".sql-table tbody tr").first).to_be_visible()
    assert faults(page) == []

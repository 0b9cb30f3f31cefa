"""What people come for in the morning is at most two clicks from the first page."""

import csv
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard import words
from store.questions import categories, findings, study
from store.reader import Reader
from store.root import Root
from tests.browser.conftest import shown
from tests.factories import make_store

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
MOST = 2


class Visitor:
    """Begins on the first page and counts its clicks."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.clicks = page, 0
        page.goto(address)
        expect(page.locator(".answer-first h2")).to_be_visible()

    def click(self, link: Locator) -> None:
        """Click the first of these; more than `MOST` clicks fail the test."""
        self.clicks += 1
        assert self.clicks <= MOST, f"{self.clicks} clicks to {self.page.url}"
        link.first.click()


@pytest.fixture
def visitor(page: Page, study: str) -> Iterator[Visitor]:
    return Visitor(page, study)


def test_whether_to_automate_and_which_categories_needs_no_click(visitor: Visitor, small_store: Root) -> None:
    with Reader(small_store).cursor() as cursor:
        verdicts = categories.category_verdicts(cursor)
    ready = [v.category for v in verdicts if v.verdict == "automate"]
    expect(visitor.page.locator(".answer-first h2")).to_contain_text(f"{len(ready)} of {len(verdicts)} categories")
    needs = visitor.page.locator(".needs > div", has_text="Automate now")
    for category in ready:
        expect(needs).to_contain_text(category)


def test_the_next_suspect_is_seen_at_full_size(visitor: Visitor, small_store: Root) -> None:
    with Reader(small_store).cursor() as cursor:
        worst = findings.suspects(cursor)[0]
    visitor.click(visitor.page.locator(".answer-first").get_by_text(re.compile("check .* suspect")))
    visitor.click(visitor.page.get_by_text("Review one at a time"))
    expect(visitor.page.locator("#review-body")).to_contain_text(worst.name or worst.product_id)
    image = visitor.page.locator("#review-body img").first
    expect(image).to_be_visible()
    box = image.bounding_box()
    assert box is not None
    assert max(box["width"], box["height"]) >= 200


def test_the_products_of_a_category_among_another_are_listed(tmp_path: Path, page: Page) -> None:
    with Reader(make_store(tmp_path, moved=4)).cursor() as cursor:
        method = next(iter(study.rests_on(cursor)))
        mixed = next(s for s in categories.judged_scores(cursor) if s.method == method and s.confused_with)
        ((among,),) = cursor.execute(
            """SELECT count(*) FROM clusters SEMI JOIN judged_groupings USING (method, grouping)
               JOIN products USING (product_id) WHERE method = ? AND category = ? AND matched_category = ?""",
            [method, mixed.category, mixed.confused_with],
        ).fetchall()
    with shown(tmp_path, page) as address:
        visitor = Visitor(page, address)
        visitor.click(page.locator(".side-nav").get_by_text("Categories"))
        row = page.locator(".category-table tbody tr").filter(
            has=page.locator("td:first-child").get_by_text(mixed.category, exact=True)
        )
        visitor.click(row.locator("td:last-child a"))
        expect(page.locator("#products-count")).to_have_text(words.count(among, "product"))


def test_a_list_is_taken_away_as_a_file(visitor: Visitor, small_store: Root, tmp_path: Path) -> None:
    with Reader(small_store).cursor() as cursor:
        suspects = {s.product_id for s in findings.suspects(cursor)}
    visitor.click(visitor.page.locator(".fact", has_text="suspect labels").locator("a"))
    with visitor.page.expect_download() as download:
        visitor.click(visitor.page.get_by_text("CSV", exact=True))
    download.value.save_as(tmp_path / "list.csv")
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["product_id"] for row in csv.DictReader(file)} == suspects


def test_what_moved_since_the_last_snapshot_is_listed(small_store: Root, tmp_path: Path, page: Page) -> None:
    shutil.copytree(small_store.path, tmp_path, dirs_exist_ok=True)
    make_store(tmp_path, moved=4)
    with shown(tmp_path, page) as address:
        visitor = Visitor(page, address)
        expect(page.locator(".moves")).to_contain_text("4 products put into another category")
        visitor.click(page.locator(".moves a"))
        expect(page.locator("#products-rule")).to_contain_text("added or moved since snapshot 1")
        expect(page.locator("#products-body .tile").nth(3)).to_be_visible()


def test_a_list_is_filtered_and_sorted_by_a_column_and_kept_in_the_link(study: str, page: Page) -> None:
    page.goto(f"{study}/products")
    expect(page.locator("#products-body .tile").first).to_be_visible()
    page.locator("#products-column").select_option("price")
    page.locator("#products-how").select_option("least")
    page.locator("#products-value").fill("cheap")
    page.locator("#products-add").click()
    expect(page.locator("#products-filter-error")).to_contain_text("'cheap' is not a number")
    page.locator("#products-value").fill("600")
    page.locator("#products-value").press("Enter")
    expect(page.locator("#products-count")).to_have_text("9 products")
    page.locator("#products-sort").select_option("price")
    page.locator("#products-order").select_option("down")
    expect(page.locator("#products-body .tile").first).to_contain_text("price: 689")
    expect(page).to_have_url(re.compile(r"where=range(~|%7E)price(~|%7E)600(~|%7E)&sort=price&order=down"))
    page.reload()
    expect(page.locator("#products-body .tile").first).to_contain_text("price: 689")
    expect(page.locator("#products-sort")).to_have_value("price")
    page.locator("#products-rule").get_by_text("remove").click()
    expect(page.locator("#products-count")).to_have_text("60 products, page 1 of 2")
    expect(page.locator("#products-sort")).to_have_value("price")

"""The dashboard as people use it, in a real Chromium."""

import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from store import progress
from store.progress import Doing, Running
from store.root import Root
from tests.browser.conftest import shown
from tests.factories import make_store

pytestmark = pytest.mark.browser
WAIT = 30_000
"""Milliseconds that a slow machine may take; nothing waits longer than it has to."""
expect.set_options(timeout=WAIT)


def test_the_navigation_leads_to_every_page_and_names_it(study: str, page: Page) -> None:
    page.goto(study)
    links = page.locator(".side-nav .nav-link")
    expect(links).to_have_count(9)  # waits: the page's own code draws them
    names = links.all_text_contents()
    for name in (*names[1:], names[0]):
        page.locator(".side-nav").get_by_text(name, exact=True).click()
        expect(page).to_have_title(f"{name} · aislemap")
        expect(page.locator(".side-nav .active")).to_have_text(name)


def test_each_tab_of_a_page_has_its_address_and_stays_in_its_place(study: str, page: Page) -> None:
    for path, name, tabs in (
        ("/categories", "Categories", ["Verdicts", "Groups"]),
        ("/methods", "Methods", ["Metrics", "One map misleads", "Labels"]),
    ):
        page.goto(study + path)
        expect(page.locator(".tabs .nav-link")).to_have_text(tabs)
        for tab in (*tabs[1:], tabs[0]):
            page.locator(".tabs").get_by_text(tab, exact=True).click()
            expect(page.locator(".tabs .active")).to_have_text(tab)
            expect(page.locator(".side-nav .active")).to_have_text(name)
            expect(page.locator("h1")).to_have_count(1)
            expect(page).to_have_title(f"{name if tab == tabs[0] else tab} · aislemap")
        expect(page).to_have_url(study + path)


def test_the_answer_page_has_verdicts_and_why_a_method_did_not_run(study: str, page: Page) -> None:
    page.goto(study)
    expect(page.locator(".verdict")).to_have_count(3)
    expect(page.locator(".verdict-text")).to_contain_text("joint-text reaches an ARI of")
    expect(page.locator(".verdict-text")).to_contain_text("joint graph of BERT, TF-IDF")
    expect(page.locator(".leaderboard tbody tr")).to_have_count(8)
    expect(page.locator(".leaderboard")).to_contain_text("all-MiniLM-L6-v2")
    use = page.locator(".unavailable tr", has_text="USE")
    expect(use).to_contain_text("unavailable")
    expect(use).to_contain_text("--weights use=PATH")
    expect(page.locator(".unavailable tr", has_text="GloVe")).to_contain_text("stopped at 4,096 MB")


def test_a_linked_view_survives_reload_back_and_a_change_of_page(study: str, page: Page) -> None:
    page.goto(f"{study}/map?panels=3&colour=match&m0=cnn&r0=pca&grouping=estimated_k")
    expect(page.locator("#map-method-0")).to_have_value("cnn")
    expect(page.locator("#map-reducer-0")).to_have_value("pca")
    expect(page.locator("#map-grouping")).to_have_value("estimated_k")
    expect(page.locator("#map-panel-2")).to_be_visible()
    expect(page.locator("#map-panel-3")).to_be_hidden()
    expect(page.locator("#map-summary-0")).to_contain_text("right")
    page.locator("#map-method-0").select_option("sift")
    expect(page).to_have_url(re.compile("m0=sift"))
    page.reload()
    expect(page.locator("#map-method-0")).to_have_value("sift")
    expect(page.locator("#map-summary-0")).to_contain_text("59 products")
    page.locator("#map-method-0").select_option("bert")
    expect(page.locator("#map-summary-0")).to_contain_text("60 products")
    page.go_back()
    expect(page.locator("#map-method-0")).to_have_value("sift")
    expect(page.locator("#map-summary-0")).to_contain_text("59 products")
    page.locator(".side-nav").get_by_text("Runs").click()
    expect(page.locator("h1")).to_contain_text("What ran")
    page.go_back()
    expect(page.locator("#map-method-0")).to_have_value("sift")
    expect(page.locator("#map-panel-2")).to_be_visible()


def test_a_search_its_filter_and_page_are_kept_in_the_address(study: str, page: Page) -> None:
    page.goto(f"{study}/products")
    expect(page.locator("#products-count")).to_have_text("60 products, page 1 of 2")
    expect(page.locator("#products-body .tile")).to_have_count(36)
    page.locator("#products-page").get_by_text("2", exact=True).click()
    expect(page.locator("#products-body .tile")).to_have_count(24)
    expect(page).to_have_url(re.compile("page=2"))
    page.locator("#products-search").fill("aria")
    expect(page.locator("#products-count")).to_have_text("12 products")
    page.locator("#products-category").select_option("Watches")
    expect(page).to_have_url(re.compile("q=aria&category=Watches"))
    expect(page.locator("#products-count")).to_have_text(re.compile(r"^\d products?$"))
    shown = page.locator("#products-body .tile").count()
    page.reload()
    expect(page.locator("#products-search")).to_have_value("aria")
    expect(page.locator("#products-body .tile")).to_have_count(shown)
    page.locator("#products-search").fill("nothing like it")
    expect(page.locator(".no-match")).to_contain_text("No product matches")


def test_a_product_leads_to_its_neighbours_and_back(study: str, page: Page) -> None:
    page.goto(f"{study}/products/product?id=P0010")
    expect(page.locator(".strip")).to_have_count(6)
    expect(page.locator(".concern")).to_contain_text("The same image as an earlier product")
    near = page.locator(".strip .tile").first
    title = near.get_attribute("title")
    near.click()
    expect(page.locator("h1")).to_have_text(title or "no title")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Aria Wall Clock no. 10")


def test_a_name_with_a_script_is_shown_and_does_nothing(study: str, page: Page) -> None:
    page.goto(f"{study}/products/product?id=P0003")
    expect(page.locator("h1")).to_contain_text("<script>window.hacked = true</script>")
    page.goto(f"{study}/products?q=hacked")
    expect(page.locator("#products-body .tile")).to_have_count(1)
    assert page.evaluate("window.hacked") is None


def test_groups_show_their_products_and_lead_to_the_map(study: str, page: Page) -> None:
    page.goto(f"{study}/categories/groups?method=cnn")
    expect(page.locator(".group-card")).to_have_count(7)
    expect(page.locator(".group-card .tile img").first).to_be_visible()
    page.locator(".group-card", has_text="Watches").get_by_text("on the map").first.click()
    expect(page.locator("#map-method-0")).to_have_value("cnn")
    expect(page.locator(".chip-on")).to_have_count(1)


def test_a_run_can_be_chosen_and_a_failure_says_why(study: str, page: Page) -> None:
    page.goto(f"{study}/runs")
    expect(page.locator(".runs")).to_contain_text("has no column for names")
    stopped = page.locator("#runs-steps .stage[open]", has_text="The step was stopped at 4,096 MB.")
    expect(stopped.locator(".steps")).to_be_visible()
    failed = page.locator("#runs-run option", has_text="failed").get_attribute("value")
    page.locator("#runs-run").select_option(failed)
    expect(page.locator("#runs-steps")).to_contain_text("No step is in the log for this run.")
    expect(page).to_have_url(re.compile("run="))


def test_a_running_ingestion_is_shown_while_it_runs(small_store: Root, tmp_path: Path, page: Page) -> None:
    shutil.copytree(small_store.path, tmp_path, dirs_exist_ok=True)
    root, moment = Root(tmp_path), datetime.now(UTC)
    steps = {"catalogue": Doing("computed", 0.4), "features:bert": Doing("running", None, 12, 90)}
    with shown(tmp_path, page) as address:
        page.goto(f"{address}/runs")
        expect(page.locator(".runs")).to_be_visible()
        expect(page.locator(".running")).to_have_count(0)
        progress.write(root, Running("r9", "shop.csv", moment, moment, steps))
        expect(page.locator(".running h2")).to_have_text("Running now: 1 of 2 steps planned so far have ended")
        expect(page.locator(".now tr", has_text="features")).to_contain_text("features:bert 12 of 90")
        progress.clear(root)
        expect(page.locator(".running")).to_have_count(0)


def test_a_new_snapshot_appears_on_the_open_page_in_its_state(small_store: Root, tmp_path: Path, page: Page) -> None:
    shutil.copytree(small_store.path, tmp_path, dirs_exist_ok=True)
    with shown(tmp_path, page) as address:
        page.goto(f"{address}/map?panels=1&m0=cnn&colour=cluster")
        expect(page.locator("#map-summary-0")).to_contain_text("59 products")
        page.evaluate("window.untouched = true")
        make_store(tmp_path, products=80, seed=1)
        expect(page.locator("#news")).to_contain_text("Snapshot 2 was published")
        expect(page.locator("#map-summary-0")).to_contain_text("79 products")
        expect(page.locator("#snapshot-info")).to_contain_text("Snapshot 2")
        expect(page.locator("#map-method-0")).to_have_value("cnn")
        assert page.evaluate("window.untouched"), "the page was not reloaded"
        page.locator(".side-nav").get_by_text("Answer").click()
        expect(page.locator(".changes")).to_contain_text("BERT")


def test_an_empty_store_says_so_and_fills_by_itself(small_store: Root, tmp_path: Path, page: Page) -> None:
    with shown(tmp_path / "later", page) as address:
        page.goto(address)
        expect(page.locator(".empty-store")).to_contain_text("aislemap ingest CATALOGUE")
        shutil.copytree(small_store.path, tmp_path / "later")
        expect(page.locator(".verdict")).to_have_count(3)


@pytest.mark.parametrize("path", ["/", "/runs"])
def test_a_first_ingestion_is_followed_to_the_answer(small_store: Root, tmp_path: Path, page: Page, path: str) -> None:
    root, moment = Root(tmp_path / "store"), datetime.now(UTC)
    steps = {"catalogue": Doing("computed", 0.4), "features:bert": Doing("running", None, 12, 90)}
    running = Running("r1", "shop.csv", moment, moment, steps)
    root.path.mkdir()
    with shown(root.path, page) as address:
        page.goto(address + path)
        expect(page.locator(".empty-store")).to_be_visible()
        progress.write(root, running)
        expect(page.locator(".running h2")).to_have_text("Running now: 1 of 2 steps planned so far have ended")
        expect(page.locator(".now tr", has_text="features")).to_contain_text("features:bert 12 of 90")
        progress.write(root, replace(running, steps=steps | {"features:bert": Doing("running", None, 80, 90)}))
        expect(page.locator(".now tr", has_text="features")).to_contain_text("features:bert 80 of 90")
        page.evaluate("window.untouched = true")
        shutil.copytree(small_store.path, root.path, dirs_exist_ok=True)
        progress.clear(root)
        expect(page.locator(".verdict")).to_have_count(3)
        expect(page).to_have_url(f"{address}/")
        assert page.evaluate("window.untouched"), "the page was not reloaded"


def test_a_removed_store_is_called_removed_until_it_is_back(small_store: Root, tmp_path: Path, page: Page) -> None:
    store = tmp_path / "store"
    shutil.copytree(small_store.path, store)
    with shown(store, page) as address:
        page.goto(address)
        expect(page.locator(".verdict").first).to_be_visible()
        store.rename(tmp_path / "away")
        expect(page.locator(".removed-store")).to_contain_text("The store was removed")
        expect(page.locator("#snapshot-info")).to_have_text("The store was removed")
        page.reload()
        expect(page.locator(".removed-store")).to_be_visible()
        expect(page.locator("#trouble")).to_have_count(0)
        (tmp_path / "away").rename(store)
        expect(page.locator(".verdict")).to_have_count(3)


def test_products_moved_since_the_last_snapshot_are_counted(small_store: Root, tmp_path: Path, page: Page) -> None:
    shutil.copytree(small_store.path, tmp_path, dirs_exist_ok=True)
    with shown(tmp_path, page) as address:
        page.goto(address)
        expect(page.locator(".verdict").first).to_be_visible()
        make_store(tmp_path, moved=4)
        expect(page.locator(".moves")).to_contain_text("4 products put into another category")


def test_without_categories_there_are_groups_and_maps_but_no_scores(bare: str, page: Page) -> None:
    page.goto(bare)
    expect(page.locator(".verdict").first).to_contain_text("unknown")
    page.goto(f"{bare}/map?colour=cluster")
    expect(page.locator("#map-summary-0")).to_contain_text("60 products")
    expect(page.locator(".chip")).to_have_count(7)
    page.goto(f"{bare}/categories/groups")
    expect(page.locator(".group-card")).to_have_count(7)
    page.goto(f"{bare}/methods")
    expect(page.locator(".notice")).to_contain_text("There are no scores")
    page.goto(f"{bare}/products/product?id=P0001")
    expect(page.locator(".strip")).to_have_count(3)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/methods", ".all-scores"),
        ("/categories/groups?method=bert", "#groups-body"),
        ("/map?m0=bert", "#map-summary-0"),
    ],
)
def test_the_model_is_named_beside_the_figures(study: str, page: Page, address: str, place: str) -> None:
    page.goto(study + address)
    expect(page.locator(place)).to_contain_text("all-MiniLM-L6-v2")

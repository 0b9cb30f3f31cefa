"""The dashboard as people use it, in a real Chromium."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.plots import projection
from store.root import Root
from tests.browser.conftest import shown
from tests.factories import make_store

pytestmark = pytest.mark.browser
WAIT = 30_000
"""Milliseconds that a slow machine may take; nothing waits longer than it has to."""
expect.set_options(timeout=WAIT)


def points(page: Page, panel: int) -> Locator:
    """The points of one map."""
    return page.locator(f"#map-{panel} .scatterlayer .point")


@pytest.mark.parametrize(
    ("path", "title", "content"),
    [
        ("/", "Can these products be grouped automatically?", "#overview-body .leaderboard tbody tr"),
        ("/projections", "Do products of a category lie together?", "#map-0 .scatterlayer .point"),
        ("/clusters", "Which categories are mixed up?", "#confusion .heatmaplayer image"),
        ("/categories", "Which categories can be automated?", "#category-heat .heatmaplayer image"),
        ("/metrics", "How well does each method do, by every measure?", "#differences .scatterlayer .point"),
        ("/maps", "Why one map misleads", "#map-strip .scatterlayer .point"),
        ("/labels", "How many labels would be enough?", "#learning .scatterlayer .point"),
        ("/findings", "What should be checked in the catalogue?", ".pair img"),
        ("/products", "Products", "#products-body .tile"),
        ("/products/product?id=P0010", "Aria Wall Clock no. 10", ".strip .tile"),
        ("/runs", "What ran, and what runs next", "#runs-steps .steps tbody tr"),
    ],
)
def test_every_page_is_drawn(study: str, page: Page, path: str, title: str, content: str) -> None:
    page.goto(study + path)
    expect(page.locator("h1")).to_contain_text(title)
    expect(page.locator(content).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#trouble")).to_have_count(0)


def test_the_navigation_leads_to_every_page_and_names_it(study: str, page: Page) -> None:
    page.goto(study)
    links = page.locator(".side-nav .nav-link")
    expect(links).to_have_count(10)  # waits: the page's own code draws them
    names = links.all_text_contents()
    for name in (*names[1:], names[0]):
        page.locator(".side-nav").get_by_text(name, exact=True).click()
        expect(page).to_have_title(f"{name} · aislemap")
        expect(page.locator(".side-nav .active")).to_have_text(name)


def test_the_overview_has_verdicts_and_why_a_method_did_not_run(study: str, page: Page) -> None:
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


def test_a_point_shows_its_product_on_hover_and_opens_it_on_click(study: str, page: Page) -> None:
    page.goto(f"{study}/projections?panels=1&m0=bert&r0=tsne")
    expect(points(page, 0)).to_have_count(60)
    point = page.locator("#map-0 .scatterlayer .trace").nth(1).locator(".point").nth(2)
    row = point.evaluate("node => node.__data__.data")
    point.hover(force=True)
    card = page.locator("#map-card-0 .hover-card")
    expect(card).to_be_visible()
    product_id = f"P{row - 1:04d}"
    expect(card.locator("img")).to_have_attribute("src", re.compile(rf"^/thumbnail/\w+\?id={product_id}$"))
    expect(card.locator(".hover-name")).to_contain_text(f"no. {row - 1}")
    assert card.locator("img").evaluate("async node => { await node.decode(); return node.naturalWidth }") > 0
    point.click(force=True)
    expect(page).to_have_url(f"{study}/products/product?id={product_id}")
    expect(page.locator("h1")).to_contain_text(f"no. {row - 1}")


def test_a_large_map_is_drawn_by_webgl_under_the_csp(
    small_store: Root, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection, "WEBGL_FROM", 50)  # a store of thousands would take half a minute to make
    with shown(small_store.path, page) as address:
        page.goto(f"{address}/projections?panels=1&m0=bert&r0=tsne")
        plot = page.locator("#map-0 .js-plotly-plot")
        expect(plot.locator(".gl-container canvas").first).to_be_attached()
        expect(plot.locator(".no-webgl")).to_have_count(0)
        where = plot.evaluate(
            """plot => {
                const box = plot.getBoundingClientRect(), [x, y] = [plot._fullLayout.xaxis, plot._fullLayout.yaxis];
                const trace = plot._fullData[0];
                return [box.x + x._offset + x.d2p(trace.x[0]), box.y + y._offset + y.d2p(trace.y[0])];
            }"""
        )
        page.mouse.move(where[0] - 30, where[1])
        page.mouse.move(*where)
        expect(page.locator("#map-card-0 .hover-card")).to_be_visible()


def test_a_chip_colours_its_category_and_greys_the_rest(study: str, page: Page) -> None:
    page.goto(f"{study}/projections")
    expect(points(page, 0)).to_have_count(60)
    page.locator(".chip", has_text="Watches").click()
    for panel in (0, 1):
        expect(page.locator(f"#map-{panel} .scatterlayer .trace")).to_have_count(2)
    expect(points(page, 0)).to_have_count(60)
    assert "focus=Watches" in page.url


def test_a_chip_has_the_colour_and_symbol_of_its_points(study: str, page: Page) -> None:
    page.goto(f"{study}/projections?colour=match&panels=1&m0=sift")
    expect(points(page, 0).first).to_be_visible()
    drawn = page.locator("#map-0 .js-plotly-plot").evaluate(
        "plot => plot._fullData.filter(t => t.name).map(t => [t.name, t.marker.symbol, t.marker.color.toLowerCase()])"
    )
    chips = page.locator(".chip").evaluate_all(
        """chips => chips.map(chip => {
            const dot = chip.querySelector(".dot"), style = getComputedStyle(dot);
            const [r, g, b] = style.backgroundColor.match(/\\d+/g).map(Number);
            const hex = "#" + [r, g, b].map(part => part.toString(16).padStart(2, "0")).join("");
            return [chip.textContent, dot.className.replace("dot dot-", ""), hex, style.clipPath];
        })"""
    )
    assert [chip[:3] for chip in chips] == drawn
    assert [name for name, *_ in drawn] == ["right", "wrong"]
    assert chips[0][3] == "none"
    assert "polygon" in chips[1][3], "a diamond"


def test_a_linked_view_survives_reload_back_and_a_change_of_page(study: str, page: Page) -> None:
    page.goto(f"{study}/projections?panels=3&colour=match&m0=cnn&r0=pca&grouping=estimated_k")
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


def test_clusters_show_their_products_and_lead_to_the_map(study: str, page: Page) -> None:
    page.goto(f"{study}/clusters?method=cnn")
    expect(page.locator(".cluster-card")).to_have_count(7)
    expect(page.locator(".cluster-card .tile img").first).to_be_visible()
    page.locator(".cluster-card", has_text="Watches").get_by_text("on the map").first.click()
    expect(page.locator("#map-method-0")).to_have_value("cnn")
    expect(page.locator(".chip-on")).to_have_count(1)


def test_a_run_can_be_chosen_and_a_failure_says_why(study: str, page: Page) -> None:
    page.goto(f"{study}/runs")
    expect(page.locator(".runs")).to_contain_text("has no column for names")
    expect(page.locator(".steps")).to_contain_text("The step was stopped at 4,096 MB.")
    failed = page.locator("#runs-run option", has_text="failed").get_attribute("value")
    page.locator("#runs-run").select_option(failed)
    expect(page.locator("#runs-steps")).to_contain_text("No step is in the log for this run.")
    expect(page).to_have_url(re.compile("run="))


def test_a_new_snapshot_appears_on_the_open_page_in_its_state(small_store: Root, tmp_path: Path, page: Page) -> None:
    shutil.copytree(small_store.path, tmp_path, dirs_exist_ok=True)
    with shown(tmp_path, page) as address:
        page.goto(f"{address}/projections?panels=1&m0=cnn&colour=cluster")
        expect(page.locator("#map-summary-0")).to_contain_text("59 products")
        page.evaluate("window.untouched = true")
        make_store(tmp_path, products=80, seed=1)
        expect(page.locator("#news")).to_contain_text("Snapshot 2 was published")
        expect(page.locator("#map-summary-0")).to_contain_text("79 products")
        expect(page.locator("#snapshot-info")).to_contain_text("Snapshot 2")
        expect(page.locator("#map-method-0")).to_have_value("cnn")
        assert page.evaluate("window.untouched"), "the page was not reloaded"
        page.locator(".side-nav").get_by_text("Overview").click()
        expect(page.locator(".changes")).to_contain_text("BERT")


def test_an_empty_store_says_so_and_fills_by_itself(small_store: Root, tmp_path: Path, page: Page) -> None:
    with shown(tmp_path / "later", page) as address:
        page.goto(address)
        expect(page.locator(".empty-store")).to_contain_text("aislemap ingest CATALOGUE")
        shutil.copytree(small_store.path, tmp_path / "later")
        expect(page.locator(".verdict")).to_have_count(3)


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
    page.goto(f"{bare}/projections?colour=cluster")
    expect(points(page, 0)).to_have_count(60)
    expect(page.locator(".chip")).to_have_count(7)
    page.goto(f"{bare}/clusters")
    expect(page.locator(".cluster-card")).to_have_count(7)
    page.goto(f"{bare}/metrics")
    expect(page.locator(".notice")).to_contain_text("There are no scores")
    page.goto(f"{bare}/products/product?id=P0001")
    expect(page.locator(".strip")).to_have_count(3)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/metrics", ".all-scores"),
        ("/clusters?method=bert", "#clusters-body"),
        ("/projections?m0=bert", "#map-summary-0"),
    ],
)
def test_the_model_is_named_beside_the_figures(study: str, page: Page, address: str, place: str) -> None:
    page.goto(study + address)
    expect(page.locator(place)).to_contain_text("all-MiniLM-L6-v2")

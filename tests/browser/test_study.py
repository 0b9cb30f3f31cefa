"""The pages of the study's answer, in a real Chromium: what they show, and that the address keeps their state."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)


def test_the_answer_page_names_methods_not_shown_to_differ(study: str, page: Page) -> None:
    page.goto(study)
    rows = page.locator(".leaderboard tbody tr")
    expect(rows).to_have_count(8)
    expect(page.locator(".leaderboard tr", has_text="declared")).to_have_count(1)
    expect(page.locator(".verdict-text")).to_contain_text("with the number of groups estimated")
    expect(page.locator(".leaderboard")).to_contain_text("not shown to differ")
    expect(page.locator(".track-chance").first).to_be_visible()
    expect(page.locator(".track-ceiling").first).to_be_visible()
    expect(page.locator("#costs .scatterlayer .point").first).to_be_visible()
    expect(page.locator("#group-counts .scatterlayer .point").first).to_be_visible()
    expect(page.locator(".named-groups")).to_contain_text("not clustering")


def test_two_groupings_are_compared_and_kept_in_the_link(study: str, page: Page) -> None:
    page.goto(f"{study}/methods")
    answer = page.locator("#metrics-pair .answer")
    expect(answer).to_contain_text("the interval goes from")
    page.locator("#metrics-one").select_option("sift.embedding")
    expect(answer).to_contain_text("SIFT (k-means in the embedding) is")
    expect(answer).to_contain_text("behind")
    expect(page).to_have_url(re.compile("one=sift.embedding"))
    page.reload()
    expect(page.locator("#metrics-one")).to_have_value("sift.embedding")
    expect(answer).to_contain_text("SIFT (k-means in the embedding) is")


def test_a_category_has_its_verdict_and_the_heat_map_its_figure(study: str, page: Page) -> None:
    page.goto(f"{study}/categories")
    row = page.locator(".category-table tbody tr", has_text="Baby Care").first
    expect(page.locator(".category-table tbody tr")).to_have_count(7)
    expect(row).to_be_visible()
    expect(page.locator(".category-table")).to_contain_text("Its group is not stable: some labels would settle it.")
    page.locator("#categories-figure").select_option("stability")
    expect(page.locator("#categories-body")).to_contain_text("Stability of Joint text + image: 0.90 for every category")
    page.locator("#categories-method").select_option("bert")
    expect(page).to_have_url(re.compile("method=bert&figure=stability"))
    page.go_back()
    expect(page.locator("#categories-method")).to_have_value("joint")
    expect(page.locator("#categories-body")).to_contain_text("The figures of Joint text + image")


def test_the_maps_page_shows_every_map_and_the_range_of_scores(study: str, page: Page) -> None:
    page.goto(f"{study}/methods/maps")
    expect(page.locator("#maps-body .answer")).to_contain_text(re.compile(r"give ARI from .+ to .+ when only t-SNE's"))
    expect(page.locator("#map-strip .scatterlayer .point")).to_have_count(6 * 4 * 3)
    expect(page.locator("#groupings .scatterlayer .point")).to_have_count(6 * 2)
    page.locator("#maps-metric").select_option("silhouette")
    expect(page.locator("#maps-body .answer")).to_contain_text("give Silhouette from")
    expect(page).to_have_url(re.compile("metric=silhouette"))


def test_the_labels_page_has_a_curve_per_method_with_vectors(study: str, page: Page) -> None:
    page.goto(f"{study}/methods/labels?metric=ari")
    expect(page.locator("#labels-metric")).to_have_value("ari")
    expect(page.locator("#learning .scatterlayer .point")).to_have_count(6 * 4)
    expect(page.locator(".labels-needed tbody tr")).to_have_count(6)


def test_a_suspect_is_shown_with_its_image_and_opens_its_product(study: str, page: Page) -> None:
    page.goto(f"{study}/check")
    first = page.locator(".suspect").first
    image = first.locator("img")
    expect(image).to_be_visible()
    assert image.evaluate("async node => { await node.decode(); return node.naturalWidth }") > 0
    name = first.locator(".finding-name").text_content()
    first.locator(".finding-name").click()
    expect(page.locator("h1")).to_have_text(name or "no name")
    expect(page.locator(".concern")).to_contain_text("suspect label")
    page.go_back()
    expect(page.locator(".pair")).to_have_count(4)
    page.locator("#findings-pairs").select_option("image.exact")
    expect(page.locator(".pair")).to_have_count(1)
    expect(page.locator(".pair img")).to_have_count(2)
    expect(page).to_have_url(re.compile("pairs=image.exact"))


def test_a_group_of_a_joint_graph_is_described_without_a_map(study: str, page: Page) -> None:
    page.goto(f"{study}/categories/groups?method=joint&grouping=judged")
    expect(page.locator(".group-card")).to_have_count(7)
    card = page.locator(".group-card").first
    expect(card).to_contain_text("Proposed name:")
    expect(card.locator(".term").first).to_be_visible()
    expect(card).to_contain_text("Most central")
    expect(card).to_contain_text("Least sure of their place")
    expect(page.locator("#groups-body").get_by_text("on the map")).to_have_count(0)


def test_without_categories_pages_have_maps_or_say_why_they_are_empty(bare: str, page: Page) -> None:
    page.goto(f"{bare}/methods/maps")
    expect(page.locator("#maps-body .answer")).to_contain_text("give Silhouette from")
    for path, line in (
        ("/categories", "There are no figures per category"),
        ("/methods/labels", "There is no learning curve"),
    ):
        page.goto(bare + path)
        expect(page.locator(".notice")).to_contain_text(line)
    page.goto(f"{bare}/check")
    expect(page.locator("#findings-suspects")).to_contain_text("No category is disputed")
    page.goto(bare)
    expect(page.locator("#group-counts .scatterlayer .point").first).to_be_visible()

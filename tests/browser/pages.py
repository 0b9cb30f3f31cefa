"""The pages that the browser's tests walk, each with what is there once it is drawn."""

from playwright.sync_api import Page, expect

PAGES = {
    "answer": ("/", "#answer-body .leaderboard tbody tr"),
    "projections": ("/projections", "#map-1[data-drawn]"),
    "clusters": ("/categories/clusters", "#confusion .heatmaplayer image"),
    "categories": ("/categories", "#category-heat .heatmaplayer image"),
    "metrics": ("/methods", "#differences .scatterlayer .point"),
    "maps": ("/methods/maps", "#map-strip .scatterlayer .point"),
    "labels": ("/methods/labels", "#learning .scatterlayer .point"),
    "products": ("/products", "#products-body .tile"),
    "findings": ("/check", ".pair img"),
    "review": ("/check/review", "#review .votes tbody tr"),
    "text": ("/text", "#words-clean .barlayer .point"),
    "runs": ("/runs", "#runs-steps .steps tbody tr"),
    "product": ("/products/product?id=P0010", ".strip .tile"),
}
"""Address and a selector of what the page's last callback fills, by name."""


def opened(page: Page, study: str, name: str, width: int) -> None:
    """Open a page in a window of that many pixels and wait until it is drawn."""
    path, content = PAGES[name]
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(study + path)
    expect(page.locator(content).first).to_be_visible()
    page.wait_for_load_state("networkidle")

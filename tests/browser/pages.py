"""The pages that the browser's tests walk, and what may be wrong with one, at every width and in both themes."""

from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect


@dataclass(frozen=True)
class Shown:
    """A page: its address, words of its title, and a selector of what its last callback fills."""

    path: str
    title: str
    content: str


PAGES = {
    "answer": Shown("/", "Can these products be grouped automatically?", "#answer-body .leaderboard tbody tr"),
    "map": Shown("/map", "Do products of a category lie together?", "#map-1[data-drawn]"),
    "groups": Shown("/categories/groups", "Which categories are mixed up?", "#confusion .heatmaplayer image"),
    "categories": Shown("/categories", "Which categories can be automated?", "#category-heat .heatmaplayer image"),
    "metrics": Shown("/methods", "How well does each method do, by every metric?", "#differences .point"),
    "maps": Shown("/methods/maps", "Why one map misleads", "#map-strip .scatterlayer .point"),
    "labels": Shown("/methods/labels", "How many labels would be enough?", "#learning .scatterlayer .point"),
    "products": Shown("/products", "Products", "#products-body .tile"),
    "product": Shown("/products/product?id=P0010", "Aria Wall Clock no. 10", ".strip .tile"),
    "findings": Shown("/check", "What should be checked in the catalogue?", ".pair img"),
    "review": Shown("/check/review", "Review", "#review .votes tbody tr"),
    "text": Shown("/text", "What do the texts say?", "#words-clean .barlayer .point"),
    "sql": Shown("/sql", "Ask the store in SQL", ".sql-schema summary"),
    "runs": Shown("/runs", "What ran, and what runs next", "#runs-steps .steps tbody tr"),
}
"""Every page and tab, by name."""

WIDTHS = (1920, 1280, 820, 390)
"""Of a large screen, a laptop, a tablet and a phone, in pixels; a table that scrolls at all does so at the last."""
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules of axe that a theme may break."""
SERIOUS = """(only) => axe.run({ resultTypes: ["violations"], ...(only && { runOnly: only }) }).then((results) =>
    results.violations.filter((rule) => ["serious", "critical"].includes(rule.impact)).flatMap((rule) =>
        rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`)))"""
"""What axe calls serious or critical, a line for each element, by all rules or those named only."""

RULES = """() => {
    const found = [];
    const report = (rule, nodes) => nodes.forEach((node) => found.push(`${rule}: ${node.outerHTML.slice(0, 120)}`));
    const all = (selector) => [...document.querySelectorAll(selector)];
    report("a label of no control", all("label[for]").filter((label) => !label.control));
    report("a radio without a name", all("input[type=radio]").filter((node) => !node.name));
    report("a plot without role or label", all(".js-plotly-plot").filter((plot) => {
        const holder = plot.closest("[role=img]");
        return !holder || !holder.getAttribute("aria-label");
    }));
    report("a head without words", all("th").filter((head) => !head.textContent.trim()));
    report("words in title only", all("#page [title]:not(svg *)").filter((node) => {
        const alt = [...node.querySelectorAll("img")].map((image) => image.alt).join(" ");
        return !(node.textContent + alt).includes(node.title);
    }));
    return found;
}"""
"""What axe does not ask, or calls a trifle."""


def opened(page: Page, study: str, name: str, width: int = 1280) -> None:
    """Open a page in a window of that many pixels and wait until it is drawn."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(study + PAGES[name].path)
    expect(page.locator(PAGES[name].content).first).to_be_visible()
    page.wait_for_load_state("networkidle")


def faults(page: Page) -> list[str]:
    """What is wrong with the open page, at every width and in both themes.

    That is what breaks `RULES`, what is wider than the window, and what axe calls serious or critical. In the dark axe
    is asked for colours alone, as nothing else differs.
    """
    page.evaluate(Axe().axe_script)
    found = list(page.evaluate(RULES))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            found.append(f"{wide} pixels wide in a window of {width}")
        for theme, only in (("light", None), ("dark", COLOURS)):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            found += [f"{width} {theme}, {line}" for line in page.evaluate(SERIOUS, only)]
    return found

"""Every page can be read aloud and used by keys: the rules that hold names, roles and labels, checked in the page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import PAGES, opened

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
BROKEN = """() => {
    const found = [];
    const report = (rule, nodes) => nodes.forEach((node) => found.push(`${rule}: ${node.outerHTML.slice(0, 120)}`));
    const all = (selector) => [...document.querySelectorAll(selector)];
    const named = (node) => node.getAttribute("aria-label") || node.labels?.length;
    report("no language", document.documentElement.lang ? [] : [document.documentElement]);
    report("no name", all("select, input:not([type=hidden])").filter((node) => !named(node)));
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
    report("scrolls by the mouse only", all("#page *").filter((node) =>
        ["auto", "scroll"].includes(getComputedStyle(node).overflowX) && node.scrollWidth > node.clientWidth
        && node.tabIndex < 0 && !node.querySelector("a, input, select, button")));
    return found;
}"""


@pytest.mark.parametrize("name", PAGES)
def test_every_control_and_plot_has_a_name(study: str, page: Page, name: str) -> None:
    opened(page, study, name, 390)  # narrow, so that tables scroll
    assert page.evaluate(BROKEN) == []

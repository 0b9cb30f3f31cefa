"""Screenshots of every page over a store, in light and dark: `scripts/screenshots.py STORE FOLDER [WIDTH ...]`.

Needs Chromium. The images in docs/ are made with it from the sample.
"""

import shutil
import sys
import threading
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import sync_playwright
from waitress import create_server

from dashboard.app import create_app
from dashboard.pages import PRODUCT, discover
from store.limits import PageLimits
from store.questions.ask import column
from store.reader import Reader
from store.root import Root

WIDTHS = (390, 820, 1280, 1920)
PATIENCE = 120_000
"""Milliseconds that a page may take on a busy machine."""
QUERY = "SELECT product_id, name, category, brand, price FROM products LIMIT 20"
DRAWN = """() => [...document.querySelectorAll('.dash-graph')].filter(graph => graph.offsetParent).every(graph => {
    const svg = graph.querySelector('.main-svg');
    return svg && svg.clientWidth === graph.clientWidth;
}) && [...document.images].every(image => image.complete)"""
"""Whether every figure in sight has been drawn, as wide as its place, and every image is there."""


def main(store: Path, folder: Path, widths: list[int]) -> None:
    """Write <page>-<width>-<theme>.png for every page, width and theme."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("screenshots: no Chromium was found; install it (Debian: apt-get install chromium) and repeat.")
    root = Root(store)
    server = create_server(create_app(root, sql=PageLimits()).server, host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    with Reader(root).cursor() as cursor:
        ids = column(cursor, "SELECT product_id FROM suspects ORDER BY rank LIMIT 1") or column(
            cursor, "SELECT product_id FROM products ORDER BY catalogue_row LIMIT 1"
        )
    paths = [page.path for page in discover(sql=True)]
    pages = {path.strip("/").replace("/", "-") or "answer": path for path in paths if path != PRODUCT}
    pages["four-maps"] = "/map?panels=4&colour=match"
    pages["product"] = f"{PRODUCT}?id={quote(ids[0])}"
    pages["sql"] = f"/sql?query={quote(QUERY)}"
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, path in pages.items():
            page = browser.new_page(viewport={"width": widths[0], "height": 900})
            page.set_default_timeout(PATIENCE)
            page.goto(f"http://127.0.0.1:{server.effective_port}{path}")
            page.locator("h1").wait_for()
            page.wait_for_load_state("networkidle")
            if name == "sql":
                page.locator("#sql-run").click()
                page.locator(".sql-table tbody tr").first.wait_for()
            for width in widths:
                page.set_viewport_size({"width": width, "height": 900})
                for theme in ("light", "dark"):
                    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                    page.wait_for_function(DRAWN)
                    file = folder / f"{name}-{width}-{theme}.png"
                    page.screenshot(path=file, full_page=True, animations="disabled")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [int(width) for width in sys.argv[3:]] or list(WIDTHS))

"""Render every page of the dashboard over a store, as it stands: screenshots.py STORE FOLDER."""

import shutil
import sys
from pathlib import Path
from threading import Thread

from playwright.sync_api import sync_playwright
from waitress import create_server

from dashboard import pages
from dashboard.app import create_app
from store.root import Root

DRAWN = (
    "() => document.querySelector('#page').children.length && !document.querySelector('[data-dash-is-loading=true]')"
)


def main(store: Path, folder: Path) -> None:
    """One full-page picture per page of the navigation, 1280 pixels wide, named after the page."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("screenshots: no Chromium was found; install it (Debian: apt-get install chromium) and repeat.")
    server = create_server(create_app(Root(store)).server, host="127.0.0.1", port=0)
    Thread(target=server.run, daemon=True).start()
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        for page in (page for page in pages.discover() if page.nav):
            tab.goto(f"http://127.0.0.1:{server.effective_port}{page.path}", wait_until="networkidle")
            tab.wait_for_function(DRAWN)
            target = folder / f"{page.name.lower().replace(' ', '-')}.png"
            tab.screenshot(path=target, full_page=True)
            sys.stdout.write(f"{target}\n")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

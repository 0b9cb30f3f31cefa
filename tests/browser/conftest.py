"""A real Chromium, a real dashboard process, and the promise that no page asks elsewhere or logs an error."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from dashboard.app import create_app
from dashboard.server.access import Access
from store.root import Root

COMMAND = "import sys, aislemap; sys.argv[0] = 'aislemap'; aislemap.main()"
Serve = Callable[[Path], str]


def chromium() -> str | None:
    """The browser's path, if one is installed."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def dashboard(store: Path, *options: str) -> Iterator[str]:
    """The command `dashboard` on a free port, as users start it; gives the address that it prints."""
    command = [sys.executable, "-u", "-c", COMMAND, "dashboard", "--store", str(store), "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://\S+", line)
            assert found, f"the dashboard did not say where it is: {line!r}"
            yield found[0]
        finally:
            process.terminate()


@contextmanager
def shown(store: Path, page: Page, access: Access | None = None) -> Iterator[str]:
    """The address of one test's own store, served from a thread, which starts faster than a process.

    The page is left first, so that no request outlives the store.
    """
    server = make_server("127.0.0.1", 0, create_app(Root(store), access).server, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    page.goto("about:blank")
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("needs Chromium (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


@pytest.fixture(scope="session")
def study(small_store: Root) -> Iterator[str]:
    """The address of a dashboard, with the SQL page, over a made-up study that no test changes."""
    with dashboard(small_store.path, "--sql") as address:
        yield address


@pytest.fixture(scope="session")
def bare(bare_store: Root) -> Iterator[str]:
    """The address of a dashboard over a study without categories and images that no test changes."""
    with dashboard(bare_store.path) as address:
        yield address


@pytest.fixture(scope="session")
def context(browser: Browser) -> BrowserContext:
    """One cache for all tests, so that each does not load and compile the same scripts again."""
    return browser.new_context(viewport={"width": 1280, "height": 800})


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of its own; at the end, no console error and no request to another host may have happened."""
    page = context.new_page()
    page.set_default_timeout(20_000)
    wrong: list[str] = []
    hosts: set[str | None] = set()
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: hosts.add(urlsplit(r.url).hostname) if r.url.startswith(("http", "ws")) else None)
    yield page
    page.close()
    assert wrong == []
    assert hosts <= {"127.0.0.1"}

"""A real Chromium, a real dashboard process, and the promise that no page asks elsewhere or logs an error."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.factories import make_store

COMMAND = "import sys, dashboard.cli; sys.argv[0] = 'aislemap dashboard'; dashboard.cli.app()"
Serve = Callable[[Path], str]


def chromium() -> str | None:
    """The browser's path, if one is installed."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def dashboard(store: Path) -> Iterator[str]:
    """The command `dashboard` on a free port, as users start it; gives the address that it prints."""
    command = [sys.executable, "-u", "-c", COMMAND, "--store", str(store), "--port", "0"]
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
def shown(store: Path, page: Page) -> Iterator[str]:
    """As `dashboard`, for one test's own store: the page is left first, so that no request outlives the server."""
    with dashboard(store) as address:
        yield address
        page.goto("about:blank")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("needs Chromium (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard over a made-up study that no test changes."""
    store = tmp_path_factory.mktemp("study")
    make_store(store)
    with dashboard(store) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own; at the end, no console error and no request to another host may have happened."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
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

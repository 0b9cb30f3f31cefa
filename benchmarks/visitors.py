"""Many visitors at once: `python -m benchmarks.visitors STORE --visitors 20 --minutes 5`.

The dashboard runs as a process of its own. What a browser asks for on each page is recorded once in Chromium;
then each visitor opens one page after the other, in an order of its own, and waits some seconds between two. What a
browser keeps (immutable answers) is asked for once by each visitor; the poll for a new snapshot goes on all the time.
Prints how long answers took, how many failed, and the memory of the server, by minute.
"""

import argparse
import http.client
import random
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Request, sync_playwright

from benchmarks.bench import table
from dashboard import pages

POLL_SECONDS = 4.0
"""As often as an open page asks for a newer snapshot (dashboard/app.py)."""


@dataclass(frozen=True)
class Asked:
    """A request as the browser sent it, and whether it keeps the answer."""

    method: str
    path: str
    body: bytes
    kept: bool


@dataclass
class Seen:
    """What all visitors saw: seconds of each answer, failures, megabytes of the server at each minute."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--pause", type=float, default=10.0, help="Mean seconds between two pages of a visitor.")
    parser.add_argument("--port", type=int, default=8099)
    chosen = parser.parse_args()
    command = [sys.executable, "-m", "aislemap", "dashboard", "--store", str(chosen.store), "--port", str(chosen.port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        recorded = record(chosen.port)
        seen = visit(chosen.port, recorded, chosen.visitors, 60 * chosen.minutes, chosen.pause, server.pid)
    finally:
        server.terminate()
        server.wait()
    ordered = sorted(seen.seconds)
    quantiles = [1000 * ordered[int(len(ordered) * quantile)] for quantile in (0.5, 0.95, 0.99)]
    cells = [f"{chosen.visitors}", f"{len(ordered):,}", *(f"{ms:.0f}" for ms in quantiles), f"{len(seen.failures)}"]
    head = ["visitors", "answers", "median ms", "p95 ms", "p99 ms", "failed"]
    sys.stdout.write(table(head, [cells]) + f"\nMB by minute: {', '.join(f'{mb:.0f}' for mb in seen.megabytes)}\n")
    for failure in seen.failures[:10]:
        sys.stdout.write(f"{failure}\n")


def record(port: int) -> list[list[Asked]]:
    """What a browser asks for on each page of the navigation, the polls left out."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        wait_for(port)
        for path in (page.path for page in pages.discover() if page.nav and page.path != "/sql"):
            page, asked = browser.new_page(), list[Request]()
            page.on("request", lambda request, asked=asked: asked.append(request))
            page.goto(f"http://127.0.0.1:{port}{path}")
            page.wait_for_load_state("networkidle")
            found.append([one(request) for request in asked if "poll.n_intervals" not in (request.post_data or "")])
            page.close()
        browser.close()
    return found


def one(request: Request) -> Asked:
    """A request of the browser as data."""
    split, answer = urlsplit(request.url), request.response()
    kept = "immutable" in (answer.headers.get("cache-control", "") if answer else "")
    path = split.path + (f"?{split.query}" if split.query else "")
    return Asked(request.method, path, (request.post_data or "").encode(), kept)


def wait_for(port: int) -> None:
    """Until the server answers."""
    for _ in range(600):
        try:
            ask(http.client.HTTPConnection("127.0.0.1", port, timeout=5), Asked("GET", "/healthz", b"", False))
            return
        except OSError:
            time.sleep(0.1)


def ask(connection: http.client.HTTPConnection, asked: Asked) -> int:
    """The status of an answer, read to its end."""
    headers = {"Accept-Encoding": "gzip", "Content-Type": "application/json"}
    connection.request(asked.method, asked.path, asked.body or None, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def visit(port: int, recorded: list[list[Asked]], visitors: int, seconds: float, pause: float, pid: int) -> Seen:
    """What the visitors see in that time."""
    seen, end = Seen(), time.monotonic() + seconds
    threads = [
        threading.Thread(target=walk, args=(port, recorded, end, pause, random.Random(n), seen))  # noqa: S311
        for n in range(visitors)
    ]
    for thread in threads:
        thread.start()
    process = psutil.Process(pid)
    while any(thread.is_alive() for thread in threads):
        seen.megabytes.append(process.memory_info().rss / 1e6)
        time.sleep(min(60.0, max(1.0, end - time.monotonic())))
    return seen


def walk(port: int, recorded: list[list[Asked]], end: float, pause: float, order: random.Random, seen: Seen) -> None:
    """One visitor: pages in an order of its own, on one connection, and a poll in between."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    kept: set[str] = set()
    poll = Asked("GET", "/healthz", b"", False)
    time.sleep(order.uniform(0, pause))
    while time.monotonic() < end:
        for asked in order.choice(recorded):
            if asked.kept and asked.path in kept:
                continue
            kept.add(asked.path)
            measure(connection, asked, seen)
        rest = time.monotonic() + order.expovariate(1 / pause)
        while (left := min(rest, end) - time.monotonic()) > 0:
            time.sleep(min(left, POLL_SECONDS))
            measure(connection, poll, seen)


def measure(connection: http.client.HTTPConnection, asked: Asked, seen: Seen) -> None:
    """Ask, and note how long it took or why it failed."""
    started = time.monotonic()
    try:
        status = ask(connection, asked)
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        seen.failures.append(f"{asked.path}: {error!r}")
        return
    seen.seconds.append(time.monotonic() - started)
    if status >= 400:
        seen.failures.append(f"{asked.path}: {status}")


if __name__ == "__main__":
    main()

"""What the dashboard costs: `python -m benchmarks.dashboard STORE`, or `--products 100000` for a made-up store.

Bytes that a browser gets for a first page, compressed, and for a map; CPU milliseconds of the server for each answer,
for the first visitor with nothing prepared, for the first after `dashboard.server.preparing`, and again; milliseconds
in Chromium until a change of colour, selection or view is drawn. As Markdown, beside the targets.
"""

import argparse
import re
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
from dash import Dash
from playwright.sync_api import Page, sync_playwright
from waitress import create_server

from benchmarks.bench import table
from dashboard import context
from dashboard.app import create_app
from dashboard.server import preparing
from dashboard.server.points import every
from store import snapshot, tables
from store.parts import Part, PartWriter, finish
from store.questions import points
from store.questions.ask import column
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import answered

GZIP = {"Accept-Encoding": "gzip"}
METHODS, NEIGHBOURS, CATEGORIES = ("tfidf", "use", "cnn"), 30, 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path, nargs="?")
    parser.add_argument("--products", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aislemap-bench-") as folder:
        root = Root(asked.store) if asked.store else made(Path(folder), asked.products)
        reader = Reader(root)
        with reader.cursor() as cursor:
            products = column(cursor, "SELECT count(*) FROM products")[0]
            shown = cursor.execute("SELECT method, reducer FROM projections LIMIT 1").fetchall()[0]
        lines = [f"{products:,} products\n"]
        points_at = f"/points/{context.of(reader).token(*points.TABLES)}"
        paths = {
            "a map": f"{points_at}/map/{'/'.join(shown)}?every={every(products)}",
            "its colours by category": f"{points_at}/colours/category?every={every(products)}",
            "a region of a map": f"{points_at}/region/{'/'.join(shown)}?box=0,0,4000,4000&colour=category",
        }
        lines.append(table(["bytes, compressed", "kB", "wanted"], sizes(create_app(root), paths)))
        lasso = quote(f"{'.'.join(shown)}:-30,-30;30,-30;30,30;-30,30")
        paths["a lasso"] = f"/selection/bits?number={reader.number()}&lasso={lasso}"
        head = ["answer, CPU ms of the server", "first", "first, prepared", "again", "wanted"]
        lines.append(table(head, answers(root, paths)))
        server = create_server(create_app(root).server, host="127.0.0.1", port=0)
        threading.Thread(target=server.run, daemon=True).start()
        lines.append(table(["in the browser, two maps, ms", "median", "most", "wanted"], drawn(server.effective_port)))
        sys.stdout.write("\n".join(lines))


def answers(root: Root, paths: dict[str, str]) -> list[list[str]]:
    """CPU milliseconds of each answer: by an app where nobody asked before, by one that was prepared, and again."""
    app, prepared, number = create_app(root), create_app(root), Reader(root).number() or 0
    with Reader(root).cursor() as cursor:
        one = column(cursor, "SELECT product_id FROM neighbours LIMIT 1") or [""]
        word = column(cursor, "SELECT split_part(name, ' ', 1) FROM products WHERE name IS NOT NULL LIMIT 1")[0]
    answer = {"logs.data": "", "answer-since.data": 0}
    search = f"{paths['a map'].partition('/map/')[0]}/search?q={quote(word)}"
    asked: dict[str, tuple[Callable[[Dash], Any], str]] = {
        "Answer": (lambda app: answered(app, "answer-body", answer, number), "100"),
        "Labels": (lambda app: answered(app, "labels-body", {"labels-metric.value": "accuracy"}, number), "100"),
        "Text": (lambda app: answered(app, "text-body", {}, number), "100"),
        "Product": (lambda app: answered(app, "product-body", {"product-id.data": one[0]}, number), "100"),
        "search of the maps": (asking(search), "50"),
        **{name: (asking(path), "100") for name, path in paths.items()},
    }
    cold = {name: [cpu(ask, app) for _ in range(5)] for name, (ask, _) in asked.items()}
    takes = cpu(lambda app: preparing.prepare(app, number), prepared)
    warm = {name: cpu(ask, prepared) for name, (ask, _) in asked.items()}
    rows = [
        [name, f"{cold[name][0]:.0f}", f"{warm[name]:.0f}", f"{statistics.median(cold[name][1:]):.0f}", wanted]
        for name, (_, wanted) in asked.items()
    ]
    return [*rows, ["preparing a snapshot", f"{takes:.0f}", "", "", ""]]


def asking(path: str) -> Callable[[Dash], Any]:
    """Asks an app for that path."""

    def ask(app: Dash) -> None:
        answer = app.server.test_client().get(path)
        if answer.status_code != 200:
            sys.exit(f"{path}: {answer.status_code}")

    return ask


def cpu(ask: Callable[[Dash], Any], app: Dash) -> float:
    """CPU milliseconds of all threads of this process."""
    before = time.process_time()
    ask(app)
    return 1000 * (time.process_time() - before)


def sizes(app: Dash, paths: dict[str, str]) -> list[list[str]]:
    """Kilobytes of what a first page with plots loads, and of the answers at these paths."""
    client = app.server.test_client()

    def got(path: str) -> int:
        with client.get(path, headers=GZIP) as answer:
            if answer.status_code != 200:
                sys.exit(f"{path}: {answer.status_code}")
            return len(answer.data)

    page = client.get("/", headers=GZIP)
    sources = re.findall(r'(?:src|href)="([^"]+)"', client.get("/").text)
    suites = "/_dash-component-suites/"
    later = [f"{suites}plotly/package_data/plotly.min.js", f"{suites}dash/dcc/async-graph.js"]
    fixed = ["/_dash-layout", "/_dash-dependencies"]
    first = len(page.data) + sum(map(got, [*sources, *later, *fixed]))
    wanted = {"a map": "1,000 at 100k; 1,500 at 1M, with its colours"}
    found = [[name, f"{got(path) / 1000:,.0f}", wanted.get(name, "")] for name, path in paths.items()]
    return [["a first page with plots", f"{first / 1000:,.0f}", "1,600"], *found]


def drawn(port: int) -> list[list[str]]:
    """Milliseconds until maps are drawn again after a change."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(f"http://127.0.0.1:{port}/map?panels=2")
        page.locator("#map-1[data-drawn]").wait_for()
        page.locator(".chip").first.wait_for()
        chips = [timed(page, f"document.querySelectorAll('.chip')[{i % 3}].click()") for i in range(12)]
        colours = [timed(page, f"pick('{('cluster', 'category', 'match')[i % 3]}')") for i in range(12)]
        zooms = [timed(page, f"zoom({-240 if i % 6 < 3 else 240})") for i in range(12)]
        found = [("a chip", chips), ("another colour", colours[3:]), ("a zoom in or out, with all its points", zooms)]
        browser.close()
    return [[name, f"{statistics.median(times):.0f}", f"{max(times):.0f}", "300 (p95)"] for name, times in found]


def timed(page: Page, action: str) -> float:
    """Milliseconds from an action to the end of the drawing that it causes."""
    script = """() => new Promise((resolve) => {
        const pick = (value) => {
            const select = document.querySelector("#map-colour");
            const set = Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "value").set;
            set.call(select, value);
            select.dispatchEvent(new Event("change", { bubbles: true }));
        };
        const zoom = (by) => {
            const over = document.querySelector("#map-0 .map-over"), box = over.getBoundingClientRect();
            const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
            over.dispatchEvent(new WheelEvent("wheel", { deltaY: by, bubbles: true, cancelable: true, ...at }));
        };
        const start = performance.now(), real = window.aislemap.Draw.over;
        let last = 0;
        window.aislemap.Draw.over = (...values) => { real(...values); last = performance.now(); };
        const look = () => {
            if (last && performance.now() - last > 300) {
                window.aislemap.Draw.over = real;
                resolve(last - start);
            } else setTimeout(look, 20);
        };
        ACTION;
        look();
    })"""
    return float(page.evaluate(script.replace("ACTION", action)))


def made(folder: Path, count: int) -> Root:
    """A store of that many products with maps, groups and neighbours that are drawn at random.

    The first 100,000 products have neighbours: a page asks for those of one product.
    """
    root, draw = Root(folder), np.random.default_rng(0)
    ids = pa.array([f"P{i:07d}" for i in range(count)])
    truth = draw.integers(0, CATEGORIES, count)
    names = pa.array([f"Category {c:02d}" for c in range(CATEGORIES)]).take(pa.array(truth))
    words = [f"word{n}" for n in range(5_000)]
    texts = [" ".join(words[n] for n in line) for line in draw.integers(0, len(words), (count, 40))]
    key = f"made-{count}"
    with PartWriter(root, key) as writer:
        put(writer, "products", {
            "product_id": ids, "name": pa.array([f"Thing {i} {t[:20]}" for i, t in enumerate(texts)]),
            "description": pa.array(texts), "category": names, "price": draw.gamma(2, 300, count),
            "catalogue_row": np.arange(1, count + 1),
        })  # fmt: skip
        put(writer, "texts", {
            "product_id": ids, "raw": pa.array(texts), "clean": pa.array(texts), "raw_words": np.full(count, 40),
            "clean_words": np.full(count, 40), "language": pa.array(["en"] * count),
        })  # fmt: skip
        for method in METHODS:
            place = draw.normal(0, 1, (CATEGORIES, 2))[truth] * 30 + draw.normal(0, 4, (count, 2))
            columns = {"method": pa.array([method] * count), "product_id": ids}
            put(writer, "projections", {
                **columns, "reducer": pa.array(["tsne"] * count), "x": place[:, 0], "y": place[:, 1],
            })  # fmt: skip
            group = np.where(draw.random(count) < 0.8, truth, draw.integers(0, CATEGORIES, count))
            put(writer, "clusters", {
                **columns, "grouping": pa.array(["manifold"] * count), "cluster": group,
                "matched_category": pa.array([f"Category {c:02d}" for c in range(CATEGORIES)]).take(pa.array(group)),
            })  # fmt: skip
            some = min(count, 100_000)
            near = ids.take(pa.array(draw.integers(0, count, some * NEIGHBOURS)))
            put(writer, "neighbours", {
                "method": pa.array([method] * some * NEIGHBOURS),
                "product_id": ids.take(pa.array(np.repeat(np.arange(some), NEIGHBOURS))),
                "rank": np.tile(np.arange(1, NEIGHBOURS + 1), some), "neighbour_id": near,
                "similarity": np.tile(np.linspace(0.9, 0.5, NEIGHBOURS), some),
            })  # fmt: skip
        put(writer, "models", {
            "method": pa.array(METHODS), "modality": pa.array(["text", "text", "image"]),
            "model": pa.array(METHODS), "status": pa.array(["ran"] * 3),
        })  # fmt: skip
        put(writer, "judged_groupings", {
            "method": pa.array(METHODS), "grouping": pa.array(["manifold"] * 3), "metric": pa.array(["ari"] * 3),
        })  # fmt: skip
        put(writer, "scores", {
            "method": pa.array(METHODS), "grouping": pa.array(["manifold"] * 3), "metric": pa.array(["ari"] * 3),
            "value": np.array([0.5, 0.6, 0.4]),
        })  # fmt: skip
    snapshot.publish(root, [finish(root, Part(key, "benchmark", 1.0, 100.0, writer.files()))])
    return root


def put(writer: PartWriter, name: str, columns: dict[str, Any]) -> None:
    """Write rows of a table of which only these columns are known."""
    declared = tables.table(name)
    length = len(next(iter(columns.values())))
    arrays = [
        pa.array(columns[field.name]).cast(field.type) if field.name in columns else pa.nulls(length, field.type)
        for field in declared.schema
    ]
    writer.write(declared, pa.Table.from_arrays(arrays, schema=declared.schema))


if __name__ == "__main__":
    main()

"""The points of the maps as the browser gets them: once, binary, exact to the pixel, and by content."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from flask.testing import FlaskClient

from dashboard import context
from dashboard.app import create_app
from dashboard.selecting import map_selection
from store.questions import catalogue, colours, points
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import answered
from tests.factories import make_store

PAGES = {
    "answer-body": {"logs.data": "", "answer-since.data": 0},
    "labels-body": {"labels-metric.value": "accuracy"},
    "product-body": {"product-id.data": "P0003"},
}


@pytest.fixture(scope="module")
def client(small_store: Root) -> FlaskClient:
    client: FlaskClient = create_app(small_store).server.test_client()
    return client


@pytest.fixture(scope="module")
def token(small_store: Root) -> str:
    return context.of(Reader(small_store)).token(*points.TABLES)


def unpacked(body: bytes) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(body[:4], "little")
    assert (4 + length) % 8 == 0
    return json.loads(body[4 : 4 + length]), body[4 + length :]


def test_a_map_is_sent_exact_to_a_pixel_of_any_screen(client: FlaskClient, token: str, small_store: Root) -> None:
    answer = client.get(f"/points/{token}/map/cnn/tsne")
    assert "immutable" in answer.headers["Cache-Control"]
    header, body = unpacked(answer.data)
    grid = np.frombuffer(body, dtype="<i2").reshape(2, 60)
    with Reader(small_store).cursor() as cursor:
        true = cursor.execute(
            """SELECT x, y FROM products LEFT JOIN
               (SELECT * FROM projections WHERE method = 'cnn' AND reducer = 'tsne') USING (product_id)
               ORDER BY catalogue_row"""
        ).fetchall()
    there = [row[0] is not None for row in true]
    assert sum(there) == 59
    assert (grid[:, np.logical_not(there)] == -32768).all()
    shown = np.array(header["centre"])[:, None] + header["scale"] * grid[:, there]
    stored = np.array([row for row in true if row[0] is not None], dtype=float).T
    assert np.abs(shown - stored).max() <= header["scale"] / 2 * 1.001
    assert np.abs(grid[:, there]).max() == 32767


def test_columns_hold_what_the_catalogue_does(client: FlaskClient, token: str, small_store: Root) -> None:
    with Reader(small_store).cursor() as cursor:
        products = catalogue.search(cursor, limit=100).products
    for column in ("category", "brand"):
        header, body = unpacked(client.get(f"/points/{token}/colours/{column}").data)
        named = [([None, *header["names"]])[code] for code in body]
        assert named == [getattr(p, column) for p in products]
        assert header["counts"] == [named.count(name) for name in header["names"]]
    header, body = unpacked(client.get(f"/points/{token}/colours/price").data)
    known = sorted((p.price, code) for p, code in zip(products, body, strict=True) if p.price is not None)
    assert [code for _, code in known] == sorted(code for _, code in known), "the dearer, the further on the scale"
    assert (known[0][1], known[-1][1]) == (1, colours.STEPS)
    assert [code for p, code in zip(products, body, strict=True) if p.price is None] == [0] * (60 - len(known))
    with Reader(small_store).cursor() as cursor:
        suspects = {id_ for (id_,) in cursor.execute("SELECT product_id FROM suspects").fetchall()}
    header, body = unpacked(client.get(f"/points/{token}/colours/suspect").data)
    names = [header["names"][code - 1] for code in body]
    assert suspects
    assert names == ["suspect" if p.product_id in suspects else "not suspect" for p in products]
    _, body = unpacked(client.get(f"/points/{token}/search?q=ARIA").data)
    found = np.unpackbits(np.frombuffer(body, dtype=np.uint8), bitorder="little")[:60]
    assert [bool(hit) for hit in found] == [p.brand == "Aria" for p in products]
    answer = client.get(f"/points/{token}/products?i=7,2,999,x")
    assert [p[0] for p in answer.json or []] == ["P0007", "P0002"]


def test_a_confidence_is_that_of_the_methods_probe(client: FlaskClient, token: str, small_store: Root) -> None:
    with Reader(small_store).cursor() as cursor:
        true = dict(
            cursor.execute(
                "SELECT product_id, own_confidence FROM predictions WHERE method = 'cnn' AND probe = 'linear'"
            ).fetchall()
        )
        products = catalogue.search(cursor, limit=100).products
        made = colours.confidences(cursor, "cnn")
    assert true
    assert made.scale is not None
    low, high = made.scale.low, made.scale.high
    for product, code in zip(products, made.codes.tolist(), strict=True):
        value = true.get(product.product_id)
        part = None if value is None else (min(max(value, low), high) - low) / (high - low) * colours.STEPS
        assert code == (0 if part is None else 1 + min(colours.STEPS - 1, int(part)))


def test_a_scale_is_logarithmic_from_a_factor_of_20_on() -> None:
    made = colours._continuous(np.array([1.0, 10.0, 100.0, np.nan] * 20 + [1e9]))
    assert made.scale == colours.Scale(1.0, 100.0, True)
    assert made.codes[:4].tolist() == [1, 1 + colours.STEPS // 2, colours.STEPS, 0]
    assert made.codes[-1] == colours.STEPS
    assert colours._continuous(np.array([0.0, 5.0, 10.0])).codes.tolist() == [1, 1 + colours.STEPS // 2, colours.STEPS]
    assert colours._continuous(np.array([7.0, 7.0])).codes.tolist() == [1, 1]
    assert colours._continuous(np.array([np.nan])).scale is None


def test_numbers_may_have_thousands_separators_and_are_finite() -> None:
    assert [colours.number(text) for text in ("1,250.5", "7", "nan", "inf", "1.2.3", None)] == [
        1250.5, 7.0, None, None, None, None,
    ]  # fmt: skip


def test_a_column_of_the_catalogues_own_is_one_of_numbers_where_all_are() -> None:
    sizes = [str(n) for n in range(colours.NUMBERS_FROM)]
    for texts, numbers in ((sizes, True), ([*sizes, ""], True), ([*sizes, "one size"], False), (["7", "8"], False)):
        with duckdb.connect() as cursor:
            cursor.execute("CREATE TABLE products (catalogue_row INTEGER, attributes VARCHAR)")
            rows = [(i, json.dumps({"size": text})) for i, text in enumerate(texts)]
            cursor.executemany("INSERT INTO products VALUES (?, ?)", [*rows, (len(rows), None)])
            found = colours.coloured(cursor, "of.size")
        assert (found.scale is not None) == numbers


def test_points_of_an_unknown_content_or_map_are_not_found(client: FlaskClient, token: str) -> None:
    for path in ("0123456789abcdef/colours/category", f"{token}/map/joint/tsne", f"{token}/map/cnn/'%20OR%201=1"):
        assert client.get(f"/points/{path}").status_code == 404
    header, body = unpacked(client.get(f"/points/{token}/colours/of.nothing%20like%20it").data)
    assert (header["names"], set(body)) == ([], {0})


def test_a_column_of_many_words_keeps_the_most_frequent() -> None:
    found = ["often"] * 3 + [f"word {i:02d}" for i in range(colours.NAMES + 5)] + [None]
    made = colours._words(pa.array(found).dictionary_encode())
    assert len(made.names) == colours.NAMES + 1
    assert (made.names[0], made.names[-1], made.counts[0], made.counts[-1]) == ("often", colours.OTHER, 3, 6)
    assert (made.codes[0], made.codes[-1], made.codes[-2]) == (1, 0, len(made.names))


def test_a_code_takes_two_bytes_from_256_names_on() -> None:
    names = [f"name {i:03d}" for i in range(300)]
    made = colours._named(pa.array([*names, None]).dictionary_encode(), names)
    assert made.codes.dtype == np.uint16
    assert made.codes.tolist() == [*range(1, 301), 0]
    assert colours._named(pa.array(names[:255]).dictionary_encode(), names[:255]).codes.dtype == np.uint8


@contextmanager
def counted(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that any cursor of the reader executes inside."""
    asked: list[str] = []
    real = Reader.cursor

    class Counting:
        def __init__(self, cursor: Any) -> None:
            self._cursor = cursor

        def execute(self, sql: str, *values: Any) -> Any:
            asked.append(sql)
            return self._cursor.execute(sql, *values)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._cursor, name)

    @contextmanager
    def cursor(self: Reader, number: int | None = None) -> Iterator[Any]:
        with real(self, number) as found:
            yield Counting(found)

    with monkeypatch.context() as patched:
        patched.setattr(Reader, "cursor", cursor)
        yield asked


def test_a_snapshot_is_asked_once_for_what_many_pages_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(make_store(tmp_path))
    reader = app.server.extensions["aislemap"]
    counts: dict[str, list[int]] = {}
    with counted(reader, monkeypatch) as asked:
        for body, inputs in PAGES.items():
            for _ in range(2):
                before = len(asked)
                answered(app, body, inputs)
                counts.setdefault(body, []).append(len(asked) - before)
    assert {body: again for body, (_, again) in counts.items()} == {
        "answer-body": 2,  # the runs and the schedule, which are logged beside the snapshots
        "labels-body": 0,
        "product-body": 0,
    }


def selected(root: Root, query: dict[str, Any]) -> list[str]:
    """The products of a rule, by id."""
    reader = Reader(root)
    asked = context.of(reader)
    with reader.cursor() as cursor:
        rows = map_selection.rows(asked, cursor, map_selection.rule(query))
        return [p.product_id for p in catalogue.products_at(cursor, rows)]


def test_a_rule_selects_the_products_of_its_polygon_and_names(small_store: Root) -> None:
    with Reader(small_store).cursor() as cursor:
        places = cursor.execute(
            """SELECT product_id, x, y, category FROM projections JOIN products USING (product_id)
               WHERE method = 'cnn' AND reducer = 'tsne' ORDER BY catalogue_row"""
        ).fetchall()
        placed = dict(
            cursor.execute(
                "SELECT product_id, matched_category FROM clusters WHERE method = 'cnn' AND grouping = 'manifold'"
            ).fetchall()
        )
    middle = sorted(x for _, x, _, _ in places)[30]
    lasso = f"cnn.tsne:{middle},-1e6;1e6,-1e6;1e6,1e6;{middle},1e6"
    right_half = [p for p, x, _, _ in places if x > middle]
    assert set(selected(small_store, {"lasso": lasso})) >= set(right_half)
    assert len(selected(small_store, {"lasso": lasso})) <= len(right_half) + 1
    watches = [p for p, _, _, c in places if c == "Watches"]
    assert set(selected(small_store, {"focus": ["Watches"]})) == set(watches)
    both = selected(small_store, {"focus": ["Watches"], "lasso": lasso, "q": "aria"})
    assert set(both) <= set(watches) & set(selected(small_store, {"q": "ARIA"}))
    match = {"colour": "match", "m0": "cnn", "grouping": "manifold"}
    wrong = [p for p, _, _, c in places if c is not None and placed[p] != c]
    assert set(selected(small_store, {**match, "focus": ["wrong"]})) == set(wrong)
    # a name that this colouring does not have selects nothing away, as in the browser
    assert set(selected(small_store, {"colour": "price", "focus": ["Watches"], "q": "aria"})) == set(
        selected(small_store, {"q": "aria"})
    )
    matched = {p for p, c in placed.items() if c == "Beauty"}
    assert set(selected(small_store, {**match, "colour": "cluster", "focus": ["Beauty"]})) == matched


@pytest.mark.parametrize("lasso", ["nonsense", "cnn.tsne:1,2;3", "cnn.tsne:a,b;c,d;e,f", "x.y:0,0;1,0;1,1", ":;;"])
def test_a_polygon_that_cannot_be_read_selects_nothing(small_store: Root, lasso: str) -> None:
    assert selected(small_store, {"lasso": lasso}) == []


def test_a_selection_is_downloaded_as_csv_and_parquet(client: FlaskClient, small_store: Root) -> None:
    watches = selected(small_store, {"focus": ["Watches"]})
    answer = client.get("/selection/csv?number=1&focus=Watches")
    assert "attachment; filename=selection.csv" in answer.headers["Content-Disposition"]
    assert [row["product_id"] for row in csv.DictReader(io.StringIO(answer.text))] == watches
    table = pyarrow.parquet.read_table(io.BytesIO(client.get("/selection/parquet?number=1&focus=Watches").data))
    assert table["product_id"].to_pylist() == watches
    for path in ("/selection/exe?number=1", "/selection/csv?number=99", "/selection/csv", "/selection/csv?number=x"):
        assert client.get(path).status_code == 404

"""The points of the maps as the browser gets them: once, binary, exact to the pixel, and by content."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from dashboard import context
from dashboard.app import create_app
from store.questions import catalogue, points
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import answered
from tests.factories import make_store

PAGES = {
    "overview-body": {"logs.data": ""},
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
    header, body = unpacked(client.get(f"/points/{token}/categories").data)
    codes = np.frombuffer(body, dtype="<u2")
    assert [([None, *header["names"]])[code] for code in codes] == [p.category for p in products]
    header, body = unpacked(client.get(f"/points/{token}/values/brand").data)
    codes = np.frombuffer(body, dtype="<u2")
    assert [([None, *header["names"]])[code] for code in codes] == [p.brand for p in products]
    _, body = unpacked(client.get(f"/points/{token}/values/price").data)
    prices = np.frombuffer(body, dtype="<f4")
    assert [None if np.isnan(p) else pytest.approx(p) for p in prices] == [p.price for p in products]
    _, body = unpacked(client.get(f"/points/{token}/search?q=ARIA").data)
    found = np.unpackbits(np.frombuffer(body, dtype=np.uint8), bitorder="little")[:60]
    assert [bool(hit) for hit in found] == [p.brand == "Aria" for p in products]
    answer = client.get(f"/points/{token}/products?i=7,2,999,x")
    assert [p[0] for p in answer.json or []] == ["P0007", "P0002"]


def test_points_of_an_unknown_content_or_map_are_not_found(client: FlaskClient, token: str) -> None:
    for path in ("0123456789abcdef/categories", f"{token}/map/joint/tsne", f"{token}/map/cnn/'%20OR%201=1"):
        assert client.get(f"/points/{path}").status_code == 404
    header, body = unpacked(client.get(f"/points/{token}/values/of.nothing%20like%20it").data)
    assert (header["names"], set(body)) == ([], {0})


def test_a_column_of_many_words_keeps_the_most_frequent() -> None:
    found = ["often"] * 3 + [f"word {i:02d}" for i in range(points.NAMES + 5)] + [None]
    made = points._words(found)
    assert len(made.names) == points.NAMES + 1
    assert (made.names[0], made.names[-1]) == ("often", points.OTHER)
    assert made.codes is not None
    assert (made.codes[0], made.codes[-1], made.codes[-2]) == (1, 0, len(made.names))


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
        "overview-body": 2,  # the runs and the schedule, which are logged beside the snapshots
        "labels-body": 0,
        "product-body": 0,
    }

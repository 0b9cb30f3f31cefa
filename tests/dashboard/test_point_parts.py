"""Maps of very many products: the browser gets a part, and what it is told is of all of them."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from flask.testing import FlaskClient
from numpy.typing import NDArray

from dashboard import context
from dashboard.app import create_app
from dashboard.server import points as map_points
from store.questions import points
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import answered
from tests.dashboard.test_points import unpacked

MAP = "cnn/tsne"
WHOLE = "-32768,-32768,32767,32767"


@pytest.fixture(scope="module")
def client(small_store: Root) -> FlaskClient:
    client: FlaskClient = create_app(small_store).server.test_client()
    return client


@pytest.fixture(scope="module")
def token(small_store: Root) -> str:
    return context.of(Reader(small_store)).token(*points.TABLES)


@pytest.fixture(scope="module")
def whole(small_store: Root) -> Iterator[points.Positions]:
    with Reader(small_store).cursor() as cursor:
        found = points.positions(cursor, "cnn", "tsne")
        assert found is not None
        yield found


def part(body: bytes) -> tuple[int, NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The count, and the numbers, x, y and codes of an answer for a region or a selection."""
    header, rest = unpacked(body)
    sent = len(rest) // (8 + header["bytes"])
    types = (("<u4", 4), ("<i2", 2), ("<i2", 2), (f"<u{header['bytes']}", header["bytes"]))
    arrays, at = [], 0
    for name, width in types:
        arrays.append(np.frombuffer(rest[at : at + width * sent], dtype=name))
        at += width * sent
    assert at == len(rest)
    return (header["count"], arrays[0], arrays[1], arrays[2], arrays[3])


def test_a_million_products_take_at_most_one_and_a_half_megabytes_a_panel() -> None:
    assert [map_points.every(n) for n in (0, 60, 300_000, 300_001, 1_000_000)] == [1, 1, 1, 2, 4]
    most = max(-(-n // map_points.every(n)) for n in range(1, 3_000_000, 7_919))
    assert most * 5 <= 1_500_000, "two bytes for each coordinate, and one for the colour"
    assert map_points.PART_TO * 9 <= 360_000


def test_every_nth_product_of_a_map_has_its_place_and_code(
    client: FlaskClient, token: str, whole: points.Positions
) -> None:
    header, body = unpacked(client.get(f"/points/{token}/map/{MAP}?every=7").data)
    grid = np.frombuffer(body, dtype="<i2").reshape(2, 9)
    assert (grid == [whole.x[::7], whole.y[::7]]).all()
    assert header["shown"] == 59
    header, body = unpacked(client.get(f"/points/{token}/colours/category?every=7").data)
    all_header, all_body = unpacked(client.get(f"/points/{token}/colours/category").data)
    assert body == all_body[::7]
    assert header == all_header, "names and counts are of all products"


def test_a_region_holds_all_its_products_with_their_numbers(
    client: FlaskClient, token: str, whole: points.Positions
) -> None:
    answer = client.get(f"/points/{token}/region/{MAP}?box=0,-20000,32767,5000&colour=category")
    count, numbers, x, y, codes = part(answer.data)
    true = [i for i in range(60) if whole.x[i] >= 0 and -20000 <= whole.y[i] <= 5000]
    assert numbers.tolist() == true
    assert 5 < count == len(true) < 59
    assert (x == whole.x[true]).all()
    assert (y == whole.y[true]).all()
    _, every = unpacked(client.get(f"/points/{token}/colours/category").data)
    assert codes.tolist() == [every[i] for i in true]
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_region_of_too_many_products_is_told_by_their_count_alone(
    client: FlaskClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_points, "PART_TO", 58)
    count, numbers, *_ = part(client.get(f"/points/{token}/region/{MAP}?box={WHOLE}&colour=brand").data)
    assert (count, len(numbers)) == (59, 0)
    monkeypatch.setattr(map_points, "PART_TO", 59)
    assert len(part(client.get(f"/points/{token}/region/{MAP}?box={WHOLE}").data)[1]) == 59, "the absent one is none"


@pytest.mark.parametrize("box", ["", "1,2,3", "a,b,c,d", "1e5,0,0,0"])
def test_a_region_that_cannot_be_read_is_not_found(client: FlaskClient, token: str, box: str) -> None:
    assert client.get(f"/points/{token}/region/{MAP}?box={box}").status_code == 404
    assert client.get(f"/points/{token}/region/cnn/none?box={WHOLE}").status_code == 404
    assert part(client.get(f"/points/{token}/region/{MAP}?box=9,9,{10**30},-9").data)[0] == 0


def test_a_product_is_found_on_another_map(client: FlaskClient, token: str, whole: points.Positions) -> None:
    assert client.get(f"/points/{token}/place/{MAP}?i=12").json == [int(whole.x[12]), int(whole.y[12])]
    absent = int(np.flatnonzero(whole.x == points.ABSENT)[0])
    assert json.loads(client.get(f"/points/{token}/place/{MAP}?i={absent}").data) is None
    for number in ("60", "-1", "x", "", "9" * 30):
        assert client.get(f"/points/{token}/place/{MAP}?i={number}").status_code == 404


@pytest.mark.parametrize(
    "rule",
    [
        {"focus": ["Watches"]},
        {"focus": ["wrong"], "colour": "match", "m0": "cnn", "grouping": "manifold"},
        {"q": "aria"},
        {"where": ["suspect"]},
        {"lasso": "cnn.tsne:-1e6,-1e6;0,-1e6;0,1e6;-1e6,1e6"},
        {"focus": ["Watches"], "q": "aria", "lasso": "cnn.tsne:-1e6,-1e6;1e6,-1e6;1e6,1e6;-1e6,1e6"},
    ],
)
def test_bits_points_and_files_hold_the_same_products(
    client: FlaskClient, small_store: Root, whole: points.Positions, rule: dict[str, Any]
) -> None:
    query = urlencode({"number": 1, **rule}, doseq=True)
    _, body = unpacked(client.get(f"/selection/bits?{query}").data)
    bits = np.flatnonzero(np.unpackbits(np.frombuffer(body, dtype=np.uint8), bitorder="little")[:60])
    rows = list(csv.DictReader(io.StringIO(client.get(f"/selection/csv?{query}").text)))
    assert len(rows) > 0
    assert [f"P{number:04d}" for number in bits] == [row["product_id"] for row in rows]
    asked = query if "colour" in rule else f"{query}&colour=category"
    count, numbers, x, y, codes = part(client.get(f"/selection/points/{MAP}?{asked}&of=cnn").data)
    assert numbers.tolist() == [i for i in bits if whole.x[i] != points.ABSENT]
    assert (x == whole.x[numbers]).all()
    assert (y == whole.y[numbers]).all()
    assert count == len(codes) == len(numbers)


def test_a_selection_that_means_nothing_is_refused_with_the_reason(client: FlaskClient) -> None:
    for path in ("bits", f"points/{MAP}"):
        answer = client.get(f"/selection/{path}?number=1&where=nonsense~x")
        assert answer.status_code == 400
        assert "nonsense" in answer.text
    assert client.get("/selection/points/cnn/none?number=1").status_code == 404
    assert client.get(f"/selection/points/{MAP}?number=99").status_code == 404


def test_a_polygon_is_the_same_as_tested_point_by_point() -> None:
    draw = np.random.default_rng(0)
    grid = draw.integers(-32767, 32768, (2, 3_000)).astype(np.int16)
    grid[:, ::10] = points.ABSENT
    made = points.Positions(grid[0], grid[1], (3.0, -1.0), 0.001)
    polygon = np.array([3.0, -1.0]) + draw.normal(0, 20, (9, 2))
    found = set(points.in_polygon(made, polygon).tolist())
    corners = (polygon - np.array(made.centre)) / made.scale

    def inside(x: float, y: float) -> bool:
        odd = False
        for (x1, y1), (x0, y0) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
            if (y1 > y) != (y0 > y) and x < (x0 - x1) * (y - y1) / (y0 - y1) + x1:
                odd = not odd
        return odd

    true = {i for i in range(3_000) if i % 10 and inside(float(grid[0, i]), float(grid[1, i]))}
    assert 100 < len(true) < 2_700
    assert found == true


def test_the_browser_is_told_which_part_it_gets(small_store: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_points, "WHOLE_TO", 20)
    spec = answered(create_app(small_store), "map-spec", {}, part="data")["map-spec"]["data"]
    assert (spec["products"], spec["every"]) == (60, 3)


def test_a_column_is_kept_once_for_all_methods_if_it_depends_on_none(small_store: Root) -> None:
    asked = context.of(Reader(small_store))
    one, other = (map_points.coloured(asked, "category", method, "manifold") for method in ("cnn", "bert"))
    assert one is other
    by_cnn, by_bert = (map_points.coloured(asked, "match", method, "manifold") for method in ("cnn", "bert"))
    assert by_cnn.counts != by_bert.counts

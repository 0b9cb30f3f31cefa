"""The dashboard at the server: what it serves, what it refuses, and what its state and colours promise."""

import gzip
import importlib.util
import itertools
import math
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from plotly.offline import get_plotlyjs_version

from dashboard import theme, words
from dashboard.app import create_app
from dashboard.components import STATUSES, thumbnail_url
from dashboard.pages import PRODUCT, discover
from dashboard.plots import map_strip
from dashboard.server import serving
from dashboard.server.security import BODY_LIMIT
from dashboard.state import Address, Control, link, pick
from store import tables
from store.root import Root
from tests.factories import make_store
from tests.store.numbered import publish


@pytest.fixture(scope="module")
def client(small_store: Root) -> FlaskClient:
    client: FlaskClient = create_app(small_store).server.test_client()
    return client


def callback(client: FlaskClient, **headers: str) -> Any:
    """Ask the callback behind the snapshot's place in the navigation."""
    body = {
        "output": "snapshot-info.children",
        "outputs": {"id": "snapshot-info", "property": "children"},
        "inputs": [{"id": "snapshot", "property": "data", "value": 1}],
        "changedPropIds": ["snapshot.data"],
    }
    return client.post("/_dash-update-component", json=body, headers=headers)


def test_every_page_answers_and_an_unknown_one_is_not_found(client: FlaskClient) -> None:
    paths = [page.path for page in discover() if page.nav]
    assert paths == [
        "/", "/categories", "/map", "/check", "/products", "/methods", "/text", "/runs",
    ]  # fmt: skip
    assert all(client.get(page.path).status_code == 200 for page in discover() if page.path != PRODUCT)
    assert client.get("/no-such-page").status_code == 404


def test_the_navigation_says_why_an_older_snapshot_is_shown(tmp_path: Path) -> None:
    root = Root(tmp_path)
    for number in (1, 2):
        publish(root, number)
    root.put("snapshots/00000002.json", b"{")
    damaged: FlaskClient = create_app(root).server.test_client()
    assert damaged.get("/healthz").json == {"status": "ok", "snapshot": 1}
    shown = callback(damaged).get_data(as_text=True)
    assert "Snapshot 1" in shown
    assert "00000002.json" in shown
    assert "Until then snapshot 1 is the newest." in shown


def test_a_product_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    assert client.get("/products/product?id=P0001").status_code == 200
    assert client.get("/products/product?id=nobody").status_code == 404
    assert client.get("/products/product").status_code == 404


def thumbnail(client: FlaskClient, product_id: str) -> str:
    """The address that the pages of the first snapshot have for a product's thumbnail."""
    with client.application.app_context():
        return thumbnail_url(1, product_id)


def test_a_thumbnail_is_kept_for_ever_by_its_content(client: FlaskClient, tmp_path: Path) -> None:
    found = client.get(thumbnail(client, "P0001"))
    assert found.status_code == 200
    assert found.data.startswith(b"\xff\xd8")
    assert "immutable" in found.headers["Cache-Control"]
    other = create_app(make_store(tmp_path, products=61)).server.test_client()
    assert thumbnail(other, "P0001") != thumbnail(client, "P0001"), "another store at the same address"


def test_a_thumbnail_is_served_only_where_there_is_one(client: FlaskClient) -> None:
    for wrong in ("P0007", "nobody", "../../catalog.duckdb", "' OR 1=1 --", ""):
        assert client.get(thumbnail(client, wrong)).status_code == 404
    assert client.get("/thumbnail/0123456789abcdef?id=P0001").status_code == 404


def test_text_is_compressed_and_scripts_are_kept(client: FlaskClient) -> None:
    scripts = re.findall(r'src="(/[^"]+)"', client.get("/").text)
    for path in ["/theme.css", "/bootstrap.css", *(s for s in scripts if "assets" not in s)]:
        with client.get(path) as answer, client.get(path, headers={"Accept-Encoding": "gzip"}) as packed:
            assert len(packed.data) < max(1_000, len(answer.data) / 2), path
            assert packed.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(packed.data) == answer.data
            assert re.search("max-age=31536000|no-cache", packed.headers["Cache-Control"])
    for path in (s for s in scripts if "assets" in s):
        with client.get(path) as answer:
            assert "immutable" in answer.headers["Cache-Control"]
    again = client.get("/theme.css", headers={"If-None-Match": client.get("/theme.css").headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_every_answer_carries_the_security_headers(client: FlaskClient) -> None:
    for path in ("/", "/bootstrap.css", "/thumbnail/1?id=nobody", "/theme.css", "/no-such-page", "/assets/style.css"):
        with client.get(path) as response:
            headers = response.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert not re.search(r"https?:|script-src[^;]*unsafe-inline", policy)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def test_every_declared_status_has_a_tone() -> None:
    for table, column in (("schedule", "event"), ("runs", "status"), ("steps", "status")):
        comment = next(c.comment for c in tables.table(table).columns if c.name == column)
        names = re.split(r", | or ", re.sub(r" \(.*\)", "", comment).rstrip("."))
        assert len(names) >= 3
        assert set(names) - set(STATUSES) == set()


def test_the_bundle_of_plots_is_that_of_the_installed_plotly(client: FlaskClient) -> None:
    assert get_plotlyjs_version() in serving.PLOTLY.name, "scripts/plotly.sh gets the right one"
    answer = client.get("/_dash-component-suites/plotly/package_data/plotly.min.js")
    assert f"plotly.js (cartesian - minified) v{get_plotlyjs_version()}".encode() in gzip.decompress(answer.data)[:200]
    assert len(answer.data) < 600_000
    assert "unsafe-eval" not in answer.headers["Content-Security-Policy"]


def test_the_page_names_no_other_server(client: FlaskClient) -> None:
    sources = re.findall(r'(?:src|href)="([^"]+)"', client.get("/").text)
    assert sources
    assert all(source.startswith("/") and not source.startswith("//") for source in sources)
    with client.get("/bootstrap.css") as css:
        assert css.status_code == 200


def test_a_post_from_another_site_or_too_large_is_refused(client: FlaskClient) -> None:
    assert callback(client).status_code == 200
    assert callback(client, **{"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert callback(client, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    huge = client.post("/_dash-update-component", data=b"0" * (BODY_LIMIT + 1), content_type="application/json")
    assert huge.status_code == 413


def test_a_store_that_is_not_there_yet_is_no_error(tmp_path: Path) -> None:
    client = create_app(Root(tmp_path / "later")).server.test_client()
    assert client.get("/").status_code == 200
    assert client.get("/thumbnail/1?id=P0001").status_code == 404
    assert client.get("/healthz").json == {"status": "ok", "snapshot": None}
    assert not (tmp_path / "later").exists(), "the dashboard never writes"


def test_an_address_sets_the_controls_and_nonsense_falls_back() -> None:
    controls = (Control("q", "a"), Control("page", "b", 1), Control("focus", "c", []), Control("method", "d"))
    address = Address("/x", controls)
    assert address.read("", method="bert") == {"q": "", "page": 1, "focus": [], "method": "bert"}
    read = address.read("?q=a%26b&page=3&focus=x&focus=y&method=cnn", method="bert")
    assert read == {"q": "a&b", "page": 3, "focus": ["x", "y"], "method": "cnn"}
    assert address.read("?page=-1")["page"] == address.read("?page=1e9")["page"] == 1
    assert pick("nonsense", ["a", "b"], "b") == "b"
    assert pick("nonsense", []) is None
    assert link("/x", q="a&b", focus=["x", "y"], page=None) == "/x?q=a%26b&focus=x&focus=y"


@pytest.mark.parametrize("count", [7, 40])
def test_every_category_has_its_own_look_in_any_order(count: int) -> None:
    names = [f"category {i:02d}" for i in range(count)]
    looks = theme.looks(names)
    assert looks == theme.looks(names[::-1])
    assert len({(look.colour, look.symbol) for look in looks.values()}) == count


WHITE = (0.95047, 1.0, 1.08883)
"""XYZ of the white of sRGB (D65)."""


def linear(colour: str) -> list[float]:
    """The parts of '#RRGGBB' in linear light, 0 to 1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def times(matrix: Any, vector: Any) -> list[float]:
    return [sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix]


def lab(light: list[float]) -> list[float]:
    """CIELAB of a colour in linear light (sRGB, D65)."""
    to_xyz = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
    relative = [v / w for v, w in zip(times(to_xyz, [min(1, max(0, v)) for v in light]), WHITE, strict=True)]
    x, y, z = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in relative)
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


def contrast(colour: str, ground: str = "#FFFFFF") -> float:
    """The contrast of two colours as WCAG 2 defines it, from 1 to 21."""
    lights = [sum(f * v for f, v in zip((0.2126, 0.7152, 0.0722), linear(c), strict=True)) for c in (colour, ground)]
    return (max(lights) + 0.05) / (min(lights) + 0.05)


@pytest.mark.parametrize("hues", [theme.HUES, theme.DARK_HUES])
def test_the_first_eight_colours_differ_for_the_colour_blind(hues: tuple[str, ...]) -> None:
    """Protanopia and deuteranopia simulated by Machado et al. 2009 (severity 1), in linear RGB."""
    simulations = (
        ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
        ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    )
    looks = theme.looks([f"category {i}" for i in range(8)]).values()
    assert {look.symbol for look in looks} == {"circle"}
    assert tuple(look.colour for look in looks) == theme.HUES
    for matrix in simulations:
        seen = [lab(times(matrix, linear(hue))) for hue in hues]
        assert min(math.dist(one, other) for one, other in itertools.combinations(seen, 2)) >= 15


def test_what_carries_data_has_a_contrast_of_three_to_one() -> None:
    light = [colour for colour in theme.NAMES if colour != theme.LINE]
    shades = [map_strip._shade(i, 4) for i in range(4)]
    warm = re.findall(r"--warm: (#[0-9a-f]{6})", (Path(theme.__file__).parent / "assets" / "style.css").read_text())
    assert len(warm) == 2
    assert {c for c in [*light, *shades, warm[0]] if contrast(c, theme.SURFACE["light"]) < 3} == set()
    assert {c for c in light if contrast(theme.DARK[c], theme.SURFACE["dark"]) < 3} == set()
    assert contrast(warm[1], theme.SURFACE["dark"]) >= 3


def test_the_pages_and_the_plots_have_one_ground() -> None:
    style = (Path(theme.__file__).parent / "assets" / "style.css").read_text()
    assert re.findall(r"--surface: (#[0-9a-f]{6})", style) == [g.lower() for g in theme.SURFACE.values()]


def test_figures_are_formatted_for_people() -> None:
    assert words.seconds(0.42) == "0.4 s"
    assert words.seconds(59.7) == "1 min 00 s"
    assert words.seconds(7500) == "2 h 05 min"
    assert words.count(1, "product") == "1 product"
    assert words.count(1050, "product") == "1,050 products"
    assert words.score(None) == "–"
    assert words.megabytes(4096) == "4.1 GB"


def test_the_command_imports_dash_only_when_it_runs() -> None:
    code = "import sys, dashboard.cli; sys.exit(any(m in sys.modules for m in ('dash', 'plotly', 'flask', 'duckdb')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_run_that_was_due_and_did_not_come_is_called_overdue() -> None:
    now = datetime.now(UTC)
    assert words.due(now - timedelta(minutes=5)).startswith("overdue since ")
    assert words.due(now + timedelta(minutes=5)) == words.when(now + timedelta(minutes=5))
    assert words.due(None) == words.when(None)


@pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="pandas is not installed")
def test_pandas_is_imported_before_the_first_request(tmp_path: Path) -> None:
    look = (
        "import sys; from pathlib import Path; from dashboard.app import create_app; from store.root import Root; "
        "create_app(Root(Path(sys.argv[1]))); sys.exit(not hasattr(sys.modules.get('pandas'), 'NaT'))"
    )
    repository = Path(__file__).parent.parent.parent
    assert subprocess.run([sys.executable, "-c", look, str(tmp_path)], cwd=repository, check=False).returncode == 0

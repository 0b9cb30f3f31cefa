"""An older snapshot at the server: what its choice lists, its layouts, and one that is not there."""

from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard import context
from dashboard.app import create_app
from dashboard.state import pinned_number
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import answered, texts
from tests.factories import make_store


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    folder = tmp_path_factory.mktemp("two")
    make_store(folder, products=60, logs=False)
    return make_store(folder, products=63, moved=4, logs=False)


@pytest.fixture(scope="module")
def app(root: Root) -> Dash:
    return create_app(root)


def called(app: Dash, output: str, inputs: dict[str, Any], state: dict[str, Any], changed: str) -> Any:
    """What a callback of the frame sets."""
    name = next(key for key in app.callback_map if output in key)
    parts = [dict(zip(("id", "property"), part.rsplit(".", 1), strict=True)) for part in name.strip(".").split("...")]

    def sent(values: dict[str, Any]) -> list[dict[str, Any]]:
        return [dict(zip(("id", "property"), k.rsplit(".", 1), strict=True)) | {"value": v} for k, v in values.items()]

    body = {"output": name, "outputs": parts, "inputs": sent(inputs), "state": sent(state), "changedPropIds": [changed]}
    answer = app.server.test_client().post("/_dash-update-component", json=body)
    assert answer.status_code in (200, 204)
    return answer.json["response"] if answer.status_code == 200 else {}


def shown(app: Dash, pinned: str | None, number: int | None, before: str | None = None, changed: str = "") -> Any:
    return called(
        app,
        "page.children",
        {"url.pathname": "/products", "pinned.data": pinned, "snapshot.data": number},
        {"url.search": "", "shown.data": before},
        changed or "url.pathname",
    )


def looked(app: Dash, pinned: str | None, number: int, newest: int) -> Any:
    return called(
        app,
        "logs.data",
        {"poll.n_intervals": 1},
        {"snapshot.data": number, "logs.data": "", "newest.data": newest, "pinned.data": pinned},
        "poll.n_intervals",
    )


def test_a_page_is_drawn_of_the_snapshot_in_its_address(app: Dash) -> None:
    older, newest = shown(app, "1", 2), shown(app, None, 2)
    assert [part["data"] for name, part in older.items() if name.startswith("snapshot")] == [1]
    assert not [name for name in newest if name.startswith("snapshot")]
    assert "Watches (8)" in str(older["page"]["children"])
    assert shown(app, "1", 1, "/products", "snapshot.data") == {}


def test_a_snapshot_that_is_not_there_is_named(app: Dash) -> None:
    assert "Snapshot 7 is not in the store" in str(shown(app, "7", 2)["page"]["children"])


def test_the_poll_keeps_the_snapshot_of_the_address_and_tells_of_a_new_one(app: Dash) -> None:
    kept = looked(app, "1", 1, 1)
    assert "snapshot" not in kept
    assert kept["news"]["children"] == "Snapshot 2 was published; this page stays with snapshot 1."
    assert kept["newest"]["data"] == 2
    follows = looked(app, None, 1, 1)
    assert follows["snapshot"]["data"] == 2
    assert follows["news"]["children"] == "Snapshot 2 was published; the page now shows it."
    assert "news" not in looked(app, "1", 1, 2)


def test_the_choice_lists_the_snapshots_newest_first(app: Dash) -> None:
    made = called(
        app, "snapshot-choice.options", {"snapshot.data": 1, "newest.data": 2, "pinned.data": "1"}, {}, "pinned.data"
    )
    assert [option["value"] for option in made["snapshot-choice"]["options"]] == ["newest", "2", "1"]
    assert made["snapshot-choice"]["value"] == "1"
    assert "This is snapshot 1, published on" in str(made["snapshot-older"]["children"])


def test_a_product_of_an_older_snapshot_is_found_there_only(app: Dash) -> None:
    client: FlaskClient = app.server.test_client()
    assert client.get("/products/product?id=P0062").status_code == 200
    assert client.get("/products/product?id=P0062&snapshot=1").status_code == 404


def test_a_reader_at_a_snapshot_has_what_the_other_opened(root: Root) -> None:
    reader = Reader(root)
    older = reader.at(1)
    assert (reader.number(), older.number()) == (2, 1)
    with older.cursor() as cursor, reader.cursor() as newest:
        counts = [c.execute("SELECT count(*) FROM products").fetchall()[0][0] for c in (cursor, newest)]
    assert counts == [60, 63]
    assert context.of(older) is context.of(reader, 1)


def test_only_a_number_is_the_number_of_a_snapshot() -> None:
    assert [pinned_number(text) for text in ("7", "", None, "x", "-1", "²", "9" * 12, 7)] == [7, *[None] * 7]


def test_the_answer_compares_with_the_earlier_snapshot_that_is_chosen(tmp_path: Path) -> None:
    make_store(tmp_path, products=60, logs=False)
    make_store(tmp_path, products=61, logs=False)
    app = create_app(make_store(tmp_path, products=63, logs=False))
    for since, before, added, other in ((0, 2, 2, 1), (2, 2, 2, 1), (1, 1, 3, 2), (9, 2, 2, 1)):
        inputs = {"logs.data": "", "answer-since.data": since}
        found = " ".join(texts(answered(app, "answer-body", inputs, snapshot=3)["answer-body"]["children"]))
        assert f"Since snapshot {before} {added} products added" in found
        assert f"Compare with snapshot   {other}" in found

"""The door by which a review is written: who may, from where, and what; nothing is written where it is refused."""

import csv
import json
import logging
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.server.access import Access, read_users, user_line
from dashboard.server.reviewing import FIELDS, MAX_ID, MAX_NOTE
from store import logs
from store.errors import StoreBusy
from store.questions import reviews
from store.reader import Reader
from store.root import Root

PASSWORD = "correct horse battery"
USERS = read_users(f"{user_line('ann', 'reviewer', PASSWORD)}\n{user_line('bob', 'reader', PASSWORD)}", "a test")
HERE = {"Origin": "http://localhost"}
PAIR = {
    "snapshot": 1, "finding": "duplicate", "product_id": "P0010", "other_product_id": "P0003", "decision": "accept",
    "note": None,
}  # fmt: skip


@pytest.fixture
def client(unreviewed: Root) -> FlaskClient:
    client: FlaskClient = create_app(unreviewed).server.test_client()
    return client


def written(root: Root) -> list[dict[str, Any]]:
    return [row for name in logs.files(root, "reviews") for row in logs.read(root, name).to_pylist()]


def item(root: Root, finding: str) -> reviews.Item:
    with Reader(root).cursor() as cursor:
        return reviews.items(cursor, finding)[0]


def test_a_review_is_written_with_what_the_store_knows(unreviewed: Root, client: FlaskClient) -> None:
    suspect = item(unreviewed, "suspect")
    sent = {"snapshot": 1, "finding": "suspect", "product_id": suspect.product_id, "other_product_id": None}
    answer = client.post("/reviews", json={**sent, "decision": "reject", "note": "  it is one \n"}, headers=HERE)
    assert (answer.status_code, answer.data) == (204, b"")
    (row,) = written(unreviewed)
    assert row.pop("happened").utcoffset().total_seconds() == 0
    assert row == {
        **sent, "decision": "reject", "note": "it is one", "person": None, "category": suspect.category,
        "suggested_category": suspect.suggested_category,
    }  # fmt: skip
    assert client.post("/reviews", json=PAIR, headers=HERE).status_code == 204
    assert item(unreviewed, "suspect").decision == "reject"
    assert item(unreviewed, "duplicate").decision == "accept"


ORIGINS = [None, "", "null", "http://evil.example", "http://localhost:1", "localhost", "ftp://localhost", "http://[",
           "http://localhost.evil.example", "http://evil.example/localhost"]  # fmt: skip


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_review_from_a_page_of_another_server_is_refused(
    unreviewed: Root, client: FlaskClient, origin: str | None
) -> None:
    answer = client.post("/reviews", json=PAIR, headers={} if origin is None else {"Origin": origin})
    assert (answer.status_code, written(unreviewed)) == (403, [])
    assert "Origin" in answer.text


def test_a_review_comes_from_this_host_or_by_an_allowed_name(unreviewed: Root) -> None:
    client = create_app(unreviewed, Access(hosts=frozenset({"map.example"}))).server.test_client()
    for origin, host, status in (
        ("https://map.example", "127.0.0.1:8050", 204),  # a proxy that puts its own Host
        ("https://MAP.example:8443", "map.example:8443", 204),
        ("http://127.0.0.1:8050", "127.0.0.1:8050", 204),
        ("http://127.0.0.1:8051", "127.0.0.1:8050", 403),
        ("http://map.example", "evil.example", 400),
    ):
        answer = client.post("/reviews", json=PAIR, headers={"Origin": origin, "Host": host})
        assert answer.status_code == status, origin
    site = client.post("/reviews", json=PAIR, headers={**HERE, "Sec-Fetch-Site": "cross-site"})
    assert site.status_code == 403


def test_readers_and_strangers_write_nothing_and_a_reviewer_is_named(unreviewed: Root) -> None:
    server = create_app(unreviewed, Access(users=USERS)).server
    stranger = server.test_client().post("/reviews", json=PAIR, headers=HERE)
    assert stranger.status_code == 401
    for name, status in (("bob", 403), ("ann", 204)):
        client = server.test_client()
        client.post("/login", data={"name": name, "password": PASSWORD})
        answer = client.post("/reviews", json=PAIR, headers=HERE)
        assert answer.status_code == status
        assert status == 204 or answer.text == "Forbidden. Your role only reads; a reviewer decides.\n"
        assert client.get("/reviews/csv").status_code == 200, "whoever reads may take the list"
    assert [row["person"] for row in written(unreviewed)] == ["ann"]


def test_without_log_in_a_role_that_reads_is_refused(unreviewed: Root) -> None:
    client = create_app(unreviewed, Access(anonymous="reader")).server.test_client()
    assert client.post("/reviews", json=PAIR, headers=HERE).status_code == 403
    assert written(unreviewed) == []


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_form_of_another_page_is_refused(unreviewed: Root, client: FlaskClient, media: str) -> None:
    answer = client.post("/reviews", data=json.dumps(PAIR), content_type=media, headers=HERE)
    assert (answer.status_code, written(unreviewed)) == (415, [])


BODIES = {"nothing": b"", "no JSON": b"{", "a list": b"[]", "null": b"null", "deep": b"[" * 100_000,
          "not UTF-8": b'{"note": "\xff"}', "a field less": json.dumps(dict(list(PAIR.items())[1:])).encode(),
          "a field more": json.dumps({**PAIR, "person": "eve"}).encode()}  # fmt: skip


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_review_is_refused_in_one_line(unreviewed: Root, client: FlaskClient, body: bytes) -> None:
    answer = client.post("/reviews", data=body, content_type="application/json", headers=HERE)
    assert (answer.status_code, answer.text.count("\n"), written(unreviewed)) == (400, 1, [])


VALUES: list[tuple[str, Any]] = [
    *((name, value) for name in FIELDS for value in (3.5, True, [], {}, "\ud800")),
    *(("snapshot", value) for value in (None, "1", 0, -1, 10**8)),
    *(("finding", value) for value in (None, "", "suspects", "DUPLICATE")),
    *(("decision", value) for value in (None, "", "delete", "Accept")),
    ("product_id", None), ("product_id", "x" * (MAX_ID + 1)), ("other_product_id", None),
    ("other_product_id", "x" * (MAX_ID + 1)), ("note", "x" * (MAX_NOTE + 1)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), VALUES, ids=lambda part: ascii(part)[:20])
def test_a_value_that_no_page_sends_is_refused(unreviewed: Root, client: FlaskClient, name: str, value: Any) -> None:
    answer = client.post("/reviews", json={**PAIR, name: value}, headers=HERE)
    assert (answer.status_code, answer.text.count("\n"), written(unreviewed)) == (400, 1, [])


def test_a_note_alone_needs_text_and_a_suspect_has_no_other(unreviewed: Root, client: FlaskClient) -> None:
    suspect = {"finding": "suspect", "product_id": item(unreviewed, "suspect").product_id}
    for changed in ({"decision": "note"}, suspect):
        assert client.post("/reviews", json={**PAIR, **changed}, headers=HERE).status_code == 400
    longest = client.post("/reviews", json={**PAIR, "decision": "note", "note": "x" * MAX_NOTE}, headers=HERE)
    assert longest.status_code == 204
    assert len(written(unreviewed)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"snapshot": 2},
        {"product_id": "nobody"},
        {"product_id": "P0003", "other_product_id": "P0010"},
        {"finding": "suspect", "other_product_id": None},
        {"product_id": "' OR 1=1 --"},
    ],
)
def test_what_is_no_finding_of_that_snapshot_is_not_found(
    unreviewed: Root, client: FlaskClient, changed: dict[str, Any]
) -> None:
    answer = client.post("/reviews", json={**PAIR, **changed}, headers=HERE)
    assert (answer.status_code, answer.text.count("\n"), written(unreviewed)) == (404, 1, [])


def test_a_review_that_cannot_be_written_says_so(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def busy(*_: object) -> None:
        raise StoreBusy("The store is being written.")

    monkeypatch.setattr(logs, "append", busy)
    with caplog.at_level(logging.ERROR):
        answer = client.post("/reviews", json=PAIR, headers=HERE)
    assert answer.status_code == 503
    assert "The review was not written: The store is being written." in answer.text
    assert "The store is being written." in caplog.text


def test_no_other_method_reaches_the_reviews(client: FlaskClient) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        assert client.open("/reviews", method=method, json=PAIR, headers=HERE).status_code == 405


def test_the_export_runs_nothing_in_a_spreadsheet(unreviewed: Root, client: FlaskClient, tmp_path: Path) -> None:
    for note in ("a first note", "=HYPERLINK(1)"):
        assert client.post("/reviews", json={**PAIR, "note": note}, headers=HERE).status_code == 204
    answer = client.get("/reviews/csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=reviews.csv"
    assert answer.mimetype == "text/csv"
    (row,) = csv.DictReader(StringIO(answer.text))
    assert (row["product_id"], row["other_product_id"], row["decision"]) == ("P0010", "P0003", "accept")
    assert row["note"] == "'=HYPERLINK(1)"
    assert row["holds"] == "true"
    assert create_app(Root(tmp_path / "none")).server.test_client().get("/reviews/csv").status_code == 404

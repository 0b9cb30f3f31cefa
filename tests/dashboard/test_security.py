"""What the dashboard refuses, whoever asks: other hosts and sites, large and unsound bodies."""

import json
import logging
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.plots.category_heat import category_heat
from dashboard.plots.confusion import confusion
from dashboard.server.access import Access
from dashboard.server.security import CALLBACKS, is_own_host
from store.questions.categories import CategoryScore
from store.questions.groups import Cell
from store.root import Root

ASKED: dict[str, Any] = {
    "output": "snapshot-info.children",
    "outputs": {"id": "snapshot-info", "property": "children"},
    "inputs": [{"id": "snapshot", "property": "data", "value": 1}],
    "changedPropIds": ["snapshot.data"],
}


@pytest.fixture(scope="module")
def app(small_store: Root) -> Dash:
    return create_app(small_store, Access(hosts=frozenset({"map.example"})))


@pytest.fixture
def client(app: Dash) -> FlaskClient:
    client: FlaskClient = app.server.test_client()
    return client


OWN = ["localhost", "localhost:8050", "LOCALHOST:1", "127.0.0.1:8050", "192.0.2.4", "[::1]:8050", "map.example:443"]
OTHER = ["evil.example", "evil.example:8050", "localhost.evil.example", "", "127.0.0.1.evil.example", "localhost:99999",
         "localhost@evil.example", "evil.example/localhost", " localhost", "[::1", "localhost:x", "a\\b"]  # fmt: skip


@pytest.mark.parametrize("host", OWN)
def test_a_host_of_this_server_is_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", OTHER)
def test_a_name_that_was_pointed_here_is_refused_on_every_route(app: Dash, client: FlaskClient, host: str) -> None:
    assert not is_own_host(host, frozenset({"map.example"}))
    if host == "evil.example":
        for path in ("/", "/healthz", "/_dash-layout", "/assets/style.css", "/thumbnail/x"):
            answer = client.get(path, headers={"Host": host})
            assert answer.status_code == 400
            assert "--allow-host" in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "nonsense"])
def test_a_post_from_another_site_is_refused(client: FlaskClient, site: str) -> None:
    assert client.post(CALLBACKS, json=ASKED, headers={"Sec-Fetch-Site": site}).status_code == 403


@pytest.mark.parametrize("path", ["/selection/csv?number=1&where=suspect", "/reviews/csv", "/sql/x/csv"])
def test_another_site_has_nothing_computed_and_reads_no_part_of_a_page(client: FlaskClient, path: str) -> None:
    for site in ("cross-site", "same-site"):
        for mode in ("no-cors", "navigate"):
            headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
            assert client.get(path, headers=headers).status_code == 403
        assert client.get("/assets/style.css", headers={"Sec-Fetch-Site": site}).status_code == 403
        opened = client.get("/products", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"})
        assert opened.status_code == 200
    assert client.get("/products", headers={"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}).status_code == 200


RAW = {"no JSON": b"{", "nothing": b"", "a list": b"[]", "null": b"null", "a number": b"NaN", "deep": b"[" * 100_000,
       "not UTF-8": b'{"output": "\xff"}'}  # fmt: skip


@pytest.mark.parametrize("body", RAW.values(), ids=RAW)
def test_a_body_that_is_no_question_gets_400_and_a_line(client: FlaskClient, body: bytes) -> None:
    answer = client.post(CALLBACKS, data=body, content_type="application/json")
    assert (answer.status_code, answer.text.count("\n")) == (400, 1)


@pytest.mark.parametrize("part", list(ASKED))
@pytest.mark.parametrize("value", [None, 3, "x", [None], {"id": "x"}, "\ud800", [{"id": 1, "property": 2}]], ids=ascii)
def test_a_question_that_no_page_asks_gets_400_and_a_line(client: FlaskClient, part: str, value: Any) -> None:
    answer = client.post(CALLBACKS, data=json.dumps({**ASKED, part: value}), content_type="application/json")
    assert (answer.status_code, answer.text.count("\n")) == (400, 1)


@pytest.mark.parametrize("value", [None, "x", [], {}, -1, 2**70, 1e300, True, "\x00", "<b>"], ids=ascii)
def test_any_value_of_any_control_gets_an_answer(app: Dash, client: FlaskClient, value: Any) -> None:
    for output, found in app.callback_map.items():
        names = output[2:-2].split("...") if output.startswith("..") else [output]
        outputs = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names]
        asked = {
            "output": output,
            "outputs": outputs if output.startswith("..") else outputs[0],
            "inputs": [{**part, "value": value} for part in found["inputs"]],
            "state": [{**part, "value": value} for part in found["state"]],
            "changedPropIds": ["{id}.{property}".format(**found["inputs"][0])],
        }
        answer = client.post(CALLBACKS, json=asked)
        expected = (200, 204) if "callback" in found else (400,)  # the browser answers those without one
        assert answer.status_code in expected, (output, value, answer.text[:200])
        surrogate = json.dumps(asked).replace(json.dumps(value), '"\\udc80"')
        assert client.post(CALLBACKS, data=surrogate, content_type="application/json").status_code == 400


def test_a_fault_is_a_line_for_the_visitor_and_a_traceback_in_the_log(
    small_store: Root, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(small_store)

    def fails() -> str:
        raise RuntimeError("the secret place")

    app.server.add_url_rule("/fails", view_func=fails)
    with caplog.at_level(logging.ERROR):
        answer = app.server.test_client().get("/fails")
    assert answer.status_code == 500
    assert answer.text == "Something went wrong; the server's log has the details.\n"
    assert "the secret place" in caplog.text


def test_a_script_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    assert client.get("/_dash-component-suites/none/x.js").status_code == 404
    refused = client.delete("/healthz")
    assert (refused.status_code, "GET" in refused.headers["Allow"]) == (405, True)


def texts(value: Any) -> list[str]:
    """All texts of a figure, names of its parts left out."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, (list, tuple)):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


def test_the_name_of_a_category_is_no_markup_of_a_plot() -> None:
    name = "<a href='//x'>A</a> & <b>"
    score = CategoryScore("tfidf", name, 0.5, 0.5, 0.5, 9, name, 0.1, 0.5, 0.1, 0.9, None, None)
    figures = [
        category_heat([score], ["tfidf"]),
        *(confusion([Cell(name, 0, name, 3)], [(i, name) for i in range(n)], [name]) for n in (1, 20)),
    ]
    for figure in figures:
        shown = [text for text in texts(figure.to_dict()) if "href" in text or "&lt;" in text]
        assert shown
        assert not [text for text in shown if "<a" in text or "<b>" in text or "& " in text]

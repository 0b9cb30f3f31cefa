"""The webhook: a small JSON by POST to https; what goes wrong there is a line, and no address is printed."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import ValidationError

from ingestion.jobs import Schedule
from ingestion.schedule import webhook


class Handler(BaseHTTPRequestHandler):
    """Takes a message, or answers as the path says."""

    messages: list[tuple[str | None, Any]] = []  # noqa: RUF012  # one server at a time

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.messages.append((self.headers["Content-Type"], json.loads(body)))
        if "hang" in self.path:
            threading.Event().wait(1)
            return
        self.send_response({"/moved": 302, "/broken": 500}.get(self.path, 204))
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        raise AssertionError("a redirect was followed")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Handler.messages.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_message_arrives_as_json(address: str) -> None:
    thread = webhook.send(address, {"event": "failed", "job": "nightly"}, 5)
    assert thread
    thread.join()
    assert Handler.messages == [("application/json", {"event": "failed", "job": "nightly"})]
    assert webhook.send(None, {}, 5) is None


@pytest.mark.parametrize("path", ["/broken", "/moved", "/hang"])
def test_a_failure_is_a_line_without_the_address(address: str, path: str, caplog: pytest.LogCaptureFixture) -> None:
    assert webhook.post(f"{address}{path}", {}, 0.2) is False
    assert len(Handler.messages) == 1
    assert "The webhook at 127.0.0.1 did not take the message" in caplog.text
    assert path not in caplog.text


def test_a_server_that_is_not_there_is_a_line(caplog: pytest.LogCaptureFixture) -> None:
    assert webhook.post("http://127.0.0.1:9/secret", {}, 0.2) is False
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "address", ["http://example.org/hook", "ftp://example.org", "https://", "file:///etc/passwd", "x"]
)
def test_an_address_that_is_not_private_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="https address"):
        Schedule(webhook=address)


@pytest.mark.parametrize("address", ["https://example.org/hook?key=1", "http://localhost:1/x", "http://[::1]:2/"])
def test_https_and_this_machine_are_taken(address: str) -> None:
    assert Schedule(webhook=address).webhook == address

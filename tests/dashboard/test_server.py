"""The server itself: what it listens on, slow clients, and bodies that never end."""

import contextlib
import os
import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from dash import Dash
from typer.testing import CliRunner

import aislemap
from dashboard import cli
from dashboard.app import create_app
from dashboard.server.access import Access, read_users, user_line
from dashboard.server.security import BODY_LIMIT
from store.errors import InputError
from store.limits import PageLimits
from store.root import Root


@pytest.fixture
def port(small_store: Root) -> Iterator[int]:
    with served(create_app(small_store)) as port:
        yield port


@contextlib.contextmanager
def served(app: Dash) -> Iterator[int]:
    """The port at which an app is served as the command does it."""
    server = cli.make_server(app.server, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server.effective_port
    server.task_dispatcher.shutdown()
    server.close()
    thread.join(10)


def test_half_requests_of_many_clients_stop_nobody(port: int) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(b"POST /_dash-update-component HTTP/1.1\r\nHost: localhost\r\nContent-Le")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("head", [f"Content-Length: {200 * BODY_LIMIT}", "Transfer-Encoding: chunked"])
def test_a_body_above_the_limit_is_refused_before_it_is_taken(port: int, head: str) -> None:
    block = b"0" * 65536
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(f"POST /login HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode())
        client.settimeout(2)
        with contextlib.suppress(OSError):
            while sent < 20 * BODY_LIMIT:
                client.sendall(b"10000\r\n" + block + b"\r\n" if "chunked" in head else block)
                sent += len(block)
        client.settimeout(20)
        answer = b""
        with contextlib.suppress(OSError):
            answer = client.recv(200)
    assert sent < 20 * BODY_LIMIT
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")


HEAD = "GET /_dash-layout HTTP/1.1\r\nHost: localhost\r\n"
UNSOUND = {
    "the proxy's header with another dash": (HEAD + "X_Forwarded_User: ann\r\n", "302"),
    "the proxy's header with a space": (HEAD + "X-Forwarded-User : ann\r\n", "400"),
    "the header of another proxy": (HEAD + "X-Remote-User: ann\r\nRemote-User: ann\r\n", "302"),
    "an address in the line of the request": (
        "GET http://evil.example/_dash-layout HTTP/1.1\r\nHost: localhost\r\n",
        "302",
    ),
    "a path behind an open one": ("GET /healthz/../_dash-layout HTTP/1.1\r\nHost: localhost\r\n", "302"),
    "a path behind an open one, encoded": ("GET /healthz%2f..%2f_dash-layout HTTP/1.1\r\nHost: localhost\r\n", "302"),
    "a path behind the log-in": ("GET /login;/_dash-layout HTTP/1.1\r\nHost: localhost\r\n", "302"),
    "another method": ("POST /_dash-layout HTTP/1.1\r\nHost: localhost\r\nX-HTTP-Method-Override: GET\r\n", "401"),
    "two hosts": ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", "400"),
    "two hosts in one": ("GET /healthz HTTP/1.1\r\nHost: localhost, evil.example\r\n", "400"),
    "no host": ("GET /healthz HTTP/1.0\r\n", "400"),
    "a host beside another": ("GET /healthz HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\n", "400"),
    "a host in other letters": ("GET /healthz HTTP/1.1\r\nHost: \uff4cocalhost\r\n", "400"),
    "a length below nothing": ("POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n", "400"),
    "a length with a sign": ("POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: +5\r\n", "400"),
    "an unknown encoding": ("POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n", "501"),
}


@pytest.fixture(scope="module")
def behind_proxy(small_store: Root) -> Iterator[int]:
    users = read_users(user_line("ann", "reviewer", "correct horse battery"), "a test")
    with served(create_app(small_store, Access(users=users, proxy="127.0.0.1"))) as port:
        yield port


@pytest.mark.parametrize("what", UNSOUND)
def test_no_header_gets_past_the_host_or_the_log_in(behind_proxy: int, what: str) -> None:
    head, status = UNSOUND[what]
    assert answered(behind_proxy, HEAD + "X-Forwarded-User: ann\r\n") == "200"
    assert answered(behind_proxy, head) == status


def answered(port: int, head: str) -> str:
    """The status of the answer to a request of that head, sent as it stands."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall((head + "Connection: close\r\n\r\n").encode())
        return client.recv(100).decode().split(" ")[1]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "shop.example"])
def test_listening_for_other_machines_needs_a_log_in_or_the_flag(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(cli.USERS, raising=False)
    with pytest.raises(InputError, match="--no-login"):
        cli.dashboard(tmp_path, host=host)


def test_the_options_say_who_may_read_and_review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    monkeypatch.setattr(cli, "_serve", lambda store, host, port, access, sql: found.append(access))
    made = CliRunner().invoke(aislemap.app, ["password", "ann", "--role", "reviewer"], input="long enough pass\n" * 2)
    line = next(re.finditer(r"^ann:.*", made.stdout, re.MULTILINE))[0]
    assert read_users(line, "x")["ann"].role == "reviewer"
    monkeypatch.setenv(cli.USERS, line)
    cli.dashboard(tmp_path, host="0.0.0.0", allow_host=["Map.Example"], https=True)
    assert cli.USERS not in os.environ, "no process that the server starts has it"
    for name in ("127.0.0.1", "localhost", "::1"):
        cli.dashboard(tmp_path, host=name)
    cli.dashboard(tmp_path, host="0.0.0.0", no_login=True)
    (tmp_path / "users").write_text(line)
    (tmp_path / "users").chmod(0o600)
    cli.dashboard(tmp_path, host="0.0.0.0", users=tmp_path / "users")
    cli.dashboard(tmp_path, host="0.0.0.0", proxy="192.0.2.7")
    first, *local, anyone, file, proxied = found
    assert (first.required, first.hosts, first.https) == (True, frozenset({"map.example"}), True)
    assert [(a.required, a.anonymous) for a in local] == [(False, "reviewer")] * 3
    assert (anyone.required, anyone.anonymous) == (False, "reader")
    assert list(file.users) == ["ann"]
    assert (proxied.required, proxied.proxy) == (True, "192.0.2.7")


def test_sql_is_off_unless_the_options_turn_it_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    monkeypatch.setattr(cli, "_serve", lambda store, host, port, access, sql: found.append(sql))
    cli.dashboard(tmp_path)
    cli.dashboard(tmp_path, sql=True, sql_seconds=3, sql_rows=7)
    assert found == [None, PageLimits(seconds=3, rows=7)]


def test_a_proxy_that_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not an IP address"):
        cli.dashboard(tmp_path, proxy="proxy.example")


def test_health_tells_when_the_store_cannot_be_read(tmp_path: Path, small_store: Root) -> None:
    import shutil

    shutil.copytree(small_store.path, tmp_path / "store")
    client = create_app(Root(tmp_path / "store")).server.test_client()
    assert client.get("/healthz").status_code == 200
    for path in (tmp_path / "store/parts").rglob("*.parquet"):
        path.unlink()
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["status"].startswith("the store cannot be read")

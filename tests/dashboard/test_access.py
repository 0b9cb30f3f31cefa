"""Who is let in, who may review, and that no route is forgotten."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.server import access
from dashboard.server.access import (
    ATTEMPTS,
    MAX_KEPT,
    WINDOW,
    Access,
    Attempts,
    User,
    read_users,
    read_users_file,
    user_line,
)
from store.errors import InputError
from store.root import Root

PASSWORD = "correct horse battery"
USERS = read_users(f"{user_line('ann', 'reviewer', PASSWORD)}\n\n# b\n{user_line('bob', 'reader', PASSWORD)}", "a test")


@pytest.fixture(scope="module")
def guarded(small_store: Root) -> Any:
    return create_app(small_store, Access(users=USERS, https=True)).server


@pytest.fixture
def client(guarded: Any) -> FlaskClient:
    client: FlaskClient = guarded.test_client()
    return client


def log_in(client: FlaskClient, name: str = "ann", password: str = PASSWORD, address: str = "192.0.2.1") -> Any:
    return client.post(
        "/login",
        data={"name": name, "password": password, "next": "/products?q=a"},
        environ_base={"REMOTE_ADDR": address},
        base_url="https://localhost",
    )


def routes(server: Any) -> Iterator[tuple[str, str]]:
    """Every method of every route, with made-up values in its address."""
    for rule in server.url_map.iter_rules():
        parts = {
            name: 1 if "Integer" in type(converter).__name__ else "x" for name, converter in rule._converters.items()
        }
        for method in rule.methods:
            yield method, rule.build(parts)[1]


def test_every_route_but_the_log_in_and_health_asks_who_it_is(guarded: Any, client: FlaskClient) -> None:
    asked = set(routes(guarded))
    assert {("POST", "/_dash-update-component"), ("GET", "/_dash-layout"), ("GET", "/thumbnail/x")} <= asked
    for method, path in asked:
        answer = client.open(path, method=method)
        if path in ("/login", "/healthz"):
            assert answer.status_code in (200, 400, 401), (method, path)
        elif answer.status_code == 302:
            assert (method, answer.headers["Location"].split("?")[0]) == ("GET", "/login"), path
        else:
            assert answer.status_code == 401, (method, path)
            assert answer.data in (b"Unauthorized. Log in first.\n", b""), (method, path)


def test_a_person_who_logs_in_is_let_in_until_log_out(client: FlaskClient) -> None:
    answer = log_in(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/products?q=a")
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Expires"))
    assert client.get("/", base_url="https://localhost").status_code == 200
    assert client.get("/", base_url="https://localhost").headers["Strict-Transport-Security"]
    assert client.post("/logout", base_url="https://localhost").status_code == 303
    assert client.get("/", base_url="https://localhost").headers["Location"] == "/login?next=/"


def test_an_image_without_log_in_is_refused_not_redirected(client: FlaskClient) -> None:
    assert client.get("/thumbnail/x?id=1", headers={"Sec-Fetch-Dest": "image"}).status_code == 401


def test_a_forged_cookie_and_a_user_who_was_removed_are_nobody(guarded: Any, client: FlaskClient) -> None:
    client.set_cookie("aislemap", "eyJuYW1lIjoiYW5uIn0.aaaa.bbbb")
    assert client.get("/").status_code == 302
    with client.session_transaction(base_url="https://localhost") as session:
        session["name"] = "someone who left"
    assert client.get("/", base_url="https://localhost").status_code == 302


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong"), ("nobody", PASSWORD), ("ann", PASSWORD + "x" * 2000)])
def test_a_wrong_name_or_password_gets_one_and_the_same_answer(
    small_store: Root, name: str, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = create_app(small_store, Access(users=USERS)).server.test_client()
    with caplog.at_level(logging.WARNING):
        answer = log_in(client, name, password)
    assert answer.status_code == 401
    assert b"The name or the password is wrong." in answer.data
    assert "Set-Cookie" not in answer.headers
    assert name in caplog.text
    assert password not in caplog.text


def test_wrong_passwords_are_limited_by_name_and_by_address(small_store: Root) -> None:
    client = create_app(small_store, Access(users=USERS)).server.test_client()
    assert [log_in(client, password="wrong").status_code for _ in range(ATTEMPTS + 1)] == [401] * ATTEMPTS + [429]
    refused = log_in(client)
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    assert log_in(client, address="192.0.2.9").status_code == 429, "the name"
    assert log_in(client, "bob").status_code == 429, "the address"
    assert log_in(client, "bob", address="192.0.2.9").status_code == 303


def test_attempts_are_forgotten_after_a_while_and_kept_of_so_many_only() -> None:
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    for _ in range(ATTEMPTS):
        attempts.failed("a")
    assert attempts.wait("a", "b") == WINDOW
    now[0] = WINDOW + 1
    assert attempts.wait("a") == 0
    for i in range(MAX_KEPT + 10):
        attempts.failed(str(i))
    assert len(attempts._failed) == MAX_KEPT
    attempts.succeeded("15")
    assert len(attempts._failed) == MAX_KEPT - 1


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/a\nb", ""]
)
def test_a_log_in_leads_to_no_other_server(small_store: Root, elsewhere: str) -> None:
    client = create_app(small_store, Access(users=USERS)).server.test_client()
    answer = client.post("/login", data={"name": "ann", "password": PASSWORD, "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_the_form_shows_what_was_asked_as_text(client: FlaskClient) -> None:
    page = client.get('/login?next=/"><script>x</script>').text
    assert "<script" not in page
    assert client.get("/login").headers["Cache-Control"] == "no-store"


def role(server: Any, **request: Any) -> tuple[str | None, bool]:
    """Who the person of a request is, and whether he may review."""
    with server.test_request_context("/", **request):
        server.preprocess_request()
        return access.person(), access.may_review()


def test_reviewers_may_review_and_readers_may_not(small_store: Root) -> None:
    for name, may in (("ann", True), ("bob", False)):
        server = create_app(small_store, Access(users=USERS)).server
        found: list[tuple[str | None, bool]] = []
        server.add_url_rule("/who", view_func=lambda f=found: (f.append((access.person(), access.may_review())), "")[1])
        client = server.test_client()
        log_in(client, name)
        client.get("/who")
        assert found == [(name, may)]


def test_without_users_the_machine_decides_who_may_review(small_store: Root) -> None:
    assert role(create_app(small_store).server) == (None, True)
    assert role(create_app(small_store, Access(anonymous="reader")).server) == (None, False)


def test_a_header_names_a_person_from_the_proxy_only(small_store: Root) -> None:
    server = create_app(small_store, Access(users=USERS, proxy="192.0.2.7", proxy_header="X-User")).server

    def ask(address: str | None, name: str) -> tuple[str | None, bool]:
        return role(server, headers={"X-User": name}, environ_base={"REMOTE_ADDR": address})

    assert ask("192.0.2.7", "ann") == ("ann", True)
    assert ask("192.0.2.7", "someone") == ("someone", False)
    for address, name in (("192.0.2.8", "ann"), ("192.0.2.7", " "), ("", "ann"), ("unix:", "ann")):
        assert ask(address, name) == (None, False)


def test_without_users_of_its_own_the_proxy_is_the_only_door(small_store: Root) -> None:
    client = create_app(small_store, Access(proxy="192.0.2.7")).server.test_client()
    assert client.get("/").status_code == 401
    known = {"headers": {"X-Forwarded-User": "eve"}}
    assert client.get("/", environ_base={"REMOTE_ADDR": "192.0.2.7"}, **known).status_code == 200
    assert client.get("/", environ_base={"REMOTE_ADDR": "192.0.2.6"}, **known).status_code == 401


@pytest.mark.parametrize(
    "line", ["ann", "ann:reader", "ann:owner:scrypt:x", "ann:reader:plain", ":reader:scrypt:x", ""]
)
def test_a_line_that_is_no_user_is_refused_without_its_secret(line: str) -> None:
    with pytest.raises(InputError, match="a file") as error:
        read_users(line, "a file")
    assert "plain" not in str(error.value).split("not 'name")[0]


def test_a_file_of_users_must_be_readable_and_no_one_elses(tmp_path: Path) -> None:
    path = tmp_path / "users"
    with pytest.raises(InputError, match="cannot be read"):
        read_users_file(path)
    path.write_text(user_line("ann", "reader", PASSWORD))
    path.chmod(0o600)
    assert read_users_file(path)["ann"] == User("ann", "reader", read_users_file(path)["ann"].password)
    path.chmod(0o666)
    with pytest.raises(InputError, match="chmod 600"):
        read_users_file(path)


@pytest.mark.parametrize(
    ("name", "role", "password"),
    [("", "reader", PASSWORD), ("a:b", "reader", PASSWORD), ("#a", "reader", PASSWORD), ("a\n", "reader", PASSWORD),
     ("ann", "owner", PASSWORD), ("ann", "reader", "short"), ("ann", "reader", "x" * 2000)],
)  # fmt: skip
def test_a_user_who_cannot_log_in_is_not_made(name: str, role: str, password: str) -> None:
    with pytest.raises(InputError):
        user_line(name, role, password)

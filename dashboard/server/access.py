"""Who may see the dashboard, and who may review: by a log-in, by a proxy that did the log-in, or by the machine itself.

Passwords are kept as scrypt hashes (werkzeug's, N = 2^15, r = 8, as OWASP's Password Storage Cheat Sheet asks for with
p = 3; here p = 1 and a limit on attempts). A session is a signed cookie of twelve hours; its key is made anew by each
process, so that a restart ends all sessions.
"""

import ipaddress
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, cast
from urllib.parse import quote

from flask import Flask, Response, abort, g, make_response, redirect, render_template_string, request, session
from werkzeug.security import check_password_hash, generate_password_hash

from store.errors import InputError
from store.terminal import printable

log = logging.getLogger(__name__)
Role = Literal["reader", "reviewer"]
ROLES: tuple[Role, ...] = ("reader", "reviewer")
LOGIN, LOGOUT, HEALTH = "/login", "/logout", "/healthz"
OPEN_PATHS = (LOGIN, HEALTH)
"""What is answered without a log-in: a load balancer has none."""
SESSION_HOURS = 12
"""A session outlasts a working day, and a lost device is no door the next morning."""
ATTEMPTS, WINDOW = 5, 300.0
"""Wrong passwords of one name or from one address, and the seconds after which they are forgotten."""
MAX_KEPT = 10_000
"""Names and addresses whose attempts are kept: the oldest goes, so that memory is bounded."""
MAX_PASSWORD = 1024
"""Characters of a password: hashing a longer one is work for an attacker to ask for."""
MIN_PASSWORD = 12
"""Characters of a new password: above the 8 that NIST SP 800-63B asks for at the least."""


@dataclass(frozen=True)
class User:
    """A person who may log in: the hash of the password, and the role."""

    name: str
    role: Role
    password: str


@dataclass(frozen=True)
class Access:
    """Who may see and review. Without users and proxy everybody who reaches the server is `anonymous`.

    `proxy` is the only address from which `proxy_header` is believed to name a person; `users` gives that person's
    role, others are readers. `hosts` are names in the header Host that are answered beside addresses and localhost.
    `https` says that browsers come by HTTPS: then cookies are sent by that only.
    """

    users: Mapping[str, User] = field(default_factory=dict)
    anonymous: Role = "reviewer"
    proxy: str | None = None
    proxy_header: str = "X-Forwarded-User"
    hosts: frozenset[str] = frozenset()
    https: bool = False

    @property
    def required(self) -> bool:
        """Whether a person must be known."""
        return bool(self.users) or self.proxy is not None


def read_users(text: str, source: str) -> dict[str, User]:
    """Users of lines 'name:role:hash', as `aislemap password` prints them; blank lines and '#' are left out.

    InputError, naming `source` and the line but never the hash, for any other line.
    """
    users = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.strip().partition(":")
        role, _, hashed = rest.partition(":")
        if not name or role not in ROLES or not hashed.startswith("scrypt:"):
            raise InputError(
                f"Line {number} of {source} is not 'name:role:hash' with a role of {' or '.join(ROLES)} and a hash of "
                "scrypt; make it by `aislemap password NAME`."
            )
        users[name] = User(name, role, hashed)
    if not users:
        raise InputError(f"{source} names no user; make a line by `aislemap password NAME`.")
    return users


def read_users_file(path: Path) -> dict[str, User]:
    """As `read_users` of a file; InputError also if it cannot be read, or if others may write it."""
    try:
        if path.stat().st_mode & 0o022:
            raise InputError(f"The file of users {path} can be written by others; run: chmod 600 {path}")
        return read_users(path.read_text(encoding="utf-8"), f"the file {path}")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The file of users {path} cannot be read ({error}); check --users.") from error


def user_line(name: str, role: str, password: str) -> str:
    """The line of a user with the hash of the password. InputError for a name, role or password that cannot be."""
    if not name or not name.isprintable() or ":" in name or name.startswith("#") or role not in ROLES:
        roles = " and ".join(ROLES)
        raise InputError(f"{name!r} with the role {role!r} is no user; roles are {roles}, and a name has no ':'.")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InputError(f"The password has {len(password)} characters; give {MIN_PASSWORD} to {MAX_PASSWORD}.")
    return f"{name}:{role}:{generate_password_hash(password, 'scrypt')}"


def may_review() -> bool:
    """Whether the person of the present request may change reviews. Ask it in each callback that writes one."""
    return bool(g.get("role") == "reviewer")


def person() -> str | None:
    """The name of the person of the present request; None where nobody has to log in."""
    return cast("str | None", g.get("person"))


class Attempts:
    """Wrong passwords by name and by address, to slow down guessing; for many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, *keys: str) -> float:
        """Seconds until one more attempt is allowed; 0 if it is now."""
        now = self._clock()
        with self._lock:
            full = [times for key in keys if len(times := self._recent(key, now)) >= ATTEMPTS]
        return max((times[0] + WINDOW - now for times in full), default=0.0)

    def failed(self, *keys: str) -> None:
        """Count a wrong password."""
        now = self._clock()
        with self._lock:
            for key in keys:
                self._failed[key] = [*self._recent(key, now), now][-ATTEMPTS:]
                self._failed.move_to_end(key)
            while len(self._failed) > MAX_KEPT:
                self._failed.popitem(last=False)

    def succeeded(self, *keys: str) -> None:
        """Forget the wrong ones."""
        with self._lock:
            for key in keys:
                self._failed.pop(key, None)

    def _recent(self, key: str, now: float) -> list[float]:
        return [moment for moment in self._failed.get(key, []) if now - moment < WINDOW]


def guard(server: Flask, access: Access) -> None:
    """Ask for a log-in before any route but `OPEN_PATHS`, and add the routes of the log-in itself."""
    server.secret_key = secrets.token_bytes(32)
    server.config.update(
        SESSION_COOKIE_NAME="aislemap",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=access.https,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
    )

    @server.before_request  # type: ignore[untyped-decorator,unused-ignore]
    def identify() -> Response | None:
        g.person, g.role = known(access)
        if g.role is not None or request.path in OPEN_PATHS:
            return None
        if access.users and request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "document") == "document":
            asked = request.full_path.rstrip("?")
            return cast("Response", redirect(f"{LOGIN}?next={quote(asked, safe='/')}"))
        return abort(401, "Log in first.")

    if access.users:
        _add_login(server, access)


def known(access: Access) -> tuple[str | None, Role | None]:
    """The name and role of the person of the present request; no role if nobody is known who has to be."""
    if not access.required:
        return None, access.anonymous
    name = None
    if access.proxy is not None and _same_address(request.remote_addr, access.proxy):
        name = request.headers.get(access.proxy_header, "").strip() or None
        if name is not None:
            return name, access.users[name].role if name in access.users else "reader"
    user = access.users.get(session.get("name", ""))
    return (None, None) if user is None else (user.name, user.role)


def _same_address(one: str | None, other: str) -> bool:
    try:
        return ipaddress.ip_address(one or "") == ipaddress.ip_address(other)
    except ValueError:
        return False


def _add_login(server: Flask, access: Access) -> None:
    attempts = Attempts()
    # checked for a name that is not there, so that the time of an answer does not say which names are
    unknown = generate_password_hash(secrets.token_hex(), "scrypt")

    @server.get(LOGIN)  # type: ignore[untyped-decorator,unused-ignore]
    def form() -> Response:
        return _form(200)

    @server.post(LOGIN)  # type: ignore[untyped-decorator,unused-ignore]
    def login() -> Response:
        name, password = request.form.get("name", "")[:200], request.form.get("password", "")
        keys = (f"name {name}", f"address {request.remote_addr}")
        if seconds := attempts.wait(*keys):
            response = _form(429, f"Too many wrong passwords; try again in {seconds / 60:.0f} minutes.")
            response.headers["Retry-After"] = str(int(seconds) + 1)
            return response
        user = access.users.get(name)
        # before the check: many at once are no way around the limit
        attempts.failed(*keys)
        right = check_password_hash(user.password if user else unknown, password[:MAX_PASSWORD])
        if user is None or not right or len(password) > MAX_PASSWORD:
            log.warning("a log-in of %s from %s failed", printable(name), request.remote_addr)
            return _form(401, "The name or the password is wrong.")
        attempts.succeeded(*keys)
        session.clear()
        session["name"] = user.name
        session.permanent = True
        return cast("Response", redirect(_inside(request.form.get("next", "")), 303))

    @server.post(LOGOUT)  # type: ignore[untyped-decorator,unused-ignore]
    def logout() -> Response:
        session.clear()
        return cast("Response", redirect(LOGIN, 303))


def _inside(address: str) -> str:
    """An address of this server; '/' for one that leads elsewhere, as '//other.example' does."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if inside else "/"


def _form(status: int, message: str = "") -> Response:
    asked = request.values.get("next", "/")
    response = make_response(render_template_string(FORM, message=message, next=_inside(asked)), status)
    response.headers["Cache-Control"] = "no-store"
    return response


FORM = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>aislemap: log in</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark }
body { font: 16px system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 0 }
form { display: grid; gap: .75rem; width: min(20rem, 90vw) }
input, button { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box }
</style></head>
<body><main><form method="post" action="/login">
<h1>aislemap</h1>
{% if message %}<p role="alert">{{ message }}</p>{% endif %}
<label>Name <input name="name" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<input type="hidden" name="next" value="{{ next }}">
<button>Log in</button>
</form></main></body>
</html>"""

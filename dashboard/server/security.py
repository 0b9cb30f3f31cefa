"""What the server refuses, whoever asks, and the security headers of every response."""

import ipaddress
import json
import logging
from typing import Any, cast
from urllib.parse import urlsplit

from dash import Dash
from flask import Response, abort, request
from werkzeug.exceptions import BadRequest, HTTPException

from dashboard.server.access import Access, guard

log = logging.getLogger(__name__)
COMPUTED = ("/selection/", "/sql/", "/reviews")
"""Files that are computed for whoever asks: no page, so no link of another site opens one."""
BODY_LIMIT = 1_000_000
"""Bytes of a request's body. A callback sends the state of a few controls, some kilobytes; Dash would take 30 MB."""
CALLBACKS = "/_dash-update-component"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def protect(app: Dash, access: Access) -> None:
    """Refuse what no browser of ours sends, ask for the log-in, set the headers. Call it last, on a complete app.

    Refused are hosts that are not this server's, posts from other sites, bodies above `BODY_LIMIT`, and posts to
    callbacks that name none or hold what cannot be shown.
    """
    app.server.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    policy = content_policy(app.csp_hashes())

    @app.server.before_request  # type: ignore[untyped-decorator,unused-ignore]
    def refuse_other_hosts() -> None:
        """A web page elsewhere can have its own name point here (DNS rebinding); then Host is that name."""
        if not is_own_host(request.headers.get("Host", ""), access.hosts):
            abort(400, "The header Host names another server; give --allow-host NAME if it is a name of this one.")

    @app.server.before_request  # type: ignore[untyped-decorator,unused-ignore]
    def refuse_other_sites() -> None:
        """Browsers name the origin of a request in Sec-Fetch-Site; clients without that header are not browsers.

        A link of another site may open a page. Anything else it may not ask for: what it cannot read, it can time.
        """
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        opens = request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"
        typed = request.method == "GET" and site == "none"  # the address bar, a bookmark
        if site != "same-origin" and not typed and (not opens or request.path.startswith(COMPUTED)):
            abort(403, "A request from another site is not answered.")

    guard(app.server, access)

    @app.server.before_request  # type: ignore[untyped-decorator,unused-ignore]
    def refuse_unsound() -> None:
        if request.path == CALLBACKS and request.method == "POST":
            check_callback(app, request.get_data(cache=True))

    @app.server.errorhandler(Exception)  # type: ignore[untyped-decorator,unused-ignore]
    def in_one_line(error: Exception) -> Response:
        """Every refusal and every fault is one line of text; the log has the rest of a fault."""
        if isinstance(error, HTTPException):
            status, line = error.code or 500, f"{error.name}. {error.description or ''}"
        elif request.path.startswith("/_dash-component-suites/"):
            status, line = 404, "There is no such script."
        else:
            log.error("%s %s could not be answered", request.method, request.path, exc_info=error)
            status, line = 500, "Something went wrong; the server's log has the details."
        response = Response(" ".join(line.split()) + "\n", status, mimetype="text/plain")
        if isinstance(error, HTTPException):
            response.headers.extend((k, v) for k, v in error.get_headers() if k in ("Allow", "Retry-After", "Location"))
        return response

    @app.server.after_request  # type: ignore[untyped-decorator,unused-ignore]
    def add_headers(response: Response) -> Response:
        response.headers.update({**HEADERS, "Content-Security-Policy": policy})
        if access.https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response


def is_own_host(header: str, names: frozenset[str] = frozenset()) -> bool:
    """Whether a header Host is an address, localhost, or one of `names`: no other name can be ours by DNS rebinding."""
    try:
        host = urlsplit(f"//{header}").hostname or ""
        _ = urlsplit(f"//{header}").port
    except ValueError:
        return False
    if header != header.strip() or any(sign in header for sign in "/@?#\\"):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host in names
    return True


def check_callback(app: Dash, body: bytes) -> None:
    """BadRequest, with a line that says why, unless a body asks one of the app's callbacks as its own pages do."""
    try:
        asked = json.loads(body)
        json.dumps(asked, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadRequest("The text holds half of a surrogate pair.") from error
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not JSON that can be read.") from error
    if not isinstance(asked, dict) or not isinstance(output := asked.get("output"), str):
        raise BadRequest("The body names no output.")
    found = app.callback_map.get(output)
    if found is None or "callback" not in found:
        raise BadRequest("No callback has this output.")
    outputs = _named(output)
    if asked.get("outputs") != (outputs if output.startswith("..") else outputs[0]):
        raise BadRequest("The outputs are not those of the callback.")
    for part, fields in (("inputs", found["inputs"]), ("state", found["state"])):
        sent = asked.get(part, [])
        if not isinstance(sent, list) or list(map(_component, sent)) != list(map(_component, fields)):
            raise BadRequest(f"The {part} are not those of the callback.")
    changed = asked.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(name, str) for name in changed):
        raise BadRequest("The changed properties are not a list of names.")


def _named(output: str) -> list[dict[str, str]]:
    """The components of an output as Dash writes it: 'a.children', or '..a.children...b.data..' for several."""
    names = output[2:-2].split("...") if output.startswith("..") else [output]
    return [dict(zip(("id", "property"), name.rsplit(".", 1), strict=False)) for name in names]


def _component(sent: Any) -> tuple[str, str] | None:
    """A component's id and property; None for what is no component."""
    if not isinstance(sent, dict) or not isinstance(sent.get("id"), str) or not isinstance(sent.get("property"), str):
        return None
    return cast("tuple[str, str]", (sent["id"], sent["property"]))


def content_policy(script_hashes: list[str]) -> str:
    """The content-security policy: everything from this server; the only inline scripts are Dash's own, by hash.

    Plotly writes style elements, hence 'unsafe-inline' for styles. Inline scripts and handlers, by which a hostile
    product name could act, are forbidden, and so is making code of text: the maps are not plotly's WebGL plots. Forms
    go to the log-in here only.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {' '.join(script_hashes)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )

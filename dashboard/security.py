"""The security headers of every response, and the requests that are refused."""

from dash import Dash
from flask import Response, abort, request

BODY_LIMIT = 1_000_000
"""Bytes of a request's body. A callback sends the state of a few controls, some kilobytes; Dash would take 30 MB."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def protect(app: Dash) -> None:
    """Limit bodies, refuse posts from other sites, and set the headers. Call it last, when the app is complete."""
    app.server.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    policy = content_policy(app.csp_hashes())

    @app.server.before_request  # type: ignore[untyped-decorator,unused-ignore]
    def refuse_other_sites() -> None:
        """Browsers name the origin of a post in Sec-Fetch-Site; clients without that header are not browsers."""
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            abort(403)

    @app.server.after_request  # type: ignore[untyped-decorator,unused-ignore]
    def add_headers(response: Response) -> Response:
        response.headers.update({**HEADERS, "Content-Security-Policy": policy})
        return response


def content_policy(script_hashes: list[str]) -> str:
    """The content-security policy: everything from this server; the only inline scripts are Dash's own, by hash.

    Plotly writes style elements, hence 'unsafe-inline' for styles. Inline scripts and handlers, by which a hostile
    product name could act, are forbidden, and so is making code of text: the maps are not plotly's WebGL plots.
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
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )

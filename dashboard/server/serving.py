"""What is served beside the pages: style sheets, scripts and thumbnails, all compressed and kept by the browser."""

import gzip
from functools import lru_cache
from pathlib import Path

import flask_bootstrap
from dash import Dash
from flask import Response, abort, request

from dashboard import context, theme
from store.errors import SnapshotNotFound, StoreMissing
from store.questions import catalogue
from store.reader import Reader

FOREVER = "private, max-age=31536000, immutable"
"""For addresses that name their content: a browser does not ask again."""
COMPRESSED = ("text/html", "text/css", "text/javascript", "application/javascript", "application/json")
COMPRESSED_FROM = 1_000
"""Bytes of an answer from which it is compressed: below, it goes in one packet anyway."""
PLOTLY = Path(__file__).parent.parent / "vendor" / "plotly-cartesian-4.1.1.min.js.gz"
"""Plotly's bundle of cartesian plots, a third of the whole: scripts/plotly.sh gets it from npm. It holds no WebGL, and
so none of the code that would need 'unsafe-eval' in the content-security policy.
"""
PLOTLY_SUITE = "/_dash-component-suites/plotly/"
"""Where Dash looks for the whole bundle."""


def serve(app: Dash, reader: Reader) -> None:
    """Add the routes, and compress every answer that is text."""
    app.server.extensions["aislemap"] = reader
    css = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5" / "css" / "bootstrap.min.css"

    @app.server.before_request  # type: ignore[untyped-decorator,unused-ignore]
    def plotly() -> Response | None:
        if not request.path.startswith(PLOTLY_SUITE):
            return None
        response = Response(PLOTLY.read_bytes(), mimetype="text/javascript")
        response.headers["Content-Encoding"] = "gzip"
        return kept(response)

    @app.server.get("/bootstrap.css")  # type: ignore[untyped-decorator,unused-ignore]
    def bootstrap() -> Response:
        return kept(Response(css.read_bytes(), mimetype="text/css"))

    @app.server.get("/theme.css")  # type: ignore[untyped-decorator,unused-ignore]
    def colours() -> Response:
        return kept(Response(theme.css(), mimetype="text/css"))

    @app.server.get("/thumbnail/<token>")  # type: ignore[untyped-decorator,unused-ignore]
    def thumbnail(token: str) -> Response:
        """A product's thumbnail; the token names the images of a snapshot by their content."""
        try:
            found = context.holding(reader, token, "images")
            with reader.cursor(found.number if found else None) as cursor:
                image = catalogue.thumbnail(cursor, request.args.get("id", "")) if found else None
        except (SnapshotNotFound, StoreMissing):
            image = None
        if image is None:
            abort(404)
        response = Response(image, mimetype="image/jpeg")
        response.headers["Cache-Control"] = FOREVER
        return response

    @app.server.after_request  # type: ignore[untyped-decorator,unused-ignore]
    def compress(response: Response) -> Response:
        """Dash's own scripts are in memory once compressed, and so are style sheets; answers are compressed quickly."""
        if "m" in request.args and request.path.startswith("/assets/"):
            response.headers["Cache-Control"] = FOREVER
        if (
            response.status_code != 200
            or response.mimetype not in COMPRESSED
            or "Content-Encoding" in response.headers
            or "gzip" not in request.headers.get("Accept-Encoding", "")
        ):
            return response
        response.direct_passthrough = False
        body = response.get_data()
        if len(body) < COMPRESSED_FROM:
            return response
        static = response.mimetype.endswith(("css", "javascript"))
        response.set_data(smallest(body) if static else gzip.compress(body, 5))
        response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
        return response


def kept(response: Response) -> Response:
    """The response, to be kept by the browser and asked after each time with its ETag."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@lru_cache(maxsize=64)
def smallest(body: bytes) -> bytes:
    """A script or style sheet, compressed as well as gzip can."""
    return gzip.compress(body, 9)

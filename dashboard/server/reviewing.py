"""The one door by which a browser writes to the store: a decision of a reviewer, appended to the log `reviews`.

Host, site and log-in are checked before (`security.protect`). Here a post must be JSON of exactly `FIELDS`, from a page
of this server, by a person who may review, about a finding of the snapshot that the person saw. What is written beside
the decision, as the product's category, is read from the store and not taken from the post.
"""

import io
import json
import logging
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from dash import Dash
from flask import Response, abort, request
from werkzeug.exceptions import BadRequest

from dashboard.server.access import may_review, person
from store import export, logs
from store.errors import SnapshotNotFound, StoreError, StoreMissing
from store.questions import reviews
from store.questions.reviews import DECISIONS, FINDINGS
from store.reader import Reader

log = logging.getLogger(__name__)
FIELDS = ("snapshot", "finding", "product_id", "other_product_id", "decision", "note")
MAX_NOTE = 2_000
"""Characters of a note: some paragraphs, and a full file of the log stays at 40 MB before compression."""
MAX_ID = 1_000
"""Characters of a product's id in a post; a longer one is of no catalogue."""


def serve(app: Dash, reader: Reader, hosts: Collection[str]) -> None:
    """Add POST /reviews and GET /reviews/csv. Pages of this server are those of the header Host, and of `hosts`."""

    @app.server.post("/reviews")  # type: ignore[untyped-decorator,unused-ignore]
    def review() -> tuple[str, int]:
        if not may_review():
            abort(403, "Your role only reads; a reviewer decides.")
        if not _from_here(request.headers.get("Origin", ""), request.headers.get("Host", ""), hosts):
            abort(403, "A review is taken from a page of this server only: the header Origin names another one.")
        if request.mimetype != "application/json":
            abort(415, "A review is sent as application/json.")
        asked = read(request.get_data())
        number, finding, product_id, other = (asked[name] for name in FIELDS[:4])
        try:
            with reader.cursor(number) as cursor:
                item = reviews.item(cursor, finding, product_id, other)
        except (SnapshotNotFound, StoreMissing) as error:
            abort(404, str(error))
        if item is None:
            abort(404, f"Snapshot {number} has no such {finding}.")
        try:
            logs.append(reader.root, "reviews", [{
                **asked, "happened": datetime.now(UTC), "person": person(), "category": item.category,
                "suggested_category": item.suggested_category,
            }])  # fmt: skip
        except (StoreError, OSError) as error:
            log.error("a review could not be written: %s", error)
            abort(503, f"The review was not written: {error}")
        return "", 204

    @app.server.get("/reviews/csv")  # type: ignore[untyped-decorator,unused-ignore]
    def reviews_csv() -> Response:
        """What was decided, one row per product or pair, as CSV that a spreadsheet opens without running any of it."""
        try:
            with reader.cursor() as cursor:
                table = reviews.exported(cursor)
        except StoreMissing as error:
            abort(404, str(error))
        file = io.BytesIO()
        export.write(table, "csv", file)
        response = Response(file.getvalue(), mimetype="text/csv")
        response.headers["Content-Disposition"] = "attachment; filename=reviews.csv"
        response.headers["Cache-Control"] = "private, no-cache"
        return response


def read(body: bytes) -> dict[str, Any]:
    """A review as it was posted, its note stripped; BadRequest, with a line that says why, if it is unsound."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not JSON that can be read.") from error
    if not isinstance(sent, dict) or sorted(map(str, sent)) != sorted(FIELDS):
        raise BadRequest(f"A review has the fields {', '.join(FIELDS)}.")
    number, finding, product_id, other, decision, note = (sent[name] for name in FIELDS)
    if type(number) is not int or not 0 < number < 10**8:
        raise BadRequest("The snapshot is not the number of one.")
    if finding not in FINDINGS:
        raise BadRequest(f"A finding is {' or '.join(FINDINGS)}.")
    if decision not in DECISIONS:
        raise BadRequest(f"A decision is one of {', '.join(DECISIONS)}.")
    if not _is_text(product_id, MAX_ID) or not (other is None or _is_text(other, MAX_ID)):
        raise BadRequest(f"The id of a product is text of at most {MAX_ID:,} characters.")
    if (finding == "duplicate") != (other is not None):
        raise BadRequest("A duplicate has another product, and a suspect has none.")
    if not (note is None or _is_text(note, MAX_NOTE)):
        raise BadRequest(f"A note is text of at most {MAX_NOTE:,} characters.")
    if decision == "note" and note is None:
        raise BadRequest("There is no note.")
    return {**sent, "note": None if note is None else note.strip()}


def _is_text(value: Any, most: int) -> bool:
    """Whether it is text that can be stored: no longer than that, and without half of a surrogate pair."""
    return isinstance(value, str) and len(value) <= most and value.encode("utf-8", "replace").decode() == value


def _from_here(origin: str, host: str, hosts: Collection[str]) -> bool:
    """Whether an Origin is this server: its Host, or a name of `hosts` where a proxy puts its own Host."""
    try:
        there = urlsplit(origin)
        return there.scheme in ("http", "https") and (there.netloc.lower() == host.lower() or there.hostname in hosts)
    except ValueError:
        return False

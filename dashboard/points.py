"""The points of the maps and their columns, sent to the browser once: binary, and kept by the content of the address.

An answer is four bytes with the length of a JSON header (little-endian), the header, and arrays of numbers. The header
is padded so that the arrays start at a multiple of eight bytes.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from dash import Dash
from flask import Response, abort, jsonify, request

from dashboard import context
from dashboard.serving import FOREVER
from store.errors import SnapshotNotFound, StoreMissing
from store.questions import catalogue, points
from store.reader import Reader

BRIEFS = 24
"""Products that are described in one answer: as many as the tray shows."""


def serve(app: Dash, reader: Reader) -> None:
    """Add the routes. Each begins with the token of the tables that it rests on, see `Context.token`."""

    def found(token: str) -> context.Context:
        try:
            kept = context.holding(reader, token, *points.TABLES)
        except (SnapshotNotFound, StoreMissing):
            kept = None
        return kept or abort(404)

    def route(path: str) -> Callable[[Any], Any]:
        return app.server.get(f"/points/<token>/{path}")  # type: ignore[no-any-return,unused-ignore]

    @route("map/<method>/<reducer>")
    def positions(token: str, method: str, reducer: str) -> Response:
        made = found(token).ask(points.positions, method, reducer)
        if made is None:
            abort(404)
        return packed({"centre": made.centre, "scale": made.scale}, made.x, made.y)

    @route("categories")
    def categories(token: str) -> Response:
        made = found(token).ask(points.categories)
        return packed({"names": made.names}, made.codes)

    @route("groups/<method>/<grouping>")
    def groups(token: str, method: str, grouping: str) -> Response:
        codes, matched = found(token).ask(points.groups, method, grouping)
        return packed({"matched": matched, "groups": int(codes.max(initial=0))}, codes)

    @route("values/<path:name>")
    def values(token: str, name: str) -> Response:
        made = found(token).ask(points.values, name, request.args.get("method", ""))
        return packed({"names": made.names}, made.codes if made.codes is not None else made.numbers)

    @route("search")
    def search(token: str) -> Response:
        kept = found(token)
        rows = catalogue.matching_rows
        with reader.cursor(kept.number) as cursor:
            hits = np.isin(kept.ask(points.rows), rows(cursor, request.args.get("q", "")))
        return packed({}, np.packbits(hits, bitorder="little"))

    @route("products")
    def products(token: str) -> Response:
        """The products at the numbers `i` (1,2,3), in that order."""
        kept = found(token)
        rows = kept.ask(points.rows)
        wanted = [int(n) for n in request.args.get("i", "").split(",")[:BRIEFS] if n.isdecimal() and len(n) < 10]
        with reader.cursor(kept.number) as cursor:
            briefs = catalogue.products_at(cursor, [int(rows[n]) for n in wanted if n < len(rows)])
        response = jsonify([[p.product_id, p.name, p.category, p.has_image] for p in briefs])
        response.headers["Cache-Control"] = FOREVER
        return response


def packed(header: dict[str, Any], *arrays: Any) -> Response:
    """An answer as this module's first lines describe it, which the browser keeps."""
    text = json.dumps(header).encode()
    text += b" " * (-(4 + len(text)) % 8)
    body = b"".join([len(text).to_bytes(4, "little"), text, *(array.tobytes() for array in arrays)])
    response = Response(body, mimetype="application/octet-stream")
    response.headers["Cache-Control"] = FOREVER
    return response

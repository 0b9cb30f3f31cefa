"""The points of the maps and what colours them, sent to the browser once: binary, and kept by the address' content.

An answer is four bytes with the length of a JSON header (little-endian), the header, and arrays of numbers. The header
is padded so that the arrays start at a multiple of eight bytes.

Of a catalogue of more than `WHOLE_TO` products the browser gets every n-th product for its view of the whole, and all
products of a region, or of a selection, where there are at most `PART_TO`.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from dash import Dash
from flask import Response, abort, jsonify, request
from numpy.typing import NDArray

from dashboard import context
from dashboard.context import Context
from dashboard.server.serving import FOREVER
from store.errors import SnapshotNotFound, StoreMissing
from store.questions import catalogue, colours, points
from store.questions.colours import Colours
from store.reader import Reader

BRIEFS = 24
"""Products that are described in one answer: as many as the tray shows."""
WHOLE_TO = 300_000
"""Products up to which a map is sent whole: it takes 1.5 MB with its colours, five bytes a product."""
PART_TO = 40_000
"""Products that the answer for a region or a selection holds: 360 kB, nine bytes a product. Half as many are drawn as
symbols; of more in view, one in four of a million shows no less.
"""


def every(products: int) -> int:
    """N where the browser gets every n-th product of so many: 1 is all."""
    return max(1, -(-products // WHOLE_TO))


def coloured(asked: Context, column: str, method: str = "", grouping: str = "") -> Colours:
    """What colours the products, kept once for the columns that do not depend on the method or the grouping."""
    known = {"method": method, "grouping": grouping}
    return asked.ask(colours.coloured, column, **{name: known[name] for name in colours.BY.get(column, ())})


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
        """Every n-th product of a map, from the first on, where the query has `every`=n; `shown` counts all."""
        made, nth = found(token).ask(points.positions, method, reducer), _nth()
        if made is None:
            abort(404)
        header = {"centre": made.centre, "scale": made.scale, "shown": int(np.count_nonzero(made.x != points.ABSENT))}
        return packed(header, made.x[::nth], made.y[::nth])

    @route("colours/<path:column>")
    def codes(token: str, column: str) -> Response:
        """The codes of every n-th product, a byte each (two where the header's `bytes` is 2)."""
        made = coloured(found(token), column, request.args.get("method", ""), request.args.get("grouping", ""))
        header = {"names": made.names, "counts": made.counts, "scale": made.scale and asdict(made.scale)}
        return packed({**header, "bytes": made.codes.itemsize}, made.codes[:: _nth()])

    @route("region/<method>/<reducer>")
    def region(token: str, method: str, reducer: str) -> Response:
        """The products in the `box` left,low,right,high of a map's grid, as `part` has them."""
        kept = found(token)
        made, box = kept.ask(points.positions, method, reducer), _box(request.args.get("box", ""))
        if made is None or box is None:
            abort(404)
        return part(kept, made, points.in_box(made, *box))

    @route("place/<method>/<reducer>")
    def place(token: str, method: str, reducer: str) -> Response:
        """Where product number `i` is in a map's grid: [x, y], or null where it is not on it."""
        made, number = found(token).ask(points.positions, method, reducer), request.args.get("i", "")
        if made is None or not number.isdecimal() or len(number) > 9 or int(number) >= len(made.x):
            abort(404)
        at = [int(made.x[int(number)]), int(made.y[int(number)])]
        response = jsonify(at if at[0] != points.ABSENT else None)
        response.headers["Cache-Control"] = FOREVER
        return response

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


def part(asked: Context, made: points.Positions, numbers: NDArray[np.int64]) -> Response:
    """The numbers, places and codes of these products of a map, by the column `colour` of the query.

    None of them if they are more than `PART_TO`; the header's `count` says how many they are.
    """
    args = request.args
    codes = coloured(asked, args.get("colour", ""), args.get("of", ""), args.get("grouping", "")).codes
    sent = numbers if len(numbers) <= PART_TO else numbers[:0]
    header = {"count": len(numbers), "bytes": codes.itemsize}
    return packed(header, sent.astype(np.uint32), made.x[sent], made.y[sent], codes[sent])


def _nth() -> int:
    text = request.args.get("every", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 9 else 1


def _box(text: str) -> tuple[int, int, int, int] | None:
    try:
        left, low, right, high = (max(-32768, min(32767, int(part))) for part in text.split(","))
    except ValueError:
        return None
    return left, low, right, high


def packed(header: dict[str, Any], *arrays: Any) -> Response:
    """An answer as this module's first lines describe it, which the browser keeps."""
    text = json.dumps(header).encode()
    text += b" " * (-(4 + len(text)) % 8)
    body = b"".join([len(text).to_bytes(4, "little"), text, *(array.tobytes() for array in arrays)])
    response = Response(body, mimetype="application/octet-stream")
    response.headers["Cache-Control"] = FOREVER
    return response

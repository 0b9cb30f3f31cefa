"""The selection of the maps at the server: the same rule of an address gives the same products as in the browser.

The rule is what the page Projections keeps in its address: `lasso` (a polygon on a map), `focus` (names of the legend,
of the column `colour`, by the grouping `grouping` of the method `m0`), `q` (words) and `where` (the rules of
`selection`). The page Products adds `category`. A product is selected that is in all of them.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from dash import Dash
from flask import Response, abort, request
from numpy.typing import NDArray

from dashboard import context, selection
from dashboard.conditions import Place
from dashboard.context import Context
from dashboard.points import packed
from store import export
from store.errors import AislemapError, SnapshotNotFound, StoreMissing
from store.questions import catalogue, points
from store.questions.ask import Cursor, column
from store.reader import Reader

ALL = "*"
"""What the list of categories has for all of them."""
CORNERS = 500
"""Corners of a polygon at most: an address holds no more."""
FORMS = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


@dataclass(frozen=True)
class Rule:
    """A selection as an address has it; an empty part selects everything."""

    lasso: str = ""
    focus: tuple[str, ...] = ()
    colour: str = "category"
    grouping: str = ""
    method: str = ""
    text: str = ""
    category: str = ""
    where: tuple[str, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether there is a polygon or a name: what the search of the page Products does not do itself."""
        return bool(self.lasso or self.focus)


def rule(query: Mapping[str, Any]) -> Rule:
    """The rule of an address' values, by the names of the parameters."""
    return Rule(
        query.get("lasso") or "",
        tuple(query.get("focus") or ()),
        query.get("colour") or "category",
        query.get("grouping") or "",
        query.get("m0") or "",
        query.get("q") or "",
        (query.get("category") or "").removeprefix(ALL),
        tuple(query.get("where") or ()),
    )


def rows(asked: Context, cursor: Cursor, wanted: Rule) -> list[int]:
    """The catalogue rows of the selected products, in order. BadRule, or what `selection.query` raises."""
    found = catalogue.matching_rows(cursor, wanted.text, wanted.category or None)
    if wanted.where:
        by = selection.query(selection.read(wanted.where), Place(cursor, asked.root, asked.number))
        sql = f"SELECT catalogue_row FROM products WHERE product_id IN ({by.sql})"
        among = set(column(cursor, sql, by.values))
        found = [row for row in found if row in among]
    if not wanted.narrows:
        return found
    chosen = np.ones(len(asked.ask(points.rows)), dtype=bool)
    if wanted.focus:
        names, codes = _column(cursor, wanted)
        chosen &= np.isin(codes, [names.index(name) + 1 for name in wanted.focus if name in names])
    if wanted.lasso:
        chosen &= _inside(cursor, wanted.lasso)
    return [int(row) for row in np.intersect1d(np.array(found, dtype=np.int64), asked.ask(points.rows)[chosen])]


def serve(app: Dash, reader: Reader) -> None:
    """Add the downloads: /selection/csv and /selection/parquet with a rule and the `number` of a snapshot.

    /selection/bits is what the maps need of the rules `where`: a bit for each product, and the rules in words.
    """

    @app.server.get("/selection/bits")  # type: ignore[untyped-decorator,unused-ignore]
    def bits() -> Response:
        asked, wanted = asked_for(), Rule(where=tuple(request.args.getlist("where")))
        with reader.cursor(asked.number) as cursor:
            try:
                chosen = np.isin(asked.ask(points.rows), rows(asked, cursor, wanted))
                words = selection.describe(selection.read(wanted.where))
            except AislemapError as error:
                return Response(f"{error}\n", 400, mimetype="text/plain")
        response = packed({"words": words}, np.packbits(chosen, bitorder="little"))
        response.headers["Cache-Control"] = "private, no-cache"
        return response

    def asked_for() -> Context:
        number = request.args.get("number", "")
        if not number.isdecimal() or len(number) > 8:
            abort(404)
        try:
            return context.of(reader, int(number))
        except (SnapshotNotFound, StoreMissing):
            abort(404)

    @app.server.get("/selection/<form>")  # type: ignore[untyped-decorator,unused-ignore]
    def download(form: str) -> Response:
        if form not in FORMS:
            abort(404)
        asked = asked_for()
        lists = {name: request.args.getlist(name) for name in ("focus", "where")}
        wanted = rule({**request.args, **lists})
        with reader.cursor(asked.number) as cursor:
            try:
                chosen = rows(asked, cursor, wanted)
            except AislemapError as error:
                return Response(f"{error}\n", 400, mimetype="text/plain")
            table = cursor.sql(
                """SELECT * EXCLUDE (other_images) FROM products
                   WHERE catalogue_row IN (SELECT unnest(?::BIGINT[])) ORDER BY catalogue_row""",
                params=[chosen],
            ).to_arrow_table()
        file = io.BytesIO()
        export.write(table, form, file)
        response = Response(file.getvalue(), mimetype=FORMS[form])
        response.headers["Content-Disposition"] = f"attachment; filename=selection.{form}"
        response.headers["Cache-Control"] = "private, no-cache"
        return response


def _column(cursor: Cursor, wanted: Rule) -> tuple[Sequence[str], NDArray[np.uint16]]:
    """The names of the legend and the code of each product: as `Colour.coloured` of assets/maps-paint.js has them."""
    categories = points.categories(cursor)
    truth = _codes(categories)
    if wanted.colour == "category":
        return categories.names, truth
    if wanted.colour not in ("cluster", "match"):
        made = points.values(cursor, wanted.colour, wanted.method)
        return made.names, _codes(made) if made.codes is not None else np.zeros_like(truth)
    groups, matched = points.groups(cursor, wanted.method, wanted.grouping)
    if wanted.colour == "cluster" and not categories.names:
        return [f"group {i}" for i in range(int(groups.max(initial=0)))], groups
    code = {name: i for i, name in enumerate(categories.names, start=1)}
    of_group = np.zeros(int(groups.max(initial=0)) + 2, dtype=np.uint16)
    for group, name in matched.items():
        of_group[group + 1] = code.get(name, 0)
    if wanted.colour == "cluster":
        return categories.names, of_group[groups]
    known = (groups > 0) & (truth > 0)
    return ["right", "wrong"], np.where(known, np.where(of_group[groups] == truth, 1, 2), 0).astype(np.uint16)


def _codes(made: points.Values) -> NDArray[np.uint16]:
    return made.codes if made.codes is not None else np.zeros(0, dtype=np.uint16)


def _inside(cursor: Cursor, lasso: str) -> NDArray[np.bool_]:
    """Which products are inside a polygon 'method.reducer:x,y;x,y;...': by the even-odd rule, as assets/maps-pick.js.

    None is where the map does not exist or the polygon cannot be read.
    """
    where, _, corners = lasso.partition(":")
    method, _, reducer = where.partition(".")
    made = points.positions(cursor, method, reducer)
    try:
        polygon = np.array([[float(part) for part in corner.split(",")] for corner in corners.split(";")])
    except ValueError:
        polygon = np.zeros((0, 2))
    there = np.zeros(len(made.x) if made else len(points.rows(cursor)), dtype=bool)
    if made is None or polygon.ndim != 2 or polygon.shape[1] != 2 or not 3 <= len(polygon) <= CORNERS:
        return there
    ends = (polygon - np.array(made.centre)) / made.scale
    x, y = made.x.astype(np.float64), made.y.astype(np.float64)
    for (x1, y1), (x0, y0) in zip(ends, np.roll(ends, 1, axis=0), strict=True):
        if y1 != y0:
            crossed = ((y1 > y) != (y0 > y)) & (x < (x0 - x1) * (y - y1) / (y0 - y1) + x1)
            there ^= crossed
    inside: NDArray[np.bool_] = there & (made.x != -32768)
    return inside

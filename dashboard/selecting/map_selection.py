"""The selection of the maps at the server: the same rule of an address gives the same products as in the browser.

The rule is what the page Map keeps in its address: `lasso` (a polygon on a map), `focus` (names of the legend,
of the column `colour`, by the grouping `grouping` of the method `m0`), `q` (words) and `where` (the rules of
`selection`). The page Products adds `category`. A product is selected that is in all of them.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from dash import Dash
from flask import Response, abort, request
from numpy.typing import NDArray

from dashboard import context
from dashboard.context import Context
from dashboard.selecting import selection
from dashboard.selecting.conditions import Place
from dashboard.server.points import coloured, packed, part
from store import export, logs
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
        "" if query.get("category") == ALL else query.get("category") or "",
        tuple(query.get("where") or ()),
    )


def rows(asked: Context, cursor: Cursor, wanted: Rule) -> list[int]:
    """The catalogue rows of the selected products, in order. BadRule, or what `selection.query` raises."""
    found: list[int] = asked.ask(points.rows)[chosen(asked, cursor, wanted)].tolist()
    return found


def bits(asked: Context, wanted: Rule, stamp: str) -> NDArray[np.uint8]:
    """A bit for each product, as `chosen` has it: to be kept, as the maps ask for the same selection several times.

    `stamp` is that of the logs, which grow within a snapshot and which a rule by SQL may read (`logs.stamp`).
    """
    with asked.cursor() as cursor:
        return np.packbits(chosen(asked, cursor, wanted), bitorder="little")


def chosen(asked: Context, cursor: Cursor, wanted: Rule) -> NDArray[np.bool_]:
    """Whether each product is selected, in catalogue order. BadRule, or what `selection.query` raises."""
    every = asked.ask(points.rows)
    among = np.ones(len(every), dtype=bool)
    if wanted.text or wanted.category:
        among &= np.isin(every, catalogue.matching_rows(cursor, wanted.text, wanted.category or None))
    if wanted.where:
        by = selection.query(selection.read(wanted.where), Place(cursor, asked.root, asked.number))
        sql = f"SELECT catalogue_row FROM products WHERE product_id IN ({by.sql})"
        among &= np.isin(every, column(cursor, sql, by.values))
    if wanted.focus:
        made = coloured(asked, wanted.colour, wanted.method, wanted.grouping)
        named = [made.names.index(name) + 1 for name in wanted.focus if name in made.names]
        if named:  # a name of another column selects nothing away, here as in the browser
            among &= np.isin(made.codes, named)
    if wanted.lasso:
        inside = np.zeros(len(every), dtype=bool)
        inside[_inside(asked, wanted.lasso)] = True
        among &= inside
    return among


def query(asked: Context, cursor: Cursor, wanted: Rule) -> selection.Query:
    """SQL that gives the `catalogue_row` of each selected product. BadRule, or what `selection.query` raises."""
    if wanted.narrows:
        return selection.Query("SELECT unnest(?::BIGINT[]) AS catalogue_row", [rows(asked, cursor, wanted)])
    sql, values = catalogue.matching(cursor, wanted.text, wanted.category or None)
    if wanted.where:
        by = selection.query(selection.read(wanted.where), Place(cursor, asked.root, asked.number))
        sql = f"SELECT catalogue_row FROM products WHERE catalogue_row IN ({sql}) AND product_id IN ({by.sql})"
        values = [*values, *by.values]
    return selection.Query(sql, values)


def serve(app: Dash, reader: Reader) -> None:
    """Add the downloads: /selection/csv and /selection/parquet with a rule and the `number` of a snapshot.

    For the maps, /selection/bits has a bit for each product, and the rules `where` in words; /selection/points has the
    selected products of a map, as `points.part`.
    """

    @app.server.get("/selection/bits")  # type: ignore[untyped-decorator,unused-ignore]
    def selected_bits() -> Response:
        asked, wanted = asked_for()
        try:
            made = asked.draw(bits, wanted, logs.stamp(asked.root))
            words = selection.describe(selection.read(wanted.where)) if wanted.where else ""
        except AislemapError as error:
            return Response(f"{error}\n", 400, mimetype="text/plain")
        response = packed({"words": words}, made)
        response.headers["Cache-Control"] = "private, no-cache"
        return response

    @app.server.get("/selection/points/<method>/<reducer>")  # type: ignore[untyped-decorator,unused-ignore]
    def selected_points(method: str, reducer: str) -> Response:
        asked, wanted = asked_for()
        made = asked.ask(points.positions, method, reducer)
        if made is None:
            abort(404)
        try:
            among = np.unpackbits(
                asked.draw(bits, wanted, logs.stamp(asked.root)), bitorder="little", count=len(made.x)
            )
        except AislemapError as error:
            return Response(f"{error}\n", 400, mimetype="text/plain")
        response = part(asked, made, np.flatnonzero(among.astype(bool) & (made.x != points.ABSENT)))
        response.headers["Cache-Control"] = "private, no-cache"
        return response

    def asked_for() -> tuple[Context, Rule]:
        number = request.args.get("number", "")
        if not number.isdecimal() or len(number) > 8:
            abort(404)
        lists = {name: request.args.getlist(name) for name in ("focus", "where")}
        try:
            return context.of(reader, int(number)), rule({**request.args, **lists})
        except (SnapshotNotFound, StoreMissing):
            abort(404)

    @app.server.get("/selection/<form>")  # type: ignore[untyped-decorator,unused-ignore]
    def download(form: str) -> Response:
        if form not in FORMS:
            abort(404)
        asked, wanted = asked_for()
        with reader.cursor(asked.number) as cursor:
            try:
                found = rows(asked, cursor, wanted)
            except AislemapError as error:
                return Response(f"{error}\n", 400, mimetype="text/plain")
            table = cursor.sql(
                """SELECT * EXCLUDE (other_images) FROM products
                   WHERE catalogue_row IN (SELECT unnest(?::BIGINT[])) ORDER BY catalogue_row""",
                params=[found],
            ).to_arrow_table()
        file = io.BytesIO()
        export.write(table, form, file)
        response = Response(file.getvalue(), mimetype=FORMS[form])
        response.headers["Content-Disposition"] = f"attachment; filename=selection.{form}"
        response.headers["Cache-Control"] = "private, no-cache"
        return response


def _inside(asked: Context, lasso: str) -> NDArray[np.int64]:
    """The numbers of the products inside a polygon 'method.reducer:x,y;x,y;...'.

    None is where the map does not exist or the polygon cannot be read.
    """
    where, _, corners = lasso.partition(":")
    method, _, reducer = where.partition(".")
    made, polygon = asked.ask(points.positions, method, reducer), _polygon(corners)
    return np.zeros(0, dtype=np.int64) if made is None or polygon is None else points.in_polygon(made, polygon)


def _polygon(text: str) -> NDArray[np.float64] | None:
    """The corners of 'x,y;x,y;...'; None where they cannot be read."""
    try:
        corners = np.array([[float(part) for part in corner.split(",")] for corner in text.split(";")])
    except ValueError:
        return None
    fits = corners.ndim == 2 and corners.shape[1] == 2 and 3 <= len(corners) <= CORNERS
    return corners if fits and np.isfinite(corners).all() else None

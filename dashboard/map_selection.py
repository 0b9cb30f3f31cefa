"""The selection of the maps at the server: the same rule of an address gives the same products as in the browser.

The rule is what the page Projections keeps in its address: `lasso` (a polygon on a map), `focus` (names of the legend,
of the column `colour`, by the grouping `grouping` of the method `m0`) and `q` (words). A product is selected that is in
all of them.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from dash import Dash
from flask import Response, abort, request
from numpy.typing import NDArray

from dashboard import context
from dashboard.context import Context
from store import export
from store.errors import SnapshotNotFound, StoreMissing
from store.questions import catalogue, points
from store.questions.ask import Cursor
from store.reader import Reader

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
    )


def rows(asked: Context, cursor: Cursor, wanted: Rule, category: str | None = None) -> list[int]:
    """The catalogue rows of the selected products (of one category, if one is named), in order."""
    found = catalogue.matching_rows(cursor, wanted.text, category)
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
    """Add the downloads: /selection/csv and /selection/parquet with a rule and the `number` of a snapshot."""

    @app.server.get("/selection/<form>")  # type: ignore[untyped-decorator,unused-ignore]
    def download(form: str) -> Response:
        number = request.args.get("number", "")
        if form not in FORMS or not number.isdecimal() or len(number) > 8:
            abort(404)
        try:
            asked = context.of(reader, int(number))
        except (SnapshotNotFound, StoreMissing):
            abort(404)
        wanted = rule({**request.args, "focus": request.args.getlist("focus")})
        with reader.cursor(asked.number) as cursor:
            table = cursor.sql(
                """SELECT * EXCLUDE (other_images) FROM products
                   WHERE catalogue_row IN (SELECT unnest(?)) ORDER BY catalogue_row""",
                params=[rows(asked, cursor, wanted)],
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

"""The points of maps, each as one array over all products in catalogue order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from store.questions.ask import Cursor

TABLES = ("products", "projections", "clusters", "suspects", "predictions")
"""What the answers of this module and of `colours` rest on."""
ABSENT = -32768
"""Both coordinates of a product that is not on a map."""


@dataclass(frozen=True)
class Positions:
    """A map: `x` and `y` from -32767 to 32767, both `ABSENT` where the method has no vector of the product.

    A coordinate of the map is `centre + scale * x` (or `y`), one scale for both axes.
    """

    x: NDArray[np.int16]
    y: NDArray[np.int16]
    centre: tuple[float, float]
    scale: float


def rows(cursor: Cursor) -> NDArray[np.int64]:
    """The catalogue row of each product, in catalogue order: a point's number is its place in this array."""
    found = cursor.execute("SELECT catalogue_row FROM products ORDER BY catalogue_row").fetchnumpy()["catalogue_row"]
    return np.asarray(found, dtype=np.int64)


def positions(cursor: Cursor, method: str, reducer: str) -> Positions | None:
    """The map of that method and reducer; None if there is none."""
    found = cursor.execute(
        """SELECT j.x, j.y FROM products p
           LEFT JOIN (SELECT product_id, x, y FROM projections WHERE method = ? AND reducer = ?) j USING (product_id)
           ORDER BY p.catalogue_row""",
        [method, reducer],
    ).fetchnumpy()
    x, y = (np.ma.filled(np.ma.asarray(found[axis], dtype=np.float64), np.nan) for axis in ("x", "y"))
    there = ~np.isnan(x)
    if not there.any():
        return None
    ends = [(values[there].min(), values[there].max()) for values in (x, y)]
    centre = tuple(float(low + high) / 2 for low, high in ends)
    scale = max(high - low for low, high in ends) / 2 / 32767 or 1.0
    fitted = [
        np.where(there, np.round((np.nan_to_num(values) - middle) / scale), ABSENT).astype(np.int16)
        for values, middle in zip((x, y), centre, strict=True)
    ]
    return Positions(fitted[0], fitted[1], (centre[0], centre[1]), float(scale))


def in_box(made: Positions, left: int, low: int, right: int, high: int) -> NDArray[np.int64]:
    """The numbers of the products of a map whose grid coordinates lie in a box, its edges included."""
    inside = (made.x >= max(left, ABSENT + 1)) & (made.x <= right) & (made.y >= low) & (made.y <= high)
    return np.flatnonzero(inside)


def in_polygon(made: Positions, corners: NDArray[np.float64]) -> NDArray[np.int64]:
    """The numbers of the products of a map inside a polygon, by the even-odd rule.

    `corners` are (n, 2) coordinates of the map. assets/maps-pick.js of the dashboard does the same.
    """
    ends = (corners - np.array(made.centre)) / made.scale
    low, high = np.clip([ends.min(axis=0), ends.max(axis=0)], ABSENT, -ABSENT)
    box = [*np.floor(low), *np.ceil(high)]
    numbers = in_box(made, *(int(end) for end in box))
    x, y = made.x[numbers].astype(np.float64), made.y[numbers].astype(np.float64)
    inside = np.zeros(len(numbers), dtype=bool)
    for (x1, y1), (x0, y0) in zip(ends, np.roll(ends, 1, axis=0), strict=True):
        if y1 != y0:
            inside ^= ((y1 > y) != (y0 > y)) & (x < (x0 - x1) * (y - y1) / (y0 - y1) + x1)
    return numbers[inside]

"""The collector of `issues`: what was wrong with the input, and what was done about it."""

import pyarrow as pa

from store.tables import table

SCHEMA = table("issues").schema


class Issues:
    """Collects the rows of `issues` of one stage; `take` returns them and starts anew."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self._rows: list[dict[str, object]] = []

    def add(self, problem: str, detail: str, product_id: str | None = None, row: int | None = None) -> None:
        """Note one problem: a short name that can be counted, and in words what was found and done."""
        self._rows.append(
            {
                "product_id": product_id,
                "catalogue_row": row,
                "stage": self.stage,
                "problem": problem,
                "detail": detail,
            }
        )

    def take(self) -> pa.Table:
        """All that was noted since the last call, as a table `issues`."""
        rows, self._rows = self._rows, []
        return pa.Table.from_pylist(rows, schema=SCHEMA)


def shorten(value: object, length: int = 60) -> str:
    """A value as it can stand in a message: quoted, on one line, at most about `length` characters."""
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= length else text[:length] + "…")

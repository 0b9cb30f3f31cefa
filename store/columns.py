"""What a table and a column are, and the columns that many tables have in common."""

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

ARROW = {
    "VARCHAR": pa.string(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "BLOB": pa.binary(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class Column:
    """One column: its DuckDB type, what it means and, where it has one, its unit."""

    name: str
    type: str
    meaning: str
    unit: str = ""

    @property
    def comment(self) -> str:
        """The meaning with the unit, as DuckDB's comment and docs/tables.md show it."""
        return f"{self.meaning} [{self.unit}]" if self.unit else self.meaning


@dataclass(frozen=True)
class Table:
    """One table. `log` tables grow with every event; all others belong to a snapshot."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    log: bool = False

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema its Parquet files are written with."""
        return pa.schema([(c.name, arrow_type(c.type)) for c in self.columns])


def arrow_type(duckdb_type: str) -> pa.DataType:
    """The Arrow type of a declared DuckDB type; `FLOAT[384]` is a fixed-size list, `VARCHAR[]` one of any length."""
    if duckdb_type.endswith("]"):
        inner, size = duckdb_type[:-1].split("[")
        return pa.list_(ARROW[inner], int(size) if size else -1)
    return ARROW[duckdb_type]


PRODUCT_ID = Column("product_id", "VARCHAR", "The product, as the catalogue wrote its id.")
METHOD = Column(
    "method", "VARCHAR", "The method: count, tfidf, ..., fusion; joint-text, joint (graphs of several methods, added)."
)
GROUPING = Column(
    "grouping",
    "VARCHAR",
    "How the products were grouped, by k-means: manifold (on a diffusion map of the graph of nearest neighbours, into "
    "as many groups as there are categories), estimated_k (the same, into the estimated number of groups) or "
    "embedding (in the vectors themselves).",
)
CATEGORY = Column("category", "VARCHAR", "The category in the catalogue, at the chosen level; NULL if it has none.")

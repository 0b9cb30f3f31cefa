"""Every table of the store, declared once: columns, types, units and meaning.

From `store.declared` come the Parquet schemas, the views and comments of `catalog.duckdb`, and docs/tables.md.
The names are a contract: people write SQL against them.
"""

from store.columns import PRODUCT_ID, Column, Table, arrow_type
from store.declared import catalogue, groups, judgements, logs

__all__ = ["BY_NAME", "EMBEDDING", "LOGS", "TABLES", "Column", "Table", "arrow_type", "embedding_table", "table"]

EMBEDDING = "embedding_"


def embedding_table(method: str, dimensions: int) -> Table:
    """The table of one embedding type: `embedding_<method>(product_id, vector FLOAT[dimensions])`."""
    return Table(
        EMBEDDING + method,
        f"The {method} vectors, one row per product that {method} could read; `models` says what made them.",
        (
            PRODUCT_ID,
            Column("vector", f"FLOAT[{dimensions}]", "The embedding as the method gives it; not centred or scaled."),
        ),
    )


def table(name: str) -> Table:
    """The declared table of that name (embedding tables are made by `embedding_table`); KeyError if none."""
    return BY_NAME[name]


TABLES: tuple[Table, ...] = (*catalogue.TABLES, *groups.TABLES, *judgements.TABLES, *logs.TABLES)
LOGS = logs.TABLES
"""Those that grow with every event and belong to no snapshot."""
BY_NAME = {t.name: t for t in TABLES}

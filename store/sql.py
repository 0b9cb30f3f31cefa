"""SQL from the person at the keyboard: one SELECT over one snapshot, read only.

The statement is judged by DuckDB's own parser, and the connection can read the store's folder and nothing else.
That keeps honest people from accidents; it is no wall against an attacker, and is not offered over a network.
"""

from itertools import chain, count

import duckdb
import pyarrow as pa

from store import snapshot
from store.errors import QueryError
from store.root import Root


def ask(root: Root, statement: str, number: int | None = None) -> pa.Table:
    """The result of one SELECT over a snapshot (the newest by default).

    QueryError if it is not one SELECT or cannot be answered; StoreMissing, SnapshotNotFound, StoreDamaged.
    """
    with snapshot.connect(root, number) as connection:
        folder = root.url("")
        connection.execute("SET allowed_directories = $1", [[folder, snapshot.pattern(folder)]])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            statements = connection.extract_statements(statement)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise QueryError("Give one SELECT (or WITH ... SELECT, FROM, DESCRIBE, SUMMARIZE) and nothing else.")
            result = connection.sql(statements[0].query).to_arrow_table()
            return result.rename_columns(_distinct(result.column_names))
        except duckdb.PermissionException as error:
            raise QueryError(f"A query reads the tables of the store and no other file: {_first(error)}") from error
        except duckdb.Error as error:
            raise QueryError(f"The query cannot be answered: {error}") from error


def _distinct(names: list[str]) -> list[str]:
    """The names with _2, _3, ... behind those that came before: a join's two `product_id` are two columns."""
    taken: list[str] = []
    for name in names:
        others = (f"{name}_{n}" for n in count(2))
        taken.append(next(other for other in chain([name], others) if other not in taken))
    return taken


def _first(error: Exception) -> str:
    return str(error).partition("\n")[0]

"""SQL from the person at the keyboard: one SELECT over one snapshot, read only.

The statement is judged by DuckDB's own parser, and the connection can read the store's folder and nothing else.
That keeps honest people from accidents; it is no wall against an attacker, and is not offered over a network.
"""

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
        connection.execute("SET allowed_directories = $1", [[str(root.path.resolve())]])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            statements = connection.extract_statements(statement)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise QueryError("Give one SELECT (or WITH ... SELECT, FROM, DESCRIBE, SUMMARIZE) and nothing else.")
            return connection.sql(statements[0].query).to_arrow_table()
        except duckdb.Error as error:
            raise QueryError(f"The query cannot be answered: {error}") from error

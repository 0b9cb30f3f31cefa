"""SQL from the person at the keyboard: one SELECT over one snapshot, read only, within limits.

Three layers, each of which holds alone: the statement's tree may hold queries only (`judge`), the connection can
open no file (`snapshot.connect_sealed`), and the process can change none (`landlock.change_nothing`), nor take more
than its limits (`sql_worker.run`).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import Any

import duckdb
import pyarrow as pa

from store import snapshot, sql_worker
from store.errors import QueryError, StoreDamaged
from store.limits import Limits
from store.root import Root

DEFAULT = Limits()
ONE_SELECT = "Give one SELECT (or WITH ... SELECT, FROM, DESCRIBE, SUMMARIZE) and nothing else."
NODES = frozenset(
    {
        *("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"),
        *("BASE_TABLE", "SUBQUERY", "JOIN", "PIVOT", "SHOW_REF", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY"),
        *("ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER"),
        *("ASCENDING", "DESCENDING", "ORDER_DEFAULT"),
    }
)
"""What a query is made of in DuckDB's tree, beside expressions: queries, what stands in FROM, and the order of rows.

DuckDB 2.0 takes COPY, INSERT, UPDATE and DELETE as the body of a CTE too: nodes of their own, and not in this list.
"""
TABLE_FUNCTIONS = frozenset(
    {
        *("generate_series", "range", "repeat", "repeat_row", "unnest", "json_each", "json_tree"),
        *("histogram", "histogram_values", "summary", "test_all_types", "test_vector_types"),
        *("duckdb_columns", "duckdb_constraints", "duckdb_databases", "duckdb_functions"),
        *("duckdb_keywords", "duckdb_memory", "duckdb_schemas", "duckdb_settings", "duckdb_tables", "duckdb_types"),
        *("duckdb_views", "pragma_collations", "pragma_platform", "pragma_show", "pragma_table_info"),
        *("pragma_version", "icu_calendar_names", "pg_timezone_names"),
    }
)
"""What may stand in FROM with arguments: it computes rows, or tells of the connection.

All others are refused, by a list of what may be: `query` and `json_execute_serialized_sql` run a statement that the
tree does not show, `enable_logging` and its like write files, `arrow_scan` reads memory, and some twenty read files.
"""
UNFIT_FUNCTIONS = frozenset({"json_serialize_plan", "write_log"})
"""What a query may not call anywhere: the first opens what a statement within a text names, the second writes to a log
where there is one."""
BATCH = 2_048
"""Rows that the worker sends at once: as many as DuckDB computes at once, and little enough of wide columns."""


@dataclass(frozen=True)
class Question:
    """One SELECT over a snapshot (the newest by default), of the result all or the `first` rows, and one column."""

    root: Root
    statement: str
    number: int | None = None
    first: int | None = None
    only: str | None = None


def ask(root: Root, statement: str, number: int | None = None, limits: Limits = DEFAULT) -> pa.Table:
    """The result of one SELECT over a snapshot (the newest by default), computed in a process of its own.

    QueryError if it is not one SELECT, cannot be answered, or meets one of the limits; StoreMissing,
    SnapshotNotFound, StoreDamaged.
    """
    return answer(Question(root, statement, number), limits)


def answer(
    question: Question, limits: Limits, context: ForkServerContext | None = None, stop: Connection | None = None
) -> pa.Table:
    """The answer to a question, and errors, as those of `ask`; `context` and `stop` as for `sql_worker.run`."""
    result = sql_worker.run(partial(_pieces, question, limits), limits, context, stop)
    return result.rename_columns(_distinct(result.column_names))


def _pieces(question: Question, limits: Limits) -> Iterator[pa.Table]:
    """In the worker: the result piece by piece, an empty one with its schema first."""
    connection = snapshot.connect_sealed(question.root, question.number, limits.memory)
    sql_worker.confine(limits)
    with _in_words():
        reader = connection.sql(judge(connection, question.statement)).to_arrow_reader(BATCH)
        names = [question.only] if question.only else reader.schema.names
        if question.only and reader.schema.names.count(question.only) != 1:
            raise QueryError(f"The result has no column {question.only}, or several of them.")
        empty = pa.Table.from_batches([], reader.schema)
        yield empty.select(names) if question.only else empty
        left = question.first
        for batch in reader:
            piece = pa.Table.from_batches([batch], reader.schema).slice(0, left)
            yield piece.select(names) if question.only else piece
            left = None if left is None else left - piece.num_rows
            if left == 0:
                return


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except duckdb.PermissionException as error:
        raise QueryError(f"A query reads the tables of the store and no other file: {_first(error)}") from error
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise MemoryError from error
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        if "reading the Arrow source failed" in str(error):
            reason = _first(error).rpartition("failed: ")[2]
            raise StoreDamaged(
                f"A file of the store cannot be read ({reason}); `aislemap store verify` names it and its remedy."
            ) from error
        raise QueryError(f"The query cannot be answered: {error}") from error


def judge(connection: duckdb.DuckDBPyConnection, statement: str) -> str:
    """The statement as DuckDB's parser cuts it out, if every node of its tree is a query; QueryError if not.

    The tree is DuckDB's own (`json_serialize_sql`), for the type that it gives a statement is that of the outermost
    node: a SELECT over a CTE that is a COPY is called a SELECT. duckdb.Error where it cannot be parsed.
    """
    if not statement.isascii() and statement.encode("utf-8", "replace").decode() != statement:
        raise QueryError("The query holds bytes that are not UTF-8, or half of a surrogate pair; write it in UTF-8.")
    statements = connection.extract_statements(statement)
    if len(statements) != 1:
        raise QueryError(ONE_SELECT)
    text = statements[0].query
    try:
        type_ = statements[0].type
    except ValueError as error:  # one that DuckDB's parser has and its Python does not name: UPDATE EXTENSIONS
        raise QueryError(ONE_SELECT) from error
    if type_ == duckdb.StatementType.MULTI:  # what PIVOT is made of where it has to look for its columns
        raise QueryError(f"{ONE_SELECT} A PIVOT takes its values from you: PIVOT ... ON column IN (value, ...).")
    if type_ != duckdb.StatementType.SELECT:
        raise QueryError(ONE_SELECT)
    (serialised,) = connection.execute("SELECT json_serialize_sql($1::VARCHAR)", [text]).fetchall()[0]
    try:
        tree = json.loads(serialised)
    except RecursionError as error:
        raise QueryError("The query is nested too deeply to be judged; split it up with WITH.") from error
    if tree["error"] or len(tree["statements"]) != 1:
        raise QueryError(f"{ONE_SELECT} This one cannot be shown as the tree of a SELECT: {tree.get('error_message')}")
    for node in _objects(tree):
        tag = node.get("type")
        expression = "class" in node and not str(tag).endswith("_NODE")
        if isinstance(tag, str) and tag not in NODES and not expression and not tag.endswith("_TYPE_INFO"):
            raise QueryError(f"{ONE_SELECT} This one holds a {tag.removesuffix('_NODE').removesuffix('_QUERY')}.")
        name = str((node["function"] if tag == "TABLE_FUNCTION" else node).get("function_name", ""))
        if name.lower() in UNFIT_FUNCTIONS or (tag == "TABLE_FUNCTION" and name.lower() not in TABLE_FUNCTIONS):
            raise QueryError(f"A query reads the tables of the store and no other file: {name}() is not for it.")
    return text


def _objects(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON tree, without recursion: a query may be nested deeper than Python's calls."""
    waiting = [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _distinct(names: list[str]) -> list[str]:
    """The names with _2, _3, ... behind those that came before: a join's two `product_id` are two columns."""
    taken: list[str] = []
    for name in names:
        others = (f"{name}_{n}" for n in count(2))
        taken.append(next(other for other in chain([name], others) if other not in taken))
    return taken


def _first(error: Exception) -> str:
    return str(error).partition("\n")[0]

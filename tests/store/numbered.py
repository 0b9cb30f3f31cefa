"""Snapshots whose every table carries one number, and processes that read and write them.

A mixture of two snapshots shows as two numbers.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from store import lock, manifest, snapshot, tables
from store.parts import Part, PartWriter, finish
from store.root import Root

REPOSITORY = Path(__file__).resolve().parents[2]
ROWS = 20
CARRYING = {"products": "price", "duplicates": "similarity", "models": "dimensions", "embedding_bert": "vector[1]"}
"""The column that carries the number, by table."""


def write_part(root: Root, number: int, names: Iterable[str] = CARRYING, key: str = "numbered") -> Part:
    """Write and finish a part of these tables that all carry `number`."""
    key = key_of(key, number)
    with PartWriter(root, key) as writer:
        for name in names:
            writer.write(_declared(name), [_row(name, number, i) for i in range(ROWS)])
    return finish(root, Part(key, "numbered", 0.1, 10.0, writer.files()))


def key_of(name: str, number: int) -> str:
    """A key as the store's are, 32 hexadecimal digits, in the order of names and numbers."""
    return f"{name.encode().hex():0<28}{number:04x}"


def publish(root: Root, number: int) -> manifest.Snapshot:
    """Publish a snapshot of two parts that carries `number`, holding the lock."""
    with lock.writing(root, "test"):
        first = write_part(root, number, ["products", "duplicates"], "first")
        second = write_part(root, number, ["models", "embedding_bert"], "second")
        return snapshot.publish(root, [first, second])


def carried(connection: duckdb.DuckDBPyConnection) -> set[tuple[float, int]]:
    """The numbers that the tables carry, with the rows that do; {(n, ROWS)} for a whole snapshot n."""
    queries = (f"SELECT {column}, count(*) FROM {table} GROUP BY 1" for table, column in CARRYING.items())
    return {row for query in queries for row in connection.execute(query).fetchall()}


def whole(number: int) -> set[tuple[float, int]]:
    """What `carried` gives for that snapshot."""
    return {(number, ROWS)}


def stock(root: Root) -> duckdb.DuckDBPyConnection:
    """The catalogue as any DuckDB client opens it."""
    return duckdb.connect(str(root.path / snapshot.CATALOGUE), read_only=True)


def start(code: str, *arguments: object, folder: Path) -> "subprocess.Popen[str]":
    """Start a Python process in another folder that can import the project; its pipes carry text."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def _declared(name: str) -> tables.Table:
    return tables.embedding_table("bert", 3) if name == "embedding_bert" else tables.table(name)


def _row(name: str, number: int, i: int) -> dict[str, Any]:
    values = {"products": {"price": number}, "duplicates": {"similarity": number}, "models": {"dimensions": number}}
    return {"product_id": f"P{i}", **values.get(name, {"vector": [number, 1.0, i]})}


def publish_in(store: Path, number: int) -> None:
    """Publish in the store of that folder, as `publish`."""
    publish(Root(store), number)


def repoint_in(store: Path, _: int) -> None:
    """Make the catalogue of the store in that folder anew."""
    with lock.writing(Root(store), "repoint"):
        snapshot.write_catalogue(Root(store))

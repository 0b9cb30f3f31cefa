"""The commands of the store: sql, and store status, history, tables, verify, vacuum, repoint."""

import sys
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from store.errors import QueryError, StoreDamaged

store = typer.Typer(help="Look at a store and keep it in order.", no_args_is_help=True)

Store = Annotated[Path, typer.Option("--store", "-s", help="The store's folder.")]
Snapshot = Annotated[int | None, typer.Option("--snapshot", help="An earlier snapshot; the newest if not given.")]


class Format(StrEnum):
    """How a result is written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def sql(
    statement: Annotated[str, typer.Argument(help="One SELECT; '-' reads it from standard input.")],
    store: Store,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to write the result.")] = Format.table,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; standard output if not given.")
    ] = None,
    number: Snapshot = None,
) -> None:
    """Ask the store in SQL. `aislemap store tables` lists what there is to ask."""
    from store.root import Root
    from store.sql import ask

    text = sys.stdin.read() if statement == "-" else statement
    result = ask(Root(store), text, number)
    if form is Format.parquet and output is None and sys.stdout.isatty():
        raise QueryError("Parquet is not for a terminal; add --output FILE or send it to a file with '>'.")
    if output:
        with output.open("wb") as file:
            _write(result, form, file)
    else:
        _write(result, form, sys.stdout.buffer)


@store.command()
def status(store: Store) -> None:
    """Say what the newest snapshot holds."""
    from store import snapshot
    from store.root import Root

    newest = snapshot.open_snapshot(Root(store))
    size = sum(file.bytes for files in newest.files.values() for file in files)
    typer.echo(f"Snapshot {newest.number} of {newest.created}, {size / 1e6:.1f} MB in {len(newest.files)} tables:")
    for table in sorted(newest.files):
        typer.echo(f"  {table:24} {sum(file.rows for file in newest.files[table]):>10} rows")


@store.command()
def history(store: Store) -> None:
    """List the snapshots, oldest first."""
    from store import snapshot
    from store.root import Root

    root = Root(store)
    for number in snapshot.numbers(root):
        s = snapshot.open_snapshot(root, number)
        rows = sum(file.rows for file in s.files.get("products", []))
        typer.echo(f"{s.number:>6}  {s.created}  {rows:>8} products  content {s.signature[:12]}")


@store.command()
def tables() -> None:
    """List every table and column with its meaning."""
    from store.document import as_text

    typer.echo(as_text())


@store.command()
def verify(store: Store) -> None:
    """Check every file of every snapshot against what was written."""
    from store.root import Root
    from store.upkeep import verify as check

    faults = check(Root(store))
    if faults:
        raise StoreDamaged("\n".join([f"The store {store} is damaged:", *faults]))
    typer.echo("Every file of every snapshot is what was written.")


@store.command()
def vacuum(
    store: Store,
    keep: Annotated[int, typer.Option(min=1, help="How many of the newest snapshots to keep.")] = 10,
    grace: Annotated[float, typer.Option(min=0, help="Keep what is younger than so many minutes.")] = 60,
) -> None:
    """Drop old snapshots, and the files that no kept one uses."""
    from store.lock import writing
    from store.root import Root
    from store.upkeep import vacuum as clean

    root = Root(store)
    with writing(root, "vacuum"):
        freed = clean(root, keep, timedelta(minutes=grace))
    typer.echo(f"Dropped {freed.snapshots} snapshots and {freed.files} files, {freed.bytes / 1e6:.1f} MB.")


@store.command()
def repoint(store: Store) -> None:
    """Make catalog.duckdb anew, after the store was moved or copied."""
    from store.lock import writing
    from store.root import Root
    from store.snapshot import CATALOGUE, write_catalogue

    root = Root(store)
    with writing(root, "repoint"):
        write_catalogue(root)
    typer.echo(f"{store / CATALOGUE} reads the files at {store.resolve()} now.")


def _write(result: Any, form: Format, file: Any) -> None:
    import pyarrow.csv
    import pyarrow.parquet

    if form is Format.parquet:
        pyarrow.parquet.write_table(result, file, compression="zstd")
    elif form is Format.csv:
        pyarrow.csv.write_csv(_flat(result), file)
    elif form is Format.json:
        import orjson

        file.write(orjson.dumps(_readable(result), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        file.write(_table(result).encode())
    file.flush()


def _readable(result: Any) -> list[dict[str, Any]]:
    """Rows as dicts that JSON can hold: bytes as a size, everything else as it is."""
    return [
        {name: f"<{len(value)} bytes>" if isinstance(value, bytes) else value for name, value in row.items()}
        for row in result.to_pylist()
    ]


def _flat(result: Any) -> Any:
    """Lists and other nested columns as JSON text, bytes as a size, since CSV has neither."""
    import orjson
    import pyarrow as pa

    columns = {}
    for name, column in zip(result.column_names, result.columns, strict=True):
        values = column
        if pa.types.is_nested(column.type):
            values = pa.array([None if v is None else orjson.dumps(v).decode() for v in column.to_pylist()])
        elif pa.types.is_binary(column.type):
            values = pa.array([None if v is None else f"<{len(v)} bytes>" for v in column.to_pylist()])
        columns[name] = values
    return pa.table(columns)


def _table(result: Any) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(caption=f"{result.num_rows} rows")
    for name in result.column_names:
        table.add_column(name, overflow="fold")
    for row in _readable(result):
        table.add_row(*(Text("" if value is None else _cell(value)) for value in row.values()))
    out = StringIO()
    Console(file=out, width=None if sys.stdout.isatty() else 160).print(table)
    return out.getvalue()


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)

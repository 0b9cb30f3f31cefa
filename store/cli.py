"""The commands of the store: sql, and store status, history, tables, verify, repair, vacuum, repoint."""

import io
import sys
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from store.errors import InputError, QueryError, StoreDamaged, StoreError
from store.limits import Limits
from store.root import Root
from store.terminal import printable

store = typer.Typer(help="Look at a store, and keep it in order.", no_args_is_help=True)

DEFAULT = Limits()
PIPED_WIDTH = 160
"""Characters in a line of a printed table where there is no terminal to ask."""

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
    seconds: Annotated[float, typer.Option(min=0.1, help="End a query that takes longer.")] = DEFAULT.seconds,
    memory: Annotated[int, typer.Option(min=100, help="MB of memory for the query.")] = DEFAULT.memory,
    rows: Annotated[int, typer.Option(min=1, help="Refuse a result of more rows.")] = DEFAULT.rows,
    reply: Annotated[int, typer.Option(min=1, help="Refuse a result of more MB.")] = DEFAULT.reply,
) -> None:
    """Ask the store one question in SQL. It only reads.

    `aislemap store tables` lists the tables and their columns. For example:

    aislemap sql "SELECT method, value FROM scores WHERE metric = 'ari'" -s DIR

    aislemap sql "FROM suspects" -s DIR -f csv -o suspects.csv

    CSV is for spreadsheets: a text that one would run as a formula has a ' before it. JSON and Parquet have it as it
    is. What meets a limit is refused with exit code 7, whole.
    """
    from store.export import write
    from store.sql import ask

    try:
        text = sys.stdin.read() if statement == "-" else statement
    except UnicodeDecodeError as error:
        raise QueryError(f"The query on standard input is not UTF-8 ({error}); save it as UTF-8.") from error
    result = ask(Root(store), text, number, Limits(seconds, memory, rows, reply))
    if number is None:
        _say_notices(Root(store))
    if form is Format.parquet and output is None and sys.stdout.isatty():
        raise QueryError("Parquet is not for a terminal; add --output FILE or send it to a file with '>'.")
    if output is None and sys.stdout.isatty():
        answer = io.BytesIO()
        write(result, form, answer)
        typer.echo(printable(answer.getvalue().decode()), nl=False)
        return
    if output is None:
        write(result, form, sys.stdout.buffer, width=PIPED_WIDTH)
        return
    try:
        with output.open("wb") as file:
            write(result, form, file, width=PIPED_WIDTH)
    except OSError as error:
        raise InputError(f"The file {output} cannot be written ({error.strerror}); give --output another.") from error


@store.command()
def status(store: Store) -> None:
    """Say what the newest snapshot holds: its tables, rows and size."""
    from store import snapshot

    _say_notices(Root(store))
    newest = snapshot.open_snapshot(Root(store))
    size = sum(file.bytes for files in newest.files.values() for file in files)
    typer.echo(f"Snapshot {newest.number} of {newest.created}, {size / 1e6:.1f} MB in {len(newest.files)} tables:")
    for table in sorted(newest.files):
        typer.echo(f"  {table:24} {sum(file.rows for file in newest.files[table]):>10} rows")


@store.command()
def history(store: Store) -> None:
    """List the snapshots that can be opened with --snapshot, oldest first."""
    from store import manifest, snapshot

    root = Root(store)
    snapshot.open_snapshot(root)  # says so where nothing is published
    for number in manifest.numbers(root):
        try:
            s = manifest.read(root, number)
        except StoreError as error:
            typer.echo(printable(f"{number:>6}  {error}"))
            continue
        rows = sum(file.rows for file in s.files.get("products", []))
        typer.echo(f"{s.number:>6}  {s.created}  {rows:>8} products  content {s.signature[:12]}")


@store.command()
def tables() -> None:
    """List every table and column with its meaning."""
    from store.document import as_text

    typer.echo(as_text())


@store.command()
def verify(store: Store) -> None:
    """Check every file of every snapshot, and catalog.duckdb, against what was written.

    A fault is named with its remedy, and the exit code is 5.
    """
    from store.upkeep import verify as check

    faults = check(Root(store))
    if faults:
        raise StoreDamaged("\n".join([f"The store {store} is damaged:", *faults]))
    typer.echo("Every file of every snapshot is what was written.")


@store.command()
def repair(store: Store) -> None:
    """Set aside what is damaged, drop older snapshots that are not whole, make catalog.duckdb anew if need be.

    Each thing done is named. The newest snapshot stays: ingest again to compute what is damaged in it.
    """
    from store import manifest, snapshot
    from store.lock import writing
    from store.repair import repair as mend

    root = Root(store)
    if not manifest.numbers(root):
        snapshot.open_snapshot(root)  # as in vacuum
    with writing(root, "repair"):
        done = mend(root)
    for line in done or ["There is nothing to repair."]:
        typer.echo(printable(line))


@store.command()
def vacuum(
    store: Store,
    keep: Annotated[int, typer.Option(min=1, help="How many of the newest snapshots to keep.")] = 10,
    grace: Annotated[float, typer.Option(min=0, help="Keep what was in use within so many minutes.")] = 60,
) -> None:
    """Drop old snapshots, and the files that no kept snapshot uses.

    What no snapshot uses is also what a later run could have reused: it would be computed again.
    """
    from store import snapshot
    from store.lock import writing
    from store.upkeep import vacuum as clean

    root = Root(store)
    snapshot.open_snapshot(root)  # says so where nothing is published, rather than making a store there
    with writing(root, "vacuum"):
        freed = clean(root, keep, timedelta(minutes=grace))
    typer.echo(f"Dropped {freed.snapshots} snapshots and {freed.files} files, {freed.bytes / 1e6:.1f} MB.")


@store.command()
def repoint(store: Store) -> None:
    """Make catalog.duckdb anew, after the store was moved or copied.

    Only clients that open catalog.duckdb themselves need it: aislemap finds the files by itself.
    """
    from store.lock import writing
    from store.snapshot import CATALOGUE, open_snapshot, write_catalogue

    root = Root(store)
    open_snapshot(root)  # as in vacuum
    with writing(root, "repoint"):
        write_catalogue(root)
    typer.echo(f"{store / CATALOGUE} reads the files at {store.resolve()} now.")


def _say_notices(root: Root) -> None:
    """Say on standard error why the newest snapshot is not what was published last, if so."""
    from store.snapshot import notices

    for line in notices(root):
        typer.echo(printable(f"aislemap: {line}"), err=True)

"""The `aislemap` command: each package's own commands, mounted side by side."""

import sys

import typer

from dashboard.cli import dashboard, password
from ingestion.cli import ingest, look, models, sample, schedule
from store.cli import sql, store
from store.errors import AislemapError
from store.terminal import printable

EPILOG = (
    "Exit codes: 0 success; 1 an unexpected error; 2 a wrong command line; 3 a catalogue or setting that cannot be "
    "used; 4 the store, or the schedule, is held by another process; 5 the store is missing or damaged; 6 a method "
    "asked for by name did not run; 7 a SQL question that cannot be answered; 130 interrupted; 143 an ingestion that "
    "SIGTERM ended."
)

app = typer.Typer(
    name="aislemap",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Can these products be grouped automatically by their descriptions, their images or both - and how well?",
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(ingest)
app.command()(look)
app.command()(dashboard)
app.command()(password)
app.command()(sql)
app.add_typer(store, name="store")
app.add_typer(models, name="models")
app.add_typer(schedule, name="schedule")
app.command()(sample)


def main() -> None:
    """Run the command; an error of ours is one message on standard error and its own exit code."""
    try:
        app()
    except AislemapError as error:
        typer.echo(printable(f"aislemap: {error}"), err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()

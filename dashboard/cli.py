"""The command `dashboard`; Dash is imported only once it runs."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from store.errors import InputError

THREADS = 8
"""Requests answered at a time: a browser opens at most six connections, and DuckDB works outside Python's lock."""

app = typer.Typer()


@app.command()
def dashboard(
    store: Annotated[Path, typer.Option("--store", "-s", help="The store to show; it may still be empty.")],
    host: Annotated[str, typer.Option(help="The address to listen on; use 0.0.0.0 to let other machines connect.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="The port; 0 takes a free one.")] = 8050,
) -> None:
    """Show a store in the browser; it follows new snapshots by itself. Stop with Ctrl-C."""
    from waitress import create_server

    from dashboard.app import create_app
    from store.root import Root

    # a page requests all its images at once: a full queue is normal
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        server = create_server(create_app(Root(store)).server, host=host, port=port, threads=THREADS, ident=None)
    except OSError as error:
        raise InputError(
            f"Cannot listen on {host}:{port} ({error.strerror}); give another --host or --port."
        ) from error
    typer.echo(f"aislemap dashboard of {store}: http://{host}:{server.effective_port}")
    server.run()

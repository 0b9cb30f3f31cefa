"""The commands `dashboard` and `password`; Dash is imported only once it runs."""

import ipaddress
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from store.errors import InputError
from store.limits import PageLimits

if TYPE_CHECKING:
    from flask import Flask

    from dashboard.server.access import Access

USERS = "AISLEMAP_USERS"
"""The environment variable with users' lines, where no file is named."""
THREADS = 8
"""Requests answered at a time: a browser opens at most six connections, and DuckDB works outside Python's lock."""
CONNECTIONS = 900
"""Connections open at a time: below the 1,024 files that a process may open on most machines. Waitress's 100 were held
for two minutes by 130 clients that sent half a request."""
IDLE_SECONDS, CLEANUP_SECONDS = 20, 5
"""After so long without a byte a connection without a request is closed, and how often that is looked at. A browser's
pages ask every four seconds."""
HEADER_LIMIT = 32_768
"""Bytes of a request's headers: four times what browsers and proxies send."""

LIMITS = PageLimits()

app = typer.Typer()


@app.command()
def dashboard(
    store: Annotated[Path, typer.Option("--store", "-s", help="The store to show; it may still be empty.")],
    host: Annotated[str, typer.Option(help="The address to listen on; use 0.0.0.0 to let other machines connect.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="The port; 0 takes a free one.")] = 8050,
    users: Annotated[
        Path | None,
        typer.Option(help=f"A file of users, who must log in; its lines are made by `aislemap password`. Or {USERS}."),
    ] = None,
    no_login: Annotated[
        bool, typer.Option("--no-login", help="Let everybody who reaches --host read, but not review, without log-in.")
    ] = False,
    proxy: Annotated[
        str | None, typer.Option(help="The address of the proxy that logs people in and names them in --proxy-header.")
    ] = None,
    proxy_header: Annotated[str, typer.Option(help="The header in which --proxy names the person.")] = (
        "X-Forwarded-User"
    ),
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A name by which browsers call this server; once per name.")
    ] = None,
    https: Annotated[bool, typer.Option("--https", help="Browsers come by HTTPS: cookies go by nothing else.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Add the SQL page, for whoever may read.")] = False,
    sql_seconds: Annotated[
        float, typer.Option(min=0.1, help="End a query of the SQL page that takes longer.")
    ] = LIMITS.seconds,
    sql_memory: Annotated[int, typer.Option(min=100, help="MB of memory for a query of the SQL page.")] = LIMITS.memory,
    sql_rows: Annotated[int, typer.Option(min=1, help="Cut its result after so many rows.")] = LIMITS.rows,
    sql_reply: Annotated[int, typer.Option(min=1, help="Refuse a result of more MB there.")] = LIMITS.reply,
) -> None:
    """Show a store in the browser; it follows new snapshots by itself. Stop with Ctrl-C."""
    from dashboard.server.access import Access, read_users, read_users_file

    named = os.environ.pop(USERS, "")  # no process that this one starts has it
    known = read_users_file(users) if users else read_users(named, f"the variable {USERS}") if named else {}
    if proxy is not None and not _is_address(proxy):
        raise InputError(f"--proxy {proxy} is not an IP address; give the address that the proxy connects from.")
    local = host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
    if not (local or known or proxy or no_login):
        raise InputError(
            f"--host {host} lets other machines connect, and nobody would have to log in; give --users FILE, or "
            "--no-login if everybody there may read the catalogue."
        )
    access = Access(
        users=known,
        anonymous="reviewer" if local and not no_login else "reader",
        proxy=proxy,
        proxy_header=proxy_header,
        hosts=frozenset(name.lower() for name in allow_host or ()),
        https=https,
    )
    _serve(store, host, port, access, PageLimits(sql_seconds, sql_memory, sql_rows, sql_reply) if sql else None)


@app.command()
def password(
    name: Annotated[str, typer.Argument(help="The name to log in by.")],
    role: Annotated[str, typer.Option(help="reader, or reviewer to change reviews too.")] = "reader",
) -> None:
    """Ask for a password and print the line of a file of users for `aislemap dashboard --users`."""
    from dashboard.server.access import user_line

    secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    typer.echo(user_line(name, role, secret))


def _serve(store: Path, host: str, port: int, access: "Access", sql: PageLimits | None) -> None:
    from dashboard.app import create_app
    from dashboard.server.preparing import following
    from store.root import Root

    # a page requests all its images at once: a full queue is normal
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        application = create_app(Root(store), access, sql)
        server = make_server(application.server, host, port)
    except OSError as error:
        raise InputError(
            f"Cannot listen on {host}:{port} ({error.strerror}); give another --host or --port."
        ) from error
    typer.echo(f"aislemap dashboard of {store}: http://{host}:{server.effective_port}")
    with following(application):
        server.run()


def make_server(application: "Flask", host: str, port: int) -> Any:
    """The server, which outlasts slow clients: a body above the limit is refused by its announced length, unread."""
    from waitress import create_server

    from dashboard.server.security import BODY_LIMIT

    return create_server(
        application,
        host=host,
        port=port,
        threads=THREADS,
        ident=None,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,  # select() takes no file numbers from 1,024 on
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=CLEANUP_SECONDS,
        max_request_body_size=BODY_LIMIT,
        max_request_header_size=HEADER_LIMIT,
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

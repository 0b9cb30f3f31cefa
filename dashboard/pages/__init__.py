"""The pages: every module here that has a `PAGE` is one; a folder with `PAGES` holds one or several with their parts.

Adding a page is adding one file.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dash import Dash

from store.reader import Reader

PRODUCT = "/products/product"
"""Where one product is shown, as ?id=..."""


@dataclass(frozen=True)
class Page:
    """A page: its address and name, its place in the navigation, its layout and its callbacks.

    `layout(reader, search)` draws it for an address' query; `register(app, reader)` adds its callbacks.
    """

    path: str
    name: str
    order: int
    layout: Callable[[Reader, str], Any]
    register: Callable[[Dash, Reader], None]
    nav: bool = True
    needs_sql: bool = False
    """Whether it is there only where the dashboard is started with --sql."""
    prepare: Callable[[Reader, int], Any] | None = None
    """Asks and draws, for a snapshot's number, what its first visitor would wait for (`dashboard.server.preparing`)."""


def discover(sql: bool = False) -> list[Page]:
    """All pages, in the order of the navigation; those that need SQL only with `sql`."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    found = [page for m in modules for page in (getattr(m, "PAGES", None) or (m.PAGE,))]
    return sorted((page for page in found if sql or not page.needs_sql), key=lambda page: page.order)

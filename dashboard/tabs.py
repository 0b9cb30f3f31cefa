"""Pages in tabs: one entry of the navigation, and an address for each tab, so that only the open one is computed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dash_bootstrap_components as dbc
from dash import Dash, html

from dashboard.pages import Page
from store.reader import Reader


@dataclass(frozen=True)
class Tab:
    """A tab: its address and name, its layout and its callbacks, as those of a `Page`."""

    path: str
    name: str
    layout: Callable[[Reader, str], Any]
    register: Callable[[Dash, Reader], None]


def tabbed(name: str, order: int, *tabs: Tab) -> tuple[Page, ...]:
    """A page for each tab. The first one has the address and the place of the whole in the navigation."""
    return tuple(
        Page(tab.path, tab.name if i else name, order + i, _layout(name, tab, tabs), tab.register, nav=i == 0)
        for i, tab in enumerate(tabs)
    )


def _layout(name: str, shown: Tab, tabs: tuple[Tab, ...]) -> Callable[[Reader, str], Any]:
    """The layout of one tab, below the links to all of them."""
    links = [dbc.NavLink(tab.name, href=tab.path, active=tab is shown) for tab in tabs]

    def layout(reader: Reader, search: str) -> Any:
        row = html.Nav(dbc.Nav(links, class_name="nav-underline tabs"), **{"aria-label": f"Parts of {name}"})
        return html.Div([row, shown.layout(reader, search)])

    return layout

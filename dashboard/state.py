"""A page's state is in its address, so that reload, back and a copied link all work.

A page declares its controls once. `State.read` gives their values for an address; the script assets/state.js keeps
the address and the controls equal in the browser, without asking the server.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import parse_qs, urlencode

from dash import ClientsideFunction, Dash, Input, Output, State, dcc

F = TypeVar("F", bound=Callable[..., Any])
SNAPSHOT = "snapshot"
"""Id of the store that holds the number of the snapshot shown, which is the newest unless the address has another;
every page's callbacks take it as an input."""
PINNED = "pinned"
"""Id of the store that holds `snapshot` of the address as it stands there; null where the newest is followed."""
NEWEST = "newest"
"""Id of the store that holds the number of the newest snapshot, whichever is shown."""
LOGS = "logs"
"""Id of the store that changes whenever a run or a scheduled event is logged."""


@dataclass(frozen=True)
class Control:
    """One control: its name in the address, its component's id and property, its value where the address has none.

    A change of the address is an entry of the browser's history, unless only what is `typed` changed. One that
    `restarts` takes its default when another control changes, as the page of a list does with a new search.
    """

    name: str
    id: str
    default: Any = ""
    property: str = "value"
    typed: bool = False
    restarts: bool = False


@dataclass(frozen=True)
class Address:
    """The controls of the page at `path`."""

    path: str
    controls: tuple[Control, ...]

    def read(self, search: str | None, **defaults: Any) -> dict[str, Any]:
        """Each control's value for an address' query ('?a=1&b=2'), by name; lists and numbers as their default is.

        `defaults` replace the declared ones, for those that depend on the snapshot.
        """
        query = parse_qs((search or "").lstrip("?"))
        values: dict[str, Any] = {}
        for control in self.controls:
            default = defaults.get(control.name, control.default)
            found = query.get(control.name)
            if found is None:
                values[control.name] = default
            elif isinstance(default, list):
                values[control.name] = found
            elif isinstance(default, int):
                values[control.name] = int(found[0]) if found[0].isdecimal() and len(found[0]) < 10 else default
            else:
                values[control.name] = found[0]
        return values

    def store(self, **defaults: Any) -> Any:
        """The hidden part of the page's layout that gives the browser the names and defaults."""
        names = [c.name for c in self.controls]
        values = [defaults.get(c.name, c.default) for c in self.controls]
        ways = {"typed": [c.typed for c in self.controls], "restarts": [c.restarts for c in self.controls]}
        return dcc.Store(id=self._id, data={"path": self.path, "names": names, "defaults": values, **ways})

    def register(self, app: Dash) -> None:
        """Keep address and controls equal in the browser."""
        app.clientside_callback(
            ClientsideFunction("state", "sync"),
            [Output(c.id, c.property) for c in self.controls],
            Input("history", "data"),
            [Input(c.id, c.property) for c in self.controls],
            State(self._id, "data"),
            prevent_initial_call=True,
        )

    @property
    def _id(self) -> str:
        return f"address-of-{self.path.strip('/').replace('/', '-') or 'answer'}"


def pinned_number(pinned: Any) -> int | None:
    """The number of a snapshot that an address has; None where it has none that is a number."""
    text = pinned if isinstance(pinned, str) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None


def link(path: str, **values: Any) -> str:
    """The address of a page in a state."""
    query = urlencode({k: v for k, v in values.items() if v not in (None, "", [])}, doseq=True)
    return f"{path}?{query}" if query else path


def pick(value: Any, options: Sequence[Any], default: Any = None) -> Any:
    """`value` if it is one of the options; else the default if that is one; else the first option, or None."""
    return next((choice for choice in (value, default) if choice in options), options[0] if options else None)


def callback(app: Dash, *wiring: Any, **settings: Any) -> Callable[[F], F]:
    """`app.callback`, typed: the function stays what it is."""
    return cast("Callable[[F], F]", app.callback(*wiring, **settings))

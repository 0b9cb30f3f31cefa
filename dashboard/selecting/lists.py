"""Long lists: the search box over one, the pages below it, and which of its entries are shown."""

from collections.abc import Sequence
from typing import Any, TypeVar

import dash_bootstrap_components as dbc

Entry = TypeVar("Entry")


def search(control_id: str, value: str, placeholder: str) -> Any:
    """A search box that asks 0.3 seconds after the last key."""
    return dbc.Input(
        id=control_id,
        value=value,
        type="search",
        debounce=300,
        size="sm",
        placeholder=placeholder,
        maxlength=200,
    )


def pages(control_id: str, page: int) -> Any:
    """The numbers of a list's pages; a callback sets the last one, the class (`pages_class`) and the active page."""
    return dbc.Pagination(
        id=control_id,
        active_page=page,
        min_value=1,
        max_value=max(1, page),
        size="sm",
        fully_expanded=False,
        previous_next=True,
        first_last=True,
        class_name="pages",
    )


def pages_class(last: int) -> str:
    """The class of the pages' numbers: hidden where there is one page only."""
    return "pages d-none" if last == 1 else "pages"


def counted(count: str, page: int, last: int) -> str:
    """What was found, with the page that is shown where there are several: '200 groups, page 2 of 17'."""
    return count if last == 1 else f"{count}, page {page} of {last}"


def matches(text: str | None, *where: str | None) -> bool:
    """Whether every word of `text` is in one of `where`, in any case; true without words."""
    held = "\n".join(part for part in where if part).casefold()
    return all(word in held for word in (text or "").casefold().split())


def paged(entries: Sequence[Entry], page: int | None, per_page: int) -> tuple[Sequence[Entry], int, int]:
    """The entries of a page, its number and the last page's, both from 1; beyond the last page the last one."""
    shown, last = page_of(len(entries), page, per_page)
    return entries[(shown - 1) * per_page : shown * per_page], shown, last


def page_of(entries: int, page: int | None, per_page: int) -> tuple[int, int]:
    """The number of the page that is shown of so many entries, and the last page's; as `paged` has them."""
    last = max(1, -(-entries // per_page))
    return min(max(1, int(page or 1)), last), last

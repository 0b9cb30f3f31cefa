"""A selection of products as rules in the address: read, written, described in a sentence, and asked of a snapshot.

An address holds `?where=RULE&where=RULE`: the products for which every rule holds. A rule is its form and its arguments
with '~' between them ('%' and '~' in an argument as '%25' and '%7E'): `category~Baby Care`, `placed~bert~Watches`.
`FORMS` lists the forms. Products that are named by a rule and not by their ids keep an address short, and mean the same
in the next snapshot.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard import words
from dashboard.selecting import conditions
from dashboard.selecting.conditions import Condition, Place
from dashboard.state import link
from store.errors import AislemapError, QueryError
from store.questions.ask import column

PARAMETER = "where"
"""The name of a rule in an address; there is one parameter for each rule."""
MOST_RULES, MOST_CHARACTERS = 20, 2_000
"""More than a person sets; each holds a query's size, and so its time, down."""
MOVES = ("added", "recategorised", "regrouped")
MATCHES = ("exact", "near")


class BadRule(AislemapError):
    """A rule of an address that means nothing; the message names it and what is wrong with it."""


@dataclass(frozen=True)
class Rule:
    """One condition on a product: its form, which is one of `FORMS`, and its arguments."""

    form: str
    args: tuple[str, ...] = ()

    @staticmethod
    def of(text: str) -> "Rule":
        """The rule that stands so in an address, whether it means anything or not."""
        form, *args = text.split("~")
        return Rule(form, tuple(arg.replace("%7E", "~").replace("%25", "%") for arg in args))

    def __str__(self) -> str:
        """As it stands in an address."""
        escaped = (arg.replace("%", "%25").replace("~", "%7E") for arg in self.args)
        return "~".join((self.form, *escaped))


@dataclass(frozen=True)
class Query:
    """SQL that gives one column, once for each product selected, and the values bound to its placeholders."""

    sql: str
    values: list[Any]


@dataclass(frozen=True)
class Form:
    """A form of rule: its arguments (of them so many needed), its sentence, and its condition in SQL.

    `check` raises ValueError where the arguments mean nothing.
    """

    args: tuple[str, ...]
    needed: int
    words: Callable[..., str]
    condition: Callable[..., Condition]
    check: Callable[..., object] = lambda *args: None
    repeats: bool = False
    """Whether the last argument may be repeated: any of the values."""


def rule(form: str, *args: object) -> Rule:
    """A rule made in code; BadRule if it means nothing."""
    return _checked(Rule(form, tuple(str(arg) for arg in args)))


def read(texts: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of an address. BadRule, naming the first that means nothing, if there is one."""
    if len(texts) > MOST_RULES:
        raise BadRule(f"A selection has at most {MOST_RULES} rules; this address has {len(texts)}. Take some away.")
    return tuple(_checked(_parsed(text)) for text in texts)


def address(path: str, *rules: Rule, **values: Any) -> str:
    """The address of a page that shows a selection, with the page's own `values`."""
    return link(path, **{PARAMETER: [str(r) for r in rules]}, **values)


def describe(rules: Sequence[Rule]) -> str:
    """The selection in one sentence, such as: Products of the category Watches, whose category is disputed."""
    if not rules:
        return "All products."
    return f"Products {', '.join(FORMS[r.form].words(*r.args) for r in rules)}."


def query(rules: Sequence[Rule], place: Place) -> Query:
    """One query over the snapshot of `place` for the products that every rule holds for (all, if there is none).

    SnapshotNotFound, StoreDamaged or QueryError where a rule asks for another snapshot or for SQL that is not there.
    """
    made = [FORMS[r.form].condition(place, *r.args) for r in rules]
    where = "".join(f" AND ({sql})" for sql, _ in made)
    return Query(f"SELECT p.product_id FROM products p WHERE true{where}", [v for _, values in made for v in values])


def selected(rules: Sequence[Rule], place: Place) -> list[str]:
    """The ids of the products selected, in catalogue order."""
    asked = query(rules, place)
    ordered = f"SELECT product_id FROM products WHERE product_id IN ({asked.sql}) ORDER BY catalogue_row"
    return [str(found) for found in column(place.cursor, ordered, asked.values)]


def _parsed(text: str) -> Rule:
    if len(text) > MOST_CHARACTERS:
        raise BadRule(f"A rule has at most {MOST_CHARACTERS:,} characters; {text[:40]!r}... has {len(text):,}.")
    return Rule.of(text)


def _checked(made: Rule) -> Rule:
    form = FORMS.get(made.form)
    if form is None:
        raise BadRule(f"There is no rule {made.form[:40]!r} for a selection; there are {words.listed(sorted(FORMS))}.")
    most = math.inf if form.repeats else len(form.args)
    shown = repr(str(made)[:80])
    if not form.needed <= len(made.args) <= most:
        written = "~".join((made.form, *form.args))
        raise BadRule(f"The rule {shown} has {words.count(len(made.args), 'argument')}; it is written {written}.")
    try:
        form.check(*made.args)
    except (ValueError, QueryError) as error:
        raise BadRule(f"The rule {shown} means nothing: {error}") from error
    return made


def _whole(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ValueError(f"{what} is a whole number, not {text[:40]!r}.")
    return int(text)


def _one_of(text: str, options: Sequence[str], what: str) -> None:
    if text and text not in options:
        raise ValueError(f"{what} is one of {words.listed(options)}, not {text[:40]!r}.")


def _check_is(name: str, value: str) -> None:
    if name == "price":
        conditions.number(value)


def _check_range(name: str, low: str, high: str = "") -> None:
    ends = [conditions.number(end) for end in (low, high)]
    if ends == [None, None]:
        raise ValueError("it has neither a lower nor an upper end.")


def _check_moved(number: str, how: str = "") -> None:
    _whole(number, "A snapshot")
    _one_of(how, MOVES, "How a product moved")


def _check_duplicate(modality: str = "", match: str = "") -> None:
    _one_of(modality, ("text", "image"), "What is the same")
    _one_of(match, MATCHES, "How it is the same")


def _sql(statement: str) -> str:
    shown = " ".join(statement.split())
    return f"that this query names: {shown if len(shown) <= 160 else f'{shown[:159]}…'}"


def _categories(*names: str) -> str:
    named = [name for name in names if name]
    of = f"of the {'category' if len(named) == 1 else 'categories'} {_or(named)}" if named else ""
    return _or([part for part in (of, "" if all(names) else "without a category") if part])


def _or(names: Sequence[str]) -> str:
    return words.listed(names).replace(" and ", " or ") if len(names) < 3 else f"{', '.join(names[:-1])} or {names[-1]}"


def _duplicates(modality: str = "", match: str = "") -> str:
    how = {"exact": "the same", "near": "nearly the same"}.get(match, "the same or nearly the same")
    return f"with {how} {modality or 'text or image'} as another product"


def _range(name: str, low: str, high: str = "") -> str:
    ends = " and ".join(part for part in (low and f"at least {low}", high and f"at most {high}") if part)
    return f"whose {name} is {ends}"


def _moved(number: str, how: str = "") -> str:
    if how == "regrouped":
        return f"in the group of another category than in snapshot {number}"
    what = {"added": "added", "recategorised": "put into another category"}.get(how, "added or moved")
    return f"{what} since snapshot {number}"


def _placed(method: str, category: str) -> str:
    group = f"the group of {category}" if category else "a group that no category is matched to"
    return f"in {group} by {words.method(method)}"


FORMS: dict[str, Form] = {
    "category": Form(("CATEGORY",), 1, _categories, conditions.category, repeats=True),
    "group": Form(
        ("METHOD", "GROUPING", "GROUP"),
        3,
        lambda method, grouping, group: f"in group {group} of {words.method(method)} ({words.grouping(grouping)})",
        conditions.group,
        lambda method, grouping, group: _whole(group, "A group"),
    ),
    "placed": Form(("METHOD", "CATEGORY"), 2, _placed, conditions.placed),
    "right": Form(
        ("METHOD",), 1, lambda m: f"that {words.method(m)} puts into the group of their category", conditions.right
    ),
    "wrong": Form(
        ("METHOD",), 1, lambda m: f"that {words.method(m)} puts into the group of another category", conditions.wrong
    ),
    "suspect": Form(
        ("SUGGESTED",),
        0,
        lambda category="": "whose category is disputed" + (f" in favour of {category}" if category else ""),
        conditions.suspect,
    ),
    "issue": Form(
        ("PROBLEM", "STAGE"),
        1,
        lambda problem, stage="": f"with the issue {problem!r}" + (f" found by {stage}" if stage else ""),
        conditions.issue,
    ),
    "duplicate": Form(("MODALITY", "MATCH"), 0, _duplicates, conditions.duplicate, _check_duplicate),
    "moved": Form(("SNAPSHOT", "HOW"), 1, _moved, conditions.moved, _check_moved),
    "is": Form(("COLUMN", "VALUE"), 2, lambda name, value: f"whose {name} is {value!r}", conditions.equal, _check_is),
    "sql": Form(("QUERY",), 1, _sql, conditions.sql),
    "range": Form(("COLUMN", "LOW", "HIGH"), 2, _range, conditions.between, _check_range),
}
"""Every form of rule. `placed`, `right` and `wrong` are of the grouping that the method is judged by."""

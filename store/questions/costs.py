"""The cost of each method beside its score, as measured in the runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from store.questions.ask import Cursor, rows
from store.questions.study import ranking


@dataclass(frozen=True)
class Cost:
    """A method's score, and what its vectors and groups cost per 1,000 products.

    `seconds` and `peak_mb` are of its vectors and of those it is built on (`built_on`), `grouping_seconds` of all its
    groupings and of the search for the neighbours that they rest on: its own or, of a joint graph, those of the methods
    that it joins. None where no run measured them.
    """

    method: str
    modality: str | None
    value: float | None
    low: float | None
    high: float | None
    products: int
    seconds: float | None
    grouping_seconds: float | None
    peak_mb: float | None
    dimensions: int | None
    vector_mb: float | None
    built_on: tuple[str, ...]


@dataclass(frozen=True)
class _Measured:
    stage: str
    method: str
    seconds: float
    peak_mb: float | None


BYTES = 4
"""Of one number of a vector: FLOAT."""


def costs(cursor: Cursor) -> list[Cost]:
    """Every method that ran, the best first. A step's cost is that of its newest measurement."""
    measured = {
        (m.stage, m.method): m
        for m in rows(
            cursor,
            _Measured,
            """SELECT split_part(step, ':', 1) AS stage, split_part(step, ':', 2) AS method, seconds, peak_mb
               FROM steps WHERE seconds IS NOT NULL AND status IN ('computed', 'cached') AND contains(step, ':')
               QUALIFY row_number() OVER (PARTITION BY step ORDER BY run_id DESC) = 1""",
        )
    }
    ran = [s for s in ranking(cursor) if s.status == "ran"]
    built_on = {s.method: _built_on(s.parameters, {r.method for r in ran} - {s.method}) for s in ran}
    found = []
    for s in ran:
        vectors = [measured.get(("features", m)) for m in _all(s.method, built_on)]
        known = [v for v in vectors if v is not None]
        own = measured.get(("clustering", s.method))
        joined = built_on[s.method] if s.dimensions is None else (s.method,)
        near = [measured[step] for m in joined if (step := ("neighbours", m)) in measured]
        products = s.embedded or s.products or 0
        per = 1000 / products if products else None
        whole = s.dimensions is None or ("features", s.method) in measured
        found.append(
            Cost(
                s.method,
                s.modality,
                s.value,
                s.low,
                s.high,
                products,
                sum(v.seconds for v in known) * per if known and whole and per else None,
                (own.seconds + sum(n.seconds for n in near)) * per if own and per else None,
                max((v.peak_mb for v in known if v.peak_mb is not None), default=None),
                s.dimensions,
                s.dimensions * BYTES / 1000 if s.dimensions else None,
                built_on[s.method],
            )
        )
    return found


def _built_on(parameters: str | None, methods: set[str]) -> tuple[str, ...]:
    """The methods that a method's parameters name: those whose vectors it joins."""

    def names(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set().union(*map(names, value.values()))
        if isinstance(value, list):
            return set().union(*map(names, value))
        return {value} & methods if isinstance(value, str) else set()

    return tuple(sorted(names(json.loads(parameters or "{}"))))


def _all(method: str, built_on: Mapping[str, tuple[str, ...]]) -> set[str]:
    """A method and all that it is built on, at any depth."""
    found, todo = {method}, [method]
    while todo:
        new = set(built_on.get(todo.pop(), ())) - found
        found |= new
        todo += sorted(new)
    return found

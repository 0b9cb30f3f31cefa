"""The leaderboard: every method by the grouping it is judged by, and which differences are significant."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html

from dashboard import components as ui
from dashboard import words
from dashboard.state import link
from store.questions.comparisons import Comparison
from store.questions.labels import Ceiling
from store.questions.study import Ranked, Verdict

HEAD = ["Method", "From 0 to 1", "Interval", "Over seeds", "Ceiling", "Against the best", "Verdict"]


def card(
    ranking: list[Ranked],
    verdicts: list[Verdict],
    behind: Mapping[str, Comparison],
    ceilings: Mapping[str, Ceiling],
    metric: str,
) -> Any:
    """The card. `behind` holds the leader compared with each other method."""
    by_method = {v.method: v.verdict for v in verdicts if v.scope.startswith("method:")}
    thresholds = [m for v in verdicts[:1] for m in (v.infeasible_below, v.feasible_from) if m is not None]
    ran = [s for s in ranking if s.status == "ran"]
    rest = [s for s in ranking if s.status != "ran"]
    scored = [s for s in ran if s.value is not None]
    name = words.named(words.METRICS, metric)
    note = (
        f"{words.METRIC_MEANINGS.get(metric, '')} {_grouped(scored)}"
        "Dot: median over seeds; thin line: 95 % interval over products; bar: range over seeds; dotted line: chance"
        f"{_chance(scored)}; triangle: the ceiling, the score of a classifier trained on the labels of the same vectors"
        f"{_no_ceiling(scored, ceilings)}{_thresholds(thresholds)}. Hover over a line for the figures."
    )
    body = [
        _row(s, thresholds, ceilings.get(s.method), against(s.method, scored, behind), by_method.get(s.method))
        for s in ran
    ]
    return ui.card(
        headline(scored, behind),
        ui.table(
            [*HEAD[:1], HEAD[1], html.Span([name, html.Span(HEAD[2], className="sub")]), *HEAD[3:]],
            body,
            (2, 3, 4),
            "leaderboard",
        )
        if ran
        else None,
        _not_there(rest) if rest else None,
        note=note,
    )


def headline(scored: Sequence[Any], behind: Mapping[str, Comparison]) -> str:
    """Which method scores highest (`scored` has the best first), and which are not shown to differ from it."""
    if not scored:
        return "The methods"
    best, *others = scored
    title = f"{words.method(best.method)} comes closest to the catalogue's own categories"
    if behind:
        near = [words.method(s.method) for s in others if s.method in behind and not behind[s.method].distinct]
        return (
            f"{title}; {words.listed(near)} {'is' if len(near) == 1 else 'are'} not shown to differ" if near else title
        )
    near = [words.method(s.method) for s in others if s.high is not None and best.low is not None and s.high > best.low]
    return f"{title}, its interval overlapping with that of {words.listed(near)}" if near else title


def against(method: str, scored: Sequence[Any], behind: Mapping[str, Comparison]) -> Any:
    """The difference from the best method in words, with its paired interval."""
    if scored and scored[0].method == method:
        return ui.badge("the best", "good") if len(scored) > 1 else ""
    found = behind.get(method)
    if found is None:
        return "–"
    low, high = (None if v is None else -v for v in (found.high, found.low))
    return html.Span(
        [
            words.signed(-found.difference) if found.distinct else ui.badge("not shown to differ", "fair"),
            html.Span(f"{words.signed(low)} to {words.signed(high)}", className="sub"),
        ],
    )


def _row(
    s: Ranked, thresholds: list[float], ceiling: Ceiling | None, difference: Any, verdict: str | None
) -> list[Any]:
    return [
        html.Span([dcc.Link(words.method(s.method), href=link("/clusters", method=s.method)), _model(s)]),
        ui.track(
            s.value,
            (s.low, s.high),
            (s.seed_min, s.seed_max),
            thresholds,
            chance=s.chance,
            ceiling=ceiling.value if ceiling else None,
        ),
        html.Span([html.Strong(words.score(s.value)), html.Span(ui.interval(s.low, s.high), className="sub")]),
        ui.interval(s.seed_min, s.seed_max),
        words.score(ceiling.value) if ceiling else "–",
        difference,
        ui.verdict(verdict) if verdict else "",
    ]


def _not_there(rest: list[Ranked]) -> Any:
    return html.Div(
        [
            html.H3("Not in the comparison"),
            ui.table(
                ["Method", "Reads", "Status", "Why, and what to do"],
                [
                    [html.Span([words.method(s.method), _model(s)]), s.modality or "–", ui.status(s.status), s.detail]
                    for s in rest
                ],
                name="unavailable",
            ),
        ],
        className="mt-3",
    )


def _chance(scored: Sequence[Ranked]) -> str:
    """The highest chance level as a number: the lines lie too close together to be read off."""
    lines = [s.chance for s in scored if s.chance is not None]
    return f" (at most {max(lines):.3f})" if lines else ""


def _no_ceiling(scored: Sequence[Ranked], ceilings: Mapping[str, Ceiling]) -> str:
    """Why a joint graph has no ceiling where the others do."""
    without = any(s.dimensions is None and s.method not in ceilings for s in scored)
    return " (a joint graph has no vectors of its own)" if without and ceilings else ""


def _thresholds(thresholds: Sequence[float]) -> str:
    if len(thresholds) < 2:
        return ""
    low, high = thresholds
    return f"; dashed lines: below {low:g} is 'not feasible', from {high:g} on 'feasible'"


def _grouped(scored: Sequence[Ranked]) -> str:
    """How the methods were grouped, the most usual way first."""
    ways = Counter(words.grouping(s.algorithm, s.space) for s in scored)
    return f"Groups by {'; or '.join(way for way, _ in ways.most_common())}. " if ways else ""


def _model(row: Ranked) -> Any:
    parts = [
        words.model(row.model, row.method),
        f"{row.dimensions:,}-d" if row.dimensions else None,
    ]
    return html.Span(" · ".join(part for part in parts if part), className="sub")

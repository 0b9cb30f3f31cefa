"""The leaderboard: every method by the grouping it is judged by, and which differ from the one a verdict rests on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html

from dashboard import components as ui
from dashboard import words
from dashboard.state import link
from store.questions.comparisons import Comparison
from store.questions.estimates import EstimatedScore
from store.questions.labels import Ceiling
from store.questions.study import Ranked, Verdict

MOST_NAMES = 3
"""Methods that the title names."""


def card(
    ranking: list[Ranked],
    verdicts: list[Verdict],
    declared: str | None,
    compared: Mapping[str, Comparison],
    estimated: Mapping[str, EstimatedScore],
    ceilings: Mapping[str, Ceiling],
    metric: str,
) -> Any:
    """The card. `compared` holds each other method compared with `declared`, which the widest verdict rests on."""
    by_method = {v.method: v.verdict for v in verdicts if v.scope.startswith("method:")}
    thresholds = [m for v in verdicts[:1] for m in (v.infeasible_below, v.feasible_from) if m is not None]
    ran = [s for s in ranking if s.status == "ran"]
    rest = [s for s in ranking if s.status != "ran"]
    scored = [s for s in ran if s.value is not None]
    name = words.named(words.METRICS, metric)
    meanings = {
        "Dot and thin line": "The score and its 95 % interval, for other products of this shop, grouped anew.",
        **_thresholds(thresholds),
        "Number estimated": "The score with the number of groups estimated too, not taken from the categories.",
        "Triangle, ceiling": "The score of a classifier trained on the labels of the same "
        f"vectors{_no_ceiling(scored, ceilings)}.",
        "Dotted line, chance": f"The score of shuffled categories{_chance(scored)}.",
    }
    if compared:
        meanings[f"Against {words.method(declared)}"] = (
            "The difference with its paired 95 % interval; whether one was shown is corrected for the number of "
            "comparisons (Holm)."
        )
    head = [
        "Method",
        html.Span([name, html.Span("Interval", className="sub")]),
        "From 0 to 1",
        "Verdict",
        "Number estimated",
        html.Span(["Ceiling", html.Span("Chance", className="sub")]),
        *([f"Against {words.method(declared)}"] if compared else []),
    ]
    body = [
        _row(
            s,
            thresholds,
            estimated.get(s.method),
            ceilings.get(s.method),
            [ui.badge("declared", "none") if s.method == declared else against(compared.get(s.method))]
            if compared
            else [],
            by_method.get(s.method),
        )
        for s in ran
    ]
    return ui.card(
        headline(scored, declared, compared),
        ui.table(head, body, (1, 4, 5), "leaderboard") if ran else None,
        ui.meanings(meanings) if scored else None,
        _not_there(rest) if rest else None,
        note=f"{words.METRIC_MEANINGS.get(metric, '')} {_grouped(scored)}",
    )


def headline(scored: Sequence[Any], declared: str | None, compared: Mapping[str, Comparison]) -> str:
    """Which methods are ahead of the declared one, and which are not shown to differ (`scored` has the best first)."""
    if not scored:
        return "The methods"
    if not compared:
        return f"{words.method(scored[0].method)} comes closest to the catalogue's own categories"
    ahead = [words.method(m) for m, c in compared.items() if c.distinct and c.difference > 0]
    near = [words.method(m) for m, c in compared.items() if not c.distinct]
    parts = [f"The verdict rests on {words.method(declared)}"]
    if ahead:
        parts.append(f"{_are(ahead)} ahead of it")
    if near:
        parts.append(f"{_are(near)} not shown to differ from it")
    return "; ".join(parts if ahead or near else [*parts, "every other method is behind it"])


def _are(names: Sequence[str]) -> str:
    return f"{words.listed_short(names, MOST_NAMES)} {'is' if len(names) == 1 else 'are'}"


def against(found: Comparison | None) -> Any:
    """The difference from the declared method in words, with its paired interval."""
    if found is None:
        return "–"
    return html.Span(
        [
            words.signed(found.difference) if found.distinct else ui.badge("not shown to differ", "fair"),
            html.Span(f"{words.signed(found.low)} to {words.signed(found.high)}", className="sub"),
        ],
    )


def _row(
    s: Ranked,
    thresholds: list[float],
    estimated: EstimatedScore | None,
    ceiling: Ceiling | None,
    difference: list[Any],
    verdict: str | None,
) -> list[Any]:
    return [
        html.Span([dcc.Link(words.method(s.method), href=link("/categories/groups", method=s.method)), _model(s)]),
        html.Span([html.Strong(words.score(s.value)), html.Span(ui.interval(s.low, s.high), className="sub")]),
        ui.track(
            s.value,
            (s.low, s.high),
            thresholds,
            chance=s.chance,
            ceiling=ceiling.value if ceiling else None,
        ),
        ui.verdict(verdict) if verdict else "",
        html.Span(
            [words.score(estimated.value), html.Span(f"in {words.count(estimated.groups, 'group')}", className="sub")]
        )
        if estimated
        else "–",
        html.Span([words.score(ceiling.value if ceiling else None), html.Span(words.score(s.chance), className="sub")]),
        *difference,
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


def _thresholds(thresholds: Sequence[float]) -> dict[str, str]:
    """What the dashed lines mean, where the verdicts have thresholds."""
    if len(thresholds) < 2:
        return {}
    low, high = thresholds
    return {"Dashed lines": f"Below {low:.2f} is 'not feasible', from {high:.2f} on 'feasible'."}


def _grouped(scored: Sequence[Ranked]) -> str:
    """How the methods were grouped, the most usual way first."""
    ways = Counter(words.grouping(s.grouping) for s in scored)
    return f"Groups by {'; or '.join(way for way, _ in ways.most_common())}. " if ways else ""


def _model(row: Ranked) -> Any:
    parts = [
        words.model(row.model, row.method),
        f"{row.dimensions:,}-d" if row.dimensions else None,
    ]
    return html.Span(" · ".join(part for part in parts if part), className="sub")

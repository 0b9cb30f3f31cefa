"""The first lines of the page Answer: the answer in one sentence, what each category needs, and what to do next."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import dcc, html

from dashboard import components as ui
from dashboard import words
from dashboard.selecting.selection import address, rule
from store.questions import comparisons
from store.questions.categories import CategoryVerdict
from store.questions.study import Verdict

ANSWERS = {"feasible": "Yes", "borderline": "In part", "not feasible": "Not yet"}
NEEDS = {
    "automate": "Automate now",
    "label": "Label some products first",
    "merge": "Merge with another category",
    "split": "Split",
    "unknown": "Too few products to judge",
}
MOST_CHIPS = 30
"""Categories that a line names: as many as fit a screen. 2,000 kept the browser busy for a minute."""
MOST_NAMES = 5
"""Categories that a sentence names."""


def answer(
    ask: Callable[..., Any], verdicts: Sequence[Verdict], categories: Sequence[CategoryVerdict], suspects: int
) -> Any:
    """The card; None where nothing was judged. `ask` answers questions of the store on the snapshot that is shown."""
    scopes = {v.scope: v for v in verdicts if v.scope in words.SCOPES}
    widest = answered_by(scopes)
    if widest is None:
        return None
    compared = images_add(ask, scopes.get("text"), scopes.get("text+image"))
    by_verdict = [(name, [c for c in categories if c.verdict == verdict]) for verdict, name in NEEDS.items()]
    return ui.card(
        sentence(widest, categories),
        html.Div([_chips(name, found) for name, found in by_verdict if found], className="stack needs"),
        html.P(compared) if compared else None,
        html.P([html.Strong("Next: "), *_next(categories, suspects)]),
        class_name="answer-first",
    )


def answered_by(scopes: Mapping[str, Verdict]) -> Verdict | None:
    """The verdict on texts and images, or on what there is: a shop without images has an answer from its texts."""
    known = {name: v for name, v in scopes.items() if v.verdict in ANSWERS}
    return next((v for name in ("text+image", "text", "image") if (v := (known or scopes).get(name))), None)


def sentence(widest: Verdict, categories: Sequence[CategoryVerdict]) -> str:
    """Whether products can be grouped automatically, and how many categories can be automated."""
    opening = ANSWERS.get(widest.verdict, "Not known yet")
    if not categories:
        return f"{opening}: the verdict is '{widest.verdict}'."
    ready = sum(c.verdict == "automate" for c in categories)
    of = words.count(len(categories), "category")
    return f"{opening}: {ready} of {of} can be automated now."


def images_add(ask: Callable[..., Any], text: Verdict | None, both: Verdict | None) -> str | None:
    """Whether text and image together differ from the text alone, as it was tested; None if not both were judged."""
    if not text or not both or not all(v.method and v.value is not None for v in (text, both)):
        return None
    ones = (text.method, text.grouping), (both.method, both.grouping)
    found = ask(comparisons.between, *ones, both.metric)
    scores = f"{words.score(text.value)} from the text alone and {words.score(both.value)} with the images"
    name = words.named(words.METRICS, both.metric)
    if found is None:
        return f"{name}: {scores}; the two were not compared."
    if not found.distinct:
        return f"{name}: {scores}. No difference was shown: they may help, harm or do nothing."
    change = "lower" if found.difference > 0 else "raise"
    return f"{name}: {scores}. The difference was shown: the images {change} the score."


def _chips(name: str, categories: Sequence[CategoryVerdict]) -> Any:
    more = len(categories) - MOST_CHIPS
    rest = [dcc.Link(f"and {more:,} more", href="/categories")] if more > 0 else []
    shown = [_chip(category) for category in categories[:MOST_CHIPS]]
    return html.Div([html.Span(name, className="note"), *shown, *rest], className="terms")


def _chip(category: CategoryVerdict) -> Any:
    tone = ui.VERDICTS.get(category.verdict, "none")
    shown = address("/products", rule("category", category.category))
    return dcc.Link(ui.badge(category.category, tone), href=shown)


def _next(categories: Sequence[CategoryVerdict], suspects: int) -> list[Any]:
    """What to do next: check disputed labels, then see to the categories."""
    if suspects:
        return [
            dcc.Link(f"check {words.count(suspects, 'suspect label')}", href="/check"),
            ", the lowest quality first.",
        ]
    left = [c.category for c in categories if c.verdict not in ("automate", "unknown")]
    if left:
        return [
            "see ",
            dcc.Link("what these categories need", href="/categories"),
            f": {words.listed_short(left, MOST_NAMES)}.",
        ]
    return ["no label is disputed; see ", dcc.Link("the categories", href="/categories"), "."]

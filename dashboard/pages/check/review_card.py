"""One suspect, or one pair of duplicates, as a reviewer sees it: images, what speaks for what, and what was decided."""

import difflib
import json
from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dashboard import components as ui
from dashboard import words
from dashboard.context import Context
from dashboard.selecting.selection import Rule
from dashboard.state import link
from store.questions import catalogue, findings, reviews, study
from store.questions.reviews import Evidence, Item, Progress

REVIEW = "/check/review"
"""Where one item is shown, as ?item=..."""
DECIDED = {"accept": ("accepted", "good"), "reject": ("rejected", "none")}
"""Each decision in a word, with its tone."""
SHOWN_TERMS = 6
"""Terms for each of the two categories: those after the sixth hardly speak."""
COMPARED = 400
"""Words of a description of which the differences are marked; to compare takes their square in time."""


def key(finding: str, *product_ids: str | None) -> str:
    """An item as the address has it: suspect~PRODUCT, or duplicate~PRODUCT~OTHER; None is left out."""
    return str(Rule(finding, tuple(part for part in product_ids if part is not None)))


def key_of(item: Item | None) -> str:
    """The key of an item; '' of none."""
    return "" if item is None else key(item.finding, item.product_id, item.other_product_id)


def named(text: str) -> tuple[str, str, str | None] | None:
    """The finding and the products that a key names; None where it names no item."""
    rule = Rule.of(text)
    if len(rule.args) != 1 + (rule.form == "duplicate"):
        return None
    return rule.form, rule.args[0], rule.args[1] if len(rule.args) > 1 else None


def review_link(finding: str, *product_ids: str | None) -> str:
    """The address at which a suspect or pair is reviewed."""
    return link(REVIEW, item=key(finding, *product_ids))


def badge(item: Item) -> Any:
    """What was decided on an item, in a word; None while nothing was."""
    if item.decision:
        return ui.badge(*DECIDED[item.decision])
    return ui.badge("open again", "fair") if item.earlier else None


def counted(progress: Progress) -> list[Any]:
    """How many items are reviewed, and the link to the decisions."""
    csv = html.A("CSV of all decisions", href="/reviews/csv", download="reviews.csv")
    return [html.Strong(f"{progress.decided:,} of {progress.items:,}"), " reviewed · ", csv]


def heading(asked: Context, item: Item) -> Any:
    """What is asked about the item, and what was decided on it."""
    if item.finding == "suspect":
        found = asked.ask(findings.suspect, item.product_id)
        title: list[Any] = [
            _category(asked, item.category),
            html.Span(" → "),
            html.Strong(_category(asked, item.suggested_category)),
        ]
        note = "" if found is None else f"{found.votes} of {words.count(found.methods, 'method')} propose the category"
        if found is not None and found.quality is not None:
            note += f" · quality {words.score(found.quality)}"
    else:
        matches = asked.ask(findings.matches, item.product_id, item.other_product_id or "")
        same = [_same(m) for m in matches]
        title, note = [" and ".join(same).capitalize() or "Duplicates"], ""
        if len({item.category, item.other_category} - {None}) > 1:
            title.append(ui.badge("in two categories", "fair"))
    return html.Div(
        [html.H2(title, className="review-title", tabIndex=-1), html.P(note, className="note"), _decided(item)]
    )


def actions(item: Item, may: bool) -> Any:
    """The buttons with their keys; those that decide only for who may."""
    accept, reject = (
        (f"It belongs to {item.suggested_category}", f"It stays in {item.category}")
        if item.finding == "suspect"
        else ("One product", "Two products")
    )
    decide = [
        _button("accept", "A", "Accept", accept, "review-accept"),
        _button("reject", "R", "Reject", reject, "review-reject"),
    ]
    more = [_button("note", "N", "Note")] + ([_button("reopen", "U", "Undo")] if item.decision else [])
    steps = [
        _button("back", "←", "Back", spoken="ArrowLeft"),
        _button("skip", "S", "Skip", spoken="S"),
        _button("forward", "→", "Next", spoken="ArrowRight"),
    ]
    groups = [decide, [*steps, *more]] if may else [steps]
    return html.Div([html.Div(group, className="review-group") for group in groups], className="review-actions")


def note(item: Item, may: bool) -> Any:
    """The note, to be written by who may."""
    if not may:
        return html.P(f"Note: {item.note}") if item.note else None
    box = dcc.Textarea(id="review-note", value=item.note or "", maxLength=2_000, rows=1, className="form-control")
    return html.Div(
        [
            ui.field("Note (Ctrl+Enter saves it alone; a decision saves it too)", box, "review-note"),
            _button("save", "", "Save the note"),
        ],
        className="review-note",
    )


def suspect(asked: Context, item: Item) -> Any:
    """A suspect: its image and text, each method's vote, and the terms that speak for either category."""
    product = asked.ask(catalogue.product, item.product_id)
    if product is None:
        return ui.notice("The product is not in the catalogue", item.product_id)
    return html.Div(
        [
            html.Div([_image(asked, product), _facts(product)], className="panel stack review-product"),
            html.Div([_votes(asked, item), _terms(asked, item), _text(product.raw or product.description)],
                     className="stack"),
        ],
        className="review-suspect",
    )  # fmt: skip


def pair(asked: Context, item: Item) -> Any:
    """Two products side by side, the earlier one first; words that only one has are marked."""
    sides = [asked.ask(catalogue.product, i) for i in (item.other_product_id or "", item.product_id)]
    texts = marked(*((p.raw or p.description or "") if p else "" for p in sides))
    names = marked(*((p.name or "") if p else "" for p in sides))
    facts = [_pairs(p) for p in sides]
    return html.Div(
        [
            html.Section(
                [
                    _image(asked, product),
                    html.H3(dcc.Link(name or product.product_id, href=ui.product_link(product.product_id))),
                    html.Dl(
                        [
                            part
                            for field, value in own.items()
                            for part in (
                                html.Dt(field),
                                html.Dd(html.Mark(value) if value != other.get(field) else value),
                            )
                        ],
                        className="facts-list",
                    ),
                    html.P(text or "no text", className="text", tabIndex=0),
                ],
                className="panel stack",
            )
            if product
            else ui.notice("This product is not in the catalogue")
            for product, name, own, other, text in zip(sides, names, facts, reversed(facts), texts, strict=True)
        ],
        className="halves review-pair",
    )


def marked(one: str, other: str) -> tuple[list[Any], list[Any]]:
    """Two texts with the words marked that the other has not at that place; long ones are not compared."""
    a, b = one.split(), other.split()
    if one == other or not a or not b or max(len(a), len(b)) > COMPARED:
        return [one] if one else [], [other] if other else []
    left: list[Any] = []
    right: list[Any] = []
    for tag, a0, a1, b0, b1 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        for out, part in ((left, a[a0:a1]), (right, b[b0:b1])):
            if part:
                text = " ".join(part)
                out += [text if tag == "equal" else html.Mark(text), " "]
    return left, right


def posted(number: int, item: Item) -> str:
    """What a review of the item says beside decision and note, as JSON for assets/review.js."""
    return json.dumps(
        {
            "snapshot": number,
            "finding": item.finding,
            "product_id": item.product_id,
            "other_product_id": item.other_product_id,
        }
    )


def _button(act: str, key: str, name: str, detail: str = "", class_name: str = "", spoken: str = "") -> Any:
    shown = [html.Kbd(key, **{"aria-hidden": "true"}) if key else None, html.Span(name)]
    shortcut = {"aria-keyshortcuts": spoken or key, "data-key": spoken or key} if key else {}
    return html.Button(
        [*shown, html.Small(detail) if detail else None],
        type="button",
        className=f"btn btn-sm btn-outline-secondary {class_name}",
        **{"data-act": act, **shortcut},
    )


def _category(asked: Context, category: str | None) -> Any:
    looks = asked.looks()
    return html.Span([ui.dot(looks[category]) if category in looks and category else None, category or "no category"])


def _same(match: findings.Match) -> str:
    modality = words.named(words.MODALITIES, match.modality)
    return f"same {modality}" if match.match != "near" else f"similar {modality} ({words.score(match.similarity)})"


def _decided(item: Item) -> Any:
    """Who decided what and when, or why it is open again."""
    by = f" by {item.person}" if item.person else ""
    when = f"{by}, {words.when(item.happened)}"
    if item.decision:
        return html.P([badge(item), f"{when}."], className="review-decided")
    if item.earlier:
        seen = f" when it was in {item.earlier_category or 'no category'} and {item.earlier_suggested} was proposed"
        return html.P([badge(item), f" It was {DECIDED[item.earlier][0]}{when},{seen}."], className="review-decided")
    return None


def _image(asked: Context, product: catalogue.Product) -> Any:
    return ui.image(asked.number, product.product_id, product.name, product.width is not None, "review-image")


def _facts(product: catalogue.Product) -> Any:
    lines = [part for name, value in _pairs(product).items() for part in (html.Dt(name), html.Dd(value))]
    return html.Div(
        [
            html.H3(dcc.Link(product.name or product.product_id, href=ui.product_link(product.product_id))),
            html.Dl(lines, className="facts-list"),
        ]
    )


def _pairs(product: catalogue.Product | None) -> dict[str, str]:
    """The facts of a product by which a person tells it from another."""
    if product is None:
        return {}
    found = {
        "Id": product.product_id,
        "Category": product.category,
        "Category path": product.category_path,
        "Brand": product.brand,
        "Price": None if product.price is None else f"{product.price:,.2f}",
    }
    return {name: value for name, value in found.items() if value}


def _votes(asked: Context, item: Item) -> Any:
    found = asked.ask(reviews.votes, item.product_id)
    order = [s.method for s in asked.ask(study.ranking)]
    body = []
    for method in sorted(found, key=lambda m: order.index(m) if m in order else len(order)):
        vote = found[method]
        name = _category(asked, vote.predicted_category)
        shown = html.Strong(name) if vote.predicted_category == item.suggested_category else name
        body.append([words.method(method), shown, words.percent(vote.confidence), words.percent(vote.own_confidence)])
    if not body:
        return None
    return ui.card(
        "What each method predicts",
        ui.table(["Method", "Predicts", "Probability", "Own category"], body, (2, 3), "votes"),
        note="By a linear probe trained without the product and its near-duplicates; the best method first. 'Own "
        "category': the probability of the category that it has in the catalogue. A method proposes another category "
        "that is three times as probable; one that joins the vectors of others has no say of its own.",
    )


def _terms(asked: Context, item: Item) -> Any:
    own, suggested = item.category, item.suggested_category
    found = asked.ask(reviews.evidence, item.product_id, own, suggested)
    more = [e for e in found if e.suggested > e.own][:SHOWN_TERMS]
    less = [e for e in reversed(found) if e.own > e.suggested][:SHOWN_TERMS]
    if not more and not less:
        return None
    return ui.card(
        "Which words of its text speak for which category",
        _chips(f"For {suggested}", more),
        _chips(f"For {own}", less),
        note=f"In brackets: the fraction of the products of {suggested} with the word, and of {own}.",
    )


def _chips(title: str, terms: Sequence[Evidence]) -> Any:
    chips = [
        html.Span([html.Strong(e.term), f" ({words.percent(e.suggested)}, {words.percent(e.own)})"], className="term")
        for e in terms
    ]
    return html.Div([html.H3(title), html.Div(chips or "none", className="terms")])


def _text(text: str | None) -> Any:
    return ui.card("Its text", html.P(text or "no text", className="text", tabIndex=0))

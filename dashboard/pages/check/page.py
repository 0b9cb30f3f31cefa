"""What is to be checked: lists of suspects and duplicates with their images, and what was decided on them."""

from collections.abc import Sequence
from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard import components as ui
from dashboard import theme, words
from dashboard.pages import Page
from dashboard.pages.check import review_card
from dashboard.state import LOGS, SNAPSHOT, Address, Control, callback, link, pick
from dashboard.theme import Look
from store.questions import catalogue, findings, reviews
from store.questions.ask import Cursor
from store.questions.reviews import Item
from store.reader import Reader

SHOWN = 50
"""Most rows of a list; a note says that there are more, and the review has all."""
ALL = {"value": "*", "label": "All"}
ADDRESS = Address(
    "/check",
    (Control("category", "findings-category", ALL["value"]), Control("pairs", "findings-pairs", ALL["value"])),
)


def layout(reader: Reader, search: str) -> Any:
    """The controls in the state of the address."""
    state = ADDRESS.read(search)
    with reader.cursor() as cursor:
        disputed = findings.suspect_categories(cursor)
        counts = findings.duplicate_counts(cursor)
    categories = [{"value": c, "label": f"{c} ({n:,})"} for c, n in disputed.items()]
    pairs = [{"value": _pair_key(c), "label": f"{_pair_name(c.modality, c.match)} ({c.pairs:,})"} for c in counts]
    return ui.page(
        "What should be checked in the catalogue?",
        "Suspects: products whose category is disputed by methods that hold most of the weight. Duplicates: products "
        "with the same or nearly the same text or image as an earlier one.",
        ADDRESS.store(),
        html.Div(
            [
                _list("suspects", "Category", "category", [ALL, *categories], state["category"]),
                _list("duplicates", "Duplicates", "pairs", [ALL, *pairs], state["pairs"]),
            ],
            className="findings",
        ),
        tools=html.Div(
            [
                dcc.Link("Review one at a time", href=review_card.REVIEW, className="btn btn-sm btn-primary"),
                html.Div(id="findings-reviewed", className="count"),
            ],
            className="controls",
        ),
    )


def _list(name: str, label: str, control: str, options: list[dict[str, str]], value: str) -> Any:
    """A panel with its filter; the callback fills the rest."""
    chosen = pick(value, [o["value"] for o in options], ALL["value"])
    select = ui.select(f"findings-{control}", options, chosen)
    tools = ui.field(label, select, f"findings-{control}")
    return html.Section(
        [tools, ui.loading(html.Div(id=f"findings-{name}"))], className=f"panel finding-list {name}-list"
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the two lists."""
    ADDRESS.register(app)

    @callback(app, Output("findings-reviewed", "children"), Input(SNAPSHOT, "data"), Input(LOGS, "data"))
    def reviewed(number: int, logs: str) -> Any:
        with reader.cursor(number) as cursor:
            return review_card.counted(reviews.progress(cursor))

    @callback(
        app,
        Output("findings-suspects", "children"),
        Input(SNAPSHOT, "data"),
        Input("findings-category", "value"),
        Input(LOGS, "data"),
    )
    def suspects(number: int, category: str, logs: str) -> Any:
        chosen = None if category == ALL["value"] else category
        with reader.cursor(number) as cursor:
            votes = findings.suspect_votes(cursor, chosen)
            found = findings.suspects(cursor, chosen, SHOWN)
            looks = theme.looks([c.name for c in catalogue.categories(cursor)])
            items = _items(cursor, "suspect", [s.product_id for s in found])
        if votes is None:
            return _head("No category is disputed", "No product's category is disputed by methods of most weight.")
        return [
            _head(
                f"{words.count(votes.suspects, 'label')} to check, the lowest quality first",
                f"Disputed by {_range(votes.fewest, votes.most)} of {words.count(votes.methods, 'method')}: those that "
                "predict the proposed category instead of the product's own, each by a model not trained on the "
                "product. A method weighs more, the better its predictions are. Quality: the mean probability of the "
                "product's own category, from 0 to 1." + _left(votes.suspects),
            ),
            html.Div(
                [_suspect(number, s, looks, items.get((s.product_id, None))) for s in found], className="finding-rows"
            ),
        ]

    @callback(
        app,
        Output("findings-duplicates", "children"),
        Input(SNAPSHOT, "data"),
        Input("findings-pairs", "value"),
        Input(LOGS, "data"),
    )
    def duplicates(number: int, pairs: str, logs: str) -> Any:
        modality, _, match = (pairs or "").partition(".") if pairs != ALL["value"] else (None, None, None)
        with reader.cursor(number) as cursor:
            counts = findings.duplicate_counts(cursor)
            found = findings.duplicates(cursor, modality, match or None, SHOWN)
            items = _items(cursor, "duplicate", [p.later.product_id for p in found])
        chosen = [c for c in counts if modality is None or (c.modality, c.match) == (modality, match or None)]
        total = sum(c.pairs for c in chosen)
        if not found:
            return _head("No duplicates were found", "No two products share a text or an image.")
        parts = [f"{words.count(c.pairs)} {_pair_name(c.modality, c.match).lower()}" for c in chosen]
        return [
            _head(f"{words.count(total, 'duplicate')} of earlier products", f"{words.listed(parts)}.{_left(total)}"),
            html.Div(
                [_pair(number, p, items.get((p.later.product_id, p.earlier.product_id))) for p in found],
                className="finding-rows",
            ),
        ]


def _items(cursor: Cursor, finding: str, products: Sequence[str]) -> dict[tuple[str, str | None], Item]:
    """What is to be reviewed of a finding at these products, by the two of each."""
    return {(item.product_id, item.other_product_id): item for item in reviews.items(cursor, finding, None, products)}


def _review(item: Item | None) -> Any:
    """What was decided, and the way to review it."""
    if item is None:
        return None
    there = review_card.review_link(item.finding, item.product_id, item.other_product_id)
    return html.Span([review_card.badge(item), " ", dcc.Link("review", href=there)])


def _head(title: str, note: str) -> Any:
    return html.Div([html.H2(title), html.P(note, className="note")], className="finding-head")


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


def _left(total: int) -> str:
    return f" The first {SHOWN} are shown; the review has all, one at a time." if total > SHOWN else ""


def _pair_key(count: findings.PairCount) -> str:
    return f"{count.modality}.{count.match or ''}"


def _pair_name(modality: str, match: str | None) -> str:
    """What is the same, in words: 'Same text', 'Similar image'."""
    return f"{'Similar' if match == 'near' else 'Same'} {words.named(words.MODALITIES, modality)}"


def _suspect(number: int, s: findings.Suspect, looks: dict[str, Look], item: Item | None) -> Any:
    facts = [f"{s.votes} of {words.count(s.methods, 'method')}"]
    if s.quality is not None:
        facts.append(f"quality {words.score(s.quality)}")
    return html.Div(
        [
            html.Div(s.rank, className="finding-rank"),
            dcc.Link(ui.image(number, s.product_id, s.name, s.has_image), href=ui.product_link(s.product_id)),
            html.Div(
                [
                    dcc.Link(s.name or s.product_id, href=ui.product_link(s.product_id), className="finding-name"),
                    html.Div(
                        [_category(s.category, looks), " → ", html.Strong(_category(s.suggested_category, looks))]
                    ),
                    html.Div([" · ".join(facts), " · ", _review(item)], className="sub"),
                ]
            ),
        ],
        className="finding suspect",
    )


def _category(category: str | None, looks: dict[str, Look]) -> Any:
    if category is None:
        return "no category"
    return html.Span(
        [
            ui.dot(looks[category]) if category in looks else None,
            dcc.Link(category, href=link("/products", category=category)),
        ]
    )


def _pair(number: int, pair: findings.Pair, item: Item | None) -> Any:
    sides = [
        html.Div(
            [
                dcc.Link(ui.image(number, s.product_id, s.name, s.has_image), href=ui.product_link(s.product_id)),
                html.Div(
                    [
                        dcc.Link(s.name or s.product_id, href=ui.product_link(s.product_id), className="finding-name"),
                        html.Div(f"{s.product_id} · {s.category or 'no category'}", className="sub"),
                    ]
                ),
            ],
            className="finding-side",
        )
        for s in (pair.earlier, pair.later)
    ]
    differ = len({pair.earlier.category, pair.later.category} - {None}) > 1
    title = _pair_name(pair.modality, pair.match)
    title += f", similarity {words.score(pair.similarity)}" if pair.match == "near" else ""
    return html.Div(
        [
            html.Div(
                [title, ui.badge("in two categories", "fair") if differ else None, _review(item)],
                className="finding-title",
            ),
            html.Div(sides, className="finding-sides"),
        ],
        className="finding pair",
    )


PAGE = Page("/check", "To check", 40, layout, register)

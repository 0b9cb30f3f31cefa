"""Text: how long the texts are, which words they have, by which words categories differ, and what cleaning leaves."""

from typing import Any

from dash import Dash, Input, Output, dcc, html, no_update

from dashboard import components as ui
from dashboard import context, theme, words
from dashboard.context import Context
from dashboard.pages import Page
from dashboard.plots.frequent_words import frequent_words
from dashboard.plots.text_lengths import STAGES, text_lengths
from dashboard.selecting import lists
from dashboard.selecting.selection import address, rule
from dashboard.state import SNAPSHOT, Address, Control, callback
from store.questions import catalogue, texts
from store.reader import Reader

PER_PAGE = 50
ADDRESS = Address(
    "/text",
    (
        Control("categories", "text-categories-search", typed=True),
        Control("table", "text-categories-page", 1, "active_page", restarts=True),
        Control("q", "text-search", typed=True),
        Control("page", "text-page", 1, "active_page", restarts=True),
    ),
)


def layout(reader: Reader, search: str) -> Any:
    """The controls in the state of the address."""
    asked = context.of(reader)
    state = ADDRESS.read(search)
    return ui.page(
        "What do the texts say?",
        "How long they are, which words they have before and after cleaning, and which words distinguish categories.",
        ADDRESS.store(),
        ui.loading(html.Div(id="text-body", className="stack")),
        _categories(state) if asked.ask(catalogue.categories) else None,
        ui.card(
            "One text before and after cleaning",
            html.Div(
                [
                    ui.field(
                        "Search a product",
                        lists.search("text-search", state["q"], "Words of the name, the brand or the description"),
                        "text-search",
                    ),
                    html.Div(id="text-count", className="count"),
                ],
                className="controls wide-first",
            ),
            ui.loading(html.Div(id="text-example")),
            lists.pages("text-page", state["page"]),
            class_name="mt-3",
        ),
    )


def _categories(state: dict[str, Any]) -> Any:
    return ui.card(
        "Which words distinguish categories?",
        ui.loading(html.Div(id="text-categories")),
        lists.pages("text-categories-page", state["table"]),
        note="Distinctive: in more of its products than of others', by class-based TF-IDF of the cleaned texts. "
        f"Terms of fewer than {texts.FEW_TEXTS} texts say little; the number of texts then stands beside them.",
        tools=ui.field(
            "Search",
            lists.search("text-categories-search", state["categories"], "A name or a term"),
            "text-categories-search",
        ),
        class_name="mt-3",
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the page: the figures of all texts, those of each category, and one text."""
    ADDRESS.register(app)

    @callback(app, Output("text-body", "children"), Input(SNAPSHOT, "data"))
    def body(number: int) -> Any:
        return context.of(reader, number).draw(_body)

    @callback(
        app,
        Output("text-categories", "children"),
        Output("text-categories-page", "max_value"),
        Output("text-categories-page", "class_name"),
        Output("text-categories-page", "active_page", allow_duplicate=True),
        Input(SNAPSHOT, "data"),
        Input("text-categories-search", "value"),
        Input("text-categories-page", "active_page"),
        prevent_initial_call="initial_duplicate",
    )
    def categories(number: int, text: str | None, page: int | None) -> Any:
        asked = context.of(reader, number)
        found = [c for c in asked.ask(texts.by_category) if lists.matches(text, c.category, *c.terms)]
        shown, at, last = lists.paged(found, page, PER_PAGE)
        filled = _table(list(shown), asked.looks()) if found else ui.notice("No category matches", name="no-match")
        return filled, last, lists.pages_class(last), at if at != page else no_update

    @callback(
        app,
        Output("text-example", "children"),
        Output("text-count", "children"),
        Output("text-page", "max_value"),
        Output("text-page", "class_name"),
        Output("text-page", "active_page", allow_duplicate=True),
        Input(SNAPSHOT, "data"),
        Input("text-search", "value"),
        Input("text-page", "active_page"),
        prevent_initial_call="initial_duplicate",
    )
    def example(number: int, text: str | None, page: int | None) -> Any:
        with reader.cursor(number) as cursor:
            rows = catalogue.matching_rows(cursor, text or "")
            shown, at, last = lists.paged(rows, page, 1)
            found = catalogue.products_at(cursor, shown)
            product = catalogue.product(cursor, found[0].product_id) if found else None
        filled = _example(product) if product else ui.notice("No product matches", "Try fewer words.", name="no-match")
        count = f"{words.count(at if rows else 0)} of {words.count(len(rows), 'product')}"
        return filled, count, last, lists.pages_class(last), at if at != page else no_update


def prepare(reader: Reader, number: int) -> None:
    """What the first visitor would wait for: words are counted, and the categories' compared."""
    asked = context.of(reader, number)
    asked.draw(_body)
    asked.ask(texts.by_category)
    asked.looks()


def _body(asked: Context) -> list[Any]:
    """The figures and plots of all texts."""
    ask = asked.ask
    found = ask(texts.lengths)
    if not found.texts:
        return [ui.notice("No product of this snapshot has a text", "The catalogue's columns for texts are empty.")]
    counted = {stage: ask(texts.vocabulary, stage) for stage in STAGES}
    raw, clean = counted["raw"], counted["clean"]
    languages = [language for language in ask(texts.languages) if language]
    part = f" Words are counted in {raw.counted:,} texts drawn at random." if raw.counted < found.texts else ""
    facts = [
        ui.fact(words.count(found.texts), "products with a text"),
        ui.fact(words.percent(1 - found.texts / found.products), "of the products have no text"),
        ui.fact(words.percent(found.emptied / found.texts), "of the texts keep no word"),
        ui.fact(words.percent(found.clean_words / max(1, found.raw_words)), "of the words are kept"),
        ui.fact(f"{raw.words:,} → {clean.words:,}", "different words"),
        ui.fact(words.percent(clean.once / max(1, clean.words)), "of these, cleaned, are in one text only"),
    ]
    return [
        ui.card(
            f"A text has {found.raw_median:,.0f} words as written and {found.clean_median:,.0f} cleaned",
            html.Div(facts, className="facts text-facts"),
            ui.graph("text-lengths", text_lengths(ask(texts.histogram)), "Texts by their number of words"),
            note="Medians. Cleaning takes away stop words, figures and repeated templates, and leaves dictionary forms"
            + (f" (language: {words.listed(languages)})." if languages else ".")
            + part,
        ),
        html.Div([_frequent(counted[stage], stage, name) for stage, (name, _) in STAGES.items()], className="halves"),
    ]


def _frequent(found: texts.Vocabulary, stage: str, name: str) -> Any:
    top = [word.name for word in found.frequent[:3]]
    return ui.card(
        f"Most frequent {name}: {words.listed(top)}" if top else f"No word {name}",
        ui.graph(f"words-{stage}", frequent_words(found, stage), f"The most frequent words {name}") if top else None,
        note="The fraction of the texts with the word.",
    )


def _table(found: list[texts.CategoryTexts], looks: dict[str, theme.Look]) -> Any:
    rows = [
        [
            html.Span(
                [
                    ui.dot(looks[c.category]) if c.category in looks else None,
                    dcc.Link(c.category, href=address("/products", rule("category", c.category))),
                ]
            ),
            html.Div(
                [*(html.Span(term, className="term") for term in c.terms), _few(c.counted)],
                className="terms",
            ),
            words.count(c.products),
            words.count(c.without),
            "–" if c.raw_median is None else f"{c.raw_median:,.0f}",
            "–" if c.clean_median is None else f"{c.clean_median:,.0f}",
        ]
        for c in found
    ]
    head = ["Category", "Distinctive terms", "Products", "Without a word", "Words as written", "Words cleaned"]
    return ui.table(head, rows, (2, 3, 4, 5), "text-categories")


def _few(counted: int) -> Any:
    """That terms rest on few texts, where they do: each word of one product then looks distinctive."""
    if not 0 < counted < texts.FEW_TEXTS:
        return None
    return html.Span(f"from {words.count(counted, 'text')} only", className="sub")


def _example(product: catalogue.Product) -> Any:
    """A product's text as written beside what cleaning leaves of it."""
    sides = [
        html.Div(
            [
                html.H3(f"{name} · {words.count(count or 0, 'word')}"),
                html.P(text or "no text", className="text", tabIndex=0),
            ]
        )
        for name, count, text in (
            ("As written", product.raw_words, product.raw),
            ("Cleaned", product.clean_words, product.clean),
        )
    ]
    return [
        html.P(dcc.Link(product.name or product.product_id, href=ui.product_link(product.product_id))),
        html.Div(sides, className="halves"),
    ]


PAGE = Page("/text", "Text", 70, layout, register, prepare=prepare)

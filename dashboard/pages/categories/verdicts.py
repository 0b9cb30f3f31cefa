"""Categories: which can be automated, which need labels, which are to be merged or split."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import Dash, Input, Output, dcc, html, no_update

from dashboard import components as ui
from dashboard import theme, words
from dashboard.plots.category_heat import category_heat
from dashboard.selecting import lists
from dashboard.selecting.selection import address, rule
from dashboard.state import SNAPSHOT, Address, Control, callback, link, pick
from dashboard.theme import Look
from store.questions import catalogue, categories, study
from store.reader import Reader

PER_PAGE = 50
ADDRESS = Address(
    "/categories",
    (
        Control("method", "categories-method"),
        Control("figure", "categories-figure", "f1"),
        Control("q", "categories-search", typed=True),
        Control("page", "categories-page", 1, "active_page", restarts=True),
    ),
)
MEANINGS = {
    "automate": "ready to automate",
    "label": "in need of labels",
    "merge": "to be merged",
    "split": "to be split",
    "unknown": "with too few products to judge",
}


def layout(reader: Reader, search: str) -> Any:
    """The controls in the state of the address."""
    with reader.cursor() as cursor:
        have = {s.method for s in categories.judged_scores(cursor)}
        ranked = [s.method for s in study.ranking(cursor) if s.method in have]
        verdicts = categories.category_verdicts(cursor)
    if not ranked:
        return ui.notice(
            "There are no figures per category in this snapshot",
            "They compare groups with categories; the catalogue has none, or no method could be run.",
        )
    rests_on = next((v.method for v in verdicts if v.method in have), ranked[0])
    defaults = {"method": rests_on, "figure": "f1"}
    state = ADDRESS.read(search, **defaults)
    return ui.page(
        "Which categories can be automated?",
        "What each category needs before products can be put into it automatically, and why.",
        ADDRESS.store(**defaults),
        ui.loading(html.Div(id="categories-body", className="stack")),
        lists.pages("categories-page", state["page"]),
        tools=html.Div(
            [
                ui.field(
                    "Search",
                    lists.search("categories-search", state["q"], "Part of a name"),
                    "categories-search",
                ),
                ui.choice(
                    "Method of the table", "categories-method", ui.choices(words.METHODS, ranked), state["method"]
                ),
                ui.choice(
                    "Figure of the heat map",
                    "categories-figure",
                    ui.choices(words.CATEGORY_FIGURES, words.CATEGORY_FIGURES),
                    state["figure"],
                ),
            ],
            className="controls",
        ),
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the page."""
    ADDRESS.register(app)

    @callback(
        app,
        Output("categories-body", "children"),
        Output("categories-page", "max_value"),
        Output("categories-page", "class_name"),
        Output("categories-page", "active_page", allow_duplicate=True),
        Input(SNAPSHOT, "data"),
        Input("categories-method", "value"),
        Input("categories-figure", "value"),
        Input("categories-search", "value"),
        Input("categories-page", "active_page"),
        prevent_initial_call="initial_duplicate",
    )
    def body(number: int, method: str, column: str, text: str | None, page: int | None) -> Any:
        with reader.cursor(number) as cursor:
            scores = categories.judged_scores(cursor)
            ranked = [s.method for s in study.ranking(cursor)]
            verdicts = {v.category: v for v in categories.category_verdicts(cursor)}
            stable_from = study.stable_from(cursor)
            looks = theme.looks([c.name for c in catalogue.categories(cursor)])
            judged = study.judged(cursor)
        column = pick(column, list(words.CATEGORY_FIGURES))
        meanings = words.CATEGORY_MEANINGS | {"stability": words.stability(stable_from)}
        mine = [s for s in scores if s.method == method and lists.matches(text, s.category)]
        mine.sort(key=lambda s: (-(s.f1 or 0.0), s.category))
        shown, at, last = lists.paged(mine, page, PER_PAGE)
        count = "" if last == 1 else lists.counted(words.count(len(mine), "category"), at, last) + ". "
        every = {(s.method, s.category): s for s in scores}
        measured = [s for s in scores if getattr(s, column) is not None]
        filled = [
            _table(method, judged.get(method), count, shown, verdicts, every, looks, meanings),
            _heat(measured, {s.category for s in shown}, method, ranked, column, count + meanings[column]),
        ]
        if text and not mine:
            filled = [ui.notice("No category matches", "Try fewer words.", name="no-match")]
        return filled, last, lists.pages_class(last), at if at != page else no_update


def _table(
    method: str,
    grouping: str | None,
    count: str,
    scores: Sequence[categories.CategoryScore],
    verdicts: dict[str, categories.CategoryVerdict],
    every: dict[tuple[str, str], categories.CategoryScore],
    looks: dict[str, Look],
    meanings: dict[str, str],
) -> Any:
    columns = [c for c in words.CATEGORY_FIGURES if any(getattr(s, c) is not None for s in scores)]
    body = [
        [
            html.Span([ui.dot(looks[s.category]) if s.category in looks else None, _link(s.category)]),
            _verdict(verdicts.get(s.category), every),
            *(_figure(s, column) for column in columns),
            _confused(s),
        ]
        for s in scores
    ]
    heads = [words.CATEGORY_FIGURES[c] for c in columns]
    by = f" by {words.grouping(grouping)}" if grouping else ""
    rests = next((v.method for v in verdicts.values() if v.method), None)
    note = (
        f"{count}The figures of {words.method(method)}{by}. Groups are matched to categories one to one (Hungarian "
        "matching). ±: the standard error that comes from grouping anew, without that of the products drawn."
    )
    if rests:
        note += f" The verdicts rest on {words.method(rests)}."
    return ui.card(
        _title(verdicts, every),
        ui.table(
            ["Category", "Verdict and why", *heads, "Most confused with"],
            body,
            tuple(range(2, 2 + len(heads))),
            "category-table",
        ),
        ui.meanings({words.CATEGORY_FIGURES[c]: meanings[c] for c in columns}),
        note=note,
    )


def _title(
    verdicts: dict[str, categories.CategoryVerdict], every: dict[tuple[str, str], categories.CategoryScore]
) -> str:
    """How many categories each verdict has, and how much else is in the groups of those to be automated."""
    counts = Counter(v.verdict for v in verdicts.values())
    parts = [f"{counts[verdict]} {meaning}" for verdict, meaning in MEANINGS.items() if counts[verdict]]
    wrong = something_else(
        [s for v in verdicts.values() if v.verdict == "automate" and (s := every.get((v.method or "", v.category)))]
    )
    if wrong is not None:
        parts[0] += f" ({words.percent(wrong)} of their groups is of other categories)"
    return f"Of {words.count(len(verdicts), 'category')}, {words.listed(parts)}" if parts else "Category by category"


def something_else(scores: Sequence[categories.CategoryScore]) -> float | None:
    """The fraction of the products in these categories' groups that are of other categories; None without any."""
    pairs = [(s.precision, s.recall * s.products / s.precision) for s in scores if s.precision and s.recall]
    total = sum(size for _, size in pairs)
    return 1 - sum(precision * size for precision, size in pairs) / total if pairs else None


def _link(category: str) -> Any:
    return dcc.Link(category, href=link("/products", category=category))


def _confused(score: categories.CategoryScore) -> Any:
    if score.confused_with is None:
        return "–"
    fraction = f"{words.percent(score.confused_fraction)} of it"
    cell = address("/products", rule("category", score.category), rule("placed", score.method, score.confused_with))
    return html.Span([dcc.Link(score.confused_with, href=cell), html.Span(fraction, className="sub")])


def _figure(score: categories.CategoryScore, column: str) -> Any:
    """A figure and, where there is one, its standard error."""
    error = {"precision": score.precision_error, "recall": score.recall_error}.get(column)
    value = words.score(getattr(score, column))
    return value if error is None else html.Span([value, html.Span(f"± {words.score(error)}", className="sub")])


def _verdict(verdict: categories.CategoryVerdict | None, every: dict[tuple[str, str], categories.CategoryScore]) -> Any:
    """The verdict and why; where it is to be automated, also how much of the group it rests on is something else."""
    if verdict is None:
        return "–"
    score = every.get((verdict.method or "", verdict.category))
    wrong = None
    if verdict.verdict == "automate" and score is not None and score.precision is not None:
        wrong = f"{words.percent(1 - score.precision)} of its group is of other categories."
    return html.Span(
        [
            ui.verdict(verdict.verdict),
            html.Span(words.held(verdict.reason), className="sub wrap"),
            html.Span(wrong, className="sub wrap") if wrong else None,
        ]
    )


def extremes(scores: list[categories.CategoryScore], method: str, column: str) -> str:
    """The categories in which that method scores highest and lowest, with the figures."""
    name = words.CATEGORY_FIGURES[column]
    values = sorted((getattr(s, column), s.category) for s in scores if s.method == method)
    if not values:
        return f"{name} by category"
    (low, hardest), (high, easiest) = values[0], values[-1]
    if words.score(low) == words.score(high):
        return f"{name} of {words.method(method)}: {words.score(low)} for every category"
    return (
        f"{name} of {words.method(method)}: highest for {easiest} ({words.score(high)}), "
        f"lowest for {hardest} ({words.score(low)})"
    )


def _heat(
    scores: list[categories.CategoryScore],
    shown: set[str],
    method: str,
    ranked: list[str],
    column: str,
    meaning: str,
) -> Any:
    """The heat map of the categories in `shown`; the title is of all."""
    name = words.CATEGORY_FIGURES[column]
    if not scores:
        return ui.card(f"No method has a {name.lower()} per category in this snapshot")
    methods = [m for m in ranked if m in {s.method for s in scores}]
    return ui.card(
        extremes(scores, method, column),
        ui.graph(
            "category-heat",
            category_heat([s for s in scores if s.category in shown], methods, column),
            f"Heat map of the {name} of each category by each method",
            least=150 + 38 * min(len(methods), 24),
        ),
        note=f"{meaning} Each method in the grouping it is judged by, the best method first. "
        "Hover for precision, recall and what it is confused with.",
    )

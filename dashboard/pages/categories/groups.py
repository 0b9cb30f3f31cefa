"""Groups: which categories the groups of a method mix, and what is in each group."""

from typing import Any
from urllib.parse import unquote

from dash import Dash, Input, Output, State, html, no_update

from dashboard import components as ui
from dashboard import theme, words
from dashboard.pages.categories import group_card, misplaced
from dashboard.plots.confusion import FEW_COLUMNS, confusion
from dashboard.selecting import lists
from dashboard.selecting.selection import address, rule
from dashboard.state import SNAPSHOT, Address, Control, callback, link, pick
from store.questions import catalogue, groups, maps, study
from store.questions.ask import Cursor
from store.reader import Reader

CENTRAL, FITTING, ODD, UNSURE = 6, 12, 6, 6
"""Products on a card: the most central ones (else some of the main category), some of other categories, and those
that are the least sure of their place."""
PER_PAGE = 12
ORDERS = {
    "misplaced": "Most misplaced products first",
    "purity": "Least pure first",
    "stability": "Least stable first",
    "size": "Largest first",
    "name": "By name",
}
"""The orders of the cards. The default is the number of misplaced products, which is the work that a group makes: by
purity a group of two products can come first."""
MISPLACED = " A product is misplaced where its group is not the one that its category is matched to."
WITHOUT_CATEGORIES = ("size", "stability", "name")
ADDRESS = Address(
    "/categories/groups",
    (
        Control("method", "groups-method"),
        Control("grouping", "groups-grouping"),
        Control("q", "groups-search", typed=True),
        Control("order", "groups-order"),
        Control("page", "groups-page", 1, "active_page", restarts=True),
    ),
)


def layout(reader: Reader, search: str) -> Any:
    """The controls in the state of the address."""
    with reader.cursor() as cursor:
        groupings = study.groupings(cursor)
        judged = study.judged(cursor)
        methods = [s.method for s in study.ranking(cursor) if s.method in judged]
        rests_on = next(iter(study.rests_on(cursor)), None)  # the best of many would be good by luck too
        orders = list(ORDERS if catalogue.categories(cursor) else WITHOUT_CATEGORIES)
    if not groupings or not methods:
        return ui.notice("There are no groups in this snapshot", "No method could be run; the first page says why.")
    defaults = {"method": pick(rests_on, methods), "grouping": ui.JUDGED["value"], "order": orders[0]}
    state = ADDRESS.read(search, **defaults)
    names = [ui.JUDGED, *ui.choices(words.GROUPINGS, groupings)]
    return ui.page(
        "Which categories are mixed up?",
        "The groups that a method made without the categories, compared with the catalogue's categories.",
        ADDRESS.store(**defaults),
        ui.loading(html.Div(id="groups-body", className="stack")),
        html.Div(
            [
                ui.field(
                    "Search the groups",
                    lists.search("groups-search", state["q"], "Proposed name, category, term or number"),
                    "groups-search",
                ),
                ui.choice("Order", "groups-order", ui.choices(ORDERS, orders), state["order"]),
                html.Div(id="groups-count", className="count"),
            ],
            className="controls wide-first mt-3",
        ),
        ui.loading(html.Div(id="groups-cards", className="group-cards")),
        lists.pages("groups-page", state["page"]),
        tools=html.Div(
            [
                ui.choice("Method", "groups-method", ui.choices(words.METHODS, methods), state["method"]),
                ui.choice("Grouped by", "groups-grouping", names, state["grouping"]),
            ],
            className="controls",
        ),
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the page: the confusion table, and the cards of a page of groups."""
    ADDRESS.register(app)

    @callback(
        app,
        Output("groups-body", "children"),
        Input(SNAPSHOT, "data"),
        Input("groups-method", "value"),
        Input("groups-grouping", "value"),
    )
    def body(number: int, method: str, grouping: str) -> Any:
        with reader.cursor(number) as cursor:
            where = (method, _grouping(cursor, method, grouping))
            found = groups.clusters(cursor, *where)
            cells = groups.confusion(cursor, *where)
            categories = [c.name for c in catalogue.categories(cursor)]
            stable_from = study.stable_from(cursor)
            model = words.model(study.model_names(cursor).get(method), method)
        by = words.grouping(where[1])
        if not found:
            return ui.notice(
                "These groups are not there",
                f"{words.method(method)} was not grouped by {by}; choose another grouping.",
            )
        source = f"Grouped by {by}. " + (f"The model: {model}. " if model else "")
        return [
            _heat(method, source, cells, found, categories) if cells else None,
            html.P(
                f"Stability of a group: {words.stability(stable_from)} 'Found again in' is the fraction of the "
                "resamples with a product that put it here again." + (MISPLACED if cells else ""),
                className="note",
            ),
        ]

    @callback(
        app,
        Output("groups-cards", "children"),
        Output("groups-count", "children"),
        Output("groups-page", "max_value"),
        Output("groups-page", "class_name"),
        Output("groups-page", "active_page", allow_duplicate=True),
        Input(SNAPSHOT, "data"),
        Input("groups-method", "value"),
        Input("groups-grouping", "value"),
        Input("groups-search", "value"),
        Input("groups-order", "value"),
        Input("groups-page", "active_page"),
        prevent_initial_call="initial_duplicate",
    )
    def cards(number: int, method: str, grouping: str, text: str | None, order: str, page: int | None) -> Any:
        with reader.cursor(number) as cursor:
            where = (method, _grouping(cursor, method, grouping))
            described = groups.descriptions(cursor, *where)
            wrong = misplaced.by_group(groups.confusion(cursor, *where))
            found = [c for c in groups.clusters(cursor, *where) if _matches(text, c, described.get(c.cluster))]
            found.sort(key=lambda c: _place(order, c, described.get(c.cluster), wrong[c.cluster]))
            shown, at, last = lists.paged(found, page, PER_PAGE)
            of = [c.cluster for c in shown]
            mapped = method in {m.method for m in maps.maps(cursor)}
            examples = groups.examples(cursor, *where, fitting=FITTING, odd=ODD, of=of)
            central = groups.central(cursor, *where, CENTRAL, of)
            unsure = groups.least_sure(cursor, *where, UNSURE, of)
            looks = theme.looks([c.name for c in catalogue.categories(cursor)])
            stable_from = study.stable_from(cursor)
        made = [
            group_card.card(
                number,
                mapped
                and link("/map", m0=method, panels="1", colour="cluster", grouping=where[1],
                     focus=c.matched_category),
                c,
                described.get(c.cluster),
                [p for p in central if p.cluster == c.cluster],
                [m for m in examples if m.cluster == c.cluster],
                [p for p in unsure if p.cluster == c.cluster],
                looks,
                stable_from,
                wrong[c.cluster],
                address("/products", rule("group", *where, c.cluster)),
            )
            for c in shown
        ]  # fmt: skip
        if text and not made:
            made = [ui.notice("No group matches", "Try fewer words.", name="no-match")]
        count = lists.counted(words.count(len(found), "group"), at, last)
        return made, count, last, lists.pages_class(last), at if at != page else no_update

    @callback(
        app,
        Output("go", "href", allow_duplicate=True),
        Input("confusion", "clickData"),
        State("groups-method", "value"),
        State("groups-grouping", "value"),
        State(SNAPSHOT, "data"),
        prevent_initial_call=True,
    )
    def open_cell(clicked: dict[str, Any] | None, method: str, grouping: str, number: int) -> Any:
        """The products of the cell that was clicked."""
        if not clicked:
            return no_update
        with reader.cursor(number) as cursor:
            by = _grouping(cursor, method, grouping)
        category, cluster = clicked["points"][0]["customdata"][1:]
        return address("/products", rule("category", unquote(category)), rule("group", method, by, cluster))


def _grouping(cursor: Cursor, method: str, grouping: str) -> str:
    """The chosen grouping; '' where the method is judged by none."""
    return study.judged(cursor).get(method, "") if grouping == ui.JUDGED["value"] else grouping


def _matches(text: str | None, cluster: groups.Cluster, described: groups.Description | None) -> bool:
    named = (described.name, *described.terms) if described else ()
    return lists.matches(text, f"Group {cluster.cluster}", cluster.matched_category, cluster.main_category, *named)


def _place(order: str, cluster: groups.Cluster, described: groups.Description | None, wrong: int) -> tuple[Any, ...]:
    """What the groups are sorted by in that order; what is not known comes last, equals by size and number."""
    purity, stability = cluster.purity, described.stability if described else None
    name = cluster.matched_category or (described.name if described else None)
    first: dict[str, tuple[Any, ...]] = {
        "misplaced": (-wrong,),
        "purity": (purity is None, purity or 0.0),
        "stability": (stability is None, stability or 0.0),
        "name": (name is None, (name or "").casefold()),
    }
    return (*first.get(order, ()), -cluster.products, cluster.cluster)


def _heat(
    method: str, source: str, cells: list[groups.Cell], found: list[groups.Cluster], categories: list[str]
) -> Any:
    right = sum(cell.products for cell in cells if cell.category == cell.matched_category)
    total = sum(cell.products for cell in cells)
    mixed = max((c for c in cells if c.category != c.matched_category), key=lambda c: c.products, default=None)
    columns, lines, left_out = misplaced.most(cells, found, categories)
    note = (
        f"{source}{left_out}Down: the catalogue's categories; across: the groups, each with the category it is matched "
        "to. "
    )
    if mixed:
        other = mixed.matched_category or "no category's match"
        note += f"Most often confused: {mixed.products} of {mixed.category} are with {other}. "
    note += "Click a cell for its products."
    return ui.card(
        f"{words.method(method)} puts {words.percent(right / total)} of the products into the group of their category",
        ui.graph(
            "confusion",
            confusion(cells, [(c.cluster, c.matched_category) for c in columns], lines),
            f"Heat map of the products of each category in each group of {words.method(method)}",
            least=150 + (38 if len(columns) > FEW_COLUMNS else 56) * min(len(columns), 24),
        ),
        note=note,
    )

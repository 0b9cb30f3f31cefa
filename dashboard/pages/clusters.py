"""Clusters: which categories the groups of a method mix, and what is in each group."""

from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard import components as ui
from dashboard import figures, words
from dashboard.pages import Page
from dashboard.state import SNAPSHOT, Address, Control, callback, link, pick
from store.questions import catalogue, groups, study
from store.reader import Reader

FITTING, ODD = 12, 6
"""Pictures a card shows: enough of the main category to recognise it, and some of what does not belong."""
ADDRESS = Address("/clusters", (Control("method", "clusters-method"), Control("grouping", "clusters-grouping")))


def layout(reader: Reader, search: str) -> Any:
    """The controls in the state of the address."""
    with reader.cursor() as cursor:
        groupings = [f"{g.algorithm}.{g.space}" for g in study.groupings(cursor)]
        declared, metric = study.declared(cursor)
        ranked = study.leaderboard(cursor, declared.algorithm, declared.space, metric)
    methods = [s.method for s in ranked if s.status == "ran"]
    if not groupings or not methods:
        return ui.notice("There are no groups in this snapshot", "No method could be run; the Overview says why.")
    defaults = {"method": methods[0], "grouping": f"{declared.algorithm}.{declared.space}"}
    state = ADDRESS.read(search, **defaults)
    names = [{"value": g, "label": words.grouping(*g.split("."))} for g in groupings]
    return ui.page(
        "Which categories are mixed up?",
        "The groups that a method made without knowing the categories, held against them.",
        ADDRESS.store(**defaults),
        ui.loading(html.Div(id="clusters-body", className="stack")),
        tools=html.Div(
            [
                ui.field(
                    "Method",
                    ui.select("clusters-method", ui.choices(words.METHODS, methods), pick(state["method"], methods)),
                    "clusters-method",
                ),
                ui.field(
                    "Grouped by",
                    ui.select("clusters-grouping", names, pick(state["grouping"], groupings)),
                    "clusters-grouping",
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
        Output("clusters-body", "children"),
        Input(SNAPSHOT, "data"),
        Input("clusters-method", "value"),
        Input("clusters-grouping", "value"),
    )
    def body(number: int, method: str, grouping: str) -> Any:
        algorithm, _, space = (grouping or "").partition(".")
        with reader.cursor(number) as cursor:
            found = groups.clusters(cursor, method, algorithm, space)
            cells = groups.confusion(cursor, method, algorithm, space)
            members = groups.members(cursor, method, algorithm, space, fitting=FITTING, odd=ODD)
            looks = figures.looks([c.name for c in catalogue.categories(cursor)])
            model = study.model_names(cursor).get(method)
        if not found:
            return ui.notice("These groups are not there", f"{words.method(method)} was not grouped in this way.")
        order = _matched_order(found)
        return [
            _heat(method, model, cells, order, sorted(looks)) if cells else None,
            html.Div(
                [
                    _card(number, method, grouping, c, [m for m in members if m.cluster == c.cluster], looks)
                    for c in order
                ],
                className="cluster-cards",
            ),
        ]


def _matched_order(found: list[groups.Cluster]) -> list[groups.Cluster]:
    """By matched category, the unmatched last: the order that puts the matches on the diagonal."""
    return sorted(found, key=lambda c: (c.matched_category is None, c.matched_category or "", c.cluster))


def _heat(
    method: str, model: str | None, cells: list[groups.Cell], order: list[groups.Cluster], categories: list[str]
) -> Any:
    right = sum(cell.products for cell in cells if cell.category == cell.matched_category)
    total = sum(cell.products for cell in cells)
    mixed = max((c for c in cells if c.category != c.matched_category), key=lambda c: c.products, default=None)
    note = "Down: the catalogue's categories; across: the groups, each above the category it is matched to. "
    if model:
        note = f"The model: {model}. {note}"
    if mixed:
        other = mixed.matched_category or "no category's match"
        note += f"Most often confused: {mixed.products} of {mixed.category} are with {other}."
    return ui.card(
        f"{words.method(method)} puts {words.share(right / total)} of the products with their category",
        ui.graph("confusion", figures.confusion(cells, [(c.cluster, c.matched_category) for c in order], categories)),
        note=note,
    )


def _card(
    number: int,
    method: str,
    grouping: str,
    cluster: groups.Cluster,
    members: list[groups.Member],
    looks: dict[str, figures.Look],
) -> Any:
    fitting, odd = [m for m in members if m.fits], [m for m in members if not m.fits]
    look = looks.get(cluster.matched_category or "")
    title = [ui.dot(look.colour) if look else None, cluster.matched_category or f"Group {cluster.cluster}"]
    said = f"Group {cluster.cluster} · {words.count(cluster.products, 'product')}"
    if cluster.purity is not None:
        said += f" · {words.share(cluster.purity)} {cluster.main_category}"
    if cluster.matched_category and cluster.main_category not in (cluster.matched_category, None):
        said += f" (the best match left for it is {cluster.matched_category})"
    return ui.card(
        title,
        html.Div([ui.tile(number, m, named=False) for m in fitting], className="tiles tiles-small"),
        html.Div(
            [
                html.H3("Also in this group"),
                html.Div(
                    [ui.tile(number, m, _category(m.category, looks), named=False) for m in odd],
                    className="tiles tiles-small",
                ),
            ]
        )
        if odd
        else None,
        note=said,
        tools=dcc.Link(
            "on the map",
            href=link(
                "/projections",
                m0=method,
                panels="1",
                colour="cluster",
                grouping=grouping,
                focus=cluster.matched_category,
            ),
        ),
        class_name="cluster-card",
    )


def _category(category: str | None, looks: dict[str, figures.Look]) -> Any:
    return [ui.dot(looks[category].colour), category] if category in looks and category else "no category"


PAGE = Page("/clusters", "Clusters", 30, layout, register)

"""Clusters: which categories the groups of a method mix, and what is in each group."""

from collections.abc import Sequence
from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard import components as ui
from dashboard import figures, words
from dashboard.pages import Page
from dashboard.state import SNAPSHOT, Address, Control, callback, link, pick
from store.questions import catalogue, groups, maps, study
from store.reader import Reader

CENTRAL, FITTING, ODD, UNSURE = 6, 12, 6, 6
"""Products on a card: the most central ones (else some of the main category), some of other categories, and those
that are the least sure of their place."""
ADDRESS = Address("/clusters", (Control("method", "clusters-method"), Control("grouping", "clusters-grouping")))


def layout(reader: Reader, search: str) -> Any:
    """The controls in the state of the address."""
    with reader.cursor() as cursor:
        groupings = study.groupings(cursor)
        judged = study.judged(cursor)
        methods = [s.method for s in study.ranking(cursor) if s.method in judged]
    if not groupings or not methods:
        return ui.notice("There are no groups in this snapshot", "No method could be run; the Overview says why.")
    defaults = {"method": methods[0], "grouping": ui.JUDGED["value"]}
    state = ADDRESS.read(search, **defaults)
    names = [ui.JUDGED, *ui.choices(words.GROUPINGS, groupings)]
    return ui.page(
        "Which categories are mixed up?",
        "The groups that a method made without the categories, compared with the catalogue's categories.",
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
                    ui.select("clusters-grouping", names, pick(state["grouping"], [n["value"] for n in names])),
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
        with reader.cursor(number) as cursor:
            chosen = study.judged(cursor).get(method) if grouping == ui.JUDGED["value"] else grouping
            where = (method, chosen or "")
            found = groups.clusters(cursor, *where)
            mapped = method in {m.method for m in maps.maps(cursor)}
            cells = groups.confusion(cursor, *where)
            examples = groups.examples(cursor, *where, fitting=FITTING, odd=ODD)
            central = groups.central(cursor, *where, CENTRAL)
            unsure = groups.least_sure(cursor, *where, UNSURE)
            described = groups.descriptions(cursor, *where)
            looks = figures.looks([c.name for c in catalogue.categories(cursor)])
            stable_from = study.stable_from(cursor)
            model = words.model(study.model_names(cursor).get(method), method)
        by = words.grouping(chosen)
        if not found:
            return ui.notice(
                "These groups are not there",
                f"{words.method(method)} was not grouped by {by}; choose another grouping.",
            )
        order = _matched_order(found)
        cards = [
            _card(
                number,
                mapped
                and link("/projections", m0=method, panels="1", colour="cluster", grouping=chosen,
                     focus=c.matched_category),
                c,
                described.get(c.cluster),
                [p for p in central if p.cluster == c.cluster],
                [m for m in examples if m.cluster == c.cluster],
                [p for p in unsure if p.cluster == c.cluster],
                looks,
                stable_from,
            )
            for c in order
        ]  # fmt: skip
        source = f"Grouped by {by}. " + (f"The model: {model}. " if model else "")
        return [
            _heat(method, source, cells, order, sorted(looks)) if cells else None,
            html.P(
                f"Stability of a group: {words.stability(stable_from)} 'Found again in' is the fraction of the "
                "resamples with a product that put it here again.",
                className="note",
            )
            if described or unsure
            else None,
            html.Div(cards, className="cluster-cards"),
        ]


def _matched_order(found: list[groups.Cluster]) -> list[groups.Cluster]:
    """By matched category, the unmatched last: the order that puts the matches on the diagonal."""
    return sorted(found, key=lambda c: (c.matched_category is None, c.matched_category or "", c.cluster))


def _heat(
    method: str, source: str, cells: list[groups.Cell], order: list[groups.Cluster], categories: list[str]
) -> Any:
    right = sum(cell.products for cell in cells if cell.category == cell.matched_category)
    total = sum(cell.products for cell in cells)
    mixed = max((c for c in cells if c.category != c.matched_category), key=lambda c: c.products, default=None)
    note = f"{source}Down: the catalogue's categories; across: the groups, each with the category it is matched to. "
    if mixed:
        other = mixed.matched_category or "no category's match"
        note += f"Most often confused: {mixed.products} of {mixed.category} are with {other}."
    return ui.card(
        f"{words.method(method)} puts {words.percent(right / total)} of the products into the group of their category",
        ui.graph(
            "confusion",
            figures.confusion(cells, [(c.cluster, c.matched_category) for c in order], categories),
            f"Heat map of the products of each category in each group of {words.method(method)}",
            columns=len(order),
        ),
        note=note,
    )


def _card(
    number: int,
    on_map: str | bool,
    cluster: groups.Cluster,
    described: groups.Description | None,
    central: list[groups.Central],
    examples: list[groups.Example],
    unsure: list[groups.Unsure],
    looks: dict[str, figures.Look],
    stable_from: float | None,
) -> Any:
    fitting, odd = [m for m in examples if m.fits], [m for m in examples if not m.fits]
    look = looks.get(cluster.matched_category or "")
    proposed = described.name if described else None
    title = [
        ui.dot(look) if look else None,
        cluster.matched_category or proposed or f"Group {cluster.cluster}",
    ]
    note = f"Group {cluster.cluster} · {words.count(cluster.products, 'product')}"
    if cluster.purity is not None:
        note += f" · {words.percent(cluster.purity)} {cluster.main_category}"
    if cluster.matched_category and cluster.main_category not in (cluster.matched_category, None):
        note += f" (the best match left for it is {cluster.matched_category})"
    return ui.card(
        title,
        _description(described, stable_from) if described else None,
        html.H3("Most central" if central else "Some of its products"),
        _products(number, [(p, None) for p in central or fitting]),
        html.Div(
            [
                html.H3("Also in this group"),
                _products(number, [(m, _category(m.category, looks)) for m in odd]),
            ]
        )
        if odd
        else None,
        html.Div(
            [
                html.H3("Least sure of their place"),
                _products(number, [(p, f"found again in {words.percent(p.found_again)}") for p in unsure]),
            ]
        )
        if unsure
        else None,
        note=note,
        tools=dcc.Link("on the map", href=on_map) if on_map else None,
        class_name="cluster-card",
    )


def _products(number: int, shown: Sequence[tuple[Any, Any]]) -> Any:
    """Products, each with a line below it: small images, or the whole names where no product has an image."""
    if any(product.has_image for product, _ in shown):
        tiles = [ui.tile(number, product, under, named=False) for product, under in shown]
        return html.Div(tiles, className="tiles tiles-small")
    lines = [
        html.Li(
            [
                dcc.Link(product.name or product.product_id, href=ui.product_link(product.product_id)),
                html.Span(under, className="name-under") if under is not None else None,
            ]
        )
        for product, under in shown
    ]
    return html.Ul(lines, className="names")


def _description(described: groups.Description, stable_from: float | None) -> Any:
    """The proposed name, the most distinctive terms, and whether the group is stable under resampling."""
    stability, tone, word = described.stability, "none", "stability"
    if stability is not None and stable_from is not None:
        tone, word = ("good", "stable") if stability >= stable_from else ("poor", "not stable")
    return html.Div(
        [
            html.Div(["Proposed name: ", html.Strong(described.name)]) if described.name else None,
            html.Div(
                [
                    *(html.Span(term, className="term") for term in described.terms),
                    ui.badge(f"{word}: {words.score(stability)}", tone) if stability is not None else None,
                ],
                className="terms",
            ),
        ],
        className="description",
    )


def _category(category: str | None, looks: dict[str, figures.Look]) -> Any:
    return [ui.dot(looks[category]), category] if category in looks and category else "no category"


PAGE = Page("/clusters", "Clusters", 30, layout, register)

"""Projections: two to four maps of the same products side by side."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
import pyarrow as pa
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update

from dashboard import components as ui
from dashboard import theme, words
from dashboard.pages import Page
from dashboard.plots.projection import projection
from dashboard.state import SNAPSHOT, Address, Control, callback, pick
from dashboard.theme import Look
from store.questions import catalogue, groups, maps, study
from store.questions.ask import Cursor
from store.reader import Reader

PANELS = 4
COLOURS = {"category": "Category", "cluster": "Group", "match": "Right or wrong"}
UNKNOWN = "no category"
ADDRESS = Address(
    "/projections",
    (
        Control("panels", "map-count", "2"),
        Control("colour", "map-colour", "category"),
        Control("grouping", "map-grouping", ""),
        Control("focus", "map-focus", []),
        *(Control(f"m{i}", f"map-method-{i}") for i in range(PANELS)),
        *(Control(f"r{i}", f"map-reducer-{i}") for i in range(PANELS)),
    ),
)


def layout(reader: Reader, search: str) -> Any:
    """The controls in the state of the address, and a place for each panel."""
    with reader.cursor() as cursor:
        have = maps.maps(cursor)
        groupings = study.groupings(cursor)
        declared, _ = study.declared(cursor)
        defaults = first_shown(cursor, have, declared)
    if not have:
        return ui.notice("There is no map in this snapshot", "No method could be run; the Overview says why.")
    state = ADDRESS.read(search, **defaults)
    methods = sorted({m.method for m in have})
    reducers = list(dict.fromkeys(m.reducer for m in have))
    controls = html.Div(
        [
            ui.toggles(
                "Panels", "map-count", [{"value": str(n), "label": str(n)} for n in (1, 2, 3, 4)], state["panels"]
            ),
            ui.toggles("Colour by", "map-colour", ui.choices(COLOURS, COLOURS), state["colour"]),
            ui.field(
                "Grouped by",
                ui.select("map-grouping", ui.choices(words.GROUPINGS, groupings), pick(state["grouping"], groupings)),
                "map-grouping",
            ),
        ],
        className="controls",
    )
    return ui.page(
        "Do products of a category lie together?",
        "Each point is a product. A region of one colour is a category that the method separates well; a region of "
        "mixed colours holds categories that it confuses. Hover for the image, click for the product.",
        ADDRESS.store(**defaults),
        controls,
        html.Div(
            dbc.Checklist(
                id="map-focus",
                value=state["focus"],
                options=[],
                class_name="chips",
                input_class_name="btn-check",
                label_class_name="chip",
                label_checked_class_name="chip-on",
            ),
            role="group",
            **{"aria-label": "Highlighted, the rest grey"},
        ),
        html.Div(
            [_panel(i, state, methods, reducers) for i in range(PANELS)], id="map-panels", className="maps maps-2"
        ),
    )


def first_shown(cursor: Cursor, have: list[maps.Map], grouping: str) -> dict[str, Any]:
    """The panels' first choice: t-SNE of each verdict's method, or of the best one of its modality that has a map."""
    mapped = dict.fromkeys(m.method for m in have)
    ranked = [s for s in study.ranking(cursor) if s.method in mapped]
    first: list[str] = []
    for verdict in study.verdicts(cursor):
        of_scope = [s.method for s in ranked if s.modality == verdict.scope]
        if verdict.scope in words.SCOPES:
            first += [verdict.method] if verdict.method in mapped else of_scope[:1]
    methods = list(dict.fromkeys([*first, *(s.method for s in ranked), *mapped]))
    reducer = pick("tsne", [m.reducer for m in have], "tsne")
    panels = {f"m{i}": methods[i % len(methods)] if methods else "" for i in range(PANELS)}
    return {"grouping": grouping, **panels, **{f"r{i}": reducer for i in range(PANELS)}}


def _panel(index: int, state: dict[str, Any], methods: list[str], reducers: list[str]) -> Any:
    method, reducer = pick(state[f"m{index}"], methods), pick(state[f"r{index}"], reducers)
    graph = dcc.Graph(
        id=f"map-{index}",
        config={**ui.GRAPH, "scrollZoom": True},
        clear_on_unhover=True,
        responsive=True,
        style={"height": "100%"},
    )
    made = dcc.Store(id=f"map-made-{index}")
    return html.Section(
        [
            html.Div(
                [
                    _choice(f"Method of map {index + 1}", f"map-method-{index}", words.METHODS, methods, method),
                    _choice(f"Reducer of map {index + 1}", f"map-reducer-{index}", words.REDUCERS, reducers, reducer),
                    html.Div(id=f"map-summary-{index}", className="note"),
                ],
                className="map-head",
            ),
            html.Div(
                [
                    html.Div(
                        ui.loading([made, graph], "map"),
                        role="img",
                        **{"aria-label": f"Map {index + 1}: each product as a point; the text above names its method"},
                    ),
                    dcc.Tooltip(id=f"map-card-{index}", direction="right", targetable=False),
                ],
                className="map-place",
            ),
        ],
        className="panel map-panel",
        id=f"map-panel-{index}",
    )


def _choice(label: str, control_id: str, names: dict[str, str], keys: list[str], value: Any) -> Any:
    return ui.hidden_field(label, ui.select(control_id, ui.choices(names, keys), value), control_id)


def register(app: Dash, reader: Reader) -> None:
    """Wire the legend, each panel, its hover card, and the way to the product."""
    ADDRESS.register(app)

    @callback(
        app,
        Output("map-focus", "options"),
        Output("map-panels", "className"),
        Input(SNAPSHOT, "data"),
        Input("map-colour", "value"),
        Input("map-grouping", "value"),
        Input("map-count", "value"),
    )
    def legend(number: int, colour: str, grouping: str, panels: str) -> Any:
        """One legend for all panels; a chip highlights what it names."""
        with reader.cursor(number) as cursor:
            shown = _shown(cursor, colour, grouping or "")
            counts = {c.name: c.count for c in catalogue.categories(cursor)} if colour == "category" else {}
        options = [
            {
                "value": name,
                "label": html.Span(
                    [ui.dot(look), name, html.Small(words.count(counts[name])) if name in counts else None]
                ),
            }
            for name, look in shown.items()
        ]
        return options, f"maps maps-{pick(panels, ['1', '2', '3', '4'], '2')}"

    for index in range(PANELS):
        _register_panel(app, reader, index)

    @callback(
        app,
        Output("go", "href"),
        [Input(f"map-{i}", "clickData") for i in range(PANELS)],
        State(SNAPSHOT, "data"),  # a state, not an input: it also changes while there are no maps
        prevent_initial_call=True,
    )
    def open_product(*clicks_and_number: Any) -> Any:
        """A click opens the product."""
        *clicks, number = clicks_and_number
        clicked = clicks[int(str(ctx.triggered_id).rsplit("-", 1)[-1])]
        product = _product(reader, number, clicked)
        return ui.product_link(product.product_id) if product else no_update


def _register_panel(app: Dash, reader: Reader, index: int) -> None:
    app.clientside_callback(
        ClientsideFunction("state", "keepView"),
        Output(f"map-{index}", "figure"),
        Input(f"map-made-{index}", "data"),
        State(f"map-{index}", "figure"),
        prevent_initial_call=True,
    )

    @callback(
        app,
        Output(f"map-made-{index}", "data"),
        Output(f"map-summary-{index}", "children"),
        Input(SNAPSHOT, "data"),
        Input(f"map-method-{index}", "value"),
        Input(f"map-reducer-{index}", "value"),
        Input("map-colour", "value"),
        Input("map-grouping", "value"),
        Input("map-focus", "value"),
        Input("map-count", "value"),
    )
    def draw(number: int, method: str, reducer: str, colour: str, grouping: str, focus: list[str], panels: str) -> Any:
        if not panels.isdecimal() or index >= int(panels):
            return no_update, no_update
        with reader.cursor(number) as cursor:
            points = maps.points(cursor, method, reducer, grouping or "")
            shown = _shown(cursor, colour, grouping or "")
            found = [m for m in maps.maps(cursor) if (m.method, m.reducer) == (method, reducer)]
            model = words.model(study.model_names(cursor).get(method), method)
        named = _groups(points, colour)
        summary = words.count(points.num_rows, "product")
        if found and found[0].trustworthiness is not None:
            summary += f" · trustworthiness {words.score(found[0].trustworthiness)}"
        if colour == "match" and points.num_rows:
            summary += f" · {words.percent(named.count('right') / max(1, len(named) - named.count(None)))} right"
        if model:
            summary += f" · {model}"
        lit = [name for name in focus or [] if name in shown]
        return projection(points, named, shown, lit, view=f"{method} {reducer}"), summary

    @callback(
        app,
        Output(f"map-card-{index}", "show"),
        Output(f"map-card-{index}", "bbox"),
        Output(f"map-card-{index}", "direction"),
        Output(f"map-card-{index}", "children"),
        Input(f"map-{index}", "hoverData"),
        Input(SNAPSHOT, "data"),
        prevent_initial_call=True,
    )
    def card(hover: Any, number: int) -> Any:
        product = _product(reader, number, hover)
        if product is None:
            return False, no_update, no_update, no_update
        content = html.Div(
            [
                ui.image(number, product.product_id, product.name, product.has_image, "hover-image"),
                html.Div(product.name or product.product_id, className="hover-name"),
                html.Div(product.category or UNKNOWN, className="sub"),
            ],
            className="hover-card",
        )
        box = hover["points"][0]["bbox"]
        return True, box, "right" if box["x0"] < 260 else "left", content


def _product(reader: Reader, number: int, event: Any) -> catalogue.Brief | None:
    """The product of the point that was hovered or clicked, found by the point's catalogue row."""
    if not event or not event.get("points"):
        return None
    with reader.cursor(number) as cursor:
        return catalogue.product_at(cursor, int(event["points"][0]["customdata"]))


def _shown(cursor: Cursor, colour: str, grouping: str) -> dict[str, Look]:
    """The look of each name in the legend. A group has the colour of the category it is matched to."""
    looks = theme.looks([c.name for c in catalogue.categories(cursor)])
    if colour == "match":
        return {"right": Look(theme.RIGHT), "wrong": Look(theme.WRONG, "diamond")}
    if colour == "cluster" and not looks:
        numbers = [f"{n:04d}" for n in range(groups.most(cursor, grouping))]
        return {f"group {i}": look for i, look in enumerate(theme.looks(numbers).values())}
    return looks


def _groups(points: pa.Table, colour: str) -> Sequence[str | None]:
    """The group of each point under that colouring."""
    categories, matched = points["category"].to_pylist(), points["matched_category"].to_pylist()
    if colour == "match":
        return [
            None if c is None or g is None else "right" if c == m else "wrong"  # as `matched_accuracy` counts them
            for c, m, g in zip(categories, matched, points["cluster"].to_pylist(), strict=True)
        ]
    if colour == "cluster":
        clusters = points["cluster"].to_pylist()
        return [m or (None if c is None else f"group {c}") for c, m in zip(clusters, matched, strict=True)]
    return list(categories)


PAGE = Page("/projections", "Projections", 20, layout, register)

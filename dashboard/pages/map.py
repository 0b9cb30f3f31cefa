"""Map: one to four maps of the same products side by side, with one selection in all of them.

The server sends the points and what colours them once (`dashboard.server.points`); the browser draws, colours and
selects.
"""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from dashboard import components as ui
from dashboard import context, words
from dashboard.pages import Page
from dashboard.selecting import lists, selection
from dashboard.server import points as map_points
from dashboard.state import SNAPSHOT, Address, Control, callback, pick
from store.questions import catalogue, maps, points, study
from store.questions.ask import Cursor
from store.reader import Reader

PANELS, BEGINS_WITH = 4, "2"
COLOURS = {
    "category": "Category",
    "cluster": "Group",
    "match": "Right or wrong",
    "suspect": "Suspect label",
    "confidence": "Confidence in its category",
    "brand": "Brand",
    "price": "Price",
}
DRAGS = {"move": "move", "lasso": "select", "box": "select a box"}
BUTTON = "btn btn-sm btn-outline-secondary"
ADDRESS = Address(
    "/map",
    (
        Control("panels", "map-count", BEGINS_WITH),
        Control("colour", "map-colour", "category"),
        Control("grouping", "map-grouping", ""),
        Control("focus", "map-focus", [], "data"),
        Control("lasso", "map-lasso", "", "data"),
        Control("q", "map-search", typed=True),
        Control(selection.PARAMETER, "map-where", [], "data"),
        Control("drag", "map-drag", "move", typed=True),
        *(Control(f"m{i}", f"map-method-{i}") for i in range(PANELS)),
        *(Control(f"r{i}", f"map-reducer-{i}") for i in range(PANELS)),
        *(Control(f"v{i}", f"map-view-{i}", "", "data", typed=True) for i in range(PANELS)),
    ),
)
"""`lasso` is 'method.reducer:x,y;x,y;...', a polygon on that map; `v0` is 'x,y,span', what the first map shows."""


def layout(reader: Reader, search: str) -> Any:
    """The controls in the state of the address, and a place for each panel."""
    asked = context.of(reader)
    have, groupings, (declared, _) = asked.ask(maps.maps), asked.ask(study.groupings), asked.ask(study.declared)
    if not have:
        return ui.notice("There is no map in this snapshot", "No method could be run; the first page says why.")
    columns = COLOURS | {f"of.{name}": name for name in asked.ask(catalogue.attributes)}
    defaults = asked.ask(first_shown, declared)
    state = ADDRESS.read(search, **defaults)
    methods = sorted({m.method for m in have})
    reducers = list(dict.fromkeys(m.reducer for m in have))
    controls = html.Div(
        [
            ui.toggles(
                "Panels", "map-count", [{"value": str(n), "label": str(n)} for n in (1, 2, 3, 4)], state["panels"]
            ),
            ui.field(
                "Colour by",
                ui.select("map-colour", ui.choices(columns, columns), pick(state["colour"], list(columns))),
                "map-colour",
            ),
            ui.field(
                "Grouped by",
                ui.select("map-grouping", ui.choices(words.GROUPINGS, groupings), pick(state["grouping"], groupings)),
                "map-grouping",
            ),
            ui.toggles("Drag to", "map-drag", ui.choices(DRAGS, DRAGS), pick(state["drag"], list(DRAGS))),
            ui.field(
                "Select by words",
                lists.search("map-search", state["q"], "Name, brand, description"),
                "map-search",
            ),
        ],
        className="controls",
    )
    return ui.page(
        "Do products of a category lie together?",
        "Each point is a product. A region of one colour is a category that the method separates well; a region of "
        "mixed colours holds categories that it confuses. Hover for the image, click for the product; what is "
        "selected stays coloured in every map.",
        ADDRESS.store(**defaults),
        dcc.Store(id="map-spec"),
        dcc.Store(id="map-focus", data=state["focus"]),
        dcc.Store(id="map-lasso", data=state["lasso"]),
        dcc.Store(id="map-where", data=state[selection.PARAMETER]),
        *(dcc.Store(id=f"map-view-{i}", data=state[f"v{i}"]) for i in range(PANELS)),
        controls,
        html.Div(id="map-legend", className="chips", role="group", **{"aria-label": "Select by the colour"}),
        html.Div(
            [_panel(i, state, methods, reducers) for i in range(PANELS)], id="map-panels", className="maps maps-2"
        ),
        html.Div(id="map-card", className="hover-card", hidden=True),
        html.Section(
            [
                html.Div(
                    [
                        html.Div([html.H2(id="map-tray-count"), html.Div(id="map-tray-rule", className="note")]),
                        html.Div(
                            [
                                html.A(name, id=f"map-tray-{to}", href=f"/{to}", className=BUTTON)
                                for to, name in (("products", "As a list"), ("csv", "CSV"), ("parquet", "Parquet"))
                            ]
                            + [html.Button("Clear", id="map-clear", className=BUTTON)],
                            className="tools",
                        ),
                    ],
                    className="card-head",
                ),
                html.Div(id="map-tray-tiles", className="tiles"),
                html.Div(id="map-tray-rest", className="count"),
            ],
            id="map-tray",
            className="panel mt-3",
            hidden=True,
            **{"aria-label": "The selected products"},
        ),
    )


def prepare(reader: Reader, number: int) -> None:
    """The points of the maps that the page begins with, by their categories, and the texts that are searched."""
    asked = context.of(reader, number)
    asked.ask(catalogue.prepare_search)
    asked.ask(points.rows)
    if asked.ask(maps.maps):
        shown = asked.ask(first_shown, asked.ask(study.declared)[0])
        for i in range(int(BEGINS_WITH)):
            asked.ask(points.positions, shown[f"m{i}"], shown[f"r{i}"])
        map_points.coloured(asked, "category")


def first_shown(cursor: Cursor, grouping: str) -> dict[str, Any]:
    """The panels' first choice: t-SNE of each verdict's method, or of the best one of its modality that has a map.

    Where there are fewer methods than panels, the others show them by the other reducers.
    """
    have = maps.maps(cursor)
    mapped = dict.fromkeys(m.method for m in have)
    ranked = [s for s in study.ranking(cursor) if s.method in mapped]
    first: list[str] = []
    for verdict in study.verdicts(cursor):
        of_scope = [s.method for s in ranked if s.modality == verdict.scope]
        if verdict.scope in words.SCOPES:
            first += [verdict.method] if verdict.method in mapped else of_scope[:1]
    methods = list(dict.fromkeys([*first, *(s.method for s in ranked), *mapped]))
    drawn = list(dict.fromkeys(m.reducer for m in have)) or ["tsne"]
    reducers = list(dict.fromkeys([pick("tsne", drawn), *drawn]))
    n = max(len(methods), 1)
    panels = {f"m{i}": methods[i % n] if methods else "" for i in range(PANELS)}
    return {"grouping": grouping, **panels, **{f"r{i}": reducers[i // n % len(reducers)] for i in range(PANELS)}}


def _panel(index: int, state: dict[str, Any], methods: list[str], reducers: list[str]) -> Any:
    method, reducer = pick(state[f"m{index}"], methods), pick(state[f"r{index}"], reducers)
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
                id=f"map-{index}",
                className="map",
                role="application",
                tabIndex=0,
                **{
                    "aria-label": f"Map {index + 1}: each product as a point; the text above names its method. "
                    "Arrows move it, plus and minus zoom, 0 shows the whole map."
                },
            ),
        ],
        className="panel map-panel",
        id=f"map-panel-{index}",
    )


def _choice(label: str, control_id: str, names: dict[str, str], keys: list[str], value: Any) -> Any:
    return ui.hidden_field(label, ui.select(control_id, ui.choices(names, keys), value), control_id)


def register(app: Dash, reader: Reader) -> None:
    """Wire the controls to the maps, which the browser draws: assets/maps.js."""
    ADDRESS.register(app)

    @callback(app, Output("map-spec", "data"), Input(SNAPSHOT, "data"))
    def spec(number: int) -> dict[str, Any]:
        """What the browser needs to know of a snapshot to ask for its points."""
        asked = context.of(reader, number)
        models = asked.ask(study.model_names)
        return {
            "number": asked.number,
            "token": asked.token(*points.TABLES),
            "images": asked.token("images"),
            "products": len(asked.ask(points.rows)),
            "every": map_points.every(len(asked.ask(points.rows))),
            "few": map_points.PART_TO,
            "models": {method: words.model(model, method) for method, model in models.items()},
            "trust": {
                f"{m.method}.{m.reducer}": words.score(m.trustworthiness)
                for m in asked.ask(maps.maps)
                if m.trustworthiness is not None
            },
        }

    app.clientside_callback(
        ClientsideFunction("maps", "show"),
        Output("map-panels", "className"),
        Input("map-spec", "data"),
        *(
            Input(f"map-{name}", "data" if name in ("focus", "lasso", "where") else "value")
            for name in ("count", "colour", "grouping", "focus", "lasso", "where", "search", "drag")
        ),
        *(Input(f"map-method-{i}", "value") for i in range(PANELS)),
        *(Input(f"map-reducer-{i}", "value") for i in range(PANELS)),
        *(Input(f"map-view-{i}", "data") for i in range(PANELS)),
    )


PAGE = Page("/map", "Map", 30, layout, register, prepare=prepare)

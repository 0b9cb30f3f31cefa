"""The building blocks of every page: cards, tables, tracks, tiles, controls.

Tables are plain HTML, not dash-ag-grid (35.3, MIT): for tables of at most 50 rows of badges, links and tracks it would
add 2.2 MB of JavaScript (0.6 MB compressed), need cell renderers of our own in JavaScript, and its wheel of 6 MB also
ships AG Grid Enterprise, whose licence is commercial.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import dash_bootstrap_components as dbc
from dash import dcc, html

from dashboard import context, words
from dashboard.pages import PRODUCT
from dashboard.plots.figure import Figure
from dashboard.state import link, pick
from dashboard.theme import Look, variable

VERDICTS = {
    "feasible": "good",
    "borderline": "fair",
    "not feasible": "poor",
    "unknown": "none",
    "automate": "good",
    "label": "fair",
    "merge": "fair",
    "split": "fair",
}
STATUSES = {
    "ran": "good",
    "published": "good",
    "computed": "good",
    "unchanged": "none",
    "cached": "none",
    "scheduled": "none",
    "started": "none",
    "stopped": "none",
    "unavailable": "fair",
    "skipped": "fair",
    "missed": "fair",
    "retrying": "fair",
    "interrupted": "fair",
    "failed": "poor",
}
JUDGED = {"value": "judged", "label": "as judged"}
"""The option that takes for each method the grouping that it is judged by."""
GRAPH = {"displayModeBar": False}
"""Plotly's settings: no toolbar over a figure, since the page has the controls."""


def page(title: str, lead: Any, *children: Any, tools: Any = None) -> Any:
    """A page: its title, one sentence on what it answers, its controls (`tools`), and the rest."""
    head = html.Div([html.Div([html.H1(title), html.P(lead, className="lead")]), tools], className="page-head")
    return html.Div([head, *children])


def card(title: Any, *children: Any, note: Any = None, tools: Any = None, class_name: str = "") -> Any:
    """A card: the title states the finding, the note explains how to read it."""
    head = [html.Div([html.H2(title), html.P(note, className="note") if note else None])]
    return html.Section([html.Div([*head, tools], className="card-head"), *children], className=f"panel {class_name}")


def badge(text: str, tone: str) -> Any:
    """A word on a coloured ground; tone is good, fair, poor or none. The word alone carries the meaning."""
    return html.Span(text, className=f"badge-tone tone-{tone}")


def verdict(text: str) -> Any:
    """A verdict's badge."""
    return badge(text, VERDICTS.get(text, "none"))


def status(text: str) -> Any:
    """A status' badge."""
    return badge(text, STATUSES.get(text, "none"))


def table(head: Sequence[Any], body: Iterable[Sequence[Any]], figures: Sequence[int] = (), name: str = "") -> Any:
    """A table; the columns numbered in `figures` hold numbers and are aligned to the right."""
    classes = ["num" if i in figures else "" for i in range(len(head))]
    return html.Div(
        html.Table(
            [
                html.Thead(html.Tr([html.Th(h, className=k, scope="col") for h, k in zip(head, classes, strict=True)])),
                html.Tbody(
                    [html.Tr([html.Td(c, className=k) for c, k in zip(row, classes, strict=True)]) for row in body]
                ),
            ],
            className=f"data {name}",
        ),
        className="scroll",
        tabIndex=0,  # so that it can be scrolled by keys
    )


def track(
    value: float | None,
    interval: tuple[float | None, float | None] = (None, None),
    thresholds: Sequence[float] = (),
    chance: float | None = None,
    ceiling: float | None = None,
) -> Any:
    """A score on a line from 0 to 1: a dot, and a thin line for its interval.

    `thresholds` are dashed lines, `chance` is a dotted line, `ceiling` a triangle.
    """
    dot = line = None
    if interval[0] is not None and interval[1] is not None:
        low, high = max(0.0, min(1.0, interval[0])), max(0.0, min(1.0, interval[1]))
        line = html.Span(className="track-interval", style={"left": f"{low:.1%}", "width": f"{high - low:.1%}"})
    if value is not None:
        dot = html.Span(className="track-dot", style={"left": f"{max(0.0, min(1.0, value)):.1%}"})
    ticks = [html.Span(className="track-threshold", style={"left": f"{place:.1%}"}) for place in thresholds]
    hint = f"{words.score(value)}, interval {words.score(interval[0])} to {words.score(interval[1])}"
    for name, place in (("chance", chance), ("ceiling", ceiling)):
        if place is not None:
            ticks.append(html.Span(className=f"track-{name}", style={"left": f"{max(0.0, min(1.0, place)):.1%}"}))
            hint += f", {name} {words.score(place)}"
    return html.Div([*ticks, line, dot], className="track", role="img", **{"aria-label": hint})


def interval(low: float | None, high: float | None) -> str:
    """An interval in figures; empty where there is none."""
    return "" if low is None or high is None else f"{words.score(low)} to {words.score(high)}"


def dot(look: Look) -> Any:
    """A category's symbol in its colour, as its points have it."""
    return html.Span(className=f"dot dot-{look.symbol}", style={"backgroundColor": variable(look.colour)})


def thumbnail_url(number: int, product_id: str) -> str:
    """Where a product's thumbnail of that snapshot is served: the same while its images are the same."""
    return f"/thumbnail/{context.shown(number).token('images')}?id={quote(product_id, safe='')}"


def image(number: int, product_id: str, name: str | None, has_image: bool, class_name: str = "thumb") -> Any:
    """A product's thumbnail, or a placeholder with the words 'no image'."""
    if not has_image:
        return html.Div("no image", className=f"{class_name} no-image")
    return html.Img(src=thumbnail_url(number, product_id), alt=name or product_id, className=class_name)


def product_link(product_id: str) -> str:
    """The address of a product's page."""
    return link(PRODUCT, id=product_id)


def tile(number: int, product: Any, under: Any = None, *, named: bool = True) -> Any:
    """A product as a small card that links to its page; any row with product_id, name, category and has_image.

    If not `named`, an image goes without the name, which is then shown on hover.
    """
    name = product.name or product.product_id
    shown = named or not product.has_image
    return dcc.Link(
        [
            image(number, product.product_id, name, product.has_image) if named or product.has_image else None,
            html.Div(name, className="tile-name") if shown else None,
            html.Div(under, className="tile-under") if under is not None else None,
        ],
        href=product_link(product.product_id),
        className="tile",
        title=name,
    )


def field(label: str, control: Any, control_id: str) -> Any:
    """A labelled control."""
    return html.Div([html.Label(label, htmlFor=control_id), control], className="field")


def hidden_field(label: str, control: Any, control_id: str) -> Any:
    """A control whose label is read aloud only, where its place says what it is for."""
    return html.Div([html.Label(label, htmlFor=control_id, className="visually-hidden"), control])


def select(control_id: str, options: Sequence[dict[str, Any]], value: Any) -> Any:
    """A drop-down list of one choice."""
    return dbc.Select(id=control_id, options=list(options), value=value, size="sm")


def choice(label: str, control_id: str, options: Sequence[dict[str, Any]], value: Any) -> Any:
    """A labelled drop-down list; of a value that is no option, such as one of an old link, the first is chosen."""
    return field(label, select(control_id, options, pick(value, [one["value"] for one in options])), control_id)


def choices(names: dict[str, str], keys: Iterable[str]) -> list[dict[str, str]]:
    """Options of a list, with their shown names."""
    return [{"value": key, "label": words.named(names, key)} for key in keys]


def toggles(label: str, control_id: str, options: Sequence[dict[str, Any]], value: Any) -> Any:
    """A labelled row of buttons, one of which is pressed."""
    buttons = dbc.RadioItems(
        id=control_id,
        name=control_id,
        options=list(options),
        value=value,
        class_name="btn-group toggles",
        input_class_name="btn-check",
        label_class_name="btn btn-sm btn-outline-secondary",
        label_checked_class_name="active",
    )
    return html.Fieldset([html.Legend(label), buttons], className="field")


def meanings(of: Mapping[str, str]) -> Any:
    """What the columns of a table mean, to be unfolded: by their heads."""
    lines = [part for name, meaning in of.items() for part in (html.Dt(name), html.Dd(meaning))]
    return html.Details([html.Summary("What the columns mean"), html.Dl(lines, className="facts-list")])


def fact(figure: str, of_what: str, href: str = "") -> Any:
    """A number and what it counts, with a link to that if it has one."""
    shown = dcc.Link(figure, href=href) if href else figure
    return html.Div(
        [html.Div(shown, className="fact-figure"), html.Div(of_what, className="fact-of")], className="fact"
    )


def graph(graph_id: str, figure: Figure, label: str, least: int = 0) -> Any:
    """A figure without toolbar, at its own height; `label` says what it shows where it is not seen.

    It is at least `least` pixels wide, as its names need, and scrolls where there is less room.
    """
    style = {"height": f"{figure.height}px", "minWidth": f"{least}px"}
    drawn = dcc.Graph(id=graph_id, figure=figure.to_dict(), config=GRAPH, style=style)
    return html.Div(html.Div(drawn, role="img", **{"aria-label": label}), className="scroll", tabIndex=0)


def loading(child: Any, class_name: str = "") -> Any:
    """Wrap what a callback fills: it fades if that takes longer than 0.3 seconds."""
    faded = {"visibility": "visible", "opacity": 0.5}
    return dcc.Loading(child, delay_show=300, overlay_style=faded, type="dot", parent_className=class_name)


def notice(title: str, *text: Any, name: str = "") -> Any:
    """A message where a page or card has nothing to show."""
    return html.Div([html.H2(title), *(html.P(t) for t in text)], className=f"notice {name}")


def loading_page() -> Any:
    """The spinner shown until a page is drawn."""
    return html.Div(html.Div(className="spinner-border text-secondary", role="status"), className="notice")


def not_found(what: str, remedy: str) -> Any:
    """The message for a page or product that does not exist."""
    return notice(what, remedy, name="not-found")


def trouble(message: str) -> Any:
    """The message for a page that cannot be shown; it is drawn again with the next snapshot."""
    return notice("This page cannot be shown", message, "It is drawn again when the next snapshot is published.")


def when(moment: Any) -> str:
    """A moment in words; see `words.when`."""
    return words.when(moment)

"""Why one map misleads: the same vectors scored in the embedding, on a manifold and on maps of several settings."""

from typing import Any

from dash import Dash, Input, Output, dcc, html

from dashboard import components as ui
from dashboard import words
from dashboard.plots.groupings import GROUPINGS, groupings
from dashboard.plots.map_strip import map_strip
from dashboard.state import SNAPSHOT, Address, Control, callback, link, pick
from store.questions import maps, study
from store.reader import Reader

METRICS = ("ari", "ami", "silhouette")
ADDRESS = Address("/methods/maps", (Control("metric", "maps-metric"),))


def layout(reader: Reader, search: str) -> Any:
    """The choice of the metric in the state of the address."""
    with reader.cursor() as cursor:
        metrics = [m for m in METRICS if maps.map_ranges(cursor, m) or m in study.metrics(cursor)]
        declared = study.declared(cursor)[1]
    if not metrics:
        return ui.notice(
            "There is no map to judge in this snapshot", "No method could be run; the first page says why."
        )
    defaults = {"metric": pick(declared, metrics)}
    state = ADDRESS.read(search, **defaults)
    return ui.page(
        "Why one map misleads",
        "Groups made on a 2-D map change with every setting of the map, though the vectors stay the same. So maps are "
        "for looking at; the verdict rests on the vectors themselves, or on a manifold of several dimensions.",
        ADDRESS.store(**defaults),
        ui.loading(html.Div(id="maps-body", className="stack")),
        tools=ui.choice("Metric", "maps-metric", ui.choices(words.METRICS, metrics), state["metric"]),
    )


def register(app: Dash, reader: Reader) -> None:
    """Fill the page."""
    ADDRESS.register(app)

    @callback(app, Output("maps-body", "children"), Input(SNAPSHOT, "data"), Input("maps-metric", "value"))
    def body(number: int, metric: str) -> Any:
        with reader.cursor(number) as cursor:
            every = [s for s in study.scores(cursor) if s.metric == metric and s.grouping in GROUPINGS]
            found, ranges = maps.map_scores(cursor, metric), maps.map_ranges(cursor, metric)
            trust = {(t.method, t.reducer): t.trustworthiness for t in maps.maps(cursor)}
            ranked = [s.method for s in study.ranking(cursor)]
        name = words.named(words.METRICS, metric)
        # a joint graph has a manifold only, and no vectors of which there could be maps
        have = {s.method for s in every if s.grouping == "embedding"} | {m.method for m in found}
        scores = [s for s in every if s.method in have]
        methods = [m for m in ranked if m in have]
        values = [v for s in scores for v in (s.value, s.low, s.high) if v is not None] + [m.value for m in found]
        ends = (min([0.0, *values]) - 0.03, max([*values, 0.1]) + 0.03)
        return [
            html.P(_sentence(ranges, found, name), className="answer panel") if ranges else None,
            html.Div(
                [
                    _groupings(scores, methods, name, ends) if scores else None,
                    _strip(found, methods, name, ends) if found else None,
                ],
                className="halves wide-only",
            ),
            _table(scores, ranges, methods, name, trust),
        ]


def _sentence(ranges: list[maps.MapRange], found: list[maps.MapScore], name: str) -> str:
    """The finding of this store, in one or two sentences."""
    widest = ranges[0]
    perplexities = [f"{p:g}" for p in sorted({m.perplexity for m in found})]
    answers = len({words.score(m.value) for m in found if m.method == widest.method})
    rest = ""
    if len(ranges) > 1:
        least = ranges[-1]
        rest = f" Of {len(ranges)} methods this range is the widest; the narrowest is "
        rest += f"that of {words.method(least.method)}, {words.score(least.high - least.low)}."
    return (
        f"The same {words.method(widest.method)} vectors give {name} from {words.score(widest.low)} to "
        f"{words.score(widest.high)} when only t-SNE's perplexity ({words.listed(perplexities)}) and the seed change: "
        f"{words.count(widest.maps, 'map')}, {words.count(answers, 'answer')}. The best of them is luck.{rest}"
    )


def _groupings(scores: list[study.Score], methods: list[str], name: str, ends: tuple[float, float]) -> Any:
    return ui.card(
        f"{name} depends on where the products are grouped",
        ui.graph("groupings", groupings(scores, methods, ends), f"{name} of each method by two groupings"),
        note="Dot: the score; line: its 95 % interval, for other products of this shop, grouped anew.",
    )


def _strip(found: list[maps.MapScore], methods: list[str], name: str, ends: tuple[float, float]) -> Any:
    return ui.card(
        f"{name} by map: every point is another map of the same vectors",
        ui.graph("map-strip", map_strip(found, methods, ends), f"{name} of each t-SNE map of each method"),
        note="k-means on t-SNE maps that differ in perplexity and seed only. Box: the middle half; line: the median.",
    )


def _table(
    scores: list[study.Score],
    ranges: list[maps.MapRange],
    methods: list[str],
    name: str,
    trust: dict[tuple[str, str], float | None],
) -> Any:
    cells = {(s.method, s.grouping): s for s in scores}
    over = {r.method: r for r in ranges}

    def cell(method: str, grouping: str) -> Any:
        score = cells.get((method, grouping))
        if score is None:
            return "–"
        return html.Span([words.score(score.value), html.Span(ui.interval(score.low, score.high), className="sub")])

    body = [
        [
            dcc.Link(words.method(m), href=link("/map", m0=m, panels="1")),
            *(cell(m, grouping) for grouping in GROUPINGS),
            html.Span([ui.interval(r.low, r.high), html.Span(words.count(r.maps, "map"), className="sub")])
            if (r := over.get(m))
            else "–",
            words.score(r.high - r.low) if r else "–",
            words.score(trust.get((m, "tsne"))),
        ]
        for m in methods
    ]
    return ui.card(
        f"{name} by where the products are grouped",
        ui.table(
            [
                "Method",
                *(words.grouping(grouping) for grouping in GROUPINGS),
                "k-means on t-SNE maps",
                "Range",
                "Trustworthiness",
            ],
            body,
            (1, 2, 3, 4, 5),
            "groupings",
        ),
        note="Below a score its 95 % interval. Of t-SNE maps: the lowest and the highest score, and their distance. "
        "Trustworthiness: 1 when neighbours on the t-SNE map are neighbours in the vectors.",
    )

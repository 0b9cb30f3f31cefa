"""A group's card: what it is, its most central products, those of other categories, and the least sure ones."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dashboard import components as ui
from dashboard import words
from dashboard.theme import Look
from store.questions import groups


def card(
    number: int,
    on_map: str | bool,
    cluster: groups.Cluster,
    described: groups.Description | None,
    central: list[groups.Central],
    examples: list[groups.Example],
    unsure: list[groups.Unsure],
    looks: dict[str, Look],
    stable_from: float | None,
    wrong: int,
    listed: str,
) -> Any:
    """A group's card: `described`, `central`, `examples` and `unsure` are this group's only.

    `wrong` is the number of its products that are of another category than it is matched to; `stable_from` the
    stability from which on a group counts as stable, from 0 to 1; `on_map` the address of its map, if it has one;
    `listed` that of its products.
    """
    fitting, odd = [m for m in examples if m.fits], [m for m in examples if not m.fits]
    look = looks.get(cluster.matched_category or "")
    proposed = described.name if described else None
    title = [
        ui.dot(look) if look else None,
        cluster.matched_category or proposed or f"Group {cluster.cluster}",
    ]
    note = f"Group {cluster.cluster} · {words.count(cluster.products, 'product')}"
    if cluster.purity is not None:
        note += f" · {words.percent(cluster.purity)} {cluster.main_category} · {wrong:,} misplaced"
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
        tools=html.Div(
            [
                dcc.Link("its products", href=listed),
                *([" · ", dcc.Link("on the map", href=on_map)] if on_map else []),
            ],
            className="text-nowrap",
        ),
        class_name="group-card",
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


def _category(category: str | None, looks: dict[str, Look]) -> Any:
    return [ui.dot(looks[category]), category] if category in looks and category else "no category"

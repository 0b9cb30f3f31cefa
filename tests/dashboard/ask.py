"""A callback's answer, asked of the server as a browser does."""

import json
from typing import Any

from dash import Dash

from dashboard.pages.products import page as products

BODIES: dict[str, dict[str, Any]] = {
    "answer-body": {"logs.data": "", "answer-since.data": 0},
    "groups-body": {"groups-method.value": "bert", "groups-grouping.value": "judged"},
    "groups-cards": {
        "groups-method.value": "bert",
        "groups-grouping.value": "judged",
        "groups-search.value": "",
        "groups-order.value": "misplaced",
        "groups-page.active_page": 1,
    },
    "categories-body": {
        "categories-method.value": "joint",
        "categories-figure.value": "f1",
        "categories-search.value": "",
        "categories-page.active_page": 1,
    },
    "metrics-body": {"metrics-metric.value": "ari", "metrics-grouping.value": "judged"},
    "metrics-pair": {
        "metrics-metric.value": "ari",
        "metrics-one.value": "bert.embedding",
        "metrics-other.value": "cnn.manifold",
    },
    "maps-body": {"maps-metric.value": "ari"},
    "labels-body": {"labels-metric.value": "accuracy"},
    "text-body": {},
    "text-categories": {"text-categories-search.value": "", "text-categories-page.active_page": 1},
    "text-example": {"text-search.value": "", "text-page.active_page": 1},
    "product-body": {"product-id.data": "P0003"},
    "findings-suspects": {"findings-category.value": "*", "logs.data": ""},
    "findings-duplicates": {"findings-pairs.value": "*", "logs.data": ""},
}
"""The part of each page that a callback fills, with that callback's inputs beside the snapshot."""


def texts(node: Any) -> list[str]:
    """All words of a page as they are read, in order; figures left out."""
    if isinstance(node, dict):
        return [] if "figure" in node else texts(node.get("props", node).get("children"))
    if isinstance(node, list):
        return [word for part in node for word in texts(part)]
    return [] if node is None else [str(node)]


def answered(
    app: Dash,
    body: str,
    inputs: dict[str, Any],
    snapshot: int | None = 1,
    part: str = "children",
    state: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What the callback that fills that `part` sets, by component and property; {} where it changes nothing.

    `inputs` and `state` by 'id.property'; without `snapshot` that is no input of it.
    """
    output = next(key for key in app.callback_map if f"{body}.{part}" in key.strip(".").split("..."))
    outputs = [dict(zip(("id", "property"), o.rsplit(".", 1), strict=True)) for o in output.strip(".").split("...")]
    asked = {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": _values(({} if snapshot is None else {"snapshot.data": snapshot}) | inputs),
        "state": _values(state or {}),
        "changedPropIds": [next(iter(inputs)) if snapshot is None else "snapshot.data"],
    }
    answer = app.server.test_client().post("/_dash-update-component", json=asked)
    assert answer.status_code in (200, 204)
    found: dict[str, Any] = json.loads(answer.data)["response"] if answer.status_code == 200 else {}
    return found


def _values(of: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) | {"value": of[name]} for name in of]


def products_page(app: Dash, **inputs: Any) -> dict[str, Any]:
    """What the page Products answers; `inputs` by their names in the address, others as where nobody chose."""
    values = {control.id: (control.property, control.default) for control in products.ADDRESS.controls}
    named = {control.name: control.id for control in products.ADDRESS.controls}
    values |= {named[name]: (values[named[name]][0], value) for name, value in inputs.items()}
    order = [
        *("products-search", "products-category", "products-page", "products-sort", "products-order"),
        *(f"products-{name}" for name in products.RULE),
    ]
    return answered(app, "products-body", {f"{key}.{values[key][0]}": values[key][1] for key in order})


def filled(app: Dash, body: str, **inputs: Any) -> str:
    """What the callback of that body answers, as text; `inputs` with __ for the dash in ids replace the usual ones."""
    values = BODIES[body] | {name.replace("__", "-") + ".value": v for name, v in inputs.items()}
    return " ".join(texts(answered(app, body, values)[body]["children"]))

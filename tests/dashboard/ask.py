"""A callback's answer, asked of the server as a browser does."""

import json
from typing import Any

from dash import Dash

from dashboard.pages import products


def texts(node: Any) -> list[str]:
    """All words of a page as they are read, in order; figures left out."""
    if isinstance(node, dict):
        return [] if "figure" in node else texts(node.get("props", node).get("children"))
    if isinstance(node, list):
        return [word for part in node for word in texts(part)]
    return [] if node is None else [str(node)]


def answered(app: Dash, body: str, inputs: dict[str, Any], snapshot: int = 1) -> dict[str, Any]:
    """What the callback that fills that body sets, by component and property; `inputs` by 'id.property'."""
    output = next(key for key in app.callback_map if f"{body}.children" in key.strip(".").split("..."))
    outputs = [dict(zip(("id", "property"), o.rsplit(".", 1), strict=True)) for o in output.strip(".").split("...")]
    asked = {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": [
            dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) | {"value": value}
            for name, value in ({"snapshot.data": snapshot} | inputs).items()
        ],
        "changedPropIds": ["snapshot.data"],
    }
    answer = app.server.test_client().post("/_dash-update-component", json=asked)
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.data)["response"]
    return found


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

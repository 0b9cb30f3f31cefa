"""Can these products be grouped automatically? The verdict, from thresholds and methods declared before the run.

A scope's verdict rests on the first method of its declared order that has vectors: picking the best one after
seeing the scores would use the labels. It is 'borderline' whenever the interval or the seeds straddle a threshold.
"""

from typing import Any

from ingestion.task import Work

WORDS = {"text": "descriptions", "image": "pictures", "text+image": "descriptions and pictures together"}


def step(work: Work) -> None:
    """Write `verdicts`: one row per scope and one per method."""
    rule = work.task.parameters["verdict"]
    found: dict[str, dict[str, Any]] = {}
    for name in work.task.parts:
        if not name.startswith("scoring:"):
            continue
        for row in work.read(name, "scores").to_pylist():
            if (row["metric"], row["algorithm"], row["space"]) == (rule["metric"], rule["algorithm"], rule["space"]):
                found[row["method"]] = row
    rows = []
    for scope, methods in rule["rests_on"].items():
        method = next((m for m in methods if m in found), None)
        rows.append(judge(scope, found[method], rule) if method else unknown(scope, methods))
    rows += [judge(f"method:{method}", found[method], rule) for method in sorted(found)]
    work.write("verdicts", rows)


def judge(scope: str, score: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
    """The row of `verdicts` for a row of `scores` under the thresholds of `rule`."""
    low, high, verdict, spread = None, None, "borderline", "too few products for an interval"
    good, bad = rule["feasible_from"], rule["infeasible_below"]
    if score["products"] < rule["least_products"]:
        verdict, spread = "unknown", f"{score['products']} products; a verdict takes {rule['least_products']}"
    elif score["low"] is not None:
        low, high = min(score["low"], score["seed_min"]), max(score["high"], score["seed_max"])
        verdict = "feasible" if low >= good else "not feasible" if high < bad else "borderline"
        spread = f"{low:.2f} to {high:.2f} over products and {score['seeds']} seeds"
    what = WORDS.get(scope, f"{score['method']} vectors")
    meaning = {
        "feasible": f"The {what} group the products into their categories well enough to automate with review.",
        "borderline": f"The {what} group the products in part; whether that is enough cannot be said surely.",
        "unknown": "There are too few products with a category to judge by.",
        "not feasible": f"The {what} do not group the products into their categories well enough.",
    }[verdict]
    reason = (
        f"{meaning} {score['metric'].upper()} is {score['value']:.2f} ({spread}) with {score['method']}; "
        f"feasible is from {good:.2f}, not feasible below {bad:.2f}."
    )
    return {
        **{key: score[key] for key in ("method", "algorithm", "space", "metric", "value")},
        "scope": scope,
        "verdict": verdict,
        "reason": reason,
        "low": low,
        "high": high,
        "feasible_from": good,
        "infeasible_below": bad,
    }


def unknown(scope: str, methods: list[str]) -> dict[str, Any]:
    """The row of `verdicts` for a scope of which nothing could be scored."""
    reason = f"Nothing to judge: none of {', '.join(methods)} was scored; `models` and `issues` say why."
    return {"scope": scope, "verdict": "unknown", "reason": reason}

"""Made-up scores of groupings, and the verdicts on them."""

import re
from typing import Any

from ingestion.config import Config
from ingestion.judging import verdict
from ingestion.judging.reasons import Estimated, LabelEffect
from ingestion.judging.verdict import Judged, thresholds
from store.root import Root
from tests.ingestion.steps import Rows, do, put

RULE = Config().verdict.model_dump(mode="json") | {"metric": "ari", "grouping": "manifold"}
EVEN = [25, 25, 25, 25]
NOTHING = LabelEffect()
GOOD, BAD = thresholds(RULE, EVEN)
SIZES = {"balanced": [6000] * 7, "unbalanced": [6000, 600, 600], "two": [3000, 3000]}
BALANCED = [{"product_id": str(at), "category": f"c{at % 4}"} for at in range(80)]


def score(method: str = "bert", value: float = 0.7, **changes: Any) -> dict[str, Any]:
    """A row of `scores` with a narrow interval around the value."""
    row = {"method": method, "grouping": "manifold", "metric": "ari", "value": value}
    interval = {"low": value - 0.01, "high": value + 0.01, "chance": 0.01}
    return {**row, **interval, "products": 100, **changes}


def both(*args: Any, accuracy: float | None = None, **changes: Any) -> dict[str, dict[str, Any]]:
    """Rows of `scores` by metric: ARI, and a matched accuracy that clears its thresholds where ARI does."""
    row = score(*args, **changes)
    value, low, high = (accuracy and accuracy + off for off in (0.0, -0.03, 0.03))
    if accuracy is None:
        value, low, high = (None if row[end] is None else right_of(row[end]) for end in ("value", "low", "high"))
    right = {"value": value, "low": low, "high": high, "chance": 0.174}
    if row["low"] is None:
        right |= {"low": None, "high": None}
    return {row["metric"]: row, "matched_accuracy": {**row, "metric": "matched_accuracy", **right}}


def right_of(agreement: float) -> float:
    """A fraction right between the same thresholds as a value of ARI."""
    return 0.9 if agreement >= GOOD else 0.75 if agreement >= BAD else 0.3


def judge(
    scope: str,
    scores: dict[str, dict[str, Any]],
    rule: dict[str, Any],
    sizes: list[int],
    effect: LabelEffect = NOTHING,
    estimated: Estimated | None = None,
) -> dict[str, Any]:
    """The verdict on a grouping with as many groups as there are categories."""
    return verdict.judge(scope, Judged(scores, sizes, len(sizes), effect, estimated), rule)


def confused(rows: Rows) -> Rows:
    """Rows of `confusions` of four even categories in one group each, for each grouping of rows of `scores`."""
    groupings = {(row["method"], row["grouping"]): row["products"] for row in rows}
    return [
        {
            "method": method,
            "grouping": grouping,
            "category": f"c{at}",
            "cluster": at,
            "matched_category": f"c{at}",
            "products": (products + at) // 4,
        }
        for (method, grouping), products in groupings.items()
        for at in range(4)
    ]


def verdicts(root: Root, *scores: dict[str, Any], **changes: Any) -> dict[str, dict[str, Any]]:
    """The verdicts by scope; see `written`."""
    return {row["scope"]: row for row in written(root, *scores, **changes)["verdicts"]}


def written(root: Root, *scores: dict[str, Any], **changes: Any) -> dict[str, Rows]:
    """What the step writes, by table; every row of `scores` comes with one of matched accuracy."""
    by_method: dict[str, Rows] = {}
    for row in scores:
        right = {**row, "metric": "matched_accuracy"} if row["metric"] != "matched_accuracy" else {}
        by_method.setdefault(row["method"], []).extend([row, right] if right else [row])
    clusters = {
        method: [
            {"method": method, "grouping": row["grouping"], "cluster": cluster}
            for row in rows
            for cluster in range(6 if row["grouping"] == "estimated_k" else 4)
        ]
        for method, rows in by_method.items()
    }
    reads = [
        put(root, f"scoring:{method}", {"scores": rows, "clusters": clusters[method], "confusions": confused(rows)})
        for method, rows in by_method.items()
    ]
    reads.append(put(root, "catalogue", {"products": changes.get("products", BALANCED)}))
    reads += changes.get("reads", [])
    return do(root, "verdict", verdict.step, reads, {"verdict": changes.get("rule", RULE), "stable_from": 0.6})


def sentences(reason: str) -> list[str]:
    return re.split(r"(?<=[.])\s+(?=[A-Z])", reason)

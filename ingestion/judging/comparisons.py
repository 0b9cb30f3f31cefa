"""Each grouping compared with those that the verdicts rest on: the difference of their scores, with a 95 % interval.

Reads `scores`, `resampled_scores` and `clusters` of every `scoring:<m>`, `products` of `catalogue`, `verdicts` and,
where it is there, `duplicates`; takes no parameters. The interval is paired: leaving a product out changes both scores,
so the errors that both groupings share cancel (Severiano et al. 2011, on differences), and all groupings are made anew
on the same resamples. Its variance is that of the jackknife plus that of the regrouping, as in `intervals`. There is no
remainder as there, because for a difference the jackknife overestimates the error at chance. Many groupings are
compared with one, so a difference counts as shown by Holm's correction (1979).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ingestion.duplicates.groups import load_duplicate_groups
from ingestion.grouping import agreement
from ingestion.grouping.agreement import Codes, Values
from ingestion.judging import intervals
from ingestion.judging.intervals import DuplicateGroups
from ingestion.task import Work

METRICS = {"ari": agreement.ari, "ami": agreement.ami}
LEVEL = 0.05
NO_GROUP = -1
"""The group of a product that a method could not group."""


@dataclass(frozen=True)
class ShownGrouping:
    """One grouping of one method; `groups` is (n,) with NO_GROUP where it has none. `name` is the two.

    `scores` holds its rows of `scores` by metric, `changes` by metric and resample what its score changes when the
    resample is grouped anew.
    """

    name: tuple[str, str]
    groups: Codes
    scores: dict[str, dict[str, Any]]
    changes: dict[str, dict[int, float]]


def step(work: Work) -> None:
    """Write `comparisons`."""
    rows = work.read("catalogue", "products", ["product_id", "category"]).to_pylist()
    rows = [row for row in rows if row["category"] is not None]
    if not rows:
        return
    declared = {
        (row["method"], row["grouping"])
        for row in work.read("verdict", "verdicts").to_pylist()
        if row["method"] and not row["scope"].startswith("method:")
    }
    ids = pa.array([row["product_id"] for row in rows])
    _, categories = np.unique([row["category"] for row in rows], return_inverse=True)
    found = [g for name in sorted(work.task.parts) if name.startswith("scoring:") for g in load_shown(work, name, ids)]
    duplicate_groups = load_duplicate_groups(work, ids.to_pylist())
    by_name = sorted(found, key=lambda grouping: grouping.name)
    for one in by_name:
        if one.name in declared:
            work.write("comparisons", compare(by_name, one, categories.astype(np.int32), duplicate_groups))


def load_shown(work: Work, name: str, product_ids: pa.Array) -> Iterator[ShownGrouping]:
    """The groupings that the scoring step `name` scored, as groups of the products `product_ids`."""
    scores: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in work.read(name, "scores").to_pylist():
        if row["metric"] in METRICS:
            scores[row["grouping"]][row["metric"]] = row
    changes: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: {metric: {} for metric in METRICS})
    for row in work.read(name, "resampled_scores").to_pylist():
        if row["metric"] in METRICS:
            changes[row["grouping"]][row["metric"]][row["resample"]] = row["value"] - row["kept"]
    clusters = work.read(name, "clusters", ["grouping", "product_id", "cluster"])
    for grouping, found in scores.items():
        own = clusters.filter(pc.equal(clusters["grouping"], grouping))
        place = pc.fill_null(pc.index_in(own["product_id"], product_ids), -1).to_numpy()
        groups = np.full(len(product_ids), NO_GROUP, dtype=np.int32)
        groups[place[place >= 0]] = own["cluster"].to_numpy()[place >= 0]
        yield ShownGrouping((name.removeprefix("scoring:"), grouping), groups, found, changes[grouping])


def compare(
    groupings: list[ShownGrouping],
    other: ShownGrouping,
    categories: Codes,
    duplicate_groups: DuplicateGroups | None = None,
) -> Iterator[dict[str, Any]]:
    """Rows of `comparisons` for each of `groupings` with the `other`, over the products that both grouped.

    `categories` are (n,), as are `duplicate_groups`, without which each product counts as one draw. Pairs whose common
    products have fewer than two categories have no row; those of fewer than three draws or two resamples have no
    interval.
    """
    for metric in METRICS:
        rows = []
        for one in groupings:
            both = (one.groups != NO_GROUP) & (other.groups != NO_GROUP)
            if one is other or len(np.unique(categories[both])) < 2:
                continue  # as in scoring: with one category every grouping agrees equally
            common = None if duplicate_groups is None else np.unique(duplicate_groups[both], return_inverse=True)[1]
            scores = [_score_over(g, metric, categories, both) for g in (one, other)]
            parts = [_influences(metric, g.groups[both], categories[both], common) for g in (one, other)]
            changes = _changes(one, other, metric)
            fixed, regrouping = float(np.linalg.norm(parts[0] - parts[1])), intervals.regrouping_error(changes)
            error, degrees = float(np.hypot(fixed, regrouping)), intervals.freedom(fixed, regrouping, len(changes))
            rows.append((one, scores[0] - scores[1], error, degrees, int(both.sum())))
        distinct = holm([p_value(difference, error, degrees) for _, difference, error, degrees, _ in rows])
        for (one, difference, error, degrees, products), shown in zip(rows, distinct, strict=True):
            half, finite = intervals.quantile(degrees) * error, bool(np.isfinite(error))
            yield {
                **dict(zip(("method", "grouping"), one.name, strict=True)),
                **dict(zip(("other_method", "other_grouping"), other.name, strict=True)),
                "metric": metric,
                "difference": difference,
                "low": difference - half if finite else None,
                "high": difference + half if finite else None,
                "distinct": shown,
                "products": products,
            }


def p_value(difference: float, error: float, degrees: float) -> float:
    """Two-sided p-value of a difference with that standard error and degrees of freedom; 1 if the error is unknown."""
    from scipy.special import ndtr, stdtr

    if not error or not np.isfinite(error):
        return 1.0
    deviation = abs(difference) / error
    return float(2 * (stdtr(degrees, -deviation) if np.isfinite(degrees) else ndtr(-deviation)))


def holm(p_values: Sequence[float]) -> list[bool]:
    """Which of these p-values show a difference at 5 % for all of them together (Holm 1979)."""
    shown = [False] * len(p_values)
    for rank, at in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[at] > LEVEL / (len(p_values) - rank):
            break
        shown[at] = True
    return shown


def _score_over(grouping: ShownGrouping, metric: str, categories: Codes, both: NDArray[np.bool_]) -> float:
    """The score when only the products `both` count."""
    if (grouping.groups != NO_GROUP).sum() == both.sum():
        return float(grouping.scores[metric]["value"])
    return METRICS[metric](agreement.contingency(categories[both], grouping.groups[both]))


def _influences(metric: str, groups: Codes, categories: Codes, duplicate_groups: DuplicateGroups | None) -> Values:
    table = agreement.contingency(categories, groups)
    deviations = intervals.deviations(METRICS[metric], table, categories, groups)
    return intervals.influences(deviations, duplicate_groups)


def _changes(one: ShownGrouping, other: ShownGrouping, metric: str) -> list[float]:
    """What the difference of two groupings changes in each resample, of the products that each of them grouped."""
    changes, others = one.changes[metric], other.changes[metric]
    return [changes[at] - others[at] for at in sorted(changes.keys() & others.keys())]

"""Pairwise comparisons of groupings: the difference of their scores, with a 95 % interval.

Reads `scores` and `clusters` of every `scoring:<m>`, `products` of `catalogue` and, where it is there, `duplicates`;
takes no parameters. The interval is paired: leaving a product out changes both scores, so the errors that both
groupings share cancel (Severiano et al. 2011, on differences). Its variance is that of the jackknife plus that of both
groupings' seeds, as in `intervals`. There is no remainder as there, because for a difference the jackknife
overestimates the error at chance.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
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
NO_GROUP = -1
"""The group of a product that a method could not group."""


@dataclass(frozen=True)
class ShownGrouping:
    """The grouping that is shown of one method, algorithm and space; `groups` is (n,) with NO_GROUP where it has none.

    `name` is the method, algorithm and space.
    """

    name: tuple[str, str, str]
    groups: Codes
    scores: dict[str, dict[str, Any]]
    """Rows of `scores` by metric."""


def step(work: Work) -> None:
    """Write `comparisons`."""
    rows = work.read("catalogue", "products", ["product_id", "category"]).to_pylist()
    rows = [row for row in rows if row["category"] is not None]
    if not rows:
        return
    ids = pa.array([row["product_id"] for row in rows])
    _, categories = np.unique([row["category"] for row in rows], return_inverse=True)
    found = [g for name in sorted(work.task.parts) if name.startswith("scoring:") for g in load_shown(work, name, ids)]
    duplicate_groups = load_duplicate_groups(work, ids.to_pylist())
    by_name = sorted(found, key=lambda grouping: grouping.name)
    work.write("comparisons", compare(by_name, categories.astype(np.int32), duplicate_groups))


def load_shown(work: Work, name: str, product_ids: pa.Array) -> Iterator[ShownGrouping]:
    """The shown groupings that the scoring step `name` scored, as groups of the products `product_ids`."""
    scores: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in work.read(name, "scores").to_pylist():
        if row["metric"] in METRICS:
            scores[row["method"], row["algorithm"], row["space"]][row["metric"]] = row
    clusters = work.read(name, "clusters", ["method", "algorithm", "space", "product_id", "cluster"])
    place = pc.fill_null(pc.index_in(clusters["product_id"], product_ids), -1).to_numpy()
    cluster = clusters["cluster"].to_numpy()
    for key, found in scores.items():
        columns = zip(("method", "algorithm", "space"), key, strict=True)
        of_it = np.logical_and.reduce([pc.equal(clusters[column], value).to_numpy() for column, value in columns])
        groups = np.full(len(product_ids), NO_GROUP, dtype=np.int32)
        groups[place[of_it & (place >= 0)]] = cluster[of_it & (place >= 0)]
        yield ShownGrouping(key, groups, found)


def compare(
    groupings: list[ShownGrouping], categories: Codes, duplicate_groups: DuplicateGroups | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of `comparisons` for all pairs of groupings, over the products that both grouped.

    `categories` are (n,), as are `duplicate_groups`, without which each product counts as one draw. Pairs whose common
    products have fewer than two categories have no row; those of fewer than three draws have no interval.
    """
    pairs: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
    for a, b in combinations(range(len(groupings)), 2):
        both = (groupings[a].groups != NO_GROUP) & (groupings[b].groups != NO_GROUP)
        pairs[both.tobytes()].append((a, b))
    for mask, pairs_of_mask in pairs.items():  # pairs with the same common products share the jackknife
        both = np.frombuffer(mask, dtype=bool)
        if len(np.unique(categories[both])) < 2:
            continue  # as in scoring: with one category every grouping agrees equally
        chosen = sorted({at for pair in pairs_of_mask for at in pair})
        among, place = [groupings[at] for at in chosen], {at: row for row, at in enumerate(chosen)}
        common = None if duplicate_groups is None else np.unique(duplicate_groups[both], return_inverse=True)[1]
        for metric, measure in METRICS.items():
            scores = [_score_over(g, metric, categories, both) for g in among]
            errors = _errors(measure, [g.groups[both] for g in among], categories[both], common)
            for a, b in pairs_of_mask:
                at, other = place[a], place[b]
                variance = (
                    errors[at, other] ** 2 + _seed_variance(among[at], metric) + _seed_variance(among[other], metric)
                )
                half = float(intervals.NORMAL_95 * np.sqrt(variance))
                difference = scores[at] - scores[other]
                finite = bool(np.isfinite(half))
                yield {
                    **dict(zip(("method", "algorithm", "space"), groupings[a].name, strict=True)),
                    **dict(zip(("other_method", "other_algorithm", "other_space"), groupings[b].name, strict=True)),
                    "metric": metric,
                    "difference": difference,
                    "low": difference - half if finite else None,
                    "high": difference + half if finite else None,
                    "distinct": finite and abs(difference) > half,
                    "products": int(both.sum()),
                }


def _score_over(grouping: ShownGrouping, metric: str, categories: Codes, both: NDArray[np.bool_]) -> float:
    """The median over the seeds, plus the change of the shown groups' score when only the products `both` count."""
    value, grouped = float(grouping.scores[metric]["value"]), grouping.groups != NO_GROUP
    if grouped.sum() == both.sum():
        return value
    score = [METRICS[metric](agreement.contingency(categories[m], grouping.groups[m])) for m in (both, grouped)]
    return value + score[0] - score[1]


def _errors(
    measure: agreement.Measure, groups: list[Codes], categories: Codes, duplicate_groups: DuplicateGroups | None
) -> Values:
    """(g, g) jackknife standard errors of the differences of g scores."""
    parts = []
    for g in groups:
        table = agreement.contingency(categories, g)
        parts.append(intervals.influences(intervals.deviations(measure, table, categories, g), duplicate_groups))
    return _distances(np.array(parts))


def _distances(rows: Values) -> Values:
    """(g, g) Euclidean distances of (g, d) rows, exact where two rows are equal."""
    from scipy.spatial.distance import pdist, squareform

    return np.asarray(squareform(pdist(rows)))


def _seed_variance(grouping: ShownGrouping, metric: str) -> float:
    """Variance of the seeds' values; 0 for one seed, whose variance is unknown."""
    return float(grouping.scores[metric]["seed_sd"] or 0.0) ** 2

"""Any two groupings compared: whether one is better, or the difference is that of these products and seeds.

Reads `scores` and `clusters` of every `scoring:<m>`, `products` of `catalogue` and, where it is there, `duplicates`;
takes no parameters. The interval is paired: leaving a product out moves both scores, so that what is hard for both
cancels (Severiano et al. 2011, on differences). Its variance is the jackknife's and that of both groupings' seeds, as
in `intervals`. There is no remainder as there: of a difference the jackknife says too much at chance, not too little.
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
from ingestion.grouping.agreement import Values
from ingestion.judging import intervals
from ingestion.task import Work

Codes = NDArray[np.int32]
Families = NDArray[np.int64]
METRICS = {"ari": agreement.ari, "ami": agreement.ami}
NOWHERE = -1
"""The group of a product that a method could not place."""


@dataclass(frozen=True)
class Shown:
    """The shown grouping of one method, algorithm and space; `groups` is (n,), NOWHERE where it placed nothing."""

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
    found = [g for name in sorted(work.task.parts) if name.startswith("scoring:") for g in shown(work, name, ids)]
    kin = load_duplicate_groups(work, ids.to_pylist())
    work.write("comparisons", compare(sorted(found, key=lambda g: g.name), categories.astype(np.int32), kin))


def shown(work: Work, name: str, product_ids: pa.Array) -> Iterator[Shown]:
    """The groupings that a scoring step shows and scored, over the products of these ids."""
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
        groups = np.full(len(product_ids), NOWHERE, dtype=np.int32)
        groups[place[of_it & (place >= 0)]] = cluster[of_it & (place >= 0)]
        yield Shown(key, groups, found)


def compare(groupings: list[Shown], categories: Codes, kin: Families | None = None) -> Iterator[dict[str, Any]]:
    """Rows of `comparisons` for all pairs, of (n,) categories and, where there are copies, (n,) families of kin."""
    pairs: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
    for a, b in combinations(range(len(groupings)), 2):
        both = (groupings[a].groups != NOWHERE) & (groupings[b].groups != NOWHERE)
        pairs[both.tobytes()].append((a, b))
    for mask, those in pairs.items():
        both = np.frombuffer(mask, dtype=bool)
        if len(np.unique(categories[both])) < 2:
            continue  # as in scoring: of one category every grouping is as right as any other
        chosen = sorted({at for pair in those for at in pair})
        among, place = [groupings[at] for at in chosen], {at: row for row, at in enumerate(chosen)}
        kin_here = None if kin is None else np.unique(kin[both], return_inverse=True)[1]
        for metric, measure in METRICS.items():
            scores = [_moved(g, metric, categories, both) for g in among]
            errors = _errors(measure, [g.groups[both] for g in among], categories[both], kin_here)
            for a, b in those:
                at, other = place[a], place[b]
                variance = (
                    errors[at, other] ** 2 + _seed_variance(among[at], metric) + _seed_variance(among[other], metric)
                )
                half = float(intervals.NORMAL_95 * np.sqrt(variance))
                difference = scores[at] - scores[other]
                sure = bool(np.isfinite(half))
                yield {
                    **dict(zip(("method", "algorithm", "space"), groupings[a].name, strict=True)),
                    **dict(zip(("other_method", "other_algorithm", "other_space"), groupings[b].name, strict=True)),
                    "metric": metric,
                    "difference": difference,
                    "low": difference - half if sure else None,
                    "high": difference + half if sure else None,
                    "distinct": sure and abs(difference) > half,
                    "products": int(both.sum()),
                }


def _moved(grouping: Shown, metric: str, categories: Codes, both: NDArray[np.bool_]) -> float:
    """The median over the seeds, moved by as much as the shown groups' score moves when only `both` count."""
    value, had = float(grouping.scores[metric]["value"]), grouping.groups != NOWHERE
    if had.sum() == both.sum():
        return value
    score = [METRICS[metric](agreement.contingency(categories[m], grouping.groups[m])) for m in (both, had)]
    return value + score[0] - score[1]


def _errors(measure: agreement.Measure, groups: list[Codes], categories: Codes, kin: Families | None) -> Values:
    """(g, g) jackknife standard errors of the differences of g scores."""
    parts = []
    for g in groups:
        table = agreement.contingency(categories, g)
        parts.append(intervals.influences(intervals.deviations(measure, table, categories, g), kin))
    return _distances(np.array(parts))


def _distances(rows: Values) -> Values:
    """(g, g) Euclidean distances of (g, d) rows, exact where two rows are equal."""
    from scipy.spatial.distance import pdist, squareform

    return np.asarray(squareform(pdist(rows)))


def _seed_variance(grouping: Shown, metric: str) -> float:
    """Variance of the seeds' values; 0 for one seed, whose variance is unknown."""
    return float(grouping.scores[metric]["seed_sd"] or 0.0) ** 2

"""How well each grouping agrees with the categories. This is the first step that reads them.

The value of each measure is the median over the seeds, with the range over the seeds, a 95 % interval (`intervals`) and
the 95th percentile of the scores of shuffled categories as the chance level. The partition that is shown (`clusters`,
`confusions`, `category_scores`) is that of the seed that agrees most with the other seeds, which is chosen without the
categories.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ingestion.duplicates.groups import load_duplicate_groups
from ingestion.grouping import agreement
from ingestion.grouping.agreement import Codes, Table
from ingestion.grouping.partitions import Partitions, load_partitions
from ingestion.judging import intervals
from ingestion.judging.category_scores import Separability, category_scores, load_separability, load_stability
from ingestion.judging.intervals import DuplicateGroups
from ingestion.task import Work
from ingestion.vectors import vector_source


def step(work: Work, *, method: str, vector_sources: Sequence[str]) -> None:
    """Write `clusters`, and with categories `scores`, `category_scores` and `confusions`, of one method."""
    products = work.read("catalogue", "products", ["product_id", "category"])
    category_of = dict(zip(products["product_id"].to_pylist(), products["category"].to_pylist(), strict=True))
    without_categories = _scores_without_categories(work, method)
    separability = load_separability(work, vector_source(work, vector_sources), category_of)
    stability = load_stability(work, method)
    group_of = dict(zip(category_of, load_duplicate_groups(work, list(category_of)).tolist(), strict=True))
    for partitions in load_partitions(work, method):
        shown = partitions.shown
        key = partitions.algorithm, partitions.space
        tag = {"method": method, "algorithm": partitions.algorithm, "space": partitions.space}
        matched = _write_scores(work, tag, partitions, shown, category_of, group_of, separability, stability.get(key))
        work.write("scores", ({**tag, **row} for row in without_categories[key]))
        rows = zip(partitions.product_ids, shown.tolist(), strict=True)
        work.write(
            "clusters",
            ({**tag, "product_id": i, "cluster": c, "matched_category": matched.get(c)} for i, c in rows),
        )


def _write_scores(
    work: Work,
    tag: Mapping[str, str],
    partitions: Partitions,
    shown: Codes,
    category_of: Mapping[str, str | None],
    group_of: Mapping[str, int],
    separability: Mapping[str, Separability],
    stability: Mapping[int, float] | None,
) -> dict[int, str]:
    """Write `scores`, `category_scores` and `confusions`; returns the matched category of each group.

    `shown` is the (n,) partition that is shown. With fewer than two categories nothing is written or matched, since
    every grouping would agree equally.
    """
    has = np.array([category_of[i] is not None for i in partitions.product_ids])
    product_ids = np.array(partitions.product_ids)[has].tolist()
    names, numbers = np.unique([category_of[i] or "" for i in product_ids], return_inverse=True)
    if len(names) < 2:
        return {}
    categories = numbers.astype(np.int32)
    table = agreement.contingency(categories, shown[has])
    pairs = zip(*agreement.matching(table), strict=True)
    # the matching pairs as many as it can; a group without a product of the category is not the category's
    matched = {int(c): str(names[r]) for r, c in pairs if table[r, c]}
    tables = [agreement.contingency(categories, groups[has]) for groups in partitions.by_seed.values()]
    duplicate_groups = np.unique([group_of[i] for i in product_ids], return_inverse=True)[1]  # numbered without gaps
    codes = categories, shown[has], duplicate_groups
    work.write("scores", ({**tag, **row} for row in scores(tables, table, codes)))
    by_category = category_scores(table, names.tolist(), matched, separability, stability)
    work.write("category_scores", ({**tag, **row} for row in by_category))
    work.write("confusions", ({**tag, **row} for row in confusions(table, names.tolist(), matched)))
    return matched


def scores(
    tables: list[Table],
    shown: Table,
    codes: tuple[Codes, Codes, DuplicateGroups] | None = None,
    metrics: Iterable[str] = agreement.MEASURES,
) -> Iterator[dict[str, Any]]:
    """Rows of `scores` from the contingency tables of all seeds, for these of `agreement.MEASURES`.

    The jackknife and the null are those of `shown`, the table of the partition that is shown. `codes` are the (n,)
    categories, shown groups and duplicate groups of the products; without them each product counts as one draw. A row
    has no interval for fewer than three draws.
    """
    n = int(shown.sum())
    null = intervals.null(shown, metrics)
    for metric, null_values in null.items():
        measure = agreement.MEASURES[metric]
        values = [measure(table) for table in tables]
        if codes is None or n < 3:
            error = agreement.jackknife_error(measure, shown)
        else:
            categories, groups, duplicate_groups = codes
            deviations = intervals.deviations(measure, shown, categories, groups)
            error = float(np.linalg.norm(intervals.influences(deviations, duplicate_groups)))
        beyond = intervals.remainder(metric, float(np.median(values)), null_values, shown.sum(1))
        interval = intervals.interval(values, error, beyond, least=-1.0 if metric in ("ari", "ami") else 0.0)
        yield {
            "metric": metric,
            "value": float(np.median(values)),
            **(dict(zip(("low", "high"), interval, strict=True)) if interval else {}),
            "chance": float(np.percentile(null_values, 95)),
            "seed_min": min(values),
            "seed_max": max(values),
            "seed_sd": seed_sd(values),
            "seeds": len(values),
            "products": n,
        }


def seed_sd(values: list[float]) -> float | None:
    """Sample standard deviation (n - 1) of the seeds' values; None for one seed."""
    return intervals.seed_error(values) if len(values) > 1 else None


def confusions(table: Table, names: list[str], matched: dict[int, str]) -> Iterator[dict[str, Any]]:
    """Rows of `confusions`: the occupied cells of the table of categories `names` and groups.

    `matched` names the matched category of a group, where it has one.
    """
    for i, j in np.argwhere(table > 0).tolist():
        yield {"category": names[i], "cluster": j, "matched_category": matched.get(j), "products": int(table[i, j])}


def _scores_without_categories(work: Work, method: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Rows of `scores` of the measures that need no categories (the silhouette), by algorithm and space."""
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in work.read(f"clustering:{method}", "partition_scores").to_pylist():
        values[row["algorithm"], row["space"], row["metric"]].append(row["value"])
    products = len(set(work.read(f"clustering:{method}", "partitions", ["product_id"])["product_id"].to_pylist()))
    rows: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for (algorithm, space, metric), found in values.items():
        seeds = {"seed_min": min(found), "seed_max": max(found), "seed_sd": seed_sd(found), "seeds": len(found)}
        rows[algorithm, space].append(
            {"metric": metric, "value": float(np.median(found)), **seeds, "products": products}
        )
    return rows

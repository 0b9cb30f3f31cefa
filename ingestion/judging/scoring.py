"""The first step that sees the categories: how well each grouping agrees with them.

Each measure is the median over the seeds, with the range, its 95 % interval (`intervals`) and, as the chance line, the
95th percentile of what shuffled categories score. The grouping that is shown (`clusters`, `confusions`,
`category_scores`) is the seed's that agrees most with the other seeds: chosen without the categories.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.duplicates.groups import load_duplicate_groups
from ingestion.grouping import agreement
from ingestion.grouping.partitions import load_partitions
from ingestion.judging import intervals
from ingestion.judging.category_scores import category_scores, stabilities, standing
from ingestion.task import Work
from ingestion.vectors import vector_source

Codes = NDArray[np.int32]


def step(work: Work, *, method: str, vector_sources: Sequence[str]) -> None:
    """Write `clusters`, and with categories `scores`, `category_scores` and `confusions`, of one method."""
    products = work.read("catalogue", "products", ["product_id", "category"])
    category_of = dict(zip(products["product_id"].to_pylist(), products["category"].to_pylist(), strict=True))
    quality = _label_free(work, method)
    apart = standing(work, vector_source(work, vector_sources), category_of)
    stable = stabilities(work, method)
    family_of = dict(zip(category_of, load_duplicate_groups(work, list(category_of)), strict=True))
    for grouping in load_partitions(work, method):
        tag = {"method": method, "algorithm": grouping.algorithm, "space": grouping.space}
        shown = grouping.shown
        has = np.array([category_of[i] is not None for i in grouping.product_ids])
        names, codes = np.unique(
            [category_of[i] or "" for i in np.array(grouping.product_ids)[has]], return_inverse=True
        )
        matched: dict[int, str] = {}
        if len(names) > 1:  # of one category every grouping is as right as any other
            table = agreement.contingency(codes.astype(np.int32), shown[has])
            pairs = zip(*agreement.matching(table), strict=True)
            matched = {int(c): str(names[r]) for r, c in pairs if table[r, c]}  # a group of none of it is not its group
            tables = [
                agreement.contingency(codes.astype(np.int32), groups[has]) for groups in grouping.by_seed.values()
            ]
            of_scored = [family_of[i] for i in np.array(grouping.product_ids)[has]]
            kin = np.unique(of_scored, return_inverse=True)[1]  # numbered without gaps: each is a draw
            placed = codes.astype(np.int32), shown[has], kin
            work.write("scores", ({**tag, **row} for row in scores(tables, table, placed)))
            found = category_scores(
                table, names.tolist(), matched, apart, stable.get((grouping.algorithm, grouping.space))
            )
            work.write("category_scores", ({**tag, **row} for row in found))
            work.write("confusions", ({**tag, **row} for row in confusions(table, names.tolist(), matched)))
        work.write("scores", ({**tag, **row} for row in quality[grouping.algorithm, grouping.space]))
        rows = zip(grouping.product_ids, shown.tolist(), strict=True)
        work.write(
            "clusters",
            ({**tag, "product_id": i, "cluster": c, "matched_category": matched.get(c)} for i, c in rows),
        )


def scores(
    tables: list[agreement.Table], shown: agreement.Table, placed: tuple[Codes, Codes, NDArray[np.int64]] | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of `scores` from the contingency tables of all seeds; the jackknife and the null are those of the shown one.

    `placed` are the (n,) categories, shown groups and families of the products, where some are near-copies.
    """
    n = int(shown.sum())
    chances = intervals.null(shown)
    for metric, measure in agreement.MEASURES.items():
        values = [measure(table) for table in tables]
        if placed is None or n < 3:
            error = agreement.jackknife_error(measure, shown)
        else:
            categories, groups, kin = placed
            of_products = intervals.deviations(measure, shown, categories, groups)
            error = float(np.linalg.norm(intervals.influences(of_products, kin)))
        beyond = intervals.remainder(metric, float(np.median(values)), chances[metric], shown.sum(1))
        interval = intervals.interval(values, error, beyond, least=-1.0 if metric in ("ari", "ami") else 0.0)
        yield {
            "metric": metric,
            "value": float(np.median(values)),
            **(dict(zip(("low", "high"), interval, strict=True)) if interval else {}),
            "chance": float(np.percentile(chances[metric], 95)),
            "seed_min": min(values),
            "seed_max": max(values),
            "seed_sd": seed_sd(values),
            "seeds": len(values),
            "products": n,
        }


def seed_sd(values: list[float]) -> float | None:
    """Sample standard deviation (n - 1) of the seeds' values; None for one seed."""
    return intervals.seed_error(values) if len(values) > 1 else None


def confusions(table: agreement.Table, names: list[str], matched: dict[int, str]) -> Iterator[dict[str, Any]]:
    """Rows of `confusions`: the occupied cells of the contingency table."""
    for i, j in np.argwhere(table > 0).tolist():
        yield {"category": names[i], "cluster": j, "matched_category": matched.get(j), "products": int(table[i, j])}


def _label_free(work: Work, method: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Rows of `scores` for what is measured without categories (the silhouette), by algorithm and space."""
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

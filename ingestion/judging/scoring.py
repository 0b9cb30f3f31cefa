"""How well each grouping agrees with the categories. This is the first step that reads them.

A score has a 95 % interval (`intervals`), for which the groupings of the resamples are scored too, and the 95th
percentile of the scores of shuffled categories as the chance level.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ingestion.duplicates.groups import load_duplicate_groups
from ingestion.grouping import agreement
from ingestion.grouping.agreement import Codes, Table, Values
from ingestion.grouping.partitions import Partition, load_partitions, load_resampled
from ingestion.grouping.resampling import Labels
from ingestion.judging import intervals
from ingestion.judging.category_scores import (
    Errors,
    Separability,
    category_scores,
    load_separability,
    load_stability,
    matched_fractions,
)
from ingestion.judging.intervals import DuplicateGroups
from ingestion.study_sample import STEP as SAMPLE
from ingestion.task import Work
from ingestion.vectors import vector_source

LEAST = {"ari": -1.0, "ami": -1.0, "matched_accuracy": 0.0}
"""The measures that have an interval, with their lowest value: those that a verdict can rest on or names."""


@dataclass(frozen=True)
class Regrouped:
    """A resample scored: the (categories, groups) tables of its own groups, and of the groups of all products."""

    resample: int
    own: Table
    kept: Table


def step(work: Work, *, method: str, vector_sources: Sequence[str]) -> None:
    """Write `clusters`, and with categories all tables of scores, of one method."""
    products = work.read("catalogue", "products", ["product_id", "category"])
    category_of = dict(zip(products["product_id"].to_pylist(), products["category"].to_pylist(), strict=True))
    without_categories = _scores_without_categories(work, method)
    separability = load_separability(work, vector_source(work, vector_sources), category_of)
    stability, resampled = load_stability(work, method), load_resampled(work, method)
    group_of = dict(zip(category_of, load_duplicate_groups(work, list(category_of)).tolist(), strict=True))
    for partition in load_partitions(work, method):
        name = partition.grouping
        tag = {"method": method, "grouping": name}
        again = resampled.get(name, {})
        matched = _write_scores(work, tag, partition, again, category_of, group_of, separability, stability.get(name))
        work.write("scores", ({**tag, **row} for row in without_categories[name]))
        n = len(partition.product_ids)
        columns = {key: pa.repeat(value, n) for key, value in tag.items()}
        columns |= {"product_id": partition.product_ids, "cluster": partition.labels}
        columns |= {"matched_category": pa.array([matched.get(c) for c in partition.labels.tolist()], pa.string())}
        sure = partition.found_again
        columns |= {"found_again": pa.array(sure, mask=np.isnan(sure)), "placed": pa.repeat(False, n)}
        work.write("clusters", pa.table(columns))


def _write_scores(
    work: Work,
    tag: Mapping[str, str],
    partition: Partition,
    resampled: Mapping[int, tuple[list[str], Labels]],
    category_of: Mapping[str, str | None],
    group_of: Mapping[str, int],
    separability: Mapping[str, Separability],
    stability: Mapping[int, float] | None,
) -> dict[int, str]:
    """Write `scores`, `resampled_scores`, `category_scores`, `confusions`; returns the matched category of each group.

    With fewer than two categories nothing is written or matched, since every grouping would agree equally.
    """
    has = np.array([category_of[i] is not None for i in partition.product_ids])
    product_ids, groups = np.array(partition.product_ids)[has].tolist(), partition.labels[has]
    names, numbers = np.unique([category_of[i] or "" for i in product_ids], return_inverse=True)
    if len(names) < 2:
        return {}
    categories = numbers.astype(np.int32)
    table = agreement.contingency(categories, groups)
    pairs = zip(*agreement.matching(table), strict=True)
    # the matching pairs as many as it can; a group without a product of the category is not the category's
    matched = {int(c): str(names[r]) for r, c in pairs if table[r, c]}
    again = list(regrouped(product_ids, categories, groups, resampled))
    duplicate_groups = np.unique([group_of[i] for i in product_ids], return_inverse=True)[1]  # numbered without gaps
    codes = categories, groups, duplicate_groups
    work.write("resampled_scores", ({**tag, **row} for row in resampled_scores(again)))
    of_sample = SAMPLE in work.task.parts
    work.write("scores", ({**tag, **row} for row in scores(table, codes, again, of_sample=of_sample)))
    errors = category_errors(table, again)
    by_category = category_scores(table, names.tolist(), matched, separability, stability, errors)
    work.write("category_scores", ({**tag, **row} for row in by_category))
    work.write("confusions", ({**tag, **row} for row in confusions(table, names.tolist(), matched)))
    return matched


def regrouped(
    product_ids: Sequence[str], categories: Codes, groups: Codes, resampled: Mapping[int, tuple[list[str], Labels]]
) -> Iterator[Regrouped]:
    """Each resample's tables, over the products that have a category: (n,) `product_ids`, `categories`, `groups`.

    A resample in which fewer than two categories were drawn is left out.
    """
    row_of = {product_id: row for row, product_id in enumerate(product_ids)}
    for number, (drawn, labels) in resampled.items():
        found = [(row_of[i], label) for i, label in zip(drawn, labels.tolist(), strict=True) if i in row_of]
        if not found:
            continue
        rows, own = np.array(found).T
        own_table = agreement.contingency(categories[rows], own.astype(np.int32))
        if (own_table.sum(1) > 0).sum() > 1:
            yield Regrouped(number, own_table, agreement.contingency(categories[rows], groups[rows]))


def resampled_scores(again: Iterable[Regrouped]) -> Iterator[dict[str, Any]]:
    """Rows of `resampled_scores` for the measures of LEAST."""
    for one in again:
        for metric in LEAST:
            measure = agreement.MEASURES[metric]
            row = {"resample": one.resample, "metric": metric}
            yield {**row, "value": measure(_occupied(one.own)), "kept": measure(_occupied(one.kept))}


def scores(
    table: Table,
    codes: tuple[Codes, Codes, DuplicateGroups],
    again: Sequence[Regrouped] = (),
    metrics: Iterable[str] = agreement.MEASURES,
    of_sample: bool = False,
) -> Iterator[dict[str, Any]]:
    """Rows of `scores` for these of `agreement.MEASURES`, from the contingency table of categories and groups.

    `codes` are the (n,) categories, groups and duplicate groups of the products; `again` are the resamples. A measure
    of LEAST has no interval for fewer than three products or two resamples. Of products that are a sample
    (`of_sample`), it is the interval of the score of all.
    """
    n = int(table.sum())
    for metric, null_values in intervals.null(table, metrics).items():
        measure = agreement.MEASURES[metric]
        value, ends = measure(table), None
        if metric in LEAST and n > 2:
            categories, groups, duplicate_groups = codes
            deviations = intervals.deviations(measure, table, categories, groups)
            error = float(np.linalg.norm(intervals.influences(deviations, duplicate_groups)))
            changes = [measure(_occupied(one.own)) - measure(_occupied(one.kept)) for one in again]
            regrouping = intervals.regrouping_error(changes)
            degrees = intervals.freedom(error, regrouping, len(changes))
            beyond, least = intervals.remainder(metric, value, null_values, table.sum(1)), LEAST[metric]
            bias = intervals.regrouping_bias(changes) if of_sample else 0.0
            ends = intervals.interval(value, float(np.hypot(error, regrouping)), beyond, least, degrees, bias)
        low, high = ends or (None, None)
        chance = float(np.percentile(null_values, 95))
        yield {"metric": metric, "value": value, "low": low, "high": high, "chance": chance, "products": n}


def category_errors(table: Table, again: Sequence[Regrouped]) -> Errors:
    """The standard errors of each category's precision and recall from grouping other products: two (categories,).

    NaN where fewer than two resamples drew the category.
    """
    found = np.full((2, len(again), len(table)), np.nan)
    for at, one in enumerate(again):
        drawn = np.flatnonzero(one.own.sum(1))
        changes = np.array(matched_fractions(one.own)) - np.array(matched_fractions(one.kept))
        found[:, at, drawn] = changes[:, drawn]
    precision, recall = (np.array([_error_of_few(column[np.isfinite(column)]) for column in part.T]) for part in found)
    return precision, recall


def _error_of_few(changes: Values) -> float:
    """The regrouping error times Student's quantile over the normal one, for Wilson's interval has the normal one."""
    few = intervals.quantile(len(changes) - 1) / intervals.NORMAL_95 if len(changes) > 1 else 1.0
    return few * intervals.regrouping_error(changes.tolist())


def _occupied(table: Table) -> Table:
    """The table without the rows of categories that were not drawn."""
    return np.asarray(table[table.sum(1) > 0])


def confusions(table: Table, names: list[str], matched: dict[int, str]) -> Iterator[dict[str, Any]]:
    """Rows of `confusions`: the occupied cells of the table of categories `names` and groups.

    `matched` names the matched category of a group, where it has one.
    """
    for i, j in np.argwhere(table > 0).tolist():
        yield {"category": names[i], "cluster": j, "matched_category": matched.get(j), "products": int(table[i, j])}


def _scores_without_categories(work: Work, method: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of `scores` of the measures that need no categories (the silhouette), by grouping."""
    step, found = f"clustering:{method}", defaultdict[str, list[dict[str, Any]]](list)
    products = len(set(work.read(step, "partitions", ["product_id"])["product_id"].to_pylist()))
    for row in work.read(step, "partition_scores").to_pylist():
        found[row["grouping"]].append({"metric": row["metric"], "value": row["value"], "products": products})
    return found

"""The tables of partitions: written by what groups the products, read by what scores and describes the groups."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.grouping.resampling import Labels, Rows, found_again, stability
from ingestion.task import Work


@dataclass(frozen=True)
class Partition:
    """The groups of one grouping: (n,) `labels`, a number per product id, and `found_again`, 0 to 1 or NaN."""

    grouping: str
    product_ids: list[str]
    labels: Labels
    found_again: NDArray[np.float64]


def load_partitions(work: Work, method: str) -> Iterator[Partition]:
    """The partitions that `clustering:<method>` wrote."""
    rows = work.read(f"clustering:{method}", "partitions")
    for grouping, _, one in _runs(rows):
        again = one["found_again"].to_numpy(zero_copy_only=False).astype(np.float64)
        yield Partition(grouping, one["product_id"].to_pylist(), one["cluster"].to_numpy().astype(np.int32), again)


def load_resampled(work: Work, method: str) -> dict[str, dict[int, tuple[list[str], Labels]]]:
    """By grouping and number of the resample: the products drawn and their (m,) groups."""
    found: dict[str, dict[int, tuple[list[str], Labels]]] = defaultdict(dict)
    rows = work.read(f"clustering:{method}", "resampled_partitions")
    for grouping, number, one in _runs(rows):
        found[grouping][number] = one["product_id"].to_pylist(), one["cluster"].to_numpy().astype(np.int32)
    return dict(found)


def write(
    work: Work,
    method: str,
    grouping: str,
    product_ids: Sequence[str],
    labels: Labels,
    again: Sequence[tuple[Rows, Labels]],
) -> None:
    """Append a grouping to `partitions` and `cluster_stability`, given the rows and groups of each resample."""
    sure = found_again(labels, again)
    columns = {**_tag(method, grouping, len(labels)), "product_id": list(product_ids), "cluster": labels}
    work.write("partitions", pa.table({**columns, "found_again": pa.array(sure, mask=np.isnan(sure))}))
    rows = ({"method": method, "grouping": grouping, **row} for row in stability(labels, again))
    work.write("cluster_stability", rows)


def write_resampled(
    work: Work, method: str, grouping: str, number: int, product_ids: Sequence[str], labels: Labels
) -> None:
    """Append the groups of one resample to `resampled_partitions`."""
    columns = {**_tag(method, grouping, len(labels)), "resample": pa.repeat(number, len(labels))}
    work.write("resampled_partitions", pa.table({**columns, "product_id": list(product_ids), "cluster": labels}))


def _tag(method: str, grouping: str, n: int) -> dict[str, pa.Array]:
    return {"method": pa.repeat(method, n), "grouping": pa.repeat(grouping, n)}


def _runs(rows: pa.Table) -> Iterator[tuple[str, int, pa.Table]]:
    """The rows of each grouping and resample (0 where there is none), which were written one after another."""
    if not rows.num_rows:
        return
    resamples = rows["resample"].to_pylist() if "resample" in rows.column_names else [0] * rows.num_rows
    keys = list(zip(rows["grouping"].to_pylist(), resamples, strict=True))
    starts = [0, *(at for at in range(1, len(keys)) if keys[at] != keys[at - 1]), len(keys)]
    for start, stop in pairwise(starts):
        yield *keys[start], rows.slice(start, stop - start)

"""The tables of partitions: written by what groups the products, read by what scores and describes the groups."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from ingestion.grouping.resampling import Labels, Rows, representative, stability
from ingestion.task import Work

Grouping = tuple[str, str]
"""An algorithm and a space."""


@dataclass(frozen=True)
class Partitions:
    """All seeds' partitions of one algorithm and space: `by_seed[seed]` is (n,), a group number per product id."""

    algorithm: str
    space: str
    product_ids: list[str]
    by_seed: dict[int, Labels]

    @property
    def shown(self) -> Labels:
        """The (n,) partition that is shown: of the seed whose groups agree most with those of the others."""
        return self.by_seed[representative(self.by_seed)]


def load_partitions(work: Work, method: str) -> Iterator[Partitions]:
    """The partitions that `clustering:<method>` wrote, one for each algorithm and space."""
    rows = work.read(f"clustering:{method}", "partitions")
    if not rows.num_rows:
        return
    keys = list(zip(*(rows[name].to_pylist() for name in ("algorithm", "space", "seed")), strict=True))
    starts = [0, *(at for at in range(1, len(keys)) if keys[at] != keys[at - 1]), len(keys)]  # written one by one
    found: dict[Grouping, dict[int, tuple[list[str], Labels]]] = defaultdict(dict)
    for start, stop in pairwise(starts):
        algorithm, space, seed = keys[start]
        one = rows.slice(start, stop - start)
        found[algorithm, space][seed] = (one["product_id"].to_pylist(), one["cluster"].to_numpy().astype(np.int32))
    for (algorithm, space), seeds in found.items():
        by_seed = {seed: labels for seed, (_, labels) in seeds.items()}
        yield Partitions(algorithm, space, next(iter(seeds.values()))[0], by_seed)


def write(
    work: Work, table: str, method: str, grouping: Grouping, seed: int, product_ids: list[str], labels: Labels
) -> None:
    """Append a grouping to `partitions` or `resampled_partitions`."""
    keys = {**tag(method, grouping), "seed": seed}
    columns = {name: pa.repeat(value, len(product_ids)) for name, value in keys.items()}
    work.write(table, pa.table({**columns, "product_id": product_ids, "cluster": labels}))


def write_stability(
    work: Work,
    method: str,
    found: Mapping[Grouping, dict[int, Labels]],
    again: Mapping[Grouping, list[tuple[Rows, Labels]]],
) -> None:
    """Write `cluster_stability` of the grouping that is shown of each algorithm and space."""
    for grouping, seeds in found.items():
        rows = stability(seeds[representative(seeds)], again[grouping])
        work.write("cluster_stability", [{**tag(method, grouping), **row} for row in rows])


def tag(method: str, grouping: Grouping) -> dict[str, str]:
    """The columns that name a grouping."""
    return {"method": method, "algorithm": grouping[0], "space": grouping[1]}

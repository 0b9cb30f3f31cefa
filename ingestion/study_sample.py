"""The sample of products on which the study of a large catalogue rests.

What is estimated (groups, their number, scores, intervals, verdicts, probes, descriptions) needs no more products than
its precision asks for. Above `study.sample` products it is estimated on a sample of that many; then all products are
placed in the groups and on the maps (`judging.placing`).

It is a simple random sample, drawn by a hash of the product ids. Every product is as likely to be drawn as any other,
so that every figure of the sample estimates that of the catalogue without weights, and its interval, which is that of
so many independent draws of products, holds the sampling already. Fewer products are grouped worse where categories
overlap, so that the intervals of scores reach higher by an estimate of that (`intervals.regrouping_bias`). To draw more
of a rare category would need weights in every measure and a sample that reads categories; a category with too few
products in the sample is named instead.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.task import Work

STEP = "study_sample"
"""The step that draws it; a step that needs it rests on the sample, any other on all products."""


def step(work: Work, *, size: int) -> None:
    """Write `study_sample`: the products of the catalogue that the study rests on."""
    product_ids = work.read("catalogue", "products", ["product_id"])["product_id"].to_pylist()
    work.write("study_sample", pa.table({"product_id": draw(product_ids, size)}))


def draw(product_ids: Sequence[str], size: int) -> list[str]:
    """The `size` products with the lowest hashes (all, of fewer), in the order of `product_ids`.

    Of a catalogue of which one product in a hundred is replaced, about one in a hundred of the sample is.
    """
    drawn = set(heapq.nsmallest(size, product_ids, key=_hash))
    return [product_id for product_id in product_ids if product_id in drawn]


def of_study(work: Work, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Of each table the rows, by their column `product_id`, of the products that the step rests on: all of them without
    a sample.
    """
    if STEP not in work.task.parts:
        yield from tables
        return
    sample = work.read(STEP, "study_sample")["product_id"].combine_chunks()
    for rows in tables:
        yield rows.filter(pc.is_in(rows["product_id"], value_set=sample))


def read(work: Work, step: str, table: str, columns: list[str]) -> pa.Table:
    """As `of_study`, of a table that a needed step wrote; of a large catalogue the other rows are never held."""
    blocks = list(of_study(work, work.batches(step, table, columns)))
    return pa.concat_tables(blocks) if blocks else work.read(step, table, columns)


def _hash(product_id: str) -> bytes:
    return blake2b(f"{STEP}\0{product_id}".encode(), digest_size=8).digest()

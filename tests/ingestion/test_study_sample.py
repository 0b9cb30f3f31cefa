"""The sample of a large catalogue: so many products, drawn by their ids, and nearly the same ones from day to day."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from ingestion import study_sample
from ingestion.study_sample import draw, of_study
from ingestion.task import Task, Work
from store.parts import PartWriter
from store.root import Root
from tests.ingestion.steps import do, put

IDS = [f"p{number}" for number in range(5_000)]


def test_so_many_products_are_drawn_in_the_order_of_the_catalogue() -> None:
    drawn = draw(IDS, 400)
    assert len(drawn) == len(set(drawn)) == 400
    assert drawn == [i for i in IDS if i in set(drawn)]
    assert draw(IDS[:30], 400) == IDS[:30]


def test_the_draw_does_not_depend_on_the_order_of_the_catalogue() -> None:
    assert set(draw(IDS[::-1], 400)) == set(draw(IDS, 400))


def test_every_part_of_the_catalogue_is_drawn_evenly() -> None:
    rows = np.array([int(i[1:]) for i in draw(IDS, 1_000)])
    each = np.bincount(rows // 500, minlength=10)
    assert np.abs(each - 100).max() < 4 * np.sqrt(100 * 0.8)  # four standard deviations of a simple random sample


def test_the_sample_hardly_changes_when_products_are_added_and_removed() -> None:
    changed = [*IDS[50:], *(f"new{number}" for number in range(50))]  # one product in a hundred
    before, after = set(draw(IDS, 1_000)), set(draw(changed, 1_000))
    assert len(before - after) <= 30  # about 10 are removed, and as many give way to new ones
    added = set(draw([*IDS, "one more"], 1_000))
    assert len(before - added) <= 1


def test_the_step_writes_the_products_that_others_then_rest_on(tmp_path: Path) -> None:
    root = Root(tmp_path)
    catalogue = put(root, "catalogue", {"products": [{"product_id": i} for i in IDS[:100]]})
    rows = do(root, "study_sample", study_sample.step, [catalogue], {"size": 30})["study_sample"]
    drawn = [row["product_id"] for row in rows]
    assert drawn == draw(IDS[:100], 30)
    table = pa.table({"product_id": IDS[:100], "n": range(100)})
    for parts in ({}, {"study_sample": put(root, "study_sample", {"study_sample": rows})}):
        task = Task("s", "k", study_sample.step, "plain", root, parts)
        with PartWriter(root, "k") as writer:
            work = Work(task, writer, lambda done, total: None)
            (found,) = of_study(work, [table])
        assert found["product_id"].to_pylist() == (drawn if parts else IDS[:100])

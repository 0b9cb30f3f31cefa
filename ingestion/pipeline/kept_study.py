"""What is estimated is taken over from an earlier run while little of the catalogue changed (`study.reestimate`).

Groups, their number, scores, intervals, verdicts and suspects are estimates from as many products as their precision
needs; one product in a hundred less or more moves them by less than their intervals. So a nightly run may keep them:
each part of an earlier run is taken over without the rows of products that changed or are gone. Those that changed, and
those that are new, are placed by their nearest (`judging.placing`), as products outside a sample are. Vectors,
near-duplicates and neighbours are always of tonight's catalogue.

What a later run needs to decide that is kept beside the results per product, in a file that the part of the step
`kept_study` names: a hash of each product that the estimates rest on, and the parts that hold them.
"""

import hashlib
import json
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import pyarrow.compute as pc

from ingestion.config import Config
from ingestion.pipeline import plan
from ingestion.pipeline.keys import code_hash, recipe
from ingestion.pipeline.runner import Outcome, Runner
from ingestion.study_sample import STEP as SAMPLE
from ingestion.task import BATCH_ROWS, Step, Work
from store import parts
from store.chunks import Chunks
from store.errors import StepFailed
from store.parts import Part

STEP = "kept_study"
STAGES = (*plan.ESTIMATED, "verdict", "comparisons", "category_verdicts", "suspects")
"""The stages that are taken over; `neighbours` only where they are those of a sample."""
IDS = ("product_id", "neighbour_id")
"""The columns that name a product, by which rows are taken over."""


@dataclass(frozen=True)
class Kept:
    """What is estimated, of an earlier catalogue of `products` products.

    It rested on `estimated_of` of them; `contents` holds a hash of each of these that is unchanged since, in catalogue
    order. `recipes` are those of the steps, `parts` the keys of what they wrote, `vectors` the steps that gave vectors.
    """

    products: int
    estimated_of: int
    sampled: bool
    contents: dict[str, str]
    recipes: dict[str, str]
    parts: dict[str, str]
    vectors: list[str]

    def changed(self, unchanged: int, products: int) -> float:
        """The fraction of products that changed or are gone or, of `products` now, are new, the larger: 0 to 1."""
        stand = unchanged / self.estimated_of
        return max(1 - stand, 1 - stand * self.products / products)


def run(runner: Runner, steps: Sequence[Step], sampled: bool, config: Config) -> None:
    """Run a study, with what is estimated taken over where less than `study.reestimate` of the products changed since.

    `steps` are those of the whole study, on a sample if `sampled`; each has its outcome then, and so has `kept_study`.
    """
    resting = {step.name: step for step in steps if step.stage in STAGES and (sampled or step.stage != "neighbours")}
    recipes = {step.name: recipe(step) for step in steps if step.stage == "features" or step.name in resting}
    recipes["settings"] = json.dumps([config.catalogue.model_dump(mode="json"), config.study.sample], sort_keys=True)
    fraction = config.study.reestimate
    chunks = Chunks(runner.root, code_hash(__name__)[:32])  # another version reads no file of this one
    data, kept = chunks.newest(), None
    if data is not None:
        kept = Kept(**json.loads(data))
        chunks.used.clear()
    products = _rows(runner, "catalogue", "products")
    if kept and kept.sampled == sampled and kept.recipes == recipes:
        now = dict(_contents(runner, kept.contents.keys()))
        unchanged = {product_id: its for product_id, its in now.items() if kept.contents[product_id] == its}
        changed = kept.changed(len(unchanged), products)
        small = unchanged and 0 < changed < fraction
        if small:  # before anything is taken over: a method that fails tonight has no part in it
            runner.run([step for step in steps if step.stage == "features"])
        if (
            small
            and _vectors(runner, steps) == kept.vectors
            and all(parts.find(runner.root, key) for key in kept.parts.values())
        ):
            _take_over(runner, steps, resting, sampled, kept, unchanged, changed)
            kept = replace(kept, contents=unchanged, parts=_keys(runner, resting))
            _keep(runner, chunks, kept)
            return
    runner.run(list(steps))
    contents = dict(_contents(runner, _sample(runner) if sampled else None))
    _keep(
        runner,
        chunks,
        Kept(products, len(contents), sampled, contents, recipes, _keys(runner, resting), _vectors(runner, steps)),
    )


def _take_over(
    runner: Runner,
    steps: Sequence[Step],
    resting: dict[str, Step],
    sampled: bool,
    kept: Kept,
    unchanged: dict[str, str],
    changed: float,
) -> None:
    """Run the steps that are not estimates, and take those that are over for the products that are unchanged."""
    sample = Step(SAMPLE, rest_on, parameters={"product_ids": list(unchanged), "changed": round(changed, 6)})
    taken = [
        Step(s.stage, take_over, s.method, (SAMPLE,), parameters={"key": kept.parts[s.name]})
        for s in resting.values()
        if s.name in kept.parts
    ]
    if len(unchanged) == len(kept.contents):  # no row would be left out
        runner.listener.planned(list(kept.parts))
        for name, key in kept.parts.items():
            runner.settle(Outcome(name, "cached", parts.marked(runner.root, key)))
        taken = []
    others = [step for step in steps if step.name not in kept.parts and step.stage not in {"placing", "features"}]
    placing = [
        replace(step, parameters={**step.parameters, "on_axes": False})
        for step in (steps if sampled else plan.on_sample(list(steps)))
        if step.stage == "placing"
    ]
    runner.run([sample, *others, *taken, *placing])


def rest_on(work: Work, *, product_ids: list[str], changed: float) -> None:
    """Write `study_sample`: the products that what was taken over rests on; and `kept_study`: how much has changed."""
    work.write("study_sample", ({"product_id": product_id} for product_id in product_ids))
    work.write("kept_study", [{"changed": changed}])


def take_over(work: Work, *, key: str, method: str | None = None) -> None:
    """Write the tables of the part of that key, without the rows of products that are not in `study_sample`."""
    part = parts.marked(work.task.root, key)
    if part is None:
        raise StepFailed(f"The part {key} of an earlier run is gone; run again, and it is estimated anew.")
    sample = work.read(SAMPLE, "study_sample")["product_id"].combine_chunks()
    for table in part.files:
        for batch in parts.batches(work.task.root, part, table, BATCH_ROWS):
            rows = batch
            for column in IDS:
                if column in rows.column_names:
                    rows = rows.filter(pc.or_(pc.is_null(rows[column]), pc.is_in(rows[column], value_set=sample)))
            work.write(table, rows)


def _keep(runner: Runner, chunks: Chunks, kept: Kept) -> None:
    """Have the snapshot name the file in which a later run finds this."""
    data = json.dumps(asdict(kept)).encode()
    chunks.keep(data, data)
    key = hashlib.sha256(data).hexdigest()[:32]
    part = parts.finish(runner.root, Part(key, STEP, 0.0, 0.0, {}, tuple(sorted(chunks.used))))
    runner.outcomes[STEP] = Outcome(STEP, "cached", part)


def _keys(runner: Runner, names: Iterable[str]) -> dict[str, str]:
    return {name: part.key for name in names if (part := runner.part(name))}


def _vectors(runner: Runner, steps: Iterable[Step]) -> list[str]:
    return [step.name for step in steps if step.stage == "features" and runner.part(step.name)]


def _rows(runner: Runner, step: str, table: str) -> int:
    part = runner.part(step)
    return part.files[table].rows if part and table in part.files else 0


def _sample(runner: Runner) -> set[str]:
    part = runner.part(SAMPLE)
    assert part
    return set(parts.read(runner.root, part, "study_sample")["product_id"].to_pylist())


def _contents(runner: Runner, product_ids: Container[str] | None) -> Iterator[tuple[str, str]]:
    """Each of these products, or of all, with a hash of all that is read of it: category, text and image."""
    found: dict[str, list[str | None]] = {}
    for step, table, column in (
        ("catalogue", "products", "category"), ("texts", "texts", "raw"), ("images", "images", "sha256")
    ):  # fmt: skip
        part = runner.part(step)
        assert part
        for rows in parts.batches(runner.root, part, table, BATCH_ROWS, ["product_id", column]):
            for product_id, value in zip(rows["product_id"].to_pylist(), rows[column].to_pylist(), strict=True):
                if product_ids is None or product_id in product_ids:
                    found.setdefault(product_id, []).append(None if value is None else f"{table} {value}")
    for product_id, values in found.items():
        yield product_id, hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]

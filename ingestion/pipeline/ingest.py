"""One run: what is stale is computed, and all of it is published as one snapshot."""

import hashlib
import json
import time
import uuid
from collections.abc import Iterable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion.config import Config
from ingestion.features import registry
from ingestion.features.base import Method, Model
from ingestion.features.step import describe
from ingestion.judging import named_groups
from ingestion.pipeline import kept_study, plan
from ingestion.pipeline.engine import Engine, LocalEngine
from ingestion.pipeline.reported import Reported
from ingestion.pipeline.runner import Listener, Outcome, Runner
from ingestion.reading.formats import open_rows
from ingestion.reading.parquet_rows import holds_images
from ingestion.reading.parquet_rows import parts as parts_of_folder
from ingestion.task import Step
from store import lock, logs, manifest, ownership, parts, snapshot, tables
from store.errors import CatalogueError, ConfigError, MethodUnavailable, StepFailed, StoreError
from store.parts import Part
from store.root import Root


@dataclass
class Report:
    """What a run did. `status` is published, unchanged or failed; `missing` says why a method did not run."""

    run_id: str
    status: str = "failed"
    number: int | None = None
    seconds: float = 0.0
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def count(self, *statuses: str) -> int:
        """How many steps ended so."""
        return sum(outcome.status in statuses for outcome in self.outcomes.values())


def ingest(
    catalogue: Path,
    images: Path | None,
    store: Path,
    config: Config | None = None,
    listener: Listener | None = None,
    engine: Engine | None = None,
) -> Report:
    """Read a catalogue, run the study and publish it as the store's newest snapshot.

    CatalogueError if the catalogue cannot be read or holds no product, ConfigError for a setting no method knows,
    StoreBusy if another writer holds the store, StoreError if its folder holds other files where a store
    writes (`ownership.claim`): nothing is published then. A method that cannot run is reported in
    `missing` and the others go on.
    """
    config = config or Config()
    methods = chosen(config)
    if not catalogue.exists():
        raise CatalogueError(f"There is no catalogue file {catalogue}; check the path.")
    if catalogue.is_dir() and not parts_of_folder(catalogue):
        open_rows(catalogue)  # its error says what is in the folder
    if images and not images.is_dir():
        raise CatalogueError(f"There is no images folder {images}; check the path.")
    if images is None and holds_images(catalogue):
        images = catalogue
    root = Root(store)
    ownership.claim(root)
    with lock.writing(root, f"an ingestion of {catalogue.name}"):
        started, clock = datetime.now(UTC), time.monotonic()
        run_id = f"{started:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
        reported = Reported(root, run_id, catalogue.name, started, listener or Listener())
        runner = Runner(root, engine or start_engine(config), reported)
        report = Report(run_id, outcomes=runner.outcomes)
        detail = None
        try:
            with reported:
                _run(runner, report, methods, catalogue, images, config)
        except BaseException as error:
            detail = str(error) or type(error).__name__
            raise
        finally:
            runner.engine.close()
            report.seconds = time.monotonic() - clock
            with suppress(StoreError) if detail else nullcontext():  # the first error is the one to tell
                _log(root, report, started, catalogue, detail)
    return report


def start_engine(config: Config) -> Engine:
    """The engine that the configuration names. ConfigError if it is Ray, and that is not installed or not there."""
    limits = config.limits
    if config.engine.runs_on == "local":
        return LocalEngine(limits.workers, limits.memory_mb, limits.step_seconds)
    try:
        from ingestion.pipeline.ray_engine import RayEngine
        from ingestion.pipeline.slices import SlicingEngine
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise ConfigError("The engine ray needs a package that is not installed: pip install aislemap[ray]") from error
    return SlicingEngine(RayEngine(limits, config.engine.address, config.engine.gpus))


def chosen(config: Config) -> list[Method]:
    """The methods to run, with those that they need, in the registry's order. ConfigError for unknown ones."""
    unknown = set(config.methods) - set(registry.METHODS)
    if unknown:
        raise ConfigError(f"There is no method {min(unknown)!r}{registry.alternatives(min(unknown))}")
    unjoined = [name for name in config.study.joint if name not in registry.METHODS]
    if unjoined:
        raise ConfigError(f"study.joint: there is no method {unjoined[0]!r}{registry.alternatives(unjoined[0])}")
    wanted = list(config.study.methods or registry.METHODS)
    on_gpu = {name for name, number in config.engine.gpus.items() if number}
    built: dict[str, Method] = {}
    while wanted:
        name = wanted.pop()
        if name not in built:
            device = {"device": "cuda"} if name in on_gpu else {}
            built[name] = registry.build(name, {**device, **config.methods.get(name, {})})
            wanted += built[name].needs()
    return [built[name] for name in registry.METHODS if name in built]


def _run(
    runner: Runner, report: Report, methods: list[Method], catalogue: Path, images: Path | None, config: Config
) -> None:
    runner.run(plan.reading(config, catalogue, images))
    for step in ("catalogue", "images", "texts", "duplicates"):
        if (outcome := runner.outcomes[step]).status in {"failed", "skipped"}:
            error_class = CatalogueError if step == "catalogue" else StepFailed
            raise error_class(f"The step {step} failed. {outcome.detail}")
    sampled = _products(runner) > config.study.sample
    if sampled:
        runner.run([plan.sampling(config.study.sample)])
    categories = _categories(runner)
    k = config.study.k or min(categories, config.study.most_groups) or None
    models: dict[str, Model] = {}
    for method in methods:
        try:
            models[method.name] = method.resolve()
        except MethodUnavailable as error:
            step = f"features:{method.name}"
            runner.settle(Outcome(step, "unavailable", detail=str(error)))
    steps = []
    for method in methods:
        if method.name in models:
            settings = method.settings.model_dump(mode="json")
            embedding = plan.embedding(method, models[method.name], settings, images, config.study.refit)
            steps += [embedding, *plan.study(method.name, config, k, categories or None)]
            if config.study.named_groups and method.name in named_groups.ENCODERS:
                steps.append(plan.naming(embedding))
    modalities = {method.name: method.modality for method in methods if method.name in models}
    joins = {method.name: list(method.needs()) for method in methods if method.needs()}
    steps += plan.joint_groups(modalities, config, k, categories or None)
    steps += plan.conclusions(models, joins, config)
    whole = plan.on_sample(steps) if sampled else steps
    if config.study.reestimate:
        kept_study.run(runner, whole, sampled, config)
    else:
        runner.run(whole)
    absent = [_absent(method, models.get(method.name), runner) for method in methods]
    _publish(runner, report, [row for row in absent if row])
    report.missing = _unfinished(steps, runner) | {row["method"]: row["detail"] for row in absent if row}


def _products(runner: Runner) -> int:
    part = runner.part("catalogue")
    assert part
    return part.files["products"].rows


def _categories(runner: Runner) -> int:
    part = runner.part("catalogue")
    assert part
    column = parts.read(runner.root, part, "products", ["category"])["category"]
    found = len(column.drop_null().unique())
    return found if found > 1 else 0


def _absent(method: Method, model: Model | None, runner: Runner) -> dict[str, Any] | None:
    """The row of `models` for a method that gave no vectors; None for one that did."""
    outcome = runner.outcomes[f"features:{method.name}"]
    if outcome.part:
        return None
    status = "failed" if outcome.status == "failed" else "unavailable"
    row = describe(method, method.settings.model_dump(mode="json"), model)
    return {**row, "status": status, "detail": outcome.detail}


def _unfinished(steps: Iterable[Step], runner: Runner) -> dict[str, str]:
    """The methods that gave vectors which could not be grouped or scored, with the reason."""
    found: dict[str, str] = {}
    for step in steps:
        outcome = runner.outcomes[step.name]
        if step.method and step.stage != "features" and outcome.status == "failed":
            found.setdefault(step.method, f"Its step {step.name} failed. {outcome.detail}")
    return found


def _publish(runner: Runner, report: Report, absent: Iterable[dict[str, Any]]) -> None:
    have = manifest.numbers(runner.root)
    written = [outcome.part for outcome in runner.outcomes.values() if outcome.part]
    written.append(_write(runner.root, "models", list(absent)))
    report.number = snapshot.publish(runner.root, written).number
    report.status = "published" if report.number not in have else "unchanged"


def _write(root: Root, table: str, rows: list[dict[str, Any]]) -> Part:
    """A part of these rows, named by their content."""
    key = hashlib.sha256(json.dumps([table, rows], sort_keys=True).encode()).hexdigest()[:32]
    with parts.PartWriter(root, key) as writer:
        writer.write(tables.table(table), rows)
    return parts.finish(root, Part(key, table, 0.0, 0.0, writer.files()))


def _log(root: Root, report: Report, started: datetime, catalogue: Path, detail: str | None) -> None:
    outcomes = report.outcomes.values()
    have = manifest.numbers(root)
    products = report.outcomes.get("catalogue")
    run = {
        "run_id": report.run_id,
        "started": started,
        "seconds": report.seconds,
        "status": report.status,
        "snapshot": have[-1] if have else None,
        "catalogue": str(catalogue),
        "products": products.part.files["products"].rows if products and products.part else None,
        "steps_computed": report.count("computed"),
        "steps_cached": report.count("cached"),
        "steps_failed": report.count("failed"),
        "peak_mb": max((o.peak_mb for o in outcomes if o.status == "computed"), default=None),
        "detail": detail,
        "version": manifest.aislemap_version(),
    }
    steps = [
        {
            "run_id": report.run_id,
            "step": o.step,
            "key": o.part.key if o.part else None,
            "status": o.status,
            "seconds": o.seconds,
            "peak_mb": o.peak_mb,
            "rows": o.part.rows if o.part else None,
            "detail": o.detail,
        }
        for o in outcomes
    ]
    if steps:
        logs.append(root, "steps", steps)
    logs.append(root, "runs", [run])

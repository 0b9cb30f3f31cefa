"""The engine of a Ray cluster: three nodes, as processes of this machine, one of which is killed."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import psutil
import pytest

from ingestion.config import Config
from ingestion.features import per_product
from ingestion.features.base import Batch, Inputs, Model, Text
from ingestion.pipeline import slices
from ingestion.pipeline.engine import Event, Failed, Finished, LocalEngine, Progressed
from ingestion.pipeline.ingest import start_engine
from ingestion.task import Progress, Task
from store import parts
from store.errors import ConfigError
from store.root import Root
from tests.fakes import FakeImage, FakeText
from tests.ingestion import shop, steps
from tests.ingestion.pipeline.test_chunks import STUDY

NODE = {"num_cpus": 1, "memory": 4 * 2**30, "object_store_memory": 80 * 2**20}
pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("ignore")]
"""Warnings of Ray's own are not this project's to mend."""


class Waiting(FakeText):
    """Its first embedding waits to be killed: it writes its node's id to the file of its `weights`, and waits."""

    name = "faketext"

    def resolve(self) -> Model:
        return Model("hash of words", "fitted", "none needed", weights=Path(os.environ["FLAG"]))

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        assert model.weights
        if not model.weights.exists():
            import ray

            model.weights.write_text(ray.get_runtime_context().get_node_id())
            time.sleep(120)
        yield from super().embed(model, inputs, progress)


class Sliced(FakeText):
    """Notes in the folder of its `weights` each text that a slice encodes, and on which node. The second slice waits to
    be killed, once, after its first chunk: it writes its node's id to the file `waits`.
    """

    name = "sliced"

    def resolve(self) -> Model:
        return Model("hash of words", "none", "none needed", weights=Path(os.environ["FLAG"]))

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        folder, its, calls = model.weights, inputs.chunks.slice, count()

        def encode(texts: list[Text]) -> list[bytes]:
            assert folder
            if its:
                import ray

                node = ray.get_runtime_context().get_node_id()
                if its.number == 1 and next(calls) == 1 and not (folder / "waits").exists():
                    (folder / "waits").write_text(node)
                    time.sleep(120)
                note = {"slice": its.number, "node": node, "texts": [text.raw for text in texts]}
                (folder / f"{uuid4()}.json").write_text(json.dumps(note))
            once = replace(inputs, texts=lambda: iter(texts))
            batches = super(Sliced, self).embed(model, once, lambda done, total: None)
            return per_product.as_bytes(np.concatenate([batch.vectors for batch in batches]))

        results = inputs.chunks.results(inputs.texts, lambda text: text.raw, encode, progress, 5)
        yield from per_product.batches(results)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """A cluster whose head runs no steps."""
    from ray.cluster_utils import Cluster

    quick = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 3}
    head = {**NODE, "num_cpus": 0, "include_dashboard": False, "_system_config": quick}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    yield cluster
    cluster.shutdown()


@pytest.fixture
def cluster(nodes: Any) -> Any:
    """The cluster with two nodes beside its head."""
    while len(nodes.worker_nodes) < 2:
        nodes.add_node(**NODE)
    return nodes


@pytest.fixture
def start(cluster: Any) -> Iterator[Callable[..., Any]]:
    """A function that starts an engine on the cluster, with these limits; it is closed at the end."""
    engines = []

    def start(**limits: float) -> Any:
        settings = {"limits": limits, "engine": {"runs_on": "ray", "address": cluster.address}}
        engines.append(start_engine(Config.model_validate(settings)))
        return engines[-1]

    yield start
    for engine in engines:
        engine.close()


def run(engine: Any, *tasks: Task) -> list[Event]:
    """Submit tasks and return every event up to and with their ends."""
    for task in tasks:
        engine.submit(task)
    seen: list[Event] = []
    while sum(not isinstance(event, Progressed) for event in seen) < len(tasks):
        seen += engine.events()
    return seen


def failure(engine: Any, root: Root, name: str) -> Failed:
    (*_, event) = run(engine, task(root, name))
    assert isinstance(event, Failed), event
    return event


number = count()


def task(root: Root, name: str, runtime: str = "plain") -> Task:
    return Task(name, f"{name}-{next(number)}", getattr(steps, name), runtime, root, {})


def worker_of(event: Event) -> tuple[str, str]:
    """The process that `say_who` ran in, and its number of threads."""
    assert isinstance(event, Finished), event
    (row,) = parts.read(event.task.root, event.part, "products").to_pylist()
    return row["product_id"], row["name"]


class Killing:
    """An engine on a cluster that loses, once, the node whose id is written to the file `flag`."""

    def __init__(self, engine: Any, cluster: Any, flag: Path) -> None:
        self.engine, self.cluster, self.flag = engine, cluster, flag
        self.killed: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def events(self) -> list[Event]:
        if not self.killed and self.flag.exists() and (waiting := self.flag.read_text()):
            (node,) = [node for node in self.cluster.worker_nodes if node.node_id == waiting]
            self.cluster.remove_node(node, allow_graceful=False)
            self.killed.append(waiting)
        found: list[Event] = self.engine.events()
        return found


def test_with_a_node_killed_midway_the_snapshot_is_the_local_one(
    tmp_path: Path, start: Callable[..., Any], cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    goods, flag = shop.make(tmp_path), tmp_path / "flag"
    fakes = {**shop.FAKES, "faketext": Waiting}
    monkeypatch.setenv("FLAG", str(flag))
    flag.touch()
    shop.ingest(goods, tmp_path / "local", fakes, engine=LocalEngine(2, 4096))
    flag.unlink()
    engine = Killing(start(memory_mb=1024), cluster, flag)
    report = shop.ingest(goods, tmp_path / "ray", fakes, engine=engine)
    assert len(engine.killed) == 1
    assert {outcome.status for outcome in report.outcomes.values()} == {"computed"}
    assert set(report.outcomes) == shop.ALL
    assert shop.signature(tmp_path / "ray") == shop.signature(tmp_path / "local")


def test_slices_of_a_step_run_on_several_nodes_and_outlive_one(
    tmp_path: Path, start: Callable[..., Any], cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    goods, notes = shop.make(tmp_path), tmp_path / "notes"
    fakes = {"sliced": Sliced, "fakeimage": FakeImage}
    notes.mkdir()
    monkeypatch.setenv("FLAG", str(notes))
    monkeypatch.setattr(slices, "SMALLEST", 10)
    shop.ingest(goods, tmp_path / "local", fakes, engine=LocalEngine(2, 4096), **STUDY)
    engine = Killing(start(memory_mb=1024), cluster, notes / "waits")
    report = shop.ingest(goods, tmp_path / "ray", fakes, engine=engine, **STUDY)
    assert {outcome.status for outcome in report.outcomes.values()} == {"computed"}
    assert shop.signature(tmp_path / "ray") == shop.signature(tmp_path / "local")
    found = [json.loads(file.read_text()) for file in notes.glob("*.json")]
    assert {note["slice"] for note in found} == {0, 1, 2, 3}
    assert len({note["node"] for note in found}) > 1
    assert len({note["node"] for note in found if note["slice"] == 1}) == 2
    (lost,) = engine.killed
    assert lost in {note["node"] for note in found}
    encoded = [text for note in found for text in note["texts"]]
    # once each: the slice whose node died went on from its first chunk, the others lost nothing
    assert sorted(encoded) == sorted({*encoded})
    local = shop.ask(tmp_path / "local", "SELECT raw FROM texts")
    assert {*encoded} == {raw for (raw,) in local}


def test_a_step_runs_in_a_worker_of_its_runtime_with_one_thread(tmp_path: Path, start: Callable[..., Any]) -> None:
    engine, runtimes = start(memory_mb=256, workers=1), ("plain", "torch", "tensorflow")
    events = [run(engine, task(Root(tmp_path), "say_who", runtime))[-1] for runtime in runtimes]
    processes, threads = zip(*map(worker_of, events), strict=True)
    assert len({*processes, str(os.getpid())}) == 4
    assert set(threads) == {"1"}
    assert all(isinstance(event, Finished) and event.part.peak_mb > 0 for event in events)


def test_there_is_room_for_a_step_on_each_processor(tmp_path: Path, start: Callable[..., Any]) -> None:
    engine = start(memory_mb=256)
    engine.submit(task(Root(tmp_path), "wait_for_ever"))
    assert engine.room()
    engine.submit(task(Root(tmp_path), "wait_for_ever"))
    assert not engine.room()


def test_progress_arrives_before_the_end(tmp_path: Path, start: Callable[..., Any]) -> None:
    *progress, end = run(start(), task(Root(tmp_path), "report_progress"))
    assert isinstance(end, Finished)
    assert [(e.done, e.total) for e in progress if isinstance(e, Progressed)][-1] == (3, 3)


def test_a_step_that_raises_fails_with_its_reason(tmp_path: Path, start: Callable[..., Any]) -> None:
    engine = start()
    assert failure(engine, Root(tmp_path), "break_down").reason.startswith("ZeroDivisionError: of all things (")
    assert failure(engine, Root(tmp_path), "miss_weights").status == "unavailable"


def test_a_step_that_kills_each_worker_fails_at_last(
    tmp_path: Path, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingestion.pipeline import ray_engine

    monkeypatch.setattr(ray_engine, "RETRIES", 1)
    assert "Its worker died 2 times" in failure(start(), Root(tmp_path), "be_killed").reason


def test_a_step_over_a_limit_is_stopped(tmp_path: Path, start: Callable[..., Any]) -> None:
    failed = failure(start(memory_mb=1024), Root(tmp_path), "devour")
    assert "the limit is 1024 MB (limits.memory_mb in aislemap.toml)" in failed.reason
    failed = failure(start(step_seconds=0.5), Root(tmp_path), "wait_for_ever")
    assert failed.reason == "It was stopped after 0.5 s (limits.step_seconds in aislemap.toml)."


def test_a_step_that_no_node_has_the_memory_for_fails(tmp_path: Path, start: Callable[..., Any]) -> None:
    reason = failure(start(memory_mb=8192), Root(tmp_path), "say_who").reason
    assert "has a processor and 8192 MB of memory for it (the nodes have 1 and 4096 MB, 1 and 4096 MB)" in reason


def test_a_store_that_nodes_cannot_see_is_named(
    tmp_path: Path, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingestion.pipeline import ray_engine

    engine = start()
    assert f"has no folder {tmp_path / 'gone'}" in failure(engine, Root(tmp_path / "gone"), "say_who").reason
    monkeypatch.setattr(ray_engine, "SEEN_SECONDS", 0.0)
    monkeypatch.setattr(ray_engine, "_has", lambda *file: False)
    assert f"is not seen in {tmp_path} here" in failure(engine, Root(tmp_path), "say_who").reason


def test_a_node_with_other_code_runs_nothing(
    tmp_path: Path, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingestion.pipeline import ray_engine

    monkeypatch.setattr(ray_engine, "code_of", lambda task: "other")
    assert "has other code or other versions of packages" in failure(start(), Root(tmp_path), "say_who").reason


def test_relative_paths_are_those_of_the_driver(
    tmp_path: Path, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = start()
    monkeypatch.chdir(tmp_path)
    Path("store").mkdir()
    (event,) = run(engine, task(Root(Path("store")), "say_who"))
    assert worker_of(event)


def test_closing_ends_running_steps_and_leaves_the_cluster(
    tmp_path: Path, start: Callable[..., Any], cluster: Any
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    engine = start()
    who = task(Root(tmp_path), "say_who")
    (event,) = run(engine, who)
    worker = psutil.Process(int(worker_of(event)[0]))
    engine.submit(task(Root(tmp_path), "wait_for_ever"))
    while not any(isinstance(event, Progressed) for event in engine.events()):
        pass
    engine.close()
    assert signal.getsignal(signal.SIGTERM) is before
    psutil.wait_procs([worker], timeout=30)
    assert not worker.is_running()
    assert isinstance(run(start(), task(Root(tmp_path), "say_who"))[-1], Finished)


@pytest.mark.parametrize("stage", ["features", "named_groups"])
def test_an_encoder_gets_the_gpus_that_it_is_configured_for(cluster: Any, tmp_path: Path, stage: str) -> None:
    settings = {"runs_on": "ray", "address": cluster.address, "gpus": {"bert": 0.5}}
    engine: Any = start_engine(Config.model_validate({"limits": {"memory_mb": 256}, "engine": settings}))
    encoding = replace(task(Root(tmp_path), "say_gpus"), step=f"{stage}:bert")
    other = replace(task(Root(tmp_path), "say_gpus"), step="neighbours:bert")
    try:
        (*_, refused) = run(engine, encoding)
        assert isinstance(refused, Failed)
        assert "has the 0.5 GPU that it takes" in refused.reason
        node = cluster.add_node(**NODE, num_gpus=1)
        try:
            engine.cluster._looked = -60.0
            assert worker_of(run(engine, replace(encoding, key="encoding"))[-1])[0] == "0.5"
            assert worker_of(run(engine, other)[-1])[0] == "0"
        finally:
            cluster.remove_node(node)
    finally:
        engine.close()


def test_without_an_address_a_cluster_is_started_and_shut_down(tmp_path: Path) -> None:
    settings = {"limits": {"workers": 1, "memory_mb": 256}, "engine": {"runs_on": "ray"}}
    mine = psutil.Process()
    before = set(mine.children())
    engine = start_engine(Config.model_validate(settings))
    started = set(mine.children()) - before
    try:
        assert isinstance(run(engine, task(Root(tmp_path), "say_who"))[-1], Finished)
    finally:
        engine.close()
    assert started
    assert not [process for process in started if process.is_running() and process.status() != "zombie"]


def test_a_cluster_that_is_not_there_is_named() -> None:
    settings = {"engine": {"runs_on": "ray", "address": "127.0.0.1:9"}}
    with pytest.raises(ConfigError, match=r"There is no Ray cluster at 127\.0\.0\.1:9 that can be joined"):
        start_engine(Config.model_validate(settings))

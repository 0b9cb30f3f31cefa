"""A catalogue of sixty products to ingest, and an ingestion that costs little: the fakes, and no UMAP."""

import csv
import random
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ingestion.config import Config
from ingestion.features import registry
from ingestion.pipeline import ingest as pipeline
from ingestion.pipeline.engine import Engine, Event, Failed, Finished, Progressed, attempt
from ingestion.pipeline.ingest import Report
from ingestion.pipeline.runner import Listener
from ingestion.task import Task
from store import snapshot
from store.parts import Part
from store.root import Root
from tests.fakes import FakeImage, FakeText

CATEGORIES = {
    "Mugs": ("ceramic mug tea coffee kitchen handle dishwasher cup", (200, 60, 40)),
    "Watches": ("analog watch strap dial wrist leather quartz hand", (40, 160, 60)),
    "Sheets": ("cotton bed sheet double pillow cover bedroom fabric", (50, 70, 200)),
}
Shop = tuple[Path, Path]
"""A catalogue and its folder of images."""
FAKES: dict[str, Any] = {"faketext": FakeText, "fakeimage": FakeImage}
SETTINGS: dict[str, dict[str, Any]] = {
    "study": {
        "resamples": 2,
        "joint": ["faketext", "fakeimage"],
        "reducers": ["pca", "tsne"],
        "map_perplexities": [10.0],
        "map_seeds": 1,
    },
    "verdict": {
        "rests_on": {
            "text": ["faketext"],
            "image": ["fakeimage"],
            "text+image": ["joint"],
        }
    },
}
BEFORE_SCORES = ("features", "neighbours", "projection", "group_count", "clustering")
STUDIED = (*BEFORE_SCORES, "scoring", "descriptions", "probes", "map_scores")
"""The steps of a method; the first of them, which group the products, must not read a category."""
JOINED = ("joint",)
ALL = {
    *("catalogue", "images", "texts", "duplicates", "comparisons", "verdict", "category_verdicts", "suspects"),
    *(f"{step}:{method}" for step in STUDIED for method in FAKES),
    *(f"{step}:{method}" for step in ("clustering", "scoring", "descriptions") for method in JOINED),
}
"""Every step of an ingestion of the shop."""


def make(folder: Path, categories: bool = True) -> tuple[Path, Path]:
    """Write the catalogue and its images; returns the two paths."""
    choose = random.Random(0)
    (folder / "images").mkdir(parents=True)
    rows = []
    for number in range(20):
        for category, (words, colour) in CATEGORIES.items():
            ident = f"{category[0]}{number:02d}"
            shade = tuple(min(255, part + choose.randrange(40)) for part in colour)
            Image.new("RGB", (24, 24), shade).save(folder / f"images/{ident}.png")
            name = " ".join(choose.sample(words.split(), 6))
            rows.append({"id": ident, "name": name, "category": category, "image": f"{ident}.png"})
    write(folder / "shop.csv", rows if categories else [{**row, "category": ""} for row in rows])
    return folder / "shop.csv", folder / "images"


def read(catalogue: Path) -> list[dict[str, str]]:
    """The catalogue's rows."""
    with catalogue.open(newline="") as file:
        return list(csv.DictReader(file))


def write(catalogue: Path, rows: list[dict[str, str]]) -> None:
    """Write the catalogue's rows."""
    with catalogue.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


MEMORY = 100.0
"""MB that the engine below says a step took."""


class DirectEngine:
    """Runs each task in this process: for all tests that are not about worker processes. Remembers its tasks."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self._events: list[Event] = []

    def room(self) -> bool:
        return not self._events

    def submit(self, task: Task) -> None:
        self.tasks.append(task)
        started = time.monotonic()
        ending, *values = attempt(task, lambda done, total: self._events.append(Progressed(task, done, total)))
        if ending == "finished":
            self._events.append(Finished(task, Part(task.key, task.step, time.monotonic() - started, MEMORY, *values)))
        else:
            self._events.append(Failed(task, values[0], time.monotonic() - started, MEMORY, status=values[1]))

    def events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        self._events.clear()


def ingest(
    shop: tuple[Path, Path | None],
    store: Path,
    fakes: dict[str, Any] = FAKES,
    listener: Listener | None = None,
    engine: Engine | None = None,
    **changes: dict[str, Any],
) -> Report:
    """Ingest the shop with these fakes for methods; `changes` are further tables of the configuration."""
    settings = {table: {**SETTINGS.get(table, {}), **changes.get(table, {})} for table in {*SETTINGS, *changes}}
    settings["study"]["joint"] = [method for method in settings["study"]["joint"] if method in fakes]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "METHODS", fakes)
        config = Config.model_validate(settings)
        return pipeline.ingest(*shop, store, config, listener, engine or DirectEngine())


def ask(store: Path, question: str, number: int | None = None) -> list[tuple[Any, ...]]:
    """The rows that answer a SQL question about the store's newest snapshot."""
    with snapshot.connect(Root(store), number) as connection:
        return connection.execute(question).fetchall()


def computed(report: Report) -> set[str]:
    """The steps that did work."""
    return {step for step, outcome in report.outcomes.items() if outcome.status == "computed"}


def signature(store: Path) -> str:
    """The signature of the newest snapshot."""
    return snapshot.open_snapshot(Root(store)).signature

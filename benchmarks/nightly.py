"""What a nightly run costs beside the first: nothing changed, and one product in a hundred added, changed, removed.

nightly.py catalogue.csv images/ --products 4000 prints Markdown: CPU seconds of each step that encodes products, in a
first run and after the change, on a catalogue of that size; then the wall seconds of whole runs by the command, on
the catalogue as it is. Larger catalogues are made from the rows: their words in another order, their images cropped.
"""

import argparse
import csv
import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from PIL import Image

from ingestion.config import Config
from ingestion.features import registry
from ingestion.pipeline import plan
from ingestion.pipeline.engine import Event, Finished, LocalEngine
from ingestion.pipeline.runner import Listener, Runner
from ingestion.task import Task
from store.root import Root

ROOT = Path(__file__).resolve().parent.parent
METHODS = ("bert", "use", "cnn", "sift")
Row = dict[str, str]


class Metered(LocalEngine):
    """The engine, with the CPU seconds of each step in `cpu`, those of the imports of a fresh worker included."""

    def __init__(self, workers: int | None, memory_mb: int) -> None:
        super().__init__(workers, memory_mb)
        self.cpu: dict[str, float] = {}
        self._process: dict[str, int] = {}

    def submit(self, task: Task) -> None:
        """Start a task, and note what its worker has taken before."""
        before = {w.process.pid: _cpu(w.process.pid) for w in self._workers}
        super().submit(task)
        pid = next(w.process.pid for w in self._workers if w.task is task)
        self._process[task.step], self.cpu[task.step] = pid, -before.get(pid, 0.0)

    def events(self) -> list[Event]:
        """What has happened; of steps that ended, what they have taken is noted."""
        found = super().events()
        for event in found:
            if isinstance(event, Finished):
                self.cpu[event.task.step] += _cpu(self._process[event.task.step])
        return found


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def products(catalogue: Path, images: Path, made: Path) -> Iterator[Row]:
    """Rows id, name, description, category, image without an end; the images are written to the folder `made`."""
    with catalogue.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    choose = random.Random(0)  # noqa: S311  # not for secrets
    for number in itertools.count():
        row, again = rows[number % len(rows)], number // len(rows)
        words = f"{row.get('name') or row.get('product_name')} {row.get('description', '')}".split()
        if again:
            choose.shuffle(words)
        file_name = f"{number}.jpg"
        with Image.open(images / row["image"]) as opened:
            opened.convert("RGB").crop((again, again, *opened.size)).save(made / file_name, quality=90)
        category = row.get("category") or row.get("product_category_tree", "").strip('["').split(">>")[0].strip()
        name, description = " ".join(words[:8]), " ".join(words[8:])
        yield {
            "id": str(number), "name": name, "description": description, "category": category, "image": file_name
        }  # fmt: skip


def after_a_day(rows: list[Row], new: Iterator[Row]) -> list[Row]:
    """One product in three hundred removed, as many changed in text and image, as many added, spread evenly."""
    each = max(1, len(rows) // 300)
    places = [len(rows) * k // (2 * each) for k in range(2 * each)]
    changed = {place: {**next(new), "id": rows[place]["id"]} for place in places[::2]}
    kept = [changed.get(n, row) for n, row in enumerate(rows) if n not in places[1::2]]
    return [*kept, *itertools.islice(new, each)]


def write(path: Path, rows: list[Row]) -> None:
    """The catalogue as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def encode(catalogue: Path, images: Path, store: Path) -> dict[str, float]:
    """CPU seconds of each step that reads the catalogue or encodes its products."""
    config, engine = Config(), Metered(None, Config().limits.memory_mb)
    runner = Runner(Root(store), engine, Listener())
    methods = [registry.build(name, {}) for name in METHODS]
    try:
        runner.run(plan.reading(config, catalogue, images))
        runner.run([plan.embedding(m, m.resolve(), m.settings.model_dump(mode="json"), images) for m in methods])
    finally:
        engine.close()
    failed = [outcome for outcome in runner.outcomes.values() if outcome.part is None]
    if failed:
        sys.exit(f"{failed[0].step} {failed[0].status}: {failed[0].detail}")
    return engine.cpu


def run(catalogue: Path, images: Path, store: Path) -> float:
    """Wall seconds of `aislemap ingest` with these methods, from the start of its process to its end."""
    command = [sys.executable, "aislemap.py", "ingest", str(catalogue), "--images", str(images)]
    command += ["--store", str(store), "--methods", ",".join(METHODS)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=environment)
    return time.perf_counter() - began


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("--products", type=int, default=4000, help="of the catalogue that is only encoded")
    parser.add_argument("--studied", type=int, default=1000, help="of the catalogue that is studied whole")
    chosen = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each worker would compile what it imports
    with tempfile.TemporaryDirectory(prefix="aislemap-") as folder:
        place = Path(folder)
        images, catalogue = place / "images", place / "catalogue.csv"
        images.mkdir()
        for size in (chosen.products, chosen.studied):
            new = products(chosen.catalogue, chosen.images, images)
            rows = list(itertools.islice(new, size))
            sys.stdout.write(f"\n### {size:,} products, load {os.getloadavg()[0]:.1f}\n\n")
            write(catalogue, rows)
            if size == chosen.products:
                first = encode(catalogue, images, place / "encoded")
                write(catalogue, after_a_day(rows, new))
                second = encode(catalogue, images, place / "encoded")
                sys.stdout.write(
                    "| step | CPU s, first run | CPU s, 1 % changed | ratio |\n| --- | ---: | ---: | ---: |\n"
                )
                both = [*((s, first[s], second.get(s, 0.0)) for s in first)]
                both.append(("all that encode", *(sum(c[f"features:{m}"] for m in METHODS) for c in (first, second))))
                for step, full, part in both:
                    sys.stdout.write(f"| {step} | {full:.1f} | {part:.1f} | {part / full:.1%} |\n")
            else:
                seconds = [run(catalogue, images, place / "studied") for _ in range(2)]
                write(catalogue, after_a_day(rows, new))
                seconds.append(run(catalogue, images, place / "studied"))
                sys.stdout.write("| run | seconds | of the first |\n| --- | ---: | ---: |\n")
                for name, taken in zip(("first", "nothing changed", "1 % changed"), seconds, strict=True):
                    sys.stdout.write(f"| {name} | {taken:.1f} | {taken / seconds[0]:.1%} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

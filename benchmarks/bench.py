"""Run the study and the notebook way, one after the other, and print what each costs: bench.py [--only sample].

On the built-in sample, and on a catalogue by path: Flipkart's if the folder of shared data holds it. Seconds, CPU
seconds and peak memory of each process with all that it started, as Markdown. The store is made from nothing in a
temporary folder, and nothing is left but what is printed.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import psutil

from ingestion.sample.catalogue import make
from store import snapshot
from store.root import Root

ROOT = Path(__file__).resolve().parent.parent
FLIPKART = "data/flipkart/flipkart_com-ecommerce_sample_1050.csv"
WEIGHTS = "weights/mobilenet_v2_1.0_224_no_top.h5"
POLL = 0.1
"""Seconds between two looks at the memory of the processes."""
IMPORTS = "import cv2, gensim.models, keras, openTSNE, sentence_transformers, sklearn.manifold, umap"
STAGES = """
    SELECT split_part(step, ':', 1) AS stage, count(*), sum(seconds), max(peak_mb)
    FROM steps WHERE status = 'computed' GROUP BY stage ORDER BY sum(seconds) DESC
"""


@dataclass(frozen=True)
class Cost:
    """What a process and all that it started took, and what it printed.

    Seconds of wall clock; CPU seconds, user and system; MB (2**20 bytes) of resident memory at the highest, as the sum
    over its processes, so that what two of them map in common counts twice.
    """

    seconds: float
    cpu: float
    peak_mb: float
    output: str


@dataclass(frozen=True)
class Compared:
    """A catalogue, its images, the weights of cnn (None: none) and the number of groups (None: of its categories)."""

    name: str
    catalogue: Path
    images: Path
    weights: Path | None
    k: int | None = None


def measured(command: Sequence[str]) -> Cost:
    """Run a Python module to its end. SystemExit with its last words if it fails."""
    before, started, peak = getrusage(RUSAGE_CHILDREN), time.monotonic(), 0
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=output, stderr=errors)
        try:
            while process.poll() is None:
                peak = max(peak, resident(process.pid))
                time.sleep(POLL)
        finally:
            process.kill()  # only if this was interrupted
            process.wait()
        seconds, after = time.monotonic() - started, getrusage(RUSAGE_CHILDREN)
        for file in (output, errors):
            file.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{errors.read()[-2000:]}")
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Cost(seconds, cpu, peak / 2**20, output.read())


def resident(pid: int) -> int:
    """Bytes of resident memory of a process and all below it; 0 for those that have just ended."""
    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
    except psutil.NoSuchProcess:
        pass
    return total


def study(compared: Compared, store: Path) -> tuple[Cost, list[list[str]]]:
    """What `aislemap ingest` costs, and the rows of its stages: steps, sum of seconds, peak MB of one process.

    SystemExit if a step failed: a study that lacks one cannot be compared.
    """
    options = [f"--images={compared.images}", f"--store={store}"]
    options += [f"--weights=cnn={compared.weights}"] if compared.weights else []
    options += [f"--k={compared.k}"] if compared.k else []
    cost = measured(["aislemap", "ingest", str(compared.catalogue), *options])
    with snapshot.connect(Root(store)) as connection:
        failed = connection.execute("SELECT step, detail FROM steps WHERE status = 'failed'").fetchall()
        if failed:
            raise SystemExit(f"The study of {compared.name} is not whole; these steps failed: {failed}")
        stages = connection.execute(STAGES).fetchall()
    return cost, [[stage, str(steps), figure(seconds), figure(peak)] for stage, steps, seconds, peak in stages]


def notebook_way(compared: Compared) -> tuple[Cost, list[list[str]]]:
    """What benchmarks.notebook_way costs, and the rows of its stages: parts and sum of seconds."""
    options = [f"--weights={compared.weights}"] if compared.weights else []
    options += [f"--k={compared.k}"] if compared.k else []
    cost = measured(["benchmarks.notebook_way", str(compared.catalogue), str(compared.images), *options])
    stages = defaultdict(list)
    for line in cost.output.splitlines():
        stage, _, seconds, _ = line.split("\t")
        stages[stage].append(float(seconds))
    ordered = sorted(stages.items(), key=lambda stage: -sum(stage[1]))
    return cost, [[stage, str(len(parts)), figure(sum(parts))] for stage, parts in ordered]


def compare(compared: Compared) -> list[str]:
    """Run both on one catalogue; the lines of a Markdown section."""
    for file in (*compared.images.rglob("*.*"), compared.weights):
        if file and file.is_file():
            file.read_bytes()  # both find the files in memory, whichever goes first
    with tempfile.TemporaryDirectory(prefix="aislemap-bench-") as folder:
        ours, stages = study(compared, Path(folder) / "store")
    theirs, parts = notebook_way(compared)
    costs = [[getattr(cost, measure) for measure in ("seconds", "cpu", "peak_mb")] for cost in (ours, theirs)]
    ratios = [f"{a / b:.2f}" for a, b in zip(*costs, strict=True)]
    totals = [[name, *map(figure, cost)] for name, cost in zip(("study", "notebook way"), costs, strict=True)]
    products = theirs.output.splitlines()[0].split("\t")[-1]
    return [
        f"## {compared.name}: {products}\n",
        table(["", "seconds", "CPU seconds", "peak MB"], [*totals, ["study / notebook way", *ratios]]),
        table(["stage of the study", "steps", "seconds", "peak MB of a process"], stages),
        table(["stage of the notebook way", "parts", "seconds"], parts),
    ]


def figure(value: float) -> str:
    """A figure as it is printed: one decimal below 100, none above."""
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose first column is text and whose others are figures."""
    lines = [list(head), ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def machine() -> str:
    """The processor, its cores, memory and load, and the Python that runs."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.machine())
    memory, load = psutil.virtual_memory().total / 2**30, os.getloadavg()[0]
    return (
        f"{model}, {psutil.cpu_count()} cores, {memory:.0f} GB; load {load:.1f} before the first run "
        f"({platform.system()}, Python {platform.python_version()})."
    )


def chosen(arguments: argparse.Namespace, folder: Path) -> list[Compared]:
    """The catalogues to compare on, the sample drawn into `folder`; SystemExit for a path that is not there."""
    shared = arguments.shared.resolve()
    weights = arguments.weights or (shared / WEIGHTS if (shared / WEIGHTS).exists() else None)
    catalogue = arguments.catalogue or (shared / FLIPKART if (shared / FLIPKART).exists() else None)
    images = arguments.images or (catalogue.parent / "images" if catalogue else None)
    for path in filter(None, (weights, catalogue, images)):
        if not path.exists():
            raise SystemExit(f"There is no {path}; check the path.")
    weights = weights and weights.resolve()
    found = []
    if arguments.only != "catalogue":
        make(folder)
        found.append(Compared("sample", folder / "catalogue.csv", folder / "images", weights))
    if arguments.only != "sample" and catalogue and images:
        found.append(Compared(catalogue.stem, catalogue.resolve(), images.resolve(), weights, arguments.k))
    return found


def main() -> None:
    """Compare on each catalogue and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--catalogue", type=Path, help="A CSV file with labels; Flipkart's in --shared if not given.")
    parser.add_argument("--images", type=Path, help="Its images; the folder images beside it if not given.")
    parser.add_argument("--weights", type=Path, help="MobileNetV2's weights; those in --shared if not given.")
    parser.add_argument("--k", type=int, help="Groups of the catalogue; the number of its categories if not given.")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="The folder of shared data.")
    parser.add_argument("--only", choices=("sample", "catalogue"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aislemap-bench-") as folder:
        found = chosen(arguments, Path(folder))
        if not found:
            parser.error(f"there is no catalogue at {arguments.shared / FLIPKART}; name one with --catalogue")
        print(machine(), "\n", flush=True)  # noqa: T201
        subprocess.run([sys.executable, "-c", IMPORTS], check=True, capture_output=True)  # read from disk before both
        for compared in found:
            network = f"MobileNetV2's weights for cnn: {compared.weights.name}" if compared.weights else "No weights"
            print(*compare(compared), f"{network}.\n", sep="\n", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

"""How the cost of a study grows with the catalogue: CPU seconds and peak memory of each stage, with the exponent.

scale.py 2000.csv 8000.csv --sample 2000 studies each catalogue into an empty store, one step at a time, and prints
Markdown. `aislemap sample FOLDER --products N --categories K` makes such catalogues.
"""

import argparse
import math
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from benchmarks.nightly import Metered
from ingestion.config import Config
from ingestion.pipeline.ingest import ingest

Costs = dict[str, tuple[float, float]]
"""CPU seconds and peak MB by stage."""


def study(catalogue: Path, config: Config) -> tuple[int, Costs]:
    """The products of a catalogue, and what each stage of its study costs."""
    engine = Metered(1, config.limits.memory_mb)
    with tempfile.TemporaryDirectory(prefix="aislemap-") as folder:
        report = ingest(catalogue, None, Path(folder) / "store", config, engine=engine)
    found: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for step, outcome in report.outcomes.items():
        if outcome.status != "computed":
            if outcome.status != "unavailable":
                sys.exit(f"{step} {outcome.status}: {outcome.detail}")
            continue
        stage = step.split(":")[0] if not step.startswith("features") else step
        seconds, peak = found[stage]
        found[stage] = seconds + engine.cpu[step], max(peak, outcome.peak_mb)
    part = report.outcomes["catalogue"].part
    assert part
    return part.files["products"].rows, dict(found)


def exponent(costs: list[float], sizes: list[int]) -> str:
    """How the cost grows from the last but one size to the last: 1 is with the number of products, 0 not at all."""
    if len(costs) < 2 or min(costs[-2:]) < 0.5:
        return ""
    return f"{math.log(costs[-1] / costs[-2]) / math.log(sizes[-1] / sizes[-2]):.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalogues", type=Path, nargs="+", help="the smallest first")
    parser.add_argument("--sample", type=int, default=10_000, help="study.sample")
    parser.add_argument("--methods", default="tfidf,use")
    chosen = parser.parse_args()
    methods = chosen.methods.split(",")
    config = Config.model_validate({"study": {"sample": chosen.sample, "methods": methods, "joint": methods}})
    runs = []
    for catalogue in chosen.catalogues:
        runs.append(study(catalogue, config))
        total = sum(seconds for seconds, _ in runs[-1][1].values())
        sys.stderr.write(f"{runs[-1][0]} products: {total:.0f} CPU s, load {os.getloadavg()[0]:.1f}; {runs[-1][1]}\n")
    sizes = [products for products, _ in runs]
    head = " | ".join(f"{n:,}: CPU s | peak MB" for n in sizes)
    sys.stdout.write(f"| stage | {head} | exponent |\n| --- |{' ---: |' * (2 * len(runs) + 1)}\n")
    stages = sorted(runs[-1][1], key=lambda stage: -runs[-1][1][stage][0])
    for stage in [*stages, "all"]:
        every = [costs.get(stage, (0.0, 0.0)) for _, costs in runs]
        if stage == "all":
            every = [(sum(s for s, _ in costs.values()), max(p for _, p in costs.values())) for _, costs in runs]
        cells = " | ".join(f"{seconds:.1f} | {peak:,.0f}" if peak else "- | -" for seconds, peak in every)
        sys.stdout.write(f"| {stage} | {cells} | {exponent([s for s, _ in every], sizes)} |\n")


if __name__ == "__main__":
    main()

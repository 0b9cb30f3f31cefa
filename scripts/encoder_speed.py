"""How fast the embedded encoders are beside bert's model and MobileNetV2 at 224 px, each by its method's own path.

    python scripts/encoder_speed.py CATALOGUE.csv IMAGES MOBILENET.h5

Texts or images (with their decoding) a second, without loading the model. Every run is its own
process; three rounds, in turns, with one thread as in the engine and with as many as the packages use by default.
Nothing else should be running.
"""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from ingestion.features.base import Inputs, ProductImage, Text
from ingestion.features.registry import build

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ONE_THREAD = dict.fromkeys((*THREADS, "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
ROUNDS = 3
WARM = 32
"""Products whose time is taken off, so that loading the model does not count."""
PAIRS = (("use-compact", "bert"), ("cnn-compact", "MobileNetV2"))


def rate(which: str, catalogue: str, images: str, mobilenet: str) -> float:
    """Products a second of one method over the catalogue's first 768 texts or 352 images."""
    with Path(catalogue).open(encoding="utf-8") as file:
        texts = [Text(str(n), " ".join(row.values()), "") for n, row in enumerate(csv.DictReader(file))][:768]
    shown = [ProductImage(path.stem, path, path.name) for path in sorted(Path(images).iterdir())][:352]
    name = {"use-compact": "use", "bert": "bert"}.get(which, "cnn")
    method = build(name, {"weights": mobilenet} if which == "MobileNetV2" else {})

    def seconds(count: int) -> float:
        some, few = texts[:count], shown[:count]
        inputs = Inputs(lambda: iter(some), len(some), lambda: iter(few), len(few), lambda method: ([], None))
        began = time.perf_counter()
        for _ in method.embed(method.resolve(), inputs, lambda done, total: None):
            pass
        return time.perf_counter() - began

    every = len(shown if name == "cnn" else texts)
    seconds(WARM)  # imports the packages
    return (every - WARM) / (seconds(every) - seconds(WARM))


def main() -> None:
    """Print each pair's rates, their medians and their ratio."""
    for threads, settings in (("one thread", ONE_THREAD), ("default threads", {})):
        for pair in PAIRS:
            rates: dict[str, list[float]] = {which: [] for which in pair}
            for _ in range(ROUNDS):
                for which in pair:
                    command = [sys.executable, __file__, *sys.argv[1:4], which]
                    environment = {**os.environ, **settings, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_WAIT_POLICY": "PASSIVE"}
                    output = subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout
                    rates[which].append(json.loads(output.splitlines()[-1]))
            first, second = (median(rates[which]) for which in pair)
            shown = "; ".join(f"{which} {', '.join(f'{r:.0f}' for r in found)}" for which, found in rates.items())
            load = os.getloadavg()[0]
            sys.stdout.write(f"{threads}: {shown} a second; medians {first / second:.2f} to 1 (load {load:.1f})\n")
            sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) == 5:
        sys.stdout.write(json.dumps(rate(sys.argv[4], *sys.argv[1:4])) + "\n")
    else:
        main()

"""How much work a study does, in counts: maps drawn, images decoded, steps run. `make bench` measures the seconds."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ingestion import image_files
from ingestion.features.cnn import Cnn
from ingestion.features.sift import Sift
from ingestion.grouping import tsne
from ingestion.pipeline.ingest import Report
from ingestion.reading import images as reading
from tests.fakes import FakeText
from tests.ingestion import shop
from tests.ingestion.shop import FAKES, STUDIED, DirectEngine, Shop, ingest


def counting(calls: Counter[Any], function: Callable[..., Any], key: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with each call counted under the key of its arguments."""

    def counted(*arguments: Any) -> Any:
        calls[key(*arguments)] += 1
        return function(*arguments)

    return counted


def test_a_run_has_each_step_of_each_method_once(first: tuple[Shop, Path, Report, DirectEngine]) -> None:
    run = Counter(task.step for task in first[3].tasks)
    assert set(run.values()) == {1}
    of_methods = Counter(step.split(":")[1] for step in run if step.split(":")[-1] in FAKES)
    assert of_methods == dict.fromkeys(FAKES, len(STUDIED))


def test_a_method_draws_its_own_map_and_one_per_perplexity_and_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: Counter[tuple[int, ...]] = Counter()
    monkeypatch.setattr(tsne, "layout", counting(drawn, tsne.layout, lambda start, *_: start.shape))
    ingest(shop.make(tmp_path), tmp_path / "store", study={"map_perplexities": [5.0, 10.0, 15.0], "map_seeds": 2})
    assert drawn == {(60, 2): len(FAKES) * (1 + 3 * 2)}


def test_an_image_is_decoded_once_as_it_is_read_and_once_per_image_method(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goods = shop.make(tmp_path)
    files = sorted(goods[1].iterdir())
    random = np.random.default_rng(0)
    for file in files:  # noise has keypoints, and no two images are near-duplicates
        Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(file)
    network = SimpleNamespace(
        input_shape=(None, 8, 8, 3), output_shape=(None, 3), predict_on_batch=lambda pixels: pixels.mean(axis=(1, 2))
    )
    decoded: Counter[str] = Counter()
    decode = counting(decoded, image_files.decode, lambda data, name, limit: name)
    monkeypatch.setattr(image_files, "decode", decode)
    monkeypatch.setattr(reading, "decode", decode)
    monkeypatch.setattr(Cnn, "_load", lambda self, model: (network, np.asarray))
    report = ingest(goods, tmp_path / "store", {"faketext": FakeText, "sift": Sift, "cnn": Cnn})
    assert report.missing == {}
    assert decoded == dict.fromkeys((file.name for file in files), 3)

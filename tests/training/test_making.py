"""The recipes run from end to end, on little: what they write is what the methods take."""

import gzip
import json

import numpy as np
import pytest
from PIL import Image

from ingestion.features.registry import build
from ingestion.features.weights import sha256_of

pytestmark = [pytest.mark.models, pytest.mark.training]
PRODUCTS = {
    "mug": "ceramic mug for tea and coffee",
    "watch": "analog watch with a leather strap",
    "sheet": "cotton bed sheet with pillow covers",
}


@pytest.fixture
def texts(tmp_path):
    rows = [
        f"shop,{name} {number} {words},{'A fine thing. Made to last.' if number % 3 == 0 else ''}"
        for number in range(130)
        for name, words in PRODUCTS.items()
    ]
    path = tmp_path / "texts.csv.gz"
    path.write_bytes(gzip.compress("\n".join(["source,title,description", *rows, ""]).encode()))
    return path


def test_use_runs_the_model_that_its_recipe_makes(texts, tmp_path, monkeypatch, run, make_inputs):
    from training import use_compact

    smaller = {"WORDS": 1000, "PAIR_BUCKETS": 500, "GRAM_BUCKETS": 500, "LONG_TEXTS": 300, "HALF_TITLES": 100}
    for name, value in {**smaller, "BATCH": 64}.items():
        monkeypatch.setattr(use_compact, name, value)
    out = tmp_path / "out"
    use_compact.main(["--texts", str(texts), "--out", str(out), "--epochs", "4", "--other-data"])
    record = json.loads((out / "use-compact.json").read_text())
    assert record["sha256"] == sha256_of(out / "use-compact")
    assert record["held_out"]["titles"]["cosine"] > 0.5
    assert sorted(path.name for path in out.iterdir()) == ["use-compact", "use-compact.json"]
    result = run(build("use", {"weights": str(out / "use-compact")}), make_inputs(PRODUCTS.items()))
    assert result.model.name == "use-compact"
    assert np.allclose(np.linalg.norm(result.vectors, axis=1), 1, atol=1e-5)


@pytest.fixture
def teacher(shared):
    return shared / "weights/mobilenet_v2_1.0_224_no_top.h5"


def test_the_recipe_of_cnn_compact_makes_weights_that_cnn_runs(teacher, tmp_path, run, make_inputs):
    from training import cnn_compact

    folder = tmp_path / "images"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(60):
        coarse = random.integers(0, 255, (3, 4, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((80, 60)).save(folder / f"{number}.jpg")
    out = tmp_path / "out"
    where = {"--images": folder, "--teacher": teacher, "--work": tmp_path / "work", "--out": out}
    options = [str(part) for option in where.items() for part in option]
    cnn_compact.main([*options, "--epochs", "1", "--other-data"])
    record = json.loads((out / "cnn-compact.json").read_text())
    assert record["sha256"] == sha256_of(out / record["file"])
    assert set(record["held_out"]) == {"letterboxed", "views"}
    settings = {"weights": str(out / record["file"]), "model": "cnn-compact"}
    result = run(build("cnn", settings), make_inputs(images=[(p.stem, p) for p in sorted(folder.iterdir())[:3]]))
    assert result.vectors.shape == (3, 1280)


def test_calibrated_batch_norms_leave_the_output_as_it_was(teacher):
    from ingestion.features.cnn_compact import cnn_compact
    from training.cnn_compact import calibrate, load_teacher, start_from_teacher

    student = cnn_compact()
    start_from_teacher(student, load_teacher(teacher))
    views = np.random.default_rng(0).integers(0, 255, (16, 144, 144, 3), dtype=np.uint8)
    before = student.predict_on_batch(views)
    calibrate(student, views)
    after = student.predict_on_batch(views)
    assert before.shape == (16, 4, 4, 1280)
    assert before.max() > 1
    assert np.allclose(before, after, atol=1e-3)
    assert not np.allclose(student.get_layer("bn_Conv1").moving_mean, 0)

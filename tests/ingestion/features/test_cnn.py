"""cnn-compact, the embedded default of `cnn`: any image in, its teacher's 1,280 features out, nearly."""

import json

import numpy as np
import pytest
from PIL import Image

from ingestion.features.registry import build
from store.errors import MethodUnavailable

pytestmark = pytest.mark.models


def test_each_image_gets_its_own_vector_whatever_the_batch(run, make_inputs, drawn, purity):
    first, again, alone = (run(build("cnn", {"batch": b}), make_inputs(images=drawn)) for b in (32, 32, 5))
    assert first.model.name == "cnn-compact"
    assert first.ids == [i for i, _ in drawn]
    assert first.vectors.shape == (12, 1280) == (12, first.model.dimensions)
    assert np.array_equal(first.vectors, again.vectors)
    assert np.allclose(first.vectors, alone.vectors, rtol=1e-3, atol=1e-4)
    assert purity(first.ids, first.vectors) == 1


def test_images_of_any_shape_and_mode_are_taken(run, make_inputs, tmp_path):
    images = []
    for name, mode, size in (("thin", "RGB", (400, 3)), ("dot", "L", (1, 1)), ("clear", "RGBA", (50, 90))):
        Image.new(mode, size).save(tmp_path / f"{name}.png")
        images.append((name, tmp_path / f"{name}.png"))
    result = run(build("cnn", {}), make_inputs(images=images))
    assert result.ids == ["thin", "dot", "clear"]
    assert not result.issues


def test_a_file_of_other_weights_is_not_taken_for_cnn_compact(run, make_inputs, drawn, tmp_path):
    import h5py

    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.create_dataset("Conv1/kernel", data=np.zeros(3))
    method = build("cnn", {"weights": str(tmp_path / "other.h5"), "model": "cnn-compact"})
    with pytest.raises(MethodUnavailable, match="cannot be loaded as cnn-compact"):
        run(method, make_inputs(images=drawn))


def test_it_agrees_with_its_teacher_as_its_card_says(run, make_inputs, shared):
    from ingestion.features.weights import EMBEDDED
    from training.cnn_compact import agreement, held_out
    from training.cnn_views import list_images
    from training.recipe import SEED

    paths, _ = list_images(shared / "data/encoder_images")
    held = held_out(len(paths), np.random.default_rng(SEED))
    inputs = make_inputs(images=[(str(n), path) for n, path in enumerate(paths) if held[n]])
    teacher = {"weights": str(shared / "weights/mobilenet_v2_1.0_224_no_top.h5")}
    made, target = (run(build("cnn", settings), inputs).vectors for settings in ({}, teacher))
    recorded = json.loads((EMBEDDED / "cnn-compact.json").read_text())["held_out"]["letterboxed"]
    assert agreement(made, target) == pytest.approx(recorded, abs=0.03)

"""sift and cnn: images as visual words, and as features of a network."""

import numpy as np
import pytest
from PIL import Image

from ingestion.features.registry import build
from ingestion.features.sift import WIDTH, root
from store.errors import MethodUnavailable, StepFailed

WORDS = {"words": 20, "sample": 1000}


def test_sift_puts_images_of_one_texture_nearest_to_each_other(run, make_inputs, drawn, purity):
    result = run(build("sift", WORDS), make_inputs(images=drawn))
    assert result.ids == [i for i, _ in drawn]
    assert purity(result.ids, result.vectors) == 1
    assert np.allclose(np.linalg.norm(result.vectors, axis=1), 1, atol=1e-5)
    assert result.progress[-1] == (12, 12)


def test_sift_repeats_itself(run, make_inputs, drawn):
    first, second = (run(build("sift", WORDS), make_inputs(images=drawn)).vectors for _ in range(2))
    assert np.array_equal(first, second)


def test_sift_keeps_at_most_so_many_of_the_strongest_keypoints(drawn):
    from ingestion.features.base import ProductImage

    image = ProductImage("a", drawn[0][1], "")
    many, few = (len(build("sift", {"descriptors": n})._descriptors(image)) / WIDTH for n in (500, 10))
    assert few == 10 < many <= 500


def test_an_image_without_a_keypoint_is_an_issue_and_has_no_vector(run, make_inputs, drawn, tmp_path):
    Image.new("RGB", (200, 200), "white").save(tmp_path / "plain.png")
    result = run(build("sift", WORDS), make_inputs(images=[("plain", tmp_path / "plain.png"), *drawn]))
    assert [(i.product_id, i.problem) for i in result.issues] == [("plain", "no keypoint")]
    assert "plain" not in result.ids
    assert len(result.ids) == len(drawn)


def test_sift_fails_with_the_reason_where_no_image_has_a_keypoint(run, make_inputs, tmp_path):
    Image.new("RGB", (200, 200), "white").save(tmp_path / "plain.png")
    with pytest.raises(StepFailed, match="none of 1 images has a keypoint"):
        run(build("sift", WORDS), make_inputs(images=[("plain", tmp_path / "plain.png")]))


def test_rootsift_makes_euclids_distance_hellingers():
    a, b = np.random.default_rng(0).integers(0, 200, (2, 128)).astype(np.uint8)
    p, q = a / a.sum(), b / b.sum()
    distance = np.linalg.norm(root(a[None]) - root(b[None]))
    assert distance**2 == pytest.approx(2 - 2 * np.sum(np.sqrt(p * q)), rel=1e-4)


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """MobileNetV2 with random weights in a file, so that the real network runs where no weights are to be had."""
    import os
    import warnings

    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    keras.utils.set_random_seed(0)
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    network = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(224, 224, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # keras converts arrays by the old rules
        network.save_weights(path)
    return path


@pytest.mark.models
def test_cnn_gives_each_image_its_own_vector_whatever_the_batch(run, make_inputs, drawn, untrained):
    results = [
        run(build("cnn", {"weights": str(untrained), "batch": batch}), make_inputs(images=drawn)) for batch in (5, 32)
    ]
    for result in results:
        assert result.ids == [i for i, _ in drawn]
        assert result.vectors.shape == (12, 1280)
        assert result.model.name == "MobileNetV2"
        assert len(result.model.sha256) == 64
    assert np.allclose(results[0].vectors, results[1].vectors, rtol=1e-3, atol=1e-4)
    assert results[0].progress[-1] == (12, 12)


@pytest.mark.models
def test_cnn_reports_an_image_that_cannot_be_decoded_and_goes_on(run, make_inputs, drawn, untrained, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff not an image")
    images = [("broken", tmp_path / "broken.jpg"), *drawn[:2]]
    result = run(build("cnn", {"weights": str(untrained), "batch": 1}), make_inputs(images=images))
    assert [i.product_id for i in result.issues] == ["broken"]
    assert result.ids == [i for i, _ in drawn[:2]]


@pytest.mark.models
def test_weights_that_do_not_fit_the_network_of_cnn_are_refused(run, make_inputs, drawn, untrained):
    method = build("cnn", {"weights": str(untrained), "model": "VGG16"})
    with pytest.raises(MethodUnavailable, match="cannot be loaded as VGG16"):
        run(method, make_inputs(images=drawn))


@pytest.mark.models
def test_cnn_separates_watches_from_bed_sheets_with_real_weights(run, make_inputs, shared, purity):
    import csv

    with (shared / "data/flipkart/flipkart_com-ecommerce_sample_1050.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    folder = shared / "data/flipkart/images"
    of = {category: [r["uniq_id"] for r in rows if f'["{category}' in r["product_category_tree"]][:15]
          for category in ("Watches", "Home Furnishing")}  # fmt: skip
    images = [(f"{category}{n}", folder / f"{i}.jpg") for category, ids in of.items() for n, i in enumerate(ids)]
    method = build("cnn", {"weights": str(shared / "weights/mobilenet_v2_1.0_224_no_top.h5")})
    result = run(method, make_inputs(images=images))
    assert purity(result.ids, result.vectors) > 0.9

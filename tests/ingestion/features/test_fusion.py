"""fusion: text and image as one vector."""

import numpy as np
import pytest

from ingestion.features.fusion import block
from ingestion.features.registry import build
from store.errors import StepFailed


def noisy(seed: int, centres: np.ndarray, width: int, scale: float) -> np.ndarray:
    random = np.random.default_rng(seed)
    directions = random.normal(size=(4, width))
    return (scale * (directions[centres] + random.normal(size=(len(centres), width)))).astype(np.float32)


def test_each_block_weighs_as_declared_whatever_its_scale_and_width(run, make_inputs):
    ids = [f"p{n}" for n in range(80)]
    centres = np.arange(80) % 4
    vectors = {"bert": (ids, noisy(1, centres, 30, 100.0)), "cnn": (ids, noisy(2, centres, 60, 0.01))}
    result = run(build("fusion", {"dimensions": 20, "text_fraction": 0.7}), make_inputs(vectors=vectors))
    assert result.vectors.shape == (80, 40)
    assert np.mean(np.sum(result.vectors[:, :20] ** 2, axis=1)) == pytest.approx(0.7, rel=1e-4)
    assert np.mean(np.sum(result.vectors[:, 20:] ** 2, axis=1)) == pytest.approx(0.3, rel=1e-4)
    assert np.allclose(result.vectors.mean(axis=0), 0, atol=1e-5)


def test_both_blocks_separate_what_neither_separates_alone(run, make_inputs, purity):
    categories = np.array([0, 1, 2, 3] * 20)
    ids = [f"{'abcd'[c]}{n}" for n, c in enumerate(categories)]
    vectors = {"bert": (ids, noisy(3, categories // 2, 20, 1.0)), "cnn": (ids, noisy(4, categories % 2, 20, 1.0))}
    joined = purity(ids, run(build("fusion", {}), make_inputs(vectors=vectors)).vectors)
    assert joined > max(purity(ids, block(v, 100)) for _, v in vectors.values()) + 0.2


def test_products_are_matched_by_id_and_those_that_lack_a_part_are_issues(run, make_inputs):
    random = np.random.default_rng(0)
    text = ["a", "b", "c", "d"], random.normal(size=(4, 5)).astype(np.float32)
    image = ["e", "d", "b", "a"], random.normal(size=(4, 6)).astype(np.float32)
    result = run(build("fusion", {}), make_inputs(vectors={"bert": text, "cnn": image}))
    assert result.ids == ["a", "b", "d"]
    assert [(i.product_id, i.problem) for i in result.issues] == [("c", "no cnn vector"), ("e", "no bert vector")]
    rows = [3, 2, 1]
    block_of_images = result.vectors[:, -3:]
    distances = np.linalg.norm(block_of_images[:, None] - block_of_images, axis=2)
    unit = image[1][rows] / np.linalg.norm(image[1][rows], axis=1, keepdims=True)
    original = np.linalg.norm(unit[:, None] - unit, axis=2)
    assert np.corrcoef(distances.ravel(), original.ravel())[0, 1] > 0.999


def test_it_needs_the_two_methods_of_its_settings():
    assert build("fusion", {"text": "tfidf", "image": "sift"}).needs() == ("tfidf", "sift")


def test_a_catalogue_without_two_complete_products_fails_with_the_reason(run, make_inputs):
    one = ["a"], np.ones((1, 3), np.float32)
    with pytest.raises(StepFailed, match="1 products have both"):
        run(build("fusion", {}), make_inputs(vectors={"bert": one, "cnn": one}))

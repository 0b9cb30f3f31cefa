"""A product's vector is the same bit for bit whatever products are encoded with it, so kept ones can be taken over."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ingestion.features.registry import build
from store.chunks import Chunks
from store.root import Root

WORDS = "sofa chair lamp cotton shirt blue red large wireless phone case leather watch strap kitchen knife steel"


def texts(count):
    """Texts of 1 to 300 words: some are longer than what BERT reads."""
    random = np.random.default_rng(0)
    lengths = [random.integers(1, 40 if n % 8 else 300) for n in range(count)]
    return [(f"t{n}", " ".join(random.choice(WORDS.split(), length))) for n, length in enumerate(lengths)]


@pytest.fixture
def images(tmp_path):
    random = np.random.default_rng(0)
    paths = [(f"i{n}", tmp_path / f"i{n}.png") for n in range(40)]
    for _, path in paths:
        Image.fromarray(random.integers(0, 256, (90, 120, 3), np.uint8)).save(path)
    return paths


@pytest.mark.models
@pytest.mark.parametrize("method", ["bert", "use", "cnn", "sift"])
def test_after_a_change_the_vectors_equal_those_of_a_fresh_run(method, run, make_inputs, images, tmp_path):
    products = texts(40) if method in {"bert", "use"} else images

    def vectors(chosen, chunks):
        modality = "texts" if method in {"bert", "use"} else "images"
        settings = {"words": 20, "sample": 1000} if method == "sift" else {}
        return run(build(method, settings), replace(make_inputs(**{modality: chosen}), chunks=chunks)).vectors

    root, after = Root(tmp_path / "store"), [*products[30:], *products[3:20]]
    vectors(products[:30], Chunks(root, "a" * 32))
    assert np.array_equal(vectors(after, Chunks(root, "a" * 32)), vectors(after, Chunks()))

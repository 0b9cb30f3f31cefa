"""A tiny catalogue for the methods: three categories that differ in their words, and drawn images of two."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ingestion.features.base import Batch, Inputs, Issue, Method, ProductImage, Text, Vectors

WORDS = {
    "mug": "ceramic mug tea coffee kitchen handle dishwasher cup",
    "watch": "analog watch strap dial wrist leather quartz hand",
    "sheet": "cotton bed sheet double pillow cover bedroom fabric",
}


class Result:
    """All that a method yielded, joined and checked against what base.py promises."""

    def __init__(self, method: Method, inputs: Inputs) -> None:
        self.progress: list[tuple[int, int]] = []
        self.model = method.resolve()
        self.batches: list[Batch] = []
        for batch in method.embed(self.model, inputs, lambda done, total: self.progress.append((done, total))):
            assert batch.vectors.dtype == np.float32
            assert batch.vectors.ndim == 2
            assert np.isfinite(batch.vectors).all()
            assert len(batch.vectors) == len(batch.product_ids)
            self.batches.append(batch)
        self.ids = [i for b in self.batches for i in b.product_ids]
        self.vectors: Vectors = np.concatenate([b.vectors for b in self.batches])
        self.terms = [t for b in self.batches for t in b.terms]
        self.issues: list[Issue] = [i for b in self.batches for i in b.issues]
        assert len(set(self.ids)) == len(self.ids)


@pytest.fixture
def make_inputs() -> Callable[..., Inputs]:
    """Inputs from lists: texts as (id, text), images as (id, path), vectors by method."""

    def build(texts=(), images=(), vectors=None) -> Inputs:
        rows = [Text(i, t, t.lower()) for i, t in texts]
        files = [ProductImage(i, Path(p), hashlib.sha256(Path(p).read_bytes()).hexdigest()) for i, p in images]
        return Inputs(
            lambda: iter(rows), len(rows), lambda: iter(files), len(files), lambda method: (vectors or {})[method]
        )

    return build


@pytest.fixture
def run() -> type[Result]:
    return Result


@pytest.fixture
def three_categories() -> list[tuple[str, str]]:
    """60 texts, 20 of each category, each with 6 of its category's 8 words and one of the merchant's."""
    random = np.random.default_rng(0)
    return [
        (f"{category}{number}", " ".join([*random.choice(words.split(), 6, replace=False), f"offer{number % 10}"]))
        for number in range(20)
        for category, words in WORDS.items()
    ]


@pytest.fixture
def drawn(tmp_path: Path) -> list[tuple[str, Path]]:
    """12 images: six of stripes, six of discs, of varied size and place; PNG."""
    random = np.random.default_rng(1)
    images = []
    for number in range(12):
        shape = "stripes" if number % 2 else "discs"
        image = Image.new("RGB", (240, 160 + 20 * (number % 3)), "white")
        pen = ImageDraw.Draw(image)
        for _ in range(12):
            x, y = (int(v) for v in random.integers(0, 140, 2))
            if shape == "stripes":
                for k in range(5):
                    pen.line((x + 6 * k, y, x + 6 * k, y + 60), fill="black", width=2)
            else:
                pen.ellipse((x, y, x + 50, y + 50), outline="black", fill="red", width=3)
        path = tmp_path / f"{shape}{number}.png"
        image.save(path)
        images.append((f"{shape}{number}", path))
    return images


def nearest_purity(ids: list[str], vectors: Vectors) -> float:
    """The fraction of products whose nearest neighbour by cosine is of their category (the letters of the id)."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -np.inf)
    categories = np.array([i.rstrip("0123456789") for i in ids])
    return float(np.mean(categories == categories[similarity.argmax(axis=1)]))


@pytest.fixture
def purity() -> Callable[[list[str], Vectors], float]:
    return nearest_purity

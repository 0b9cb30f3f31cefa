"""A fitted model that is kept gives later products their vectors, until so many changed that it is fitted again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingestion.features import frozen, sift, word2vec
from ingestion.features.frozen import THIS, Frozen, Refit, beside
from ingestion.features.registry import build
from store.chunks import Chunks
from store.root import Root

RECIPE = "a" * 32
SETTINGS = {
    "word2vec": {"dimensions": 10},
    "fasttext": {"dimensions": 10, "buckets": 1000},
    "sift": {"words": 20, "sample": 1000},
}
FITTED = pytest.mark.parametrize("method", ["count", "tfidf", "word2vec", "fasttext", "sift"])


def kept_in(store: Path, refit: Refit) -> Frozen:
    return beside(Chunks(Root(store), RECIPE), refit)


@pytest.fixture
def embed(run, make_inputs, drawn, three_categories, tmp_path) -> Callable:  # type: ignore[no-untyped-def, type-arg]
    """The vectors by product, and what the model was fitted on, of so many of a method's products."""

    def made(method, first, last, refit="never", store="store"):  # type: ignore[no-untyped-def]
        products = drawn if method == "sift" else three_categories
        inputs = make_inputs(**{"images" if method == "sift" else "texts": products[first:last]})
        kept = kept_in(tmp_path / store, refit)
        result = run(build(method, SETTINGS.get(method, {})), replace(inputs, frozen=kept))
        return dict(zip(result.ids, result.vectors, strict=True)), kept.fitted

    return made


@FITTED
def test_the_kept_model_gives_the_others_the_vectors_they_had(method, embed) -> None:  # type: ignore[no-untyped-def]
    first, fitted = embed(method, 0, 11)
    assert fitted == THIS
    second, fitted = embed(method, 1, 12)
    assert fitted == "an earlier catalogue, of which 9.1% changed since"
    assert len(second) == 11
    for product in first.keys() & second.keys():
        assert np.allclose(first[product], second[product], atol=1e-6)


@FITTED
def test_the_first_model_is_the_same_whether_it_is_kept_or_not(method, embed) -> None:  # type: ignore[no-untyped-def]
    kept, _ = embed(method, 0, 12, "never")
    fresh, _ = embed(method, 0, 12, "always", "other")
    assert all(np.array_equal(kept[product], fresh[product]) for product in fresh)


@FITTED
def test_the_same_history_gives_the_same_vectors(method, embed) -> None:  # type: ignore[no-untyped-def]
    histories = []
    for store in ("one", "two"):
        embed(method, 0, 10, store=store)
        histories.append(embed(method, 0, 12, store=store)[0])
    assert all(np.array_equal(histories[0][product], histories[1][product]) for product in histories[0])


@pytest.mark.parametrize(("method", "fit"), [("word2vec", (word2vec, "train")), ("sift", (sift.Sift, "_words"))])
def test_a_model_is_fitted_again_once_the_fraction_changed(method, fit, embed, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    fits, fitting = [], getattr(*fit)
    monkeypatch.setattr(*fit, lambda *inputs, **more: fits.append(1) or fitting(*inputs, **more))
    fitted = [embed(method, first, first + 10, 0.2)[1] for first in (0, 1, 2, 1, 2)]
    assert fitted[1].endswith("10.0% changed since")
    assert fitted[2] == THIS
    assert fitted[3].endswith("10.0% changed since")
    assert fitted[4] == THIS
    assert len(fits) == 2


def test_sift_describes_new_images_only_where_words_are_kept(embed, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    described, describe = [], sift.Sift._descriptors
    embed("sift", 0, 10)
    embed("sift", 0, 11)
    monkeypatch.setattr(sift.Sift, "_descriptors", lambda self, i: described.append(i.product_id) or describe(self, i))
    embed("sift", 0, 12)
    assert len(described) == 1


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data[:99] + bytes([data[99] ^ 1]) + data[100:]]
)
def test_a_damaged_model_is_fitted_again(damage, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    model = {"figures": np.arange(1000)}
    first = kept_in(tmp_path, "never")
    assert first.kept(["a", "b"]) is None
    first.keep(model)
    (name,) = first.used
    root = Root(tmp_path)
    data = root.read(name)
    root.put(name, data[:99] + bytes([data[99] ^ 1]) + data[100:])
    assert kept_in(tmp_path, "never").kept(["a", "b"]) is None


def test_always_keeps_nothing_in_the_store(tmp_path: Path) -> None:
    always = kept_in(tmp_path, "always")
    assert always.kept(["a"]) is None
    always.keep({"figures": np.arange(3)})
    assert always.used == set()
    assert kept_in(tmp_path, "never").kept(["a"]) is None


def test_words_are_packed_and_unpacked_whole() -> None:
    words = ["mug", "ä", "\u2028", ""]
    assert frozen.unpacked(frozen.packed(words)) == words

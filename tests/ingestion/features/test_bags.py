"""count and tfidf: the weights as rows, and the latent semantic analysis as vectors."""

import numpy as np
import pytest

from ingestion.features import bag_of_words
from ingestion.features.registry import build
from store.errors import StepFailed

BAGS = pytest.mark.parametrize("name", ["count", "tfidf"])


@BAGS
def test_products_of_one_category_are_nearest_to_each_other(name, run, make_inputs, three_categories, purity):
    result = run(build(name, {}), make_inputs(three_categories))
    assert result.ids == [i for i, _ in three_categories]
    assert purity(result.ids, result.vectors) == 1
    assert np.allclose(np.linalg.norm(result.vectors, axis=1), 1, atol=1e-5)


def test_the_terms_of_count_are_the_counts(run, make_inputs):
    result = run(build("count", {}), make_inputs([("a", "red red mug"), ("b", "red mug cup"), ("c", "blue cup")]))
    assert sorted(result.terms) == [
        ("a", "mug", 1.0),
        ("a", "red", 2.0),
        ("b", "cup", 1.0),
        ("b", "mug", 1.0),
        ("b", "red", 1.0),
        ("c", "cup", 1.0),
    ]


def test_tfidf_raises_rare_words_and_damps_repeated_ones(run, make_inputs):
    texts = [
        ("a", "mug mug mug mug cup"),
        ("b", "mug cup"),
        ("c", "mug red"),
        ("d", "red"),
        ("e", "blue"),
        ("f", "blue"),
    ]
    weights = {(i, t): w for i, t, w in run(build("tfidf", {}), make_inputs(texts)).terms}
    assert weights["b", "cup"] > weights["b", "mug"]
    assert weights["a", "mug"] / weights["a", "cup"] < 4 * weights["b", "mug"] / weights["b", "cup"]
    assert sum(w**2 for (i, _), w in weights.items() if i == "a") == pytest.approx(1, abs=1e-5)


@BAGS
def test_a_word_in_more_than_half_of_the_products_is_left_out(name, run, make_inputs, three_categories):
    texts = [(i, f"{t} online") for i, t in three_categories]
    assert "online" not in {term for _, term, _ in run(build(name, {}), make_inputs(texts)).terms}


@BAGS
def test_three_products_are_enough(name, run, make_inputs):
    result = run(build(name, {}), make_inputs([("a", "red mug"), ("b", "red cup"), ("c", "red mug cup")]))
    assert result.ids == ["a", "b", "c"]


@BAGS
def test_one_term_that_is_left_is_enough(name, run, make_inputs):
    result = run(build(name, {}), make_inputs([("a", "oak table"), ("b", "oak chair"), ("c", "pine stool")]))
    assert result.ids == ["a", "b"]
    assert {term for _, term, _ in result.terms} == {"oak"}
    assert np.allclose(result.vectors, 1.0)


@BAGS
def test_a_large_catalogue_is_placed_by_what_a_draw_of_it_holds(name, run, make_inputs, monkeypatch):
    monkeypatch.setattr(bag_of_words, "MAX_FITTED", 400)
    texts = [(f"p{n}", "red mug glass" if n % 2 else "oak table wood") for n in range(1_000)] + [("odd", "xylophone")]
    inputs = make_inputs(texts)
    result = run(build(name, {"max_fraction": 0.6}), inputs)
    assert result.ids == [i for i, _ in texts[:-1]]
    assert np.allclose(np.abs(result.vectors @ result.vectors[1]), [n % 2 for n in range(1_000)], atol=1e-3)
    assert [i.product_id for i in result.issues] == ["odd"]
    assert inputs.frozen.fitted == "400 products, drawn, of this catalogue"


@BAGS
def test_a_product_without_a_known_word_is_an_issue_only(name, run, make_inputs):
    texts = [("a", "red mug"), ("b", "red mug"), ("c", "xylophone"), ("d", "")]
    result = run(build(name, {}), make_inputs(texts))
    assert result.ids == ["a", "b"]
    assert [(i.product_id, i.problem) for i in result.issues] == [("c", "no known word"), ("d", "no known word")]


@BAGS
@pytest.mark.parametrize("texts", [[], [("a", "")], [("a", "red"), ("b", "blue")]])
def test_a_catalogue_that_leaves_no_term_fails_with_the_reason(name, texts, run, make_inputs):
    with pytest.raises(StepFailed, match=f"{name}: of {len(texts)} texts no term is left"):
        run(build(name, {}), make_inputs(texts))


@BAGS
def test_equal_inputs_give_equal_vectors(name, run, make_inputs, three_categories):
    first, second = (run(build(name, {}), make_inputs(three_categories)).vectors for _ in range(2))
    assert np.array_equal(first, second)

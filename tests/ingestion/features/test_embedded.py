"""The embedded encoders as they are shipped: small, unchanged, with a card with the record's figures."""

import json
import shutil

import pytest

from ingestion.features import weights
from ingestion.features.registry import build
from ingestion.features.weights import EMBEDDED, sha256_of, size_of
from store.errors import MethodUnavailable

ENCODERS = {"use": "use-compact", "cnn": "cnn-compact"}


@pytest.mark.parametrize(("name", "most"), [("use-compact", 20e6), ("cnn-compact", 6e6)])
def test_an_embedded_encoder_is_small(name, most):
    record = json.loads((EMBEDDED / f"{name}.json").read_text())
    assert size_of(EMBEDDED / record["file"]) == record["bytes"] <= most


@pytest.mark.parametrize(("method", "name"), ENCODERS.items())
def test_the_embedded_encoder_is_the_default_and_is_identified(method, name):
    model = build(method, {}).resolve()
    assert (model.name, model.source, model.licence) == (name, "embedded", "Apache-2.0")
    assert model.sha256 == json.loads((EMBEDDED / f"{name}.json").read_text())["sha256"] == sha256_of(model.weights)
    assert build(method, {"model": name}).resolve() == model


@pytest.mark.parametrize("name", ENCODERS.values())
def test_the_card_holds_the_figures_of_the_record(name):
    record, card = json.loads((EMBEDDED / f"{name}.json").read_text()), (EMBEDDED / f"{name}.md").read_text()
    assert record["sha256"] in card
    for sha256 in record["data"].values():
        assert sha256 in card
    for figures in record["held_out"].values():
        for figure in figures.values():
            assert f"{figure:.3f}".removeprefix("0") in card


@pytest.mark.parametrize("changed", ["byte", "file added", "gone", "record gone", "record broken"])
@pytest.mark.parametrize(("method", "name"), ENCODERS.items())
def test_changed_weights_are_refused_with_the_remedy(method, name, changed, tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    shutil.copytree(EMBEDDED, folder)
    monkeypatch.setattr(weights, "EMBEDDED", folder)
    path = folder / json.loads((folder / f"{name}.json").read_text())["file"]
    file = next(p for p in path.rglob("*.data*")) if path.is_dir() else path
    if changed == "byte":
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    elif changed == "file added":
        file = path / "more.py" if path.is_dir() else path
        file.write_bytes(b"more")
    elif changed == "gone":
        file.unlink()
    elif changed == "record gone":
        (folder / f"{name}.json").unlink()
    else:
        (folder / f"{name}.json").write_text("{}")
    with pytest.raises(MethodUnavailable, match=f"The embedded {name} .*{folder}") as error:
        build(method, {}).resolve()
    assert f"[methods.{method}] weights" in error.value.remedy


def test_the_derived_weights_carry_their_licence_and_the_changes():
    notice = (EMBEDDED / "cnn-compact.NOTICE.txt").read_text()
    assert "google-coral/test_data" in notice
    assert "Apache License, Version 2.0" in notice
    assert "Version 2.0, January 2004" in (EMBEDDED / "cnn-compact.LICENSE.txt").read_text()

"""`aislemap models list`: what would run, from where, and how to run something else."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aislemap import app
from ingestion.features.registry import HUB_MODELS, METHODS, build


def listed(*options: str) -> str:
    result = CliRunner().invoke(app, ["models", "list", *options])
    assert result.exit_code == 0, result.output
    return result.output


def rows(output: str) -> dict[str, str]:
    """The text of each method's row, its folded lines joined column by column."""
    found: dict[str, list[str]] = {}
    method = ""
    for line in output.splitlines():
        if line.startswith("│"):
            cells = [cell.strip() for cell in line.strip("│").split("│")]
            method = cells[0] or method
            found[method] = [a + b for a, b in zip(found.get(method, [""] * len(cells)), cells, strict=True)]
    return {name: " | ".join(cells) for name, cells in found.items()}


def test_each_method_is_listed_with_its_model_and_licence():
    found = rows(listed())
    assert list(found) == list(METHODS)
    for name in METHODS:
        if name == "glove":
            continue
        model = build(name, {}).resolve()
        shown = [model.name, model.source, model.licence, str(model.dimensions), (model.sha256 or "")[:12]]
        assert [part for part in shown if part.replace(" ", "") not in found[name].replace(" ", "")] == []
        if model.size_bytes:
            assert f"{model.size_bytes / 1e6:.1f}" in found[name]
    assert "unavailable" in found["glove"]


def test_an_unavailable_method_is_listed_with_the_whole_remedy():
    assert "glove is unavailable. No word vectors are configured" in listed()
    assert "in [methods.glove] weights, or name a model" in listed()


@pytest.mark.parametrize("method", HUB_MODELS)
def test_the_line_that_switches_to_a_hub_model_does_so(method, tmp_path):
    (line,) = [text for text in listed().splitlines() if f"methods.{method}.model" in text]
    settings = tomllib.loads(line.strip())["methods"][method]
    assert build(method, settings).resolve().name == HUB_MODELS[method][0]
    (tmp_path / "aislemap.toml").write_text(line.strip() + "\n[methods.word2vec]\ndimensions = 50\n")
    found = rows(listed("--config", str(tmp_path / "aislemap.toml")))
    assert HUB_MODELS[method][0].replace("-", "") in found[method].replace("-", "")
    assert "50" in found["word2vec"]


def test_every_listed_hub_model_is_a_valid_setting():
    for method, known in HUB_MODELS.items():
        for model in known:
            assert build(method, {"model": model}).resolve().name == model


def test_the_documented_lines_are_valid_settings():
    page = (Path(__file__).parents[2] / "docs/methods.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    for name, settings in tomllib.loads(lines)["methods"].items():
        for key, value in settings.items():
            assert str(getattr(build(name, settings).settings, key)) == value

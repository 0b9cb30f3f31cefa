"""What the commands of ingestion print, where a catalogue has names that steer a terminal."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from ingestion import console
from ingestion.pipeline.runner import Outcome
from tests.store.test_cli import Run, run  # noqa: F401  # a fixture


def test_a_step_that_ended_says_names_with_their_control_characters_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.StringIO()
    monkeypatch.setattr(console, "console", Console(file=printed, width=200))
    console.Progress().ended(Outcome("features:bert", "failed", detail="\x1b[2J of \x9b31m"))
    assert "\\x1b[2J of \\x9b31m" in printed.getvalue()
    assert not {"\x1b", "\x9b"} & set(printed.getvalue())


def test_look_prints_the_control_characters_of_a_catalogue_escaped(run: Run, tmp_path: Path) -> None:  # noqa: F811
    rows = [f"{i},mug {i},a mug,Cups\x1b[2J" if i % 2 else f"{i},shirt {i},a shirt,Shirts" for i in range(20)]
    catalogue = tmp_path / "shop\x1b[2J.csv"
    catalogue.write_text("\n".join(["id,name,description,category", *rows, ""]), encoding="utf-8")
    looked = run("look", catalogue)
    assert looked.code == 0, looked.err
    assert "shop\\x1b[2J.csv" in looked.text
    assert "Cups\\x1b[2J" in looked.text
    assert "\x1b" not in looked.text

"""docs/settings.md lists every setting of aislemap.toml with its default, its values and its reason."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from ingestion import document
from ingestion.config import Config
from ingestion.settings import Settings

SETTINGS = [(head, *setting) for head, table in document.TABLES.items() for setting in document.settings(table)]


class Example(Settings):
    """Every sort of setting."""

    number: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """What it is."""
    optional: Annotated[int | None, Field(ge=2)] = None
    choice: Literal["auto", "full"] = "auto"
    several: tuple[Annotated[float, Field(gt=1)], ...] = (2.0, 3.0)
    flag: bool = True
    path: Path
    table: dict[str, tuple[str, ...]] = Field({"text": ("bert",)})
    inner: document.Limits = document.Limits()


def test_the_written_settings_are_what_the_code_declares() -> None:
    written = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    assert written == document.as_markdown(), "run `make docs`"


def test_every_table_of_the_configuration_is_documented() -> None:
    documented = {head.strip("[]").split(".")[0] for head in document.TABLES}
    assert documented == set(Config.model_fields)
    assert "[catalogue.columns]" in document.TABLES


@pytest.mark.parametrize(("head", "name", "field"), SETTINGS, ids=[f"{head}{name}" for head, name, _ in SETTINGS])
def test_every_setting_has_a_sentence_of_its_meaning(head, name, field) -> None:  # type: ignore[no-untyped-def]
    assert (field.description or "").endswith("."), f"{head} {name} needs a docstring below it"


@pytest.mark.parametrize(
    ("name", "default", "values"),
    [
        ("number", "`0.5`", "a number, above 0, below 1"),
        ("optional", "not given", "an integer, at least 2"),
        ("choice", '`"auto"`', '`"auto"` or `"full"`'),
        ("several", "[`2.0`, `3.0`]", "a list, each a number, above 1"),
        ("flag", "`true`", "`true` or `false`"),
        ("path", "required", "a path"),
        ("table", '`text` = [`"bert"`]', "a table, each value a list, each a text"),
    ],
)
def test_a_setting_says_its_default_and_its_values(name: str, default: str, values: str) -> None:
    fields = dict(document.settings(Example))
    assert (document.default(fields[name]), document.values(fields[name])) == (default, values)


def test_a_setting_that_is_a_table_is_documented_as_one() -> None:
    assert "inner" not in dict(document.settings(Example))


def test_a_default_that_is_written_can_be_read_as_toml() -> None:
    for _, _, field in SETTINGS:
        written = document.default(field)
        if written not in {"required", "not given"} and " = " not in written:
            read = tomllib.loads(f"value = {written.replace('`', '')}")["value"]
            assert read == (list(field.default) if isinstance(field.default, tuple) else field.default)

"""The documentation of the settings: docs/settings.md, made from `ingestion.config` and the methods' Settings."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from ingestion.config import Catalogue, CategoryVerdict, Columns, Engine, Limits, Study, Verdict
from ingestion.features import registry
from ingestion.jobs import Job, Schedule
from ingestion.settings import Settings

HEAD = """# The settings

Made from `ingestion/config.py`, `ingestion/jobs.py` and `ingestion/features/` by `make docs`; a test fails when they
differ. They stand in a file, aislemap.toml, that is given with `--config`; all may be left out but those of a job.
[catalogues.md](catalogues.md#settings) shows such a file.
"""

TABLES: dict[str, type[Settings]] = {
    "[catalogue]": Catalogue,
    "[catalogue.columns]": Columns,
    "[study]": Study,
    "[verdict]": Verdict,
    "[category_verdict]": CategoryVerdict,
    "[limits]": Limits,
    "[engine]": Engine,
    "[schedule]": Schedule,
    "[[jobs]]": Job,
    **{f"[methods.{name}]": method.Settings for name, method in registry.METHODS.items()},
}
"""The tables of aislemap.toml, as TOML writes their heads."""

BOUNDS = {"ge": "at least {}", "gt": "above {}", "le": "at most {}", "lt": "below {}", "pattern": "matches `{}`"}


def settings(table: type[Settings]) -> Iterator[tuple[str, FieldInfo]]:
    """The settings of a table by name, but for those that are tables of their own."""
    for name, field in table.model_fields.items():
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, Settings)):
            yield name, field


def default(field: FieldInfo) -> str:
    """The default as TOML writes it; 'required' or 'not given' where there is none."""
    return "required" if field.is_required() else _toml(field.default)


def values(field: FieldInfo) -> str:
    """What values a setting takes: 'an integer, at least 1'."""
    return ", ".join([_type(field.annotation), *_bounds(field.metadata)])


def as_markdown() -> str:
    """The whole of docs/settings.md."""
    parts = [HEAD]
    for head, table in TABLES.items():
        rows = [
            f"| `{name}` | {default(field)} | {values(field)} | {' '.join((field.description or '').split())} |"
            for name, field in settings(table)
        ]
        lines = ["| setting | default | values | meaning and reason |", "|---|---|---|---|", *rows]
        parts.append("\n".join([f"## {head}\n", f"{(table.__doc__ or '').strip()}\n", *lines, ""]))
    return "\n".join(parts)


def _toml(value: Any) -> str:
    if value is None:
        return "not given"
    if isinstance(value, dict):
        return "; ".join(f"`{key}` = {_toml(part)}" for key, part in value.items()) or "`{}`"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return f'`"{value}"`'
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(annotation: Any) -> str:
    """A type in words, without None, which is 'not given'."""
    origin, inner = get_origin(annotation), [part for part in get_args(annotation) if part is not type(None)]
    if origin in (Union, types.UnionType):
        return " or ".join(map(_type, inner))
    if origin is Literal:
        return " or ".join(_toml(value) for value in inner)
    if origin is Annotated:
        return ", ".join([_type(inner[0]), *_bounds(inner[1].metadata)])
    if origin is tuple:
        return f"a list, each {_type(inner[0])}"
    if origin is dict:
        return f"a table, each value {_type(inner[1])}"
    return {int: "an integer", float: "a number", bool: "`true` or `false`", str: "a text"}.get(annotation, "a path")


def _bounds(metadata: list[Any]) -> list[str]:
    return [
        text.format(value)
        for bound in metadata
        for name, text in BOUNDS.items()
        if (value := getattr(bound, name, None)) is not None
    ]


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201  # `make docs` redirects it

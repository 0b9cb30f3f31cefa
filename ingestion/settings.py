"""The base of every table of settings in aislemap.toml."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of every table of settings: immutable; an unknown key is an error.

    The docstring below a field says what it is and why its default is so: docs/settings.md is made from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

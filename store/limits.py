"""What one query in SQL may take of the machine."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Limits:
    """What one query may take, each above 0. docs/queries.md says why each is what it is, and a test holds it there."""

    seconds: float = 60
    memory: int = 2_000  # MB
    rows: int = 1_000_000
    reply: int = 500  # MB

    option: ClassVar[str] = "--"
    """How the options of the command line begin that raise them: what an error names as the remedy."""


@dataclass(frozen=True)
class PageLimits(Limits):
    """The same for a query of the dashboard's SQL page, where several people wait for one another."""

    seconds: float = 10
    memory: int = 1_000
    rows: int = 10_000
    reply: int = 10

    option: ClassVar[str] = "--sql-"

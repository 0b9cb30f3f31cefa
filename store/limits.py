"""What one query in SQL may take of the machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one query may take, each above 0. docs/queries.md says why each is what it is, and a test holds it there."""

    seconds: float = 60
    memory: int = 2_000  # MB
    rows: int = 1_000_000
    reply: int = 500  # MB

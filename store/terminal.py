"""Text of a catalogue, or of a person, as it may reach a terminal."""

import re

STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal obeys rather than shows: control characters less line feed and tab, and those that turn the
direction of writing around (Boucher & Anderson 2021). Halves of surrogate pairs too, which no output can hold: Python
reads a byte of a file's name that is not UTF-8 as one."""


def printable(text: str) -> str:
    r"""The text with each character of `STEERING` written as its escape: ESC is `\x1b`."""
    return STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)

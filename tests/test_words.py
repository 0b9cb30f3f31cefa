"""The project speaks in the field's terms: a word that stands for one of them is gone from code, pages and docs.

docs/glossary.md explains the terms. A word counts wherever it stands alone, in prose or within an identifier
(`text_share`, `PictureError`); `RIGHT` and `EXCEPT` name its other senses, each with a reason.
"""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMES = "told|gather|deal|given|free|telling"
BANNED = {
    "copies": ("copies|near[- _]copy", "exact duplicates, near-duplicates"),
    "family": ("family|families|kin|clans?|twins?|relatives", "duplicate group"),
    "kind": (r"by kind|of the other kind|kinds?(?= *[:=\[])|(?<=\.)kinds?|copy_kinds?", "modality, or a plain word"),
    "picture": ("pictures?|pictured", "image"),
    "voice": ("voices?|members?|hears?|heard", "base partition, weight"),
    "likeness": ("likeness|alike", "similarity, co-association"),
    "depth": ("two depths|finer cuts?", "two resolutions, over-clustering"),
    "apart": ("apart|standings?", "separability, or a plain word"),
    "worth": ("worths?", "effective sample size"),
    "marks": ("marks|guess(?:es)?", "thresholds, predictions"),
    "slip": ("slips?|remarks?|said|lenders?|in_common", "typo, inserted passage, tokenised text, vector source, ..."),
    "share": (
        r"\w+_shares?|shares?_\w+|shares? of|(?:a|an|the|its|as|each|mean|no|one) shares?|shares?(?= *[=:(\[]|\.\w)",
        "fraction",
    ),
    "telling": (rf"def (?:{NAMES})|(?:{NAMES})(?= *(?::[^=\n]*)?=[^=])|most telling", "a name of the field"),
    "house": ("house|house's|wit|witty", "project, repository"),
}
RIGHT = {
    r"font-family|\"family\": FONT": "a property of CSS and of plotly",
    r"shared?/": "the folder beside the repository",
    r"/usr/share": "a folder of the system",
    r"(?i:look[-_ ]alikes?)": "products of the sample that resemble another category; a key of its truth.json",
    r"np\.argsort\([^)]*kind=": "a parameter of numpy",
    r"marks=pytest": "a parameter of pytest",
}
"""Phrases in which a banned word has another, right sense, and which."""
EXCEPT = {
    ("tests/test_words.py", "all"): "lists the words",
    ("ingestion/reading/usual_names.py", "picture"): "a usual name of a column",
    ("ingestion/sample/catalogue.py", "picture"): "a part of a seed, for equal bytes of the sample",
    ("ingestion/sample/texts.py", "all"): "the prose of sellers",
    ("ingestion/sample/vocabulary.py", "all"): "the prose of sellers",
    ("tests/ingestion/duplicates/test_texts.py", "family"): "a twin deck",
}
"""(file, term of BANNED or 'all') where a word stays, and why."""


@cache
def pages() -> dict[str, str]:
    """The tracked text files that are held to the words, by path; `CamelCase` is split into words."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.md", "*.js", "*.css", "*.toml"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    right = re.compile("|".join(RIGHT))
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in listed}
    return {path: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", right.sub("", text)) for path, text in texts.items()}


def found(path: str, text: str, term: str) -> list[str]:
    """Where a term of BANNED stands in a file: 'path:line: word, say ...'."""
    pattern, better = BANNED[term]
    words = re.compile(rf"(?<![A-Za-z])(?:{pattern})(?![A-Za-z])", re.IGNORECASE)
    return [
        f"{path}:{number}: {match.group()!r}, say {better}"
        for number, line in enumerate(text.splitlines(), 1)
        for match in words.finditer(line)
    ]


@pytest.mark.parametrize("term", BANNED)
def test_no_file_uses_a_word_for_which_the_field_has_a_term(term: str) -> None:
    held = {path: text for path, text in pages().items() if not {(path, term), (path, "all")} & EXCEPT.keys()}
    assert [place for path, text in held.items() for place in found(path, text, term)] == []


def test_every_exception_is_still_needed() -> None:
    for path, term in EXCEPT:
        assert any(found(path, pages()[path], t) for t in BANNED if term in (t, "all")), (path, term)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("near copies are", "copies"),
        ("class PictureError", "picture"),
        ("text_share = 1", "share"),
        ("the house's style", "house"),
        ("def told(groups)", "telling"),
        ("MARKS", "marks"),
    ],
)
def test_a_word_is_found_in_prose_and_in_identifiers(text: str, term: str) -> None:
    assert found("page", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text), term)


@pytest.mark.parametrize(
    ("text", "term"), [("a warehouse", "house"), ("products share a file", "share"), ("one of its kind", "kind")]
)
def test_a_word_of_another_sense_is_not_found(text: str, term: str) -> None:
    assert not found("page", text, term)

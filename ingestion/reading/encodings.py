"""Which encoding a text that is not UTF-8 is in: by the letters that it would have in each.

An 8-bit encoding is right where the letters beyond ASCII are those of one language; all bytes are valid in most of
them, so that nothing else tells one from another. Those of Chinese, Japanese, Korean, Thai and Hebrew are detected by
charset-normalizer, which fails for others: it took Polish in CP1250 for Western European, and Russian in KOI8-R for
Japanese (version 3.5).
"""

import re
from collections.abc import Iterable
from itertools import pairwise

LANGUAGES: dict[str, tuple[str, ...]] = {
    "cp1252": (
        "àâæçéèêëîïôœùûüÿ", "äöüß", "áéíñóúü¿¡", "àèéìíòóùú", "áàâãçéêíóôõúü", "åäöé", "æøåé", "áéíóúýðþæö", "äöõüšž",
        "éëïèöü",
    ),
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîșțşţ"),
    "iso8859_2": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ"),
    "cp1254": ("çğıöşüâîûİ",),
    "cp1257": ("āčēģīķļņšūž", "ąčęėįšųūž", "äöõüšž"),
    "cp1251": ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя№", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя№"),
    "koi8_r": ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя",),
    "cp1253": ("αάβγδεέζηήθιίϊΐκλμνξοόπρσςτυύϋΰφχψωώ",),
    "cp1256": ("ابتثجحخدذرزسشصضطظعغفقكلمنهويىءآأؤإئةپچژگ\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652",),
}  # fmt: skip
"""The 8-bit encodings that are known, the likelier first, and the letters beyond ASCII of languages written in each."""
MULTIBYTE = frozenset({"gb18030", "gbk", "gb2312", "big5", "big5hkscs", "cp932", "shift_jis", "shift_jis_2004"}) | {
    *("shift_jisx0213", "euc_jp", "euc_jis_2004", "euc_jisx0213", "euc_kr", "cp949", "johab"),
}
LATIN = ("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257")
"""Those in which letters beyond ASCII stand in words with ASCII letters."""
DETECTED = MULTIBYTE | {"cp1255", "cp874"}
"""Those that charset-normalizer is asked for."""
MIN_LETTERS = 0.9
"""Fraction of the characters beyond ASCII that are of one language, at least, for an encoding to be taken."""
_NEUTRAL = frozenset("‘’‚“”„–—…•€£¥§©®™°²³½¼¾×÷±µ«»·\u00a0\u200e\u200f")
"""Signs that any language uses: they speak for no encoding."""


def find_encoding(lines: Iterable[bytes]) -> str | None:
    """The encoding of lines with bytes beyond ASCII; None where most are UTF-8, or where CP1252 is as likely as any."""
    lines = list(lines)
    if sum(map(_is_utf8, lines)) * 2 >= len(lines):
        return None
    sample = b"\n".join(lines)
    scores = {encoding: _plausibility(sample, encoding) for encoding in LANGUAGES}
    best = max(scores, key=lambda encoding: scores[encoding])
    from charset_normalizer import from_bytes  # a file that is UTF-8 needs no part of it

    found = from_bytes(sample).best()
    detected = found.encoding if found is not None and found.encoding in DETECTED else None
    if scores[best] >= MIN_LETTERS and detected not in DETECTED - MULTIBYTE:
        return None if best == "cp1252" else best
    return detected


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _plausibility(sample: bytes, encoding: str) -> float:
    """How much a text looks like one language in an encoding: the fraction of its letters, less what speaks against it.

    That are capitals within words (the letters of CP1251 and KOI8-R are the same with their case exchanged), and words
    that mix Latin with other letters.
    """
    text = sample.decode(encoding, "replace")
    beyond = [c for c in text if not c.isascii() and c not in _NEUTRAL]
    if not beyond:
        return 0.0
    known = max(sum(c in letters or c.lower() in letters for c in beyond) for letters in LANGUAGES[encoding])
    against = 0
    for word in re.findall(r"[^\W\d_]+", text):
        others = sum(not c.isascii() for c in word)
        against += sum(b.isupper() and not b.isascii() for a, b in pairwise(word) if a.islower())
        if encoding not in LATIN and others < len(word):
            against += others
    return (known - against) / len(beyond)

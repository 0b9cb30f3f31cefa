"""The language of a catalogue, its stop words, and the words of scripts that put no spaces between them.

The script is read off the letters' Unicode names; among languages of the Latin script the one counts whose function
words and own letters are most frequent. simplemma's own detection needs 4 s to load seven dictionaries, and says little
of names without function words. Nothing else is fitted or chosen by this.

A text of Chinese or Japanese is cut into overlapping pairs of letters, as Lucene's CJKAnalyzer does, and one of Thai,
Lao, Khmer or Burmese into overlapping threes of grapheme clusters: letter groups retrieve about as well as words do
(McNamee & Mayfield 2004) and need no dictionary. Word breakers for these scripts (ICU, jieba, MeCab) carry one each.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

MAX_TEXTS, MAX_CHARACTERS = 2000, 400
"""Texts that are looked at, and characters of each: enough to count function words."""
MIN_EVIDENCE, MIN_HITS = 0.02, 2
"""Function words and own letters, to all words and in all, at least, for a language other than English."""
OVER_ENGLISH = 1.5
"""Factor by which its evidence must exceed that of English, whose words stand in catalogues of any language."""

_WORDS = {
    "en": "the and of for with in to on by from is are your this that it be as at you our or an all can will not "
    "no yet has have was but if so we my me do more new set",
    "de": "und der die das mit für von aus in im den dem des ein eine einen einem einer ist sind auf zu zum zur bei "
    "nicht auch als an oder sich wird werden sie ihr ohne durch nach über unter bis wie es nur",
    "fr": "et le la les de des du un une en pour avec dans sur au aux par est sont sans ce cette ou plus votre vos que "
    "qui pas son sa ses il elle se ne",
    "es": "y el la los las de del un una en para con por es son sin este esta o más su sus que al como se lo no muy",
    "it": "e il lo la i gli le di del della dei delle dello un una in per con su da dal nel nella è sono senza questo "
    "questa o più che al alla si non come anche",
    "pt": "e o a os as de do da dos das um uma em para com por é são sem este esta ou mais seu sua que ao à no na "
    "nos nas se não como",
    "nl": "en de het een van voor met in op aan uit bij is zijn te dat deze dit die of zonder niet ook als naar om je",
    "pl": "i w z na do dla ze od po o jest są się to nie oraz lub bez przez jak",
    "sv": "och i med för av en ett på till den det som är från utan eller inte är de",
    "da": "og i med for af en et på til den det som er fra uden eller ikke de",
    "tr": "ve ile için bir bu da de olan veya çok en",
    "vi": "và của cho với các là có trong một được không",
    "id": "dan yang untuk dengan dari di ke ini itu atau pada tidak",
    "ru": "и в с на для из от по не это или как к до у о",
    "uk": "і в з на для із від по не це або як та до у й",
}
"""Frequent function words, by which a language is recognised; the stop words of all of them but English."""
FUNCTION_WORDS = {code: frozenset(words.split()) for code, words in _WORDS.items()}
_OWN_LETTERS = {
    "de": "äöüß", "fr": "èêëàâçœîïùû", "es": "ñ¿¡áíóú", "it": "àèìòù", "pt": "ãõçáâê", "pl": "ąęłńśźż", "sv": "åäö",
    "da": "æøå", "tr": "ışğç", "vi": "ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ", "uk": "іїєґ", "ru": "ыэъё",
}  # fmt: skip
_CYRILLIC = frozenset({"ru", "uk"})
_SCRIPTS = {
    "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta", "TELUGU": "te", "GUJARATI": "gu", "KANNADA": "kn",
    "MALAYALAM": "ml", "GURMUKHI": "pa", "SINHALA": "si", "THAI": "th", "LAO": "lo", "KHMER": "km", "MYANMAR": "my",
    "HANGUL": "ko", "HEBREW": "he", "GREEK": "el", "GEORGIAN": "ka", "ARMENIAN": "hy", "ARABIC": "ar", "CJK": "zh",
    "HIRAGANA": "ja", "KATAKANA": "ja",
}  # fmt: skip
NAMES = {
    "ar": "Arabic", "bn": "Bengali", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fr": "French", "he": "Hebrew", "hi": "Hindi", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "sv": "Swedish", "ta": "Tamil",
    "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
    "mul": "of several languages", "fa": "Persian", "ur": "Urdu",
}  # fmt: skip
LEMMAS = frozenset(
    ["da", "de", "el", "en", "es", "fr", "hi", "hy", "id", "it", "ka", "nl", "pl", "pt", "ru", "sv", "tr", "uk"]
)
"""Languages that simplemma has a dictionary of, of those that are recognised here."""
UNSPACED = {"zh": "Chinese", "ja": "Japanese", "th": "Thai", "lo": "Lao", "km": "Khmer", "my": "Burmese"}
_PAIRS = r"\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々"
_THREES = r"\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}"
_WORD = regex.compile(
    rf"(?P<pairs>[{_PAIRS}]+)|(?P<threes>[{_THREES}][{_THREES}\p{{M}}]*)"
    rf"|(?P<word>(?:(?![{_PAIRS}{_THREES}])\p{{L}}[\p{{M}}\u200c\u200d]*)+)"
)

SEVERAL = "mul"
"""The code, of ISO 639-2, of a catalogue in several languages: there are no stop words and no lemmas then."""
MIN_SCRIPT = 0.6
"""Fraction of the letters that are of one script, at least, where the catalogue is of one language."""


@dataclass(frozen=True)
class Language:
    """The language of a catalogue, as an ISO 639-1 code or `SEVERAL`, and by what it was found."""

    code: str
    reason: str

    @property
    def name(self) -> str:
        """Its English name, or the code."""
        return NAMES.get(self.code, self.code)


def detect(texts: Sequence[str]) -> Language:
    """The language that most of the texts are written in; English where nothing speaks for another."""
    every = -(-len(texts) // MAX_TEXTS) or 1
    sample = [text[:MAX_CHARACTERS].lower() for text in texts[::every]]
    scripts: Counter[str] = Counter()
    for text in sample:
        scripts.update(_script(c) for c in text if c.isalpha())
    if not scripts:
        return Language("en", "no text speaks for another")
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
    if kana > 0.1 * (kana + scripts["CJK"]) and kana + scripts["CJK"] > 0.5 * scripts.total():
        return Language("ja", f"{_percent(kana + scripts['CJK'], scripts)} of the letters are Japanese")
    script, count = scripts.most_common(1)[0]
    if count < MIN_SCRIPT * scripts.total():
        shown = ", ".join(f"{name.title()} {_percent(number, scripts)}" for name, number in scripts.most_common(3))
        return Language(SEVERAL, f"letters of several scripts: {shown}")
    if script in _SCRIPTS:
        code = _arabic(sample) if script == "ARABIC" else _SCRIPTS[script]
        return Language(code, f"{_percent(count, scripts)} of the letters are {script.title()}")
    return _by_words(sample, script)


def _percent(count: int, scripts: Counter[str]) -> str:
    return f"{100 * count // scripts.total()} %"


@lru_cache(maxsize=20_000)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]


def _arabic(sample: Sequence[str]) -> str:
    letters = Counter("".join(sample))
    if sum(map(letters.__getitem__, "ٹڈڑےں")) > 0.01 * letters.total():
        return "ur"
    return "fa" if sum(map(letters.__getitem__, "پچژگ")) > 0.01 * letters.total() else "ar"


def _by_words(sample: Sequence[str], script: str) -> Language:
    counts = Counter(word for text in sample for word in regex.findall(r"\p{L}[\p{L}\p{M}]*", text))
    codes = _CYRILLIC if script == "CYRILLIC" else FUNCTION_WORDS.keys() - _CYRILLIC
    evidence = dict.fromkeys(sorted(codes), 0.0)
    for word, count in counts.items():
        # one letter is a size, an initial or a unit more often than a word
        having = [code for code in codes if word in FUNCTION_WORDS[code] and (len(word) > 1 or script == "CYRILLIC")]
        own = [code for code in codes if not set(_OWN_LETTERS.get(code, "")).isdisjoint(word)]
        for found in (having, own):
            for code in found:
                evidence[code] += count / len(found)
    best = max(evidence, key=lambda code: evidence[code])
    if evidence[best] < max(MIN_HITS, MIN_EVIDENCE * counts.total()) or evidence[best] < OVER_ENGLISH * evidence.get(
        "en", 0.0
    ):
        if script == "CYRILLIC":
            return Language("ru", "the letters are Cyrillic")
        best = "en"
    if not evidence.get(best):
        return Language(best, "no word speaks for another")
    return Language(best, "its function words and letters are the most frequent")


def words(text: str) -> list[str]:
    """The words of a lower-case text: runs of two letters or more with their combining signs, and letter groups.

    Chinese and Japanese runs give overlapping pairs of letters, Thai, Lao, Khmer and Burmese ones overlapping threes
    of grapheme clusters; a shorter run stays whole.
    """
    found: list[str] = []
    for match in _WORD.finditer(text):
        run = match.group()
        if match.lastgroup == "word":
            found += [run] if len(run) > 1 else []
        elif match.lastgroup == "pairs":
            found += groups(list(run), 2)
        else:
            found += groups(regex.findall(r"\X", run), 3)
    return found


def groups(letters: Sequence[str], size: int) -> list[str]:
    """The overlapping groups of `size` letters in a run; the run itself if it is shorter."""
    return ["".join(letters[at : at + size]) for at in range(max(1, len(letters) - size + 1))]

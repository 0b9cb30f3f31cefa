"""What one cell means: text, a list, a price, the names of images, or a word for a missing value."""

import ast
import html
import json
import math
import re
import warnings
from typing import Any

from ingestion.reading.rows import mend

MAX_CELL = 100_000
"""Characters of a cell that are kept: some thirty pages, more than the description of any product."""
MISSING = frozenset(
    {
        *("", "na", "n/a", "n.a.", "#n/a", "#na", "<na>", "nan", "null", "(null)", "none", "(none)", "nil", "\\n", "-"),
        *("--", "---", "–", "—", "?", ".", "undefined", "missing", "uncategorised", "uncategorized", "no category"),
        *("not available", "not applicable", "unkategorisiert", "ohne kategorie", "non classé", "sin categoría"),
        *("sin categoria", "senza categoria", "sem categoria"),
    }
)
"""Words that stand for a missing value: of R, Python, MySQL, Excel, and of shops for a missing category."""
TECHNICAL = frozenset({"", "#n/a", "<na>", "nan", "null", "(null)", "\\n", "undefined"})
"""Those that are no word of a name or text either."""
IMAGE_SUFFIX = re.compile(r"\.(?:jpe?g|png|webp|gif|bmp|jfif|avif|tiff?)(?:$|[?#&])", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_IMAGE_KEYS = (
    "path",
    "file",
    "file_name",
    "filename",
    "src",
    "url",
    "large",
    "hi_res",
    "image",
    "link",
    "medium",
    "thumb",
)
_NAME_KEYS = (
    "name",
    "title",
    "label",
    "value",
    "text",
    "en",
    "en_us",
    "en-us",
    "en_gb",
    "default",
    "node_name",
    "$oid",
)


def is_missing(text: str | None) -> bool:
    """Whether a cell is empty or holds one of `MISSING`."""
    return text is None or text.strip().casefold() in MISSING


def as_text(value: Any) -> str | None:
    """A cell as text: a list of strings one to a line, anything nested as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False, default=lambda item: f"<{type(item).__name__}>")


def unpack(value: Any) -> Any:
    """A list or an object written in a cell, as JSON or as Python writes it; any other value as it is."""
    if not isinstance(value, str) or len(value) > MAX_CELL or value.lstrip()[:1] not in ("[", "{"):
        return value
    for read in (json.loads, _python):
        try:
            found = read(value.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, (list, tuple, dict)):
            return list(found) if isinstance(found, tuple) else found
    return value


def _python(text: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # a backslash that Python does not know
        return ast.literal_eval(text)


def as_list(value: Any) -> list[str]:
    """The strings of a list, also of one written in a cell, of lists in lists the first; empty if it is no list."""
    value = unpack(value)
    if not isinstance(value, list):
        return []
    if value and all(isinstance(item, list) for item in value):
        return as_list(value[0])
    if value and all(isinstance(item, dict) and {"language_tag", "value"} <= item.keys() for item in value):
        tags = [str(item["language_tag"]).casefold()[:2] for item in value]
        of = "en" if "en" in tags else tags[0]
        value = [item for item, tag in zip(value, tags, strict=True) if tag == of]
    return [text for item in value if (text := _named(item)) is not None]


def naming(value: Any) -> Any:
    """A nested value as the text that names it: {"id": 7, "name": "Mugs"} is 'Mugs'; of languages English or the first.

    Lists become lists of texts. What has no name stays as it is.
    """
    value = unpack(value) if isinstance(value, str) else value
    if isinstance(value, dict):
        found = _named(value)
        return value if found is None else found
    if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        return as_list(value) or value
    return value


def _named(item: Any) -> str | None:
    if isinstance(item, str):
        return item
    if not isinstance(item, dict):
        return None
    lower = {str(name).casefold(): part for name, part in item.items()}
    for name in _NAME_KEYS:
        if name in lower and (found := _named(lower[name])) is not None:
            return found
    languages = [part for name, part in lower.items() if re.fullmatch(r"[a-z]{2}(?:[-_][a-z]{2})?", name)]
    if languages and len(languages) == len(lower):
        return next((part for part in languages if isinstance(part, str)), None)
    return None


def image_names(value: Any) -> list[str]:
    """The names, paths or addresses of a product's images in a cell, in their order, each once.

    Read are a list (also one written in the cell), objects of names or addresses, and text with one to a line or
    separated by '|', ';' or ','. A comma separates only if an address or a name with an image suffix follows it.
    """
    names = [mend(name)[0].strip()[:MAX_CELL] for name in _image_names(unpack(value))]
    return list(dict.fromkeys(name for name in names if not is_missing(name)))


def _image_names(value: Any) -> list[str]:
    if isinstance(value, str):
        return _split_names(value)
    if isinstance(value, list):
        return [name for item in value for name in _image_names(unpack(item))]
    if isinstance(value, dict):
        lower = {str(name).casefold(): part for name, part in value.items() if part}
        known = [lower[name] for name in _IMAGE_KEYS if name in lower]
        return [name for part in known or lower.values() for name in _image_names(part)]
    return []


def _split_names(text: str) -> list[str]:
    parts: list[str] = []
    for piece in re.split(r"[|;\n\r\t]+|\s+(?=(?:https?:)?//)", text):
        cut = [part.strip().strip("\"'") for part in piece.split(",")]
        if len(cut) > 1 and all(_ADDRESS.match(part) or IMAGE_SUFFIX.search(part) for part in cut if part):
            parts += _rejoined(cut)
        elif len(cut) > 1 and _ADDRESS.match(piece.strip()):
            parts += re.split(r"\s*,\s*(?=(?:https?:)?//)", piece.strip())
        else:
            parts.append(piece.strip().strip("\"'"))
    return [part for part in parts if part]


def _rejoined(parts: list[str]) -> list[str]:
    """Parts of a text that was cut at commas; a comma within an address, as in '/w_300,h_200/a.jpg', is put back."""
    names: list[str] = []
    for part in filter(None, parts):
        if names and _ADDRESS.match(names[-1]) and not _ADDRESS.match(part) and not IMAGE_SUFFIX.search(names[-1]):
            names[-1] += "," + part
        else:
            names.append(part)
    return names


def parse_price(cell: str) -> float | None:
    """The one number of a price as people write it: '1899.0', 'Rs. 1,899', '1.234,50 €'; None if there is none.

    The last dot or comma is the decimal sign, unless only one of the two signs occurs and exactly three digits follow.
    """
    if re.fullmatch(r"\d+(\.\d*)?([eE][+-]?\d+)?", cell, re.ASCII):
        price = float(cell)
        return price if math.isfinite(price) else None
    numbers = re.findall(r"-?\d[\d.,' \u00a0\u202f]*", cell[:100], re.ASCII)
    if len(numbers) != 1 or numbers[0].startswith("-"):
        return None
    digits = re.sub(r"[' \u00a0\u202f]", "", numbers[0]).rstrip(".,")
    whole, mark, rest = digits, "", ""
    if found := re.search(r"[.,](?=\d*$)", digits):
        whole, mark, rest = digits[: found.start()], found.group(), digits[found.end() :]
    thousands = mark and len(rest) == 3 and not re.search(r"[.,]", whole.replace(mark, ""))
    if thousands:
        whole, rest = whole + rest, ""
    return float(re.sub(r"[.,]", "", whole) + "." + (rest or "0"))


def plain(text: str) -> str:
    """A text of a cell for one line of output: entities resolved, tags and line ends as spaces."""
    return " ".join(re.sub(r"<[^<>]*>", " ", html.unescape(text)).split())

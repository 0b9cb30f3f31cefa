"""From a product's text as written to lemmas: small functions in the order of `clean`; then boilerplate is dropped.

The raw text is kept beside the clean one: sentence encoders read the raw text, word methods the clean. The steps
are for English; a text of another language keeps its words, unlemmatised.
"""

import html
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

import ftfy
import pyarrow as pa
import simplemma

from ingestion.issues import Issues
from ingestion.reading import boilerplate
from ingestion.task import Progress, Work
from store.errors import ConfigError
from store.tables import table

SCHEMA = table("texts").schema
TEXT_COLUMNS = ("name", "description", "brand")
LABELS = ("category", "category_path")
BATCH = 1000
# Words of the stop list that name a product, a part or a property of one in any shop (a top, a thin cable, a sound
# system): Nothman et al. (2018, 'Stop word lists in free open-source software packages') on such mistakes of the list.
# fmt: off
CONTENT_WORDS = frozenset({
    "back", "bill", "bottom", "cry", "detail", "empty", "fill", "fire", "front", "full", "interest", "mill", "mine",
    "side", "system", "thick", "thin", "top",
})
# fmt: on
_UPPER, _LOWER = "A-ZÀ-ÖØ-Þ", "a-zß-öø-ÿ"
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!-[^<>]*>")
_GLUED = re.compile(rf"(?<=[{_LOWER}][{_LOWER}])(?=[{_UPPER}])")
_CLITIC = re.compile(r"\b[a-z]+n't\b|'(?:s|ll|re|ve|d|m)\b")
_WORD = re.compile(r"[^\W\d_]{2,}")


def clean(text: str) -> str:
    """The text as lemmas joined by spaces: the steps below in their order; '' if nothing is left."""
    text = mend_unicode(text)
    text = strip_html(text)
    text = split_glued(text)
    return " ".join(lemma(word) for word in words(text.lower()) if word not in stop_words())


def mend_unicode(text: str) -> str:
    """Mojibake mended and quotes straightened (ftfy), compatible characters made one (NFKC): 'ﬁ' is 'fi'."""
    return ftfy.fix_text(text, normalization="NFKC", unescape_html=False)


def strip_html(text: str) -> str:
    """Entities resolved and tags replaced by a space; '<' as less-than stays."""
    return _TAG.sub(" ", html.unescape(text))


def split_glued(text: str) -> str:
    """'FashionShapewear' becomes 'Fashion Shapewear': words that a stripped tag has joined.

    Two small letters are required before the capital, so that 'iPhone' and 'eBay' stay. Sentences glued at their
    full stop ('interiors.This') need no step: `words` separates them.
    """
    return _GLUED.sub(" ", text)


def words(text: str) -> list[str]:
    """The words of a lower-case text: runs of two letters or more, without "n't" words and endings as in "women's".

    Punctuation and digits separate words and are dropped: a figure ('213', '899') distinguishes products, not types of
    product, while the unit beside it distinguishes types and is kept: '213cm' is 'cm', '16 GB' is 'gb'.
    """
    return _WORD.findall(_CLITIC.sub(" ", text))


@cache
def stop_words() -> frozenset[str]:
    """The Glasgow list of English stop words (scikit-learn's copy of it) without `CONTENT_WORDS`."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS - CONTENT_WORDS)


@lru_cache(maxsize=200_000)
def lemma(word: str) -> str:
    """The dictionary form of a word (simplemma, English): 'curtains' is 'curtain'; an unknown word stays."""
    found = simplemma.lemmatize(word, lang="en").lower()
    return found if len(found) > 1 else word


def step(work: Work, *, columns: tuple[str, ...]) -> None:
    """Write `texts` and `issues` of the catalogue's products."""
    check_columns(columns)
    products = work.read("catalogue", "products", ["product_id", "catalogue_row", *columns])
    for rows, issues in text_batches(products, columns, work.progress):
        work.write("texts", rows)
        work.write("issues", issues)


def texts(products: pa.Table, columns: tuple[str, ...], progress: Progress) -> tuple[pa.Table, pa.Table]:
    """The tables `texts` and `issues` of `products`, whole; see `text_batches`."""
    parts = list(text_batches(products, columns, progress))
    return pa.concat_tables([rows for rows, _ in parts]), pa.concat_tables([issues for _, issues in parts])


def text_batches(
    products: pa.Table, columns: tuple[str, ...], progress: Progress
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Tables `texts` and `issues` of every 1,000 products; `columns` are joined in their order to the raw text.

    A product without text is not in `texts` but in `issues` (one row for all of them if none has any). One whose
    cleaning leaves nothing is in both: its raw text can still be read. `progress` is called with (products done,
    products in all). ConfigError if a column is not text, or is the category: the labels must not be in the text.
    """
    check_columns(columns)
    issues = Issues("texts")
    names = " and ".join(columns)
    if not any((cell.as_py() or "").strip() for column in columns for cell in products[column]):
        if len(products):
            issues.add("no text", f"All {len(products):,} products are empty in {names}: there is no text to compare.")
        progress(len(products), len(products))
        yield pa.Table.from_pylist([], schema=SCHEMA), issues.take()
        return
    every = -(-len(products) // boilerplate.SAMPLE_SIZE) or 1
    repeated = boilerplate.find(clean(_raw(parts)).split() for parts in _rows(products.select(list(columns))[::every]))
    done = 0
    for batch in products.select(["product_id", "catalogue_row", *columns]).to_batches(max_chunksize=BATCH):
        rows = []
        for product_id, row, *parts in _rows(batch):
            raw = _raw(parts)
            cleaned = " ".join(boilerplate.strip(clean(raw).split(), repeated))
            if not raw:
                issues.add("empty text", f"Empty in {names}; text methods leave the product out.", product_id, row)
                continue
            if not cleaned:
                detail = "Nothing is left of the text after cleaning; word methods leave the product out."
                issues.add("no words", detail, product_id, row)
            counts = {"raw_words": len(raw.split()), "clean_words": len(cleaned.split())}
            rows.append({"product_id": product_id, "raw": raw, "clean": cleaned, **counts})
        done += len(batch)
        yield pa.Table.from_pylist(rows, schema=SCHEMA), issues.take()
        progress(done, len(products))


def _rows(table: pa.Table | pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _raw(parts: Sequence[str | None]) -> str:
    return join([part for part in parts if part and part.strip()])


def check_columns(columns: tuple[str, ...]) -> None:
    """ConfigError if one of the columns that make the text is not a text column of `products`, or is the category."""
    for column in columns:
        if column in LABELS:
            raise ConfigError(
                f"catalogue.text names {column!r}: the labels would be part of the text. Use {', '.join(TEXT_COLUMNS)}."
            )
        if column not in TEXT_COLUMNS:
            raise ConfigError(
                f"catalogue.text names {column!r}, which is not a text column; use {', '.join(TEXT_COLUMNS)}."
            )
    if not columns or len(set(columns)) < len(columns):
        raise ConfigError(f"catalogue.text is {columns!r}; name at least one column, and each once.")


def join(parts: list[str]) -> str:
    """Parts as sentences of one text: '. ' between them, or a space after a part that ends in '.', '!' or '?'."""
    text = ""
    for part in parts:
        joint = "" if not text else " " if text.endswith((".", "!", "?")) else ". "
        text += joint + part.strip()
    return text

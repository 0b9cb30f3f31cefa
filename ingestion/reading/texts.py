"""From a product's text as written to lemmas: small functions in the order of `clean`; then boilerplate is dropped.

The raw text is kept beside the clean one: sentence encoders read the raw text, word methods the clean. Stop words and
lemmas are those of the catalogue's language (`languages.detect`, or the setting); where there is no dictionary of it
the words stay as they are. The words of other languages in it stay too.
"""

import html
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from tempfile import TemporaryFile
from typing import Any

import pyarrow as pa

from ingestion.issues import Issues
from ingestion.reading import boilerplate, languages
from ingestion.reading.languages import UNSPACED, Language
from ingestion.reading.stop_words import ENGLISH
from ingestion.task import Progress, Work
from store.chunks import Chunks
from store.errors import ConfigError
from store.tables import table

SCHEMA = table("texts").schema
TEXT_COLUMNS = ("name", "description", "brand")
LABELS = ("category", "category_path")
BATCH = 1000
_UPPER, _LOWER = "A-ZÀ-ÖØ-Þ", "a-zß-öø-ÿ"
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!-[^<>]*>")
_GLUED = re.compile(rf"(?<=[{_LOWER}][{_LOWER}])(?=[{_UPPER}])")
_CLITIC = re.compile(r"\b[a-z]+n't\b|'(?:s|ll|re|ve|d|m)\b")


def clean(text: str, language: str = "en") -> str:
    """The text as lemmas joined by spaces: the steps below in their order; '' if nothing is left."""
    text = mend_unicode(text)
    text = strip_html(text)
    text = split_glued(text)
    stop = stop_words(language)
    return " ".join(lemma(word, language) for word in words(lower(text)) if word not in stop)


def lower(text: str) -> str:
    """In lower case, the Turkish 'İ' as 'i' without the dot that Unicode puts behind it."""
    return text.lower().replace("i\u0307", "i")


def mend_unicode(text: str) -> str:
    """Mojibake mended and quotes straightened (ftfy), compatible characters made one (NFKC): 'ﬁ' is 'fi'."""
    import ftfy

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
    product, while the unit beside it distinguishes types and is kept: '213cm' is 'cm', '16 GB' is 'gb'. Scripts without
    spaces give letter groups (`languages.words`).
    """
    return languages.words(_CLITIC.sub(" ", text))


def stop_words(language: str = "en") -> frozenset[str]:
    """The stop words of a language: for English those of `stop_words`.

    For other languages their frequent function words (`languages.FUNCTION_WORDS`); none where there is no list.
    """
    return ENGLISH if language == "en" else languages.FUNCTION_WORDS.get(language, frozenset())


@lru_cache(maxsize=200_000)
def lemma(word: str, language: str = "en") -> str:
    """The dictionary form of a word (simplemma): 'curtains' is 'curtain'; an unknown word stays, and any of a language
    without dictionary (`languages.LEMMAS`), or of a script that English has not.
    """
    if language not in languages.LEMMAS or (language == "en" and not word.isascii()):
        return word
    import simplemma

    found = simplemma.lemmatize(word, lang=language).lower()
    return found if len(found) > 1 else word


def step(work: Work, *, columns: tuple[str, ...], language: str | None = None) -> None:
    """Write `texts` and `issues` of the catalogue's products; `language` is found by looking where it is None."""
    check_columns(columns)
    products = work.read("catalogue", "products", ["product_id", "catalogue_row", *columns])
    for rows, issues in text_batches(products, columns, work.progress, language, work.chunks):
        work.write("texts", rows)
        work.write("issues", issues)


def texts(products: pa.Table, columns: tuple[str, ...], progress: Progress) -> tuple[pa.Table, pa.Table]:
    """The tables `texts` and `issues` of `products`, whole; see `text_batches`."""
    parts = list(text_batches(products, columns, progress))
    return pa.concat_tables([rows for rows, _ in parts]), pa.concat_tables([issues for _, issues in parts])


def text_batches(
    products: pa.Table,
    columns: tuple[str, ...],
    progress: Progress,
    language: str | None = None,
    chunks: Chunks | None = None,
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Tables `texts` and `issues` of every 1,000 products; `columns` are joined in their order to the raw text.

    A product without text is not in `texts` but in `issues` (one row for all of them if none has any). One whose
    cleaning leaves nothing is in both: its raw text can still be read. The lemmas of a text are kept in `chunks` by
    the text and the catalogue's language; boilerplate is found anew, as it is that of the whole catalogue. `progress`
    is called with (products cleaned, products in all). ConfigError if a column is not text, or is the category: the
    labels must not be in the text.
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
    every, n = -(-len(products) // boilerplate.SAMPLE_SIZE) or 1, len(products)
    sample = [_raw(parts) for parts in _rows(products.select(list(columns))[::every])]
    its = Language(language, "as the setting language says") if language else languages.detect(sample)
    if its.code != "en":
        issues.add("language", describe(its))
    with TemporaryFile("w+", encoding="utf-8", prefix="aislemap-") as lemmas:
        results = (chunks or Chunks()).results(
            lambda: (_raw(parts) for parts in _rows_of_batches(products.select(list(columns)))),
            lambda raw: f"{its.code}\0{raw}",
            lambda raws: [clean(raw, its.code).encode() for raw in raws],
            lambda done, total: progress(done * n // total, n),
        )
        lemmas.writelines(f"{result.decode()}\n" for _, result in results)
        lemmas.seek(0)
        repeated = boilerplate.find(line.split() for line in islice(lemmas, 0, None, every))
        lemmas.seek(0)
        for batch in products.select(["product_id", "catalogue_row", *columns]).to_batches(max_chunksize=BATCH):
            rows = []
            for (product_id, row, *parts), line in zip(_rows(batch), lemmas, strict=False):
                raw, cleaned = _raw(parts), " ".join(boilerplate.strip(line.split(), repeated))
                if not raw:
                    issues.add("empty text", f"Empty in {names}; text methods leave the product out.", product_id, row)
                    continue
                if not cleaned:
                    detail = "Nothing is left of the text after cleaning; word methods leave the product out."
                    issues.add("no words", detail, product_id, row)
                counts = {"raw_words": len(raw.split()), "clean_words": len(cleaned.split())}
                row_of_text = {"product_id": product_id, "raw": raw, "clean": cleaned, "language": its.code}
                rows.append(row_of_text | counts)
            yield pa.Table.from_pylist(rows, schema=SCHEMA), issues.take()


def describe(language: Language) -> str:
    """In words what a language other than English means for the methods."""
    if language.code == languages.SEVERAL:
        words = "no language's stop words and lemmas are used"
    elif language.code in UNSPACED:
        words = "it puts no spaces between words, so word methods compare groups of letters"
    elif language.code in languages.LEMMAS:
        words = "stop words and lemmas are of this language"
    else:
        words = "there is no dictionary of it, so words stay as they are written"
    return (
        f"The texts are {language.name} ({language.reason}): {words}. The encoders bert and use were trained on "
        "English; `methods.bert.model` names another, as a multilingual. `language` in [catalogue] sets the language."
    )


def _rows(table: pa.Table | pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _rows_of_batches(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in table.to_batches(max_chunksize=BATCH):
        yield from _rows(batch)


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

"""Cleaning: each step does what it says; the raw text is kept; labels cannot get in."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from ingestion.config import Catalogue as Settings
from ingestion.reading import catalogue
from ingestion.reading import texts as module
from ingestion.reading.texts import clean, join, lemma, mend_unicode, split_glued, stop_words, strip_html, texts, words
from store.chunks import Chunks
from store.errors import ConfigError
from store.root import Root
from store.tables import table


def products(*rows: dict[str, Any]) -> pa.Table:
    numbered = ({"product_id": f"p{i}", "catalogue_row": i} | row for i, row in enumerate(rows, start=1))
    return pa.Table.from_pylist(list(numbered), schema=table("products").schema)


def quiet(done: int, total: int) -> None:
    pass


def test_mojibake_ligatures_and_wide_letters_are_mended() -> None:
    assert mend_unicode("cafÃ© ﬁt Ｌ") == "café fit L"


def test_entities_and_tags_go_and_a_less_than_sign_stays() -> None:
    assert strip_html("<p class='x'>mugs &amp; cups<br/>5 < 6</p>").split() == ["mugs", "&", "cups", "5", "<", "6"]


@pytest.mark.parametrize(
    ("glued", "parted"),
    [("FashionShapewear", "Fashion Shapewear"), ("colourRED", "colour RED"), ("iPhone eBay", "iPhone eBay")],
)
def test_words_glued_at_a_capital_are_split_and_brands_are_not(glued: str, parted: str) -> None:
    assert split_glued(glued) == parted


def test_sentences_glued_at_their_full_stop_are_split() -> None:
    assert words("the interiors.this curtain") == ["the", "interiors", "this", "curtain"]


def test_figures_go_and_the_units_beside_them_stay() -> None:
    assert words("213 cm x 16gb, 1,299.00") == ["cm", "gb"]


def test_possessives_contractions_and_hyphens_leave_their_words() -> None:
    assert words("women's t-shirt you'll l'oreal don't") == ["women", "shirt", "you", "oreal"]


def test_words_that_name_products_are_no_stop_words() -> None:
    assert {"the", "and", "with"} <= stop_words()
    assert not {"top", "system", "thin", "back"} & stop_words()


def test_the_stop_words_are_those_of_scikit_learn_but_for_names_of_products() -> None:
    assert stop_words() < ENGLISH_STOP_WORDS
    assert len(ENGLISH_STOP_WORDS - stop_words()) == 18


def test_cleaning_does_not_import_scikit_learn() -> None:
    code = (
        "import sys; from ingestion.reading.texts import clean; clean('the blue mugs'); print('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize(("word", "form"), [("curtains", "curtain"), ("women", "woman"), ("qwzrty", "qwzrty")])
def test_a_word_becomes_its_dictionary_form_if_it_is_known(word: str, form: str) -> None:
    assert lemma(word) == form


def test_the_steps_together() -> None:
    text = "<b>Buy</b> the Women&#39;s CurtainsWith 213 cm rings.This is it!"
    assert clean(text).split() == ["buy", "woman", "curtain", lemma("cm"), "ring"]


@pytest.mark.parametrize("text", ["", "12 34", "the and of", "<br>", "!!!", "\ufffd\u200f"])
def test_a_text_without_words_cleans_to_nothing(text: str) -> None:
    assert clean(text) == ""


def test_parts_are_joined_as_sentences() -> None:
    assert join(["Blue mug", " Holds tea. ", "Nice"]) == "Blue mug. Holds tea. Nice"


def test_the_raw_and_the_clean_text_are_kept_with_word_counts() -> None:
    found, issues = texts(products({"name": "Blue Mugs", "description": "The 2 mugs"}), ("name", "description"), quiet)
    assert found.schema == table("texts").schema
    (row,) = found.to_pylist()
    assert (row["raw"], row["clean"]) == ("Blue Mugs. The 2 mugs", "blue mug mug")
    assert (row["raw_words"], row["clean_words"]) == (5, 3)
    assert issues.num_rows == 0


def test_an_empty_text_and_one_that_cleans_to_nothing_are_reported() -> None:
    found, issues = texts(products({"name": "mug"}, {"name": "  "}, {"name": "42"}), ("name",), quiet)
    assert found["product_id"].to_pylist() == ["p1", "p3"]
    assert found["clean"].to_pylist() == ["mug", ""]
    assert [(i["product_id"], i["catalogue_row"], i["problem"]) for i in issues.to_pylist()] == [
        ("p2", 2, "empty text"),
        ("p3", 3, "no words"),
    ]


def test_a_catalogue_without_any_text_is_one_issue() -> None:
    found, issues = texts(products({}, {}, {}), ("name", "description"), quiet)
    assert found.num_rows == 0
    assert issues["problem"].to_pylist() == ["no text"]
    assert issues["detail"][0].as_py().startswith("All 3 products")


@pytest.mark.parametrize("columns", [("name", "category"), ("category_path",), ("attributes",), (), ("name", "name")])
def test_labels_and_columns_without_text_are_refused(columns: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"catalogue\.text"):
        texts(products({"name": "mug"}), columns, quiet)


def test_progress_counts_products() -> None:
    seen: list[tuple[int, int]] = []
    rows = products(*({"name": f"mug {n}"} for n in range(2500)))
    texts(rows, ("name",), lambda done, total: seen.append((done, total)))
    assert seen[:3] == [(1024, 2500), (2048, 2500), (2500, 2500)]


def test_every_flipkart_product_has_a_text_with_words(shared: Path) -> None:
    found = catalogue.read(shared / "data/flipkart/flipkart_com-ecommerce_sample_1050.csv", Settings())
    cleaned, issues = texts(found.products, ("name", "description"), quiet)
    assert (cleaned.num_rows, issues.num_rows) == (1050, 0)
    assert not any(char.isdigit() or char.isupper() for text in cleaned["clean"].to_pylist() for char in text)


def test_only_new_texts_are_cleaned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned: list[str] = []

    def counted(text: str, language: str = "en") -> str:
        cleaned.append(text)
        return clean(text, language)

    def read(*names: str, language: str = "en") -> list[dict[str, Any]]:
        cleaned.clear()
        rows = products(*({"name": name} for name in names))
        kept = Chunks(Root(tmp_path), "a" * 32)
        return pa.concat_tables(
            found for found, _ in module.text_batches(rows, ("name",), quiet, language, kept)
        ).to_pylist()

    monkeypatch.setattr(module, "clean", counted)
    templated = [f"Cups. Buy this mug online with free shipping today {n}" for n in range(6)]
    read("Blue Mugs", *templated)
    after = read("Blue Mugs", "Red Plates", *templated[1:])
    assert cleaned == ["Red Plates"]
    read("Blue Mugs", language="de")
    assert cleaned == ["Blue Mugs"]
    monkeypatch.undo()
    assert after == texts(products(*({"name": row["raw"]} for row in after)), ("name",), quiet)[0].to_pylist()

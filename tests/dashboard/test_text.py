"""The page Text: lengths, distinctive words, and one text before and after cleaning."""

import pytest
from dash import Dash

from store.questions import catalogue
from store.questions import texts as text_questions
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import BODIES, answered, filled, texts
from tests.factories import CATEGORIES


def test_the_text_page_says_how_long_texts_are_and_what_distinguishes_categories(app: Dash, large_store: Root) -> None:
    with Reader(large_store).cursor() as cursor:
        found, by_category = text_questions.lengths(cursor), text_questions.by_category(cursor)
    body = filled(app, "text-body")
    assert f"A text has {found.raw_median:.0f} words as written and {found.clean_median:.0f} cleaned" in body
    table = filled(app, "text-categories")
    assert all(c.category in table and set(c.terms) <= set(table.split()) for c in by_category)
    one = answered(app, "text-categories", BODIES["text-categories"] | {"text-categories-search.value": "watches"})
    assert [c for c in CATEGORIES if c in " ".join(texts(one["text-categories"]["children"]))] == ["Watches"]


def test_one_text_is_shown_as_written_and_cleaned(app: Dash, large_store: Root) -> None:
    answer = answered(app, "text-example", {"text-search.value": "aria", "text-page.active_page": 2})
    with Reader(large_store).cursor() as cursor:
        second = catalogue.search(cursor, "aria", None, 1, 1).products[0].product_id
        product = catalogue.product(cursor, second)
    assert product is not None
    shown = texts(answer["text-example"]["children"])
    assert product.raw in shown
    assert product.clean in shown
    none = answered(app, "text-example", {"text-search.value": "nothing like it", "text-page.active_page": 1})
    assert "No product matches" in texts(none["text-example"]["children"])


def test_terms_that_rest_on_few_texts_say_so(app: Dash, large_store: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    with Reader(large_store).cursor() as cursor:
        counted = {c.counted for c in text_questions.by_category(cursor)}
    monkeypatch.setattr(text_questions, "FEW_TEXTS", max(counted))
    table = filled(app, "text-categories")
    assert all((f"from {n} texts only" in table) == (n < max(counted)) for n in counted)
    assert len(counted) > 1

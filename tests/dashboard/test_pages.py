"""What each page of the study says, asked of the server as a browser does."""

import json
import re
from urllib.parse import urlsplit

import pytest
from dash import Dash

from dashboard import words
from dashboard.pages import discover
from dashboard.pages.map import first_shown
from store.questions import catalogue, findings, maps, study
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import BODIES, answered, filled
from tests.factories import DECLARED


@pytest.mark.parametrize("body", BODIES)
def test_every_page_is_filled_with_and_without_categories(app: Dash, bare_app: Dash, body: str) -> None:
    assert len(filled(app, body)) > 100
    assert filled(bare_app, body)


@pytest.mark.parametrize("body", BODIES)
def test_percent_is_written_in_one_way(app: Dash, body: str) -> None:
    text = filled(app, body)
    assert re.findall(r"\d%", text) == []
    assert words.percent(0.625) == "62\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize("body", BODIES)
def test_every_link_leads_to_a_page_or_a_file(app: Dash, body: str) -> None:
    paths = {page.path for page in discover()}
    parts = json.dumps(answered(app, body, BODIES[body]))
    linked = {urlsplit(found).path for found in re.findall(r'"href": "(/[^"]*)"', parts)}
    assert {path for path in linked if not path.startswith("/selection/")} <= paths


def test_every_page_has_an_empty_state(bare_store: Root) -> None:
    text = {p.path: str(p.layout(Reader(bare_store), "")) for p in discover()}
    assert "There are no figures per category" in text["/categories"]
    assert "There is no learning curve" in text["/methods/labels"]
    assert "There are no scores" in text["/methods"]
    assert "maps-metric" in text["/methods/maps"], "the silhouette of the maps needs no category"


def test_suspects_and_duplicates_can_be_filtered(app: Dash, large_store: Root) -> None:
    with Reader(large_store).cursor() as cursor:
        found = findings.suspects(cursor)
    assert found[0].name in filled(app, "findings-suspects")
    category = found[0].category or ""
    narrowed = filled(app, "findings-suspects", findings__category=category)
    assert f"{sum(s.category == category for s in found)} label" in narrowed
    assert "4 duplicates of earlier products" in filled(app, "findings-duplicates")
    near = filled(app, "findings-duplicates", findings__pairs="text.near")
    assert "1 duplicate of earlier products" in near
    assert "Similar text, similarity 0.97" in near
    assert "No duplicates were found" in filled(app, "findings-duplicates", findings__pairs="smell.exact")


def test_a_product_says_how_often_its_group_was_found_again(app: Dash, large_store: Root) -> None:
    with Reader(large_store).cursor() as cursor:
        placed = catalogue.placements(cursor, "P0003")
    text = filled(app, "product-body")
    for method, place in placed.items():
        again = words.percent(place.found_again)
        assert re.search(rf"{re.escape(words.method(method))} .*?group {place.cluster} {again}", text)


def test_suspects_say_by_how_many_methods_they_are_disputed(app: Dash, large_store: Root) -> None:
    with Reader(large_store).cursor() as cursor:
        votes = findings.suspect_votes(cursor)
    assert votes is not None
    text = filled(app, "findings-suspects")
    assert f"Disputed by {votes.fewest} to {votes.most} of {votes.methods} methods" in text


def test_a_model_of_several_methods_uses_their_page_names() -> None:
    joined = words.model("joint graph of count, tfidf, word2vec", "joint-text")
    assert joined == "joint graph of Bag of words, TF-IDF, Word2Vec"
    assert words.model("bert + cnn", "fusion") == "BERT + CNN"
    assert words.model("word2vec (gensim)", "word2vec") == "word2vec (gensim)"
    assert words.model(None, "glove") is None


def test_a_difference_that_is_one_never_reads_as_zero() -> None:
    assert [words.signed(v) for v in (-0.0021, 0.004, 0.0, -0.13)] == ["−0.002", "+0.004", "+0.00", "−0.13"]


def test_maps_begin_with_each_verdicts_best_mapped_method(large_store: Root) -> None:
    with Reader(large_store).cursor() as cursor:
        mapped = {m.method for m in maps.maps(cursor)}
        ranked = [s for s in study.ranking(cursor) if s.method in mapped]
        expected = [next(s.method for s in ranked if s.modality == scope) for scope in ("text", "image", "text+image")]
        shown = first_shown(cursor, DECLARED)
    assert [shown[f"m{i}"] for i in range(3)] == expected


@pytest.mark.parametrize("store", ["large_store", "small_store", "bare_store"])
def test_no_two_maps_are_the_same_at_first_where_there_are_others(store: str, request: pytest.FixtureRequest) -> None:
    with Reader(request.getfixturevalue(store)).cursor() as cursor:
        shown, have = first_shown(cursor, DECLARED), len(maps.maps(cursor))
    assert len({(shown[f"m{i}"], shown[f"r{i}"]) for i in range(4)}) == min(4, have)

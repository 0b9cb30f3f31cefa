"""A study of 200 and of 2,000 groups: the pages hold a bounded number of elements, and every group is found."""

import json
from typing import Any

import pytest
from dash import Dash
from plotly.utils import PlotlyJSONEncoder

from dashboard.app import create_app
from dashboard.pages.answer.head import MOST_CHIPS, answer
from dashboard.pages.categories import misplaced
from dashboard.pages.categories.groups import PER_PAGE
from dashboard.selecting import lists
from store.questions import groups
from store.questions.categories import CategoryVerdict
from store.questions.groups import Cell, Cluster
from store.questions.study import Verdict
from store.reader import Reader
from store.root import Root
from tests.crowd import WHERE, make_crowd
from tests.dashboard.ask import answered, texts

GROUPS = (200, 2000)
MOST = 3_000
"""Elements of a page's part at most: a browser draws so many in well under a second."""
CHOSEN = {"groups-method.value": "tfidf", "groups-grouping.value": "judged"}
CARDS = {**CHOSEN, "groups-search.value": "", "groups-order.value": "misplaced", "groups-page.active_page": 1}
TABLE = {
    "categories-method.value": "tfidf",
    "categories-figure.value": "f1",
    "categories-search.value": "",
    "categories-page.active_page": 1,
}
PARTS = {"groups-body": CHOSEN, "groups-cards": CARDS, "categories-body": TABLE}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Root]:
    return {count: make_crowd(tmp_path_factory.mktemp(f"crowd-{count}"), count) for count in GROUPS}


@pytest.fixture(scope="module")
def apps(stores: dict[int, Root]) -> dict[int, Dash]:
    return {count: create_app(root) for count, root in stores.items()}


def elements(node: Any) -> int:
    """How many elements the browser makes of an answer; of a heat map one per cell and per name."""
    if isinstance(node, list):
        return sum(map(elements, node))
    if not isinstance(node, dict):
        return 0
    props = node.get("props", node)
    if "figure" in props:
        return sum(len(trace["y"]) * len(trace["x"]) + len(trace["y"]) for trace in props["figure"]["data"])
    return 1 + elements(props.get("children"))


def cards(app: Dash, **inputs: Any) -> dict[str, Any]:
    """What the page of cards answers: the property of each component that it sets."""
    changed = {f"groups-{name}": value for name, value in inputs.items()}
    wanted = {key: changed.get(key.split(".")[0], value) for key, value in CARDS.items()}
    return answered(app, "groups-cards", wanted)


def names(answer: dict[str, Any]) -> list[str]:
    """The titles of the cards that are shown."""
    return [" ".join(texts(card)).split(" Group ")[0] for card in answer["groups-cards"]["children"]]


@pytest.mark.parametrize("count", GROUPS)
@pytest.mark.parametrize("part", PARTS)
def test_a_page_has_as_many_elements_with_2000_groups_as_with_200(apps: dict[int, Dash], part: str, count: int) -> None:
    made = elements(answered(apps[count], part, PARTS[part])[part]["children"])
    assert 100 < made < MOST
    assert made == elements(answered(apps[200], part, PARTS[part])[part]["children"])


@pytest.mark.parametrize("count", GROUPS)
def test_all_groups_are_on_the_pages_of_cards_once(apps: dict[int, Dash], count: int) -> None:
    last = cards(apps[count], order="name")["groups-page"]["max_value"]
    assert last == -(-count // PER_PAGE)
    ends = names(cards(apps[count], order="name")), names(cards(apps[count], order="name", page=last))
    assert ends[0] == [f"Aisle {g:04d}" for g in range(PER_PAGE)]
    assert ends[1] == [f"Aisle {g:04d}" for g in range((last - 1) * PER_PAGE, count)]


def test_cards_come_in_the_order_that_is_chosen(apps: dict[int, Dash]) -> None:
    assert names(cards(apps[200]))[0] == "Aisle 0198"
    assert names(cards(apps[200], order="purity"))[0] == "Aisle 0198"
    assert names(cards(apps[200], order="size"))[0] == "Aisle 0198"
    assert names(cards(apps[200], order="stability"))[0] == "Aisle 0199"
    assert "· 2 misplaced" in " ".join(texts(cards(apps[200])["groups-cards"]["children"][0]))


@pytest.mark.parametrize("text", ["aisle 0123", "THING123", "term123", "group 123"])
def test_a_group_is_found_by_name_category_term_and_number(apps: dict[int, Dash], text: str) -> None:
    assert names(cards(apps[200], search=text)) == ["Aisle 0123"]
    assert cards(apps[200], search=text)["groups-count"]["children"] == "1 group"


def test_a_search_without_a_match_and_a_page_too_far_say_so(apps: dict[int, Dash]) -> None:
    assert "No group matches" in " ".join(texts(cards(apps[200], search="zebra")["groups-cards"]["children"]))
    beyond = cards(apps[200], page=99)
    assert beyond["groups-page"]["active_page"] == 17
    assert beyond["groups-count"]["children"] == "200 groups, page 17 of 17"


def test_the_heat_map_says_which_part_it_shows(apps: dict[int, Dash]) -> None:
    body = answered(apps[2000], "groups-body", CHOSEN)["groups-body"]["children"]
    text = " ".join(texts(body))
    assert "30 of 2,000 categories, those with most products in another's group" in text
    assert "30 of 2,000 groups, those that hold most of these products" in text
    title = " ".join(texts(body[0]))
    assert "87\N{NO-BREAK SPACE}%" in title, "the title is of all products"


def test_a_category_is_found_among_2000(apps: dict[int, Dash]) -> None:
    found = answered(apps[2000], "categories-body", {**TABLE, "categories-search.value": "aisle 1999"})
    assert "Aisle 1999" in texts(found["categories-body"]["children"])
    assert found["categories-page"]["max_value"] == 1
    whole = answered(apps[2000], "categories-body", {**TABLE, "categories-page.active_page": 2})
    assert "2,000 categories, page 2 of 40. " in " ".join(texts(whole["categories-body"]["children"]))


def test_products_are_asked_for_the_groups_that_are_shown(stores: dict[int, Root]) -> None:
    where = (WHERE["method"], WHERE["grouping"])
    with Reader(stores[200]).cursor() as cursor:
        asked = (
            groups.examples(cursor, *where, fitting=2, odd=2, of=[3, 5]),
            groups.least_sure(cursor, *where, 2, of=[3, 5]),
        )
        assert groups.central(cursor, *where, 2, of=[3, 5]) == []
        assert [{p.cluster for p in found} for found in asked] == [{3, 5}, {3, 5}]
        assert groups.examples(cursor, *where, fitting=2, odd=2, of=[]) == []


def test_a_folded_table_keeps_the_categories_most_misplaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(misplaced, "MOST", 2)
    cells = [
        Cell("A", 0, "A", 90), Cell("A", 1, "B", 1), Cell("B", 1, "B", 5), Cell("B", 2, None, 9),
        Cell("C", 0, "A", 4),
    ]  # fmt: skip
    found = [Cluster(n, name, 10, name, 1.0) for n, name in enumerate(("A", "B", None))]
    columns, rows, left_out = misplaced.most(cells, found, ["A", "B", "C"])
    assert rows == ["B", "C"]
    assert [c.cluster for c in columns] == [0, 2], "where the misplaced ones of B and C are"
    assert left_out.startswith("2 of 3 categories")
    assert misplaced.by_group(cells) == {0: 4, 1: 1, 2: 9}


def test_a_page_beyond_the_last_is_the_last() -> None:
    assert lists.paged(list("abcde"), 9, 2) == (["e"], 3, 3)
    assert lists.paged([], None, 2) == ([], 1, 1)


def test_the_answer_names_thirty_categories_a_line_and_how_many_more() -> None:
    verdict = Verdict("text", "tfidf", "borderline", "", "manifold", "ari", 0.5, 0.4, 0.6, 0.65, 0.35)
    for needed, phrase in (("unknown", "the categories"), ("label", "Aisle 0004 and 1,995 more")):
        categories = [
            CategoryVerdict(f"Aisle {n:04d}", needed, None, "tfidf", "ari", None, None, None) for n in range(2_000)
        ]
        sent = json.dumps(answer(lambda *_: None, [verdict], categories, 0), cls=PlotlyJSONEncoder)
        assert sent.count("/products") == MOST_CHIPS
        assert "and 1,970 more" in sent
        assert phrase in sent

"""What the pages To check and Review show, by role and by what was decided, asked of the server as a browser does."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from dash import Dash

from dashboard.app import create_app
from dashboard.pages.check.review_card import COMPARED, key, marked, named
from dashboard.server.access import Access
from store import logs
from store.questions import reviews
from store.questions.reviews import Item
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import answered, texts
from tests.dashboard.test_reviewing import HERE, PAIR


@pytest.fixture(scope="module")
def app(small_store: Root) -> Dash:
    return create_app(small_store)


def asked(app: Dash, item: str = "", category: str = "*", before: str | None = None, snapshot: int = 1) -> Any:
    """What the page draws for that item of the address and that category, and what from; {} where nothing changes."""
    controls = {"finding.value": "*", "category.value": category, "item.data": item, "saved.data": None}
    inputs = {f"review-{name}": value for name, value in controls.items()} | {"logs.data": ""}
    return answered(app, "review-body", inputs, snapshot, state={"review-drawn.data": before})


def shown(app: Dash, item: str = "", category: str = "*") -> Any:
    """The page's body for that item of the address and that category."""
    return asked(app, item, category)["review-body"]["children"]


def text(node: Any) -> str:
    return " ".join(texts(node))


def items(root: Root) -> list[Item]:
    with Reader(root).cursor() as cursor:
        return reviews.items(cursor)


def test_a_reviewer_has_buttons_and_a_reader_has_none(small_store: Root, app: Dash) -> None:
    body = json.dumps(shown(app))
    assert '"data-act": "accept"' in body
    assert '"review-note"' in body
    reader = shown(create_app(small_store, Access(anonymous="reader")))
    assert '"data-act": "skip"' in json.dumps(reader)
    assert '"data-act": "accept"' not in json.dumps(reader)
    assert '"review-note"' not in json.dumps(reader)
    assert "Nobody logs in here, and so nobody decides" in text(reader)


def test_an_item_that_is_no_finding_is_replaced_by_no_other(small_store: Root, app: Dash) -> None:
    for wanted in ("suspect~nobody", "nonsense", "~", "%"):
        body = shown(app, item=wanted)
        assert "This item is not among the findings" in text(body)
        assert '"href": "/check/review?finding=%2A&category=%2A"' in json.dumps(body)
        assert "data-item" not in json.dumps(body)
    assert f'"data-item": "{key("suspect", items(small_store)[0].product_id)}"' in json.dumps(shown(app))
    assert "Nothing is to be reviewed" in text(shown(app, category="no such"))


def test_an_item_is_drawn_again_only_where_it_changed(unreviewed: Root) -> None:
    app = create_app(unreviewed)
    first, second = (key("suspect", item.product_id) for item in items(unreviewed)[:2])
    drawn = asked(app, first)["review-drawn"]["data"]
    assert asked(app, first, before=drawn) == {}
    sent = {**PAIR, "finding": "suspect", "product_id": items(unreviewed)[0].product_id, "other_product_id": None}
    assert app.server.test_client().post("/reviews", json=sent, headers=HERE).status_code == 204
    again = asked(app, first, before=drawn)
    assert f'"data-item": "{first}"' in json.dumps(again)
    assert "accepted" in text(again["review-body"]["children"])
    assert f'"data-item": "{second}"' in json.dumps(asked(app)), "the next open one, where none was shown"


def test_without_categories_there_are_pairs_alone(bare_store: Root) -> None:
    body = text(shown(create_app(bare_store)))
    assert "2 of 4 Same text" in body, "the first is decided"
    assert "Two products" in body
    assert "no image" in body


def test_a_decided_item_says_so_on_both_pages(unreviewed: Root) -> None:
    app = create_app(unreviewed)
    lists = {"findings-pairs.value": "*", "logs.data": ""}
    assert "rejected" not in text(answered(app, "findings-duplicates", lists))
    sent = {**PAIR, "decision": "reject", "note": "two colours"}
    assert app.server.test_client().post("/reviews", json=sent, headers=HERE).status_code == 204
    assert "rejected" in text(answered(app, "findings-duplicates", lists)["findings-duplicates"]["children"])
    reviewed = answered(app, "findings-reviewed", {"logs.data": ""})["findings-reviewed"]["children"]
    assert text(reviewed).startswith(f"1 of {len(items(unreviewed))}")
    body = shown(app, item="duplicate~P0010~P0003")
    assert "rejected" in text(body)
    assert '"data-note": "two colours"' in json.dumps(body)
    assert '"data-act": "reopen"' in json.dumps(body)


def test_an_item_that_is_open_again_says_what_was_decided_on_what(unreviewed: Root) -> None:
    suspect = items(unreviewed)[0]
    logs.append(unreviewed, "reviews", [{
        "happened": datetime(2026, 11, 27, 8, tzinfo=UTC), "finding": "suspect", "product_id": suspect.product_id,
        "decision": "accept", "category": "Toys", "suggested_category": "Games", "person": "ann",
    }])  # fmt: skip
    body = text(shown(create_app(unreviewed)))
    assert "open again" in body
    assert "It was accepted by ann, 27 Nov 2026, 08:00 UTC, when it was in Toys and Games was proposed." in body


def test_an_items_key_holds_any_id() -> None:
    assert key("suspect", "a", None) == "suspect~a"
    assert key("duplicate", "a~b%", "c") == "duplicate~a%7Eb%25~c"
    for ids in (("suspect", "a%7E~", None), ("duplicate", "a~b%", "c" * 3_000)):
        assert named(key(*ids)) == ids
    assert [named(text) for text in ("", "suspect", "suspect~a~b", "duplicate~a")] == [None] * 4


def test_the_page_of_a_suspect_leads_to_its_review(small_store: Root, app: Dash) -> None:
    first = items(small_store)[0]
    body = json.dumps(answered(app, "product-body", {"product-id.data": first.product_id}))
    assert f'"href": "/check/review?item=suspect~{first.product_id}"' in body
    other = next(i for i in items(small_store) if i.finding == "duplicate")
    assert "/check/review" not in json.dumps(answered(app, "product-body", {"product-id.data": other.other_product_id}))


def test_words_that_one_text_alone_has_are_marked() -> None:
    def parts(found: list[Any]) -> list[str]:
        return [part if isinstance(part, str) else f"<{part.children}>" for part in found]

    one, other = marked("a red wool rug", "a wool rug of two")
    assert "".join(parts(one)) == "a <red> wool rug "
    assert "".join(parts(other)) == "a wool rug <of two> "
    assert marked("same text", "same text") == (["same text"], ["same text"])
    assert marked("", "text") == ([], ["text"])
    long = "a " * (COMPARED + 1)
    assert marked(long, "b") == ([long], ["b"]), "not compared"

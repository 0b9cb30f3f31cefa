"""Reviews: the newest decision of a suspect or pair counts while it answers what the snapshot asks."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from store import logs, manifest, snapshot, tables
from store.parts import Part, PartWriter, finish
from store.questions import findings, reviews
from store.questions.reviews import Item
from store.reader import Reader
from store.root import Root
from tests.factories import make_store
from tests.store.numbered import stock

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
Decide = Callable[..., None]


@pytest.fixture
def decide(unreviewed: Root) -> Decide:
    """Write a decision on an item, each a minute after the one before; `seen` replaces what the person saw."""
    minutes = iter(range(1_000))

    def write(item: Item, decision: str, note: str | None = None, **seen: Any) -> None:
        row = {
            "happened": NOW + timedelta(minutes=next(minutes)), "finding": item.finding, "product_id": item.product_id,
            "other_product_id": item.other_product_id, "decision": decision, "note": note, "category": item.category,
            "suggested_category": item.suggested_category, "snapshot": 1, "person": "ann",
        }  # fmt: skip
        logs.append(unreviewed, "reviews", [row | seen])

    return write


def asked(root: Root, question: Callable[..., Any] = reviews.items, *values: Any) -> Any:
    with Reader(root).cursor() as cursor:
        return question(cursor, *values)


def again(root: Root, item: Item) -> Item:
    """The item as the store has it now."""
    found = asked(root, reviews.item, item.finding, item.product_id, item.other_product_id)
    assert isinstance(found, Item)
    return found


def test_items_are_the_findings_in_their_order(unreviewed: Root) -> None:
    found = asked(unreviewed)
    suspects = asked(unreviewed, findings.suspects)
    pairs = {(p.later.product_id, p.earlier.product_id): p.similarity for p in asked(unreviewed, findings.duplicates)}
    assert [i.product_id for i in found if i.finding == "suspect"] == [s.product_id for s in suspects]
    similar = [pairs.pop((i.product_id, i.other_product_id)) for i in found[len(suspects) :]]
    assert similar == sorted(similar, reverse=True)
    assert pairs == {}
    assert {i.decision for i in found} == {None}


def test_items_are_narrowed_by_finding_and_by_either_products_category(unreviewed: Root) -> None:
    every = asked(unreviewed)
    suspects, pairs = ([i for i in every if i.finding == f] for f in reviews.FINDINGS)
    assert asked(unreviewed, reviews.items, "suspect") == suspects
    assert asked(unreviewed, reviews.items, "duplicate") == pairs
    for category in asked(unreviewed, reviews.categories):
        of = [i for i in every if category in (i.category, i.other_category)]
        assert asked(unreviewed, reviews.items, None, category) == of != []
    assert asked(unreviewed, reviews.items, "suspect", "' OR 1=1 --") == []
    assert asked(unreviewed, reviews.item, "suspect", pairs[0].product_id, pairs[0].other_product_id) is None


@pytest.mark.parametrize("finding", [None, *reviews.FINDINGS])
def test_an_item_has_its_neighbours_of_the_list(unreviewed: Root, decide: Decide, finding: str | None) -> None:
    """The second item and the last but one are decided: those after them are not the next in order that is open."""
    every = asked(unreviewed, reviews.items, finding)
    decide(every[1], "accept")
    decide(every[-2], "reject")
    every = asked(unreviewed, reviews.items, finding)
    assert asked(unreviewed, reviews.progress, finding) == reviews.Progress(2, len(every))
    for n, item in enumerate(every):
        wanted = (item.finding, item.product_id, item.other_product_id)
        step = asked(unreviewed, reviews.step, finding, None, wanted)
        assert (step.item, step.place, step.of) == (item, n + 1, len(every))
        assert step.back == (every[n - 1] if n else None)
        assert step.forward == (every[n + 1] if n + 1 < len(every) else None)
        assert step.following == next(i for i in every[n + 1 :] + every[:n] if i.decision is None)
    assert asked(unreviewed, reviews.step, finding).item == every[0]
    assert asked(unreviewed, reviews.step, finding, "no such category") is None
    assert asked(unreviewed, reviews.step, finding, None, ("suspect", "nobody", None)) is None


def test_of_a_reviewed_list_no_item_is_open_and_each_is_found(unreviewed: Root, decide: Decide) -> None:
    pairs = asked(unreviewed, reviews.items, "duplicate")
    for pair in pairs:
        decide(pair, "accept")
    assert asked(unreviewed, reviews.step, "duplicate") is None
    last = asked(
        unreviewed, reviews.step, "duplicate", None, ("duplicate", pairs[-1].product_id, pairs[-1].other_product_id)
    )
    assert (last.place, last.of, last.following) == (len(pairs), len(pairs), None)
    assert asked(unreviewed, reviews.progress, "duplicate") == reviews.Progress(len(pairs), len(pairs))


def test_more_items_than_are_kept_in_memory_are_the_same(unreviewed: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = asked(unreviewed)
    monkeypatch.setattr(reviews, "KEPT_TO", 0)
    assert asked(unreviewed) == kept
    assert asked(unreviewed, reviews.categories) != []


def test_a_pair_with_text_and_image_the_same_is_one_item(tmp_path: Path) -> None:
    pair = {"product_id": "b", "duplicate_of": "a"}
    rows = [{**pair, "modality": "text", "similarity": 0.9}, {**pair, "modality": "image", "similarity": 1.0}]
    with snapshot.connect(published(tmp_path, duplicates=rows)) as cursor:
        (found,) = reviews.items(cursor, "duplicate")
    assert (found.product_id, found.other_product_id, found.category) == ("b", "a", None)


def test_the_newest_decision_counts_and_a_note_alone_decides_nothing(unreviewed: Root, decide: Decide) -> None:
    for item in asked(unreviewed)[0], asked(unreviewed, reviews.items, "duplicate")[0]:
        decide(item, "note", "look at the strap")
        noted = again(unreviewed, item)
        assert (noted.decision, noted.note, noted.person) == (None, "look at the strap", "ann")
        decide(item, "accept", person=None)
        decide(item, "reject")
        assert (again(unreviewed, item).decision, again(unreviewed, item).note) == ("reject", "look at the strap")
        decided = again(unreviewed, item)
        decide(item, "note", "", person="bob")
        assert (again(unreviewed, item).person, again(unreviewed, item).happened) == ("ann", decided.happened)
        assert (again(unreviewed, item).decision, again(unreviewed, item).note) == ("reject", None)
        decide(item, "reopen", person=None)
        assert (again(unreviewed, item).decision, again(unreviewed, item).earlier) == (None, None)
        assert again(unreviewed, item).person is None, "of the newest row, also where that has none"
    assert sum(i.decision is not None for i in asked(unreviewed)) == 0


def test_a_decision_is_kept_over_new_snapshots(unreviewed: Root, decide: Decide) -> None:
    pair = asked(unreviewed, reviews.items, "duplicate")[0]
    decide(pair, "accept", "one listing")
    assert make_store(unreviewed.path, seed=3, logs=False) == unreviewed
    assert manifest.numbers(unreviewed) == [1, 2]
    assert (again(unreviewed, pair).decision, again(unreviewed, pair).note) == ("accept", "one listing")
    with stock(unreviewed) as client:
        assert client.execute("SELECT decision FROM reviews").fetchall() == [("accept",)]


def test_a_pair_stays_decided_in_the_other_order(unreviewed: Root, decide: Decide) -> None:
    pair = asked(unreviewed, reviews.items, "duplicate")[0]
    decide(pair, "reject", product_id=pair.other_product_id, other_product_id=pair.product_id)
    assert again(unreviewed, pair).decision == "reject"


@pytest.mark.parametrize(
    ("decision", "seen", "holds"),
    [
        ("accept", {}, True),
        ("reject", {}, True),
        ("accept", {"category": "Toys"}, False),
        ("reject", {"category": "Toys"}, False),
        ("accept", {"suggested_category": "Toys"}, False),
        ("reject", {"suggested_category": "Toys"}, True),
        ("reject", {"category": None}, False),
    ],
)
def test_a_suspect_is_open_again_where_another_thing_was_decided(
    unreviewed: Root, decide: Decide, decision: str, seen: dict[str, Any], holds: bool
) -> None:
    suspect = asked(unreviewed)[0]
    decide(suspect, decision, **seen)
    found = again(unreviewed, suspect)
    assert (found.decision, found.earlier) == ((decision, None) if holds else (None, decision))
    was = {"category": suspect.category, "suggested_category": suspect.suggested_category} | seen
    assert (found.earlier_category, found.earlier_suggested) == (was["category"], was["suggested_category"])
    (row,) = asked(unreviewed, reviews.exported).to_pylist()
    assert (row["holds"], row["category_now"]) == (holds, suspect.category)


def test_the_export_has_one_row_per_reviewed_item_gone_ones_too(unreviewed: Root, decide: Decide) -> None:
    suspect, pair = asked(unreviewed)[0], asked(unreviewed, reviews.items, "duplicate")[0]
    decide(suspect, "accept")
    decide(pair, "reject", "=1+1")
    decide(suspect, "reject")
    decide(suspect, "accept", product_id="gone")
    rows = asked(unreviewed, reviews.exported).to_pylist()
    assert [(r["product_id"], r["other_product_id"], r["decision"], r["note"], r["holds"]) for r in rows] == [
        ("gone", None, "accept", None, None),
        (suspect.product_id, None, "reject", None, True),
        (pair.product_id, pair.other_product_id, "reject", "=1+1", True),
    ]
    assert all(row["name"] for row in rows[1:])
    assert rows[1]["happened"] == NOW + timedelta(minutes=2)


def test_a_store_that_has_no_reviews_yet_has_open_items_only(unreviewed: Root) -> None:
    assert logs.files(unreviewed, "reviews") == []
    assert asked(unreviewed, reviews.exported).num_rows == 0
    assert {i.decision for i in asked(unreviewed)} == {None}


def test_a_vote_is_the_prediction_by_which_suspects_are_found(unreviewed: Root) -> None:
    suspect = asked(unreviewed)[0]
    found = asked(unreviewed, reviews.votes, suspect.product_id)
    assert list(found) == sorted(found) == ["bert", "cnn", "count", "fusion", "sift", "tfidf"]
    assert all(vote.confidence == pytest.approx(0.8) for vote in found.values())
    assert suspect.suggested_category in {vote.predicted_category for vote in found.values()}
    assert asked(unreviewed, reviews.votes, "no such") == {}


def test_terms_speak_for_the_category_that_has_them_more_often(tmp_path: Path) -> None:
    """Four mugs, four rugs, and a product among the mugs with the words of both; the counts are not used."""
    mugs, rugs = [f"m{n}" for n in range(4)], [f"r{n}" for n in range(4)]
    products = [{"product_id": i, "category": "Mugs" if i[0] in "mx" else "Rugs"} for i in (*mugs, *rugs, "x")]
    words = {"handle": [*mugs, "x"], "wool": [*rugs, "x"], "new": [*mugs, *rugs, "x"]}
    terms = [{"method": "tfidf", "product_id": i, "term": w, "weight": 0.5} for w, ids in words.items() for i in ids]
    terms.append({"method": "count", "product_id": "x", "term": "never", "weight": 9.0})
    with snapshot.connect(published(tmp_path, products=products, terms=terms)) as cursor:
        found = reviews.evidence(cursor, "x", "Mugs", "Rugs")
        assert [e.term for e in found] == ["wool", "new", "handle"]
        assert found[0] == reviews.Evidence("wool", own=0.5 / 5, suggested=4.5 / 5)
        assert found[1].own == found[1].suggested
        assert found[2] == reviews.Evidence("handle", own=4.5 / 5, suggested=0.5 / 5)
        assert reviews.evidence(cursor, "x", "Mugs", None) == reviews.evidence(cursor, "y", "Mugs", "Rugs") == []


def published(folder: Path, **rows: list[dict[str, Any]]) -> Root:
    """A store with these rows of its tables alone."""
    root = Root(folder / "store")
    with PartWriter(root, "0" * 32) as writer:
        for name, its in rows.items():
            writer.write(tables.table(name), its)
    snapshot.publish(root, [finish(root, Part("0" * 32, "made", 0.1, 10.0, writer.files()))])
    return root

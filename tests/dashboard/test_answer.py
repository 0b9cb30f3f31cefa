"""The page Answer: its first lines, the leaderboard, costs, and what differs from an earlier snapshot."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dash import Dash

from dashboard.app import create_app
from dashboard.pages.answer import leaderboard
from dashboard.pages.answer.changes import moved, moved_products
from dashboard.pages.answer.head import answered_by, images_add, sentence
from dashboard.pages.answer.page import reason
from dashboard.plots import costs as costs_plot
from dashboard.selecting.selection import address, rule
from store.questions import catalogue, categories, comparisons, costs, estimates, moves, study
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import answered, filled, texts
from tests.factories import DECLARED, RESTS_ON, make_store

PLACED = "SELECT product_id, matched_category FROM clusters WHERE method = 'joint' AND grouping = 'manifold'"


def test_the_answer_page_begins_with_the_answer_and_categories(app: Dash, large_store: Root) -> None:
    found = answered(app, "answer-body", {"logs.data": "", "answer-since.data": 0})["answer-body"]["children"]
    text = " ".join(texts(found))
    assert re.search(r"(Yes|In part|Not yet): 2 of 7 categories can be automated now\.", text[:80])
    with Reader(large_store).cursor() as cursor:
        verdicts = categories.category_verdicts(cursor)
    for verdict in verdicts:
        assert address("/products", rule("category", verdict.category)) in json.dumps(found)
    assert "check 12 suspect labels" in text


def test_the_answer_is_that_of_what_could_be_judged() -> None:
    def verdict(scope: str, found: str) -> study.Verdict:
        return study.Verdict(scope, None, found, None, None, None, None, None, None, None, None)

    scopes = {name: verdict(name, "unknown") for name in ("text", "image", "text+image")}
    unknown = answered_by(scopes)
    assert unknown is scopes["text+image"]
    assert sentence(scopes["text"], []) == "Not known yet: the verdict is 'unknown'."
    text = verdict("text", "feasible")
    assert answered_by({**scopes, "text": text}) is text
    assert sentence(text, []) == "Yes: the verdict is 'feasible'."
    assert answered_by({}) is None


def test_the_answer_page_says_whether_text_and_both_differ() -> None:
    text, both = (
        study.Verdict(scope, name, "feasible", None, DECLARED, "ari", value, None, None, None, None)
        for scope, name, value in (("text", "bert", 0.7), ("text+image", "joint", 0.65))
    )
    differ = comparisons.Comparison("bert", DECLARED, "joint", DECLARED, "ari", 0.05, 0.01, 0.09, True, 90)
    assert "No difference was shown" in (images_add(lambda *_: replace(differ, distinct=False), text, both) or "")
    assert "the images lower the score" in (images_add(lambda *_: differ, text, both) or "")
    assert "the images raise" in (images_add(lambda *_: replace(differ, difference=-0.05), text, both) or "")
    assert "were not compared" in (images_add(lambda *_: None, text, both) or "")
    assert images_add(lambda *_: differ, None, both) is None


def test_the_first_line_says_what_a_study_of_a_sample_rests_on(
    app: Dash, large_store: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "rests on a sample" not in filled(app, "answer-body")
    monkeypatch.setattr(catalogue, "rests_on", lambda cursor: "a sample of 40 of 60 products")
    fresh = create_app(large_store)
    assert filled(fresh, "answer-body").startswith("The study rests on a sample of 40 of 60 products")


def test_the_headline_says_how_others_differ_from_the_declared() -> None:
    def compared(difference: float, distinct: bool) -> Any:
        return SimpleNamespace(difference=difference, distinct=distinct)

    scored = [SimpleNamespace(method="fusion"), SimpleNamespace(method="joint")]
    ahead, near, behind = compared(0.1, True), compared(-0.01, False), compared(-0.3, True)

    def headline(**others: Any) -> str:
        return leaderboard.headline(scored, "joint", others)

    assert headline(fusion=ahead, use=behind) == "The verdict rests on Joint text + image; Fusion is ahead of it"
    assert headline(bert=near, use=near).endswith("; BERT and USE are not shown to differ from it")
    assert headline(use=behind) == "The verdict rests on Joint text + image; every other method is behind it"
    assert leaderboard.headline(scored, None, {}) == "Fusion comes closest to the catalogue's own categories"
    assert leaderboard.headline([], None, {}) == "The methods"


def test_the_answer_page_names_methods_not_shown_to_differ(app: Dash, large_store: Root) -> None:
    text = filled(app, "answer-body")
    with Reader(large_store).cursor() as cursor:
        declared, *_ = comparisons.others(cursor)
        compared = comparisons.against(cursor, declared, "ari")
        scores = estimates.estimated_scores(cursor, "ari")
    tied = [c for c in compared.values() if not c.distinct]
    assert text.count("not shown to differ") == len(tied) + 1  # each row, and the title
    assert "The verdict rests on Joint text + image" in text
    assert "Against Joint text + image" in text
    for method in RESTS_ON.values():
        assert f"with the number of groups estimated: {scores[method].value:.2f} in 8 groups" in text


def test_named_groups_are_shown_as_no_clustering_where_there_are_any(app: Dash, bare_app: Dash) -> None:
    text = filled(app, "answer-body")
    assert "not clustering" in text
    assert text.index("not clustering") > text.index("The verdict rests on")
    assert "not clustering" not in filled(bare_app, "answer-body")


def test_the_number_of_groups_has_its_range_and_the_categories(app: Dash, bare_app: Dash) -> None:
    assert re.search(r"suggests \d groups \(\d to \d\); the catalogue has 7 categories", filled(app, "answer-body"))
    assert "the catalogue has" not in filled(bare_app, "answer-body")


def test_the_answer_page_has_costs_beside_scores(app: Dash) -> None:
    text = filled(app, "answer-body")
    assert "per 1,000 products" in text.lower()
    assert f"{31.0 * 1000 / 140:,.0f} s" in text


def test_the_leaderboard_gives_chance_and_thresholds_in_figures(app: Dash, large_store: Root) -> None:
    text = filled(app, "answer-body")
    with Reader(large_store).cursor() as cursor:
        verdict = study.verdicts(cursor)[0]
        highest = max(s.chance for s in study.ranking(cursor) if s.chance is not None)
    low, high = f"{verdict.infeasible_below:.2f}", f"{verdict.feasible_from:.2f}"
    assert f"Below {low} is 'not feasible', from {high} on 'feasible'" in text
    assert f"The score of shuffled categories (at most {highest:.3f})." in text
    assert "a joint graph has no vectors of its own" in text


def test_names_beside_distant_points_do_not_overlap() -> None:
    points = [("Fusion", 0.80, 0.95), ("Joint text", 0.81, 0.93), ("BERT", 0.6, 0.9), ("USE", 0.61, 0.6)]
    sides = costs_plot.sides(points)
    assert set(sides) == {name for name, _, _ in points}
    assert sides["Fusion"] != sides["Joint text"]
    assert costs_plot.sides([("a method with a long name", 0.97, 0.5)]) != {"a method with a long name": "middle right"}


def test_a_joint_graph_bears_the_cost_of_the_neighbours_that_it_joins(large_store: Root) -> None:
    with Reader(large_store).cursor() as cursor:
        found = {c.method: c for c in costs.costs(cursor)}
    assert found["joint"].built_on == ("bert", "cnn", "tfidf")
    assert found["joint"].grouping_seconds == pytest.approx((5.2 + 0.3 + 0.2 + 0.4) * 1000 / 140)
    assert found["fusion"].grouping_seconds is None, "it joins vectors, and no run of this store timed its own groups"


def test_products_that_differ_between_snapshots_are_counted(tmp_path: Path) -> None:
    root = make_store(tmp_path, products=60)
    make_store(tmp_path, products=63, moved=4)
    reader = Reader(root)
    with reader.cursor(2) as cursor, reader.cursor(1) as before:
        found = moves.moves(cursor, before)
        back = moves.moves(before, cursor)
        placed = [dict(c.execute(PLACED).fetchall()) for c in (before, cursor)]
    regrouped = sum(placed[0][i] != placed[1][i] for i in placed[0].keys() & placed[1].keys())
    assert (found.added, found.removed, found.recategorised, found.method) == (3, 0, 4, "joint")
    assert (back.added, back.removed, back.recategorised) == (0, 3, 4)
    assert found.regrouped == back.regrouped == regrouped
    none = moves.Moves(0, 0, 0, 0, "joint")
    assert moved_products(none) == "The same products, in the same categories and groups."
    assert moved_products(replace(none, added=1, regrouped=12)) == (
        "1 product added and 12 products in the group of another category by Joint text + image."
    )


def test_a_score_that_reads_the_same_as_before_has_not_moved() -> None:
    changes = [study.Change("bert", 0.687, 0.689), study.Change("cnn", 0.55, 0.53), study.Change("use", 0.6, None)]
    assert [line[0] for line in moved(changes)] == ["CNN", "USE"]


def test_a_long_reason_is_shown_in_two_sentences_and_unfolded() -> None:
    found, follows, figures = "By images 7 of 10 are right (2 to 9).", "That is not enough.", "ARI is 0.5. That is all."
    first, second, rest = reason(f"{found} {follows} {figures}")
    assert (first.children, second.children) == (found, follows)
    assert rest.children[1].children == figures
    assert [part.children for part in reason("None was scored.")] == ["None was scored."]

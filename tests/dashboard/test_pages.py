"""What each page of the study says, asked of the server as a browser does."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from dash import Dash

from dashboard import words
from dashboard.answer_changes import moved, moved_products
from dashboard.app import create_app
from dashboard.pages import discover
from dashboard.pages.categories.verdicts import something_else
from dashboard.pages.methods import metrics
from dashboard.pages.methods.labels import needed, title
from dashboard.pages.methods.metrics import in_words
from dashboard.pages.projections import first_shown
from dashboard.plots import confusion
from dashboard.plots import costs as costs_plot
from store.questions import catalogue, categories, comparisons, costs, estimates, findings, groups, maps, moves, study
from store.questions import texts as text_questions
from store.questions.labels import CurvePoint
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import answered, texts
from tests.factories import CATEGORIES, DECLARED, EMBEDDING, RESTS_ON, STABLE, make_store

Ask = Callable[..., str]
BODIES: dict[str, dict[str, Any]] = {
    "answer-body": {"logs.data": "", "answer-since.data": 0},
    "clusters-body": {"clusters-method.value": "bert", "clusters-grouping.value": "judged"},
    "clusters-cards": {
        "clusters-method.value": "bert",
        "clusters-grouping.value": "judged",
        "clusters-search.value": "",
        "clusters-order.value": "misplaced",
        "clusters-page.active_page": 1,
    },
    "categories-body": {
        "categories-method.value": "joint",
        "categories-figure.value": "f1",
        "categories-search.value": "",
        "categories-page.active_page": 1,
    },
    "metrics-body": {"metrics-metric.value": "ari", "metrics-grouping.value": "judged"},
    "metrics-pair": {
        "metrics-metric.value": "ari",
        "metrics-one.value": "bert.embedding",
        "metrics-other.value": "cnn.manifold",
    },
    "maps-body": {"maps-metric.value": "ari"},
    "labels-body": {"labels-metric.value": "accuracy"},
    "text-body": {},
    "text-categories": {"text-categories-search.value": "", "text-categories-page.active_page": 1},
    "text-example": {"text-search.value": "", "text-page.active_page": 1},
    "product-body": {"product-id.data": "P0003"},
    "findings-suspects": {"findings-category.value": "*", "logs.data": ""},
    "findings-duplicates": {"findings-pairs.value": "*", "logs.data": ""},
}
"""The part of each page that a callback fills, with that callback's inputs beside the snapshot."""


PLACED = "SELECT product_id, matched_category FROM clusters WHERE method = 'joint' AND grouping = 'manifold'"


@pytest.fixture(scope="module")
def app(large_store: Root) -> Dash:
    return create_app(large_store)


@pytest.fixture(scope="module")
def bare_app(bare_store: Root) -> Dash:
    """The app over a store without categories and images."""
    return create_app(bare_store)


def filled(app: Dash, body: str, **inputs: Any) -> str:
    """What the callback of that body answers, as text; `inputs` with __ for the dash in ids replace the usual ones."""
    values = BODIES[body] | {name.replace("__", "-") + ".value": v for name, v in inputs.items()}
    return " ".join(texts(answered(app, body, values)[body]["children"]))


def test_the_first_line_says_what_a_study_of_a_sample_rests_on(
    app: Dash, large_store: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "rests on a sample" not in filled(app, "answer-body")
    monkeypatch.setattr(catalogue, "rests_on", lambda cursor: "a sample of 40 of 60 products")
    fresh = create_app(large_store)
    assert filled(fresh, "answer-body").startswith("The study rests on a sample of 40 of 60 products")


@pytest.mark.parametrize("body", BODIES)
def test_every_page_is_filled_with_and_without_categories(app: Dash, bare_app: Dash, body: str) -> None:
    assert len(filled(app, body)) > 100
    assert filled(bare_app, body)


def test_the_heat_map_names_the_extremes_of_the_chosen_method(app: Dash, large_store: Root) -> None:
    with Reader(large_store).cursor() as cursor:
        f1 = {s.category: s.f1 or 0.0 for s in categories.judged_scores(cursor) if s.method == "sift"}
    low, high = min(f1, key=lambda c: f1[c]), max(f1, key=lambda c: f1[c])
    assert (
        f"F1 of SIFT: highest for {high} ({words.score(f1[high])}), lowest for {low} ({words.score(f1[low])})"
    ) in filled(app, "categories-body", categories__method="sift")


@pytest.mark.parametrize("body", BODIES)
def test_percent_is_written_in_one_way(app: Dash, body: str) -> None:
    text = filled(app, body)
    assert re.findall(r"\d%", text) == []
    assert words.percent(0.625) == "62\N{NO-BREAK SPACE}%"


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


def test_a_score_that_reads_the_same_as_before_has_not_moved() -> None:
    changes = [study.Change("bert", 0.687, 0.689), study.Change("cnn", 0.55, 0.53), study.Change("use", 0.6, None)]
    assert [line[0] for line in moved(changes)] == ["CNN", "USE"]


def test_two_groupings_are_compared_in_words_with_the_interval(app: Dash, large_store: Root) -> None:
    text = filled(app, "metrics-pair")
    with Reader(large_store).cursor() as cursor:
        found = comparisons.between(cursor, ("bert", EMBEDDING), ("cnn", DECLARED), "ari")
        less = comparisons.between(cursor, ("sift", DECLARED), ("cnn", DECLARED), "ari")
    assert found is not None
    assert less is not None
    assert f"is {found.difference:.2f} ahead of CNN (k-means on the manifold)" in text
    assert "Corrected for all comparisons, a difference was shown" in text
    turned = filled(app, "metrics-pair", metrics__one="sift.manifold")
    assert f"is {-less.difference:.2f} behind CNN" in turned


def test_the_other_side_of_a_comparison_is_what_a_verdict_rests_on(large_store: Root) -> None:
    page = metrics.layout(Reader(large_store), "?one=sift.embedding&other=bert.manifold")
    selects = {s.id: s for s in page._traverse() if getattr(s, "id", None) in ("metrics-one", "metrics-other")}
    others = [option["value"] for option in selects["metrics-other"].options]
    assert others == ["joint.manifold", "joint-text.manifold", "cnn.manifold"]
    assert selects["metrics-other"].value == others[0], "bert is what no verdict rests on"
    assert selects["metrics-one"].value == "sift.embedding"


def test_a_grouping_is_not_compared_with_itself_or_nonsense(app: Dash) -> None:
    one = "joint.manifold"
    assert "the same grouping" in filled(app, "metrics-pair", metrics__one=one, metrics__other=one)
    assert "were not compared" in filled(app, "metrics-pair", metrics__one=one, metrics__other="x' OR 1=1 --")
    assert "were not compared" in filled(app, "metrics-pair", metrics__one=None, metrics__other=one)


def test_the_categories_page_has_each_verdict_and_its_reason(app: Dash) -> None:
    text = filled(app, "categories-body")
    shown = (
        r"2 ready to automate \(\d+\s% of their groups is of other categories\), 2 in need of labels, 2 to be merged"
    )
    assert re.search(f"{shown} and 1 to be split", text)
    assert "Its group is not stable: some labels would settle it." in text
    assert all(category in text for category in CATEGORIES)


def test_what_can_be_automated_says_how_much_else_its_group_holds(app: Dash, large_store: Root) -> None:
    text = filled(app, "categories-body", categories__method="bert")
    with Reader(large_store).cursor() as cursor:
        automated = {v.category for v in categories.category_verdicts(cursor) if v.verdict == "automate"}
        scores = [s for s in categories.judged_scores(cursor) if s.method == "joint" and s.category in automated]
    assert text.count("of its group is of other categories.") == len(scores)
    for score in scores:
        assert f"{words.percent(1 - (score.precision or 0))} of its group is of other categories." in text


def test_what_else_groups_hold_is_counted_in_products() -> None:
    one, other = (
        categories.CategoryScore("bert", name, precision, recall, None, products, *(None,) * 7)
        for name, precision, recall, products in (("Mugs", 0.9, 0.5, 90), ("Lamps", 0.5, 1.0, 10))
    )
    assert something_else([one, other]) == pytest.approx((5 + 10) / (50 + 20))
    assert something_else([]) is None


def test_the_maps_page_has_the_range_of_this_store(app: Dash, large_store: Root) -> None:
    with Reader(large_store).cursor() as cursor:
        widest = maps.map_ranges(cursor, "ari")[0]
    text = filled(app, "maps-body")
    assert f"give ARI from {widest.low:.2f} to {widest.high:.2f}" in text.replace("\N{MINUS SIGN}", "-")
    assert "perplexity (5, 15, 30 and 50)" in text
    assert "Joint" not in text, "a joint graph has no maps"


def test_the_labels_needed_are_the_fewest_that_reach_the_target() -> None:
    curve = [CurvePoint("bert", n, v, None, None, 20) for n, v in ((5, 0.5), (10, 0.7), (20, 0.69), (50, 0.9))]
    assert needed(curve, "bert", 0.7) == 10
    assert needed(curve, "bert", 0.1) == 5
    assert needed(curve, "bert", 0.95) is None
    assert needed(curve, "cnn", 0.1) is None


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


def test_a_group_has_a_name_terms_and_stability_by_the_setting(app: Dash) -> None:
    text = filled(app, "clusters-cards")
    assert text.count("Proposed name:") == 7
    stabilities = re.findall(r"(not stable|stable): (0\.\d\d)", text)
    assert [word for word, _ in stabilities].count("stable") == 2
    assert all((word == "stable") == (float(value) >= STABLE) for word, value in stabilities)
    source = "Grouped by k-means on the manifold. The model: joint graph of BERT, TF-IDF, CNN."
    assert source in filled(app, "clusters-body", clusters__method="joint")
    joint = filled(app, "clusters-cards", clusters__method="joint")
    assert "on the map" in text
    assert "on the map" not in joint, "a joint graph has no map of its own"
    wrong = filled(app, "clusters-body", clusters__method="joint", clusters__grouping="embedding")
    assert "These groups are not there" in wrong


def test_a_group_lists_the_products_least_sure_of_their_place(app: Dash, large_store: Root) -> None:
    text = filled(app, "clusters-cards", clusters__method="joint")
    with Reader(large_store).cursor() as cursor:
        least = groups.least_sure(cursor, "joint", DECLARED, 1)
    assert text.count("Least sure of their place") == len(least) == len(CATEGORIES)
    assert all(f"found again in {words.percent(p.found_again)}" in text for p in least)


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


def test_names_beside_distant_points_do_not_overlap() -> None:
    points = [("Fusion", 0.80, 0.95), ("Joint text", 0.81, 0.93), ("BERT", 0.6, 0.9), ("USE", 0.61, 0.6)]
    sides = costs_plot.sides(points)
    assert set(sides) == {name for name, _, _ in points}
    assert sides["Fusion"] != sides["Joint text"]
    assert costs_plot.sides([("a method with a long name", 0.97, 0.5)]) != {"a method with a long name": "middle right"}


def test_a_model_of_several_methods_uses_their_page_names() -> None:
    joined = words.model("joint graph of count, tfidf, word2vec", "joint-text")
    assert joined == "joint graph of Bag of words, TF-IDF, Word2Vec"
    assert words.model("bert + cnn", "fusion") == "BERT + CNN"
    assert words.model("word2vec (gensim)", "word2vec") == "word2vec (gensim)"
    assert words.model(None, "glove") is None


def test_a_difference_that_is_one_never_reads_as_zero() -> None:
    assert [words.signed(v) for v in (-0.0021, 0.004, 0.0, -0.13)] == ["−0.002", "+0.004", "+0.00", "−0.13"]


def test_the_leaderboard_gives_chance_and_thresholds_in_figures(app: Dash, large_store: Root) -> None:
    text = filled(app, "answer-body")
    with Reader(large_store).cursor() as cursor:
        verdict = study.verdicts(cursor)[0]
        highest = max(s.chance for s in study.ranking(cursor) if s.chance is not None)
    low, high = f"{verdict.infeasible_below:.2f}", f"{verdict.feasible_from:.2f}"
    assert f"below {low} is 'not feasible', from {high} on 'feasible'" in text
    assert f"dotted line: chance (at most {highest:.3f})" in text
    assert "a joint graph has no vectors of its own" in text


def test_equal_scores_read_as_equal() -> None:
    one, other = ("bert", DECLARED), ("joint-text", DECLARED)
    same = comparisons.Comparison(*one, *other, "ari", 0.0, -0.07, 0.07, False, 90)
    text = in_words(one, other, same, "ari")
    assert text.startswith("BERT (k-means on the manifold) scores the same as Joint text")
    assert text.endswith("over 90 products. Corrected for all comparisons, no difference was shown.")


def test_labels_that_beat_the_grouping_do_not_read_as_equal() -> None:
    curve = [CurvePoint("bert", n, v, v - 0.02, v + 0.02, 20) for n, v in ((5, 0.7), (10, 0.8))]
    assert title(curve, ["bert"], {"bert": 0.6}) == (
        "With 5 labels per category, BERT scores higher than without labels: 0.70 against 0.60"
    )
    assert "With 5 labels per category, BERT scores as high as without labels" in title(curve, ["bert"], {"bert": 0.69})
    assert "BERT scores higher without labels" in title(curve, ["bert"], {"bert": 0.9})


def test_the_labels_page_names_what_has_no_curve(app: Dash) -> None:
    text = filled(app, "labels-body")
    assert re.search(r"without vectors of their own: .*Joint text 0\.\d\d", text)


def test_groups_without_an_image_are_lists_of_whole_names(bare_app: Dash, bare_store: Root) -> None:
    text = filled(bare_app, "clusters-cards")
    with Reader(bare_store).cursor() as cursor:
        names = [b.name or b.product_id for b in groups.central(cursor, "bert", DECLARED, 6)]
    assert names
    assert all(name in text for name in names)
    assert "no image" not in text


def test_projections_begin_with_each_verdicts_best_mapped_method(large_store: Root) -> None:
    with Reader(large_store).cursor() as cursor:
        mapped = {m.method for m in maps.maps(cursor)}
        ranked = [s for s in study.ranking(cursor) if s.method in mapped]
        expected = [next(s.method for s in ranked if s.modality == scope) for scope in ("text", "image", "text+image")]
        shown = first_shown(cursor, DECLARED)
    assert [shown[f"m{i}"] for i in range(3)] == expected


def test_the_column_names_of_a_confusion_table_fit() -> None:
    for count in (7, 12, 20):
        clusters = [(i, f"Loungewear and Nightwear {i}") for i in range(count)]
        axis = confusion.confusion([], clusters, [name for _, name in clusters]).layout["xaxis"]
        assert len(axis["ticktext"]) == count
        lines = [line for label in axis["ticktext"] for line in label.split("<br>")]
        if count <= 14:
            assert max(map(len, lines)) * axis["tickfont"]["size"] / 2 <= confusion.COLUMNS_WIDTH / count
        else:
            assert axis["tickangle"]


def test_a_joint_graph_bears_the_cost_of_the_neighbours_that_it_joins(large_store: Root) -> None:
    with Reader(large_store).cursor() as cursor:
        found = {c.method: c for c in costs.costs(cursor)}
    assert found["joint"].built_on == ("bert", "cnn", "tfidf")
    assert found["joint"].grouping_seconds == pytest.approx((5.2 + 0.3 + 0.2 + 0.4) * 1000 / 140)
    assert found["fusion"].grouping_seconds is None, "it joins vectors, and no run of this store timed its own groups"

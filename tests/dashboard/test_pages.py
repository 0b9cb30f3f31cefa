"""What each page of the study says, asked of the server as a browser does."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash

from dashboard import charts, figures, words
from dashboard.app import create_app
from dashboard.pages import discover
from dashboard.pages.labels import needed, title
from dashboard.pages.metrics import in_words
from dashboard.pages.overview import moved
from dashboard.pages.projections import first_shown
from store.questions import comparisons, costs, findings, groups, maps, spread, study
from store.questions.labels import CurvePoint
from store.reader import Reader
from store.root import Root
from tests.factories import CATEGORIES, make_store

Ask = Callable[..., str]
BODIES: dict[str, dict[str, Any]] = {
    "overview-body": {"logs.data": ""},
    "clusters-body": {"clusters-method.value": "bert", "clusters-grouping.value": "judged"},
    "categories-body": {"categories-method.value": "consensus", "categories-figure.value": "f1"},
    "metrics-body": {"metrics-metric.value": "ari", "metrics-grouping.value": "judged"},
    "metrics-pair": {
        "metrics-metric.value": "ari",
        "metrics-one.value": "bert.kmeans.manifold",
        "metrics-other.value": "sift.kmeans.full",
    },
    "maps-body": {"maps-metric.value": "ari"},
    "labels-body": {"labels-metric.value": "accuracy"},
    "findings-suspects": {"findings-category.value": "*"},
    "findings-duplicates": {"findings-copies.value": "*"},
}
"""The part of each page that a callback fills, with that callback's inputs beside the snapshot."""


def texts(node: Any) -> list[str]:
    """All words of a page as they are read, in order; figures left out."""
    if isinstance(node, dict):
        return [] if "figure" in node else texts(node.get("props", node).get("children"))
    if isinstance(node, list):
        return [word for part in node for word in texts(part)]
    return [] if node is None else [str(node)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    return make_store(tmp_path_factory.mktemp("pages"), products=140)


@pytest.fixture(scope="module")
def app(root: Root) -> Dash:
    return create_app(root)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """A store without categories and pictures."""
    return make_store(tmp_path_factory.mktemp("bare"), products=20, categories=False, pictures=False)


def filled(app: Dash, body: str, **inputs: Any) -> str:
    """What the callback of that body answers, as text; `inputs` with __ for the dash in ids replace the usual ones."""
    given = {"snapshot.data": 1} | BODIES[body] | {name.replace("__", "-") + ".value": v for name, v in inputs.items()}
    asked = {
        "output": f"{body}.children",
        "outputs": {"id": body, "property": "children"},
        "inputs": [
            dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) | {"value": value}
            for name, value in given.items()
        ],
        "changedPropIds": ["snapshot.data"],
    }
    answer = app.server.test_client().post("/_dash-update-component", json=asked)
    assert answer.status_code == 200
    return " ".join(texts(json.loads(answer.data)["response"][body]["children"]))


@pytest.mark.parametrize("body", BODIES)
def test_every_page_is_filled_with_and_without_categories(app: Dash, bare: Root, body: str) -> None:
    assert len(filled(app, body)) > 100
    assert filled(create_app(bare), body)


def test_every_page_has_an_empty_state_where_it_has_nothing_to_say(bare: Root) -> None:
    said = {p.path: str(p.layout(Reader(bare), "")) for p in discover()}
    assert "There are no figures per category" in said["/categories"]
    assert "There is no learning curve" in said["/labels"]
    assert "There are no scores" in said["/metrics"]
    assert "maps-metric" in said["/maps"], "the silhouette of the maps needs no category"


def test_the_overview_marks_whom_the_leader_is_not_shown_to_beat(app: Dash, root: Root) -> None:
    said = filled(app, "overview-body")
    with Reader(root).cursor() as cursor:
        behind = comparisons.behind_leader(cursor, "ari")
    tied = [c for c in behind.values() if not c.distinct]
    assert said.count("not shown to differ") == len(tied) + 1  # each row, and the title
    assert said.count("the best") >= 1


def test_the_overview_shows_named_groups_apart_and_only_where_there_are_any(app: Dash, bare: Root) -> None:
    said = filled(app, "overview-body")
    assert "not clustering" in said
    assert said.index("not clustering") > said.index("comes closest to the catalogue's own categories")
    assert "not clustering" not in filled(create_app(bare), "overview-body")


def test_the_overview_gives_the_number_of_groups_with_its_range_beside_the_categories(app: Dash, bare: Root) -> None:
    assert re.search(r"sees \d groups \(\d to \d\); the catalogue has 7 categories", filled(app, "overview-body"))
    assert "the catalogue has" not in filled(create_app(bare), "overview-body")


def test_the_overview_sets_cost_beside_quality(app: Dash) -> None:
    said = filled(app, "overview-body")
    assert "per 1,000 products" in said.lower()
    assert f"{31.0 * 1000 / 140:,.0f} s" in said


def test_a_score_that_reads_the_same_as_before_has_not_moved() -> None:
    changes = [study.Change("bert", 0.687, 0.689), study.Change("cnn", 0.55, 0.53), study.Change("use", 0.6, None)]
    assert [line[0] for line in moved(changes)] == ["CNN", "USE"]


def test_two_groupings_are_compared_in_words_with_the_interval(app: Dash, root: Root) -> None:
    said = filled(app, "metrics-pair")
    with Reader(root).cursor() as cursor:
        one, other = ("bert", study.Grouping("kmeans", "manifold")), ("sift", study.Grouping("kmeans", "full"))
        found = comparisons.between(cursor, one, other, "ari")
    assert found is not None
    assert f"is {found.difference:.2f} ahead of SIFT" in said
    assert "so the difference is real" in said
    turned = filled(app, "metrics-pair", metrics__one="sift.kmeans.full", metrics__other="bert.kmeans.manifold")
    assert f"is {found.difference:.2f} behind BERT" in turned


def test_a_grouping_is_not_compared_with_itself_nor_with_nonsense(app: Dash) -> None:
    one = "bert.kmeans.manifold"
    assert "the same grouping" in filled(app, "metrics-pair", metrics__one=one, metrics__other=one)
    assert "were not compared" in filled(app, "metrics-pair", metrics__one=one, metrics__other="x' OR 1=1 --")
    assert "were not compared" in filled(app, "metrics-pair", metrics__one=None, metrics__other=one)


def test_the_categories_page_says_what_each_category_needs_and_why(app: Dash) -> None:
    said = filled(app, "categories-body")
    assert "2 can be automated now, 2 need labels, 2 to be merged and 1 to be split" in said
    assert "Its group is not stable: some labels would settle it." in said
    assert all(category in said for category in CATEGORIES)


def test_the_maps_page_gives_the_spread_of_this_very_store(app: Dash, root: Root) -> None:
    with Reader(root).cursor() as cursor:
        widest = spread.map_ranges(cursor, "ari")[0]
    said = filled(app, "maps-body")
    assert f"give ARI from {widest.low:.2f} to {widest.high:.2f}" in said.replace("\N{MINUS SIGN}", "-")
    assert "perplexity (5, 15, 30 and 50)" in said


def test_the_labels_needed_are_the_fewest_that_reach_the_target() -> None:
    curve = [CurvePoint("bert", n, v, None, None, 20) for n, v in ((5, 0.5), (10, 0.7), (20, 0.69), (50, 0.9))]
    assert needed(curve, "bert", 0.7) == 10
    assert needed(curve, "bert", 0.1) == 5
    assert needed(curve, "bert", 0.95) is None
    assert needed(curve, "cnn", 0.1) is None


def test_suspects_and_copies_can_be_narrowed_down(app: Dash, root: Root) -> None:
    with Reader(root).cursor() as cursor:
        found = findings.suspects(cursor)
    assert found[0].name in filled(app, "findings-suspects")
    category = found[0].category or ""
    narrowed = filled(app, "findings-suspects", findings__category=category)
    assert f"{sum(s.category == category for s in found)} label" in narrowed
    assert "4 copies of earlier products" in filled(app, "findings-duplicates")
    near = filled(app, "findings-duplicates", findings__copies="text.near")
    assert "1 copy of earlier products" in near
    assert "Similar text, similarity 0.97" in near
    assert "No copies were found" in filled(app, "findings-duplicates", findings__copies="smell.exact")


def test_a_group_has_its_proposed_name_terms_and_stability(app: Dash) -> None:
    said = filled(app, "clusters-body")
    assert said.count("Proposed name:") == 7
    assert re.search(r"not stable: 0\.5\d", said)
    assert re.search(r"[^t] stable: 0\.\d\d", said)
    consensus = filled(app, "clusters-body", clusters__method="consensus")
    assert "consensus over several spaces" in consensus
    assert "on the map" in said
    assert "on the map" not in consensus, "a consensus has no map of its own"
    wrong = filled(app, "clusters-body", clusters__method="consensus", clusters__grouping="ward.full")
    assert "These groups are not there" in wrong


def test_names_beside_points_that_lie_apart_do_not_cover_each_other() -> None:
    points = [("Fusion", 0.80, 0.95), ("Consensus", 0.81, 0.93), ("BERT", 0.6, 0.9), ("USE", 0.61, 0.6)]
    sides = charts.sides(points)
    assert set(sides) == {name for name, _, _ in points}
    assert sides["Fusion"] != sides["Consensus"]
    assert charts.sides([("a method with a long name", 0.97, 0.5)]) != {"a method with a long name": "middle right"}


def test_a_model_put_together_from_methods_names_them_as_the_pages_do() -> None:
    joined = words.model("consensus of count, tfidf, word2vec", "consensus-text")
    assert joined == "consensus of Bag of words, TF-IDF, Word2Vec"
    assert words.model("bert + cnn", "fusion") == "BERT + CNN"
    assert words.model("word2vec (gensim)", "word2vec") == "word2vec (gensim)"
    assert words.model(None, "glove") is None


def test_a_difference_that_is_one_never_reads_as_zero() -> None:
    assert [words.signed(v) for v in (-0.0021, 0.004, 0.0, -0.13)] == ["−0.002", "+0.004", "+0.00", "−0.13"]


def test_the_leaderboard_gives_chance_and_thresholds_in_figures(app: Dash, root: Root) -> None:
    said = filled(app, "overview-body")
    with Reader(root).cursor() as cursor:
        verdict = study.verdicts(cursor)[0]
        highest = max(s.chance for s in study.standings(cursor) if s.chance is not None)
    assert f"below {verdict.infeasible_below:g} is 'not feasible', from {verdict.feasible_from:g} on 'feasible'" in said
    assert f"the chance line (at most {highest:.3f})" in said
    assert "a consensus has no vectors of its own" in said


def test_equal_scores_are_said_to_be_equal() -> None:
    grouping = study.Grouping("consensus", "ensemble")
    same = comparisons.Comparison(
        "consensus", "consensus", "ensemble", "bert", "consensus", "ensemble", "ari", 0.0, -0.07, 0.07, False, 90
    )
    said = in_words("consensus", grouping, "bert", grouping, same, "ari")
    assert said.startswith("Consensus (consensus over several spaces) scores the same as BERT")
    assert said.endswith("over 90 products, so no difference was shown.")


def test_labels_that_beat_the_grouping_are_not_said_to_equal_it() -> None:
    curve = [CurvePoint("bert", n, v, v - 0.02, v + 0.02, 20) for n, v in ((5, 0.7), (10, 0.8))]
    assert title(curve, ["bert"], {"bert": 0.6}) == (
        "With 5 labels a category, BERT does better than without any: 0.70 against 0.60"
    )
    assert "With 5 labels a category, BERT does as well as without any" in title(curve, ["bert"], {"bert": 0.69})
    assert "BERT groups better without labels" in title(curve, ["bert"], {"bert": 0.9})


def test_the_labels_page_names_what_has_no_curve(app: Dash) -> None:
    said = filled(app, "labels-body")
    assert re.search(r"without vectors of their own: .*Text consensus 0\.\d\d", said)


def test_groups_without_a_picture_are_lists_of_whole_names(bare: Root) -> None:
    said = filled(create_app(bare), "clusters-body")
    with Reader(bare).cursor() as cursor:
        names = [b.name or b.product_id for b in groups.central(cursor, "bert", "kmeans", "manifold", 6)]
    assert names
    assert all(name in said for name in names)
    assert "no picture" not in said


def test_projections_begin_with_the_best_method_of_each_verdict_that_has_a_map(root: Root) -> None:
    with Reader(root).cursor() as cursor:
        mapped = {m.method for m in maps.maps(cursor)}
        ranked = [s for s in study.standings(cursor) if s.method in mapped]
        expected = [next(s.method for s in ranked if s.modality == kind) for kind in ("text", "image", "text+image")]
        shown = first_shown(cursor, maps.maps(cursor), "kmeans.manifold")
    assert [shown[f"m{i}"] for i in range(3)] == expected


def test_every_column_of_a_confusion_table_is_named_in_the_room_it_has() -> None:
    for count in (7, 12, 20):
        clusters = [(i, f"Loungewear and Nightwear {i}") for i in range(count)]
        axis = figures.confusion([], clusters, [name for _, name in clusters]).layout.xaxis
        assert len(axis.ticktext) == count
        lines = [line for label in axis.ticktext for line in label.split("<br>")]
        if count <= 14:
            assert max(map(len, lines)) * axis.tickfont.size / 2 <= figures.COLUMNS_WIDTH / count
        else:
            assert axis.tickangle


def test_a_consensus_bears_the_cost_of_the_groups_that_it_joins(root: Root) -> None:
    with Reader(root).cursor() as cursor:
        found = {c.method: c for c in costs.costs(cursor)}
    joined = [found[method].grouping_seconds for method in found["consensus-image"].built_on]
    assert len(joined) == 2
    assert (found["consensus-image"].grouping_seconds or 0.0) >= sum(g or 0.0 for g in joined) > 0
    assert found["fusion"].grouping_seconds is None, "it joins vectors, and no run of this store timed its own groups"

"""The page Methods: two groupings compared in words, the range of the maps, and the labels that are needed."""

import json
import re

from dash import Dash

from dashboard import words
from dashboard.pages.methods import metrics
from dashboard.pages.methods.labels import needed, title
from dashboard.pages.methods.metrics import in_words
from dashboard.plots import groupings as plots
from dashboard.plots.dots import dots
from dashboard.selecting.selection import address, rule
from store.questions import comparisons, maps, study
from store.questions.labels import CurvePoint
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import answered, filled
from tests.factories import DECLARED, EMBEDDING


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


def test_equal_scores_read_as_equal() -> None:
    one, other = ("bert", DECLARED), ("joint-text", DECLARED)
    same = comparisons.Comparison(*one, *other, "ari", 0.0, -0.07, 0.07, False, 90)
    text = in_words(one, other, same, "ari")
    assert text.startswith("BERT (k-means on the manifold) scores the same as Joint text")
    assert text.endswith("over 90 products. Corrected for all comparisons, no difference was shown.")


def test_two_methods_link_to_what_one_puts_right(app: Dash) -> None:
    inputs = {"metrics-metric.value": "ari", "metrics-one.value": "bert.manifold"}
    inputs["metrics-other.value"] = "cnn.manifold"
    found = json.dumps(answered(app, "metrics-pair", inputs))
    assert address("/products", rule("right", "bert"), rule("wrong", "cnn")) in found
    assert address("/products", rule("right", "cnn"), rule("wrong", "bert")) in found
    other = answered(app, "metrics-pair", inputs | {"metrics-one.value": "bert.embedding"})
    assert "right~" not in json.dumps(other), "what is right follows from the grouping that a method is judged by"


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


def test_a_grouping_has_one_look_in_every_plot(large_store: Root) -> None:
    with Reader(large_store).cursor() as cursor:
        scores = [s for s in study.scores(cursor) if (s.method, s.metric) == ("bert", "ari")]
    both = [s for s in scores if s.grouping in plots.GROUPINGS]
    figures = dots(scores, ["bert"], [*words.GROUPINGS]), plots.groupings(both, ["bert"], (0.0, 1.0))
    seen = [{t["name"]: (t["marker"]["color"], t["marker"]["symbol"]) for t in f.to_dict()["data"]} for f in figures]
    assert len(seen[1]) == len(plots.GROUPINGS)
    assert seen[1].items() <= seen[0].items()

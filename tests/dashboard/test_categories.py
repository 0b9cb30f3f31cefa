"""The page Categories: verdicts and their reasons, the heat maps, and the groups that a method made."""

import re

import pytest
from dash import Dash

from dashboard import words
from dashboard.pages.categories import groups as groups_page
from dashboard.pages.categories.verdicts import something_else
from dashboard.plots import confusion
from store.questions import categories, groups, study
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import filled
from tests.factories import CATEGORIES, DECLARED, STABLE


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


def test_the_heat_map_names_the_extremes_of_the_chosen_method(app: Dash, large_store: Root) -> None:
    with Reader(large_store).cursor() as cursor:
        f1 = {s.category: s.f1 or 0.0 for s in categories.judged_scores(cursor) if s.method == "sift"}
    low, high = min(f1, key=lambda c: f1[c]), max(f1, key=lambda c: f1[c])
    assert (
        f"F1 of SIFT: highest for {high} ({words.score(f1[high])}), lowest for {low} ({words.score(f1[low])})"
    ) in filled(app, "categories-body", categories__method="sift")


def test_a_group_has_a_name_terms_and_stability_by_the_setting(app: Dash) -> None:
    text = filled(app, "groups-cards")
    assert text.count("Proposed name:") == 7
    stabilities = re.findall(r"(not stable|stable): (0\.\d\d)", text)
    assert [word for word, _ in stabilities].count("stable") == 2
    assert all((word == "stable") == (float(value) >= STABLE) for word, value in stabilities)
    source = "Grouped by k-means on the manifold. The model: joint graph of BERT, TF-IDF, CNN."
    assert source in filled(app, "groups-body", groups__method="joint")
    joint = filled(app, "groups-cards", groups__method="joint")
    assert "on the map" in text
    assert "on the map" not in joint, "a joint graph has no map of its own"
    wrong = filled(app, "groups-body", groups__method="joint", groups__grouping="embedding")
    assert "These groups are not there" in wrong


def test_a_group_lists_the_products_least_sure_of_their_place(app: Dash, large_store: Root) -> None:
    text = filled(app, "groups-cards", groups__method="joint")
    with Reader(large_store).cursor() as cursor:
        least = groups.least_sure(cursor, "joint", DECLARED, 1)
    assert text.count("Least sure of their place") == len(least) == len(CATEGORIES)
    assert all(f"found again in {words.percent(p.found_again)}" in text for p in least)


def test_groups_without_an_image_are_lists_of_whole_names(bare_app: Dash, bare_store: Root) -> None:
    text = filled(bare_app, "groups-cards")
    with Reader(bare_store).cursor() as cursor:
        names = [b.name or b.product_id for b in groups.central(cursor, "bert", DECLARED, 6)]
    assert names
    assert all(name in text for name in names)
    assert "no image" not in text


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


def test_groups_are_at_first_those_of_the_method_that_the_verdict_rests_on(
    large_store: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    for method in ("cnn", "bert"):
        monkeypatch.setattr(study, "rests_on", lambda cursor, method=method: {method: DECLARED})
        page = groups_page.layout(Reader(large_store), "")
        assert [s.value for s in page._traverse() if getattr(s, "id", None) == "groups-method"] == [method]

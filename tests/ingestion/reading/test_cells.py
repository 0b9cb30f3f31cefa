"""One cell may name several images, or hold a nested value: the names come out in order."""

from typing import Any

import pytest

from ingestion.reading.cells import image_names, naming

A, B = "https://cdn.example/p/a.jpg?v=1", "https://cdn.example/p/b.jpg?v=1"


@pytest.mark.parametrize(
    "cell",
    [
        "a.jpg|b.png", "a.jpg, b.png", "a.jpg,b.png", "a.jpg;b.png", "a.jpg ; b.png", "a.jpg\nb.png",
        "['a.jpg', 'b.png']",
        '["a.jpg", "b.png"]', ["a.jpg", "b.png"], "a.jpg|b.png|a.jpg", '[{"url": "a.jpg"}, {"url": "b.png"}]',
        [{"large": "a.jpg", "variant": "MAIN"}, {"large": "b.png"}], {"hi_res": ["a.jpg", "b.png"]},
        '"a.jpg","b.png"', " a.jpg | b.png ",
    ],
)  # fmt: skip
def test_several_images_in_a_cell_are_all_named(cell: Any) -> None:
    assert image_names(cell) == ["a.jpg", "b.png"]


@pytest.mark.parametrize("joint", ["|", ",", ", ", ";", "\n", " "])
def test_several_addresses_in_a_cell_are_all_named(joint: str) -> None:
    assert image_names(A + joint + B) == [A, B]


@pytest.mark.parametrize(
    "cell", ["mug, blue.jpg", "mug 1.jpg", "https://cdn.example/w_300,h_200/a.jpg", "a1", "//c.example/a.jpg"]
)
def test_a_comma_or_a_space_within_a_name_does_not_split_it(cell: str) -> None:
    assert image_names(cell) == [cell]


@pytest.mark.parametrize("cell", [None, "", "NA", "null", "[]", [], {}, "-", "|", [None]])
def test_a_cell_without_a_name_names_none(cell: Any) -> None:
    assert image_names(cell) == []


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ({"id": "7", "name": "Mugs"}, "Mugs"),
        ('{"id": 7, "name": "Mugs"}', "Mugs"),
        ({"de": "Becher", "fr": "Tasse"}, "Becher"),
        ({"de": "Becher", "en": "Mug"}, "Mug"),
        ({"value": "Mug"}, "Mug"),
        ([{"language_tag": "de_DE", "value": "Becher"}, {"language_tag": "en_US", "value": "Mug"}], ["Mug"]),
        ([{"language_tag": "de_DE", "value": "Becher"}, {"language_tag": "fr_FR", "value": "Tasse"}], ["Becher"]),
        ({"$oid": "5f00"}, "5f00"),
        ([{"name": "Mugs"}, {"name": "Cups"}], ["Mugs", "Cups"]),
        ("{not json}", "{not json}"),
        ("[Sale] Mug", "[Sale] Mug"),
        ({"width": "3"}, {"width": "3"}),
    ],
)
def test_a_nested_value_counts_by_its_name(cell: Any, text: Any) -> None:
    assert naming(cell) == text

"""Which texts are one listing slightly altered, which are two products, and what finding that out costs."""

import random
from collections import Counter

import numpy as np
import pytest

from ingestion.duplicates import candidates
from ingestion.duplicates import texts as near_texts
from ingestion.duplicates.groups import duplicate_groups
from ingestion.duplicates.texts import TokenisedText, is_one_name, is_typo, pairs, similarity

MUG = "Oakhurst blue mug, 350 ml. Keeps tea warm for an hour. Safe in the dishwasher and the microwave. Made in Porto."


@pytest.mark.parametrize(
    "altered",
    [
        MUG.upper(),
        MUG.replace(". ", " ! "),
        MUG.replace("blue mug", "mug blue"),
        MUG.replace("350 ml", "350ml"),
        MUG.replace("dishwasher", "dishwahser"),
        MUG.replace("microwave", "microwav"),
        MUG + " Limited stock, order today!",
        "New in our shop this week! " + MUG,
        MUG.replace(" Keeps tea warm for an hour.", ""),
        MUG + " Rs. 299/-",
        MUG.replace("Keeps tea", "Keeps the tea"),
    ],
)
def test_a_listing_slightly_altered_is_a_near_duplicate(altered: str) -> None:
    assert similarity(TokenisedText.of(MUG), TokenisedText.of(altered)) >= near_texts.MIN_DICE
    assert similarity(TokenisedText.of(altered), TokenisedText.of(MUG)) >= near_texts.MIN_DICE
    assert list(pairs([MUG, altered])) == [(0, 1)]


@pytest.mark.parametrize(
    "variant",
    [
        MUG.replace("blue", "red"),
        MUG.replace("350", "250"),
        MUG.replace("Oakhurst", "Lumio"),
        MUG.replace("blue", "navy blue"),
        MUG.replace("mug", "teacup"),
        MUG.replace("Oakhurst blue mug, 350 ml", "Ivelle Juno compact teacup by Lumio"),
        MUG.replace(" Keeps tea warm for an hour. Safe in the dishwasher and the microwave.", ""),
    ],
)
def test_a_variant_or_another_product_is_no_near_duplicate(variant: str) -> None:
    assert similarity(TokenisedText.of(MUG), TokenisedText.of(variant)) == 0
    assert pairs([MUG, variant]) == {}


def test_a_title_with_added_words_is_another_product() -> None:
    title = "Fabindia green maheshwari zari saree"
    assert pairs([title, title + " with a matching blouse piece"]) == {}
    assert pairs([title, "Fabindia maheshwari zari saree green"])[0, 1] == 1
    assert pairs([title, "Fabindia green maheshwari maheshwari zari saree"])[0, 1] > 0.9


def shop(name: str) -> str:
    return (
        f"{name}. Order {name} today and have it by Friday. Genuine goods from makers that we trust, free delivery on "
        f"every order. Pay by card or on receipt. You have thirty days to send it back. Ask us anything about {name}."
    )


NAME = "Lumio radio with a wooden case"


@pytest.mark.parametrize(
    "other",
    [
        "Lumio radio with a wooden case, battery, charger and strap",
        "Lumio ZX 40 radio",
        "Lumio radio with a wooden case, walnut",
        "Lumio twin deck cassette player",
    ],
)
@pytest.mark.parametrize("are_named", [True, False])
def test_another_name_in_equal_boilerplate_is_another_product(other: str, are_named: bool) -> None:
    assert pairs([shop(NAME), shop(other)], [NAME, other] if are_named else None) == {}


@pytest.mark.parametrize(
    "other",
    [
        "Lumio raido with a wooden case",
        "Radio Lumio with a wooden case",
        "Wooden case with a Lumio raido",
        "LUMIO radio, wooden case",
        "Lumio radio with a wooden case, Rs. 499/-",
        "Lumio radio with a wooden case. Limited stock, order today!",
    ],
)
def test_a_name_slightly_altered_is_the_same_product(other: str) -> None:
    assert is_one_name(TokenisedText.of(NAME).as_name(), TokenisedText.of(other).as_name())
    assert list(pairs([shop(NAME), shop(other)], [NAME, other])) == [(0, 1)]


def test_a_passage_may_be_inserted_in_a_text_but_not_in_a_name() -> None:
    name = " ".join(f"{NAME} and {part} from Porto" for part in ("dial", "knob", "grille", "speaker"))
    longer = name.replace("knob", "knob plus spare valves in tins")
    assert list(pairs([shop("A radio") + name, shop("A radio") + longer])) == [(0, 1)]
    assert pairs([shop(name), shop(longer)], [name, longer]) == {}


def test_without_a_name_the_first_sentence_is_compared() -> None:
    late = "New in our shop this week! " + shop(NAME)
    assert list(pairs([shop(NAME), late])) == list(pairs([shop(NAME), late], [NAME, None])) == [(0, 1)]
    assert list(pairs([shop(NAME), late], ["", "..."])) == [(0, 1)]
    assert pairs([shop(NAME), shop(NAME + " and strap of soft brown leather")], [NAME, None]) == {}


def test_without_full_stops_the_first_twenty_words_are_the_name() -> None:
    texts = shop(NAME).replace(".", "")
    words = texts.split()
    early, late = (" ".join([*words[:k], "plus", "spare", "valves", "included", *words[k:]]) for k in (6, 30))
    assert pairs([texts, early]) == {}
    assert list(pairs([texts, late])) == [(0, 1)]


def test_a_swapped_figure_distinguishes_also_where_it_repeats() -> None:
    assert (
        pairs(
            ["Pack of 2 mugs, each with 4 dots on a white ground", "Pack of 4 mugs, each with 4 dots on a white ground"]
        )
        == {}
    )


@pytest.mark.parametrize(
    ("one", "other", "typo"),
    [
        ("sleeve", "slevee", True),
        ("sleeve", "sleve", True),
        ("sleeve", "sleeves", True),
        ("sleeve", "sleave", True),
        ("peach", "beach", False),
        ("red", "rod", False),
        ("kir18", "kir19", False),
        ("12345", "12346", False),
        ("sleeve", "sleeveless", False),
        ("sleeve", "seelve", False),
    ],
)
def test_a_typo_is_one_letter_of_a_longer_word_but_not_the_first(one: str, other: str, typo: bool) -> None:
    assert is_typo(one, other) is typo
    assert is_typo(other, one) is typo


def test_texts_without_words_have_no_duplicates() -> None:
    assert pairs([]) == {}
    assert pairs(["..."]) == {}
    assert pairs(["...", "!!!", "", MUG]) == {}


def test_variants_of_one_template_cost_few_comparisons_each() -> None:
    n = 2_000
    rng = random.Random(1)
    words = [
        a + b + c for a in ("lor", "mes", "tan", "vik") for b in ("ba", "do", "fi", "gu") for c in ("rin", "sot", "tel")
    ]
    texts = [
        f"Buy {rng.choice(words)} {rng.choice(words)} {number} at best price. 100% genuine products, free shipping, "
        f"cash on delivery. 30 day replacement guarantee on every {rng.choice(words)} {rng.choice(words)} of our shop."
        for number in range(n)
    ]
    planted = {number: number + 40 for number in range(0, 1_600, 100)}
    for original, altered in planted.items():
        texts[altered] = texts[original].replace("delivery", "delivrey") + " Only few left in stock!"
    compared: Counter[TokenisedText] = Counter()

    def counted(one: TokenisedText, other: TokenisedText) -> float:
        compared.update([one])
        return similarity(one, other)

    found = pairs(texts, compare=counted)
    assert compared.total() <= 2 * n * candidates.NEAREST
    assert set(found) == set(planted.items())


def test_a_hundred_near_duplicates_stay_one_duplicate_group() -> None:
    rng = random.Random(2)
    listing = MUG.replace(".", " .").replace(",", " ,")
    texts = [listing]
    for _ in range(200):
        words = listing.split()
        for at in rng.sample([k for k, word in enumerate(words) if word.isalpha() and len(word) > 5], 2):
            cut = rng.randrange(1, len(words[at]) - 1)
            words[at] = words[at][:cut] + words[at][cut + 1 :]
        texts.append(" ".join(words))
    texts = sorted(set(texts))
    assert len(texts) > 100
    rows = [{"product_id": str(j), "duplicate_of": str(i), "modality": "text"} for i, j in pairs(texts)]
    of = duplicate_groups([str(k) for k in range(len(texts))], rows)
    assert np.bincount(of).max() >= 0.95 * len(texts)  # some typos of one word differ by two letters

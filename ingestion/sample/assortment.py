"""The categories of a large sample and their sizes: the seven hand-made ones of `texts`, then made-up ones.

A made-up category is a type of goods for a use (`vocabulary`), as "Camping stools". They come in such an order that
each has the type in common with the one beside it on one side and the use with that on the other (but for one in 128),
so that at every number of categories some are easily confused.
"""

# ruff: noqa: S311 - the draws must be repeatable; nothing here is secret

from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random

from ingestion.sample.catalogue import LOOK_ALIKE, NEIGHBOUR, PER_CATEGORY, PER_LOOK_ALIKE
from ingestion.sample.drawings import PATTERNS
from ingestion.sample.texts import SHARED, WORDING, Wording
from ingestion.sample.vocabulary import GOODS, STYLES, USES, Goods

MIN_CATEGORIES, MAX_CATEGORIES = 2, 2_000
EVEN = 0.3
"""Fraction of the products that is spread evenly over the categories, which gives the smallest a size."""
STYLES_PER_CATEGORY = 3
OWN, EXTRA = (1, 2, 3, 3, 4), (0, 0, 1, 1, 2)
"""Numbers of sentences of the category, and of all categories, in a description. There are more of the first than in
the small sample: with many categories the others would make up the groups."""
MODELS = tuple(f"{model} {number}" for model in SHARED["model"] for number in range(101, 1000, 7))
"""Names of models: more than in the small sample, so that few of a million products have equal texts by chance."""
ALL_PATTERNS = tuple(sorted({pattern for patterns in PATTERNS.values() for pattern in patterns}))


@dataclass(frozen=True)
class Drawn:
    """What the images of a made-up category show: the shape of a hand-made category's sub-type, with one pattern."""

    category: str
    sub_type: str
    pattern: str


@dataclass(frozen=True)
class Category:
    """A category: its words, the category that a wrong label names, and its shape unless it is hand-made."""

    name: str
    wording: Wording
    neighbour: str
    drawn: Drawn | None = None

    def draw_sub_type(self, rng: Random) -> str:
        """A sub-type; one that is like another category is as frequent as in the small sample."""
        sub_types = list(self.wording.sub_types)
        similar = [name for name in sub_types if name in LOOK_ALIKE]
        if rng.random() * PER_CATEGORY < PER_LOOK_ALIKE * len(similar):
            return rng.choice(similar)
        return rng.choice([name for name in sub_types if name not in similar])


def categories(number: int, seed: int) -> tuple[Category, ...]:
    """The first `number` categories, 2 to MAX_CATEGORIES: the same ones, in the same order, whatever the number."""
    rng = Random(f"{seed}/categories")
    types = [(goods, name) for goods in rng.sample(GOODS, len(GOODS)) for name in rng.sample(list(goods.types), 4)]
    uses = rng.sample(list(USES), len(USES))
    made_up = [
        # a pair has the type in common; its second and the first of the next pair have the use
        combined(*types[at], uses[(at + offset) % len(uses)], rng)
        for even in range(0, len(uses), 2)
        for at in range(len(types))
        for offset in (even, even + 1)
    ]
    hand_made = [
        Category(
            name,
            replace(wording, slots={**wording.slots, "model": MODELS}, own=OWN, extra=EXTRA),
            NEIGHBOUR[name],
        )
        for name, wording in WORDING.items()
    ]
    chosen = [*hand_made, *made_up][:number]
    names = {category.name for category in chosen}
    return tuple(
        category if category.neighbour in names else replace(category, neighbour=chosen[at - 1].name)
        for at, category in enumerate(chosen)
    )


def combined(goods: Goods, type_name: str, use: str, rng: Random) -> Category:
    """The made-up category of a type of goods for a use; its neighbour is left to `categories`."""
    names, own = goods.types[type_name]
    (usual, other), on_use = USES[use]
    sub_types: dict[str, tuple[str, ...]] = {
        style: (
            f"{usual} {names[0]}", f"{style} {usual} {names[1]}", f"{other} {names[0]}", f"{style} {names[0]}",
            names[1], f"{usual} {names[2]}", f"{style} {goods.loose[0]}", f"{other} {goods.loose[1]}",
        )
        for style in rng.sample(STYLES, STYLES_PER_CATEGORY)
    }  # fmt: skip
    slots = {"material": goods.materials, "size": goods.sizes, "model": MODELS}
    pattern, shape = rng.choice(ALL_PATTERNS), rng.choice(list(WORDING[goods.drawn].sub_types))
    on_both = (
        f"A {usual} {names[0]} that does what it should, from {{brand}}.",
        f"This {other} {names[1]} is {{size}} and made of {{material}}.",
        f"Looking for {usual} {type_name}? See our {other} {type_name} in {{colour}}.",
        f"As {usual} {type_name} go, a {{adjective}} one.",
    )
    wording = Wording(sub_types, (*on_both, *own, *on_use, *goods.sentences), goods.price, slots, OWN, EXTRA)
    return Category(f"{use} {type_name}", wording, "", Drawn(goods.drawn, shape, pattern))


def sizes(number: int) -> list[float]:
    """The probabilities of the categories from the largest to the smallest, cumulated; the last is 1.

    Zipf's law with a floor: the one of rank r has (1 - EVEN) / (r H) + EVEN / `number`, where H is the sum of 1 / r.
    """
    harmonic = sum(1 / rank for rank in range(1, number + 1))
    return [*accumulate((1 - EVEN) / (rank * harmonic) + EVEN / number for rank in range(1, number)), 1.0]

"""The rows of a large sample, each made by itself.

A row depends on the seed, the number of categories and its own number only, so that a shorter catalogue is the
beginning of a longer one. The first rows are one of each category; all others are drawn by `assortment.sizes`. The
category is a path of two levels, `Camping stools > Compact`: the category, and a sub-type of its own.

The limits of the small sample hold here too, and one more: the made-up categories have four sentences and some twenty
names each of their own, and share the rest. Figures on them compare costs and methods, and say nothing of real
products.
"""

# ruff: noqa: S311 - the draws must be repeatable; nothing here is secret

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from random import Random

from ingestion.sample.assortment import Category, categories, sizes
from ingestion.sample.catalogue import Product, jpeg, rephotographed, sketch
from ingestion.sample.drawings import draw
from ingestion.sample.texts import BRANDS, COLOURS, reword, write

SHAPES = ((128, 128), (112, 128), (128, 112))
"""Width and height of the images in px: a fifth of the small sample's CPU time."""
FAULTS = {"exact": 0.01, "near": 0.02, "wrong label": 0.02, "description": 0.05, "category": 0.01, "image": 0.01}
"""Fractions of the products that are a duplicate, have a wrong label, or lack a value; none has two of these."""
ENDS = list(zip(FAULTS, accumulate(FAULTS.values()), strict=True))
NO_PRICE = 0.03
"""Fraction without a price. Of the brands one in ten is missing, as in the small sample."""
MORE_BRANDS = tuple(
    f"{brand.split()[0]}{ending}" for brand in BRANDS for ending in ("", "son", "elle", "ix", "wood", "ano", "et", "by")
)


@dataclass(frozen=True)
class Listing:
    """A row: its product, what was planted in it (a key of FAULTS), and the row that it shows the product of."""

    number: int
    product: Product
    fault: str | None
    original: int


@dataclass(frozen=True)
class Recipe:
    """All rows of the catalogues of one seed and number of categories, 2 to MAX_CATEGORIES."""

    seed: int
    number_of_categories: int

    @cached_property
    def by_size(self) -> tuple[Category, ...]:
        """The categories from the largest to the smallest."""
        found = list(categories(self.number_of_categories, self.seed))
        Random(f"{self.seed}/sizes").shuffle(found)
        return tuple(found)

    @cached_property
    def by_name(self) -> dict[str, Category]:
        """The categories by name."""
        return {category.name: category for category in self.by_size}

    @cached_property
    def sizes(self) -> list[float]:
        """The cumulated probabilities of `by_size`."""
        return sizes(self.number_of_categories)

    def listing(self, number: int) -> Listing:
        """The row of that number, from 1."""
        rng, fault = self._begin(number)
        if fault not in ("exact", "near"):
            product = self._product(number, rng)
            if fault == "wrong label":
                other = self.by_name[self.by_name[product.category].neighbour]
                product.label = path(other.name, other.draw_sub_type(rng))
            elif fault == "description":
                product.description = ""
            elif fault == "category":
                product.label = ""
            return Listing(number, product, fault, number)
        original, original_rng = self._original(number, rng)
        product = self._product(original, original_rng)
        product.id = product_id(number)
        product.price = f"{float(product.price or 10) * rng.uniform(0.9, 1.1):.2f}"  # another seller's
        if fault == "near":
            product.description = reword(product.description, rng)
        return Listing(number, product, fault, original)

    def image(self, listing: Listing) -> bytes:
        """The JPEG file of the row's image: its original's, or that photographed again for a near-duplicate."""
        product, category = listing.product, self.by_name[listing.product.category]
        rng = Random(f"{self.seed}/{self.number_of_categories}/{listing.original}/image")
        colour, accent = COLOURS[product.colour], COLOURS[rng.choice(list(COLOURS))]
        if category.drawn is None:
            image = draw(category.name, product.sub_type, colour, accent, rng, SHAPES)
        else:
            drawn = category.drawn
            image = draw(drawn.category, drawn.sub_type, colour, accent, rng, SHAPES, (drawn.pattern,))
        file = jpeg(image, 85)
        return rephotographed(file) if listing.fault == "near" else file

    def _begin(self, number: int) -> tuple[Random, str | None]:
        rng = Random(f"{self.seed}/{self.number_of_categories}/{number}")
        at = rng.random()
        if number <= self.number_of_categories:
            return rng, None
        return rng, next((fault for fault, end in ENDS if at < end), None)

    def _original(self, number: int, rng: Random) -> tuple[int, Random]:
        """An earlier row without a fault, and its draws; the first rows have none, so that there is one."""
        fault: str | None = "duplicate"
        while fault:
            number = rng.randrange(1, number)
            rng, fault = self._begin(number)
        return number, rng

    def _product(self, number: int, rng: Random) -> Product:
        if number <= self.number_of_categories:
            category = self.by_size[-number]
        else:
            category = rng.choices(self.by_size, cum_weights=self.sizes)[0]
        wording, sub_type = category.wording, category.draw_sub_type(rng)
        product = sketch(product_id(number), category.name, sub_type, wording.price, rng)
        product.label = path(category.name, sub_type)
        product.brand = rng.choice(MORE_BRANDS) if product.brand else ""
        if rng.random() < NO_PRICE:
            product.price = ""
        brand = product.brand or rng.choice(MORE_BRANDS)
        product.name, product.description = write(wording, sub_type, product.colour, brand, rng)
        return product


def product_id(number: int) -> str:
    """The id of the product of a row."""
    return f"P{number:07d}"


def path(category: str, sub_type: str) -> str:
    """The cell of the category."""
    return f"{category} > {sub_type[0].upper()}{sub_type[1:]}"

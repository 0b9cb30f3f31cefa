"""The built-in sample catalogue: 420 products in 7 categories, made by seeded code, with its planted faults recorded.

It shows what a study looks like without a catalogue at hand, and tests the whole pipeline with known answers: products
with a wrong category, listed twice, with broken images or without a description are planted and recorded in
`truth.json`. Three pairs of categories are similar in words and in shape (watches and clocks, mugs and vases, backpacks
and handbags), and lamps have words and shapes of all.

Its limits: the images are drawn, not photographed, and the texts come from small grammars. Figures on it show that the
pipeline works and what its pages look like, not how well a method does on real products.
Equal seeds give equal bytes with the same versions of Pillow and numpy on one type of machine.
"""

# ruff: noqa: S311 - the draws must be repeatable; nothing here is secret

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

from PIL import Image, ImageEnhance
from pydantic import BaseModel, ConfigDict, ValidationError

from ingestion.sample.drawings import draw
from ingestion.sample.texts import BRANDS, COLOURS, WORDING, reword, write
from ingestion.task import Progress
from store.errors import CatalogueError

CATALOGUE, IMAGES, TRUTH = "catalogue.csv", "images", "truth.json"
COLUMNS = ("id", "name", "description", "category", "image", "brand", "price", "colour")
PER_CATEGORY = 60
PER_LOOK_ALIKE = 5
LOOK_ALIKE = {
    "pocket": "Clocks",
    "strap": "Watches",
    "beaker": "Vases",
    "jug": "Mugs",
    "convertible": "Handbags",
    "sling": "Backpacks",
    "gourd": "Vases",
    "sunrise": "Clocks",
}
"""Sub-types that look and read like another category."""
NEIGHBOUR = {
    "Watches": "Clocks",
    "Clocks": "Watches",
    "Mugs": "Vases",
    "Vases": "Mugs",
    "Backpacks": "Handbags",
    "Handbags": "Backpacks",
    "Lamps": "Vases",
}
"""The category that a wrong label most often names."""
WRONG_LABELS = 12
DUPLICATES_PER_TYPE = 4
DuplicateType = Literal["exact text", "near text", "exact image", "near image"]
DUPLICATE_TYPES: tuple[DuplicateType, ...] = ("exact text", "near text", "exact image", "near image")


class Truth(BaseModel):
    """What was planted, by product id; all other products are as the catalogue says."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    seed: int
    wrong_labels: dict[str, str]
    """Product to its true category; the catalogue says another."""
    duplicates: dict[DuplicateType, dict[str, str]]
    """By type of duplicate, a product to the earlier one that it duplicates."""
    broken_images: dict[str, Literal["truncated", "garbage"]]
    """Product to what is wrong with its image file."""
    empty_descriptions: tuple[str, ...]
    look_alikes: dict[str, str]
    """Product, with the right label, to the category that it looks and reads like."""


@dataclass(frozen=True)
class Sample:
    """A sample that was written."""

    folder: Path
    catalogue: Path
    images: Path
    products: int
    truth: Truth


@dataclass
class Product:
    """A product in the making; `image` are the bytes of its file."""

    id: str
    category: str
    sub_type: str
    colour: str
    brand: str
    price: str
    label: str = ""
    name: str = ""
    description: str = ""
    image: bytes = field(default=b"", repr=False)

    def row(self) -> tuple[str, ...]:
        """Its line of the catalogue, in the order of COLUMNS."""
        image_name = f"{self.id}.jpg"
        return self.id, self.name, self.description, self.label, image_name, self.brand, self.price, self.colour


def make(folder: Path, seed: int = 0, progress: Progress | None = None) -> Sample:
    """Write the sample into `folder`: catalogue.csv, images/<id>.jpg and truth.json; some 4 MB and 10 s.

    `progress(done, all)` is called after each image. An earlier sample there is overwritten. CatalogueError if the
    folder holds a catalogue.csv that is not a sample, or cannot be written.
    """
    spare_others(folder / CATALOGUE)
    products, planted = plan(seed)
    try:
        (folder / IMAGES).mkdir(parents=True, exist_ok=True)
        by_id: dict[str, Product] = {}
        for done, product in enumerate(products, 1):
            finish(product, planted, by_id, seed)
            by_id[product.id] = product
            (folder / IMAGES / f"{product.id}.jpg").write_bytes(product.image)
            if progress:
                progress(done, len(products))
        write_truth(folder, planted)
        with (folder / CATALOGUE).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(product.row() for product in products)
    except OSError as error:
        raise unwritable(folder, error) from error
    return Sample(folder, folder / CATALOGUE, folder / IMAGES, len(products), planted)


def spare_others(catalogue: Path) -> None:
    """CatalogueError if there is a file `catalogue` that is not a sample's."""
    if catalogue.exists() and not (catalogue.parent / TRUTH).exists():
        raise CatalogueError(
            f"{catalogue.parent} holds a {catalogue.name} that is not a sample; name another folder for the sample."
        )


def write_truth(folder: Path, planted: Truth) -> None:
    """Write what was planted to truth.json."""
    (folder / TRUTH).write_text(json.dumps(planted.model_dump(), indent=1) + "\n", encoding="utf-8")


def unwritable(folder: Path, error: OSError) -> CatalogueError:
    """The error of a folder that a sample cannot be written to."""
    return CatalogueError(f"The sample cannot be written to {folder} ({error.strerror}); name another folder.")


def truth(folder: Path) -> Truth:
    """What was planted in the sample in `folder`; CatalogueError if there is no sample."""
    try:
        return Truth.model_validate_json((folder / TRUTH).read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise CatalogueError(f"{folder} holds no sample with a readable {TRUTH}; make one there first.") from error


def plan(seed: int) -> tuple[list[Product], Truth]:
    """All products in catalogue order, without texts and images, and where the hard cases are."""
    rng = Random(f"{seed}/plan")
    pairs = [(category, sub_type) for category in WORDING for sub_type in sub_types_of(category)]
    rng.shuffle(pairs)
    products = [
        sketch(f"S{number:04d}", category, sub_type, WORDING[category].price, rng)
        for number, (category, sub_type) in enumerate(pairs, 1)
    ]
    plain = [product for product in products if product.sub_type not in LOOK_ALIKE]
    rng.shuffle(plain)

    wrong: dict[str, str] = {}
    for number in range(WRONG_LABELS):
        product = plain.pop()
        others = [category for category in WORDING if category != product.category]
        wrong[product.id] = product.category
        product.label = NEIGHBOUR[product.category] if number % 3 else rng.choice(others)
    duplicates: dict[DuplicateType, dict[str, str]] = {duplicate_type: {} for duplicate_type in DUPLICATE_TYPES}
    for duplicate_type in DUPLICATE_TYPES:
        for _ in range(DUPLICATES_PER_TYPE):
            original = plain.pop()
            other = next(product for product in plain if product.category == original.category)
            plain.remove(other)
            first, second = sorted((original, other), key=lambda product: product.id)
            second.sub_type, second.colour, second.brand = first.sub_type, first.colour, first.brand
            duplicates[duplicate_type][second.id] = first.id
    planted = Truth(
        seed=seed,
        wrong_labels=wrong,
        duplicates=duplicates,
        broken_images={plain.pop().id: "truncated", plain.pop().id: "garbage"},
        empty_descriptions=(plain.pop().id, plain.pop().id),
        look_alikes={
            product.id: LOOK_ALIKE[product.sub_type] for product in products if product.sub_type in LOOK_ALIKE
        },
    )
    return products, planted


def sub_types_of(category: str) -> list[str]:
    """The sub-types of the products of a category: `PER_LOOK_ALIKE` of each look-alike, the others in turn."""
    sub_types = list(WORDING[category].sub_types)
    look_alikes = [name for name in sub_types if name in LOOK_ALIKE]
    others = [name for name in sub_types if name not in LOOK_ALIKE]
    rest = PER_CATEGORY - PER_LOOK_ALIKE * len(look_alikes)
    return look_alikes * PER_LOOK_ALIKE + [others[number % len(others)] for number in range(rest)]


def sketch(product_id: str, category: str, sub_type: str, span: tuple[int, int], rng: Random) -> Product:
    """A product's colour, brand and price within the `span`; every tenth brand is missing, as in shops' exports."""
    low, high = span
    price = low * (high / low) ** rng.random()  # shops have many cheap products and few expensive ones
    brand = rng.choice(BRANDS) if rng.random() > 0.1 else ""
    return Product(product_id, category, sub_type, rng.choice(list(COLOURS)), brand, f"{price:.2f}", category)


def finish(product: Product, planted: Truth, earlier: dict[str, Product], seed: int) -> None:
    """Give the product its text and its image; a duplicate takes them from the earlier product."""
    originals = {
        duplicate_type: earlier[pairs[product.id]]
        for duplicate_type, pairs in planted.duplicates.items()
        if product.id in pairs
    }
    # "picture" is part of the seed: another word would make other bytes
    words, image_rng = (Random(f"{seed}/{product.id}/{part}") for part in ("words", "picture"))

    brand = product.brand or words.choice(BRANDS)
    name, description = write(WORDING[product.category], product.sub_type, product.colour, brand, words)
    if "exact text" in originals:
        name, description = originals["exact text"].name, originals["exact text"].description
    elif "near text" in originals:
        name, description = originals["near text"].name, reword(originals["near text"].description, words)
    elif product.id in planted.empty_descriptions:
        description = " " * planted.empty_descriptions.index(product.id)  # one is empty, one is a blank
    product.name, product.description = name, description

    if "exact image" in originals:
        product.image = originals["exact image"].image
    elif "near image" in originals:
        product.image = rephotographed(originals["near image"].image)
    else:
        accent = COLOURS[image_rng.choice(list(COLOURS))]
        image = draw(product.category, product.sub_type, COLOURS[product.colour], accent, image_rng)
        product.image = jpeg(image, image_rng.randrange(80, 93))
    match planted.broken_images.get(product.id):
        case "truncated":
            product.image = product.image[: len(product.image) * 2 // 5]
        case "garbage":
            product.image = image_rng.randbytes(4096)


def jpeg(image: Image.Image, quality: int) -> bytes:
    """The bytes of a JPEG file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def rephotographed(image: bytes) -> bytes:
    """The image as another seller would publish it: cropped a little, smaller, darker, compressed harder."""
    with Image.open(io.BytesIO(image)) as original:
        width, height = original.size
        cut = original.crop((width // 30, height // 30, width - width // 40, height - height // 40))
        small = cut.resize((width * 9 // 10, height * 9 // 10), Image.Resampling.LANCZOS)
    return jpeg(ImageEnhance.Brightness(small).enhance(0.94), 72)

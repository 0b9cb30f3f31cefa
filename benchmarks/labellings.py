"""Write labelled catalogues to choose a protocol on: labellings.py FOLDER --shared ../shared.

Eight catalogues of texts and pictures, each labelled by kinds and by departments that hold several kinds (the sample
and accessories have their own; the sample has no departments, accessories has two sets). Six are pairings: products of
a text catalogue, each category of which is given the pictures of some kinds of another set, by a seeded draw. Such a
picture knows of the category and of nothing else in the text: an easier question than a shop's, so the two real ones
are to be looked at by themselves too. `aislemap ingest` runs each; nothing of the reported catalogue is in them.
"""

import argparse
import csv
import random
import re
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.sample import catalogue as sample

ACCESSORIES = {
    "acc4": {
        "clothes": ("Dress", "Saree", "Loungewear and Nightwear"),
        "beauty": ("Lips", "Makeup", "Nails"),
        "feet": ("Flip Flops", "Socks"),
        "worn with it": ("Belts", "Ties", "Wallets", "Headwear"),
    },
    "acc6": {
        "dresses": ("Dress", "Saree"),
        "night": ("Loungewear and Nightwear",),
        "beauty": ("Lips", "Makeup", "Nails"),
        "feet": ("Flip Flops", "Socks"),
        "leather": ("Belts", "Wallets"),
        "head and neck": ("Ties", "Headwear"),
    },
}
RETAIL = {
    "wear": ("apparel", "accessories", "footwear", "jewelry"),
    "home": ("furniture", "homedecor", "housewares"),
    "garden": ("floral", "seasonal"),
    "food": ("groceries",),
    "technics": ("electronics", "instruments"),
    "outdoors": ("outdoors",),
}
PRICERUNNER = {
    "cold": ("Fridges", "Fridge Freezers", "Freezers"),
    "wash": ("Washing Machines", "Dishwashers"),
    "kitchen": ("Microwaves",),
    "media": ("Digital Cameras", "Mobile Phones", "TVs"),
    "parts": ("CPUs",),
}
Product = tuple[str, str, str]
"""Name, description, category."""
LEAST_TEXTS, LEAST_PICTURES = 90, 50
"""Of a category, and of the kinds of pictures that it is given: with fewer, a category is too small to be found."""


@dataclass(frozen=True)
class Pairing:
    """So many categories, each with the pictures of so many kinds, at most so many products of each."""

    texts: str
    pictures: str
    categories: int
    kinds: int
    most: int


PAIRINGS = {
    "p0": Pairing("retail", "caltech", 7, 1, 110),
    "p1": Pairing("retail", "clothing", 7, 1, 130),
    "p2": Pairing("retail", "caltech", 8, 3, 120),
    "p3": Pairing("pricerunner", "caltech", 7, 3, 130),
    "p4": Pairing("pricerunner", "clothing", 7, 1, 130),
    "p5": Pairing("retail", "caltech", 10, 2, 100),
}
"""The seed of each is its number."""


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def texts(data: Path) -> dict[str, list[Product]]:
    """The products of the two text catalogues."""
    folder = data / "catalogues"
    return {
        "retail": [(r["name"], r["description"], r["category"]) for r in rows(folder / "retail_demo.csv")],
        "pricerunner": [(r["title"], "", r["category"]) for r in rows(folder / "pricerunner_4000.csv")],
    }


def pictures(data: Path) -> dict[str, dict[str, list[Path]]]:
    """The pictures of the two sets by kind, in one order everywhere."""
    folder = data / "encoder_images"
    caltech, clothing = defaultdict(list), defaultdict(list)
    for path in sorted((folder / "caltech101").iterdir()):
        kind = re.sub(r"[-_]\d+\.jpg$", "", path.name)
        if kind != "BACKGROUND_Google":  # photos of anything
            caltech[kind].append(path)
    for row in rows(data / "catalogues" / "clothing_labels.csv"):
        path = folder / "clothing" / row["image"]
        if path.is_file():
            clothing[row["label"]].append(path)
    return {"caltech": caltech, "clothing": clothing}


def pair(
    how: Pairing, seed: int, said: Sequence[Product], shown: Mapping[str, list[Path]]
) -> list[tuple[Product, Path]]:
    """The products of a pairing, each with its picture, in a seeded order."""
    draw, by_category = random.Random(seed), defaultdict(list)  # noqa: S311 - a draw, no secret
    for product in said:
        by_category[product[2]].append(product)
    categories = [c for c in sorted(by_category) if len(by_category[c]) >= LEAST_TEXTS]
    draw.shuffle(categories)
    kinds = [kind for kind in sorted(shown) if len(shown[kind]) * how.kinds >= LEAST_PICTURES]
    draw.shuffle(kinds)
    found: list[tuple[Product, Path]] = []
    for at, category in enumerate(categories[: how.categories]):
        own = [path for kind in kinds[at * how.kinds : (at + 1) * how.kinds] for path in shown[kind]]
        products = list(by_category[category])
        draw.shuffle(own)
        draw.shuffle(products)
        found += list(zip(products, own, strict=False))[: how.most]
    draw.shuffle(found)
    return found


def departments(of: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The department of each category."""
    return {category: name for name, categories in of.items() for category in categories}


def write(folder: Path, products: Sequence[tuple[Product, Path]], labels: Mapping[str, Mapping[str, str]]) -> None:
    """Write the pictures once and one CSV for each labelling, which gives a category its label."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for at, (_, path) in enumerate(products):
        shutil.copyfile(path, folder / "images" / f"{at:05d}.jpg")
    for name, label in labels.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(["id", "name", "description", "category", "image"])
            for at, ((title, description, category), _) in enumerate(products):
                out.writerow([f"p{at:05d}", title, description, label.get(category, category), f"{at:05d}.jpg"])


def main() -> None:
    """Write all catalogues."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    arguments = parser.parse_args()
    data, said, shown = arguments.shared / "data", texts(arguments.shared / "data"), pictures(arguments.shared / "data")
    sample.make(arguments.folder / "sample", 0)
    source = data / "catalogues" / "accessories"
    own = [((r["title"], "", r["category"]), source / "images" / r["image"]) for r in rows(source / "products.csv")]
    by_department = {name: departments(of) for name, of in ACCESSORIES.items()}
    write(arguments.folder / "accessories", own, {"acc12": {}, **by_department})
    for seed, (name, how) in enumerate(PAIRINGS.items()):
        products = pair(how, seed, said[how.texts], shown[how.pictures])
        of = departments(RETAIL if how.texts == "retail" else PRICERUNNER)
        write(arguments.folder / name, products, {name: {}, f"{name}c": of})
    for path in sorted(arguments.folder.glob("*/*.csv")):
        print(path)  # noqa: T201


if __name__ == "__main__":
    main()

"""The texts that use-compact is trained on: shop titles, halves of them, and long texts put together from them."""

import csv
import gzip
import random
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.recipe import SEED, Matrix

HELD_OUT = 0.05
# Usual phrases of a shop page: the student has to learn that they carry little meaning.
PHRASES = """
Key Features of {t}|Specifications of {t}|Buy {t} online at best price
{t} is available at the best price|Price: Rs. {n}|Only for Rs. {n}|Brand: {w}|Model number {w} {n}
Color: {c}|Colour {c}|Material: {m}|{m}|Pack of {k}|Number of contents in sales package: {k}|Size: {k}
Ideal for: {p}|Suitable for {p}|Weight {n} g|Dimensions: {n} cm x {k} cm|Width {n} mm, height {n} mm
free shipping and cash on delivery|{k} day replacement guarantee|{k} year warranty|general features
in the box: 1 {w}|genuine products|latest collection at great prices|satisfaction guaranteed|Type: {w}
Other details|Care: machine wash|made in India|best quality|Style code {n}
"""
FILLERS = {
    "c": "black white red blue green pink brown grey gold silver multicolor beige purple yellow",
    "m": "cotton leather plastic steel wood glass ceramic polyester silk rubber alloy brass paper metal",
    "p": "men women boys girls kids home office baby adults",
}


class Product(NamedTuple):
    """A product of the training texts; `description` is '' where there is none."""

    title: str
    description: str


def read(path: Path) -> tuple[list[Product], list[Product]]:
    """Products of distinct titles (case and white space aside) of encoder_texts.csv.gz: to train on, and held out."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        distinct: dict[str, Product] = {}
        for row in csv.DictReader(file):
            if key := row["title"].lower().strip():
                distinct.setdefault(key, Product(row["title"], row["description"]))
    held = np.random.default_rng(SEED).random(len(distinct)) < HELD_OUT
    products = list(zip(distinct.values(), held, strict=True))
    return [p for p, out in products if not out], [p for p, out in products if out]


def long_texts(products: list[Product], vectors: Matrix, count: int, seed: int) -> list[str]:
    """`count` texts of 15 to 150 words, each about one type of product.

    Each starts with a title; then come, in random order, titles and description sentences of products near it in the
    teacher's space (`vectors`: one unit row per title) and phrases of a shop page. One in eight mixes products at
    random.
    """
    rng = random.Random(seed)  # noqa: S311 - a draw that has to repeat
    chosen = [rng.randrange(len(products)) for _ in range(count)]
    described = np.flatnonzero([p.description != "" for p in products])
    near_title = _nearest(vectors[chosen], vectors, 24)
    near_described = described[_nearest(vectors[chosen], vectors[described], 8)]
    texts = []
    for i, start in enumerate(chosen):
        title, mixed = products[start].title, rng.random() < 0.125
        goal = int(np.exp(rng.uniform(np.log(15), np.log(150))))
        boilerplate = rng.choice((0.1, 0.3, 0.5))
        parts = [title] if rng.random() < 0.8 else []
        while sum(len(p.split()) for p in parts) < goal:
            draw = rng.random()
            if draw < boilerplate:
                parts.append(_shop_phrase(title, rng))
            elif draw < boilerplate + 0.35 and len(described):
                source = rng.choice(described if mixed else near_described[i])
                parts.append(rng.choice(re.split(r"(?<=[.!?]) ", products[source].description)))
            else:
                parts.append(products[rng.randrange(len(products)) if mixed else rng.choice(near_title[i])].title)
        rest = parts[1:]
        rng.shuffle(rest)
        texts.append(rng.choice((" ", ". ", ", ")).join(parts[:1] + rest))
    return texts


def title_halves(products: list[Product], count: int, seed: int) -> list[str]:
    """Random runs of at least two words out of titles of at least four."""
    rng = random.Random(seed)  # noqa: S311 - a draw that has to repeat
    out: list[str] = []
    while len(out) < count:
        words = products[rng.randrange(len(products))].title.split()
        if len(words) >= 4:
            length = rng.randint(2, len(words) - 1)
            at = rng.randint(0, len(words) - length)
            out.append(" ".join(words[at : at + length]))
    return out


def _shop_phrase(title: str, rng: random.Random) -> str:
    """One phrase of a shop page, filled in for a product of this title."""
    values: dict[str, object] = {k: rng.choice(v.split()) for k, v in FILLERS.items()}
    values["w"] = rng.choice(title.split())
    phrase = rng.choice(re.split(r"[|\n]", PHRASES.strip()))
    return phrase.format(t=title, n=rng.randint(1, 3000), k=rng.randint(1, 12), **values)


def _nearest(queries: Matrix, vectors: Matrix, k: int) -> NDArray[np.int64]:
    """The `k` nearest rows of `vectors` to each row of `queries`, unit rows, in no order: (n, k)."""
    k = min(k, len(vectors) - 1)
    blocks = (queries[at : at + 500] for at in range(0, len(queries), 500))  # for the memory
    return np.concatenate([np.argpartition(-(b @ vectors.T), k, axis=1)[:, :k] for b in blocks])

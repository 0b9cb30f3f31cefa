"""A small, rich and repeatable store for tests, written through the real store and scored with the real measures.

The vectors are made up: each category has a centre, to which a method adds more or less noise.
"""

import colorsys
import io
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from sklearn import metrics as measures

from store import snapshot, tables
from store.parts import Part, PartWriter, finish
from store.root import Root
from tests import judgements
from tests.logs import write_logs

CATEGORIES = ("Baby Care", "Beauty", "Computers", "Home Decor", "Home Furnishing", "Kitchen & Dining", "Watches")
THINGS = {
    "Baby Care": ("Cotton Romper", "Baby Dress", "Bib Set", "Soft Rattle"),
    "Beauty": ("Face Cream", "Hair Oil", "Lipstick", "Perfume"),
    "Computers": ("USB Hub", "Wireless Mouse", "Laptop Battery", "Router"),
    "Home Decor": ("Wall Clock", "Photo Frame", "Showpiece", "Candle Holder"),
    "Home Furnishing": ("Bed Sheet", "Curtain Pair", "Cushion Cover", "Bath Towel"),
    "Kitchen & Dining": ("Ceramic Mug", "Lunch Box", "Frying Pan", "Knife Set"),
    "Watches": ("Analog Watch", "Digital Watch", "Chronograph", "Strap Watch"),
}
BRANDS = ("Aria", "Bluepine", "Corvo", "Delma", None)
SCRIPT = "<script>window.hacked = true</script>"


@dataclass(frozen=True)
class FakeMethod:
    """A method as the factory makes it up: `noise` blurs the categories in its vectors; None if it did not run.

    `of` names the methods of a joint graph; it is grouped on its manifold, and has no vectors or maps of its own.
    """

    name: str
    modality: str
    model: str
    noise: float | None
    status: str = "ran"
    detail: str | None = None
    of: tuple[str, ...] = ()


METHODS = (
    FakeMethod("count", "text", "Bag of words, fitted on this catalogue", 1.0),
    FakeMethod("tfidf", "text", "TF-IDF, fitted on this catalogue", 0.8),
    FakeMethod("bert", "text", "all-MiniLM-L6-v2", 0.45),
    FakeMethod("sift", "image", "RootSIFT visual words", 3.0),
    FakeMethod("cnn", "image", "MobileNetV2", 0.85),
    FakeMethod("fusion", "text+image", "bert + cnn", 0.4),
    FakeMethod("joint-text", "text", "joint graph of bert, tfidf", 0.0, of=("bert", "tfidf")),
    FakeMethod("joint", "text+image", "joint graph of bert, tfidf, cnn", 0.0, of=("bert", "tfidf", "cnn")),
    FakeMethod(
        "use", "text", "universal-sentence-encoder/4", None, "unavailable",
        "No weights found for use. Give a SavedModel with --weights use=PATH.",
    ),
    FakeMethod("glove", "text", "glove-wiki-gigaword-100", None, "failed", "The step was stopped at 4,096 MB."),
)  # fmt: skip
GROUPINGS = ("manifold", "estimated_k", "embedding")
DECLARED, ESTIMATED, EMBEDDING = GROUPINGS
NEIGHBOURS = 30
RESTS_ON = {"text": "joint-text", "image": "cnn", "text+image": "joint"}
FEASIBLE, INFEASIBLE, STABLE = 0.65, 0.40, 0.8
PARAMETERS = {"fusion": {"text": "bert", "image": "cnn", "text_fraction": 0.65}}
Rows = list[dict[str, Any]]


class Collected:
    """The rows of each table, so that every file is written in one go: row by row takes most of a store's time."""

    def __init__(self) -> None:
        self.tables: dict[str, tuple[tables.Table, Rows]] = {}

    def write(self, table: tables.Table, rows: Rows) -> None:
        self.tables.setdefault(table.name, (table, []))[1].extend(rows)


def make_store(
    folder: Path,
    products: int = 60,
    seed: int = 0,
    categories: bool = True,
    images: bool = True,
    logs: bool = True,
    moved: int = 0,
) -> Root:
    """Publish a snapshot of that many made-up products in `folder` (made if need be), and give the store.

    Another `seed` gives other scores, and so a new snapshot when published into the same folder. Product ids are
    'P0000', 'P0001', ... Product 3's name holds a script tag, product 5 has no category, product 7 no image. The first
    `moved` products are in the category after their own.
    """
    root = Root(folder)
    numbers = np.random.default_rng(seed)
    made = _products(products, categories, moved)
    part = _write(root, f"factory-{seed}-{products}-{categories}-{images}-{moved}", made, numbers, images)
    published = snapshot.publish(root, [part])
    if logs:
        write_logs(root, published.number, products)
    return root


def _products(count: int, categories: bool, moved: int) -> Rows:
    pick = random.Random(7)
    made: Rows = []
    for i in range(count):
        category = CATEGORIES[(i + (i < moved)) % len(CATEGORIES)]
        brand = BRANDS[i % len(BRANDS)]
        name = " ".join(filter(None, (brand, pick.choice(THINGS[category]), f"no. {i}")))
        made.append(
            {
                "product_id": f"P{i:04d}",
                "name": f"{name} {SCRIPT}" if i == 3 else name,
                "description": f"{name} of the {category} range.\nMade with care, sold in a pack of {1 + i % 4}. " * 3,
                "category": category if categories and i != 5 else None,
                "category_path": f"{category} >> All" if categories and i != 5 else None,
                "image_path": None if i == 7 else f"P{i:04d}.jpg",
                "brand": brand,
                "price": 99.0 + 10 * i,
                "attributes": '{"colour": "blue", "pack": "1"}',
                "catalogue_row": i + 1,
            }
        )
    return made


def _write(root: Root, key: str, made: Rows, numbers: np.random.Generator, images: bool) -> Part:
    with PartWriter(root, key) as file_writer:
        writer = Collected()

        def write(name: str, rows: Rows) -> None:
            writer.write(tables.table(name), rows)

        write("products", made)
        if images:
            write("images", [_image(p) for p in made if p["image_path"]])
        write("texts", [_text(p) for p in made])
        ran = [m for m in METHODS if m.noise is not None and (images or m.modality == "text")]
        vectors: dict[str, NDArray[np.float32]] = {}
        study = judgements.Study(made, CATEGORIES, [m.name for m in ran])
        study.rests_on = [name for name in RESTS_ON.values() if name in study.ran]
        for method in ran:
            seen = [p for p in made if method.modality == "text" or p["image_path"]]
            vectors[method.name] = mine = _vectors(method, seen, numbers, vectors)
            if not method.of:
                _write_vectors(writer, method, seen, mine)
                _write_maps(writer, method, seen, mine)
                _write_neighbours(writer, method, seen, mine)
            study.judged[method.name] = DECLARED
            for grouping in [g for g in GROUPINGS if g != EMBEDDING or not method.of]:
                _write_grouping(writer, method, grouping, seen, mine, study)
        for method in METHODS:
            write("models", [_model(method, len(made), method in ran)])
        _write_verdicts(writer, ran, study)
        for name, rows in judgements.tables(study):
            write(name, rows)
        write("issues", [
            {"product_id": "P0007", "catalogue_row": 8, "stage": "images", "problem": "missing image",
             "detail": "There is no file P0007.jpg in the images folder; the product goes on without an image."},
            {"product_id": "P0005", "catalogue_row": 6, "stage": "catalogue", "problem": "no category",
             "detail": "The category is empty; the product is grouped but not scored."},
        ])  # fmt: skip
        for table, rows in writer.tables.values():
            file_writer.write(table, rows)
    return finish(root, Part(key, "factory", 1.0, 100.0, file_writer.files()))


def _image(product: dict[str, Any]) -> dict[str, Any]:
    index = product["catalogue_row"]
    red, green, blue = colorsys.hsv_to_rgb((index % len(CATEGORIES)) / len(CATEGORIES), 0.45, 0.9)
    image = Image.new("RGB", (160, 200), "white")
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((20, 30, 140, 170), 20, fill=(int(red * 255), int(green * 255), int(blue * 255)))
    draw.text((62, 92), str(index - 1), fill="black", font_size=24)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=80)
    return {
        "product_id": product["product_id"], "sha256": f"{index:064x}", "width": 160, "height": 200,
        "thumbnail": data.getvalue(),
    }  # fmt: skip


def _text(product: dict[str, Any]) -> dict[str, Any]:
    raw = f"{product['name']}. {product['description']}"
    clean = " ".join(word.lower() for word in raw.split() if word.isalpha())
    return {
        "product_id": product["product_id"], "raw": raw, "clean": clean,
        "raw_words": len(raw.split()), "clean_words": len(clean.split()),
    }  # fmt: skip


def _vectors(
    method: FakeMethod, seen: Rows, numbers: np.random.Generator, others: dict[str, NDArray[np.float32]]
) -> NDArray[np.float32]:
    """A joint graph is grouped by the mean of the vectors that it joins."""
    if method.of:
        rows = [p["catalogue_row"] - 1 for p in seen]
        return np.mean([others[m] if len(others[m]) == len(seen) else others[m][rows] for m in method.of], axis=0)
    angles = np.array([2 * np.pi * ((p["catalogue_row"] - 1) % len(CATEGORIES)) / len(CATEGORIES) for p in seen])
    circle = np.stack([np.cos(angles), np.sin(angles), np.cos(2 * angles), np.sin(2 * angles)], axis=1) * 2
    noise = numbers.normal(size=(len(seen), 8)) * (method.noise or 1.0)
    vectors = np.concatenate([circle, np.zeros_like(circle)], axis=1) + noise
    return vectors.astype(np.float32)


def _write_vectors(writer: Collected, method: FakeMethod, seen: Rows, vectors: NDArray[np.float32]) -> None:
    writer.write(
        tables.embedding_table(method.name, vectors.shape[1]),
        [{"product_id": p["product_id"], "vector": v} for p, v in zip(seen, vectors.tolist(), strict=True)],
    )


def _write_maps(writer: Collected, method: FakeMethod, seen: Rows, vectors: NDArray[np.float32]) -> None:
    for reducer, shrink in (("tsne", 1.0), ("umap", 0.8), ("pca", 0.4)):
        keys = {"method": method.name, "reducer": reducer}
        xy = vectors[:, :2] * shrink + vectors[:, 2:4] * (1 - shrink)
        writer.write(tables.table("projections"), [
            {**keys, "product_id": p["product_id"], "x": x, "y": y} for p, (x, y) in zip(seen, xy.tolist(), strict=True)
        ])  # fmt: skip
        writer.write(
            tables.table("projection_scores"), [{**keys, "metric": "trustworthiness", "value": 0.8 + shrink / 10}]
        )


def _write_neighbours(writer: Collected, method: FakeMethod, seen: Rows, vectors: NDArray[np.float32]) -> None:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similar = unit @ unit.T
    np.fill_diagonal(similar, -np.inf)
    near = np.argsort(-similar, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(seen) - 1)]
    writer.write(tables.table("neighbours"), [
        {"method": method.name, "product_id": p["product_id"], "rank": rank,
         "neighbour_id": seen[other]["product_id"], "similarity": float(similar[row, other])}
        for row, p in enumerate(seen) for rank, other in enumerate(near[row].tolist(), start=1)
    ])  # fmt: skip


def _write_grouping(
    writer: Collected,
    method: FakeMethod,
    grouping: str,
    seen: Rows,
    vectors: NDArray[np.float32],
    study: judgements.Study,
) -> None:
    """Group by the nearest centre, turned by an angle per grouping; score with the real measures.

    The estimated number of groups is one more than that of the categories: the first group is in two, the second of
    which no category matches. How often a product was found again falls with its number; that of row 50 is unknown.
    """
    turn = 0.15 * GROUPINGS.index(grouping)
    angles = np.arctan2(vectors[:, 1], vectors[:, 0] + turn)
    cluster = np.round(angles / (2 * np.pi) * len(CATEGORIES)).astype(int) % len(CATEGORIES)
    if grouping == ESTIMATED:
        cluster[(cluster == 0) & (np.arange(len(seen)) % 2 == 1)] = len(CATEGORIES)
    keys = {"method": method.name, "grouping": grouping}
    truth = [p["category"] for p in seen]
    labelled = any(truth)
    matched = (*CATEGORIES, None) if labelled else (None,) * (len(CATEGORIES) + 1)

    def write(name: str, rows: Rows) -> None:
        writer.write(tables.table(name), [{**keys, **row} for row in rows])

    placed = [(p["product_id"], int(c)) for p, c in zip(seen, cluster, strict=True)]
    study.placed[(method.name, grouping)] = placed
    rows = [p["catalogue_row"] for p in seen]
    again = [None if row == 50 else 1 - 0.09 * (row % 11) for row in rows]
    groups = [{"product_id": i, "cluster": c, "found_again": f} for (i, c), f in zip(placed, again, strict=True)]
    write("partitions", groups)
    write("clusters", [{**row, "matched_category": matched[row["cluster"]], "placed": False} for row in groups])
    if not labelled:
        return
    known = [(t, int(c)) for t, c in zip(truth, cluster, strict=True) if t]
    write("confusions", [
        {"category": t, "cluster": c, "matched_category": matched[c], "products": known.count((t, c))}
        for t, c in sorted(set(known))
    ])  # fmt: skip
    names, found = [t for t, _ in known], [c for _, c in known]
    homogeneity, completeness, v_measure = measures.homogeneity_completeness_v_measure(names, found)
    values = {
        "ari": measures.adjusted_rand_score(names, found),
        "ami": measures.adjusted_mutual_info_score(names, found),
        "nmi": measures.normalized_mutual_info_score(names, found),
        "v_measure": v_measure,
        "homogeneity": homogeneity,
        "completeness": completeness,
        "matched_accuracy": float(np.mean([t == matched[c] for t, c in known])),
    }
    study.scores |= {(method.name, grouping, metric): float(value) for metric, value in values.items()}
    for metric, value in values.items():
        adjusted = metric in ("ari", "ami")
        write("scores", [{
            "metric": metric, "value": value, "low": value - 0.05 if adjusted else None,
            "high": value + 0.05 if adjusted else None, "chance": 0.02 if adjusted else 0.2,
            "products": len(known),
        }])  # fmt: skip
        if metric in ("ari", "ami", "matched_accuracy"):
            write("resampled_scores", [
                {"resample": n, "metric": metric, "value": value - 0.02 * n, "kept": value} for n in range(3)
            ])  # fmt: skip
    for number, category in enumerate(CATEGORIES):
        hits = known.count((category, number))
        in_category, in_cluster = names.count(category), found.count(number)
        others = [c for t, c in known if t == category and c != number]
        worst = max(sorted(set(others)), key=others.count) if others else None
        precision, recall = hits / in_cluster if in_cluster else 0.0, hits / in_category if in_category else 0.0
        write("category_scores", [{
            "category": category, "precision": precision, "recall": recall,
            "f1": 2 * precision * recall / (precision + recall) if hits else 0.0, "products": in_category,
            "confused_with": None if worst is None else matched[worst],
            "confused_fraction": others.count(worst) / in_category if worst is not None else None,
            "neighbour_purity": None if method.of else 0.1 + 0.9 * recall,
            "silhouette": None if method.of else recall - 0.5,
            "stability": 0.3 + 0.6 * precision, "precision_error": 0.03, "recall_error": 0.04,
        }])  # fmt: skip


def _model(method: FakeMethod, products: int, ran: bool) -> dict[str, Any]:
    fitted = "fitted" in method.model or bool(method.of)
    return {
        "method": method.name, "modality": method.modality, "model": method.model,
        "source": "fitted here" if fitted else "package", "licence": None if fitted else "Apache-2.0",
        "sha256": None if fitted or not ran else "ab" * 32, "dimensions": 8 if ran and not method.of else None,
        "parameters": json.dumps(PARAMETERS.get(method.name, {"methods": method.of})),
        "status": method.status if ran or method.noise is None else "unavailable",
        "detail": method.detail if ran or method.noise is None else "The catalogue has no images.",
        "products": products if ran else None,
    }  # fmt: skip


def _write_verdicts(writer: Collected, ran: list[FakeMethod], study: judgements.Study) -> None:
    names = [m.name for m in ran]
    writer.write(tables.table("judged_groupings"), [
        {"method": name, "grouping": study.judged[name], "metric": "ari"} for name in names
    ])  # fmt: skip
    scopes = {scope: name for scope, name in RESTS_ON.items() if name in names}
    for scope, name in (scopes | {f"method:{name}": name for name in names}).items():
        grouping = study.judged[name]
        value = study.scores.get((name, grouping, "ari"))
        verdict = "unknown" if value is None else (
            "feasible" if value >= FEASIBLE else "borderline" if value >= INFEASIBLE else "not feasible"
        )  # fmt: skip
        reason = "There are no categories to compare with." if value is None else (
            f"{name} reaches an ARI of {value:.2f}; feasible from {FEASIBLE}, not feasible below {INFEASIBLE}."
        )  # fmt: skip
        interval = {"low": None, "high": None} if value is None else {"low": value - 0.05, "high": value + 0.05}
        row = {
            "scope": scope, "method": name, "verdict": verdict, "reason": reason, "value": value, "metric": "ari",
            "grouping": grouping, "feasible_from": FEASIBLE, "infeasible_below": INFEASIBLE, "stable_from": STABLE,
        }  # fmt: skip
        writer.write(tables.table("verdicts"), [{**row, **interval}])

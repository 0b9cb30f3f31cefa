"""The common code of the recipes: nothing is trained on other data than recorded, or written over, unasked."""

import gzip
import json

import numpy as np
import pytest

from store.errors import ConfigError
from training import recipe, use_texts
from training.recipe import agreement


def test_other_data_than_recorded_are_refused_unless_asked_for(caplog):
    recipe.check("aa", "aa", "texts.csv", other_data=False)
    with pytest.raises(ConfigError, match=r"texts\.csv .* \(sha256 bb, recorded aa\); give --other-data"):
        recipe.check("bb", "aa", "texts.csv", other_data=False)
    assert not caplog.records
    recipe.check("bb", "aa", "texts.csv", other_data=True)
    assert "texts.csv" in caplog.text


def test_weights_that_are_there_are_overwritten_only_on_demand(tmp_path):
    recipe.ensure_absent(tmp_path / "new", "use-compact", replace=False)
    (tmp_path / "new/use-compact").mkdir()
    recipe.ensure_absent(tmp_path / "new", "cnn-compact", replace=False)
    with pytest.raises(ConfigError, match=r"use-compact is there already.*--replace"):
        recipe.ensure_absent(tmp_path / "new", "use-compact", replace=False)
    recipe.ensure_absent(tmp_path / "new", "use-compact", replace=True)


def test_agreement_is_full_for_a_rotation_and_chance_for_noise():
    random = np.random.default_rng(0)
    teacher = random.normal(size=(300, 20))
    rotated = teacher @ np.linalg.qr(random.normal(size=(20, 20)))[0]
    assert agreement(rotated, teacher) == {"nearest": 1.0, "shared_10": 1.0}
    noise = agreement(random.normal(size=(300, 20)), teacher)
    assert noise["nearest"] < 0.03
    assert noise["shared_10"] == pytest.approx(10 / 299, abs=0.02)


def test_the_record_names_the_bytes_that_were_written(tmp_path):
    (tmp_path / "some.h5").write_bytes(b"weights")
    recipe.write_record(tmp_path, "some", "some.h5", 3, {"texts": "ab"}, {"titles": {"nearest": 0.1234564}})
    record = json.loads((tmp_path / "some.json").read_text())
    assert (record["bytes"], record["dimensions"], len(record["sha256"])) == (7, 3, 64)
    assert record["held_out"] == {"titles": {"nearest": 0.123456}}


@pytest.fixture
def products(tmp_path):
    head, again = "source,title,description", "shop, title 3 OF thing 3 ,"
    rows = [f'shop,"Title {n} of thing {n % 7}",{"A sentence. Another one." if n % 5 == 0 else ""}' for n in range(200)]
    path = tmp_path / "texts.csv.gz"
    path.write_bytes(gzip.compress("\n".join([head, *rows, again, ""]).encode()))
    return use_texts.read(path)


def test_no_title_is_both_trained_on_and_held_out(products):
    train, held = products
    assert len(train) + len(held) == 200
    assert not {p.title.lower() for p in train} & {p.title.lower() for p in held}
    assert held


def test_long_texts_repeat_by_their_seed_and_are_long(products):
    train, _ = products
    vectors = np.random.default_rng(0).normal(size=(len(train), 8)).astype(np.float32)
    first, again, other = (use_texts.long_texts(train, vectors, 20, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert all(15 <= len(text.split()) <= 200 for text in first)
    assert len(use_texts.title_halves(train, 30, 1)) == 30

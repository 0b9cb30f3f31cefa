"""A run encodes the products that were added or changed, and its store equals that of a run from nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from ingestion.features import per_product
from ingestion.features.base import Batch, Inputs, Model, Text
from ingestion.task import Progress
from store.root import Root
from store.upkeep import vacuum
from tests.fakes import FakeImage, FakeText
from tests.ingestion import shop
from tests.ingestion.shop import Shop, ask, ingest
from tests.store.test_upkeep import NO_GRACE


class Encoder(FakeText):
    """The fake for text, one product at a time; `encoded` are the texts it was asked for."""

    name: ClassVar[str] = "encoder"
    encoded: ClassVar[list[str]] = []
    sha256: ClassVar[str] = "a"

    def resolve(self) -> Model:
        return Model("hash of words", "none", "none needed", self.sha256)

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        def encode(texts: list[Text]) -> list[bytes]:
            self.encoded.extend(text.raw for text in texts)
            once = Inputs(lambda: iter(texts), len(texts), inputs.images, 0, inputs.vectors)
            batches = super(Encoder, self).embed(model, once, lambda done, total: None)
            return per_product.as_bytes(np.concatenate([batch.vectors for batch in batches]))

        results = inputs.chunks.results(inputs.texts, lambda text: text.raw, encode, progress, 10)
        yield from per_product.batches(results)


METHODS: dict[str, Any] = {"encoder": Encoder, "fakeimage": FakeImage}
STUDY = {"study": {"joint": [], "resamples": 2, "reducers": ["pca"]}}


def encoded(goods: Shop, store: Path, **changes: Any) -> list[str]:
    """Ingest, and say which texts were encoded."""
    Encoder.encoded.clear()
    report = ingest(goods, store, METHODS, **{**STUDY, **changes})
    assert report.missing == {}
    return list(Encoder.encoded)


@pytest.fixture
def goods(tmp_path: Path) -> Shop:
    return shop.make(tmp_path)


def change(goods: Shop) -> None:
    """Add one product, change one and remove one; of another the image's bytes change."""
    image = goods[1] / "M00.png"
    image.write_bytes(image.read_bytes() + b"\0")
    rows = shop.read(goods[0])
    rows[7]["name"] = "a strap of leather for a quartz watch"
    added = {**rows[8], "id": "new", "name": "a mug for coffee with a handle"}
    shop.write(goods[0], [*rows[:20], added, *rows[20:-1]])


def test_only_added_and_changed_products_are_encoded(goods: Shop, tmp_path: Path) -> None:
    assert len(encoded(goods, tmp_path / "store")) == len(shop.read(goods[0]))
    change(goods)
    assert [text.split()[1] for text in encoded(goods, tmp_path / "store")] == ["strap", "mug"]


def test_the_store_after_a_change_equals_a_fresh_one_bit_for_bit(goods: Shop, tmp_path: Path) -> None:
    encoded(goods, tmp_path / "store")
    change(goods)
    encoded(goods, tmp_path / "store")
    assert len(encoded(goods, tmp_path / "fresh")) == len(shop.read(goods[0]))
    assert shop.signature(tmp_path / "store") == shop.signature(tmp_path / "fresh")
    removed = "SELECT count(*) FROM embedding_encoder WHERE product_id NOT IN (SELECT product_id FROM products)"
    assert ask(tmp_path / "store", removed) == [(0,)]


def test_another_setting_or_model_encodes_all_again(
    goods: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    products = len(encoded(goods, tmp_path / "store"))
    assert len(encoded(goods, tmp_path / "store", methods={"encoder": {"dimensions": 8}})) == products
    monkeypatch.setattr(Encoder, "sha256", "b")
    assert len(encoded(goods, tmp_path / "store")) == products


def test_vacuum_leaves_the_chunks_that_the_next_run_takes_over(goods: Shop, tmp_path: Path) -> None:
    encoded(goods, tmp_path / "store", methods={"encoder": {"dimensions": 8}})
    encoded(goods, tmp_path / "store")
    root = Root(tmp_path / "store")
    before = len(root.names("chunks"))
    vacuum(root, keep=1, grace=NO_GRACE)
    assert len(root.names("chunks")) == before - 1
    change(goods)
    assert len(encoded(goods, tmp_path / "store")) == 2


def test_vacuum_leaves_the_chunks_of_a_run_that_was_killed_a_moment_ago(goods: Shop, tmp_path: Path) -> None:
    encoded(goods, tmp_path / "store")
    root = Root(tmp_path / "store")
    for name in root.names("snapshots"):
        root.remove(f"snapshots/{name}")
    before = root.below("chunks")
    vacuum(root)
    assert root.below("chunks") == before != []

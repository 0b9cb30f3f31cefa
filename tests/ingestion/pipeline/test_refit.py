"""`study.refit` in a whole run: what is kept, what `models` says, and what `vacuum` leaves."""

from pathlib import Path
from typing import Any

from ingestion.features.tfidf import Tfidf
from store.root import Root
from store.upkeep import vacuum
from tests.ingestion import shop
from tests.ingestion.pipeline.test_chunks import change
from tests.ingestion.shop import Shop, ask, ingest
from tests.store.test_upkeep import NO_GRACE


def fitted(goods: Shop, store: Path, refit: Any) -> str:
    """Ingest, and give what `models` says that tfidf was fitted on."""
    study = {"refit": refit, "joint": [], "resamples": 2, "reducers": ["pca"]}
    assert ingest(goods, store, {"tfidf": Tfidf}, study=study).missing == {}
    ((source,),) = ask(store, "SELECT fitted FROM models WHERE method = 'tfidf'")
    return str(source)


def test_models_says_what_a_method_was_fitted_on(tmp_path: Path) -> None:
    goods = shop.make(tmp_path)
    assert fitted(goods, tmp_path / "store", "never") == "this catalogue"
    change(goods)
    vacuum(Root(tmp_path / "store"), keep=1, grace=NO_GRACE)
    assert fitted(goods, tmp_path / "store", "never").startswith("an earlier catalogue, of which 3.")
    assert fitted(goods, tmp_path / "fresh", "never") == "this catalogue"
    assert fitted(goods, tmp_path / "store", 0.01) == "this catalogue"


def test_the_first_snapshot_is_the_same_however_models_are_kept(tmp_path: Path) -> None:
    goods = shop.make(tmp_path)
    for refit in ("always", "never", 0.1):
        fitted(goods, tmp_path / str(refit), refit)
    assert len({shop.signature(tmp_path / refit) for refit in ("always", "never", "0.1")}) == 1

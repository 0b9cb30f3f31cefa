"""`study.refit` in a whole run: what is kept, what `models` and maps say, and what `vacuum` leaves."""

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
    """Ingest, and give what tfidf was fitted on, which is what its map was drawn of."""
    study = {"refit": refit, "joint": [], "resamples": 2, "reducers": ["tsne"]}
    assert ingest(goods, store, {"tfidf": Tfidf}, study=study).missing == {}
    ((model,),) = ask(store, "SELECT fitted FROM models WHERE method = 'tfidf'")
    ((drawn,),) = ask(store, "SELECT fitted FROM projection_scores")
    assert drawn.partition(",")[0] == model.partition(",")[0]
    return str(model)


def test_models_and_maps_say_what_they_were_fitted_on(tmp_path: Path) -> None:
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

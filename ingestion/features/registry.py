"""All feature methods by name, in the order in which they are shown and run.

Adding a method is adding its file and one line here. Importing this costs no heavy package: every method
imports what it needs when it runs.
"""

from typing import Any

from pydantic import ValidationError

from ingestion.config import explain, nearest
from ingestion.features.base import Method
from ingestion.features.bert import Bert
from ingestion.features.cnn import Cnn
from ingestion.features.count import Count
from ingestion.features.fasttext import FastText
from ingestion.features.fusion import Fusion
from ingestion.features.glove import Glove
from ingestion.features.sift import Sift
from ingestion.features.tfidf import Tfidf
from ingestion.features.use import Use
from ingestion.features.word2vec import Word2Vec
from store.errors import ConfigError

_IN_ORDER: tuple[type[Method], ...] = (
    Count,
    Tfidf,
    Word2Vec,
    FastText,
    Glove,
    Bert,
    Use,
    Sift,
    Cnn,
    Fusion,
)
METHODS: dict[str, type[Method]] = {method.name: method for method in _IN_ORDER}
HUB_MODELS: dict[str, tuple[str, ...]] = {
    "glove": ("glove-wiki-gigaword-100",),
    "bert": ("all-mpnet-base-v2", "bert-base-uncased"),
    "use": ("universal-sentence-encoder/4",),
    "cnn": ("EfficientNetV2B0", "VGG16", "ResNet50", "MobileNetV2"),
}
"""Models that `[methods.<name>] model` fetches from their hubs when it names them: those that are known to fit."""


def alternatives(name: str) -> str:
    """'; did you mean NAME?' where a method is called nearly so, then the names of all methods."""
    return f"{nearest(name, list(METHODS))} There are {', '.join(METHODS)}."


def build(name: str, settings: dict[str, Any]) -> Method:
    """The method of that name with its settings ([methods.<name>] of the configuration), defaults for the rest.

    ConfigError if there is no such method or setting, or a value is out of its range; it lists what there is.
    """
    if name not in METHODS:
        raise ConfigError(f"There is no method {name!r}{alternatives(name)}")
    method = METHODS[name]
    try:
        checked = method.Settings.model_validate(settings)
    except ValidationError as error:
        known = ", ".join(method.Settings.model_fields)
        raise ConfigError(f"[methods.{name}] has bad settings; there are {known}:\n{explain(error)}") from error
    return method(checked)

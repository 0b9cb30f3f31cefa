"""The steps of a study on catalogues whose answer is known: planted groups are feasible, noise never is."""

from pathlib import Path
from typing import Any

import pytest

from ingestion.config import Config
from ingestion.grouping import clustering
from ingestion.judging import scoring, verdict
from ingestion.vectors import Matrix
from store.parts import Part
from store.root import Root
from tests.ingestion import planted
from tests.ingestion.steps import Rows, do, put, put_neighbours, put_vectors

GROUPS, EACH = 5, 20
TRUTH = planted.truth(GROUPS, EACH)
IDS = planted.names(len(TRUTH))
PROTOCOL = {"k": GROUPS, "seed": 0, "resamples": 5}
RULE = Config().verdict.model_dump(mode="json")


class Study:
    """The steps from vectors to the verdict, in one store."""

    def __init__(self, folder: Path) -> None:
        self.root = Root(folder)
        products = [{"product_id": i, "category": f"c{code}"} for i, code in zip(IDS, TRUTH.tolist(), strict=True)]
        self.known = [put(self.root, "catalogue", {"products": products}), put(self.root, "duplicates", {})]
        self.vectors: list[Part] = []
        self.scores: list[Part] = []

    def method(self, name: str, vectors: Matrix) -> None:
        """Group and score these vectors."""
        made = put_vectors(self.root, name, IDS, vectors)
        self.vectors += [made, put_neighbours(self.root, made)]
        parameters = {"method": name, **PROTOCOL}
        self._score(name, do(self.root, f"clustering:{name}", clustering.step, self.vectors[-2:], parameters))

    def joint(self, name: str, modality: str, **methods: str) -> None:
        """Group and score by the joint graph of these methods, given the modality of each."""
        parameters: dict[str, Any] = {"method": name, "modality": modality, "methods": methods, **PROTOCOL}
        parameters["categories"] = GROUPS
        self._score(name, do(self.root, f"clustering:{name}", clustering.joint, self.vectors, parameters))

    def _score(self, name: str, groups: dict[str, Rows]) -> None:
        partitions = put(self.root, f"clustering:{name}", groups)
        written = do(
            self.root,
            f"scoring:{name}",
            scoring.step,
            [*self.known, partitions],
            {"method": name, "vector_sources": [name]},
        )
        self.scores.append(put(self.root, f"scoring:{name}", written))

    def verdicts(self) -> dict[str, dict[str, Any]]:
        """The verdict of each scope."""
        written = do(
            self.root, "verdict", verdict.step, [self.known[0], *self.scores], {"verdict": RULE, "stable_from": 0.75}
        )
        return {row["scope"]: row for row in written["verdicts"]}


def test_a_planted_catalogue_is_feasible_in_every_scope(tmp_path: Path) -> None:
    study = Study(tmp_path)
    study.method("bert", planted.vectors(TRUTH, 0.2, seed=1))
    study.method("cnn", planted.vectors(TRUTH, 0.2, seed=2))
    study.joint("joint-text", "text", bert="text")
    study.joint("joint", "text+image", bert="text", cnn="image")
    found = study.verdicts()
    for scope, method in (("text", "joint-text"), ("image", "cnn"), ("text+image", "joint")):
        assert (found[scope]["method"], found[scope]["verdict"]) == (method, "feasible")
    assert {row["verdict"] for row in found.values()} == {"feasible"}
    assert min(row["value"] for row in found.values()) > 0.99


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_never_feasible(seed: int, tmp_path: Path) -> None:
    study = Study(tmp_path)
    study.method("bert", planted.nothing(len(TRUTH), seed=seed))
    found = study.verdicts()["text"]
    assert (found["method"], found["verdict"]) == ("bert", "not feasible")
    assert found["low"] <= 0 <= found["high"] < 0.2


@pytest.mark.parametrize("seed", range(3))
def test_many_methods_of_noise_are_not_feasible_together(seed: int, tmp_path: Path) -> None:
    study = Study(tmp_path)
    for at, method in enumerate(("bert", "use", "cnn")):
        study.method(method, planted.nothing(len(TRUTH), seed=100 + 3 * seed + at))
    study.joint("joint", "text+image", bert="text", use="text", cnn="image")
    found = study.verdicts()["text+image"]
    assert (found["method"], found["verdict"]) == ("joint", "not feasible")
    assert found["low"] <= 0 <= found["high"] < 0.2

"""The consensus over all methods of a kind: of text, of pictures, and of both. The project's own, declared protocol.

The members are every method's k-means groups in its spaces (`ingestion.clustering.MEMBERS`), seed by seed. For both
kinds together there are members of joint embeddings too: all text and image methods side by side, the text with half,
two thirds and four fifths of the weight, because no one share is right for every catalogue.

What a method counts, as a member and as a block of the joint embedding, is the square of its coherence: how far its
own spaces tell the same story (`ingestion.consensus.coherence`). No category takes part in any of this.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow.compute as pc

from ingestion.clustering import CONSENSUS, MEMBERS, grouped, members_of, write, write_stability
from ingestion.consensus import coherence, consensus
from ingestion.features.fusion import block
from ingestion.resampling import Labels, Rows, resample
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised
from store import tables

SHARES = (0.5, 0.65, 0.8)
"""The text's shares of the joint embeddings. From half upwards: a merchant's text says what a thing is, a picture only
shows it. Tried on four catalogues of text and pictures, not on the one that is reported."""
DIMENSIONS = 100
"""Components kept of each block, as in `fusion`."""


@dataclass
class Voices:
    """The groups of each method and seed in its spaces, over all products; -1 where a method has none."""

    rows: dict[str, int]
    groups: dict[int, dict[str, dict[str, Labels]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )

    def add(self, seed: int, method: str, space: str, product_ids: list[str], labels: Labels) -> None:
        """Take in the (n,) groups of these products."""
        whole = np.full(len(self.rows), -1, dtype=np.int32)
        whole[[self.rows[i] for i in product_ids]] = labels
        self.groups[seed][method][space] = whole

    def weight(self, seed: int, method: str) -> float:
        """The square of the method's coherence over the products that it placed."""
        spaces = list(self.groups[seed][method].values())
        placed = spaces[0] >= 0
        return coherence([labels[placed] for labels in spaces]) ** 2

    def agreed(self, seed: int, k: int) -> tuple[Rows, Labels]:
        """The consensus of all voices of a seed: the rows of the products that any of them placed, and their groups."""
        members, weights = [], []
        for method, spaces in sorted(self.groups[seed].items()):
            members += list(spaces.values())
            weights += [self.weight(seed, method)] * len(spaces)
        if not any(weights):
            weights = [1.0] * len(members)  # no method is coherent: none is to be believed more
        placed = np.flatnonzero(np.any([m >= 0 for m in members], axis=0))
        return placed, consensus([m[placed] for m in members], weights, k, seed)


def step(work: Work) -> None:
    """Write `partitions`, `cluster_stability` and the row of `models` of one kind's consensus."""
    parameters = work.task.parameters
    name, kinds, k = parameters["method"], parameters["methods"], parameters["k"]
    groups = {step.removeprefix("clustering:"): part for step, part in work.task.parts.items()}
    have = {m: kind for m, kind in kinds.items() if m in groups and "partitions" in groups[m].files}
    if not set(parameters["modality"].split("+")) <= set(have.values()):
        return  # no text, or no pictures: there is nothing to join
    parts = [work.read(f"features:{m}", tables.EMBEDDING + m, ["product_id"])["product_id"] for m in have]
    order = list(dict.fromkeys(i for part in parts for i in part.to_pylist()))
    rows = {product_id: row for row, product_id in enumerate(order)}
    whole, drawn = Voices(rows), Voices(rows)
    for method in have:
        _listen(work, method, "partitions", whole)
        _listen(work, method, "resampled_partitions", drawn)
    if parameters["modality"] == "text+image":
        _join(work, have, order, whole, drawn)
    found: dict[int, Labels] = {}
    again: list[tuple[Rows, Labels]] = []
    for seed in sorted(whole.groups):
        placed, found[seed] = whole.agreed(seed, k)
        write(work, "partitions", name, CONSENSUS, seed, [order[row] for row in placed], found[seed])
        if seed in drawn.groups:
            some, repeated = drawn.agreed(seed, k)
            again.append((np.searchsorted(placed, some), repeated))
    if not found:
        return
    write_stability(work, name, {CONSENSUS: found}, {CONSENSUS: again})
    model = f"consensus of {', '.join(have)}"
    row = {"method": name, "modality": parameters["modality"], "model": model, "source": "fitted on this catalogue"}
    work.write(
        "models",
        [
            {
                **row,
                "licence": "none needed",
                "status": "ran",
                "products": len(placed),
                "parameters": json.dumps({"methods": list(have)}),
            }
        ],
    )


def _listen(work: Work, method: str, table: str, voices: Voices) -> None:
    rows = work.read(f"clustering:{method}", table)
    rows = rows.filter(pc.equal(rows["algorithm"], "kmeans"))
    for space in MEMBERS:
        of_space = rows.filter(pc.equal(rows["space"], space))
        for seed in pc.unique(of_space["seed"]).to_pylist():
            drawn = of_space.filter(pc.equal(of_space["seed"], seed))
            voices.add(seed, method, space, drawn["product_id"].to_pylist(), drawn["cluster"].to_numpy())


def _join(work: Work, have: Mapping[str, str], order: list[str], whole: Voices, drawn: Voices) -> None:
    """Add the groups of the joint embeddings to the voices."""
    p = work.task.parameters
    product_ids, text, image = _joined(
        work, {m: kind for m, kind in have.items() if kind != "text+image"}, order, whole
    )
    if len(product_ids) <= p["k"]:
        return
    for at, share in enumerate(SHARES):
        name = f"text {share:.2f}"
        unit = normalised(np.hstack([np.sqrt(share) * text, np.sqrt(1 - share) * image]).astype(np.float32))
        for seed, spaces in enumerate(members_of(unit, p["dimensions"], p["neighbours"], p["seeds"])):
            for (_, space), labels in grouped(spaces, p["k"], seed).items():
                if space in MEMBERS:
                    whole.add(seed, name, space, product_ids, labels)
            rows = resample(product_ids, seed)
            if len(rows) > p["k"]:
                chosen = [product_ids[row] for row in rows]
                for (_, space), labels in grouped({s: x[rows] for s, x in spaces.items()}, p["k"], seed).items():
                    if space in MEMBERS:
                        drawn.add(seed, name, space, chosen, labels)
            work.progress(at * p["seeds"] + seed + 1, len(SHARES) * p["seeds"])


def _joined(work: Work, kinds: Mapping[str, str], order: list[str], voices: Voices) -> tuple[list[str], Matrix, Matrix]:
    """The products that have a text and an image vector, with both sides' blocks, each side of unit mean square."""
    loaded = {method: load(work, f"features:{method}", method) for method in kinds}
    ids = {kind: {i for m, of in kinds.items() if of == kind for i in loaded[m][0]} for kind in ("text", "image")}
    product_ids = [i for i in order if i in ids["text"] and i in ids["image"]]
    sides = []
    for kind in ("text", "image"):
        blocks = []
        for method in (m for m, of in kinds.items() if of == kind):
            at = {product_id: row for row, product_id in enumerate(loaded[method][0])}
            reduced = block(loaded[method][1], DIMENSIONS)
            # a product that this method could not read stands at the block's centre, zero
            rows = np.array([at.get(i, -1) for i in product_ids])
            weight = np.mean([voices.weight(seed, method) for seed in sorted(voices.groups)])
            blocks.append(np.where(rows[:, None] >= 0, reduced[rows], 0) * np.sqrt(weight))
        side = np.hstack(blocks)
        sides.append(side / max(float(np.sqrt((side**2).sum(axis=1).mean())), np.finfo(np.float32).tiny))
    return product_ids, sides[0], sides[1]

"""The consensus over all methods of a kind: of text, of pictures, and of both. The project's own, declared protocol.

For one kind the members are every method's k-means groups in its spaces (`clustering.MEMBERS`), seed by seed.
For both together they are the groups of what sees both: each text method beside the pictures, and all text
methods beside the pictures with .5, .65 and .8 of the weight, because no one share is right for
every catalogue. Groups of texts alone would outvote the pictures, of which there are fewer methods. Text and picture
together tell more kinds apart than there are groups to make, so their spaces are cut finer too, into FINER times as
many groups, and these decide which groups of k keep the kinds whole (`ingestion.grouping.consensus.at_two_depths`).

What a member counts is the square of its method's coherence: how far its own spaces tell the same story
(`consensus.coherence`). What a method counts as a block of a joint embedding is the square of what its groups
share with those of the other kind: text and picture have little in common but what the product is, while a backdrop or
a merchant's turn of phrase can be as coherent as a category. No category takes part in any of this.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow.compute as pc

from ingestion.features.fusion import block
from ingestion.grouping import agreement
from ingestion.grouping.clustering import CONSENSUS, MEMBERS, kmeans, members_of
from ingestion.grouping.consensus import at_two_depths, coherence, consensus
from ingestion.grouping.partitions import write, write_stability
from ingestion.grouping.resampling import Labels, Rows, resample
from ingestion.task import Work
from ingestion.vectors import Matrix, load, normalised
from store import tables

SHARES = (0.5, 0.65, 0.8)
"""The text's shares of the joint embeddings; each text method alone has the middle one, as in `fusion`. From half
upwards: a merchant's text says what a thing is, a picture only shows it."""
DIMENSIONS = 100
"""Components kept of each block, as in `fusion`."""
FINER = 2
"""Times as many groups in the finer cut. On 16 labellings of catalogues other than the one that is reported (the
sample, accessories, six pairings of texts with pictures of other sets; eight by kinds, eight by departments that hold
several) the mean ARI is .79 with it and .76 without. For texts alone, whose finer groups are brands and turns of phrase
as often as kinds, it is .64 with it and .65 without: there it is left out."""
OWN = 0.05
"""What a block's coherence adds to what it has in common with the other kind. That is .1 to .5 by mean ARI on labelled
catalogues, so it adds next to nothing, but where the kinds have nothing in common coherence alone decides. On the 16
labellings the mean ARI is .79 so, and .76 where coherence alone weighs the blocks."""

Groups = dict[int, dict[str, dict[str, Labels]]]
"""By seed, method and space."""


@dataclass
class Voices:
    """The groups of each method and seed in its spaces, over all products; -1 where a method has none.

    `fine` are the groups of the finer cut, empty where there is none.
    """

    rows: dict[str, int]
    groups: Groups = field(default_factory=lambda: defaultdict(lambda: defaultdict(dict)))
    fine: Groups = field(default_factory=lambda: defaultdict(lambda: defaultdict(dict)))

    def add(
        self,
        seed: int,
        method: str,
        space: str,
        product_ids: list[str],
        labels: Labels,
        fine: Labels | None = None,
    ) -> None:
        """Take in the (n,) groups of these products, and those of the finer cut."""
        for groups, cut in ((self.groups, labels), (self.fine, fine)):
            if cut is not None:
                whole = np.full(len(self.rows), -1, dtype=np.int32)
                whole[[self.rows[i] for i in product_ids]] = cut
                groups[seed][method][space] = whole

    def coherence(self, seed: int, method: str) -> float:
        """The method's coherence over the products that it placed."""
        spaces = list(self.groups[seed][method].values())
        placed = spaces[0] >= 0
        return coherence([labels[placed] for labels in spaces])

    def in_common(self, method: str, others: Iterable[str]) -> float:
        """The mean ARI between the groups of a method and those of `others`, over seeds and spaces; never below 0.

        Each pair counts by the share of the products that both placed, so that a few, which agree by luck, decide
        nothing. Two that see one group only say the same of nothing: 0, as in `coherence`.
        """
        found = [
            _alike(one, two)
            for spaces in self.groups.values()
            for one in spaces[method].values()
            for other in others
            for two in spaces[other].values()
        ]
        return max(0.0, float(np.mean(found)))

    def agreed(self, seed: int, k: int) -> tuple[Rows, Labels]:
        """The consensus of all voices of a seed: the rows of the products that any of them placed, and their groups."""
        members, weights = [], []
        for method, spaces in sorted(self.groups[seed].items()):
            members += list(spaces.values())
            weights += [self.coherence(seed, method) ** 2] * len(spaces)
        if not any(weights):
            weights = [1.0] * len(members)  # no method is coherent: none is to be believed more
        placed = np.flatnonzero(np.any([m >= 0 for m in members], axis=0))
        heard = [m[placed] for m in members]
        if seed not in self.fine:
            return placed, consensus(heard, weights, k, seed)
        fine = [m[placed] for _, spaces in sorted(self.fine[seed].items()) for m in spaces.values()]
        return placed, at_two_depths(heard, fine, weights, k, seed)


def step(
    work: Work,
    *,
    method: str,
    modality: str,
    methods: Mapping[str, str],
    k: int,
    seeds: int,
    dimensions: int,
    n_neighbours: int,
) -> None:
    """Write `partitions`, `cluster_stability` and the row of `models` of one modality's consensus.

    `methods` are those that it joins, each with its modality.
    """
    groups = {step.removeprefix("clustering:"): part.files for step, part in work.task.parts.items()}
    have = {m: kind for m, kind in methods.items() if "partitions" in groups.get(m, ())}
    if not set(modality.split("+")) <= set(have.values()):
        return  # no text, or no pictures: there is nothing to join
    parts = [work.read(f"features:{m}", tables.EMBEDDING + m, ["product_id"])["product_id"] for m in have]
    order = list(dict.fromkeys(i for part in parts for i in part.to_pylist()))
    if modality == "text+image":
        whole, drawn = _joined(work, have, order, k, seeds, dimensions, n_neighbours)
    else:
        whole, drawn = (_heard(work, have, order, table) for table in ("partitions", "resampled_partitions"))
    found: dict[int, Labels] = {}
    again: list[tuple[Rows, Labels]] = []
    for seed in sorted(whole.groups):
        placed, found[seed] = whole.agreed(seed, k)
        write(work, "partitions", method, CONSENSUS, seed, [order[row] for row in placed], found[seed])
        if seed in drawn.groups:
            some, repeated = drawn.agreed(seed, k)
            again.append((np.searchsorted(placed, some), repeated))
    if not found:
        return
    write_stability(work, method, {CONSENSUS: found}, {CONSENSUS: again})
    row = {"method": method, "modality": modality, "model": f"consensus of {', '.join(have)}"}
    row |= {"source": "fitted on this catalogue", "licence": "none needed", "status": "ran"}
    work.write("models", [{**row, "products": len(placed), "parameters": json.dumps({"methods": list(have)})}])


def _heard(work: Work, methods: Iterable[str], order: list[str], table: str) -> Voices:
    """The voices of these methods' groups in that table: `partitions`, or `resampled_partitions`."""
    voices = Voices({product_id: row for row, product_id in enumerate(order)})
    for method in methods:
        rows = work.read(f"clustering:{method}", table)
        rows = rows.filter(pc.equal(rows["algorithm"], "kmeans"))
        for space in MEMBERS:
            of_space = rows.filter(pc.equal(rows["space"], space))
            for seed in pc.unique(of_space["seed"]).to_pylist():
                drawn = of_space.filter(pc.equal(of_space["seed"], seed))
                voices.add(seed, method, space, drawn["product_id"].to_pylist(), drawn["cluster"].to_numpy())
    return voices


def _joined(
    work: Work, have: Mapping[str, str], order: list[str], k: int, seeds: int, dimensions: int, n_neighbours: int
) -> tuple[Voices, Voices]:
    """The voices of the joint embeddings' groups, and of those of the resamples."""
    product_ids, joint = _joint(work, have, order)
    rows_of = {product_id: row for row, product_id in enumerate(order)}
    whole, drawn = Voices(rows_of), Voices(rows_of)
    for at, (name, vectors) in enumerate(joint.items()):
        unit = normalised(vectors)
        for seed, spaces in enumerate(members_of(unit, dimensions, n_neighbours, range(seeds))):
            _cut(whole, seed, name, product_ids, spaces, k)
            rows = resample(product_ids, seed)
            if len(rows) > k:
                part = next(members_of(unit[rows], dimensions, n_neighbours, [seed]))
                _cut(drawn, seed, name, [product_ids[row] for row in rows], part, k)
            work.progress(at * seeds + seed + 1, len(joint) * seeds)
    return whole, drawn


def _cut(voices: Voices, seed: int, name: str, product_ids: list[str], spaces: Mapping[str, Matrix], k: int) -> None:
    """Add the groups of a joint embedding in its spaces, and those of the finer cut if there are products for it."""
    n = len(product_ids)
    for space in MEMBERS:
        labels = kmeans(spaces[space], min(k, n), seed)
        fine = kmeans(spaces[space], FINER * k, seed) if n > FINER * k else None
        voices.add(seed, name, space, product_ids, labels, fine)


def _joint(work: Work, have: Mapping[str, str], order: list[str]) -> tuple[list[str], dict[str, Matrix]]:
    """The products that have a text and an image vector, and their (n, d) joint embeddings by name; none of one."""
    loaded = {m: load(work, f"features:{m}", m) for m in have}
    held = {kind: {i for m in loaded if have[m] == kind for i in loaded[m][0]} for kind in ("text", "image")}
    product_ids = [i for i in order if i in held["text"] and i in held["image"]]
    if len(product_ids) < 2:
        return product_ids, {}
    alone = _heard(work, loaded, order, "partitions")
    weights = _weights(alone, have)
    blocks: dict[str, dict[str, Matrix]] = {"text": {}, "image": {}}
    for method, (ids, vectors) in loaded.items():
        at = {product_id: row for row, product_id in enumerate(ids)}
        rows = np.array([at.get(i, -1) for i in product_ids], dtype=np.int64)
        # where all methods of a kind see nothing, none is to be believed more
        weight = weights[method] if any(weights[m] for m in loaded if have[m] == have[method]) else 1.0
        # a product that this method could not read stands at the block's centre, zero
        reduced = np.where(rows[:, None] >= 0, block(vectors, DIMENSIONS)[rows], 0)
        blocks[have[method]][method] = (weight * reduced).astype(np.float32)
    image, text = (_level(np.hstack(list(blocks[kind].values()))) for kind in ("image", "text"))
    joint = {f"{m} + pictures": _beside(_level(side), image, SHARES[1]) for m, side in blocks["text"].items()}
    return product_ids, joint | {f"texts {share:.2f} + pictures": _beside(text, image, share) for share in SHARES}


def _weights(alone: Voices, have: Mapping[str, str]) -> dict[str, float]:
    """What each method's block is scaled by, from its groups: what they share with the other kind's (see OWN)."""
    found = {}
    for method, kind in have.items():
        others = [other for other, its_kind in have.items() if its_kind != kind]
        own = float(np.mean([alone.coherence(seed, method) for seed in alone.groups]))
        found[method] = alone.in_common(method, others) + OWN * own
    return found


def _alike(one: Labels, two: Labels) -> float:
    both = (one >= 0) & (two >= 0)
    if not both.any() or np.ptp(one[both]) == 0 or np.ptp(two[both]) == 0:
        return 0.0
    return float(both.mean()) * agreement.ari(agreement.contingency(one[both], two[both]))


def _beside(text: Matrix, image: Matrix, share: float) -> Matrix:
    return np.hstack([np.sqrt(share) * text, np.sqrt(1 - share) * image]).astype(np.float32)


def _level(side: Matrix) -> Matrix:
    """Scaled to rows of unit mean square."""
    spread = np.sqrt((side.astype(np.float64) ** 2).sum(axis=1).mean())
    return (side / max(float(spread), float(np.finfo(np.float32).tiny))).astype(np.float32)

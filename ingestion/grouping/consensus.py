"""Consensus clustering: one grouping out of many (evidence accumulation: Fred & Jain 2005; Strehl & Ghosh 2002).

Two products are as alike as often as the members put them together (the co-association), and average linkage cuts
the tree of that likeness at k groups. Then every product goes to the group that it shares most with: this mends what
the tree joined early, and it places the products that the tree, on a large catalogue, did not see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ingestion.grouping import agreement
from ingestion.vectors import Matrix

Labels = NDArray[np.int32]
SAMPLE = 5_000
"""Average linkage holds all pairs: above this many products the tree is built on a seeded sample."""
ROUNDS = 10
LEAST_WEIGHT = 1e-6
"""Of the heaviest member: so little moves nothing, and what only such a member placed is still placed by it."""


def consensus(members: Sequence[Labels], weights: Sequence[float], k: int, seed: int = 0) -> Labels:
    """The (n,) groups, 0 to at most k - 1, that `members` agree on by weight.

    A member is (n,) group numbers, -1 where it did not place a product; every product must be placed by one. How often
    two products are together counts the members only that placed both; one of weight 0 where no other placed both.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    n = len(members[0])
    if n <= k:
        return np.arange(n, dtype=np.int32)
    votes = _Votes.of(members, weights)
    chosen = np.arange(n)
    if n > SAMPLE:
        chosen = np.sort(np.random.default_rng(seed).choice(n, SAMPLE, replace=False))
    profile = votes.shown[chosen].toarray()
    apart = 1 - votes.likeness(profile, votes.placed[chosen], chosen).astype(np.float64)
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(apart, checks=False), "average")
    # Cut by the order of joining: of joins at one height, as where no member saw two together, no more than k - 1 are
    # undone. What all members put together stays so, though there be fewer groups.
    tree[:, 2] = np.where(tree[:, 2] > 0, np.arange(1, len(tree) + 1), 0)
    groups = np.full(n, -1, dtype=np.int32)
    groups[chosen] = fcluster(tree, k, "maxclust") - 1
    return _settled(votes, groups)


def at_two_depths(
    members: Sequence[Labels], fine: Sequence[Labels], weights: Sequence[float], k: int, seed: int = 0
) -> Labels:
    """The (n,) groups of a `consensus` of `members`, of `fine`, which cut the same spaces finer, or of both together.

    Of the three that one which tells most about `fine`: the highest mean normalised mutual information (arithmetic
    mean: the V-measure), by weight; so do Fred & Jain (2005) choose among combined groupings, though by all that were
    combined. Groups of k cut through kinds where there are more kinds than k; the finer groups show it, and a grouping
    that keeps them whole tells more of them. `weights` are those of `members`, and of `fine` in the same order.
    """
    both = [*weights, *weights]
    found = [
        consensus(members, weights, k, seed),
        consensus([*members, *fine], both, k, seed),
        consensus(fine, weights, k, seed),
    ]
    heard = [(m, m >= 0, weight) for m, weight in zip(fine, weights, strict=True) if (m >= 0).any()]
    counts = [weight for *_, weight in heard]

    def told(groups: Labels) -> float:
        values = [agreement.v_measure(agreement.contingency(groups[seen], m[seen])) for m, seen, _ in heard]
        return round(float(np.average(values, weights=counts if any(counts) else None)), 12)

    return max(found, key=told)


def coherence(spaces: Sequence[Labels]) -> float:
    """How far the groupings of one embedding in its several spaces tell the same story: their mean ARI, 0 to 1.

    A label-free sign of structure: in noise every space is cut differently, while groups that are there are found in
    all of them. 0 if there are fewer than two, and where a space holds one group only: it tells nothing.
    """
    if any(np.ptp(groups) == 0 for groups in spaces):
        return 0.0
    values = [
        agreement.ari(agreement.contingency(one, other)) for at, one in enumerate(spaces) for other in spaces[at + 1 :]
    ]
    return max(0.0, float(np.mean(values))) if values else 0.0


@dataclass(frozen=True)
class _Votes:
    """All members' groups side by side: `shown` (n, all groups) and `placed` (n, members) of 0 and 1, with weights.

    `shown` is sparse, a product being in one group of each member: on 20,000 products and 300 groups it would else
    hold gigabytes of zeros.
    """

    shown: Any
    placed: Matrix
    column_weights: Matrix
    weights: Matrix

    @classmethod
    def of(cls, members: Sequence[Labels], weights: Sequence[float]) -> Self:
        from scipy import sparse

        heard = np.maximum(weights, LEAST_WEIGHT * (max(weights) or 1))
        share = (heard / heard.sum()).astype(np.float32)
        sizes = np.array([m.max() + 1 for m in members])
        first = np.concatenate([[0], np.cumsum(sizes)])
        placed = np.column_stack([m >= 0 for m in members])
        rows, at = np.nonzero(placed)
        columns = np.column_stack(members)[rows, at] + first[at]
        ones = np.ones(len(rows), np.float32)
        shown = sparse.csr_matrix((ones, (rows, columns)), shape=(len(placed), first[-1]))
        return cls(shown, placed.astype(np.float32), np.repeat(share, sizes), share)

    def likeness(self, profile: Matrix, presence: Matrix, rows: NDArray[np.int64] | None = None) -> Matrix:
        """How often the products of `rows` are together with each of `profile`: (rows, profiles), 0 to 1.

        Rounded, so that what is equal in theory does not differ in its last digit and turn the order of joining.
        """
        chosen = slice(None) if rows is None else rows
        together: Matrix = self.shown[chosen] @ np.ascontiguousarray((profile * self.column_weights).T)
        asked = self.placed[chosen] @ (presence * self.weights).T
        share = np.divide(together, asked, out=np.zeros_like(together), where=asked > 0)
        rounded: Matrix = np.round(np.clip(share, 0, 1), 5).astype(np.float32)
        return rounded


def _settled(votes: _Votes, groups: Labels) -> Labels:
    """Each product in the group whose products it is most often together with, until none moves."""
    from scipy import sparse

    n, k = len(groups), int(groups.max()) + 1
    every = np.arange(n)
    for _ in range(ROUNDS):
        seen = np.flatnonzero(groups >= 0)
        member = sparse.csr_matrix((np.ones(len(seen), np.float32), (groups[seen], seen)), shape=(k, n))
        sizes = np.maximum(np.bincount(groups[seen], minlength=k), 1)[:, None].astype(np.float32)
        likeness = votes.likeness((member @ votes.shown).toarray() / sizes, (member @ votes.placed) / sizes)
        moved = likeness.argmax(axis=1).astype(np.int32)
        stay = (groups >= 0) & (likeness[every, np.maximum(groups, 0)] >= likeness.max(axis=1))
        moved[stay] = groups[stay]
        if len(seen) == n and (np.array_equal(moved, groups) or len(np.unique(moved)) < k):
            return groups  # settled, or a group would be lost
        groups = moved
    return groups

"""The consensus: it is what its members agree on, and better than any of them."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from ingestion.grouping.clustering import kmeans
from ingestion.grouping.consensus import at_two_depths, coherence, consensus
from ingestion.grouping.projection import manifold
from ingestion.grouping.resampling import Labels
from ingestion.grouping.spaces import centred, smoothed
from ingestion.vectors import Matrix, neighbours
from tests.ingestion import planted

TRUTH = planted.truth(6, 40)
N = len(TRUTH)


def agreement(one: Labels, other: Labels = TRUTH) -> float:
    return float(adjusted_rand_score(one, other))


def evenly(members: list[Labels], k: int = 6, seed: int = 0) -> Labels:
    """The consensus of members that count alike."""
    return consensus(members, [1.0] * len(members), k, seed)


def lacking(member: Labels, share: float, seed: int) -> Labels:
    """The member without that share of the products."""
    return np.where(np.random.default_rng(seed).random(len(member)) < share, -1, member).astype(np.int32)


def noisy(count: int, wrong: float = 0.35) -> list[Labels]:
    return [planted.blurred(TRUTH, wrong, seed) for seed in range(count)]


def test_kinds_that_groups_of_k_cut_through_are_kept_whole_by_the_finer_groups() -> None:
    kinds = planted.truth(12, 20)
    through = (np.arange(len(kinds)) % 6).astype(np.int32)  # what the members of k agree on, and no kind knows of
    fine = [planted.blurred(kinds, 0.1, seed) for seed in range(5)]
    found = at_two_depths([through] * 5, fine, [1.0] * 5, 6)
    together = [np.bincount(found[kinds == kind]).max() / 20 for kind in range(12)]
    assert len(np.unique(found)) == 6
    assert min(together) > 0.95
    assert max(np.bincount(through[kinds == kind]).max() / 20 for kind in range(12)) < 0.25


def candidates(members: list[Labels], fine: list[Labels], k: int) -> dict[str, Labels]:
    """The three that the consensus at two depths chooses among."""
    return {"members": evenly(members, k), "both": evenly([*members, *fine], k), "fine": evenly(fine, k)}


def test_where_the_finer_groups_say_nothing_of_how_they_belong_together_the_members_decide() -> None:
    pairs = planted.truth(N // 2, 2)  # finer groups of two products each: no tree over them has a reason
    members, fine = noisy(5, 0.1), [pairs] * 5
    found = at_two_depths(members, fine, [1.0] * 5, 6)
    by = candidates(members, fine, 6)
    assert np.array_equal(found, by["members"])
    assert agreement(by["members"]) > agreement(by["fine"]) + 0.5


def test_the_weights_say_whose_finer_groups_are_told_of() -> None:
    kinds, others = planted.truth(12, 20), (np.arange(N) % 12).astype(np.int32)
    along, across = planted.truth(6, 40), (np.arange(N) % 6).astype(np.int32)
    members, fine = [along, across], [kinds, others]
    for weights, own in (([1.0, 0.1], along), ([0.1, 1.0], across)):
        assert agreement(at_two_depths(members, fine, weights, 6), own) > 0.95


def test_finer_groups_that_placed_nothing_or_weigh_nothing_are_no_reason_to_fail() -> None:
    members, nobody = noisy(2), np.full(N, -1, np.int32)
    fine = [planted.blurred(planted.truth(12, 20), 0.1, seed) for seed in range(2)]
    assert len(np.unique(at_two_depths([*members, members[0]], [*fine, nobody], [1.0] * 3, 6))) == 6
    assert len(np.unique(at_two_depths(members, fine, [0.0, 0.0], 6))) == 6


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_consensus_of_equal_members_is_that_member(count: int) -> None:
    (member,) = noisy(1)
    assert agreement(evenly([member] * count), member) == 1


def test_groups_are_numbered_from_nought() -> None:
    found = evenly(noisy(5))
    assert found.dtype == np.int32
    assert set(found) == set(range(6))


@pytest.mark.parametrize("count", [5, 9])
def test_the_consensus_of_noisy_members_is_better_than_any_of_them(count: int) -> None:
    members = noisy(count)
    assert agreement(evenly(members)) > max(map(agreement, members)) + 0.2


def test_how_a_member_numbers_its_groups_does_not_matter() -> None:
    members = noisy(4)
    renamed = [np.random.default_rng(seed).permutation(6).astype(np.int32)[m] for seed, m in enumerate(members)]
    assert agreement(evenly(members), evenly(renamed)) == 1


def test_the_weights_count() -> None:
    one, other = noisy(2)
    assert agreement(consensus([one, *[other] * 5], [10.0, *[1.0] * 5], 6), one) == 1
    assert agreement(evenly([one, *[other] * 5]), other) == 1


def test_only_the_ratios_of_the_weights_count() -> None:
    members, weights = noisy(4), np.array([0.9, 0.5, 0.2, 0.1])
    assert np.array_equal(consensus(members, list(weights), 6), consensus(members, list(1000 * weights), 6))


def test_a_member_without_weight_is_not_heard() -> None:
    *members, last = noisy(5)
    assert np.array_equal(consensus([*members, last], [1.0] * 4 + [0.0], 6), evenly(members))


def test_members_that_lack_products_place_all_of_them_together() -> None:
    members = [lacking(member, 0.4, seed) for seed, member in enumerate(noisy(9))]
    assert np.any([member >= 0 for member in members], axis=0).all()
    found = evenly(members)
    assert found.min() == 0
    assert agreement(found) > 0.8


def test_two_members_that_see_half_each_are_joined_by_what_both_see() -> None:
    first, second = TRUTH.copy(), TRUTH.copy()
    within = np.arange(N) % 40
    first[within >= 25], second[within < 15] = -1, -1
    assert agreement(evenly([first, second])) == 1


@pytest.mark.parametrize("k", [5, 6])
def test_members_that_share_no_product_keep_their_groups(k: int) -> None:
    first, second = np.where(TRUTH < 3, TRUTH, -1), np.where(TRUTH < 3, -1, TRUTH - 3)
    found = evenly([first, second], k)
    assert len(set(found)) == k
    assert agreement(found) == 1 if k == 6 else agreement(found) > 0.7


def test_what_only_a_member_without_weight_placed_is_placed_by_it() -> None:
    known = np.where(TRUTH < 3, TRUTH, -1)
    assert agreement(consensus([known, TRUTH], [1.0, 0.0], 6)) == 1


def test_who_did_not_place_a_product_has_no_say_on_it() -> None:
    whole = TRUTH.copy()
    absent = whole.copy()
    absent[::7] = -1
    assert agreement(evenly([whole, *[absent] * 8])) == 1


def test_members_may_make_other_numbers_of_groups() -> None:
    coarse, fine = TRUTH // 2, (TRUTH * 2 + np.arange(N) % 2).astype(np.int32)
    found = evenly([coarse, fine, *noisy(5, 0.2)])
    assert agreement(found) > 0.95
    assert agreement(evenly([coarse] * 3, 3), coarse) == 1


def test_where_the_members_tell_fewer_groups_apart_there_are_no_more() -> None:
    coarse = TRUTH // 2
    assert agreement(evenly([coarse] * 3, 6), coarse) == 1


@pytest.mark.parametrize("n", [1, 2, 6])
def test_up_to_k_products_are_a_group_each(n: int) -> None:
    assert evenly([np.zeros(n, np.int32)]).tolist() == list(range(n))


@pytest.mark.parametrize("seed", range(5))
def test_each_product_is_in_the_group_it_is_most_often_together_with(seed: int) -> None:
    members = [planted.blurred(TRUTH, 0.5, 10 * seed + at) for at in range(5)]
    found = evenly(members)
    together = np.mean([member[:, None] == member[None, :] for member in members], axis=0)
    likeness = np.column_stack([together[:, found == group].mean(axis=1) for group in range(6)])
    assert (likeness[np.arange(N), found] >= likeness.max(axis=1) - 1e-4).all()


def test_of_a_large_catalogue_a_sample_is_joined_and_the_rest_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.grouping.consensus.SAMPLE", 60)
    members = noisy(9, 0.3)
    assert agreement(evenly(members)) > 0.97
    missing = [lacking(member, 0.3, seed) for seed, member in enumerate(members)]
    found = evenly(missing)
    assert found.min() == 0
    assert agreement(found) > 0.9
    assert np.array_equal(evenly(missing), found)


def test_another_seed_samples_other_products_of_a_large_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    members = noisy(3, 0.8)
    assert np.array_equal(evenly(members, seed=0), evenly(members, seed=1))
    monkeypatch.setattr("ingestion.grouping.consensus.SAMPLE", 60)
    assert not np.array_equal(evenly(members, seed=0), evenly(members, seed=1))


@pytest.mark.parametrize("sample", [40, 5000])
@pytest.mark.parametrize("seed", range(8))
def test_no_group_is_lost_however_little_the_members_agree(
    seed: int, sample: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.grouping.consensus.SAMPLE", sample)
    members = [planted.blurred(TRUTH, 0.75, 10 * seed + at) for at in range(6)]
    assert len(set(evenly(members, seed=seed))) == 6


def spaces_of(vectors: Matrix) -> list[Labels]:
    """The k-means groups of the vectors in their several spaces, without UMAP."""
    near = neighbours(vectors, 30)[0]
    spaces = (centred(vectors), smoothed(vectors, near), manifold(vectors, len(vectors), 30, 0))
    return [kmeans(points, 6, 0) for points in spaces]


def test_groups_that_are_there_are_found_in_every_space() -> None:
    assert coherence([TRUTH, planted.blurred(TRUTH, 0.05, 0), TRUTH]) > 0.9
    assert coherence(spaces_of(planted.vectors(TRUTH, 0.2, 64))) > 0.99


def test_what_is_found_in_noise_is_another_thing_in_every_space() -> None:
    assert coherence(spaces_of(planted.nothing(N, 64))) < 0.25


def test_groupings_that_have_nothing_in_common_are_not_coherent() -> None:
    assert coherence([planted.blurred(TRUTH, 1.0, seed) for seed in range(4)]) < 0.02


def test_coherence_is_the_mean_agreement_of_all_pairs_and_never_negative() -> None:
    three = noisy(3)
    expected = np.mean([agreement(three[a], three[b]) for a, b in ((0, 1), (0, 2), (1, 2))])
    assert coherence(three) == pytest.approx(expected)
    assert coherence([np.array([0, 1, 0, 1], np.int32), np.array([0, 0, 1, 1], np.int32)]) == 0


def test_one_grouping_alone_or_one_of_a_single_group_tells_nothing() -> None:
    assert coherence([]) == coherence([TRUTH]) == 0
    nothing = np.zeros(N, np.int32)
    assert coherence([nothing, nothing, nothing]) == 0  # all pictures alike agree perfectly, on nothing

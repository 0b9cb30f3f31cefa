"""The measures of agreement, against scikit-learn, brute force and simulation."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from ingestion.grouping import agreement
from ingestion.grouping.agreement import MEASURES, Codes, Table, contingency, jackknife_error

REFERENCES = {
    "ari": metrics.adjusted_rand_score,
    "ami": metrics.adjusted_mutual_info_score,
    "nmi": lambda a, b: metrics.normalized_mutual_info_score(a, b, average_method="geometric"),
    "v_measure": metrics.v_measure_score,
    "homogeneity": metrics.homogeneity_score,
    "completeness": metrics.completeness_score,
}


def some_pairs() -> list[tuple[Codes, Codes]]:
    """200 pairs of labellings: few or many products, related or not, balanced or not."""
    random = np.random.default_rng(0)
    pairs = []
    for _ in range(200):
        n, k, groups = int(random.integers(4, 300)), int(random.integers(2, 12)), int(random.integers(2, 12))
        categories = random.choice(k, n, p=random.dirichlet(np.full(k, random.uniform(0.3, 5))))
        found = np.where(random.random(n) < random.random(), categories % groups, random.integers(0, groups, n))
        pairs.append((categories.astype(np.int32), found.astype(np.int32)))
    return pairs


def labels(table: Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The (n,) labellings that a contingency table counts."""
    cells = np.argwhere(table >= 0)
    return np.repeat(cells[:, 0], table.ravel()), np.repeat(cells[:, 1], table.ravel())


@pytest.mark.parametrize("name", REFERENCES)
def test_every_measure_equals_scikit_learns(name: str) -> None:
    for categories, groups in some_pairs():
        expected = REFERENCES[name](categories, groups)
        assert MEASURES[name](contingency(categories, groups)) == pytest.approx(expected, abs=1e-9)


def test_the_contingency_table_equals_scikit_learns() -> None:
    for categories, groups in some_pairs():
        _, codes = np.unique(categories, return_inverse=True)
        _, found = np.unique(groups, return_inverse=True)
        expected = metrics.cluster.contingency_matrix(categories, groups)
        assert (contingency(codes.astype(np.int32), found.astype(np.int32)) == expected).all()


def test_matched_accuracy_is_that_of_the_best_of_all_matchings() -> None:
    from itertools import permutations

    random = np.random.default_rng(1)
    for _ in range(50):
        k, groups = (int(size) for size in random.integers(1, 5, 2))
        table = random.integers(0, 9, (k, groups))
        table[0, 0] += 1
        square = np.zeros((4, 4), dtype=np.int64)
        square[:k, :groups] = table
        best = max(sum(square[i, p] for i, p in enumerate(order)) for order in permutations(range(4)))
        assert agreement.matched_accuracy(table) == pytest.approx(best / table.sum())


def test_a_matching_uses_each_category_and_each_group_once() -> None:
    rows, columns = agreement.matching(np.array([[5, 4, 0], [6, 1, 0]]))
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("name", MEASURES)
def test_a_category_or_group_without_products_changes_nothing(name: str) -> None:
    table = np.array([[9, 2], [1, 7]])
    wider = np.array([[9, 0, 2], [0, 0, 0], [1, 0, 7]])
    assert MEASURES[name](wider) == pytest.approx(MEASURES[name](table), abs=1e-12)
    assert jackknife_error(MEASURES[name], wider) == pytest.approx(jackknife_error(MEASURES[name], table), abs=1e-12)


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize(
    "table",
    [
        pytest.param([[7]], id="one category, one group"),
        pytest.param([[4, 3]], id="one category, two groups"),
        pytest.param([[4], [3]], id="two categories, one group"),
        pytest.param([[1]], id="one product"),
        pytest.param([[2]], id="two products in one group"),
        pytest.param([[1, 1]], id="two products of a category in two groups"),
        pytest.param([[1], [1]], id="two products of two categories in one group"),
        pytest.param([[1, 0], [0, 1]], id="two products, right"),
        pytest.param([[1, 0], [1, 1]], id="three products"),
        pytest.param([[5, 0], [0, 5]], id="equality"),
        pytest.param([[5, 5], [5, 5]], id="independence"),
    ],
)
def test_the_smallest_tables_are_scored_as_by_scikit_learn(name: str, table: list[list[int]]) -> None:
    counts = np.array(table)
    assert MEASURES[name](counts) == pytest.approx(REFERENCES[name](*labels(counts)), abs=1e-9)


@pytest.mark.parametrize("name", MEASURES)
def test_equality_is_one_whatever_the_groups_are_called(name: str) -> None:
    assert MEASURES[name](np.array([[0, 6, 0], [0, 0, 5], [4, 0, 0]])) == pytest.approx(1)


@pytest.mark.parametrize("name", MEASURES)
def test_the_jackknife_equals_leaving_out_each_product_in_turn(name: str) -> None:
    random = np.random.default_rng(2)
    for _ in range(10):
        table = random.integers(0, 7, (3, 4))
        table[0, 0] += 3
        categories, groups = labels(table)
        n = len(categories)
        left_out = []
        for product in range(n):
            fewer = np.zeros_like(table)
            np.add.at(fewer, (np.delete(categories, product), np.delete(groups, product)), 1)
            left_out.append(MEASURES[name](fewer))
        expected = np.sqrt((n - 1) / n * ((np.array(left_out) - np.mean(left_out)) ** 2).sum())
        assert jackknife_error(MEASURES[name], table) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", MEASURES)
def test_the_jackknife_leaves_the_table_as_it_was(name: str) -> None:
    table = np.array([[4, 1], [0, 5]])
    jackknife_error(MEASURES[name], table)
    assert table.tolist() == [[4, 1], [0, 5]]


@pytest.mark.parametrize("table", [[[1]], [[1, 1]], [[1, 0], [0, 1]]])
def test_fewer_than_three_products_have_no_jackknife_error(table: list[list[int]]) -> None:
    assert all(np.isnan(jackknife_error(measure, np.array(table))) for measure in MEASURES.values())


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("table", [[[3]], [[2, 1]], [[2], [1]], [[2, 0], [0, 1]], [[1, 1], [0, 1]]])
def test_three_products_have_a_finite_jackknife_error(name: str, table: list[list[int]]) -> None:
    assert np.isfinite(jackknife_error(MEASURES[name], np.array(table)))


@pytest.mark.parametrize("name", ["ari", "ami"])
def test_a_95_percent_interval_holds_the_truth_95_times_in_100(name: str) -> None:
    fractions = np.full((5, 5), 0.06) + np.eye(5) * 0.7  # each category: 76 % in its own group, 6 % in each other
    fractions = (fractions / fractions.sum()).ravel()
    true = MEASURES[name](np.rint(fractions * 10_000).astype(np.int64).reshape(5, 5))
    random = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        table = random.multinomial(400, fractions).reshape(5, 5)
        held += abs(MEASURES[name](table) - true) <= 1.959964 * jackknife_error(MEASURES[name], table)
    assert 0.90 <= held / 200 <= 0.99


@pytest.mark.parametrize("name", ["ari", "ami"])
def test_the_adjusted_measures_average_0_for_random_groups(name: str) -> None:
    random = np.random.default_rng(4)
    values = [MEASURES[name](contingency(*random.integers(0, 6, (2, 200), dtype=np.int32))) for _ in range(200)]
    assert np.mean(values) == pytest.approx(0, abs=0.002)

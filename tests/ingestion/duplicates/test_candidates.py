"""What the search for like items costs, and that it finds them."""

import numpy as np

from ingestion.duplicates.candidates import NEAREST, WINDOW, Index, candidates


def test_items_with_equal_keys_are_paired_with_a_few_each() -> None:
    n = 5_000
    keys = np.zeros((n, 4), dtype=np.uint64)
    looked_at = []

    def distance(i: Index, j: Index) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        looked_at.append(len(i))
        return np.abs(i - j).astype(np.float32)

    found = [(int(i), int(j)) for i, j in candidates(keys, np.arange(n), distance)]
    assert max(looked_at) <= n
    assert sum(looked_at) <= keys.shape[1] * n * WINDOW
    assert len(found) <= n * NEAREST
    assert {(k, k + 1) for k in range(n - 1)} <= set(found)
    assert np.bincount(np.array(found).ravel()).max() <= 2 * NEAREST


def test_items_with_one_equal_key_are_paired_and_others_not() -> None:
    keys = np.arange(60, dtype=np.uint64).reshape(6, 10)
    keys[4, 7] = keys[1, 7]
    assert candidates(keys, np.arange(6), lambda i, j: np.zeros(len(i), dtype=np.float32)).tolist() == [[1, 4]]


def test_a_pair_at_infinite_distance_is_not_compared() -> None:
    keys = np.zeros((3, 2), dtype=np.uint64)
    far = lambda i, j: np.where(j == 2, np.inf, 0).astype(np.float32)  # noqa: E731
    assert candidates(keys, np.arange(3), far).tolist() == [[0, 1]]


def test_one_item_has_no_pair() -> None:
    assert (
        candidates(np.zeros((1, 3), dtype=np.uint64), np.arange(1), lambda i, j: np.zeros(0, dtype=np.float32)).size
        == 0
    )

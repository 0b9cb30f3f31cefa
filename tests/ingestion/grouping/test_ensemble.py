"""The consensus over all methods of a kind: what each sees is joined, and what sees nothing is hardly heard."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from ingestion.grouping import clustering, ensemble
from ingestion.grouping.clustering import MEMBERS
from ingestion.grouping.consensus import consensus
from ingestion.grouping.ensemble import FINER, Voices
from ingestion.vectors import Matrix
from store.parts import Part
from store.root import Root
from tests.ingestion import planted
from tests.ingestion.steps import Rows, do, put, put_vectors

KINDS, EACH, SEEDS = 6, 20, 2
TRUTH = planted.truth(KINDS, EACH)
N = len(TRUTH)
IDS = planted.names(N)
PROTOCOL = {"k": KINDS, "seeds": SEEDS, "dimensions": 200, "n_neighbours": 15}
"""With more dimensions than products the manifold is the plain one of tiny catalogues: no UMAP, no seconds."""
TEXT, IMAGE, NOISE = planted.vectors(TRUTH, 0.4, seed=1), planted.vectors(TRUTH, 0.4, seed=2), planted.nothing(N, 64)
Vectors = tuple[list[str], Matrix]
GROUPED: dict[Any, dict[str, Rows]] = {}
"""What the grouping of vectors wrote: most tests group the same."""


def of(vectors: Matrix, rows: NDArray[np.integer] | None = None) -> Vectors:
    """The vectors of these products, or of all, with their ids."""
    rows = np.arange(len(vectors)) if rows is None else rows
    return [IDS[row] for row in rows], vectors[rows]


def studied(root: Root, method: str, ids: list[str], vectors: Matrix) -> list[Part]:
    """The parts of a method: its vectors, and the groups that the real step makes of them."""
    features = put_vectors(root, method, ids, vectors)
    known = (method, *ids, vectors.tobytes())
    if known not in GROUPED:
        reads = [features, put(root, f"projection:{method}", {})]
        GROUPED[known] = do(root, f"clustering:{method}", clustering.step, reads, {"method": method, **PROTOCOL})
    return [features, put(root, f"clustering:{method}", GROUPED[known])]


def join(folder: Path, modality: str = "text+image", lost: tuple[str, ...] = (), **methods: Vectors) -> dict[str, Rows]:
    """What the step writes for these methods, named after their kind; of `lost` ones there is nothing."""
    root = Root(folder)
    kinds = {name: name.split("_")[0] for name in (*methods, *lost)}
    reads = [part for name, (ids, vectors) in methods.items() for part in studied(root, name, ids, vectors)]
    parameters: dict[str, Any] = {"method": "consensus", "modality": modality, "methods": kinds, **PROTOCOL}
    return do(root, "clustering:consensus", ensemble.step, reads, parameters)


def right(written: dict[str, Rows], among: NDArray[np.integer] | None = None) -> float:
    """The lowest agreement of any seed with what was planted, among those products."""
    at, values = {product_id: row for row, product_id in enumerate(IDS)}, []
    for seed in range(SEEDS):
        group = {at[r["product_id"]]: r["cluster"] for r in written["partitions"] if r["seed"] == seed}
        rows = sorted(group) if among is None else among.tolist()
        values.append(adjusted_rand_score(TRUTH[rows], [group[row] for row in rows]))
    return float(min(values))


def half_seen(first: bool) -> Matrix:
    """Vectors that tell the first (or the last) three groups apart and see the others as one."""
    seen = np.where((TRUTH < 3) == first, TRUTH, 6 if first else 7)
    _, codes = np.unique(seen, return_inverse=True)
    return planted.vectors(codes, 0.25, 32, seed=3 + first)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    return join(tmp_path_factory.mktemp("both"), text=of(TEXT), image=of(IMAGE))


def test_planted_groups_are_found_by_every_seed(both: dict[str, Rows]) -> None:
    assert right(both) > 0.99


def test_every_product_has_one_group_for_each_seed(both: dict[str, Rows]) -> None:
    rows = both["partitions"]
    assert {(r["method"], r["algorithm"], r["space"]) for r in rows} == {("consensus", "consensus", "ensemble")}
    for seed in range(SEEDS):
        assert [r["product_id"] for r in rows if r["seed"] == seed] == IDS
    assert {r["cluster"] for r in rows} == set(range(KINDS))


def test_planted_groups_come_back_when_a_part_is_grouped_again(both: dict[str, Rows]) -> None:
    rows = both["cluster_stability"]
    assert [r["cluster"] for r in rows] == list(range(KINDS))
    assert min(r["stability"] for r in rows) > 0.95
    assert {r["resamples"] for r in rows} == {SEEDS}


def test_it_is_told_which_methods_were_joined(both: dict[str, Rows]) -> None:
    (row,) = both["models"]
    assert (row["method"], row["modality"], row["status"], row["products"]) == ("consensus", "text+image", "ran", N)
    assert row["model"] == "consensus of text, image"
    assert json.loads(row["parameters"]) == {"methods": ["text", "image"]}


@pytest.mark.parametrize(("modality", "depths"), [("text+image", 2), ("text", 1), ("image", 1)])
def test_text_and_picture_together_are_cut_finer_too(
    modality: str, depths: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuts: list[int] = []

    def looked_at(members: Any, fine: Any, weights: Any, k: int, seed: int) -> Any:
        assert len(members) == len(fine) == len(weights)
        cuts.extend(len(np.unique(m)) for m in fine)
        return consensus(members, weights, k, seed)

    monkeypatch.setattr(ensemble, "at_two_depths", looked_at)
    join(tmp_path, modality, text=of(TEXT), image=of(IMAGE))
    assert set(cuts) == ({FINER * KINDS} if depths == 2 else set())


def test_groups_that_only_the_finer_cut_tells_apart_are_kept_whole(tmp_path: Path) -> None:
    kinds = planted.truth(2 * KINDS, EACH // 2)
    text, image = planted.vectors(kinds, 0.3, seed=5), planted.vectors(kinds, 0.3, seed=6)
    written = join(tmp_path, text=of(text), image=of(image))
    at = {product_id: row for row, product_id in enumerate(IDS)}
    for seed in range(SEEDS):
        group = np.zeros(N, np.int32)
        for row in written["partitions"]:
            if row["seed"] == seed:
                group[at[row["product_id"]]] = row["cluster"]
        assert min(np.bincount(group[kinds == kind]).max() for kind in range(2 * KINDS)) >= 0.9 * EACH // 2


def test_the_same_vectors_give_the_same_groups(tmp_path: Path, both: dict[str, Rows]) -> None:
    assert join(tmp_path, text=of(TEXT), image=of(IMAGE)) == both


def test_where_text_and_pictures_see_half_of_the_groups_each_both_together_see_all(tmp_path: Path) -> None:
    text, image = of(half_seen(True)), of(half_seen(False))
    by_text = right(join(tmp_path / "t", "text", text=text))
    by_image = right(join(tmp_path / "i", "image", image=image))
    assert max(by_text, by_image) < 0.8
    assert right(join(tmp_path / "b", text=text, image=image)) > max(by_text, by_image) + 0.15


def test_a_method_that_sees_nothing_does_no_harm(tmp_path: Path) -> None:
    known = join(tmp_path / "without", "text", text=of(TEXT))
    noisy = join(
        tmp_path / "with", "text", text=of(TEXT), text_noise=of(NOISE), text_more=of(planted.nothing(N, 64, 9))
    )
    assert right(noisy) >= right(known) - 0.01 > 0.97


def test_pictures_that_show_nothing_do_the_text_no_harm(tmp_path: Path) -> None:
    assert right(join(tmp_path, text=of(TEXT), image_noise=of(NOISE))) > 0.97


def test_pictures_that_are_all_alike_do_the_text_no_harm(tmp_path: Path) -> None:
    assert right(join(tmp_path, text=of(TEXT), image=of(np.ones((N, 8), np.float32)))) > 0.97


def test_a_backdrop_that_the_text_knows_nothing_of_does_no_harm_however_plain_it_is(tmp_path: Path) -> None:
    text, image = (planted.vectors(TRUTH, 1.1, seed=seed) for seed in (4, 3))
    backdrop = planted.vectors(np.random.default_rng(7).permutation(TRUTH), 0.1, seed=8)
    seen = voices(image=of(image), backdrop=of(backdrop))
    assert seen.coherence(0, "backdrop") > seen.coherence(0, "image") + 0.2
    known = right(join(tmp_path / "without", text=of(text), image=of(image)))
    assert right(join(tmp_path / "with", text=of(text), image=of(image), image_backdrop=of(backdrop))) >= known > 0.9


@pytest.mark.parametrize("seed", [21, 22])
def test_of_pictures_that_have_nothing_in_common_with_the_text_the_coherent_ones_count(
    seed: int, tmp_path: Path
) -> None:
    methods: dict[str, Any] = {f"image_{at}": of(planted.nothing(N, 64, 10 + at)) for at in range(1, 5)}
    methods["image"] = of(planted.vectors(TRUTH, 0.8, seed=3))
    assert right(join(tmp_path, text=of(planted.nothing(N, 64, seed)), **methods)) > 0.9


def test_what_two_methods_have_in_common_is_their_agreement_on_what_both_placed() -> None:
    heard = voices(text=of(TEXT), image=of(IMAGE), noise=of(NOISE), half=of(IMAGE, np.arange(1, N, 2)))
    assert heard.in_common("text", ["image"]) > 0.9
    assert heard.in_common("text", ["noise"]) < 0.05
    assert heard.in_common("text", ["image", "noise"]) == pytest.approx(
        (heard.in_common("text", ["image"]) + heard.in_common("text", ["noise"])) / 2, abs=0.05
    )
    assert 0.4 < heard.in_common("text", ["half"]) <= 0.5


def test_methods_have_nothing_in_common_that_share_no_product_or_see_one_group() -> None:
    odd, even, alike = np.arange(1, N, 2), np.arange(0, N, 2), np.ones((N, 8), np.float32)
    assert voices(text=of(TEXT, odd), image=of(IMAGE, even)).in_common("text", ["image"]) == 0
    assert voices(text=of(alike), image=of(alike)).in_common("text", ["image"]) == 0
    few = voices(text=of(TEXT), image=of(IMAGE, np.arange(KINDS) * EACH))
    assert few.in_common("text", ["image"]) < 0.05


def test_many_poor_methods_do_not_outvote_a_good_one(tmp_path: Path) -> None:
    poor: dict[str, Any] = {f"text_{at}": of(planted.nothing(N, 64, 10 + at)) for at in range(5)}
    assert right(join(tmp_path, "text", text=of(TEXT), **poor)) > 0.97


def test_where_no_method_sees_anything_all_products_are_grouped_all_the_same(tmp_path: Path) -> None:
    alike = of(np.ones((N, 8), np.float32))
    written = join(tmp_path, text=alike, image=alike)
    assert len(written["partitions"]) == SEEDS * N


def test_of_both_kinds_only_products_that_have_both_are_placed(tmp_path: Path) -> None:
    shown, told = np.flatnonzero(np.arange(N) % 3 > 0), np.flatnonzero(np.arange(N) % 4 > 0)
    written = join(tmp_path, text=of(TEXT, told), image=of(IMAGE, shown))
    placed = sorted({r["product_id"] for r in written["partitions"]})
    assert placed == [IDS[row] for row in np.intersect1d(shown, told)]
    assert right(written) > 0.97
    assert written["models"][0]["products"] == len(placed)


def test_of_one_kind_every_product_is_placed_that_any_method_could_read(tmp_path: Path) -> None:
    some = np.flatnonzero(np.arange(N) % 3 > 0)
    written = join(tmp_path, "text", text=of(TEXT, some), text_more=of(IMAGE, np.arange(N - 1, -1, -1)))
    assert {r["product_id"] for r in written["partitions"]} == set(IDS)
    assert right(written) > 0.97


def test_where_no_product_has_both_there_is_nothing_to_join(tmp_path: Path) -> None:
    odd, even = np.arange(1, N, 2), np.arange(0, N, 2)
    assert join(tmp_path, text=of(TEXT, odd), image=of(IMAGE, even)) == {}


def test_a_method_that_failed_changes_nothing(tmp_path: Path) -> None:
    known = join(tmp_path / "a", "text", text=of(TEXT))
    assert join(tmp_path / "b", "text", lost=("text_lost",), text=of(TEXT)) == known


def test_a_method_of_one_product_has_no_groups_and_no_say(tmp_path: Path) -> None:
    known = join(tmp_path / "a", "text", text=of(TEXT))
    assert join(tmp_path / "b", "text", text=of(TEXT), text_one=of(TEXT, np.array([3]))) == known


@pytest.mark.parametrize("there", ["text", "image", "neither"])
def test_without_texts_or_without_pictures_there_is_no_consensus_of_both(there: str, tmp_path: Path) -> None:
    methods: dict[str, Any] = {} if there == "neither" else {there: of(TEXT)}
    lost = tuple({"text", "image"} - set(methods))
    assert join(tmp_path, lost=lost, **methods) == {}


@pytest.mark.parametrize("n", [1, 2, 3, 7, 12])
def test_the_smallest_catalogues_are_joined_too(n: int, tmp_path: Path) -> None:
    few = np.arange(n) * (N // n)
    written = join(tmp_path, text=of(TEXT, few), image=of(IMAGE, few))
    assert len(written.get("partitions", [])) == (SEEDS * n if n > 1 else 0)
    assert len({r["cluster"] for r in written.get("partitions", [])}) == (min(n, KINDS) if n > 1 else 0)


def voices(**methods: Vectors) -> Voices:
    """The groups of these vectors, as the real step makes them, of one seed."""
    found = Voices({product_id: row for row, product_id in enumerate(IDS)})
    for name, (ids, vectors) in methods.items():
        for spaces in clustering.members_of(vectors, 200, 15, range(1)):
            for (algorithm, space), labels in clustering.grouped(spaces, KINDS, 0).items():
                if algorithm == "kmeans" and space in MEMBERS:
                    found.add(0, name, space, ids, labels)
    return found


def test_a_method_that_sees_nothing_weighs_next_to_nothing() -> None:
    heard = voices(text=of(TEXT), noise=of(NOISE), alike=of(np.ones((N, 8), np.float32)))
    assert heard.coherence(0, "text") > 0.9
    assert heard.coherence(0, "noise") ** 2 < 0.1
    assert heard.coherence(0, "alike") == 0


def test_a_method_is_weighed_over_the_products_that_it_placed() -> None:
    some = np.flatnonzero(np.arange(N) % 2)
    assert voices(text=of(TEXT, some)).coherence(0, "text") > 0.9


def test_only_the_products_that_a_method_placed_have_groups() -> None:
    some = np.flatnonzero(np.arange(N) % 2)
    placed, groups = voices(text=of(TEXT, some)).agreed(0, KINDS)
    assert np.array_equal(placed, some)
    assert adjusted_rand_score(TRUTH[some], groups) > 0.97

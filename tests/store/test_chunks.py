"""What was computed per product is computed once: another run takes it over, and computes what it cannot trust."""

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from store.chunks import SPARE_FILES, Chunks, NotGiven, Slice
from store.root import Root

RECIPE = "a" * 32
ROWS = 10


class Encoder:
    """Doubles texts and remembers which; refuses those that end in '!'."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts: list[str]) -> list[bytes | str]:
        self.calls.append(texts)
        return [f"no {text}" if text.endswith("!") else (text * 2).encode() for text in texts]

    @property
    def encoded(self) -> list[str]:
        return [text for call in self.calls for text in call]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "store")


def texts(start: int, end: int) -> list[str]:
    return [f"text {n}" for n in range(start, end)]


def run(root: Root | None, items: list[str], recipe: str = RECIPE) -> tuple[list[str], Chunks]:
    """Ask for the results, see that they are right, and return what was encoded for them."""
    encoder, chunks = Encoder(), Chunks(root, recipe)
    right = [(t, f"no {t}" if t.endswith("!") else (t * 2).encode()) for t in items]
    assert list(chunks.results(lambda: items, lambda t: t, encoder, lambda done, total: None, ROWS)) == right
    assert all(len(call) <= ROWS for call in encoder.calls)
    return encoder.encoded, chunks


def fill(
    root: Root,
    chunks: Chunks,
    encoder: Callable[[list[str]], list[bytes | str]],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Ask for the results of a hundred texts by chunks that only part is wanted of."""
    chunks = replace(chunks, root=root, recipe=RECIPE)
    list(chunks.results(lambda: texts(0, 100), lambda text: text, encoder, progress, ROWS))


def files(root: Root) -> set[str]:
    return {f"chunks/{RECIPE}/{name}" for name in root.names(f"chunks/{RECIPE}")}


def test_nothing_changed_and_nothing_is_encoded(root: Root) -> None:
    assert run(root, texts(0, 100))[0] == texts(0, 100)
    assert run(root, texts(0, 100))[0] == []


def test_only_what_was_added_or_changed_is_encoded(root: Root) -> None:
    run(root, texts(0, 100))
    changed = ["text 0 anew", *texts(1, 99), "added"]  # and the last one was removed
    assert run(root, changed)[0] == ["text 0 anew", "added"]


def test_the_order_of_the_catalogue_does_not_matter(root: Root) -> None:
    run(root, texts(0, 100))
    assert run(root, texts(0, 100)[::-1])[0] == []


def test_products_of_equal_text_are_encoded_once(root: Root) -> None:
    assert run(root, ["a", "b", "a", "a"])[0] == ["a", "b"]


def test_another_recipe_encodes_all_anew(root: Root) -> None:
    run(root, texts(0, 20))
    assert run(root, texts(0, 20), recipe="b" * 32)[0] == texts(0, 20)


def test_a_refusal_is_given_but_not_kept(root: Root) -> None:
    run(root, [*texts(0, 3), "broken!"])
    assert run(root, [*texts(0, 3), "broken!"])[0] == ["broken!"]


def test_a_run_that_is_killed_loses_one_chunk_at_most(root: Root) -> None:
    def killed_in_the_third_chunk(items: list[str]) -> list[bytes]:
        if "text 25" in items:
            raise KeyboardInterrupt
        return [(text * 2).encode() for text in items]

    with pytest.raises(KeyboardInterrupt):
        list(
            Chunks(root, RECIPE).results(
                lambda: texts(0, 100), lambda t: t, killed_in_the_third_chunk, lambda done, total: None, ROWS
            )
        )
    assert run(root, texts(0, 100))[0] == texts(20, 100)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: b"",
        lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
        None,
    ],
    ids=["truncated", "emptied", "one bit altered", "missing"],
)
def test_a_damaged_chunk_is_encoded_again(root: Root, damage) -> None:  # type: ignore[no-untyped-def]
    run(root, texts(0, 30))
    name = sorted(files(root))[1]
    root.put(name, damage(root.read(name))) if damage else root.remove(name)
    encoded = run(root, texts(0, 30))[0]
    assert len(encoded) == ROWS
    assert run(root, texts(0, 30))[0] == []


def test_a_chunk_that_cannot_be_read_is_encoded_again(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    run(root, texts(0, 10))

    def fails(self: Root, name: str) -> bytes:
        raise OSError(errno.EIO, name)

    with monkeypatch.context() as broken:
        broken.setattr(Root, "read", fails)
        assert run(root, texts(0, 10))[0] == texts(0, 10)
    assert run(root, texts(0, 10))[0] == []


def test_of_a_recipe_with_one_result_the_one_that_was_kept_last_counts(root: Root) -> None:
    assert Chunks(root, RECIPE).newest() is None
    for n, kept in enumerate((b"first", b"second")):
        Chunks(root, RECIPE).keep(f"catalogue {n}", kept)
        os.utime(root.path / max(files(root), key=root.modified), (n, n))
    chunks = Chunks(root, RECIPE)
    assert chunks.newest() == b"second"
    (newest,) = chunks.used
    root.put(newest, b"damaged")
    os.utime(root.path / newest, (9, 9))
    assert Chunks(root, RECIPE).newest() == b"first"


def test_a_file_of_another_in_the_folder_is_not_read(root: Root) -> None:
    run(root, texts(0, 10))
    (root.path / f"chunks/{RECIPE}/notes.parquet").write_bytes(b"mine")
    assert run(root, texts(0, 10))[0] == []


def test_the_chunks_that_were_used_are_named(root: Root) -> None:
    used = run(root, texts(0, 30))[1].used
    assert used == files(root)
    assert run(root, texts(0, 10))[1].used < used


def test_small_files_of_many_runs_are_written_anew_as_full_ones(root: Root) -> None:
    for count in range(1, SPARE_FILES + 9):
        _, chunks = run(root, texts(0, count))
    assert len(chunks.used) <= 4
    assert all(root.exists(name) for name in chunks.used)
    assert run(root, texts(0, count))[0] == []


def test_results_of_removed_products_do_not_stay_for_ever(root: Root) -> None:
    before = run(root, texts(0, 100))[1].used
    few = texts(0, 100)[::9]
    after = run(root, few)[1].used
    assert not before & after
    assert sum(map(root.size, after)) < sum(map(root.size, before))


def test_without_a_store_everything_is_encoded_and_nothing_kept() -> None:
    assert run(None, texts(0, 15))[0] == texts(0, 15)


def test_progress_counts_up_to_all(root: Root) -> None:
    run(root, texts(0, 15))
    seen: list[tuple[int, int]] = []

    def ask() -> Iterator[object]:
        return Chunks(root, RECIPE).results(
            lambda: texts(0, 50), lambda t: t, Encoder(), lambda done, total: seen.append((done, total)), ROWS
        )

    assert len(list(ask())) == 50
    assert seen[0] == (25, 50)
    assert seen[-1] == (50, 50)
    assert all(a[0] <= b[0] for a, b in pairwise(seen))


@pytest.mark.parametrize("of", [1, 2, 5])
def test_slices_are_all_results_and_none_is_in_two(root: Root, of: int) -> None:
    encoder, seen = Encoder(), list[tuple[int, int]]()
    run(root, texts(0, 20))
    for number in range(of):
        seen.clear()
        with pytest.raises(NotGiven) as ended:
            fill(root, Chunks(slice=Slice(number, of, 100)), encoder, lambda *done: seen.append(done))
        assert ended.value.args[0] == "kept"
        assert set(ended.value.args[1]) <= files(root)
        assert seen == sorted(seen)
        assert {total for _, total in seen} == {100}
    assert sorted(encoder.encoded) == sorted(texts(20, 100))
    assert run(root, texts(0, 100))[0] == []


def test_a_slice_that_is_tried_again_goes_on_from_its_last_chunk(root: Root) -> None:
    encoder, again = Encoder(), Encoder()

    def killed_in_the_third_chunk(items: list[str]) -> list[bytes | str]:
        if len(encoder.calls) == 2:
            raise KeyboardInterrupt
        return encoder(items)

    with pytest.raises(KeyboardInterrupt):
        fill(root, Chunks(slice=Slice(0, 2, 100)), killed_in_the_third_chunk)
    with pytest.raises(NotGiven):
        fill(root, Chunks(slice=Slice(0, 2, 100)), again)
    assert len(encoder.encoded) == 2 * ROWS
    assert not {*encoder.encoded} & {*again.encoded}


@pytest.mark.parametrize(("smallest", "slices"), [(2, 8), (10, 8), (30, 2), (40, 2), (41, None)])
def test_what_makes_two_slices_is_counted_and_not_computed(root: Root, smallest: int, slices: int | None) -> None:
    run(root, texts(0, 20))
    encoder, chunks = Encoder(), Chunks(divide=smallest)
    if slices is None:
        fill(root, chunks, encoder)
        assert len(encoder.encoded) == 80
        return
    with pytest.raises(NotGiven) as ended:
        fill(root, chunks, encoder)
    assert ended.value.args == ("divisible", 100, slices)
    assert encoder.encoded == []


def test_a_chunk_that_the_folder_does_not_show_yet_is_read_by_its_name(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(root, texts(0, 100))
    known = tuple(sorted(files(root)))
    monkeypatch.setattr(Root, "names", lambda *_: [])
    encoder = Encoder()
    fill(root, Chunks(known=(*known, f"chunks/{RECIPE}/{'0' * 32}.parquet", known[0].replace("a", "b", 1))), encoder)
    assert encoder.encoded == []


def test_another_recipe_has_the_same_store_and_slice(root: Root) -> None:
    chunks = Chunks(root, RECIPE, {"a file"}, Slice(1, 2, 3), 4, ("a name",))
    assert chunks.of("b" * 32) == Chunks(root, "b" * 32, set(), Slice(1, 2, 3), 4, ("a name",))

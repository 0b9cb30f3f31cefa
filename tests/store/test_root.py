"""A store's root: files appear whole or not at all."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.errors import StoreError
from store.root import Root


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "store")


def test_what_is_put_is_read_back_with_its_size_and_hash(root: Root) -> None:
    root.put("a/b/c.txt", b"hello")
    assert root.exists("a/b/c.txt")
    assert (root.read("a/b/c.txt"), root.size("a/b/c.txt")) == (b"hello", 5)
    assert root.sha256("a/b/c.txt") == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    root.put("a/b/c.txt", b"bye")
    assert root.read("a/b/c.txt") == b"bye"


def test_a_url_is_absolute_from_whatever_folder_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Root(Path("store")).url("x.parquet") == str(tmp_path.resolve() / "store" / "x.parquet")


def test_a_path_that_is_not_utf8_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9")).mkdir()
    monkeypatch.chdir(tmp_path / os.fsdecode(b"caf\xe9"))
    for path in (Path("store"), tmp_path / os.fsdecode(b"\xff")):
        with pytest.raises(StoreError, match="is not UTF-8"):
            Root(path)


def test_put_if_absent_refuses_a_name_that_is_taken_and_changes_nothing(root: Root) -> None:
    root.put("snapshots/1.json", b"first", replace=False)
    with pytest.raises(FileExistsError):
        root.put("snapshots/1.json", b"second", replace=False)
    assert root.read("snapshots/1.json") == b"first"
    assert root.temporaries() == []


def test_of_many_who_put_the_same_absent_name_one_wins(root: Root) -> None:
    def put(i: int) -> bool:
        try:
            root.put("snapshots/1.json", b"%d" % i, replace=False)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(put, range(32)))
    assert won.count(True) == 1
    assert root.read("snapshots/1.json") == b"%d" % won.index(True)


@pytest.mark.parametrize("before", [None, b"as it was"])
def test_a_write_that_fails_leaves_the_name_as_it_was(root: Root, before: bytes | None) -> None:
    if before:
        root.put("parts/k/t.parquet", before)
    with pytest.raises(ZeroDivisionError), root.writing("parts/k/t.parquet") as temporary:  # noqa: PT012
        temporary.write_bytes(b"half")
        raise ZeroDivisionError
    assert root.names("parts/k") == (["t.parquet"] if before else [])
    assert before is None or root.read("parts/k/t.parquet") == before
    assert root.temporaries() == []
    assert root.names("parts") == (["k"] if before else []), "no empty folder stays"


def test_a_file_being_written_is_not_seen_under_its_name_nor_in_the_listing(root: Root) -> None:
    with root.writing("log/runs/1.parquet") as temporary:
        temporary.write_bytes(b"half")
        assert not root.exists("log/runs/1.parquet")
        assert root.names("log/runs") == []
        assert root.temporaries() == [f"log/runs/{temporary.name}"]
    assert root.names("log/runs") == ["1.parquet"]
    assert root.temporaries() == []


def test_a_file_is_synced_before_it_appears_and_every_new_folder_after(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[Path, bool]] = []
    monkeypatch.setattr("store.root._sync", lambda path: synced.append((path, root.exists("parts/k/t.parquet"))))
    root.put("parts/k/t.parquet", b"x")
    places = [place for place, _ in synced]
    assert {root.path.parent, root.path, root.path / "parts"} <= set(places), "the folders that hold new folders"
    (written,) = [i for i, place in enumerate(places) if place.name.startswith(".t.parquet.")]
    assert not synced[written][1]
    assert synced[-1] == (root.path / "parts" / "k", True)


def test_removing_takes_an_empty_folder_along_and_is_no_error_twice(root: Root) -> None:
    root.put("parts/k/a", b"")
    root.put("parts/k/b", b"")
    root.remove("parts/k/a")
    assert root.names("parts") == ["k"]
    root.remove("parts/k/b")
    root.remove("parts/k/b")
    assert root.names("parts") == []


def test_a_folder_that_is_not_there_has_no_names(root: Root) -> None:
    assert root.names("snapshots") == []
    assert root.temporaries() == []
    with pytest.raises(FileNotFoundError):
        root.read("snapshots/1.json")


def test_hidden_files_of_others_are_no_temporaries(root: Root) -> None:
    root.put("parts/k/.DS_Store", b"x")
    assert root.temporaries() == []

"""The progress of an ingestion is read as it was written, and is none once nobody writes it any more."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store import progress
from store.errors import StoreError
from store.ownership import claim, own
from store.progress import Doing, Running
from store.root import Root
from tests.store.numbered import start

NOW = datetime(2026, 11, 28, 7, 30, tzinfo=UTC)
RUNNING = Running(
    "r1",
    "shop.csv",
    NOW,
    NOW,
    {"catalogue": Doing("computed", 0.4), "features:bert": Doing("running", None, 12, 90), "scores": Doing("waiting")},
)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    found = Root(tmp_path / "store")
    found.path.mkdir()
    return found


def altered(root: Root, **values: object) -> None:
    """Put the file with other values."""
    progress.write(root, RUNNING)
    root.put(progress.FILE, json.dumps(json.loads(root.read(progress.FILE)) | values).encode())


def test_progress_is_read_as_it_was_written_until_it_ends(root: Root) -> None:
    assert progress.read(root) is None
    progress.write(root, RUNNING)
    assert progress.read(root) == RUNNING
    progress.write(root, replace(RUNNING, run_id="r2"))
    assert (progress.read(root) or RUNNING).run_id == "r2"
    claim(root)
    assert own(progress.FILE)
    progress.clear(root)
    assert progress.read(root) is None


def test_a_killed_ingestion_does_not_run_any_more(root: Root, tmp_path: Path) -> None:
    with start("", folder=tmp_path) as process:
        process.wait()
    altered(root, process=process.pid)
    assert progress.read(root) is None
    altered(root, process=process.pid, host="another machine")
    assert progress.read(root) == RUNNING, "of another machine it is not known"


def test_an_ingestion_of_another_user_runs(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    progress.write(root, RUNNING)
    monkeypatch.setattr(progress.os, "kill", refuse)
    assert progress.read(root) == RUNNING


def test_a_file_too_large_for_progress_is_not_read(root: Root) -> None:
    progress.write(root, RUNNING)
    root.put(progress.FILE, root.read(progress.FILE) + b" " * progress.MOST_BYTES)
    assert progress.read(root) is None


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"[]", b"\xff", b"{}", b'{"steps": 1}', b"9" * 5_000,
    ],
)  # fmt: skip
def test_a_damaged_file_is_no_progress(root: Root, damage: bytes) -> None:
    root.put(progress.FILE, damage)
    assert progress.read(root) is None


@pytest.mark.parametrize(
    "values",
    [
        {"steps": {"scores": {"status": "waiting"}}}, {"steps": ["scores"]}, {"started": "soon"}, {"process": "x"},
        {"process": 10**30}, {"steps": {"scores": {"status": "waiting", "seconds": "x", "done": 1, "total": 2}}},
    ],
)  # fmt: skip
def test_a_file_with_other_values_is_no_progress(root: Root, values: dict[str, object]) -> None:
    altered(root, **values)
    assert progress.read(root) is None


def test_a_disk_that_takes_no_progress_stops_nothing(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Root, "put", full)
    monkeypatch.setattr(Root, "remove", full)
    progress.write(root, RUNNING)
    progress.clear(root)
    assert progress.read(root) is None

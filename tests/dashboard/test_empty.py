"""What is shown of a store without a snapshot."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dash import Dash

from dashboard.app import create_app
from store import logs, progress
from store.progress import Doing, Running
from store.root import Root
from tests.dashboard.ask import answered, texts

NOW = datetime(2026, 11, 28, 7, 0, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "store").mkdir()
    return Root(tmp_path / "store")


def shown(app: Dash) -> str:
    """The words of the page, as it is refreshed."""
    answer = answered(app, "empty-body", {"empty-poll.n_intervals": 1}, snapshot=None)
    return " ".join(texts(answer["empty-body"]["children"]))


def run(status: str, hour: int, detail: str | None) -> dict[str, object]:
    return {"run_id": f"r{hour}", "started": NOW.replace(hour=hour), "seconds": 1.0, "status": status,
            "catalogue": "shop.csv", "detail": detail}  # fmt: skip


def test_the_running_ingestion_is_shown_and_then_the_command_again(root: Root) -> None:
    app = create_app(root)
    assert f"aislemap ingest CATALOGUE --images DIR --store {root.path}" in shown(app)
    steps = {"catalogue": Doing("computed", 0.4), "features:bert": Doing("running", None, 12, 90)}
    progress.write(root, Running("r1", "shop.csv", NOW, NOW, steps))
    assert "Running now: 1 of 2 steps planned so far have ended" in shown(app)
    assert "features:bert  12 of 90" in shown(app)
    progress.clear(root)
    assert "Nothing is published in this store yet" in shown(app)


def test_a_first_ingestion_that_failed_says_why(root: Root) -> None:
    logs.append(root, "runs", [run("failed", 7, "No column has a name."), run("failed", 6, "earlier")])
    page = shown(create_app(root))
    assert "The run of shop.csv that began 28 Nov 2026, 07:00 UTC failed: No column has a name." in page
    assert "earlier" not in page
    assert json.dumps(page).count("aislemap ingest") == 1


def test_a_store_that_is_not_there_and_one_with_a_damaged_log_have_the_command(root: Root, tmp_path: Path) -> None:
    assert "aislemap ingest CATALOGUE" in shown(create_app(Root(tmp_path / "nowhere")))
    logs.append(root, "runs", [run("failed", 7, None)])
    (root.path / logs.files(root, "runs")[0]).write_bytes(b"PAR1")
    assert "aislemap ingest CATALOGUE" in shown(create_app(root))

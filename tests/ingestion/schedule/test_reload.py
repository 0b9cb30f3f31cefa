"""An edited configuration is taken over when it is valid, and reported otherwise."""

from pathlib import Path

import pytest

from ingestion.config import load
from tests.ingestion.schedule.trial import EVENING, REPORT, Clock, Trial, job


def configuration(path: Path, *jobs: tuple[str, Path, str], head: str = "") -> None:
    """Write a configuration of jobs: name, store, cron. Each writing has a stamp of its own, as by a new file."""
    text = "".join(
        f'[[jobs]]\nname = "{name}"\nstore = "{store}"\ncron = "{cron}"\ncatalogue = "c.csv"\n'
        for name, store, cron in jobs
    )
    new = path.with_suffix(".new")
    new.write_text(head + text)
    new.replace(path)


def test_an_edited_configuration_is_taken_over(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "aislemap.toml"
    kept, old = ("kept", store, "0 1 * * *"), ("old", tmp_path / "b", "0 1 * * *")
    configuration(path, kept, old)
    clock = Clock(*EVENING)
    scheduler = Trial(load(path).jobs, clock, path=path)
    configuration(path, kept, ("new", tmp_path / "c", "0 5 * * *"))
    scheduler.until(lambda: "reloaded" in scheduler.happened(""))
    assert scheduler.detail("reloaded").endswith("new or changed: new; unchanged: kept")
    assert scheduler.happened("old") == ["scheduled", "stopped"]
    assert scheduler.happened("kept") == ["scheduled"]
    clock.pass_(hours=10)
    scheduler.idle()
    assert scheduler.happened("new") == ["scheduled", "started", "published"]
    assert scheduler.happened("old") == ["scheduled", "stopped"]


@pytest.mark.parametrize("text", ["[[jobs]", "", '[[jobs]]\nname = "x"\n', "[study]\nk = 1\n"])
def test_an_edit_that_is_not_valid_is_reported_and_the_old_one_kept(store: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "aislemap.toml"
    configuration(path, ("nightly", store, "30 1 * * *"))
    clock = Clock(*EVENING)
    scheduler = Trial([job(store)], clock, path=path)
    path.write_text(text)
    scheduler.until(lambda: "rejected" in scheduler.happened(""))
    assert "the old one is kept" in scheduler.detail("rejected")
    clock.pass_(hours=6)
    scheduler.idle()
    assert scheduler.happened() == ["scheduled", "started", "published"]
    assert scheduler.happened("") == ["rejected"]  # once, not at each look


def test_a_run_goes_on_when_its_job_leaves_the_configuration(store: Path, tmp_path: Path) -> None:
    path, go = tmp_path / "aislemap.toml", tmp_path / "go"
    configuration(path, ("nightly", store, "30 1 * * *"))
    clock = Clock(*EVENING)
    script = f"while ! test -e {go}; do sleep 0.02; done; echo '{REPORT}'"
    scheduler = Trial([job(store)], clock, ("sh", "-c", script), path=path)
    clock.pass_(hours=6)
    scheduler.until(lambda: "started" in scheduler.happened())
    configuration(path, ("other", store, "0 1 * * *"))
    scheduler.until(lambda: "reloaded" in scheduler.happened(""))
    go.touch()
    scheduler.until(lambda: "published" in scheduler.happened())
    scheduler.tick()
    assert list(scheduler.jobs) == ["other"]

"""What the scheduler tells others: rows in the store, the health file, the webhook."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ingestion.schedule import webhook
from tests.ingestion.schedule.trial import EVENING, FAILS, REPORT, Clock, Trial, job
from tests.ingestion.shop import ask


def test_every_event_is_a_row_of_the_jobs_store(published: Path) -> None:
    clock = Clock(*EVENING)
    scheduler = Trial([job(published, "rowed")], clock)
    clock.pass_(hours=6)
    scheduler.idle()
    clock.pass_(seconds=1)
    scheduler.close()
    rows = ask(
        published,
        "SELECT event, run_id, next_run, detail FROM schedule WHERE job = 'rowed' ORDER BY happened, event DESC",
    )
    by_event = {row[0]: row for row in rows}
    assert set(by_event) == {"scheduled", "started", "published", "stopped"}
    assert by_event["published"][1] == "r1"
    assert by_event["published"][2].isoformat()[:16] == "2026-11-05T01:30"
    assert by_event["stopped"][2] is None


def test_the_health_file_follows_the_jobs(store: Path, tmp_path: Path) -> None:
    health = tmp_path / "health.json"
    clock = Clock(*EVENING)
    scheduler = Trial([job(store, retries=0)], clock, FAILS, schedule={"health": health})
    scheduler.tick()
    state = json.loads(health.read_text())
    assert (state["healthy"], state["process"]) == (True, os.getpid())
    assert state["jobs"][0] | {"at": 0} == {
        "job": "nightly", "state": "idle", "next_run": "2026-11-04T01:30:00+00:00", "last_event": "scheduled",
        "detail": "30 2 * * * (Europe/Berlin)", "at": 0, "process": None,
    }  # fmt: skip
    clock.pass_(seconds=9)
    scheduler.tick()
    assert json.loads(health.read_text())["updated"] == state["updated"]
    clock.pass_(seconds=1)
    scheduler.tick()
    assert json.loads(health.read_text())["updated"] > state["updated"]
    clock.pass_(hours=6)
    scheduler.idle()
    assert json.loads(health.read_text())["healthy"] is False
    assert list(tmp_path.glob(".health*")) == []


def test_a_health_file_that_cannot_be_written_is_only_reported(
    store: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Trial([job(store)], Clock(*EVENING), schedule={"health": tmp_path / "none" / "health"}).tick()
    assert "The health file" in caplog.text


def test_failures_and_changed_verdicts_go_to_the_webhook(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(webhook, "send", lambda *message: sent.append(message))
    changed = [{"scope": "text", "before": "feasible", "after": "not feasible"}]
    report = REPORT.replace('"verdicts": []', f'"verdicts": {json.dumps(changed)}')
    address = "https://example.org/hook"
    jobs = [job(store, "bad", retries=1), job(store, "good")]
    clock = Clock(*EVENING)
    script = f"""case "$(cat)" in '{{"job": "bad"'*) exit 3;; *) echo '{report}';; esac"""
    scheduler = Trial(jobs, clock, ("sh", "-c", script), schedule={"webhook": address, "webhook_seconds": 3})
    clock.pass_(hours=6)
    scheduler.idle()
    assert [message["event"] for _, message, _ in sent] == ["verdict changed"]  # the failed run is retried first
    assert (sent[0][1]["verdicts"], sent[0][1]["job"], sent[0][0], sent[0][2]) == (changed, "good", address, 3)
    clock.pass_(minutes=2)
    scheduler.idle()
    assert (sent[1][1]["event"], sent[1][1]["job"]) == ("failed", "bad")
    assert len(sent) == 2

"""The lines of the scheduler: one for each event, as text or as JSON."""

import json
import logging
import sys
from datetime import UTC, datetime, timedelta

import pytest

from ingestion.schedule.events import Event, Lines, change_form, one_line

AT = datetime(2026, 11, 4, 1, 30, tzinfo=UTC)
EVENT = Event(AT, "failed", "The step\nfeatures:cnn \x1b[31mfailed.", "nightly", AT + timedelta(days=1), "r1", 2)


def line(form: str, event: Event | None = None, error: bool = False) -> str:
    """The line of a record."""
    extra = {"event": event} if event else {}
    record = logging.makeLogRecord({"msg": "Some %s", "args": ("text",), "created": AT.timestamp(), **extra})
    if error:
        try:
            raise ValueError("of all\nthings")
        except ValueError:
            record.exc_info = sys.exc_info()
    return Lines(form).format(record)


def test_an_event_is_one_line_of_text_that_moves_no_terminal() -> None:
    assert line("text", EVENT) == (
        "2026-11-04 01:30:00Z nightly: failed, The step features:cnn [31mfailed.; next run 2026-11-05 01:30 UTC"
    )


def test_an_event_is_one_object_of_json() -> None:
    text = line("json", EVENT)
    assert "\n" not in text
    assert json.loads(text) == {
        "at": "2026-11-04T01:30:00+00:00",
        "event": "failed",
        "detail": EVENT.detail,
        "job": "nightly",
        "next_run": "2026-11-05T01:30:00+00:00",
        "run_id": "r1",
        "attempt": 2,
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_else_is_logged_is_one_line_of_the_same_form(form: str) -> None:
    text = line(form, error=True)
    assert "\n" not in text
    assert "Some text" in text
    assert "ValueError: of all" in text
    if form == "json":
        assert json.loads(text)["event"] == "log"


def test_the_form_can_change_while_it_runs() -> None:
    handler = logging.NullHandler()
    handler.setFormatter(Lines("text"))
    logging.getLogger().addHandler(handler)
    try:
        change_form("json")
        assert isinstance(handler.formatter, Lines)
        assert handler.formatter.form == "json"
    finally:
        logging.getLogger().removeHandler(handler)


def test_one_line_keeps_letters_of_every_script() -> None:
    assert one_line("Überzüge\t多\r\n\x07x") == "Überzüge 多 x"

"""The page of runs: the steps of one by stage."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dash import Dash
from plotly.io.json import to_json_plotly

from dashboard.app import create_app
from dashboard.pages.runs import steps as run_steps
from store.progress import Doing, Running
from store.questions.activity import Step
from store.root import Root
from tests.dashboard.ask import answered, texts

STEPS = [
    Step("features:bert", "computed", 30.0, 900.0, 10, None),
    Step("features:use", "computed", 10.0, 900.0, 10, None),
    Step("catalogue", "cached", 60.0, 90.0, 10, None),
    Step("scores", "failed", 0.1, 90.0, None, "The step was stopped."),
    Step("texts", "cached", 1.0, 90.0, 10, None),
]


@pytest.fixture(scope="module")
def app(small_store: Root) -> Dash:
    return create_app(small_store)


def words_of(component: Any) -> str:
    """All words of a component, as the browser gets them."""
    return " ".join(texts(json.loads(to_json_plotly(component))))


def test_steps_are_grouped_by_stage_the_longest_first() -> None:
    sections = run_steps.grouped(STEPS).children
    heads = [words_of(section.children[0]) for section in sections]
    assert [head.split(" ")[0] for head in heads] == ["catalogue", "features", "texts", "scores"]
    assert "2 steps: 2 computed" in heads[1]
    assert "40 s" in heads[1]
    assert "1 step: failed" in heads[3]
    assert [s.open for s in sections] == [True, False, False, True], "the longest, and what failed"


def test_what_runs_now_is_counted_by_stage() -> None:
    began = datetime(2026, 11, 28, 7, 0, tzinfo=UTC)
    steps = {
        "catalogue": Doing("cached", 0.4),
        "features:bert": Doing("running", None, 12, 1_000),
        "features:use": Doing("failed", 1.0),
        "features:cnn": Doing("waiting"),
    }
    card = run_steps.now(Running("r1", "shop.csv", began, began, steps), began + timedelta(minutes=3))
    shown = words_of(card)
    assert "Running now: 2 of 4 steps planned so far have ended" in shown
    assert "shop.csv, for 3 min 00 s" in shown
    assert "features 1 of 3 features:bert 12 of 1,000" in " ".join(shown.split())


def test_nothing_is_shown_while_nothing_runs(app: Dash) -> None:
    assert answered(app, "runs-now", {"runs-poll.n_intervals": 0})["runs-now"]["children"] is None

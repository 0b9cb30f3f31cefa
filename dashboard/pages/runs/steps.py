"""The steps of a run by stage, which begins a step's name: those of a running ingestion, and of one that ended."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from dash import html

from dashboard import components as ui
from dashboard import words
from store.progress import Running
from store.questions.activity import Step


def stages(names: Iterable[str]) -> dict[str, list[str]]:
    """The names of steps by their stage, both in the order in which they come."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.partition(":")[0], []).append(name)
    return found


def now(running: Running, moment: datetime) -> Any:
    """The card of an ingestion that runs: its stages with what ended, and each running step with its progress."""
    ended = {name for name, step in running.steps.items() if step.status not in ("waiting", "running")}
    rows = [
        [
            stage,
            f"{len(ended.intersection(of))} of {len(of)}",
            _bar(len(ended.intersection(of)) / len(of)),
            html.Span([_running(name, running) for name in of if running.steps[name].status == "running"] or "–"),
        ]
        for stage, of in stages(running.steps).items()
    ]
    return ui.card(
        f"Running now: {len(ended):,} of {words.count(len(running.steps), 'step')} planned so far have ended",
        ui.table(["Stage", "Ended", "Of the stage", "Running"], rows, (1,), "now"),
        note=f"{running.catalogue}, for {words.seconds((moment - running.started).total_seconds())}; "
        f"last written at {words.when(running.written)}.",
        class_name="running",
    )


def _running(name: str, running: Running) -> Any:
    step = running.steps[name]
    units = f" {step.done:,} of {step.total:,}" if step.done is not None and step.total else ""
    return html.Span([name, html.Span(units, className="sub") if units else None], className="d-block")


def grouped(steps: Sequence[Step]) -> Any:
    """A section for each stage of a run that ended, the longest first; the longest one and those with a failure open.

    The time of a stage is the sum of its steps', which may have run at once.
    """
    by_name = {step.step: step for step in steps}
    of = {stage: [by_name[name] for name in names] for stage, names in stages(by_name).items()}
    time = {stage: sum(step.seconds or 0.0 for step in mine) for stage, mine in of.items()}
    longest = max(time.values(), default=0.0) or 1.0
    ordered = sorted(of, key=lambda stage: (-time[stage], stage))
    return html.Div(
        [
            html.Details(
                [
                    html.Summary(
                        [
                            html.Span(stage, className="stage-name"),
                            html.Span(_counted(of[stage]), className="stage-count"),
                            _bar(time[stage] / longest),
                            html.Span(words.seconds(time[stage]), className="stage-time"),
                        ],
                        className="stage-head",
                    ),
                    _table(of[stage]),
                ],
                open=stage == ordered[0] or any(step.status == "failed" for step in of[stage]),
                className="stage",
            )
            for stage in ordered
        ]
    )


def _counted(steps: Sequence[Step]) -> str:
    """'10 steps: 8 computed, 2 failed', or 'computed' of a single one."""
    counts = Counter(step.status for step in steps)
    how = words.listed([f"{n} {status}" if len(steps) > 1 else status for status, n in counts.most_common()])
    return f"{words.count(len(steps), 'step')}: {how}"


def _bar(fraction: float) -> Any:
    return html.Div(html.Span(style={"width": f"{fraction:.1%}"}), className="bar")


def _table(steps: Sequence[Step]) -> Any:
    longest = max((s.seconds or 0.0 for s in steps), default=0.0) or 1.0
    rows = [
        [
            html.Span(
                [
                    html.Span(s.step, className="text-nowrap"),
                    html.Span(s.detail, className="sub wrap") if s.detail else None,
                ]
            ),
            ui.status(s.status),
            _bar((s.seconds or 0) / longest),
            words.seconds(s.seconds),
            words.megabytes(s.peak_mb),
            words.count(s.rows),
        ]
        for s in steps
    ]
    return ui.table(["Step", "Outcome", "Of the longest", "Took", "Peak memory", "Rows"], rows, (3, 4, 5), "steps")

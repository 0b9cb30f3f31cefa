"""What the commands of ingestion print: progress while they work, and the study at the end."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress
from rich.table import Table

from ingestion.config import Config
from ingestion.features import registry
from ingestion.pipeline.ingest import Report
from ingestion.pipeline.runner import Listener, Outcome
from store import snapshot
from store.errors import MethodUnavailable
from store.questions import categories
from store.questions import study as study_of
from store.questions.catalogue import rests_on
from store.questions.losses import losses
from store.root import Root
from store.terminal import printable

console = Console(highlight=False)
if not console.is_terminal:
    console.width = 120  # logs are wider than the 80 columns that are assumed for them


class Bar:
    """A progress bar on a terminal; elsewhere a line every `EVERY` seconds. Called with (done, total)."""

    EVERY = 5.0

    def __init__(self, what: str) -> None:
        self.what, self._bar, self._last = what, _bars(), time.monotonic()
        self._task = self._bar.add_task(what, total=None)

    def __enter__(self) -> "Bar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=done, total=total)
        if not console.is_terminal and time.monotonic() - self._last > self.EVERY:
            self._last = time.monotonic()
            console.print(f"{self.what}: {done} of {total}")


class Progress(Listener):
    """The progress of an ingestion: a bar for each running step on a terminal, a line for each step that ended."""

    def __init__(self) -> None:
        self._bars, self._tasks = _bars(), dict[str, TaskID]()
        self._total, self._ended = 0, 0

    def __enter__(self) -> "Progress":
        if console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def planned(self, steps: list[str]) -> None:
        """Add the steps to the total."""
        self._total += len(steps)

    def started(self, step: str) -> None:
        """Show a bar for the step."""
        self._tasks[step] = self._bars.add_task(step, total=None)

    def progressed(self, step: str, done: int, total: int) -> None:
        """Move the bar of the step."""
        self._bars.update(self._tasks[step], completed=done, total=total)

    def ended(self, outcome: Outcome) -> None:
        """Print a line for the step, unless its result was in the store already."""
        self._ended += 1
        self._total = max(self._total, self._ended)
        if outcome.step in self._tasks:
            self._bars.remove_task(self._tasks.pop(outcome.step))
        if outcome.status == "cached":
            return
        cost = f"{outcome.seconds:6.1f} s {outcome.peak_mb:6.0f} MB" if outcome.status == "computed" else ""
        detail = f"  {outcome.detail}" if outcome.detail else ""
        line = f"[{self._ended:3}/{self._total}] {outcome.step:<24} {outcome.status:<12}{cost}{detail}"
        self._bars.console.print(printable(line), markup=False, soft_wrap=True)


def _bars() -> RichProgress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return RichProgress(*columns, console=console, transient=True)


COLUMNS = {"manifold": "manifold", "number of groups estimated": "estimated_k", "embedding": "embedding"}
"""The groupings that are listed, by the heads of their columns, the usual declared one first."""

NAMED = 20
"""Categories of one advice that are named; `aislemap sql "FROM category_verdicts"` lists all."""


def study(store: Path, report: Report) -> None:
    """Print the study of the newest snapshot: the methods side by side, the verdicts, what is missing."""
    with snapshot.connect(Root(store)) as connection:
        metric = study_of.declared(connection)[1]
        boards = {name: study_of.leaderboard(connection, grouping, metric) for name, grouping in COLUMNS.items()}
        verdicts = [v for v in study_of.verdicts(connection) if not v.scope.startswith("method:")]
        by_category = categories.category_verdicts(connection)
        precision = {(s.method, s.category): s.precision for s in categories.judged_scores(connection)}
        lost = losses(connection)
        sample = rests_on(connection)
    if sample:
        _say(f"The study rests on {sample}; the others were placed in its groups.")
    score = f"{metric.upper()} and its 95 % interval"
    table = Table(title=f"Agreement of each method's groups with the categories ({score})")
    for name in ("method", "model", *COLUMNS):
        table.add_column(name, overflow="fold")
    figures = {name: {row.method: figure(row) for row in board} for name, board in boards.items()}
    for row in boards["manifold"]:
        if row.status == "ran":
            table.add_row(
                row.method, escape(printable(row.model or "")), *(figures[name][row.method] for name in COLUMNS)
            )
    if table.row_count:
        console.print(table)
    for verdict in verdicts:
        _say(f"{verdict.scope}: {verdict.verdict.upper()}. {verdict.reason}")
    for advice in dict.fromkeys(v.verdict for v in by_category):
        advised = [v for v in by_category if v.verdict == advice]
        names = [_named(v, precision) for v in advised]
        more = f" and {len(names) - NAMED:,} more of {len(names):,}" if len(names) > NAMED else ""
        why = _why_unknown(advised) if advice == "unknown" else ""
        _say(f"{advice.upper()}: {', '.join(names[:NAMED])}{more}.{why}")
    for method, reason in report.missing.items():
        _say(f"{method} did not run. {reason}")
    for outcome in report.outcomes.values():
        if outcome.status == "failed" and ":" not in outcome.step:  # those of a method are listed above
            _say(f"{outcome.step} is missing from the study: its step failed. {outcome.detail}")
    for line in lost:
        _say(line)
    _say(
        f"Snapshot {report.number} ({report.status}) in {report.seconds:.1f} s: {report.count('computed')} steps "
        f"computed, {report.count('cached')} unchanged, {report.count('failed')} failed."
    )


def _named(verdict: categories.CategoryVerdict, precision: Mapping[tuple[str, str], float | None]) -> str:
    """The category; where it is to be automated, with how much of its group is of other categories."""
    right = precision.get((verdict.method or "", verdict.category))
    if verdict.verdict != "automate" or right is None:
        return verdict.category
    return f"{verdict.category} ({100 * (1 - right):.0f} % of its group is of other categories)"


def _why_unknown(advised: Sequence[categories.CategoryVerdict]) -> str:
    """The reason of these categories or, where they have several, that of the first."""
    reason = advised[0].reason or ""
    whose = "" if {v.reason for v in advised} == {reason} else f"{advised[0].category}: "
    return f" {whose}{reason}"


def models(config: Config) -> None:
    """Print what each method would run, from where, what to do where it cannot run, and how to run another."""
    table = Table(title="What each method runs")
    for name in ("method", "modality", "model", "from", "MB", "dimensions", "licence", "sha256"):
        table.add_column(name, overflow="fold", justify="right" if name in {"MB", "dimensions"} else "left")
    missing = []
    for name in registry.METHODS:
        method = registry.build(name, config.methods.get(name, {}))
        try:
            model = method.resolve()
        except MethodUnavailable as error:
            table.add_row(name, method.modality, "unavailable")
            missing.append(f"{name} is unavailable. {error}")
        else:
            size = f"{model.size_bytes / 1e6:.1f}" if model.size_bytes else ""
            dimensions, sha256 = str(model.dimensions or ""), (model.sha256 or "")[:12]
            cells = (model.name, model.source, size, dimensions, model.licence, sha256)
            table.add_row(name, method.modality, *(escape(printable(cell)) for cell in cells))
    console.print(table)
    for line in missing:
        _say(line)
    _say("Another model is one line at the top of aislemap.toml. A hub's, fetched at first use:")
    for name, known in registry.HUB_MODELS.items():
        others = f"   # or {', '.join(known[1:])}" if known[1:] else ""
        _say(f'    methods.{name}.model = "{known[0]}"{others}')
    _say("or a file on this machine, in aislemap.toml or as --weights METHOD=PATH:")
    _say('    methods.glove.weights = "glove.6B.100d.txt"')


def figure(row: study_of.Ranked) -> str:
    """A method's score with its interval, '-' where it has none."""
    if row.value is None:
        return "-"
    return f"{row.value:.2f}" if row.low is None else f"{row.value:.2f} ({row.low:.2f} to {row.high:.2f})"


def _say(line: str) -> None:
    console.print(printable(line), markup=False, soft_wrap=True)

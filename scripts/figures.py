"""Write the results of a store's newest study into docs/results.md and README.md: figures.py STORE."""

import re
import sys
import textwrap
from pathlib import Path

from ingestion.console import COLUMNS, figure
from store import snapshot
from store.questions import estimates, study
from store.questions.study import Verdict
from store.root import Root

ROOT = Path(__file__).parent.parent
BETWEEN = re.compile(r"(<!-- figures:.*?-->\n).*?(<!-- end of figures -->)", re.DOTALL)


def leaderboard(store: Path) -> str:
    """Every method with its groupings, and the reason of each verdict, as Markdown."""
    with snapshot.connect(Root(store)) as connection:
        boards = {name: study.leaderboard(connection, grouping, "ari") for name, grouping in COLUMNS.items()}
    cells = {(name, row.method): figure(row) for name, board in boards.items() for row in board}
    lines = [f"| method | {' | '.join(COLUMNS)} |", "|---" * (1 + len(COLUMNS)) + "|"]
    lines += [
        f"| {row.method} | {' | '.join(cells[name, row.method] for name in COLUMNS)} |"
        for row in boards["manifold"]
        if row.status == "ran"
    ]
    missing = ", ".join(f"`{row.method}` ({row.status})" for row in boards["manifold"] if row.status != "ran")
    if missing:
        lines += ["", f"Without weights in this run: {missing}."]
    reasons = [wrapped(f"* {v.scope}: **{v.verdict}**. {v.reason}") for v in verdicts(store)]
    return "\n".join([*lines, "", *reasons, ""])


def summary(store: Path) -> str:
    """One line for each scope with its verdict, as Markdown."""
    with snapshot.connect(Root(store)) as connection:
        estimated = estimates.estimated_scores(connection, "ari")
    lines = ["| grouped by | ARI | 95 % interval | number of groups estimated | verdict |", "|---|---|---|---|---|"]
    for v in verdicts(store):
        if v.metric != "ari" or v.value is None:
            sys.exit(f"the verdict on {v.scope} goes by {v.metric}; the table of README.md is of ARI")
        other = estimated.get(v.method or "")
        without = f"{other.value:.2f} in {other.groups} groups" if other else "-"
        lines.append(f"| {v.scope} | {v.value:.2f} | {v.low:.2f} to {v.high:.2f} | {without} | {v.verdict} |")
    return "\n".join([*lines, ""])


def verdicts(store: Path) -> list[Verdict]:
    """The verdicts on text, image and both."""
    with snapshot.connect(Root(store)) as connection:
        return [v for v in study.verdicts(connection) if not v.scope.startswith("method:")]


def wrapped(item: str) -> str:
    """An item of a list in lines of at most 120 characters."""
    return "\n".join(textwrap.wrap(item, 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False))


if __name__ == "__main__":
    for page, write in (("docs/results.md", leaderboard), ("README.md", summary)):
        old = (ROOT / page).read_text(encoding="utf-8")
        new = write(Path(sys.argv[1]))
        (ROOT / page).write_text(BETWEEN.sub(lambda found, new=new: found[1] + new + found[2], old), encoding="utf-8")

"""Write the table of results of a store's newest study into README.md: figures.py STORE."""

import re
import sys
from pathlib import Path

from ingestion.console import COLUMNS
from store import snapshot
from store.questions import study
from store.root import Root

PLACE = re.compile(r"(<!-- figures:.*?-->\n).*?(<!-- end of figures -->)", re.DOTALL)


def table(store: Path) -> str:
    """The leaderboard as Markdown, the verdicts below it."""
    with snapshot.connect(Root(store)) as connection:
        boards = {name: study.leaderboard(connection, *which, "ari") for name, which in COLUMNS.items()}
        verdicts = [v for v in study.verdicts(connection) if not v.scope.startswith("method:")]
    cells = {
        (name, row.method): f"{row.value:.2f} ({row.seed_min:.2f}-{row.seed_max:.2f})"
        for name, board in boards.items()
        for row in board
        if row.value is not None
    }
    lines = [f"| method | {' | '.join(COLUMNS)} |", "|---" * (1 + len(COLUMNS)) + "|"]
    lines += [
        f"| {row.method} | {' | '.join(cells.get((name, row.method), '-') for name in COLUMNS)} |"
        for row in boards["consensus"]
        if row.status == "ran"
    ]
    missing = ", ".join(f"`{row.method}` ({row.status})" for row in boards["consensus"] if row.status != "ran")
    if missing:
        lines += ["", f"Without weights in this run: {missing}."]
    return "\n".join([*lines, "", *(f"* {v.scope}: **{v.verdict}**. {v.reason}" for v in verdicts), ""])


if __name__ == "__main__":
    readme = Path(__file__).parent.parent / "README.md"
    new = table(Path(sys.argv[1]))
    readme.write_text(PLACE.sub(lambda m: m[1] + new + m[2], readme.read_text()))

"""Write the table of results of a store's newest study into README.md: figures.py STORE."""

import re
import sys
from pathlib import Path

from store import snapshot
from store.questions import study
from store.root import Root

SPACES = {"full": "embedding", "manifold": "UMAP manifold", "map": "2-D t-SNE map"}
PLACE = re.compile(r"(<!-- figures:.*?-->\n).*?(<!-- end of figures -->)", re.DOTALL)


def table(store: Path) -> str:
    """The leaderboard as Markdown, the verdicts below it."""
    with snapshot.connect(Root(store)) as connection:
        boards = {space: study.leaderboard(connection, "kmeans", space, "ari") for space in SPACES}
        verdicts = [v for v in study.verdicts(connection) if not v.scope.startswith("method:")]
    cells = {
        (space, row.method): f"{row.value:.2f} ({row.seed_min:.2f}-{row.seed_max:.2f})"
        for space, board in boards.items()
        for row in board
        if row.value is not None
    }
    lines = [f"| method | model | {' | '.join(SPACES.values())} |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.method} | {row.model} | {' | '.join(cells.get((space, row.method), '-') for space in SPACES)} |"
        for row in boards["manifold"]
        if row.status == "ran"
    ]
    missing = ", ".join(f"`{row.method}` ({row.status})" for row in boards["manifold"] if row.status != "ran")
    if missing:
        lines += ["", f"Without weights in this run: {missing}."]
    return "\n".join([*lines, "", *(f"* {v.scope}: **{v.verdict}**. {v.reason}" for v in verdicts), ""])


if __name__ == "__main__":
    readme = Path(__file__).parent.parent / "README.md"
    new = table(Path(sys.argv[1]))
    readme.write_text(PLACE.sub(lambda m: m[1] + new + m[2], readme.read_text()))

"""Reviewing where the store is mounted read-only, whole or but for its logs, as a container may have it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from store.root import Root
from tests.dashboard.test_reviewing import written

REPOSITORY = Path(__file__).resolve().parents[2]
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"'
BUT_LOGS = ' && mount --bind "$0/log" "$0/log" && mount -o remount,bind,rw "$0/log"'
REVIEW = """
import json, sys
from pathlib import Path
from dashboard.app import create_app
from store.root import Root
from tests.dashboard.test_review_page import shown, text
from tests.dashboard.test_reviewing import HERE, PAIR
app = create_app(Root(Path(sys.argv[1])))
page = shown(app)
answer = app.server.test_client().post("/reviews", json=PAIR, headers=HERE)
print(json.dumps([answer.status_code, answer.text, text(page), '"data-act": "accept"' in json.dumps(page)]))
"""
NAMESPACE = ["unshare", "--map-root-user", "--mount"]


def namespaces() -> bool:
    """Whether this machine lets a process mount folders for itself."""
    try:
        return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def reviewed(store: Path, mounts: str) -> list[object]:
    """Status and words of the answer to a review, the words of the page, and whether it has the buttons."""
    script = f'{mounts} && exec "$1" -c "$2" "$0"'
    command = [*NAMESPACE, "sh", "-ec", script, str(store), sys.executable, REVIEW]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(not namespaces(), reason="needs Linux's user namespaces, to mount the store read-only")
def test_a_review_needs_to_write_the_logs_alone(unreviewed: Root) -> None:
    status, words, page, buttons = reviewed(unreviewed.path, READ_ONLY)
    assert (status, buttons) == (503, False)
    assert "Read-only file system" in str(words)
    assert "Decisions cannot be saved: the store is read-only here." in str(page)
    assert written(unreviewed) == []
    status, _, page, buttons = reviewed(unreviewed.path, READ_ONLY + BUT_LOGS)
    assert (status, buttons) == (204, True)
    assert "cannot be saved" not in str(page)
    assert [row["decision"] for row in written(unreviewed)] == ["accept"]

"""`catalog.duckdb` as README promises it: any DuckDB client of a version 1 reads the views and asks them questions.

The clients are real ones, each in a folder of its own below the user's caches, so that the environment keeps its own.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from store import snapshot, tables
from store.root import Root

pytestmark = pytest.mark.clients
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aislemap-tests"
QUESTIONS = Path(__file__).parents[2] / "docs" / "queries.md"
ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
import duckdb
request = json.load(sys.stdin)
client = duckdb.connect(request["catalogue"], read_only=True)
found = {"version": duckdb.__version__, "rows": {}, "parts": {}, "answers": []}
for view in request["views"]:  # every value is read; Python sees none of them, so that no type needs a package
    client.execute(f'CREATE TEMP TABLE "copy of {view}" AS SELECT * FROM "{view}"')
    found["rows"][view] = client.execute(f'SELECT count(*) FROM "copy of {view}"').fetchone()[0]
for file in request["files"]:
    found["parts"][file] = client.execute("SELECT count(*) FROM read_parquet(?)", [file]).fetchone()[0]
    client.execute("CREATE OR REPLACE TEMP TABLE part AS SELECT * FROM read_parquet(?)", [file])
for question in request["questions"]:
    found["answers"].append(len(client.execute(question).fetchall()))
print(json.dumps(found))
"""


def client(version: str) -> Path:
    """The folder of that version of DuckDB, fetched once; the test is skipped where it cannot be."""
    folder = CACHE / f"duckdb-{version}-py{sys.version_info.major}{sys.version_info.minor}"
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as made:
            quietly = ("--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "10")
            only = ("--no-deps", "--only-binary", ":all:", "--target", f"{made}/packages")
            command = [sys.executable, "-m", "pip", "install", *quietly, *only, f"duckdb=={version}"]
            ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            if ended.returncode:
                pytest.skip(f"duckdb {version} cannot be fetched: pip ended with {ended.returncode}")
            Path(made, "packages").rename(folder)
    return folder


@pytest.mark.parametrize("version", ["1.0.0", "1.2.2", "1.4.4"])
def test_a_duckdb_of_version_1_reads_every_view_and_answers(version: str, small_store: Root) -> None:
    snapshot.write_catalogue(small_store)
    files = sorted(str(path) for path in small_store.path.rglob("*.parquet"))
    views = [table.name for table in tables.TABLES]
    questions = re.findall(r"```sql\n(.*?)```", QUESTIONS.read_text(encoding="utf-8"), re.DOTALL)
    request = {"catalogue": str(small_store.path / snapshot.CATALOGUE), "views": views, "files": files}
    ended = subprocess.run(
        [sys.executable, "-c", ASK, client(version)],
        input=json.dumps(request | {"questions": questions}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["version"] == version
    with snapshot.connect(small_store) as today:
        assert found["rows"] == {
            view: today.execute(f'SELECT count(*) FROM "{view}"').fetchall()[0][0] for view in views
        }
        assert found["answers"] == [len(today.execute(question).fetchall()) for question in questions]
    assert files
    assert all(found["parts"].values())

"""The SQL page at the server: off by default, one door that only reads, limits, a queue, and what is kept."""

import csv
import io
import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from dash import Dash

from dashboard.app import create_app
from dashboard.pages.sql import table as sql_table
from dashboard.pages.sql.page import EXAMPLES
from dashboard.selecting.conditions import Place
from dashboard.selecting.selection import MOST_CHARACTERS, rule, selected
from dashboard.server import sql_door
from store import logs
from store.errors import QueryError
from store.limits import PageLimits
from store.reader import Reader
from store.root import Root
from tests.dashboard.ask import products_page, texts
from tests.factories import make_store
from tests.store.attacks import IN_A_QUERY, REFUSED, hashes
from tests.store.test_sql_limits import ENDLESS

LIMITS = PageLimits(seconds=20, rows=50)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    folder = tmp_path_factory.mktemp("sql-page")
    (folder / "outside").mkdir()
    (folder / "outside" / "secret.csv").write_text("password\n1234\n")
    return make_store(folder / "store")


@pytest.fixture(scope="module")
def app(root: Root) -> Dash:
    return create_app(root, sql=LIMITS)


@pytest.fixture
def door(app: Dash) -> Iterator[sql_door.Door]:
    with app.server.app_context():
        yield sql_door.of_app()


def run(app: Dash, statement: str, clicks: int | None = 1) -> dict[str, Any]:
    """What the button Run sets."""
    output = next(key for key in app.callback_map if "sql-summary.children" in key)
    body = {
        "output": output,
        "outputs": [
            dict(zip(("id", "property"), o.rsplit(".", 1), strict=True)) for o in output.strip(".").split("...")
        ],
        "inputs": [{"id": "sql-run", "property": "n_clicks", "value": clicks}],
        "state": [
            {"id": "sql-text", "property": "value", "value": statement},
            {"id": "snapshot", "property": "data", "value": 1},
            {"id": "sql-asker", "property": "data", "value": "somebody"},
        ],
        "changedPropIds": ["sql-run.n_clicks"],
    }
    answer = app.server.test_client().post("/_dash-update-component", json=body)
    assert answer.status_code in (200, 204)
    found: dict[str, Any] = answer.json["response"] if answer.status_code == 200 else {}
    return found


def table(app: Dash, token: str, **values: Any) -> dict[str, Any]:
    """What the table of a result shows."""
    asked = {
        "sql-kept.data": token,
        "sql-sort.data": values.get("sort"),
        "sql-filter.value": values.get("words", ""),
        "sql-page.active_page": values.get("page", 1),
    }
    output = next(key for key in app.callback_map if "sql-rows.children" in key)
    parts = [dict(zip(("id", "property"), o.rsplit(".", 1), strict=True)) for o in output.strip(".").split("...")]
    inputs = [dict(zip(("id", "property"), k.rsplit(".", 1), strict=True)) | {"value": v} for k, v in asked.items()]
    body = {"output": output, "outputs": parts, "inputs": inputs, "changedPropIds": ["sql-kept.data"]}
    answer = app.server.test_client().post("/_dash-update-component", json=body)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json["response"]
    return found


def test_the_page_and_its_rule_are_off_unless_they_are_turned_on(small_store: Root) -> None:
    off = create_app(small_store)
    client = off.server.test_client()
    assert client.get("/sql").status_code == 404
    assert client.get("/sql/token/csv").status_code == 404
    assert not [key for key in off.callback_map if "sql-" in key]
    refused = client.get("/selection/bits?number=1&where=sql~SELECT product_id FROM products")
    assert (refused.status_code, "SQL page is off" in refused.text) == (400, True)


def test_a_selection_over_a_log_follows_the_log_on_the_maps(unreviewed: Root) -> None:
    client = create_app(unreviewed, sql=LIMITS).server.test_client()

    def chosen() -> int:
        data = client.get("/selection/bits?number=1&where=sql~SELECT product_id FROM reviews").data
        return sum(byte.bit_count() for byte in data[4 + int.from_bytes(data[:4], "little") :])

    assert chosen() == 0
    with Reader(unreviewed).cursor() as cursor:
        ((product_id,),) = cursor.execute("SELECT product_id FROM products LIMIT 1").fetchall()
    decided = {"happened": datetime.now(UTC), "finding": "suspect", "product_id": product_id}
    logs.append(unreviewed, "reviews", [decided | {"decision": "accept"}])
    assert chosen() == 1


@pytest.mark.parametrize("attacks", [REFUSED, {a: "" for n, a in IN_A_QUERY.items() if n.startswith("copy a query")}])
def test_no_statement_through_the_door_of_the_page_changes_a_file(
    door: sql_door.Door, root: Root, attacks: dict[str, str]
) -> None:
    before, outside = hashes(root), root.path.parent / "outside"
    for attack, words in attacks.items():
        statement = attack.replace("{store}", str(root.path)).replace("{outside}", str(outside))
        with pytest.raises(QueryError) as refused:
            door.run(statement.replace("{target}", str(root.path / "catalog.duckdb")), 1)
        assert words in str(refused.value)
        assert "1234" not in str(refused.value)
    assert hashes(root) == before


def test_what_goes_wrong_is_one_sentence_on_the_page(app: Dash) -> None:
    for statement, words in (("SELEC 1", "syntax error"), ("", "Give one SELECT"), ("FROM nowhere", "nowhere")):
        answer = run(app, statement)
        summary = " ".join(texts(answer["sql-summary"]["children"]))
        assert words in summary
        assert "Traceback" not in summary
        assert answer["sql-kept"]["data"] is None


def test_a_page_that_is_opened_runs_nothing(app: Dash) -> None:
    assert run(app, "SELECT 1", None) == {}


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_runs_on_a_store_of_any_kind(app: Dash, bare_store: Root, example: str) -> None:
    assert run(app, EXAMPLES[example])["sql-kept"]["data"]
    with Reader(bare_store).cursor() as cursor:
        cursor.execute(EXAMPLES[example])


def test_a_result_is_counted_timed_and_cut_in_words(app: Dash) -> None:
    summary = " ".join(texts(run(app, "SELECT product_id FROM products LIMIT 3")["sql-summary"]["children"]))
    assert re.match(r"3 rows in \d+\.\d\d s ", summary)
    assert "Show on the maps" in summary
    cut = " ".join(texts(run(app, "SELECT product_id FROM products")["sql-summary"]["children"]))
    assert re.match(r"The first 50 rows, in \d+\.\d\d s ", cut)
    assert "There are more" in cut
    assert "Show on the maps" not in cut
    long = f"SELECT product_id FROM products LIMIT 1 -- {'x' * MOST_CHARACTERS}"
    assert "cannot be shown on the maps" in " ".join(texts(run(app, long)["sql-summary"]["children"]))


def test_a_result_is_sorted_by_value_found_by_words_and_taken_whole(app: Dash) -> None:
    token = run(app, "SELECT i * 5 AS n, 'w' || i AS word FROM range(12) t(i) UNION ALL SELECT NULL, 'last'")
    token = token["sql-kept"]["data"]
    down = texts(table(app, token, sort={"column": 0, "down": True})["sql-rows"]["children"])
    assert [word for word in down if word.isdecimal()] == [str(n) for n in range(55, -1, -5)]
    assert down[-1] == "last"
    found = table(app, token, words="W1")
    assert found["sql-count"]["children"] == "3 rows"
    taken = app.server.test_client().get(f"/sql/{token}/csv")
    assert [row["word"] for row in csv.DictReader(io.StringIO(taken.text))] == [*(f"w{i}" for i in range(12)), "last"]
    assert app.server.test_client().get(f"/sql/{token}/exe").status_code == 404
    assert app.server.test_client().get("/sql/other/csv").status_code == 404


def test_a_long_value_is_cut_and_gives_its_length(app: Dash) -> None:
    token = run(app, "SELECT repeat('word ', 400) AS long, 'short' AS brief")["sql-kept"]["data"]
    shown = table(app, token)["sql-rows"]["children"]
    assert "... 2,000 characters" in texts(shown)
    assert ("word " * 60) in texts(shown)
    assert json.dumps(shown).count("sql-text-cell") == 1


def test_what_has_no_order_is_sorted_by_its_text(door: sql_door.Door) -> None:
    result = door.result(door.run("SELECT {'a': i} AS pair FROM range(3) t(i)", 1))
    assert result is not None
    rows, order = sql_table.order(result, None, 0, True)
    assert [rows[i] for i in order] == sorted(rows, reverse=True)


def test_the_oldest_result_goes_and_the_page_says_so(app: Dash, door: sql_door.Door) -> None:
    first = door.run("SELECT 1", 1)
    kept = door.result(first)
    assert kept is not None
    for i in range(sql_door.KEPT):
        sql_door._keep(door._results, f"made up {i}", kept)
    assert "press Run again" in " ".join(texts(table(app, first)["sql-rows"]["children"]))


def test_a_query_ends_at_its_limit_and_names_the_option(root: Root) -> None:
    door = sql_door.Door(root, PageLimits(seconds=1))
    with pytest.raises(QueryError, match=r"longer than 1 s and was ended.*--sql-seconds"):
        door.run(ENDLESS, 1)
    assert door.run("SELECT 1", 1)


def queries() -> set[int]:
    """The processes in which queries run: the children of that from which they are forked."""
    return {found.pid for child in psutil.Process().children() for found in child.children()}


def running(door: sql_door.Door, page: str, ended: list[str], waits: bool = False) -> threading.Thread:
    """A thread in which that page's endless query runs or waits, of which `ended` gets how it ends."""

    def endless() -> None:
        try:
            door.run(ENDLESS, 1, page)
        except QueryError as error:
            ended.append(str(error))

    before = queries()
    thread = threading.Thread(target=endless)
    thread.start()
    deadline = time.monotonic() + 20
    while not (page in door._stops if waits else queries() - before):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return thread


def test_a_cancelled_query_is_gone_and_the_next_one_answers_at_once(root: Root) -> None:
    """Within a second, and what a query without another before it takes, which is seconds on a busy machine."""
    door, ended = sql_door.Door(root, PageLimits(seconds=300)), list[str]()
    before, began = queries(), time.monotonic()
    assert door.run("SELECT 1", 1, "mine")
    alone = time.monotonic() - began
    thread = running(door, "mine", ended)
    door.cancel("somebody else's")
    assert queries() != before
    started = time.monotonic()
    door.cancel("mine")
    thread.join(5)
    assert ended == ["The query was cancelled."]
    assert queries() == before
    assert door.run("SELECT 1", 1, "mine")
    assert time.monotonic() - started < 1 + 2 * alone
    door.cancel("mine")
    assert door.run("SELECT 1", 1, "mine"), "what was cancelled after its end ends no other"


def test_a_query_that_waits_is_cancelled_at_its_place(root: Root) -> None:
    door, ended = sql_door.Door(root, PageLimits(seconds=300)), list[str]()
    first = running(door, "first", ended)
    second = running(door, "second", ended, waits=True)
    door.cancel("second")
    second.join(5)
    assert ended == ["The query was cancelled while it waited for others."]
    assert first.is_alive()
    door.cancel("first")
    first.join(5)
    assert ended[1:] == ["The query was cancelled."]


def test_more_queries_than_may_wait_are_refused_at_once(root: Root) -> None:
    door = sql_door.Door(root, PageLimits(seconds=2))
    ended: list[str] = []

    def endless() -> None:
        try:
            door.run(ENDLESS, 1)
        except QueryError as error:
            ended.append(str(error))

    crowd = [threading.Thread(target=endless) for _ in range(sql_door.WAITING + 3)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(60)
    assert sorted("longer than" in words for words in ended) == [False] * 2 + [True] * (sql_door.WAITING + 1)
    assert sum("One query runs and 3 wait" in words for words in ended) == 2


def test_a_rule_selects_the_products_that_a_query_names(app: Dash, root: Root, door: sql_door.Door) -> None:
    made = rule("sql", "SELECT category, product_id FROM products WHERE category = 'Watches' ORDER BY random()")
    with Reader(root).cursor() as cursor:
        ids = selected([made], Place(cursor, root, 1))
        watches = "SELECT product_id FROM products WHERE category = 'Watches' ORDER BY catalogue_row"
        assert ids == [found for (found,) in cursor.execute(watches).fetchall()]
        with pytest.raises(QueryError, match="no column product_id"):
            selected([rule("sql", "SELECT 1 AS n")], Place(cursor, root, 1))
    listed = products_page(app, where=[str(made)])
    assert listed["products-count"]["children"] == f"{len(ids)} products"
    assert f"query names: {made.args[0]}"[:40] in " ".join(texts(listed["products-rule"]["children"]))


def test_no_path_of_the_store_is_in_what_the_connection_tells(door: sql_door.Door, root: Root) -> None:
    for statement in ("FROM duckdb_settings()", "FROM duckdb_views()", "FROM duckdb_databases()"):
        result = door.result(door.run(statement, 1))
        assert result is not None
        assert str(root.path) not in str(result.table.to_pydict())
        assert str(Path.home()) not in str(result.table.to_pydict())

"""What a result looks like where it is read: harmless to a terminal and a spreadsheet, whatever its types."""

import csv
import io
import json
import os
import re
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from store import export
from store.errors import QueryError
from store.terminal import printable
from tests.factories import make_store
from tests.store.test_cli import Run, run  # noqa: F401  # a fixture

FORMULAS = ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1"]
HARMLESS = ["-12.5", "+3", "-1e-3", "a=b", " ", "", "'quoted", "2-3", None]


def written(result: pa.Table, form: str) -> str:
    file = io.BytesIO()
    export.write(result, form, file, width=100)
    return file.getvalue().decode()


def test_a_text_that_a_spreadsheet_would_run_has_a_quote_before_it_in_csv() -> None:
    result = pa.table({"=name": FORMULAS + HARMLESS, "number": [-1.5] * len(FORMULAS + HARMLESS)})
    rows = list(csv.reader(io.StringIO(written(result, "csv"), newline="")))
    assert rows[0] == ["'=name", "number"]
    assert [row[0] for row in rows[1:]] == ["'" + text for text in FORMULAS] + [text or "" for text in HARMLESS]
    assert {row[1] for row in rows[1:]} == {"-1.5"}


def test_json_has_a_text_that_a_spreadsheet_would_run_as_it_is() -> None:
    assert json.loads(written(pa.table({"x": FORMULAS}), "json")) == [{"x": text} for text in FORMULAS]


@pytest.mark.parametrize("value", ["\x1b[2J", "\x07", "\r", "\x9b31m", "\x7f", "\u202e", "\x00"])
def test_a_character_that_steers_a_terminal_is_printed_as_its_escape(value: str) -> None:
    shown = written(pa.table({f"name{value}": [f"a{value}b"], "list": [[f"c{value}d"]]}), "table")
    assert value not in shown
    assert f"a{printable(value)}b" in shown
    assert printable(value).startswith("\\")
    assert printable("é\tnew\nline 🦆") == "é\tnew\nline 🦆"


def test_a_name_that_is_not_utf8_is_printed_as_its_escape() -> None:
    assert printable(os.fsdecode(b"caf\xe9.csv")) == "caf\\udce9.csv"


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_no_format_sends_a_steering_character_to_a_terminal(
    run: Run,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    store = make_store(tmp_path / "store").path
    statement = "SELECT chr(27) || '[2J' || chr(155) AS x"
    with monkeypatch.context() as terminal:
        terminal.setattr("sys.stdout.isatty", lambda: True)
        shown = run("sql", statement, "--store", store, "--format", form)
    assert shown.code == 0
    assert "[2J" in shown.text
    assert not {"\x1b", "\x9b"} & set(shown.text)
    refused = run("sql", "SELECT (chr(27) || '[2J')::INTEGER", "--store", store)
    assert refused.code == 7
    assert "\\x1b[2J" in refused.err
    assert "\x1b" not in refused.err


def test_every_type_of_duckdb_is_written_or_refused_in_words() -> None:
    with duckdb.connect() as connection:
        every = connection.sql("SELECT * FROM test_all_types()").to_arrow_table()
    for name in every.column_names:
        for form in ("table", "csv", "json"):
            assert written(every.select([name]), form), f"{name} as {form}"
        with suppress(QueryError):
            export.write(every.select([name]), "parquet", io.BytesIO())


def test_days_that_python_has_not_are_shown_one_by_one() -> None:
    with duckdb.connect() as connection:
        days = connection.sql("SELECT [DATE '2026-11-28', 'infinity'] AS days, {'at': TIMESTAMP '290000-01-01'} AS t")
        (row,) = json.loads(written(days.to_arrow_table(), "json"))
    assert row["days"][0] == "2026-11-28"
    assert isinstance(row["days"][1], str)
    assert isinstance(row["t"]["at"], str)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_result_is_the_same_written_in_slices(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    result = pa.table({"n": range(5), "list": [[n] for n in range(5)], "text": list("abcde")})
    whole = written(result, form)
    monkeypatch.setattr(export, "SLICE", 2)
    assert written(result, form) == whole


def test_a_printed_table_of_many_rows_or_long_values_says_what_it_leaves_out() -> None:
    shown = written(pa.table({"n": range(export.PRINTED_ROWS + 1)}), "table")
    assert f" {export.PRINTED_ROWS - 1} " in shown
    assert f" {export.PRINTED_ROWS} │" not in shown
    assert f"The first {export.PRINTED_ROWS} of {export.PRINTED_ROWS + 1} rows" in " ".join(shown.split())
    long = "x" * 1_000_000
    assert "1000000characters" in re.sub(r"[\s│]", "", written(pa.table({"x": [long]}), "table"))

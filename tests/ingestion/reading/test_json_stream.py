"""JSON of any length on one line: its rows come one after the other, and no more is held than one takes."""

import gzip
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from ingestion.reading import json_rows, json_stream
from ingestion.reading.formats import open_rows
from ingestion.reading.json_stream import Stream
from store.errors import CatalogueError

FORMS = {
    "an array": json.dumps,
    "an array over lines": lambda rows: json.dumps(rows, indent=1),
    "an array in an object": lambda rows: json.dumps({"count": len(rows), "page": "1", "products": rows}),
    "an array in an object over lines": lambda rows: json.dumps({"count": len(rows), "products": rows}, indent=1),
}


def products(count: int) -> list[dict[str, str]]:
    return [{"id": str(i), "name": f"plum pot {i}", "tags": ["[{", "}]"], "note": "x" * 200} for i in range(count)]  # type: ignore[dict-item]


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_rows_of_one_long_line_are_all_read(tmp_path: Path, form: str) -> None:
    rows = products(2000)
    text = FORMS[form](rows)
    assert len(text) > 5 * json_rows.HEAD
    assert [row.cells for row in open_rows(write(tmp_path / "c.json", text)).rows] == rows


@pytest.mark.parametrize("form", FORMS)
def test_no_more_of_an_array_is_held_than_a_row_takes(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "PIECE", 4096)
    monkeypatch.setattr(json_stream, "MAX_VALUE", 20_000)
    path = write(tmp_path / "c.json", FORMS[form](products(8000)))
    tracemalloc.start()
    try:
        count = sum(1 for row in open_rows(path).rows if row.cells)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 8000
    assert peak < path.stat().st_size / 3


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("form", FORMS)
def test_it_does_not_matter_where_a_piece_of_a_file_ends(
    tmp_path: Path, form: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "PIECE", piece)
    rows: list[Any] = [
        {"id": "12345678901234567890", "price": "10.50", "name": 'a "big" \u00e9 \U0001f986 [pot]'},
        {"id": "2"},
    ]
    path = write(tmp_path / "c.json", FORMS[form](rows))
    assert [row.cells for row in open_rows(path).rows] == rows


def test_a_number_at_the_end_of_a_piece_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "PIECE", 1)
    stream = Stream(io.StringIO("[123, 4.5e6 ,7]"), Path("c.json"))
    assert stream.skip("[")
    assert list(stream.items()) == ["123", "4.5e6", "7"]


def test_a_table_longer_than_the_limit_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "c.json", json.dumps({row["id"]: row for row in products(300)}))
    assert len(list(open_rows(path).rows)) == 300
    for module in (json_rows, json_stream):
        monkeypatch.setattr(module, "MAX_VALUE", 1000)
    monkeypatch.setattr(json_stream, "PIECE", 500)
    with pytest.raises(CatalogueError, match=r"c\.json is one JSON object of more than 1,000 .*one object per line"):
        open_rows(path)


def test_a_row_longer_than_the_limit_is_named_and_the_rows_before_it_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "c.json", json.dumps([*products(2), {"id": "3", "name": "x" * 5000}]))
    monkeypatch.setattr(json_stream, "MAX_VALUE", 1000)
    monkeypatch.setattr(json_stream, "PIECE", 500)
    rows = list(open_rows(path).rows)
    assert [row.cells is None for row in rows] == [False, False, True]
    assert "more than" in rows[2].problems[0][1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"id": 1}, {"id": }]', "Not JSON"),
        ('[{"id": 1}, ', "without ']'"),
        ('[{"id": 1}, ' + "[" * 100_000, "Not JSON"),
    ],
)
def test_a_damaged_array_names_the_row_from_which_it_is_left_out(tmp_path: Path, text: str, words: str) -> None:
    rows = list(open_rows(write(tmp_path / "c.json", text)).rows)
    assert [row.number for row in rows] == [1, 2]
    assert words in rows[1].problems[0][1]


def test_a_damaged_archive_of_an_array_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "c.json.gz"
    path.write_bytes(gzip.compress(json.dumps(products(20_000)).encode())[:-5000])
    with pytest.raises(CatalogueError, match="damaged gzip archive"):
        list(open_rows(path).rows)

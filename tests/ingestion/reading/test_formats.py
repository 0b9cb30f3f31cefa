"""Reading files in whatever state: every row comes out, or the reason why not."""

import gzip
import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.reading import csv_rows, text_file
from ingestion.reading import rows as reading_rows
from ingestion.reading.formats import open_rows
from ingestion.reading.rows import Row, name_columns
from store.errors import CatalogueError


def rows(tmp_path: Path, content: str | bytes, name: str = "c.csv") -> list[Row]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(open_rows(path).rows)


def names(tmp_path: Path, content: str | bytes, name: str = "c.csv") -> list[str | None]:
    return [row.cells and row.cells["name"] for row in rows(tmp_path, content, name)]


def problems(found: list[Row]) -> list[list[str]]:
    return [[problem for problem, _ in row.problems] for row in found]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_read_off_the_header(tmp_path: Path, delimiter: str) -> None:
    assert names(tmp_path, f"id{delimiter}name\n1{delimiter}mug\n") == ["mug"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_is_read(tmp_path: Path, end: str) -> None:
    assert names(tmp_path, end.join(["id,name", "1,mug", '2,"a', 'b"', ""])) == ["mug", "a\nb"]


def test_mixed_line_ends_are_read(tmp_path: Path) -> None:
    assert names(tmp_path, "id,name\r\n1,mug\n2,cup\r3,pan") == ["mug", "cup", "pan"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_with_its_mark_and_without(tmp_path: Path, encoding: str) -> None:
    assert names(tmp_path, "id,name\n1,thé ☕\n".encode(encoding)) == ["thé ☕"]


def test_a_tsv_is_split_at_tabs_only(tmp_path: Path) -> None:
    assert names(tmp_path, "id\tname\n1\tmug, blue\n", "c.tsv") == ["mug, blue"]


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    assert [row.number for row in rows(tmp_path, "\n\nid,name\n\n1,mug\n\n2,cup\n\n")] == [1, 2]


def test_a_quote_that_never_closes_loses_its_own_row_only(tmp_path: Path) -> None:
    found = rows(tmp_path, 'id,name,brand\n1,"mug,x\n' + "".join(f"{i},cup,y\n" for i in range(2, 5000)))
    assert found[0].cells is None
    assert problems(found[:1]) == [["unreadable row"]]
    assert [row.cells["id"] for row in found[1:] if row.cells] == [str(i) for i in range(2, 5000)]


def test_a_stray_quote_inside_a_cell_is_kept_and_reported(tmp_path: Path) -> None:
    found = rows(tmp_path, 'id,name\n1,"The "big" mug"\n2,cup\n')
    assert [row.cells["name"] for row in found if row.cells] == ['The big" mug"', "cup"]
    assert problems(found) == [["stray quote"], []]


def test_a_quote_that_closes_rows_later_loses_no_row(tmp_path: Path) -> None:
    found = rows(tmp_path, 'id,name\n"1,mug\n2,cup\n3,pan"\n4,pot\n')
    assert [row.cells["id"] for row in found if row.cells and row.cells["id"]] == ["2", "3", "4"]
    assert problems(found)[0] == ["unreadable row"]


def test_a_short_row_is_filled_and_a_long_one_left_out(tmp_path: Path) -> None:
    found = rows(tmp_path, "id,name,category\n1,mug\n2,mug,blue,kitchen\n3,cup,kitchen,,\n")
    assert found[0].cells == {"id": "1", "name": "mug", "category": ""}
    assert found[1].cells is None
    assert found[2].cells == {"id": "3", "name": "cup", "category": "kitchen"}
    assert problems(found) == [["ragged row"], ["ragged row"], []]


def test_a_ten_megabyte_cell_is_read(tmp_path: Path) -> None:
    assert names(tmp_path, f"id,name\n1,{'x' * 10_000_000}\n2,cup\n")[1] == "cup"


def test_a_field_beyond_the_bound_loses_its_row_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "MAX_FIELD", 1000)
    found = rows(tmp_path, f"id,name\n1,{'x' * 2000}\n2,cup\n")
    assert problems(found) == [["unreadable row"], []]
    assert found[1].cells == {"id": "2", "name": "cup"}


def test_a_line_without_end_is_no_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "MAX_LINE", 1000)
    with pytest.raises(CatalogueError, match="line of more than 1,000 characters"):
        rows(tmp_path, f"id,name\n1,{'x' * 2000}\n")


def test_a_name_that_stands_on_thousands_of_columns_is_numbered_at_once() -> None:
    started = time.monotonic()
    found, _ = name_columns(["price"] * 5000 + ["price (2)"] + [""] * 5000)
    assert time.monotonic() - started < 5  # each name was looked for among all: it took minutes
    assert found[:2] + found[4999:5001] == ["price", "price (3)", "price (5001)", "price (2)"]
    assert len(set(found)) == 10_001


@pytest.mark.parametrize("name", ["c.csv", "c.jsonl", "c.json"])
def test_a_file_of_too_many_columns_is_a_clear_error(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"id": "1", **{f"column {i}": "x" for i in range(30)}}
    content = {"c.csv": ",".join(row) + "\n" + ",".join(row.values()), "c.jsonl": json.dumps(row)}
    text = content.get(name, json.dumps([row]))
    assert len(rows(tmp_path, text, name)) == 1
    monkeypatch.setattr(reading_rows, "MAX_COLUMNS", 30)
    with pytest.raises(CatalogueError, match="31 columns, more than 30"):
        rows(tmp_path, text, name)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("c.csv", b"", "is empty"),
        ("c.csv", b"\xef\xbb\xbf\r\n\n", "is empty"),
        ("c.jsonl", b" \n", "is empty"),
        ("c.parquet", b"", "is empty"),
        ("c.parquet", b"id,name\n1,mug\n", "not a readable Parquet file"),
        ("c.csv", b"PAR1....", "is a Parquet file"),
        ("c.csv", b"\x89PNG\r\n\x1a\n\0\0", "is a PNG image"),
        ("c.csv.gz", gzip.compress(b"id,name\n1,mug\n", mtime=0)[:20], "is a damaged gzip archive"),
        ("c.csv", b"\xd0\xcf\x11\xe0....", "an Excel workbook of the older format"),
        ("c.csv", b"\xfe\xffid,name\n1,mug\n2,cup\n", "begins with the byte order mark of UTF-16, but"),
        ("c.tsv", b"PK\x03\x04....", "a zip archive or an Excel workbook"),
        ("c.csv", bytes(range(32)) * 9, "its start is binary"),
        ("c.csv", b'id,"name\n1,mug\n', "header .* cannot be read"),
        ("c.csv.gz", b"", "is empty"),
        ("c.gz", b"", "suffix '.gz'"),
        ("c.xls", b"x", "save it as .xlsx or .csv"),
        ("c.csv.zst", b"x", "unzstd"),
        ("catalogue", b"", "suffix ''"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_a_clear_error(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(CatalogueError, match=message):
        rows(tmp_path, content, name)


def test_a_missing_file_and_a_folder_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="does not exist"):
        open_rows(tmp_path / "none.csv")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/products.csv").touch()
    with pytest.raises(
        CatalogueError, match=r"is a folder without Parquet files; give one file: there are products\.csv"
    ):
        open_rows(tmp_path / "folder")


def test_json_numbers_stay_as_they_are_written(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, '{"id": 12345678901234567890123, "price": 10.50}\n', "c.jsonl")
    assert row.cells == {"id": "12345678901234567890123", "price": "10.50"}


def test_a_bad_json_line_is_reported_and_the_others_read(tmp_path: Path) -> None:
    deep = "[" * 100_000
    found = rows(tmp_path, f'{{"id": 1}}\n{{"id": \n\n[1]\n7\n{deep}\n{{"id": 2}}\n', "c.jsonl")
    assert problems(found) == [[], *[["unreadable row"]] * 4, []]
    assert [row.cells for row in found if row.cells] == [{"id": "1"}, {"id": "2"}]


def test_the_columns_of_json_lines_are_those_of_all_lines(tmp_path: Path) -> None:
    path = tmp_path / "c.ndjson"
    path.write_text('{"id": "1", "name": "mug"}\n{"id": "2", "brand": "x"}\n')
    assert open_rows(path).columns == ["id", "name", "brand"]


def test_parquet_of_any_type_is_read_as_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([7, 8]),
            "price": pa.array([1.5, float("nan")]),
            "brand": pa.array(["x", "y"]).dictionary_encode(),
            "category": pa.array([["A", "B"], None]),
            "when": pa.array([0, None], pa.timestamp("ms")),
            "image": pa.array([b"\x89PNG", b""]),
        }
    )
    pq.write_table(table, tmp_path / "c.parquet")
    source = open_rows(tmp_path / "c.parquet")
    assert [problem for problem, _ in source.notes] == ["binary column"]
    assert [list((row.cells or {}).values()) for row in source.rows] == [
        ["7", "1.5", "x", ["A", "B"], "1970-01-01 00:00:00.000"],
        ["8", None, "y", None, None],
    ]


def test_a_parquet_file_damaged_in_the_middle_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    pq.write_table(pa.table({"id": [str(i) for i in range(1000)], "name": ["mug"] * 1000}), path, compression="zstd")
    data = bytearray(path.read_bytes())
    data[40:400] = bytes(360)
    path.write_bytes(data)
    with pytest.raises(CatalogueError, match=r"damaged after row|not a readable"):
        list(open_rows(path).rows)


LINES = ["id,name,category", '1,"The ""big"" mug",A >> B', '2,"two\nlines",A', "3,plain,", '4,"x, y",B']


@settings(max_examples=300, deadline=None, database=None)
@given(st.data())
def test_no_damage_makes_a_traceback_or_a_silent_loss(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray("\n".join(LINES * 3).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b",", b"\n", b"\r", b"\0", b"\xff", b'""'])
        )
    path = tmp_path_factory.mktemp("fuzz") / "c.csv"
    path.write_bytes(content)
    try:
        source = open_rows(path)
    except CatalogueError:
        return
    found = list(source.rows)
    assert [row.number for row in found] == list(range(1, len(found) + 1))
    assert all(row.cells or row.problems for row in found)
    # Each word of the file stands in a cell or in the report of its row.
    shown = json.dumps([[row.cells, row.problems] for row in found], default=str)
    assert shown.count("plain") >= bytes(content).split(b"\n", 1)[-1].count(b"plain")

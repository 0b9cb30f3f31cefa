"""The same products come out of every format in which shops and programs write them."""

import gzip
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.config import Catalogue as Settings
from ingestion.reading import catalogue, parquet_rows
from ingestion.reading.formats import open_rows
from store.errors import CatalogueError

ROWS = [
    {"id": "00123", "name": "plum téapot", "category": "Tea", "price": "9,50"},
    {"id": "1e5", "name": "grey lantern", "category": "Light", "price": "1.299,00"},
    {"id": "1000", "name": "candle; red", "category": "Light", "price": "3"},
]
HEAD = list(ROWS[0])


def text(delimiter: str = ";", lines: str = "") -> str:
    return (
        lines
        + "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in (HEAD, *(r.values() for r in ROWS)))
        + "\n"
    )


def workbook(path: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.create_sheet("notes").append(["see also"])
    book.save(path)
    return path


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def feed(
    root: str = '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>shop</title>%s</channel></rss>',
) -> str:
    items = "".join(
        f"<item><g:id>{r['id']}</g:id><title>{r['name']}</title><g:product_type>{r['category']}</g:product_type>"
        f"<g:price>{r['price']} EUR</g:price></item>"
        for r in ROWS
    )
    return root % items


def parts(folder: Path) -> Path:
    folder.mkdir()
    for i in range(2):
        pq.write_table(pa.Table.from_pylist(ROWS[2 * i : 2 * i + 2]), folder / f"part-{i}.parquet")
    return folder


FORMATS: dict[str, Callable[[Path], Path]] = {
    "semicolons": lambda d: write(d / "c.csv", text()),
    "Excel's sep line": lambda d: write(d / "c.csv", text("|", "sep=|\n")),
    "sep line in UTF-16": lambda d: write(d / "c.csv", text(";", "sep=;\n").encode("utf-16")),
    "UTF-16 without mark": lambda d: write(d / "c.csv", text().encode("utf-16-le")),
    "UTF-16, big end first": lambda d: write(d / "c.txt", text("\t").encode("utf-16-be")),
    "UTF-32": lambda d: write(d / "c.csv", text().encode("utf-32")),
    "Windows-1252": lambda d: write(d / "c.csv", text().encode("cp1252")),
    "lines before the header": lambda d: write(d / "c.csv", text(";", "Export of the shop\nMay 2031\n\n")),
    "a report's lines before the header": lambda d: write(
        d / "c.csv", text(";", "Report;Products;;\nDate;May 2031;;\n;;;\n")
    ),
    "comments before the header": lambda d: write(d / "c.csv", text(";", "# made by a program\n# 3 rows\n")),
    "tabs in .txt": lambda d: write(d / "c.txt", text("\t")),
    "space before quotes": lambda d: write(d / "c.csv", text(", ")),
    ".csv.gz": lambda d: write(d / "c.csv.gz", gzip.compress(text().encode())),
    "gzip without suffix": lambda d: write(d / "c.csv", gzip.compress(text().encode())),
    ".jsonl.gz": lambda d: write(d / "c.jsonl.gz", gzip.compress("\n".join(map(json.dumps, ROWS)).encode())),
    "JSON array": lambda d: write(d / "c.json", json.dumps(ROWS, indent=1)),
    "JSON array in .jsonl": lambda d: write(d / "c.jsonl", json.dumps(ROWS)),
    "JSON array in an object": lambda d: write(d / "c.json", json.dumps({"count": 3, "products": ROWS}, indent=1)),
    "JSON array in an object, one line": lambda d: write(d / "c.json", json.dumps({"count": 3, "products": ROWS})),
    "JSON array in an object beside another": lambda d: write(
        d / "c.json", json.dumps({"data": {"total": 3, "products": ROWS}, "meta": {"total": 3}})
    ),
    "JSON array in one of two objects": lambda d: write(
        d / "c.json", json.dumps({"products": {"items": ROWS, "count": 3}, "facets": {"items": [{"f": 1}], "count": 1}})
    ),
    "JSON lines in .json": lambda d: write(d / "c.json", "\n".join(map(json.dumps, ROWS))),
    "JSON objects by id": lambda d: write(d / "c.json", json.dumps({r["id"]: dict(list(r.items())[1:]) for r in ROWS})),
    "JSON columns, of pandas": lambda d: write(
        d / "c.json", json.dumps({name: {str(i): row[name] for i, row in enumerate(ROWS)} for name in HEAD})
    ),
    "JSON columns and data, of pandas": lambda d: write(
        d / "c.json", json.dumps({"columns": HEAD, "index": [0, 1, 2], "data": [list(r.values()) for r in ROWS]})
    ),
    "titles and a date above the header": lambda d: write(d / "c.csv", "Report\nAs of,1 May\n\n" + text(",")),
    "two names above the header": lambda d: write(d / "c.txt", "TemplateType=a\tVersion=2\n" + text("\t")),
    "Excel, a date above the header": lambda d: workbook(
        d / "c.xlsx", [["Autumn list"], [], ["As of", None, "1 May"], HEAD, *(list(r.values()) for r in ROWS)]
    ),
    "Python's dicts": lambda d: write(d / "c.jsonl", "\n".join(map(str, ROWS))),
    "workbook": lambda d: workbook(d / "c.xlsx", [HEAD, *(list(r.values()) for r in ROWS)]),
    "workbook with a title": lambda d: workbook(
        d / "c.xlsx", [["Export"], [], HEAD, *(list(r.values()) for r in ROWS)]
    ),
    "folder of Parquet parts": lambda d: parts(d / "parts"),
    "Google Merchant feed": lambda d: write(d / "c.xml", feed()),
    "Google Merchant feed, packed": lambda d: write(d / "c.xml.gz", gzip.compress(feed().encode())),
    "products in XML": lambda d: write(d / "c.xml", feed('<items xmlns:g="shop">%s</items>')),
}


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS)
def test_every_format_gives_the_same_products(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    found = catalogue.read(make(tmp_path), Settings()).products
    assert found["product_id"].to_pylist() == [row["id"] for row in ROWS]
    assert found["name"].to_pylist() == [row["name"] for row in ROWS]
    assert found["category"].to_pylist() == [row["category"] for row in ROWS]
    assert found["price"].to_pylist() == [9.5, 1299.0, 3.0]


def test_no_row_of_a_json_table_is_lost_without_an_issue(tmp_path: Path) -> None:
    data = write(tmp_path / "a.json", json.dumps({"columns": HEAD, "data": [list(ROWS[0].values()), "broken"]}))
    rows = list(open_rows(data).rows)
    assert [row.cells is None for row in rows] == [False, True]
    columns = write(tmp_path / "b.json", json.dumps({"id": {"0": "K1", "1": "K2"}, "name": {"0": "Mug", "2": "Jug"}}))
    assert [row.cells for row in open_rows(columns).rows] == [
        {"id": "K1", "name": "Mug"}, {"id": "K2", "name": None}, {"id": None, "name": "Jug"},
    ]  # fmt: skip
    empty = write(tmp_path / "c.json", json.dumps({"K1": {"name": "Mug"}, "K2": {}, "K3": {"name": "Jug"}}))
    assert [row.cells for row in open_rows(empty).rows] == [
        {"id": "K1", "name": "Mug"}, {"id": "K2"}, {"id": "K3", "name": "Jug"},
    ]  # fmt: skip


def test_a_row_of_data_with_a_usual_name_twice_is_no_header(tmp_path: Path) -> None:
    head = "Cikkszám;Megnevezés;Csoport;Alcsoport;Ár\n"
    path = write(
        tmp_path / "c.csv", f"{head}1;Bögre;Konyha;Bögre;900\n2;Canon R5;Photo;Photo;800\n3;Tál;Konyha;Tál;500\n"
    )
    source = open_rows(path)
    assert source.columns == ["Cikkszám", "Megnevezés", "Csoport", "Alcsoport", "Ár"]
    assert len(list(source.rows)) == 3


def test_barcodes_are_no_ids_as_several_products_may_have_one(tmp_path: Path) -> None:
    rows = "\n".join(f"Mug {n},Kitchen,{n % 3},A mug of clay number {n}" for n in range(12))
    found = catalogue.read(write(tmp_path / "c.csv", f"title,category,barcode,description\n{rows}\n"), Settings())
    assert len(found.products) == 12


def test_a_workbook_gives_whole_numbers_dates_and_its_sheet(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "c.xlsx", [["id", "name", "when"], [1000.0, "plum teapot", datetime(2031, 5, 4)], [None] * 3]
    )
    source = open_rows(path)
    assert [row.cells for row in source.rows] == [{"id": "1000", "name": "plum teapot", "when": "2031-05-04 00:00:00"}]
    assert [problem for problem, _ in source.notes] == ["other sheets"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"no archive"])
def test_a_damaged_workbook_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(CatalogueError, match=r"not a readable \.xlsx workbook"):
        open_rows(write(tmp_path / "c.xlsx", content))


def test_a_workbook_whose_first_sheet_is_damaged_is_a_clear_error(tmp_path: Path) -> None:
    path = workbook(tmp_path / "c.xlsx", [[f"{row} of {column}" for column in range(50)] for row in range(25)])
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
    data = path.read_bytes()
    right, wrong = entry.CRC.to_bytes(4, "little"), (entry.CRC ^ 1).to_bytes(4, "little")
    assert right in data
    path.write_bytes(data.replace(right, wrong))  # it opens: openpyxl looks at the first 16 kB only
    with pytest.raises(CatalogueError, match=r"not a readable \.xlsx workbook \(BadZipFile"):
        open_rows(path)


def test_a_sheet_that_is_a_chart_is_passed_over(tmp_path: Path) -> None:
    path, book = tmp_path / "c.xlsx", openpyxl.Workbook()
    for row in (HEAD, *(list(row.values()) for row in ROWS)):
        book.active.append(row)
    plot = openpyxl.chart.BarChart()
    plot.add_data(openpyxl.chart.Reference(book.active, min_col=1, min_row=1, max_row=2))
    book.create_chartsheet("Chart", 0).add_chart(plot)
    book.save(path)
    assert [row.cells for row in open_rows(path).rows] == ROWS


@pytest.mark.parametrize(
    "entity",
    ['<!ENTITY a "x">', '<!ENTITY a SYSTEM "file:///etc/hostname">', '<!ENTITY a "&#38;b;"><!ENTITY b "bb">'],
)
def test_an_entity_in_a_feed_is_refused(tmp_path: Path, entity: str) -> None:
    content = f"<!DOCTYPE x [{entity}]><items><item><id>1</id><title>&a;</title></item></items>"
    with pytest.raises(CatalogueError, match="holds XML entities"):
        open_rows(write(tmp_path / "c.xml", content))


def test_several_elements_of_one_name_in_a_feed_are_a_list(tmp_path: Path) -> None:
    item = "<item><id>1</id><title>teapot</title><image_link>a.jpg</image_link>%s</item>"
    more = "<additional_image_link>b.jpg</additional_image_link><additional_image_link>c.jpg</additional_image_link>"
    (row,) = open_rows(write(tmp_path / "c.xml", f"<rss><channel>{item % more}</channel></rss>")).rows
    assert row.cells
    assert row.cells["additional_image_link"] == ["b.jpg", "c.jpg"]


def test_a_feed_that_breaks_off_keeps_the_products_before(tmp_path: Path) -> None:
    path = write(tmp_path / "c.xml", feed()[:-80])
    found = list(open_rows(path).rows)
    assert [row.cells is None for row in found] == [False, False, True]
    assert found[-1].problems[0][0] == "unreadable row"


@pytest.mark.parametrize("cut", [1, 40])
def test_a_json_array_that_breaks_off_keeps_the_objects_before(tmp_path: Path, cut: int) -> None:
    found = list(open_rows(write(tmp_path / "c.json", json.dumps(ROWS)[:-cut])).rows)
    assert [row.cells is None for row in found] == [False] * (3 if cut == 1 else 2) + [True]


def test_quotes_escaped_by_a_backslash_are_read(tmp_path: Path) -> None:
    content = 'id,name,category\n1,"the \\"plum\\" teapot",A\n2,"12\\" lantern, grey",B\n3,candle,B\n'
    found = list(open_rows(write(tmp_path / "c.csv", content)).rows)
    assert [row.cells and row.cells["name"] for row in found] == ['the "plum" teapot', '12" lantern, grey', "candle"]
    assert not any(row.problems for row in found)


def test_columns_without_a_name_or_of_one_name_are_kept(tmp_path: Path) -> None:
    source = open_rows(write(tmp_path / "c.csv", ",id,name,price,price,\n0,1,teapot,9,8,\n"))
    assert source.columns == ["column 1", "id", "name", "price", "price (2)", "column 6"]
    assert [problem for problem, _ in source.notes] == ["column without name", "columns of one name"]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["1000.0", "2000.0"], ["1000", "2000"]),
        (["1000.0", "A7"], ["1000.0", "A7"]),
        (["1.10", "2.0"], ["1.10", "2.0"]),
    ],
)
def test_ids_that_became_decimals_are_whole_again(tmp_path: Path, ids: list[str], expected: list[str]) -> None:
    path = write(tmp_path / "c.csv", f"id,name\n{ids[0]},teapot\n{ids[1]},lantern\n")
    assert catalogue.read(path, Settings()).products["product_id"].to_pylist() == expected


def test_ids_of_a_parquet_column_of_decimals_are_whole(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1000.0, 2000.0], "name": ["teapot", "lantern"]}), tmp_path / "c.parquet")
    found = catalogue.read(tmp_path / "c.parquet", Settings())
    assert found.products["product_id"].to_pylist() == ["1000", "2000"]


def test_too_many_rows_are_refused_and_parquet_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(pa.table({"id": ["1"] * 50_000, "name": ["teapot"] * 50_000}), tmp_path / "c.parquet")
    write(tmp_path / "c.csv", "id,name\n" + "1,teapot\n" * 30)
    monkeypatch.setattr(parquet_rows, "_rows", lambda *_: pytest.fail("decoded"))
    with pytest.raises(CatalogueError, match="50,000 rows, more than 20 that `max_rows`"):
        catalogue.read(tmp_path / "c.parquet", Settings(max_rows=20))
    with pytest.raises(CatalogueError, match="more rows than the 20 that `max_rows`"):
        catalogue.read(tmp_path / "c.csv", Settings(max_rows=20))


def test_one_date_out_of_range_refuses_no_file(tmp_path: Path) -> None:
    when = pa.array([0, -(2**62)], pa.timestamp("us"))
    pq.write_table(pa.table({"id": ["1", "2"], "name": ["teapot", "lantern"], "when": when}), tmp_path / "c.parquet")
    found = catalogue.read(tmp_path / "c.parquet", Settings())
    assert found.products["product_id"].to_pylist() == ["1", "2"]
    problems = [i["problem"] for i in found.issues.to_pylist()]
    assert [p for p in problems if p == "unreadable cell"] == ["unreadable cell"]


def test_nested_cells_of_parquet_count_by_their_names(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": [1, 2],
            "title": [{"en": "plum teapot", "de": "Kanne"}, {"en": "lantern", "de": "Laterne"}],
            "category": [[["Home", "Tea"], ["Gifts"]], [["Home", "Light"]]],
            "brand": pa.array([[("name", "Orva")], None], pa.map_(pa.string(), pa.string())),
        }
    )
    pq.write_table(table, tmp_path / "c.parquet")
    found = catalogue.read(tmp_path / "c.parquet", Settings()).products
    assert found["name"].to_pylist() == ["plum teapot", "lantern"]
    assert found["category_path"].to_pylist() == ["Home >> Tea", "Home >> Light"]
    assert found["brand"].to_pylist() == ["Orva", None]


@pytest.mark.parametrize("envelope", [{"data": {"items": ROWS}}, {"page": 1, "products": ROWS}])
@pytest.mark.parametrize("indent", [None, 1])
def test_an_envelope_around_the_products_is_opened(
    tmp_path: Path, envelope: dict[str, Any], indent: int | None
) -> None:
    path = write(tmp_path / "c.json", json.dumps(envelope, indent=indent))
    assert [row.cells for row in open_rows(path).rows] == ROWS


def test_an_envelope_around_each_product_is_opened(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", "\n".join(json.dumps({"product": row}) for row in ROWS))
    assert [row.cells for row in open_rows(path).rows] == ROWS


def test_a_comment_behind_the_rows_is_none_where_one_stood_before_them(tmp_path: Path) -> None:
    content = "id,name\n1,teapot\n# the end\n"
    assert len(list(open_rows(write(tmp_path / "c.csv", "# export\n" + content)).rows)) == 1
    assert len(list(open_rows(write(tmp_path / "d.csv", content)).rows)) == 2


SIGNS = [b'"', b",", b"\n", b"\0", b"\xff", b"<", b"[", b"{", b"\\", b"&a;", b"NaN", b"\xff\xfe", b"|"]


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS)
def test_a_damaged_file_of_any_format_is_read_or_refused_in_words(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    path = next(path.iterdir()) if path.is_dir() else path
    sound, random = path.read_bytes(), Random(0)
    outcomes = set()
    for _ in range(40):
        data = bytearray(sound)
        for _ in range(random.randint(1, 5)):
            at = random.randrange(len(data) + 1)
            data[at : at + random.randint(0, 4)] = random.choice([*SIGNS, bytes([random.randrange(256)])])
        path.write_bytes(data)
        try:
            found = catalogue.read(path, Settings())
            assert found.products.num_rows + found.issues.num_rows > 0
            outcomes.add("read")
        except CatalogueError as error:
            outcomes.add("refused" if path.name in str(error) else f"refused without its name: {error}")
    assert outcomes <= {"read", "refused"}

"""From a catalogue file to products: columns found, categories split, nothing lost silently."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.config import Catalogue as Settings
from ingestion.config import Columns
from ingestion.reading import catalogue
from ingestion.reading.categories import split_path
from ingestion.reading.cells import parse_price
from ingestion.reading.columns import Profile, match
from store.errors import CatalogueError
from store.tables import table


def read(tmp_path: Path, content: str | bytes, name: str = "c.csv", **settings: Any) -> catalogue.Catalogue:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return catalogue.read(path, Settings.model_validate(settings))


def column(found: catalogue.Catalogue, name: str) -> list[Any]:
    return list(found.products[name].to_pylist())


def issues(found: catalogue.Catalogue) -> list[tuple[str | None, int | None, str]]:
    rows = found.issues.to_pylist()
    return [(row["product_id"], row["catalogue_row"], row["problem"]) for row in rows]


def test_products_and_issues_have_the_declared_columns(tmp_path: Path) -> None:
    found = read(tmp_path, "id,name\n1,mug\n")
    assert found.products.schema == table("products").schema
    assert found.issues.schema == table("issues").schema


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("uniq_id", "id"),
        ("Product ID", "id"),
        ("ASIN", "id"),
        ("productTitle", "name"),
        ("Product-Name", "name"),
        ("Long Description", "description"),
        ("product_category_tree", "category"),
        ("Label", "category"),
        ("IMG", "image"),
        ("image_path", "image"),
        ("Manufacturer", "brand"),
        ("retail_price", "price"),
    ],
)
def test_usual_column_names_are_found_in_any_case(header: str, field: str) -> None:
    found = match({name: Profile(name, []) for name in ("colour", header)}, Columns())
    assert {field: taken.column for field, taken in found.items()} == {field: header}


def test_the_likelier_column_wins_and_the_other_is_an_attribute(tmp_path: Path) -> None:
    found = read(tmp_path, "pid,uniq_id,name,retail_price,discounted_price\nP,U,mug,9,7\n")
    assert column(found, "product_id") == ["U"]
    assert column(found, "price") == [7.0]
    assert json.loads(column(found, "attributes")[0]) == {"pid": "P", "retail_price": "9"}


def test_a_named_column_wins_over_the_usual_name(tmp_path: Path) -> None:
    found = read(tmp_path, "id,name,shelf\n1,mug,K\n", columns={"category": "Shelf"})
    assert column(found, "category") == ["K"]


def test_an_absent_named_column_is_an_error_that_lists_the_others(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"no column 'shelf' \(named as category\).*'id', 'name'"):
        read(tmp_path, "id,name\n1,mug\n", columns={"category": "shelf"})


def test_the_category_cannot_also_be_the_text(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="part of the text"):
        read(tmp_path, "id,label\n1,mug\n", columns={"name": "label", "category": "label"})


def test_a_file_with_nothing_to_group_products_by_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="looks like a product's name, description or image"):
        read(tmp_path, "1,mug\n2,cup\n")
    path = tmp_path / "ids.csv"
    path.write_text("id\n1\n")
    assert column(catalogue.read(path, Settings(), has_images=True), "product_id") == ["1"]


@pytest.mark.parametrize(
    "cell",
    ["A >> B >> C", " A>>B >>  C ", '["A >> B >> C"]', ["A", "B", "C"], ["A >> B >> C", "D >> E"], '["A","B","C"]'],
)
def test_a_category_path_is_split_however_it_is_written(cell: Any) -> None:
    assert split_path(cell, ">>") == ["A", "B", "C"]


@pytest.mark.parametrize(("cell", "levels"), [("[Sale] Mugs", ["[Sale] Mugs"]), ("", []), (None, []), (" >> ", [])])
def test_what_is_no_path_is_one_level_or_none(cell: Any, levels: list[str]) -> None:
    assert split_path(cell, ">>") == levels


def test_the_chosen_level_or_else_the_deepest_is_the_category(tmp_path: Path) -> None:
    found = read(tmp_path, "id,name,category\n1,a,A >> B\n2,b,A\n3,c,\n", category_level=2)
    assert column(found, "category") == ["B", "A", None]
    assert column(found, "category_path") == ["A >> B", "A", None]
    assert issues(found) == [(None, None, "no category"), (None, None, "short category path")]
    assert found.issues["detail"][1].as_py().startswith("1 of 3 rows (first: row 2)")


def test_without_a_category_column_there_is_one_issue(tmp_path: Path) -> None:
    found = read(tmp_path, "id,name\n1,mug\n2,cup\n")
    assert column(found, "category") == [None, None]
    assert issues(found) == [(None, None, "no category column")]


def test_a_duplicate_id_is_reported_and_the_first_row_kept(tmp_path: Path) -> None:
    found = read(tmp_path, "id,name,category\n1,mug,A\n1,cup,A\n2,pan,B\n")
    assert column(found, "name") == ["mug", "pan"]
    assert issues(found) == [("1", 2, "duplicate id")]


def test_without_ids_products_are_called_by_their_row(tmp_path: Path) -> None:
    found = read(tmp_path, "name,category\nmug,A\ncup,B\n")
    assert column(found, "product_id") == ["row-1", "row-2"]
    assert issues(found) == [(None, None, "no id column")]


def test_an_empty_id_and_an_empty_row_are_reported(tmp_path: Path) -> None:
    found = read(tmp_path, "id,name,category\n,mug,A\n,,\n3,pan,B\n")
    assert column(found, "product_id") == ["row-1", "3"]
    assert column(found, "catalogue_row") == [1, 3]
    assert issues(found) == [("row-1", 1, "empty id"), (None, 2, "empty row")]


def test_a_single_category_is_reported(tmp_path: Path) -> None:
    found = read(tmp_path, "id,name,category\n1,mug,A\n2,cup,A\n")
    assert issues(found) == [(None, None, "one category")]


def test_ids_are_strings_as_the_catalogue_wrote_them(tmp_path: Path) -> None:
    found = read(tmp_path, "id,name\n007,mug\n1.10,cup\n1e5,pan\n=cmd(),pot\n")
    assert column(found, "product_id") == ["007", "1.10", "1e5", "=cmd()"]


@pytest.mark.parametrize(
    ("cell", "price"),
    [
        ("1899.0", 1899.0),
        ("Rs. 1,899", 1899.0),
        ("$1,234,567.89", 1234567.89),
        ("1.234,50 €", 1234.5),
        ("12,5", 12.5),
        ("1 299,00 kr", 1299.0),
        ("1'299.-", 1299.0),
        ("0.999", 0.999),
        ("1e3", 1000.0),
        ("10 - 20", None),
        ("-5", None),
        ("1e999", None),
        ("free", None),
        ("9" * 5000, None),
    ],
)
def test_a_price_is_read_as_people_write_it(cell: str, price: float | None) -> None:
    assert parse_price(cell) == price


def test_an_unreadable_price_is_reported_and_an_empty_one_not(tmp_path: Path) -> None:
    found = read(tmp_path, "id,name,category,price\n1,mug,A,cheap\n2,cup,A,\n3,pan,B,5\n")
    assert column(found, "price") == [None, None, 5.0]
    assert issues(found) == [("1", 1, "unreadable price")]


def test_bytes_that_are_not_utf8_are_read_as_windows_1252(tmp_path: Path) -> None:
    content = "id,name,category\n1,thé,A\n".encode() + "2,café “noir”,A\n3,\x81,B\n".encode("cp1252", "replace")
    found = read(tmp_path, content.replace(b"?", b"\x81"))
    assert column(found, "name") == ["thé", "café “noir”", "\x81"]
    assert issues(found) == [(None, None, "not UTF-8")]
    assert found.issues["detail"][0].as_py().startswith("2 of 3 rows (first: row 2)")


def test_nul_and_broken_characters_are_reported(tmp_path: Path) -> None:
    found = read(tmp_path, b"id,name,category\n1,m\0ug,A\n" + b"2,a long enough name for text,A\n" * 3)
    assert column(found, "name")[0] == "mug"
    assert issues(found)[0] == ("1", 1, "unusable characters")
    found = read(tmp_path, '{"id": "1", "name": "mug \\ud800", "x\\udfff": 1, "category": "A"}\n', "c.jsonl")
    assert column(found, "name") == ["mug \ufffd"]
    assert issues(found) == [("1", 1, "unusable characters")]


def test_an_overlong_cell_is_cut_and_reported(tmp_path: Path) -> None:
    found = read(tmp_path, f"id,name,category\n1,{'x' * 100_001},A\n")
    assert len(column(found, "name")[0]) == 100_000
    assert issues(found) == [("1", 1, "cell cut")]


def test_a_row_that_cannot_be_read_is_an_issue_with_its_number(tmp_path: Path) -> None:
    found = read(tmp_path, "id,name,category\n1,mug,A\n2,mug, blue,A\n3,pan\n")
    assert column(found, "product_id") == ["1", "3"]
    assert issues(found)[:2] == [(None, 2, "ragged row"), ("3", 3, "ragged row")]


def test_a_file_without_a_readable_row_is_an_error_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text("id,name\n1,mug\n")
    with pytest.raises(CatalogueError, match=r"No row .* Row 1: Not JSON"):
        catalogue.read(tmp_path / "c.jsonl", Settings())
    with pytest.raises(CatalogueError, match="No row"):
        read(tmp_path, "id,name\n")


def test_the_image_path_is_as_given_and_of_a_list_the_first(tmp_path: Path) -> None:
    found = read(tmp_path, 'id,name,image\n1,a,x.jpg\n2,b,"[""p/y.jpg"", ""z.jpg""]"\n3,c,\n')
    assert column(found, "image_path") == ["x.jpg", "p/y.jpg", None]


def test_all_formats_give_the_same_products(tmp_path: Path) -> None:
    rows = [{"id": str(i), "name": f"mug {i}", "category": "A >> B", "price": "1.5", "size": "L"} for i in range(2500)]
    csv = "id,name,category,price,size\n" + "".join(",".join(row.values()) + "\n" for row in rows)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "c.parquet")
    expected = read(tmp_path, csv).products
    assert expected.num_rows == 2500
    assert read(tmp_path, csv.replace(",", "\t"), "c.tsv").products == expected
    assert read(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "c.jsonl").products == expected
    assert catalogue.read(tmp_path / "c.parquet", Settings()).products == expected


def test_a_large_catalogue_comes_in_parts(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,name,category\n" + "".join(f"{i},mug,A\n" for i in range(2500)))
    assert [part.products.num_rows for part in catalogue.batches(path, Settings())] == [1000, 1000, 500]


def test_every_row_is_a_product_or_an_issue(tmp_path: Path) -> None:
    lines = [f"{i % 90},mug,A" if i % 7 else f"{i},mug" if i % 2 else f"{i},a,b,c" for i in range(1, 200)]
    found = read(tmp_path, "id,name,category\n" + "\n".join(lines))
    seen = set(column(found, "catalogue_row")) | {row for _, row, _ in issues(found) if row}
    assert seen == set(range(1, 200))


def test_the_flipkart_catalogue_needs_no_settings(shared: Path) -> None:
    found = catalogue.read(shared / "data/flipkart/flipkart_com-ecommerce_sample_1050.csv", Settings())
    assert found.issues.num_rows == 0
    assert sorted(Counter(column(found, "category")).values()) == [150] * 7
    assert "Home Furnishing" in column(found, "category")
    assert column(found, "brand").count(None) == 338
    assert column(found, "price").count(None) == 1
    assert [Path(name).stem for name in column(found, "image_path")] == column(found, "product_id")


@pytest.mark.parametrize(
    ("name", "products", "categories", "problems"),
    [
        ("accessories/products.csv", 1200, 12, []),
        ("retail_demo.csv", 2465, 20, []),
        ("pricerunner_4000.csv", 4000, 10, []),
        ("clothing_labels.csv", 1776, 17, ["no id column"]),
    ],
)
def test_other_catalogues_need_no_settings(
    shared: Path, name: str, products: int, categories: int, problems: list[str]
) -> None:
    found = catalogue.read(shared / "data/catalogues" / name, Settings())
    assert found.products.num_rows == products
    assert len(set(column(found, "category"))) == categories
    assert [problem for _, _, problem in issues(found)] == problems

"""Parts: immutable Parquet files that exist once their marker does."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from store import parts, tables
from store.parts import Part, PartWriter, finish
from store.root import Root
from tests.store.numbered import CARRYING, ROWS, write_part

ISSUES = tables.table("issues")
ROW = {"product_id": "a", "stage": "catalogue", "problem": "empty name", "detail": "It was kept."}


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "store")


def test_a_finished_part_is_found_as_it_was_made(root: Root) -> None:
    made = write_part(root, 1)
    assert parts.find(root, made.key) == made
    assert set(made.files) == set(CARRYING)
    assert made.rows == ROWS * len(CARRYING)
    assert made.files["embedding_bert"].dimensions == 3
    assert made.files["products"].dimensions is None


def test_a_part_without_its_marker_does_not_exist(root: Root) -> None:
    with PartWriter(root, "k") as writer:
        writer.write(ISSUES, [ROW])
    assert root.names("parts/k") == ["issues.parquet"]
    assert parts.find(root, "k") is None
    finish(root, Part("k", "reading", 1.0, 2.0, writer.files()))
    assert parts.find(root, "k") is not None


@pytest.mark.parametrize("marker", [b"", b"{", b"[]", b"{}", b'{"files": {"products": {}}}', b"\xff\xfe"])
def test_a_marker_that_cannot_be_read_is_a_miss_and_never_a_crash(root: Root, marker: bytes) -> None:
    key = write_part(root, 1).key
    root.put(f"parts/{key}/part.json", marker)
    assert parts.find(root, key) is None


def altered(data: bytes, bit: int) -> bytes:
    """The bytes with one bit of them altered."""
    at = bit // 8
    return data[:at] + bytes([data[at] ^ 1 << bit % 8]) + data[at + 1 :]


@pytest.mark.parametrize("damage", ["truncated", "missing", "altered"])
def test_a_part_with_a_damaged_file_is_a_miss_and_is_written_anew(root: Root, damage: str) -> None:
    made = write_part(root, 1)
    name = made.files["products"].name
    data = root.read(name)
    root.remove(name)
    if damage != "missing":
        root.put(name, data[:-1] if damage == "truncated" else altered(data, 4000))
    assert parts.find(root, made.key) is None
    assert write_part(root, 1) == made
    assert parts.find(root, made.key) == made


@pytest.mark.parametrize(
    "flips", [pytest.param(200, id="some"), pytest.param(900, id="more", marks=pytest.mark.faults)]
)
def test_no_bit_altered_in_a_page_reads_back_wrong(root: Root, flips: int) -> None:
    made = write_part(root, 1)
    name = made.files["products"].name
    data, right = root.read(name), parts.read(root, made, "products")
    outcomes = Counter[bool | None]()
    pages = 8 * (len(data) - 8 - int.from_bytes(data[-8:-4], "little"))  # the footer's length and PAR1 come last
    for bit in range(0, pages, pages // flips):
        root.put(name, altered(data, bit))
        try:
            outcomes[parts.read(root, made, "products") == right] += 1
        except (OSError, pa.ArrowException):
            outcomes[None] += 1
    assert outcomes[False] == 0
    assert outcomes[None]
    print(
        f"{outcomes.total()} single bits altered in the pages of a file: {outcomes[None]} refused, {outcomes[True]} "
        "without effect, 0 read back wrong"
    )


def test_the_same_rows_give_the_same_bytes(root: Root, tmp_path: Path) -> None:
    assert write_part(root, 1) == write_part(Root(tmp_path / "other"), 1)
    assert write_part(root, 1).files["products"].sha256 != write_part(root, 2).files["products"].sha256


def test_rows_come_in_batches_of_dicts_or_of_arrow_columns_in_any_order(root: Root) -> None:
    with PartWriter(root, "k") as writer:
        writer.write(ISSUES, [ROW])
        writer.write(ISSUES, iter([]))
        batch = pa.Table.from_pylist([{**ROW, "product_id": "b"}], schema=ISSUES.schema)
        writer.write(ISSUES, batch.select(list(reversed(batch.column_names))))
    part = finish(root, Part("k", "reading", 1.0, 2.0, writer.files()))
    read = parts.read(root, part, "issues")
    assert read.schema == ISSUES.schema
    assert read["product_id"].to_pylist() == ["a", "b"]
    assert read["catalogue_row"].to_pylist() == [None, None]
    assert parts.read(root, part, "issues", ["problem"]).column_names == ["problem"]


def test_a_table_without_rows_has_no_file_and_reads_as_an_empty_one(root: Root) -> None:
    with PartWriter(root, "k") as writer:
        writer.write(ISSUES, [])
    part = finish(root, Part("k", "reading", 1.0, 2.0, writer.files()))
    assert part.files == {}
    assert root.names("parts/k") == ["part.json"]
    assert parts.read(root, part, "issues") == ISSUES.schema.empty_table()
    assert parts.read(root, part, "issues", ["stage"]).column_names == ["stage"]


def test_a_table_is_read_by_batches_of_bounded_size(root: Root) -> None:
    made = write_part(root, 1)
    whole = parts.read(root, made, "products", ["product_id"])
    pieces = list(parts.batches(root, made, "products", 7, ["product_id"]))
    assert max(piece.num_rows for piece in pieces) == 7
    assert pa.concat_tables(pieces).combine_chunks() == whole.combine_chunks()
    assert list(parts.batches(root, made, "suspects", 7)) == []


def test_a_step_that_breaks_leaves_no_file_behind(root: Root) -> None:
    with pytest.raises(ZeroDivisionError), PartWriter(root, "k") as writer:  # noqa: PT012
        writer.write(ISSUES, [ROW])
        writer.write(tables.table("duplicates"), [{"product_id": "a"}])
        raise ZeroDivisionError
    assert root.names("parts") == []
    assert root.temporaries() == []


def test_columns_that_are_not_declared_are_refused(root: Root) -> None:
    with pytest.raises(KeyError), PartWriter(root, "k") as writer:
        writer.write(ISSUES, pa.table({"product_id": ["a"], "made_up": [1]}))


def test_a_vector_of_another_length_is_refused(root: Root) -> None:
    with pytest.raises(pa.ArrowException), PartWriter(root, "k") as writer:
        writer.write(tables.embedding_table("bert", 3), [{"product_id": "a", "vector": [1.0, 2.0]}])


def test_vectors_are_stored_as_fixed_size_lists_of_float32(root: Root) -> None:
    part = write_part(root, 1)
    vectors = parts.read(root, part, "embedding_bert")["vector"]
    assert vectors.type == pa.list_(pa.float32(), 3)
    assert vectors[2].as_py() == [1.0, 1.0, 2.0]

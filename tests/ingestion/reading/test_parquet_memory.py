"""A small Parquet file of long rows takes little memory: the longer a text, the fewer rows are decoded at once."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.reading import parquet_rows
from ingestion.reading.formats import open_rows

ROWS, LONG = 2000, "x" * 1_000_000
ONE = pa.DictionaryArray.from_arrays(pa.array([0] * ROWS, pa.int32()), pa.array([LONG]))
COLUMNS = {
    "a text": ONE,
    "a list of texts": pa.ListArray.from_arrays(pa.array(range(ROWS + 1), pa.int32()), ONE),
    "an object": pa.StructArray.from_arrays([ONE], ["en"]),
    "a map": pa.MapArray.from_arrays(pa.array(range(ROWS + 1), pa.int32()), pa.array(["en"] * ROWS), ONE),
    "bytes": ONE.cast(pa.dictionary(pa.int32(), pa.binary())),
}


def batch(path: Path, *leaves: str) -> int:
    return parquet_rows._batch(path, pq.read_metadata(path), [*(leaves or ("name", "description"))])


@pytest.mark.parametrize("column", COLUMNS)
def test_few_rows_of_one_long_text_are_decoded_at_once(tmp_path: Path, column: str) -> None:
    path = tmp_path / "c.parquet"
    pq.write_table(pa.table({"id": [str(i) for i in range(ROWS)], "name": COLUMNS[column]}), path, compression="zstd")
    assert path.stat().st_size < 40_000
    assert 1 < batch(path) <= parquet_rows.MAX_BATCH_BYTES // len(LONG)


def test_few_rows_of_many_long_texts_are_decoded_at_once(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    texts = [f"{i} {LONG}" for i in range(60)]
    pq.write_table(pa.table({"name": texts, "description": texts}), path, compression="zstd", use_dictionary=False)
    assert 1 < batch(path) <= parquet_rows.MAX_BATCH_BYTES // (2 * len(LONG))


def test_a_text_longer_than_all_memory_is_decoded_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rows, "MAX_BATCH_BYTES", 1000)
    path = tmp_path / "c.parquet"
    pq.write_table(pa.table({"id": ["1", "2"], "name": [LONG] * 2}), path)
    assert batch(path) == 1
    assert [row.cells["name"] == LONG for row in open_rows(path).rows if row.cells] == [True, True]


def test_usual_rows_are_decoded_many_at_once(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    texts = [f"a plum pot number {i} " * 50 for i in range(5000)]
    pq.write_table(pa.table({"name": texts, "brand": ["x"] * 5000, "price": [1.5] * 5000}), path)
    assert batch(path) == parquet_rows.BATCH
    pq.write_table(pa.table({"name": pa.array([], pa.string())}), path)
    assert batch(path) == parquet_rows.BATCH


def test_images_in_cells_are_not_read_with_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    images = [{"path": f"{i}.jpg", "bytes": bytes([i % 256]) * 1_000_000} for i in range(300)]
    pq.write_table(pa.table({"image": images}), path, compression="zstd")
    assert batch(path, "image.path") == parquet_rows.BATCH
    assert batch(path, "image") < parquet_rows.BATCH

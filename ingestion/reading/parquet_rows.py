"""Read the rows of a Parquet file, or of a folder of them, and the images that their cells hold.

Rows are counted in the files' own metadata before anything is decoded.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.issues import shorten
from ingestion.reading.rows import MAX_ROWS, Row, Source, mend, name_columns, too_many_rows
from store.errors import CatalogueError

BATCH = 1024
MAX_BATCH_BYTES = 256_000_000
"""Bytes of text of the rows that are decoded at a time."""
UNSUSPICIOUS = MAX_BATCH_BYTES // BATCH
"""Bytes of a column in a group of rows that no text in it can make too many."""
IMAGE_BATCH = 32
"""Rows of images that are held at a time."""
SUFFIXES = (".parquet", ".pq")
MAX_CELLS = 200_000_000
"""Cells of all rows: far above a catalogue's, below what takes minutes to read."""


def parts(path: Path) -> list[Path]:
    """The Parquet files of a catalogue: itself, or those in a folder and its partitions ('year=2024'), by name."""
    if path.is_file():
        return [path]
    inside = [*path.glob("*"), *path.glob("*=*/**/*")]
    return sorted(p for p in set(inside) if p.suffix.lower() in SUFFIXES and p.is_file())


def open_parquet(path: Path, max_rows: int = MAX_ROWS) -> Source:
    """A Parquet file or a folder of parts; CatalogueError if it is not readable or has too many rows or cells."""
    files = parts(path)
    schemas, total = [], 0
    for file in files:
        if file.stat().st_size == 0:
            raise CatalogueError(f"The catalogue {file} is empty; give a file with rows.")
        try:
            metadata = pq.read_metadata(file)
            schemas.append(pq.read_schema(file))
        except (pa.ArrowException, ValueError, OSError) as error:
            raise CatalogueError(f"The catalogue {file} is not a readable Parquet file: {error}") from error
        total += metadata.num_rows
        if total > max_rows:
            raise too_many_rows(path, max_rows, total)
        if total * metadata.num_columns > MAX_CELLS:
            raise CatalogueError(
                f"The catalogue {path} has {total:,} rows of {metadata.num_columns:,} columns, more than "
                f"{MAX_CELLS:,} cells; give fewer columns or rows."
            )
    fields: dict[str, pa.DataType] = {}
    for schema in schemas:
        for position, part in enumerate(schema):
            fields.setdefault(part.name or f"#{position}", part.type)
    image = next((name for name, its in fields.items() if _is_image(its)), None)
    binary = [name for name, its in fields.items() if _is_binary(its) and name != image]
    names = [name for name in fields if name not in binary]
    notes = [("binary column", f"The column {shorten(name)} holds binary data and was left out.") for name in binary]
    shown, more = name_columns([mend(name)[0] for name in names])
    about = "Parquet" if len(files) == 1 and path.is_file() else f"{len(files)} Parquet files"
    return Source(shown, _rows(files, names, shown, image), notes + more, about, image)


def _is_binary(data_type: pa.DataType) -> bool:
    return any(is_(data_type) for is_ in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary))


def _is_image(data_type: pa.DataType) -> bool:
    """Whether a column is of the image type of Hugging Face's data sets: {bytes, path}."""
    if not pa.types.is_struct(data_type):
        return False
    parts = {data_type.field(i).name: data_type.field(i).type for i in range(data_type.num_fields)}
    return set(parts) == {"bytes", "path"} and _is_binary(parts["bytes"])


def _rows(files: Sequence[Path], names: list[str], shown: list[str], image: str | None) -> Iterator[Row]:
    number = 0
    for path in files:
        try:
            with pq.ParquetFile(path) as file:
                have = [name for name in names if name in file.schema_arrow.names]
                # of an image its path alone: the bytes are read by those who need them
                leaves = [f"{name}.path" if name == image else name for name in have]
                for batch in file.iter_batches(batch_size=_batch(path, file.metadata, leaves), columns=leaves):
                    columns = {name: _values(batch.column(batch.schema.get_field_index(name))) for name in have}
                    for at in range(batch.num_rows):
                        number += 1
                        cells = {
                            label: _cell(columns[name][at]) if name in columns else None
                            for name, label in zip(names, shown, strict=True)
                        }
                        if image in columns:
                            cells[shown[names.index(image)]] = (columns[image][at] or {}).get("path")
                        bad = [label for label, cell in cells.items() if isinstance(cell, _Unreadable)]
                        problems = tuple(
                            ("unreadable cell", f"{label}: a value out of range; left empty.") for label in bad
                        )
                        yield Row(number, cells | dict.fromkeys(bad), problems)
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            raise CatalogueError(f"The Parquet file {path} is damaged after row {number}: {error}") from error


def _batch(path: Path, metadata: pq.FileMetaData, leaves: list[str]) -> int:
    """Rows of these columns to decode at a time: `BATCH`, or fewer where they could be `MAX_BATCH_BYTES` of text.

    A text that stands in a file once, in a dictionary, can be that of all its rows: 4,000 of a megabyte in 10 kB.
    """
    widest = 1.0
    with ExitStack() as stack:
        file = None
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            chunks = [group.column(i) for i in range(group.num_columns)]
            chunks = [c for c in chunks if any(f"{c.path_in_schema}.".startswith(f"{leaf}.") for leaf in leaves)]
            long = [c for c in chunks if c.physical_type == "BYTE_ARRAY" and c.total_uncompressed_size > UNSUSPICIOUS]
            names = [c.path_in_schema for c in long]
            if not long:
                continue
            file = file or stack.enter_context(pq.ParquetFile(path, read_dictionary=_texts(metadata), pre_buffer=False))
            first = next(file.iter_batches(1, row_groups=[number], columns=names), None)
            lengths = dict(zip(first.schema.names, map(_longest, first.columns), strict=True)) if first else {}
            row = 0.0
            for chunk in long:
                size = chunk.total_uncompressed_size / max(1, chunk.num_values)
                size = max(size, lengths.get(chunk.path_in_schema.partition(".")[0], 0))
                row += size * max(1, chunk.num_values / max(1, group.num_rows))
            widest = max(widest, row)
    return max(1, min(BATCH, int(MAX_BATCH_BYTES / widest)))


def _texts(metadata: pq.FileMetaData) -> list[str]:
    columns = [metadata.schema.column(i) for i in range(metadata.num_columns)]
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]


def _longest(array: pa.Array) -> int:
    """Bytes of the longest text in the dictionaries of an array, also of a nested one."""
    if pa.types.is_dictionary(array.type):
        return pc.max(pc.binary_length(array.dictionary)).as_py() or 0
    if pa.types.is_struct(array.type):
        return max(map(_longest, array.flatten()), default=0)
    if pa.types.is_nested(array.type):
        parts = [array.keys, array.items] if pa.types.is_map(array.type) else [array.values]
        return max(map(_longest, parts))
    return 0


class _Unreadable:
    """Stands for a value that cannot be written as text, as a date after the year 9999."""


def _cell(value: Any) -> Any:
    """A nested value with its numbers as text, as in JSON; a list of pairs, which a map is, as an object."""
    if isinstance(value, dict):
        return {name: _cell(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(part, tuple) and len(part) == 2 and isinstance(part[0], str) for part in value):
            return {name: _cell(part) for name, part in value}
        return [_cell(part) for part in value]
    if value is None or isinstance(value, (str, bool, _Unreadable)):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _values(array: pa.Array) -> list[Any]:
    """A column's cells as text, or as lists and objects where they are nested; None for NULL and NaN."""
    data_type = array.type
    if pa.types.is_dictionary(data_type):
        return _values(array.cast(data_type.value_type))
    if pa.types.is_nested(data_type):
        return _each(array)
    if pa.types.is_floating(data_type):
        array = pc.if_else(pc.is_nan(array), None, array)
    if not (pa.types.is_string(data_type) or pa.types.is_large_string(data_type)):
        try:
            array = array.cast(pa.string())
        except (pa.ArrowException, ValueError, OverflowError):
            return [cell if cell is None or isinstance(cell, _Unreadable) else str(cell) for cell in _each(array)]
    # Through bytes, because a Parquet string need not be UTF-8.
    cells = array.cast(pa.large_binary()).to_pylist()
    texts = [None if cell is None else cell.decode("utf-8", "surrogateescape") for cell in cells]
    if pa.types.is_temporal(data_type):  # what pyarrow writes for a date that no calendar has
        return [_Unreadable() if text and text.startswith("<value out of range") else text for text in texts]
    return texts


def _each(array: pa.Array) -> list[Any]:
    """The values of an array, one by one where not all can be made Python values."""
    try:
        return list(array.to_pylist())
    except (pa.ArrowException, ValueError, OverflowError):
        pass
    found: list[Any] = []
    for value in array:
        try:
            found.append(value.as_py())
        except (pa.ArrowException, ValueError, OverflowError):
            found.append(_Unreadable())
    return found


def holds_images(path: Path) -> bool:
    """Whether a catalogue is a Parquet file, or a folder of them, whose cells hold images."""
    try:
        return any(_is_image(field.type) for file in parts(path)[:1] for field in pq.read_schema(file))
    except (pa.ArrowException, OSError, ValueError):
        return False


def image_bytes(path: Path, rows: Sequence[int]) -> Iterator[bytes | None]:
    """The images in the cells of a Parquet catalogue, for the rows (from 1, ascending); None where a cell has none.

    No more than `IMAGE_BATCH` are held at a time. CatalogueError if the file is damaged.
    """
    wanted, number = iter(rows), 0
    row = next(wanted, None)
    for file_path in parts(path):
        try:
            with pq.ParquetFile(file_path) as file:
                column = next((f.name for f in file.schema_arrow if _is_image(f.type)), None)
                if column is None or row is None or row > number + file.metadata.num_rows:
                    number += file.metadata.num_rows
                    continue
                for batch in file.iter_batches(batch_size=IMAGE_BATCH, columns=[f"{column}.bytes"]):
                    cells = batch.column(0)
                    while row is not None and row <= number + batch.num_rows:
                        yield (cells[row - number - 1].as_py() or {}).get("bytes")
                        row = next(wanted, None)
                    number += batch.num_rows
        except (pa.ArrowException, OSError, ValueError) as error:
            raise CatalogueError(f"The Parquet file {file_path} is damaged after row {number}: {error}") from error

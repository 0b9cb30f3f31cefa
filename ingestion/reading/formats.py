"""Open a catalogue by its suffix and its first bytes, also a damaged one.

A row that can be read is yielded as cells by column name; one that cannot is yielded without cells but with the
reason. A file that is not what its suffix says, or that has no usable header, is a CatalogueError. Files are
streamed, but for a table in one JSON object: no more than one record, or a batch of a Parquet file, is held at a time.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ingestion.reading import parquet_rows
from ingestion.reading.csv_rows import open_csv
from ingestion.reading.json_rows import open_json
from ingestion.reading.parquet_rows import open_parquet
from ingestion.reading.rows import MAX_ROWS, Source, few_columns, limited
from store.errors import CatalogueError


def _open_excel(path: Path) -> Source:
    from ingestion.reading.excel_rows import open_excel  # openpyxl takes a third of a second

    return open_excel(path)


def _open_feed(path: Path) -> Source:
    from ingestion.reading.feed_rows import open_feed

    return open_feed(path)


READERS: dict[str, Callable[[Path], Source]] = {
    ".csv": open_csv,
    ".tsv": open_csv,
    ".txt": open_csv,
    ".jsonl": open_json,
    ".ndjson": open_json,
    ".json": open_json,
    ".parquet": open_parquet,
    ".pq": open_parquet,
    ".xlsx": _open_excel,
    ".xlsm": _open_excel,
    ".xml": _open_feed,
    ".rss": _open_feed,
}
REMEDIES = {
    ".xls": "save it as .xlsx or .csv",
    ".ods": "save it as .xlsx or .csv",
    ".zip": "unpack it first",
    ".7z": "unpack it first",
    ".rar": "unpack it first",
    ".bz2": "unpack it first: bunzip2 -k FILE",
    ".xz": "unpack it first: unxz -k FILE",
    ".zst": "unpack it first: unzstd FILE",
    ".feather": "write it as .parquet",
    ".arrow": "write it as .parquet",
    ".pkl": "write it as .parquet; a pickle can run code and is not opened",
    ".html": "export it as .csv",
}


def suffix_of(path: Path) -> str:
    """The suffix that says what a file is, in lower case; of a gzip archive the one before '.gz'."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return suffixes[-2] if len(suffixes) > 1 and suffixes[-1] == ".gz" else "".join(suffixes[-1:])


def open_rows(path: Path, max_rows: int = MAX_ROWS) -> Source:
    """Open a catalogue: a file of a suffix in `READERS`, the text formats and XML also packed as .gz, or a folder.

    A folder is read as the parts of one Parquet table. CatalogueError if it is missing, empty, of another suffix, not
    what its suffix says, has an unusable header, more columns than `MAX_COLUMNS`, or more rows than `max_rows` (which
    is noticed while reading, but for Parquet).
    """
    try:
        if path.is_dir():
            source = few_columns(path, _open_folder(path, max_rows))
            return replace(source, rows=limited(path, source.rows, max_rows))
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise CatalogueError(f"The catalogue {path} {what}; check the path.")
        reader = READERS.get(suffix_of(path))
        if reader is None:
            known = f"give a file ending in {', '.join(READERS)}"
            remedy = REMEDIES.get(suffix_of(path), known)
            raise CatalogueError(f"The catalogue {path} has the suffix {suffix_of(path)!r}; {remedy}.")
        source = few_columns(path, open_parquet(path, max_rows) if reader is open_parquet else reader(path))
        return replace(source, rows=limited(path, source.rows, max_rows))
    except OSError as error:
        raise CatalogueError(f"The catalogue {path} cannot be read ({error}); check the file.") from error


def _open_folder(path: Path, max_rows: int) -> Source:
    if parquet_rows.parts(path):
        return open_parquet(path, max_rows)
    files = sorted(p.name for p in path.iterdir() if suffix_of(p) in READERS)
    there = f"there are {', '.join(files[:5])}" if files else "there is none that can be read"
    raise CatalogueError(f"{path} is a folder without Parquet files; give one file: {there}.")

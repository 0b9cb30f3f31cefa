"""Read the rows of an Excel workbook (.xlsx): of its first sheet that has a table.

openpyxl reads it row by row. pandas would add nothing but itself, and infer types, so that ids became numbers.
"""

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

from ingestion.issues import shorten
from ingestion.reading.rows import Row, Source, mend, name_columns
from ingestion.reading.usual_names import recognised
from store.errors import CatalogueError

# what openpyxl cannot show, as a drop-down list, is not read here
warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
MAX_UNPACKED = 2 << 30
"""Bytes of a workbook when unpacked: above any catalogue's, and no bomb."""
MAX_COLUMNS = 2000
HEAD_ROWS = 30


def open_excel(path: Path) -> Source:
    """The first sheet with two columns, or with anything; CatalogueError if it is no workbook or has no table."""
    sheet, others = None, []
    with _workbook(path) as book:
        for table in book.worksheets:  # not the sheets that are a chart, which have no rows
            head = [_row(cells) for cells in table.iter_rows(max_row=HEAD_ROWS, max_col=MAX_COLUMNS, values_only=True)]
            filled = [sum(cell is not None for cell in row) for row in head]
            if sheet is None and any(filled):
                sheet, at = table.title, _header_at(head, filled)
                header = head[at]
            else:
                others.append(table.title)
    if sheet is None:
        raise CatalogueError(f"The workbook {path} has no filled sheet; give one with a header and rows.")
    while header and header[-1] is None:
        header.pop()
    columns, notes = name_columns([mend((cell or "").strip())[0] for cell in header])
    if at:
        notes.append(("lines before the header", f"{at} rows before the header were left out."))
    if others:
        notes.append(("other sheets", f"Of the workbook the sheet {shorten(sheet)} is read, not {', '.join(others)}."))
    return Source(columns, _rows(path, sheet, at + 1, columns), notes, f"Excel, the sheet {shorten(sheet)}")


def _header_at(head: list[list[str | None]], filled: list[int]) -> int:
    """The row of the header: the first with two cells, or the first below it that fills most columns and names two."""
    at = next((i for i, n in enumerate(filled) if n > 1), filled.index(max(filled)))
    if recognised(head[at]):
        return at
    later = (i for i in range(at + 1, len(head)) if filled[i] > max(filled) / 2 and recognised(head[i]) > 1)
    return next(later, at)


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    """The workbook, read row by row; CatalogueError for whatever openpyxl raises, now or while it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                raise CatalogueError(f"The workbook {path} unpacks to more than {MAX_UNPACKED:,} bytes; export a CSV.")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            yield book
        finally:
            book.close()
    except CatalogueError:
        raise
    except Exception as error:  # zipfile, xml and openpyxl raise anything on damaged bytes
        raise CatalogueError(
            f"The catalogue {path} is not a readable .xlsx workbook ({type(error).__name__}: {error}); save it again, "
            "or as CSV."
        ) from error


def _rows(path: Path, sheet: str, skipped: int, columns: list[str]) -> Iterator[Row]:
    number = 0
    with _workbook(path) as book:
        try:
            for cells in book[sheet].iter_rows(min_row=skipped + 1, max_col=len(columns), values_only=True):
                row = _row(cells)
                if not any(cell is not None for cell in row):
                    continue  # a blank line is not a row
                number += 1
                row += [None] * (len(columns) - len(row))
                yield Row(number, dict(zip(columns, row, strict=True)))
        except CatalogueError:
            raise
        except Exception as error:
            raise CatalogueError(f"The workbook {path} is damaged after row {number}: {error}") from error


def _row(cells: tuple[Any, ...]) -> list[str | None]:
    return [_text(cell) for cell in cells]


def _text(cell: Any) -> str | None:
    """A cell as text: whole numbers without '.0', since Excel has no other numbers; dates as ISO 8601."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return cell.isoformat(" ") if isinstance(cell, datetime) else str(cell)

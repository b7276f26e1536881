"""Tables as files that Excel opens as they are meant: text stays text, and nothing in them is run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from inspect_pipeline.report.columns import width

Cell = str | int | float | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# Excel turns these into numbers: it drops leading zeros and rounds after fifteen digits.
_DIGITS = re.compile(r"0\d+|\d{12,}")
_WIDEST = 60


def csv_bytes(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """Return a table as CSV in UTF-8 with a byte order mark, without which Excel garbles Chinese.

    A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV injection"); a long
    number that it would round gets a tab.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in [headings, *rows]:
        writer.writerow([_csv_cell(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _csv_cell(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
    if cell.lstrip(" ").startswith(_FORMULA):
        return f"'{cell}"
    return f"\t{cell}" if _DIGITS.fullmatch(cell) else cell


def xlsx_bytes(title: str, headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """Return a table as an Excel workbook with one sheet. Texts are text cells, whatever they begin with.

    The same table gives the same bytes.
    """
    import datetime as dt

    import xlsxwriter

    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(content, options) as book:
        book.set_properties({"title": title, "created": dt.datetime(2000, 1, 1)})
        sheet = book.add_worksheet(title[:31])
        sheet.write_row(0, 0, headings, book.add_format({"bold": True}))
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif cell is not None:
                    sheet.write_number(number, column, cell)
        for column, heading in enumerate(headings):
            widest = max([width(heading), *(width(str(row[column] or "")) for row in rows)])
            sheet.set_column(column, column, min(_WIDEST, widest + 2))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows), len(headings) - 1)
    return content.getvalue()

"""What Excel gets: text stays text, Chinese stays readable, nothing is run."""

from __future__ import annotations

import io
import re
import zipfile

from inspect_pipeline.report.sheets import csv_bytes, xlsx_bytes

ROWS = [
    ("=HYPERLINK(1)", "+86", "-3", "@x", " =1"),
    ("13812341111", "0107", "6222021234567890123", 4.5, 3.0),
    (None,) * 5,
]
HEADINGS = ("一", "二", "三", "四", "五")


def test_csv_opens_in_excel_as_it_is_meant() -> None:
    assert csv_bytes(HEADINGS, ROWS).decode("utf-8") == (
        "\ufeff一,二,三,四,五\r\n"
        "'=HYPERLINK(1),'+86,'-3,'@x,' =1\r\n"
        "13812341111,\t0107,\t6222021234567890123,4.5,3\r\n"
        ",,,,\r\n"
    )


def test_xlsx_keeps_texts_as_texts() -> None:
    content = xlsx_bytes("复核记录", HEADINGS, ROWS)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        strings = re.findall(r"<t[^>]*>([^<]*)</t>", book.read("xl/sharedStrings.xml").decode())
    assert "<f>" not in sheet
    assert strings == [
        *HEADINGS,
        "=HYPERLINK(1)",
        "+86",
        "-3",
        "@x",
        " =1",
        "13812341111",
        "0107",
        "6222021234567890123",
    ]
    assert re.findall(r'<c r="([A-E]\d)"(?: s="1")? t="s">', sheet) == [
        *(f"{column}1" for column in "ABCDE"), *(f"{column}2" for column in "ABCDE"), "A3", "B3", "C3",
    ]  # fmt: skip


def test_same_table_gives_the_same_bytes() -> None:
    assert xlsx_bytes("a", HEADINGS, ROWS) == xlsx_bytes("a", HEADINGS, ROWS)

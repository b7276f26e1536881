from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inspect_pipeline.report.columns import Column, fit, fitted, pad, table, width, wrap


def test_chinese_is_two_cells_wide() -> None:
    assert [width(text) for text in ("abc", "客服", "０：３１", "e\u0301", "")] == [3, 4, 8, 1, 0]
    assert pad("客服", 6) + "|" == "客服  |"
    assert pad("90", 4, right=True) == "  90"
    assert [fit("请问有什么", cells) for cells in (10, 9, 8, 1, 0)] == ["请问有什么", "请问有什…", "请问有…", "…", ""]


def test_lines_do_not_begin_with_closing_punctuation_nor_break_numbers() -> None:
    assert wrap("您好，请问", 5) == ["您", "好，", "请问"]
    assert wrap("拨打12315投诉", 8) == ["拨打", "12315投", "诉"]
    assert wrap("a very long line of words", 10) == ["a very", "long line", "of words"]
    assert wrap("", 10) == [""]


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=200), st.integers(2, 80))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, cells: int) -> None:
    lines = wrap(text, cells)
    assert max(width(line) for line in lines) <= cells
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_table_lines_up() -> None:
    columns = [Column("规则", most=10), Column("次数", right=True), Column("例")]
    rows = [("服务禁语", "3", "c-1"), ("投诉后共情不足", "12", ""), ("x", "0", "c-3\n")]
    assert table(columns, rows, indent=1) == [
        " 规则        次数  例",
        " 服务禁语       3  c-1",
        " 投诉后共…     12",
        " x              0  c-3",
    ]


COLUMNS = [Column("通话"), Column("得分", right=True), Column("客服", most=4), Column("状态"), Column("原因")]
ROWS = [
    ("20261120-093105-0107-13800138000", "90", "西区王小芳", "待复核", "致命违规、高风险、有违规"),
    ("c-2", "100", "", "", ""),
]


def test_a_table_that_fits_or_is_not_read_on_a_screen_is_whole() -> None:
    whole = [
        "通话                              得分  客服        状态    原因",
        "20261120-093105-0107-13800138000    90  西区王小芳  待复核  致命违规、高风险、有违规",
        "c-2                                100",
    ]
    assert fitted(COLUMNS, ROWS, None, below=2) == whole
    assert fitted(COLUMNS, ROWS, 85, below=2) == whole


def test_a_table_that_is_too_wide_goes_on_below() -> None:
    assert fitted(COLUMNS, ROWS, 52, below=2) == [
        "通话                              得分  客服",
        "20261120-093105-0107-13800138000    90  西区王小芳",
        "    待复核  致命违规、高风险、有违规",
        "c-2                                100",
    ]
    assert fitted(COLUMNS, ROWS, 40, below=2) == [
        "通话                    得分  客服",
        "20261120-093105-0107-…    90  西区王小芳",
        "    20261120-093105-0107-13800138000",
        "    待复核  致命违规、高风险、有违规",
        "c-2                      100",
    ]

"""Many texts at once have the normal forms that each has alone."""

import random
from bisect import bisect

import pytest

from inspect_pipeline.text.normalise import clauses, normalise
from inspect_pipeline.text.sheet import Sheet, normalise_all, text_of

CHARACTERS = "您好，中国移動電信軟體乾隆皇后幹什麼 ABCａｂ１２%％。……—「」\n\t\x02\x03𠀀發髮里裡"


def apart(sheet: Sheet) -> list[tuple[str, tuple[int, ...]]]:
    bounds = list(zip(sheet.starts.tolist(), sheet.starts[1:].tolist(), strict=False))
    return [(text_of(sheet.codes[start:end]), tuple(sheet.offsets[start:end].tolist())) for start, end in bounds]


@pytest.mark.parametrize("more", ["", "㎏½ﬁ"])
def test_a_sheet_holds_the_normal_form_of_each_text(more: str) -> None:
    draw = random.Random(5)
    for _ in range(60):
        texts = ["".join(draw.choices(CHARACTERS + more, k=draw.randint(0, 12))) for _ in range(draw.randint(0, 6))]
        alone = [normalise(text) for text in texts]
        assert apart(normalise_all(texts)) == [(normal.text, normal.offsets[:-1]) for normal in alone]


def test_a_word_does_not_reach_over_the_end_of_a_text() -> None:
    texts = ["乾", "隆皇帝", "乾隆", "皇后和太后的头发", "头", "髮"]
    assert [text for text, _ in apart(normalise_all(texts))] == [normalise(text).text for text in texts]


@pytest.mark.parametrize("more", ["", "½ﬁ"])
def test_clauses_begin_where_those_of_each_text_begin(more: str) -> None:
    draw = random.Random(7)
    for _ in range(300):
        texts = [
            "".join(draw.choices("您好中a1234,.:~，。！… \t\u3000\n「」、" + more, k=draw.randint(0, 12)))
            for _ in range(6)
        ]
        sheet = normalise_all(texts)
        begins = sheet.clause_begins()
        for number, text in enumerate(texts):
            first, last = sheet.starts[number : number + 2].tolist()
            where = [
                bisect([start for start, _ in clauses(text)], place) for place in sheet.offsets[first:last].tolist()
            ]
            mine = (begins[first:last].cumsum()).tolist()
            assert mine == where, text

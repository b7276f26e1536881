import pytest

from inspect_pipeline.text.numbers import canonical_digits, longest_digit_run, other_forms


@pytest.mark.parametrize("number", ["12315", "幺二三幺五", "一二三一五", "1二3幺五"])
def test_one_number_is_one_text(number: str) -> None:
    assert canonical_digits(number) == "一二三一五"


def test_zeros_and_twos() -> None:
    assert canonical_digits("10086一〇〇86两块2") == "一零零八六一零零八六二块二"


def test_longest_run() -> None:
    assert [longest_digit_run(text) for text in ("投诉到幺2三15", "一下", "你好", "")] == [5, 1, 0, 0]


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("二十四小时", "24小时"),
        ("十分钟", "10分钟"),
        ("一百零五块", "105块"),
        ("一千零一", "1001"),
        ("九千九百九十九", "9999"),
        ("三百一十", "310"),
        ("百分之百", "100%"),
        ("百分之八十", "80%"),
    ],
)
def test_numbers_in_words_and_in_digits(spoken: str, written: str) -> None:
    assert (other_forms(spoken), other_forms(written)) == ((written,), (spoken,))


def test_what_is_no_number_stays() -> None:
    assert [other_forms(text) for text in ("万一", "千万不要", "12315", "工号0123", "十分之", "百百", "你好")] == [
        (),
        (),
        (),
        (),
        ("10分之",),
        (),
        (),
    ]

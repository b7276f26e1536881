from inspect_pipeline.text.normalise import Normal, clauses, normalise, simplify


def test_the_normal_form_and_the_way_back() -> None:
    assert normalise("请問，您 要辦 ５Ｇ 嗎？") == Normal("请问您要办5g吗", (0, 1, 3, 5, 6, 8, 9, 11, 13))


def test_a_sign_that_becomes_two_characters_points_twice_at_itself() -> None:
    assert normalise("约㎡,100％") == Normal("约m2100%", (0, 1, 1, 3, 4, 5, 6, 7))


def test_nothing_but_punctuation_is_empty() -> None:
    assert (normalise("，。 ！"), normalise("")) == (Normal("", (4,)), Normal("", (0,)))


def test_traditional_words_keep_their_length() -> None:
    words = ["軟體", "網路", "什麼", "藉口", "乾淨", "乾隆", "計程車", "餘額還剩"]
    assert [simplify(word) for word in words] == ["软体", "网路", "什么", "借口", "干净", "乾隆", "计程车", "余额还剩"]


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in clauses(text)]


def test_clauses_end_at_punctuation_and_at_pauses() -> None:
    assert pieces("您好，请问 有什么可以帮您？  好的。") == ["您好", "请问", "有什么可以帮您", "好的"]


def test_numbers_times_lists_and_quotes_are_no_clause_ends() -> None:
    assert pieces("每分钟0.99元、10:30到，“不是”的, 1,000块. ok") == [
        "每分钟0.99元、10:30到",
        "“不是”的",
        "1,000块",
        "ok",
    ]


def test_spaces_between_words_that_are_not_chinese_are_kept() -> None:
    assert pieces("138 0013 8000 是 WIFI 吗") == ["138 0013 8000 是 WIFI 吗"]


def test_empty_clauses_are_none() -> None:
    assert (clauses("，。！"), clauses("")) == ([], [])

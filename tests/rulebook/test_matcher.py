"""What counts as a phrase, and how each hit says it was found."""

import pickle
from collections.abc import Sequence

import pytest

from inspect_pipeline.model import Match, Speaker, Utterance
from inspect_pipeline.rulebook.matcher import Matcher
from inspect_pipeline.rulebook.terms import Hit, Like, Look, Near, Phrase, Term
from inspect_pipeline.text.sound import REGIONAL_CONFUSIONS, STANDARD_CONFUSIONS, Ear


def said(*texts: str) -> list[Utterance]:
    return [Utterance(index, Speaker.AGENT, 0, index, index + 1, text, text, 1.0) for index, text in enumerate(texts)]


def found(phrase: str | Phrase, text: str) -> list[tuple[str, str, float]]:
    """Return quote, match and distance of each hit of one phrase in one text."""
    term = Phrase(phrase) if isinstance(phrase, str) else phrase
    hits = Matcher([term]).look(said(text)).hits[term]
    return [(text[hit.start : hit.end], hit.match.value, hit.distance) for hit in hits]


@pytest.mark.parametrize(
    ("phrase", "text", "quote"),
    [
        ("工号", "我的公号是一零八六", "公号"),
        ("稍等", "请您少等", "少等"),
        ("给您带来不便", "非常抱歉给您带来不变", "给您带来不变"),
        ("感谢您的来电", "感谢您的来店，再见", "感谢您的来店"),
        ("请问还有其他", "请闻还有其他可以帮您的吗", "请闻还有其他"),
        ("身份证", "您的身分证号", "身分证"),
        ("我帮您核实", "好的我帮你何时一下", "我帮你何时"),
        ("不归我管", "这个不归我关", "不归我关"),
    ],
)
def test_homophones_are_heard(phrase: str, text: str, quote: str) -> None:
    assert found(phrase, text) == [(quote, "sound", 0.0)]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("核实", "您何时有空"),  # another word
        ("不便", "密码一直不变"),
        ("工号", "公交好多"),  # not the syllables
        ("稍等", "多少等级"),  # across words
        ("投诉", "要投宿一晚"),
        ("主管", "珠关"),  # neither tones nor a character
        ("随便", "碎片"),
        ("随便你", "税编拟"),
        ("再见", "在建的小区"),
        ("媒体", "每题一分"),
        ("管", "关"),
    ],
)
def test_short_phrases_do_not_collide(phrase: str, text: str) -> None:
    assert found(phrase, text) == []


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("很高兴为您服务", "很高兴您服务", [("很高兴您服务", "near", 1.0)]),
        ("请问有什么可以帮您", "请问有什么我可以帮您", [("请问有什么我可以帮您", "near", 0.5)]),
        ("麻烦您提供身份证", "麻烦您提供一下身份证", [("麻烦您提供一下身份证", "near", 0.5)]),
        ("感谢您的耐心等待", "感谢耐心等带", [("感谢耐心等带", "near", 1.0)]),
        ("祝您生活愉快", "祝您生活玉块", [("祝您生活玉块", "sound", 0.0)]),
        ("非常抱歉", "非常报切", [("非常报切", "near", 0.5)]),
        ("非常抱歉", "非常报名", []),
        ("感谢您的来电", "感谢来电", [("感谢来电", "near", 1.0)]),
    ],
)
def test_long_phrases_survive_small_errors(phrase: str, text: str, expected: list[tuple[str, str, float]]) -> None:
    assert found(phrase, text) == expected


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("这个归我们管", "这个不归我们管"),
        ("不会有任何问题", "会有任何问题"),
        ("没有任何问题", "有任何问题"),
        ("我没有开通业务", "我们有开通业务"),
        ("补办手机卡", "不办手机卡"),
        ("别的业务不能办", "别的业务能办"),
        ("未开通漫游", "为开通漫游"),
    ],
)
def test_a_negation_is_never_eaten(phrase: str, text: str) -> None:
    assert found(phrase, text) == []


@pytest.mark.parametrize(
    ("phrase", "text"),
    [("我怎么会知道呢", "您怎么会知道呢"), ("你自己不知道吗", "我自己不知道吗"), ("我要投诉", "要投诉的话")],
)
def test_who_acts_stays(phrase: str, text: str) -> None:
    assert found(phrase, text) == []


def test_one_or_two_characters_are_exact_inside_a_clause() -> None:
    assert found("好的", "好，的确好的") == [("好的", "exact", 0.0)]


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("打12315投诉", "12315"),
        ("打幺二三幺五投诉", "幺二三幺五"),
        ("打一二三一五投诉", "一二三一五"),
        ("打12三幺5投诉", "12三幺5"),
    ],
)
def test_a_number_in_every_writing(text: str, quote: str) -> None:
    assert found("12315", text) == [(quote, "exact", 0.0)]
    assert found("一二三一五", text) == [(quote, "exact", 0.0)]


@pytest.mark.parametrize("text", ["一二三四五", "12345", "幺二三五", "10010"])
def test_a_number_is_that_number_or_not(text: str) -> None:
    assert found("幺二三幺五", text) == []


def test_amounts_in_words_and_in_digits() -> None:
    assert found("二十四小时内", "在24小时内回复") == [("24小时内", "exact", 0.0)]
    assert found("24小时内", "在二十四小时内回复") == [("二十四小时内", "exact", 0.0)]
    assert found("百分之百", "我保证 100 ％ 不会") == [("100 ％", "exact", 0.0)]


def test_characters_that_count_as_equal_cost_nothing() -> None:
    assert found("请您查看账单", "请你查看帐单") == [("请你查看帐单", "exact", 0.0)]


def test_quotes_are_slices_of_the_original() -> None:
    text = "喂，請問 還有、其塔　可以幫您的嗎？"
    assert found("请问还有其他可以帮您的吗", text) == [("請問 還有、其塔　可以幫您的嗎", "sound", 0.0)]
    assert found("办５Ｇ套餐", "要辦5g套餐") == [("辦5g套餐", "exact", 0.0)]


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("我要投诉", "我要，投宿", []),  # short: by sound only inside one clause
        ("我要投诉", "我要投宿", [("我要投宿", "sound", 0.0)]),
        ("我要投诉", "我要，投诉", [("我要，投诉", "exact", 0.0)]),
        ("请您稍等我帮您查", "请您少等，我帮您查", [("请您少等，我帮您查", "sound", 0.0)]),
    ],
)
def test_clause_ends(phrase: str, text: str, expected: list[tuple[str, str, float]]) -> None:
    assert found(phrase, text) == expected


def test_switches_of_a_phrase() -> None:
    text = "给您带来不变，很高兴您服务，北京东路"
    assert found(Phrase("给您带来不便", sound=False, near=False), text) == []
    assert found(Phrase("很高兴为您服务", near=False), text) == []
    assert found(Phrase("京东", word=True), text) == []
    assert found(Phrase("京东"), text) == [("京东", "exact", 0.0)]


def test_the_best_hits_of_a_phrase_do_not_overlap() -> None:
    text = "感谢您的来店，感谢您的来电，感谢来电"
    assert found("感谢您的来电", text) == [
        ("感谢您的来店", "sound", 0.0),
        ("感谢您的来电", "exact", 0.0),
        ("感谢来电", "near", 1.0),
    ]


def test_regional_sounds_are_chosen_with_the_ear() -> None:
    term = Phrase("服务热线")
    texts = said("胡务热线")
    regional = Matcher([term], Ear(STANDARD_CONFUSIONS | REGIONAL_CONFUSIONS))
    assert regional.look(texts).hits[term] == (Hit(0, 0, 4, Match.SOUND),)
    assert Matcher([term]).look(texts).hits[term] == (Hit(0, 0, 4, Match.NEAR, 0.5),)


def test_a_whole_look() -> None:
    phrases = [Phrase("工号"), Phrase("请问有什么可以帮您"), Phrase("祝您生活愉快")]
    look = Matcher(phrases).look(said("公号幺零八六，请问有什么可以帮", "请问油耗么可以邦您", "好的"))
    assert look == Look(
        {
            phrases[0]: (Hit(0, 0, 2, Match.SOUND),),
            phrases[1]: (Hit(0, 7, 15, Match.NEAR, 1.0), Hit(1, 0, 9, Match.NEAR, 1.0)),
            phrases[2]: (),
        },
        {},
        {},
    )


def almost(phrase: str, text: str) -> list[tuple[str, float]]:
    term = Phrase(phrase)
    look = Matcher([term]).look(said(text))
    assert look.hits[term] == ()
    return [(text[hit.start : hit.end], hit.distance) for hit in look.almost.get(term, ())]


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("请问有什么可以帮您", "您好请问有新品可以办您", [("请问有新品可以办您", 2.0)]),
        ("感谢您的耐心等待", "感谢路上的耐心等", [("感谢路上的耐心等", 2.0)]),
        ("祝您生活愉快", "祝您生活好了", [("祝您生活", 2.0)]),
        ("不会有任何问题", "会有任何问题", []),  # a negation is missing
        ("请问有什么可以帮您", "请问您是机主本人吗", []),
        ("请问还有其他需要", "请问您需要办理什么业务", []),
        ("感谢您的来电", "感谢您的理解", []),
        ("请稍等", "请梢候", []),  # too short to resemble anything
    ],
)
def test_what_resembles_a_phrase(phrase: str, text: str, expected: list[tuple[str, float]]) -> None:
    assert almost(phrase, text) == expected


def test_near_terms_need_all_their_phrases_close_together() -> None:
    term = Near((Phrase("保证"), Phrase("收益")), 4)
    look = Matcher([term]).look(
        said("我保证您的收益", "收益，我宝证", "保证每个月都有收益", "保证", "保证收益保证收益")
    )
    assert look == Look(
        {
            term: (
                Hit(0, 1, 7, Match.EXACT),
                Hit(1, 0, 6, Match.SOUND),
                Hit(4, 0, 4, Match.EXACT),
                Hit(4, 4, 8, Match.EXACT),
            )
        },
        {},
        {},
    )


def test_the_phrases_of_a_near_term_are_no_terms_of_their_own() -> None:
    term = Near((Phrase("保证"), Phrase("收益")), 4)
    assert Matcher([term, Phrase("收益")]).look(said("保证收益")).hits == {
        term: (Hit(0, 0, 4, Match.EXACT),),
        Phrase("收益"): (Hit(0, 2, 4, Match.EXACT),),
    }


class _Overlap:
    """Margins from shared characters: enough to see which clauses are asked about and what becomes of them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def scores(self, like: Like, clauses: Sequence[str]) -> Sequence[float]:
        self.asked.append(tuple(clauses))
        return [len(set(clause) & set(like.examples[0])) / 10 for clause in clauses]

    def threshold(self, like: Like) -> float:
        return 0.3 if like.threshold is None else like.threshold


def test_like_terms_are_asked_once_about_each_clause() -> None:
    terms: list[Term] = [Like(("我理解您的心情",), ("请稍等",)), Like(("保证没问题",), (), 0.5)]
    similarity = _Overlap()
    look = Matcher(terms, similarity=similarity).look(said("好的，非常理解您，好的", "非常理解您。我保证没问题", "嗯"))
    assert similarity.asked == [("非常理解您", "我保证没问题")] * 2
    assert look == Look(
        {
            terms[0]: (Hit(0, 3, 8, Match.LIKE, 0.3), Hit(1, 0, 5, Match.LIKE, 0.3)),
            terms[1]: (Hit(1, 6, 12, Match.LIKE, 0.5),),
        },
        {},
        {},
    )


def test_like_terms_without_a_model_are_unable() -> None:
    term = Like(("我理解您",), ())
    assert Matcher([term]).look(said("我理解您")) == Look({term: ()}, {}, {term: "model-missing"})


def test_a_matcher_can_be_sent_to_another_process_and_answers_alike() -> None:
    terms: list[Term] = [Phrase("工号"), Phrase("请问有什么可以帮您"), Near((Phrase("请问"), Phrase("帮")), 9)]
    texts = said("公号，请问有什么可以帮", "请问油耗么可以邦您")
    matcher = Matcher(terms)
    first = matcher.look(texts)
    assert (matcher.look(texts), pickle.loads(pickle.dumps(matcher)).look(texts)) == (first, first)
    assert Matcher(reversed(terms)).look(texts).hits == first.hits


def test_nothing_to_look_for_and_nothing_said() -> None:
    assert Matcher([]).look(said("您好")) == Look({}, {}, {})
    assert Matcher([Phrase("您好")]).look(said("", "，")) == Look({Phrase("您好"): ()}, {}, {})

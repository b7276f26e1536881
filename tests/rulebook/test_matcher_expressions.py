import random

import pytest
import regex

from inspect_pipeline.model import Match, Speaker, Utterance
from inspect_pipeline.rulebook.factors import BEGIN, END, is_plain, needs_of
from inspect_pipeline.rulebook.matcher import Matcher
from inspect_pipeline.rulebook.terms import Hit, Look, Phrase, Regex


def said(*texts: str) -> list[Utterance]:
    return [Utterance(index, Speaker.AGENT, 0, index, index + 1, text, text, 1.0) for index, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("pattern", "needs"),
    [
        ("不归我管", [[{"不归我管"}]]),
        ("(很|太)(慢|差)了?", [[{"很慢", "很差", "太慢", "太差", "很慢了", "很差了", "太慢了", "太差了"}]]),
        ("(到底|究竟).{0,4}管不管", [[{"管不管"}, {"到底", "究竟"}]]),
        ("到底.管|谁.{2}来", [[{"到底"}, {"管"}], [{"谁"}, {"来"}]]),
        ("[甲乙]方?帮+您", [[{"帮您"}, {"甲帮", "乙帮", "甲方帮", "乙方帮"}, {"帮"}]]),
        ("[1-3]{2}", [[{a + b for a in "123" for b in "123"}]]),
        ("(?<!不)保证(?!不)", [[{"保证"}]]),
        ("(?:一|二.)*天", [[{"天"}]]),
        ("^好的$", [[{f"{BEGIN}好的{END}"}]]),
        ("好.*(嘛|吗)$", [[{f"嘛{END}", f"吗{END}"}, {"好"}]]),
        ("工{0}号", [[{"号"}]]),
        ("(a|.)", [[]]),
        ("好|", [[]]),
        (r"\d{3}", [[]]),
        ("(?i)abc", [[]]),
        ("(abc){e<=1}", [[]]),
        ("[[:alpha:]]+", [[]]),
    ],
)
def test_what_an_expression_needs(pattern: str, needs: list[list[set[str]]]) -> None:
    assert [list(map(set, each)) for each in needs_of(pattern)] == needs


def random_pattern(draw: random.Random, depth: int = 2) -> str:
    parts = []
    for _ in range(draw.randint(1, 3)):
        kinds = ["甲", "乙丙", "丁", ".", "[甲乙]", "[^丙]", "甲?", "丙{1,2}", "(?!甲)", r"\w", "^", "$", "[乙丁]{2,}"]
        if depth:
            inner = "|".join(random_pattern(draw, depth - 1) for _ in range(draw.randint(1, 3)))
            kinds += [f"({inner})", f"(?:{inner})?", f"({inner})+"]
        parts.append(draw.choice(kinds))
    return "".join(parts)


def test_no_expression_is_passed_over_where_it_matches() -> None:
    draw = random.Random(3)
    terms = [*dict.fromkeys(Regex(random_pattern(draw), sound=False) for _ in range(300))]
    matcher = Matcher(terms)
    texts = ["".join(draw.choices("甲乙丙丁", k=draw.randint(0, 6))) for _ in range(40)]
    together = matcher.look(said(*texts))
    found = 0
    for number, text in enumerate(texts):
        plain = {
            term: tuple(
                Hit(0, match.start(), match.end(), Match.REGEX)
                for match in regex.finditer(term.pattern, text)
                if match.start() < match.end()
            )
            for term in terms
        }
        assert Matcher(terms).look(said(text)).hits == plain
        for term in terms:
            assert (
                tuple(hit._replace(utterance=0) for hit in together.hits[term] if hit.utterance == number)
                == plain[term]
            )
            found += len(plain[term])
    assert found > 1000


def test_only_expressions_that_cannot_take_long_run_without_a_time_limit() -> None:
    plain = ("(就|都|我也)*没", "还有(?!什么|啥).{0,3}说", "(差|慢)?[0-9]{1,4}元")
    slow = ("(我|我我)+不", "(会|会)*来", "(|我)*不", "(我?)*不", "((我|你)*他)*不", "(我|你)*" * 4 + "不")
    unlike = (r"\d+元", "(?<!不)会", "(?i)a", "会++来")
    assert [is_plain(pattern) for pattern in (*plain, *slow, *unlike)] == [True] * 3 + [False] * 10


def test_a_match_points_at_the_original_and_an_excuse_must_overlap_it() -> None:
    term = Regex("保证.{0,3}不会", unless="不能保证")
    look = Matcher([term]).look(said("我 保證，絕對不會！", "我不能保证绝不会", "不能保证，但是我保证不会"))
    assert look == Look(
        {term: (Hit(0, 2, 9, Match.REGEX), Hit(2, 8, 12, Match.REGEX))},
        {},
        {},
    )


def test_an_expression_that_takes_too_long_is_unable_and_has_no_hits() -> None:
    slow, quick = Regex("(我|我我)+.不$"), Regex("保证")
    matcher = Matcher([slow, quick])
    assert matcher.look(said("我不", "我" * 60 + "保证，保不不")) == Look(
        {slow: (), quick: (Hit(1, 60, 62, Match.REGEX),)}, {}, {slow: "regex-timeout"}
    )
    assert matcher.look(said("我保不")) == Look({slow: (Hit(0, 0, 3, Match.REGEX),), quick: ()}, {}, {})


def test_a_phrase_beside_expressions() -> None:
    phrase, expression = Phrase("工号"), Regex("工号.{4}")
    assert Matcher([phrase, expression]).look(said("工号一零八六")) == Look(
        {phrase: (Hit(0, 0, 2, Match.EXACT),), expression: (Hit(0, 0, 6, Match.REGEX),)}, {}, {}
    )

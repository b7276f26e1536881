import random

import pytest
import regex

from inspect_pipeline.model import Match, Speaker, Utterance
from inspect_pipeline.rulebook.expressions import Expressions
from inspect_pipeline.rulebook.literals import needs_of
from inspect_pipeline.rulebook.matcher import Matcher
from inspect_pipeline.rulebook.terms import Hit, Look, Phrase, Regex


def said(*texts: str) -> list[Utterance]:
    return [Utterance(index, Speaker.AGENT, 0, index, index + 1, text, text, 1.0) for index, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("pattern", "needs"),
    [
        ("不归我管", [{"不归我管"}]),
        ("(到底|究竟).{0,4}管不管", [{"管不管"}, {"到底", "究竟"}]),
        ("[甲乙]方?帮+您", [{"您"}, {"帮"}, {"甲", "乙"}]),
        ("(?<!不)保证(?!不)", [{"保证"}]),
        ("(?:一|二.)*天", [{"天"}]),
        ("(?P<what>密码|验证码)给我", [{"给我"}, {"密码", "验证码"}]),
        ("(早|晚)?上好|你好", [{"上好", "你好"}]),
        ("^好的$", [{"好的"}]),
        ("工{0}号", [{"号"}]),
        ("(a|.)", []),
        ("好|", []),
        (r"\d{3}", []),
        ("(?i)abc", []),
        ("(abc){e<=1}", []),
        ("[[:alpha:]]+", []),
    ],
)
def test_what_an_expression_needs(pattern: str, needs: list[set[str]]) -> None:
    assert sorted(map(sorted, needs_of(pattern))) == sorted(map(sorted, needs))


def test_the_most_telling_need_comes_first() -> None:
    assert needs_of("(我|你)来保证")[0] == {"来保证"}


def random_pattern(draw: random.Random, depth: int = 2) -> str:
    parts = []
    for _ in range(draw.randint(1, 3)):
        kinds = ["甲", "乙丙", "丁", ".", "[甲乙]", "[^丙]", "甲?", "丙{1,2}", "(?!甲)", r"\w"]
        if depth:
            inner = "|".join(random_pattern(draw, depth - 1) for _ in range(draw.randint(1, 3)))
            kinds += [f"({inner})", f"(?:{inner})?", f"({inner})+"]
        parts.append(draw.choice(kinds))
    return "".join(parts)


def test_no_expression_is_passed_over_where_it_matches() -> None:
    draw = random.Random(3)
    terms = [Regex(random_pattern(draw)) for _ in range(300)]
    expressions = Expressions(terms)
    found = 0
    for _ in range(40):
        text = "".join(draw.choices("甲乙丙丁", k=draw.randint(0, 6)))
        plain = [
            (term, match.span())
            for term in terms
            for match in regex.finditer(term.pattern, text)
            if match.start() < match.end()
        ]
        assert expressions.find(text) == (plain, [])
        found += len(plain)
    assert found > 1000


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

"""The seeded search finds what a plain comparison of every stretch of text finds."""

import random

import pytest

from inspect_pipeline.model import Match
from inspect_pipeline.rulebook.heard import Heard, HeardSheet, fold, hearing_table
from inspect_pipeline.rulebook.nearness import FILLER_PAIRS, FILLERS, ONE_CLAUSE_BELOW, Pattern, near_halves
from inspect_pipeline.rulebook.phrases import Found, PhraseIndex
from inspect_pipeline.rulebook.terms import Phrase
from inspect_pipeline.text.sound import NEGATIONS, Ear, syllable_distance

EAR = Ear()
PHRASES = [
    Phrase(text)
    for text in (
        "感谢来电",
        "请您稍等",
        "我帮您核实",
        "给您带来不便",
        "没有任何问题",
        "很高兴为您服务",
        "请问还有其他需要",
        "感谢您的耐心等待",
        "请问有什么可以帮您",
        "麻烦您提供一下身份证",
        "请问还有其他可以帮您的吗",
        "稍后会有短信邀请您对我的服务评价",
    )
]
FILLING = "的了啊您我一下那个不没有问请帮查办电话费好是店变少闻腾带么"


def distances(key: str, said: str) -> list[int]:
    """Plain edit distance in halves between a whole phrase and each beginning of a text, the empty one first."""
    heard, other = EAR.hear(key), EAR.hear(said)
    never = 10_000

    def extra(character: str) -> int:
        return never if character in NEGATIONS else 1 if character in FILLERS else 2

    table = [[never] * (len(said) + 1) for _ in range(len(key) + 1)]
    table[0][0] = 0
    for i in range(len(key) + 1):
        for j in range(len(said) + 1):
            choices = [table[i][j]]
            if i and j:
                swap = int(2 * syllable_distance(heard[i - 1], other[j - 1]))
                negated = key[i - 1] in NEGATIONS or said[j - 1] in NEGATIONS
                choices.append(table[i - 1][j - 1] + (never if swap and negated else swap))
            if i:
                choices.append(table[i - 1][j] + max(extra(key[i - 1]), 2 if i in (1, len(key)) else 0))
            if j:
                choices.append(table[i][j - 1] + extra(said[j - 1]))
            if j > 1 and said[j - 2 : j] in FILLER_PAIRS:
                choices.append(table[i][j - 2] + 1)
            table[i][j] = min(choices)
    return table[-1]


def plain_search(phrase: int, heard: Heard, sure: list[Found]) -> list[Found]:
    """Compare the phrase with every stretch of the text and keep the best that do not overlap."""
    key = fold(PHRASES[phrase].text)
    pattern = Pattern(key, EAR.hear(key))
    limit = near_halves(len(key))
    nearest: dict[int, tuple[int, int]] = {}
    for start in range(len(heard.key)):
        rest = heard.key[start : start + len(key) + 2 * limit]
        for length, halves in enumerate(distances(key, rest)):
            end = start + length
            nearest[end] = min(nearest.get(end, (halves, start)), (halves, start))
    places = list(sure)
    for end, (halves, start) in nearest.items():
        if halves > limit or not pattern.near_anchored(heard.key[start:end], heard.heard[start:end]):
            continue
        if len(key) < ONE_CLAUSE_BELOW and heard.straddles(start, end):
            continue
        places.append(Found(phrase, start, end, Match.NEAR, halves))
    chosen: list[Found] = []
    for place in sorted(places, key=Found.order):
        if all(place.end <= other.start or other.end <= place.start for other in chosen):
            chosen.append(place)
    return sorted((place for place in chosen if place.match is Match.NEAR), key=lambda place: place.start)


def spoil(text: str, draw: random.Random) -> str:
    """Replace, drop and add characters, and put commas in, as a recogniser does."""
    said = []
    for character in text:
        chance = draw.random()
        if chance < 0.12:
            said.append(draw.choice(FILLING))
        elif chance < 0.2:
            said.append(character + draw.choice(["的", "一下", "那个", "您", "不", "电", "，"]))
        elif chance > 0.28:
            said.append(character)
    return "".join(said)


@pytest.mark.parametrize("seed", range(4))
def test_pieces_lose_no_near_match(seed: int) -> None:
    draw = random.Random(seed)
    index = PhraseIndex(PHRASES, EAR)
    compared = 0
    for _ in range(50):
        chosen = draw.sample(PHRASES, 2)
        text = "".join(spoil(phrase.text, draw) + "".join(draw.choices(FILLING, k=3)) for phrase in chosen)
        heard = Heard.of(text, EAR)
        sheet = HeardSheet(["嗯", text], hearing_table(EAR))
        clues = index.clues(sheet, *index.scanner.scan(sheet.symbols))[1]
        for number in range(len(PHRASES)):
            hits, _ = index.find(number, heard, clues)
            sure = [hit for hit in hits if hit.match is not Match.NEAR]
            near = [hit for hit in hits if hit.match is Match.NEAR]
            assert (text, near) == (text, plain_search(number, heard, sure))
            compared += len(near)
    assert compared > 12

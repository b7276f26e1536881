"""What reviewers read: every word, in both languages, and never an empty text."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from inspect_pipeline.model import CallStatus, Match, Reason, Risk, Severity, Speaker, SpeakerSource, Verdict
from inspect_pipeline.rulebook.keys import KINDS
from inspect_pipeline.rulebook.rule import Quantity
from inspect_pipeline.wording import (
    LANGUAGES,
    REASON_CODES,
    clock,
    extent_text,
    kind_label,
    label,
    quantity_label,
    reason_text,
)

RULEBOOK = Path(__file__).parent.parent / "inspect_pipeline" / "rulebook"
WINDOW = (("from", "0:00"), ("to", "0:20"))

# code, values -> Chinese, English
REASONS = [
    ("said", WINDOW, "0:00–0:20 内已听到应说的内容", "What must be said was heard in 0:00–0:20"),
    ("said", (), "已听到应说的内容", "What must be said was heard"),
    ("not-said", WINDOW, "0:00–0:20 内未听到", "0:00–0:20: not heard"),
    ("not-said", (("window", "first 20s"),), "前 20 秒内未听到", "First 20 s: not heard"),
    ("not-said", (("window", "last 3 turns"),), "最后 3 轮内未听到", "Last 3 turns: not heard"),
    ("not-said", (("name", "再见"),), "未听到「再见」", "“再见” not heard"),
    ("forbidden-said", (("quote", "随便你"),), "说了不该说的话：「随便你」", "Said what must not be said: “随便你”"),
    ("forbidden-said", (), "说了不该说的话", "Said what must not be said"),
    ("nothing-forbidden", (), "未发现违规用语", "Nothing forbidden was said"),
    ("replied", (), "已按要求回应", "Replied as required"),
    (
        "reply-missing",
        (("name", "致歉"), *WINDOW, ("trigger", "我要投诉")),
        "对「我要投诉」，0:00–0:20 内未听到应有的回应「致歉」",
        "For “我要投诉”: the reply “致歉” was not heard in 0:00–0:20",
    ),
    (
        "reply-missing",
        (("name", ""), *WINDOW, ("trigger", "0:31-0:52")),
        "对 0:31–0:52 的等待，0:00–0:20 内未听到应有的回应",
        "For the wait 0:31–0:52: the reply was not heard in 0:00–0:20",
    ),
    ("steps-complete", (), "各步骤均已完成", "All steps were taken"),
    (
        "step-missing",
        (("name", "方案"), ("trigger", "投诉")),
        "对「投诉」，缺少步骤「方案」",
        "For “投诉”: the step “方案” is missing",
    ),
    ("no-trigger", (), "通话中没有出现需要回应的情形", "Nothing in the call asked for it"),
    ("noticed", (("quote", "12315"),), "听到需要留意的内容：「12315」", "Heard what must be noticed: “12315”"),
    ("nothing-noticed", (), "未听到需要留意的内容", "Nothing to notice was heard"),
    (
        "measured",
        (("what", "speech-rate"), ("value", "312/min"), ("limit", "400/min")),
        "语速 312 字/分钟符合标准（400 字/分钟）",
        "Speech rate 312/min: within the limit (400/min)",
    ),
    (
        "measured",
        (("what", "dead-air"), ("limit", "10 s")),
        "静音符合标准（10 秒）",
        "Dead air within the limit (10 s)",
    ),
    (
        "over-limit",
        (("what", "dead-air"), ("value", "12.3 s"), ("limit", "10 s")),
        "静音 12.3 秒，超过上限 10 秒",
        "Dead air 12.3 s: over the limit (10 s)",
    ),
    (
        "under-limit",
        (("what", "talk-share"), ("value", "12 %"), ("limit", "30 %")),
        "说话占比 12%，低于下限 30%",
        "Talk share 12 %: under the limit (30 %)",
    ),
    (
        "condition",
        (("column", "direction"), ("value", "outbound")),
        "不在本规则的适用范围内（direction：outbound）",
        "Outside what the rule applies to (direction: outbound)",
    ),
    (
        "condition",
        (("column", "queue"), ("value", "")),
        "不在本规则的适用范围内（queue：空）",
        "Outside what the rule applies to (queue: empty)",
    ),
    ("when-not-found", (), "通话中没有出现本规则适用的前提", "What the rule presupposes was not heard"),
    ("untimed", (), "文本对话没有时间，无法检查时长", "A text dialogue has no times to measure"),
    ("mono", (), "单声道录音，无法分别测量双方", "The recording is mono: the two sides cannot be measured apart"),
    (
        "speaker-unknown",
        (("confidence", "0.42"),),
        "无法确定是谁说的（说话人把握 42%）",
        "It is not known who spoke (confidence 42%)",
    ),
    (
        "unintelligible",
        (("share", "0.35"), ("confidence", "0.41"), *WINDOW),
        "0:00–0:20 有 35% 语音听不清，不能断定没有说",
        "35% of the speech in 0:00–0:20 is unintelligible, so nothing can be said about what is missing",
    ),
    (
        "almost",
        (("quote", "公号"), ("term", "工号"), ("at", "0:31")),
        "0:31 听到近似的内容「公号」，不能断定是否说了「工号」",
        "0:31 something similar was heard (“公号”), which may be “工号”",
    ),
    ("regex-timeout", (("term", "a+"),), "句式匹配超时：a+", "A pattern took too long: a+"),
    (
        "model-missing",
        (("term", "抱歉"),),
        "缺少语义模型，无法判断「抱歉」",
        "The sentence model is missing: “抱歉” cannot be judged",
    ),
    ("too-little-speech", (), "说话太少，无法判断", "Too little speech to judge"),
    (
        "no-chance",
        (("name", "共情"),),
        "此后对方未再说话，没有机会说「共情」",
        "Nothing more was said after it, so there was no chance for “共情”",
    ),
    ("no-speech", (("speaker", "agent"),), "没有听到客服说话", "No speech of the agent was heard"),
    ("no-speech", (("speaker", "unknown"),), "没有听到说话", "No speech was heard"),
    (
        "doubtful-hit",
        (("quote", "随便你"), ("term", "随便"), ("at", "1:02")),
        "1:02 疑似说了「随便你」，但识别把握不足",
        "1:02 “随便你” was perhaps said, but the recognition is doubtful",
    ),
]


@pytest.mark.parametrize(("code", "values", "chinese", "english"), REASONS)
def test_reasons_in_words(code: str, values: tuple[tuple[str, str], ...], chinese: str, english: str) -> None:
    reason = Reason(code, values)
    assert (reason_text(reason, "zh"), reason_text(reason, "en")) == (chinese, english)


def test_every_reason_is_shown_above() -> None:
    assert set(REASON_CODES) == {code for code, *_ in REASONS}


@pytest.mark.parametrize("code", REASON_CODES)
def test_every_reason_can_be_said_without_its_values(code: str) -> None:
    for lang in LANGUAGES:
        text = reason_text(Reason(code), lang)
        assert text.strip(" ，：:") == text
        assert not set(text) & set("[]{}")


def test_every_reason_that_the_rulebook_gives_has_words() -> None:
    given = {
        code
        for path in RULEBOOK.glob("*.py")
        for code in re.findall(r'Reason\(\s*"([a-z-]+)"', path.read_text(encoding="utf-8"))
    }
    assert given
    assert given - set(REASON_CODES) == set()


@pytest.mark.parametrize("kind", [Verdict, Severity, Risk, Speaker, SpeakerSource, Match, CallStatus])
def test_every_value_has_words(kind: type[StrEnum]) -> None:
    for lang in LANGUAGES:
        words = [label(value, lang) for value in kind]
        assert all(words)
        assert len(set(words)) == len(words)


def test_every_kind_and_quantity_has_words() -> None:
    for lang in LANGUAGES:
        assert all(kind_label(kind, lang) for kind in KINDS)
        assert all(quantity_label(quantity, lang) for quantity in Quantity)


def test_words_that_do_not_exist_are_an_error() -> None:
    with pytest.raises(ValueError, match="no words for the reason 'not-siad'"):
        reason_text(Reason("not-siad"), "zh")
    with pytest.raises(ValueError, match="no words in 'fr': one of zh, en"):
        label(Verdict.MET, "fr")
    with pytest.raises(ValueError, match="no words for the heading 'socre'"):
        label("socre", "zh")
    with pytest.raises(ValueError, match="no words for the quantity 'pitch'"):
        quantity_label("pitch", "zh")
    with pytest.raises(ValueError, match="no words for the kind 'must'"):
        kind_label("must", "zh")
    with pytest.raises(ValueError, match="'soon' is not an extent"):
        extent_text("soon", "zh")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (31.9, "0:31"), (725, "12:05"), (3725, "1:02:05"), (36000, "10:00:00")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_a_moment_before_the_call_is_an_error() -> None:
    with pytest.raises(ValueError, match="before the start"):
        clock(-1)


@pytest.mark.parametrize(
    ("extent", "chinese", "english"),
    [
        ("20s", "20 秒", "20 s"),
        ("first 3 turns", "前 3 轮", "first 3 turns"),
        ("last 1 turn", "最后 1 轮", "last 1 turn"),
        ("first 10 %", "前 10%的时间", "first 10 %"),
    ],
)
def test_extents(extent: str, chinese: str, english: str) -> None:
    assert (extent_text(extent, "zh"), extent_text(extent, "en")) == (chinese, english)

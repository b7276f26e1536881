"""What people read: labels and reasons in Chinese (for reviewers and managers) and in English.

Strict: a value, a reason or a language that has no words here is an error, never an empty text.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from enum import StrEnum

from inspect_pipeline.model import (
    CallStatus,
    Match,
    Reason,
    Risk,
    Seconds,
    Severity,
    Speaker,
    SpeakerSource,
    Verdict,
)

LANGUAGES = ("zh", "en")

_LABELS: Mapping[type[StrEnum], Mapping[str, tuple[str, str]]] = {
    Verdict: {
        "met": ("合格", "met"),
        "violated": ("违规", "violated"),
        "noticed": ("提醒", "noticed"),
        "uncertain": ("待定", "uncertain"),
        "not_applicable": ("不适用", "not applicable"),
    },
    Severity: {"critical": ("致命", "critical"), "major": ("重要", "major"), "minor": ("一般", "minor")},
    Risk: {
        "high": ("高风险", "high risk"),
        "medium": ("中风险", "medium risk"),
        "low": ("低风险", "low risk"),
        "none": ("无风险", "no risk"),
    },
    Speaker: {
        "agent": ("客服", "agent"),
        "customer": ("客户", "customer"),
        "unknown": ("说话人不明", "unknown speaker"),
    },
    SpeakerSource: {
        "channel": ("分声道", "by channel"),
        "text": ("按内容区分", "by what was said"),
        "voice": ("按声音区分", "by voice"),
        "unknown": ("未能区分", "not told apart"),
    },
    Match: {
        "exact": ("原文一致", "exact"),
        "sound": ("读音一致", "same sound"),
        "near": ("读音相近", "similar sound"),
        "regex": ("句式匹配", "pattern"),
        "like": ("语义相近", "similar meaning"),
        "measure": ("测量", "measured"),
    },
    CallStatus: {
        "inspected": ("已质检", "inspected"),
        "failed": ("失败", "failed"),
        "skipped": ("已跳过", "skipped"),
    },
}

_KINDS: Mapping[str, tuple[str, str]] = {
    "must_say": ("应说", "must say"),
    "must_not_say": ("禁说", "must not say"),
    "must_reply": ("应回应", "must reply"),
    "must_follow": ("应按步骤", "must follow"),
    "measure": ("测量", "measure"),
    "notice": ("提醒", "notice"),
}

_QUANTITIES: Mapping[str, tuple[str, str]] = {
    "dead-air": ("静音", "dead air"),
    "interruption": ("抢话", "interruption"),
    "speech-rate": ("语速", "speech rate"),
    "talk-share": ("说话占比", "talk share"),
    "pick-up-delay": ("开口延迟", "pick-up delay"),
    "hang-up-gap": ("挂机延迟", "hang-up gap"),
    "hold": ("等待音乐", "hold"),
    "wait": ("等待", "wait"),
    "duration": ("通话时长", "duration"),
    "volume": ("音量", "volume"),
    "agent-repeats": ("客服重复", "agent repeats"),
    "customer-repeats": ("客户重复", "customer repeats"),
}

# A part in square brackets is left out when one of its values is not given.
_REASONS: Mapping[str, tuple[str, str]] = {
    "said": ("[{window}内]已听到应说的内容", "what must be said was heard[ in {window}]"),
    "not-said": ("[{window}内]未听到[「{name}」]", "[“{name}” ][{window}: ]not heard"),
    "forbidden-said": ("说了不该说的话[：「{quote}」]", "said what must not be said[: “{quote}”]"),
    "nothing-forbidden": ("未发现违规用语", "nothing forbidden was said"),
    "replied": ("[对{trigger}]已按要求回应", "replied as required[ to {trigger}]"),
    "reply-missing": (
        "[对{trigger}，][{window}内]未听到应有的回应[「{name}」]",
        "[for {trigger}: ]the reply[ “{name}”] was not heard[ in {window}]",
    ),
    "steps-complete": ("各步骤均已完成", "all steps were taken"),
    "step-missing": (
        "[对{trigger}，][{window}内]缺少步骤[「{name}」]",
        "[for {trigger}: ]the step[ “{name}”] is missing[ in {window}]",
    ),
    "no-trigger": ("通话中没有出现需要回应的情形", "nothing in the call asked for it"),
    "noticed": ("听到需要留意的内容[：「{quote}」]", "heard what must be noticed[: “{quote}”]"),
    "nothing-noticed": ("未听到需要留意的内容", "nothing to notice was heard"),
    "measured": ("[{what}][ {value}]符合标准[（{limit}）]", "[{what} ][{value}: ]within the limit[ ({limit})]"),
    "over-limit": ("[{what}][ {value}]，超过上限[ {limit}]", "[{what} ][{value}: ]over the limit[ ({limit})]"),
    "under-limit": ("[{what}][ {value}]，低于下限[ {limit}]", "[{what} ][{value}: ]under the limit[ ({limit})]"),
    "condition": (
        "不在本规则的适用范围内[（{column}：{value}）]",
        "outside what the rule applies to[ ({column}: {value})]",
    ),
    "when-not-found": ("通话中没有出现本规则适用的前提", "what the rule presupposes was not heard"),
    "untimed": ("文本对话没有时间，无法检查时长", "a text dialogue has no times to measure"),
    "mono": ("单声道录音，无法分别测量双方", "the recording is mono: the two sides cannot be measured apart"),
    "speaker-unknown": (
        "无法确定是谁说的[（说话人把握 {confidence}）]",
        "it is not known who spoke[ (confidence {confidence})]",
    ),
    "unintelligible": (
        "[{window}]有[ {share} ]语音听不清，不能断定没有说",
        "[{share} of the ]speech[ in {window}] is unintelligible, so nothing can be said about what is missing",
    ),
    "almost": (
        "[{at} ]听到近似的内容[「{quote}」]，不能断定是否说了[「{term}」]",
        "[{at} ]something similar was heard[ (“{quote}”)], which may[ be “{term}”]",
    ),
    "regex-timeout": ("句式匹配超时[：{term}]", "a pattern took too long[: {term}]"),
    "model-missing": (
        "缺少语义模型，无法判断[「{term}」]",
        "the sentence model is missing[: “{term}” cannot be judged]",
    ),
    "too-little-speech": (
        "[{window}内]说话太少，无法判断[「{name}」]",
        "too little speech[ in {window}] to judge[ “{name}”]",
    ),
    "no-chance": (
        "此后对方未再说话，没有机会[说「{name}」]",
        "nothing more was said after it, so there was no chance[ for “{name}”]",
    ),
    "no-speech": ("没有听到[{speaker}]说话", "no speech[ of the {speaker}] was heard"),
    "doubtful-hit": (
        "[{at} ]疑似说了[「{quote}」]，但识别把握不足",
        "[{at} ][“{quote}” ]was perhaps said, but the recognition is doubtful",
    ),
}
REASON_CODES = tuple(_REASONS)

_WORDS: Mapping[str, tuple[str, str]] = {
    "score": ("得分", "score"),
    "removed": ("已剔除", "removed"),
    "hidden-rules": ("另有 {count} 条规则不适用（--all 可显示）", "{count} more rules do not apply (--all shows them)"),
}

_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_VALUE = re.compile(r"\{(\w+)\}")
_MEASURED = re.compile(r"(-?\d+(?:\.\d+)?) ?(s|/min|%|times|dB)")
_STRETCH = re.compile(r"([\d:]+)[-–]([\d:]+)")
_EXTENT = re.compile(r"(?:(first|last) )?(\d+(?:\.\d+)?)\s*(s|turns?|%)")


def label(value: StrEnum | str, lang: str) -> str:
    """Return the word for a verdict, severity, risk, speaker, speaker source, match or call status, or a heading.

    Raises ValueError for a value or a language without words.
    """
    if type(value) is str:
        return _named(_WORDS, "heading", value)[_column(lang)]
    for kind, words in _LABELS.items():
        if isinstance(value, kind):
            return words[value.value][_column(lang)]
    raise ValueError(f"no words for {type(value).__name__} '{value}'")


def kind_label(kind: str, lang: str) -> str:
    """Return the word for a kind of rule by its key in a pack (`must_say`)."""
    return _named(_KINDS, "kind", kind)[_column(lang)]


def quantity_label(quantity: str, lang: str) -> str:
    """Return the word for a measured quantity (`dead-air`)."""
    return _named(_QUANTITIES, "quantity", quantity)[_column(lang)]


def reason_text(reason: Reason, lang: str) -> str:
    """Return a reason as one sentence without a full stop. Raises ValueError for a code or a language without words."""
    template = _named(_REASONS, "reason", reason.code)[_column(lang)]
    values = {key: _value_text(key, value, lang) for key, value in reason.values}
    if "window" not in values and "from" in values and "to" in values:
        values["window"] = f"{values['from']}–{values['to']}" + (" " if lang == "zh" else "")

    text = ""
    for sure, optional, wanted in _parts(template):
        text += sure
        if optional and all(map(values.get, wanted)):
            text += optional.format(**values)
    return text[0].upper() + text[1:] if lang == "en" else text.lstrip("，")


@functools.cache
def _parts(template: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return a template as what always stands, what stands behind it only with its values, and these, in turns."""
    pieces = [*_OPTIONAL.split(template), ""]
    return tuple(
        (sure, optional, tuple(_VALUE.findall(optional)))
        for sure, optional in zip(pieces[::2], pieces[1::2], strict=True)
    )


def extent_text(extent: str, lang: str) -> str:
    """Return `20s`, `3 turns`, `10 %`, also after `first` or `last`, in words: 前 20 秒, first 20 s."""
    match = _EXTENT.fullmatch(extent)
    if match is None:
        raise ValueError(f"'{extent}' is not an extent")
    end, amount, unit = match[1], match[2], match[3].rstrip("s") or "s"
    if _column(lang):
        unit_word = {"s": "s", "turn": "turn" if amount == "1" else "turns", "%": "%"}[unit]
        return f"{end + ' ' if end else ''}{amount} {unit_word}"
    unit_word = {"s": "秒", "turn": "轮", "%": "%"}[unit]
    end_word = {"first": "前 ", "last": "最后 "}.get(end or "", "")
    return f"{end_word}{amount}{'' if unit == '%' else ' '}{unit_word}{'的时间' if unit == '%' else ''}"


def clock(seconds: Seconds) -> str:
    """Return a moment of a call as people read it: 0:31, 12:05, 1:02:05. Parts of a second are dropped."""
    whole = int(seconds)
    if whole < 0:
        raise ValueError(f"{seconds} is before the start of the call")
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def _value_text(key: str, value: str, lang: str) -> str:
    if key in ("share", "confidence"):
        return f"{float(value):.0%}"
    if key == "trigger" and value:
        return _trigger_text(value, lang)
    if key == "what":
        return quantity_label(value, lang)
    if key in ("value", "limit"):
        return _measured_text(value, lang)
    if key == "speaker":
        return "" if value == Speaker.UNKNOWN else label(Speaker(value), lang)
    return extent_text(value, lang) if key == "window" and value else value


def _measured_text(value: str, lang: str) -> str:
    """Return a measured value (`12.3 s`, `400/min`, `80 %`, `3 times`, `-40 dB`) in words; anything else as it is."""
    if not value:
        return ("空", "empty")[_column(lang)]
    measured = _MEASURED.fullmatch(value)
    if measured is None or _column(lang):
        return value
    return measured[1] + {"s": " 秒", "/min": " 字/分钟", "%": "%", "times": " 次", "dB": " dB"}[measured[2]]


def _trigger_text(value: str, lang: str) -> str:
    """Return what called for a reply: a quote, or the stretch of a wait (`0:12-0:24`)."""
    if stretch := _STRETCH.fullmatch(value):
        between = f"{stretch[1]}–{stretch[2]}"
        return f"the wait {between}" if _column(lang) else f" {between} 的等待"
    return f"“{value}”" if _column(lang) else f"「{value}」"


def _named(words: Mapping[str, tuple[str, str]], what: str, name: str) -> tuple[str, str]:
    if name not in words:
        raise ValueError(f"no words for the {what} '{name}'")
    return words[name]


def _column(lang: str) -> int:
    if lang not in LANGUAGES:
        raise ValueError(f"no words in '{lang}': one of {', '.join(LANGUAGES)}")
    return LANGUAGES.index(lang)

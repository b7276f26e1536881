"""What the reports themselves say, in Chinese and English. Verdicts, risks and reasons are said by `wording`."""

from __future__ import annotations

from inspect_pipeline.triage.sample import ListenReason

_WORDS: dict[str, tuple[str, str]] = {
    "night": ("{night} 质检日报", "Night {night}"),
    "calls": (
        "通话 {calls} = 已质检 {inspected} + 失败 {failed} + 跳过 {skipped}",
        "{calls} calls = {inspected} inspected + {failed} failed + {skipped} skipped",
    ),
    "audio": ("录音 {hours} 小时", "{hours} hours of audio"),
    "made-by": ("识别模型 {models}  规则包 {packs}", "model {models}  packs {packs}"),
    "failed": ("失败的通话（{count}）", "Failed calls ({count})"),
    "skipped": ("跳过的通话（{count}）", "Skipped calls ({count})"),
    "more": ("另有 {count} 通，加 --all 全部列出", "and {count} more: --all lists them"),
    "scores": ("得分：平均 {mean}，中位数 {median}", "Scores: mean {mean}, median {median}"),
    "unscored": ("无得分", "none"),
    "no-scores": ("没有可评分的通话", "No call has a score"),
    "violations": (
        "违规（占比 = 违规 / 能判定的通话，区间为 95% 置信区间）",
        "Violations (share of the calls that could be judged, with its 95 % interval)",
    ),
    "no-violations": ("没有违规", "No violations"),
    "notices": (
        "客户信号（占比 = 出现 / 听清的通话）",
        "Customer signals (share of the calls that were listened to for them)",
    ),
    "rule": ("规则", "rule"),
    "signal": ("信号", "signal"),
    "violated": ("违规", "violated"),
    "judged": ("已判", "judged"),
    "listened": ("通话", "calls"),
    "count": ("出现", "noticed"),
    "share": ("占比", "share"),
    "interval": ("区间 %", "interval %"),
    "uncertain": ("待定", "uncertain"),
    "quote": ("“{quote}”", "“{quote}”"),
    "never-fired": ("从未命中的规则：{names}", "Rules that never fired: {names}"),
    "never-applied": ("从未适用的规则：{names}", "Rules that applied to no call: {names}"),
    "comma": ("、", ", "),
    "flags": ("需要人工复核的通话 {flagged}", "{flagged} calls to hear"),
    "of-inspected": ("（占已质检的 {share}）", " ({share} of the inspected)"),
    "slowest": ("处理最慢的通话", "Slowest calls"),
    "call": ("通话", "call"),
    "took": ("用时", "took"),
    "length": ("时长", "length"),
}

# Why triage proposes a call.
_FLAG_REASONS: dict[str, tuple[str, str]] = {
    ListenReason.CRITICAL: ("致命违规", "critical violation"),
    ListenReason.HIGH_RISK: ("高风险", "high risk"),
    ListenReason.MEDIUM_RISK: ("中风险", "medium risk"),
    ListenReason.LOW_SCORE: ("低分", "low score"),
    ListenReason.VIOLATION: ("有违规", "violation"),
    ListenReason.NEW_RULE: ("新规则", "new rule"),
    ListenReason.NEW_FINGERPRINT: ("规则有改动", "changed rule"),
    ListenReason.NEAR_THRESHOLD: ("临界得分", "near a threshold"),
    ListenReason.UNCERTAIN: ("有待定项", "uncertain"),
    ListenReason.AGENT: ("按客服随机", "random, by agent"),
    ListenReason.TEAM: ("按班组随机", "random, by team"),
    ListenReason.QUEUE: ("按队列随机", "random, by queue"),
    ListenReason.CLEAN: ("随机抽查", "random"),
    ListenReason.CALIBRATION: ("双人复核", "heard twice"),
}


def say(what: str, lang: str, /, **values: object) -> str:
    """Return a word or sentence of a report in `lang` ("zh" or "en"), with its values filled in."""
    chinese, english = _WORDS[what]
    return (english if lang == "en" else chinese).format(**values)


def flag_word(reason: str, lang: str) -> str:
    """Return why a call is to be heard, in words; a reason that has none is shown as it is."""
    known = _FLAG_REASONS.get(reason)
    return reason if known is None else known[1 if lang == "en" else 0]

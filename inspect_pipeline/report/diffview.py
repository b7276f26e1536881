"""The difference between two packs as people read it, in Chinese or English, and as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inspect_pipeline.model import Evidence, Finding, Verdict
from inspect_pipeline.report.difference import Difference, Flip, Shift
from inspect_pipeline.wording import clock, label, reason_text

SAY: Mapping[str, tuple[str, str]] = {
    "head": ("{nights} 晚，{calls:,} 通", "{nights} nights, {calls:,} calls"),
    "rules": (
        "规则：改动 {changed} 条，新增 {added} 条，删除 {removed} 条，未变 {same} 条",
        "rules: {changed} changed, {added} added, {removed} removed, {same} the same",
    ),
    "nothing": ("这些通话的结论没有变化", "no call is answered otherwise"),
    "flips": ("{count:,} 通结论改变", "{count:,} calls answered otherwise"),
    "none": ("结论没有变化", "answers as before"),
    "added": ("新增", "added"),
    "removed": ("删除", "removed"),
    "more": ("另有 {count:,} 通（--all 全部列出）", "{count:,} more (--all lists them)"),
    "reviewed": (
        "复核：{count:,} 处改变中 {labelled:,} 处有人工结论：{better:,} 处改对，{worse:,} 处改错",
        "reviews: of {count:,} flips {labelled:,} were labelled: {better:,} now right, {worse:,} now wrong",
    ),
    "better": ("人工：改对", "reviewers: now right"),
    "worse": ("人工：改错", "reviewers: now wrong"),
    "scores": ("平均分", "mean score"),
    "team": ("班组", "team"),
    "calls": ("通数", "calls"),
    "old": ("原", "old"),
    "new": ("新", "new"),
    "shift": ("变化", "shift"),
    "all": ("全部", "all"),
    "no-team": ("（无班组）", "(no team)"),
    "silence": ("（没有原话）", "(no quote)"),
}


def say(name: str, lang: str, **values: object) -> str:
    """Return one of the phrases above."""
    return SAY[name][0 if lang == "zh" else 1].format(**values)


def reviewed_line(flips: Sequence[Flip], lang: str) -> str:
    """Return what reviewers said of the flips."""
    judged = [flip.better for flip in flips if flip.better is not None]
    return say("reviewed", lang, count=len(flips), labelled=len(judged), better=sum(judged), worse=judged.count(False))


def flip_lines(flip: Flip, lang: str) -> list[str]:
    """Return one flip: call, second, quote, verdicts, what reviewers said; then why it is what it is now."""
    seen = quoted(flip)
    place = clock(seen.start_s) if seen else "-"
    words = f"{label(seen.speaker, lang)}「{seen.quote}」" if seen and seen.quote else say("silence", lang)
    parts = [flip.night, flip.call_id, place, words, turn(flip.old.verdict, flip.new.verdict, lang)]
    if flip.better is not None:
        parts.append(say("better" if flip.better else "worse", lang))
    return ["  ".join(parts), reason_text(flip.new.reason, lang)]


def quoted(flip: Flip) -> Evidence | None:
    """Return the evidence that shows a flip best: what was found now, else what was found before."""
    return next((one for finding in (flip.new, flip.old) for one in finding.evidence), None)


def turn(old: Verdict, new: Verdict, lang: str) -> str:
    """Return a change of verdict in words."""
    return f"{label(old, lang)} → {label(new, lang)}"


def team_rows(teams: Mapping[str, Shift], lang: str) -> list[list[str]]:
    """Return the mean scores by team and of all, with how many calls they are of."""
    total = Shift()
    for shift in teams.values():
        total.calls += shift.calls
        total.old_sum += shift.old_sum
        total.new_sum += shift.new_sum
    named = [(name or say("no-team", lang), shift) for name, shift in sorted(teams.items())]
    return [_row(name, shift) for name, shift in [*named, (say("all", lang), total)] if shift.calls]


def _row(name: str, shift: Shift) -> list[str]:
    old, new = shift.old_sum / shift.calls, shift.new_sum / shift.calls
    return [name, f"{shift.calls:,}", f"{old:.1f}", f"{new:.1f}", f"{new - old:+.1f}"]


def data_of(difference: Difference) -> dict[str, Any]:
    """Return everything as plain data."""
    return {
        "nights": list(difference.nights),
        "calls": difference.calls,
        "judged": difference.judged,
        "rules": {name: list(getattr(difference.rules, name)) for name in ("changed", "added", "removed", "same")},
        "counts": {
            rule_id: [{"old": old.value, "new": new.value, "calls": calls} for (old, new), calls in counts.items()]
            for rule_id, counts in difference.counts.items()
        },
        "answered": {
            rule_id: {verdict.value: calls for verdict, calls in answered.items()}
            for rule_id, answered in difference.answered.items()
        },
        "teams": [
            {"team": team or None, "calls": shift.calls, "old": shift.old_sum / shift.calls,
             "new": shift.new_sum / shift.calls}
            for team, shift in sorted(difference.teams.items())
        ],
        "flips": [_flip_data(flip) for flip in difference.flips],
    }  # fmt: skip


def _flip_data(flip: Flip) -> dict[str, Any]:
    return {
        "night": flip.night,
        "call_id": flip.call_id,
        "team": flip.team,
        "rule_id": flip.rule_id,
        "old": _finding_data(flip.old),
        "new": _finding_data(flip.new),
        "label": flip.label.value if flip.label else None,
        "better": flip.better,
    }


def _finding_data(finding: Finding) -> dict[str, Any]:
    return {
        "verdict": finding.verdict.value,
        "reason": finding.reason.code,
        "evidence": [
            {"start_s": one.start_s, "speaker": one.speaker.value, "quote": one.quote, "term": one.term,
             "match": one.match.value}
            for one in finding.evidence
        ],
    }  # fmt: skip

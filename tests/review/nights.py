"""A small night, written with the store as a real one is: three flagged calls, one failed, one skipped."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from inspect_pipeline.model import (
    Audio,
    CallResult,
    CallStatus,
    Evidence,
    Finding,
    Flag,
    Judgement,
    Match,
    Reason,
    Recording,
    Risk,
    Severity,
    Speaker,
    Transcript,
    Utterance,
    Verdict,
)
from inspect_pipeline.privacy import CustomerKey
from inspect_pipeline.store.rows import Origin, flag_row, result_rows
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import part_path, write_part

NIGHT = "2026-11-20"
CHINA = timezone(timedelta(hours=8))
ORIGIN = Origin("base", (("telecom-cn", "aa11"),))
RECORDING = Path(__file__).parent.parent.parent / "fixtures" / "calls" / "demo-02-billing-rude.wav"

PACK = """pack: telecom-cn
title: 电信热线服务规范
scorecard: {base: 100, floor: 0}
rules:
""" + "".join(
    f"""  - id: {rule_id}
    title: {title}
    why: 试用
    must_say: [{title}]
    severity: minor
    points: 1
    examples:
      - {{expect: met, call: "客服: {title}"}}
      - {{expect: violated, call: "客服: 嗯"}}
"""
    for rule_id, title in (
        ("greeting.opening", "开场白"),
        ("empathy.after-complaint", "投诉后共情"),
        ("closing.farewell", "礼貌道别"),
        ("forbidden.rude", "服务禁语"),
        ("risk.escalation", "越级投诉苗头"),
    )
)

AGENT, CUSTOMER = Speaker.AGENT, Speaker.CUSTOMER
RUDE_TALK = (
    (AGENT, 0.5, "您好，很高兴为您服务。"),
    (CUSTOMER, 4.0, "我这个月话费怎么多扣了三十块？我根本没有办过什么视频会员，你们这不是坑人吗！"),
    (AGENT, 12.0, "系统显示您上个月确实订购了。"),
    (CUSTOMER, 16.5, "我没订过，你们再不处理我就打12315投诉。"),
    (AGENT, 22.25, "爱投诉就投诉，你自己点的你自己不知道吗？"),
    (CUSTOMER, 27.0, "你这是什么态度！叫你们主管来。"),
    (AGENT, 31.0, "主管现在不在，您等着吧。"),
    (CUSTOMER, 34.5, "行，我记住你了。"),
)
LONG_TALK = tuple(
    (
        AGENT if number % 2 else CUSTOMER,
        5.0 * number,
        f"第{number}句，宽带昨天晚上开始就一直断断续续的，重启了好几次也没有用。",
    )
    for number in range(40)
)
CLEAN_TALK = (
    (AGENT, 0.0, "您好，请问有什么可以帮您？"),
    (CUSTOMER, 3.0, "查一下流量还剩多少。"),
    (AGENT, 6.0, "还剩三点五个G，感谢来电，再见。"),
)


def finding(
    call_id: str, rule_id: str, verdict: Verdict, reason: Reason, *evidence: Evidence, points: float = 0.0
) -> Finding:
    severity = {"forbidden.rude": Severity.CRITICAL, "greeting.opening": Severity.MAJOR}.get(rule_id, Severity.MINOR)
    risk = Risk.HIGH if severity is Severity.CRITICAL else Risk.LOW
    return Finding(call_id, rule_id, f"fp-{rule_id}", verdict, severity, points, risk, reason, evidence)


def quote(utterance: int, speaker: Speaker, start_s: float, text: str, match: Match = Match.EXACT) -> Evidence:
    return Evidence(utterance, speaker, start_s, start_s + 2.0, text, text, match)


def rude_findings(call_id: str) -> tuple[Finding, ...]:
    rude = (quote(4, AGENT, 22.25, "爱投诉就投诉"), quote(4, AGENT, 24.0, "你自己不知道吗"))
    complaint = quote(1, CUSTOMER, 9.0, "坑人")
    return (
        finding(call_id, "greeting.opening", Verdict.MET, Reason("said"), quote(0, AGENT, 0.5, "很高兴为您服务")),
        finding(
            call_id,
            "empathy.after-complaint",
            Verdict.VIOLATED,
            Reason("reply-missing", (("name", "致歉"), ("from", "0:11"), ("to", "0:31"), ("trigger", "坑人"))),
            complaint,
            points=10,
        ),
        finding(
            call_id,
            "closing.farewell",
            Verdict.UNCERTAIN,
            Reason("unintelligible", (("share", "0.62"), ("confidence", "0.41"), ("from", "0:27"), ("to", "0:36"))),
        ),
        finding(
            call_id,
            "forbidden.rude",
            Verdict.VIOLATED,
            Reason("forbidden-said", (("quote", "爱投诉就投诉"),)),
            *rude,
            points=100,
        ),
        finding(
            call_id,
            "risk.escalation",
            Verdict.NOTICED,
            Reason("noticed", (("quote", "12315投诉"),)),
            quote(3, CUSTOMER, 19.0, "12315投诉"),
        ),
    )


def long_findings(call_id: str) -> tuple[Finding, ...]:
    return (
        finding(
            call_id,
            "greeting.opening",
            Verdict.VIOLATED,
            Reason("not-said", (("from", "0:00"), ("to", "3:19"))),
            points=10,
        ),
        finding(call_id, "empathy.after-complaint", Verdict.NOT_APPLICABLE, Reason("no-trigger")),
        finding(call_id, "closing.farewell", Verdict.MET, Reason("said")),
        finding(call_id, "forbidden.rude", Verdict.MET, Reason("nothing-forbidden")),
        finding(call_id, "risk.escalation", Verdict.NOT_APPLICABLE, Reason("nothing-noticed")),
    )


def clean_findings(call_id: str) -> tuple[Finding, ...]:
    return (
        finding(call_id, "greeting.opening", Verdict.MET, Reason("said"), quote(0, AGENT, 0.0, "有什么可以帮您")),
        finding(call_id, "empathy.after-complaint", Verdict.NOT_APPLICABLE, Reason("no-trigger")),
        finding(call_id, "closing.farewell", Verdict.MET, Reason("said"), quote(2, AGENT, 8.0, "再见")),
        finding(call_id, "forbidden.rude", Verdict.MET, Reason("nothing-forbidden")),
        finding(call_id, "risk.escalation", Verdict.NOT_APPLICABLE, Reason("nothing-noticed")),
    )


def transcript(call_id: str, talk: tuple[tuple[Speaker, float, str], ...], duration_s: float) -> Transcript:
    ends = [start for _, start, _ in talk[1:]] + [duration_s]
    utterances = tuple(
        Utterance(number, who, 0 if who is AGENT else 1, start, min(end, start + len(text) / 4), text, text, 0.9)
        for number, ((who, start, text), end) in enumerate(zip(talk, ends, strict=True))
    )
    return Transcript(call_id, duration_s, utterances, confidence=0.9)


def inspected(
    call_id: str, talk: tuple[tuple[Speaker, float, str], ...], duration_s: float, judgement: Judgement, minute: int = 0
) -> CallResult:
    began = datetime(2026, 11, 20, 9, minute, tzinfo=CHINA)
    recording = Recording(
        call_id, str(RECORDING), began, duration_s, agent_id="0107", team="一组", queue="投诉", direction="inbound"
    )
    audio = Audio("ab" * 32, duration_s, 2, 8000, "pcm_s16le")
    words = transcript(call_id, talk, duration_s)
    return CallResult(recording, CallStatus.INSPECTED, None, audio, words, judgement)


def results() -> list[CallResult]:
    return [
        inspected("c-0001", RUDE_TALK, 37.0, Judgement(rude_findings("c-0001"), 0.0, Risk.HIGH), 31),
        inspected("c-0002", LONG_TALK, 200.0, Judgement(long_findings("c-0002"), 90.0, Risk.MEDIUM), 40),
        inspected("c-0003", CLEAN_TALK, 10.0, Judgement(clean_findings("c-0003"), 100.0, Risk.NONE), 50),
        CallResult(Recording("c-0004", "/audio/c-0004.wav"), CallStatus.FAILED, "holds no audio samples"),
        CallResult(Recording("c-0005", "/audio/c-0005.wav"), CallStatus.SKIPPED, "0.4 s is shorter than 1 s"),
    ]


def flags() -> list[Flag]:
    """One that is overdue whenever this runs, and two that never are."""
    return [
        Flag("c-0001", ("critical", "high-risk", "violation"), 1.0, 0.7, Risk.HIGH, due(2020, 21)),
        Flag("c-0002", ("medium-risk", "violation"), 0.3, 0.1, Risk.MEDIUM, due(2099, 21)),
        Flag("c-0003", ("clean",), 0.02, 0.01, Risk.NONE, due(2099, 22)),
    ]


def due(year: int, day: int) -> datetime:
    return datetime(year, 11, day, 10, tzinfo=CHINA)


def write_night(out: Path, calls: list[CallResult], flagged: list[Flag], night: str = NIGHT) -> None:
    rows: dict[TableName, list[object]] = {}
    for call in calls:
        for table, part in result_rows(call, ORIGIN, CustomerKey(bytes(32))).items():
            rows.setdefault(table, []).extend(part)
    for table, part in rows.items():
        write_part(part_path(out, table, night), table, part, {"shard_digest": "d1"})  # type: ignore[arg-type]
    write_part(part_path(out, TableName.FLAGS, night), TableName.FLAGS, [flag_row(flag) for flag in flagged], {})


def small_night(out: Path) -> Path:
    """Write the night below `out` and return the pack that gives its rules' titles."""
    write_night(out, results(), flags())
    pack = out / "titles.yml"
    pack.write_text(PACK, encoding="utf-8")
    return pack


def many_calls(count: int, rules: int = 5) -> tuple[list[CallResult], list[Flag]]:
    """Return a night of flagged calls: every tenth is rude, the others have one violation; four agents, two teams.

    `rules` beyond five add quiet rules, so that a call has as many findings as with a real pack.
    """
    calls, flagged = [], []
    for number in range(count):
        call_id = f"c-{number:05}"
        rude = number % 10 == 0
        findings = rude_findings(call_id) if rude else long_findings(call_id)
        quiet = [
            finding(call_id, f"family.rule-{n:02}", Verdict.MET, Reason("nothing-forbidden")) for n in range(rules - 5)
        ]
        risk = Risk.HIGH if rude else Risk.MEDIUM
        call = inspected(
            call_id,
            RUDE_TALK if rude else LONG_TALK,
            37.0 if rude else 200.0,
            Judgement((*findings, *quiet), 0.0 if rude else 90.0, risk),
            number % 60,
        )
        agent, team = f"01{number % 4:02}", ("一组", "二组")[number % 2]
        calls.append(replace(call, recording=replace(call.recording, agent_id=agent, team=team)))
        flagged.append(Flag(call_id, ("violation",), 1.0, 0.5, risk, due(2099, 21)))
    return calls, flagged


def write_shards(out: Path, calls: list[CallResult], flagged: list[Flag], shard_size: int = 200) -> None:
    for shard, first in enumerate(range(0, len(calls), shard_size)):
        rows: dict[TableName, list[object]] = {}
        for call in calls[first : first + shard_size]:
            for table, part in result_rows(call, ORIGIN, CustomerKey(bytes(32))).items():
                rows.setdefault(table, []).extend(part)
        for table, part in rows.items():
            facts = {"shard_digest": f"d{shard}"}
            write_part(part_path(out, table, NIGHT, shard), table, part, facts)  # type: ignore[arg-type]
    write_part(part_path(out, TableName.FLAGS, NIGHT), TableName.FLAGS, [flag_row(flag) for flag in flagged], {})


if __name__ == "__main__":
    import sys

    print(small_night(Path(sys.argv[1])))

"""What the findings of a call add up to."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspect_pipeline.model import Finding, Judgement, Reason, Recording, Risk, Severity, Verdict
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.load import load_packs
from inspect_pipeline.rulebook.rule import Scorecard
from inspect_pipeline.text.dialogue import parse_dialogue
from inspect_pipeline.triage.score import judge_call, score_call

V, M, U, NA, N = Verdict.VIOLATED, Verdict.MET, Verdict.UNCERTAIN, Verdict.NOT_APPLICABLE, Verdict.NOTICED


def finding(
    verdict: Verdict,
    points: float = 0.0,
    risk: Risk = Risk.NONE,
    severity: Severity = Severity.MAJOR,
    rule: str = "a.b",
) -> Finding:
    return Finding("call", rule, "", verdict, severity, points, risk, Reason("said"))


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([], (None, Risk.NONE)),
        ([finding(U), finding(NA)], (None, Risk.NONE)),
        ([finding(U), finding(N, risk=Risk.HIGH)], (None, Risk.HIGH)),
        ([finding(M), finding(U)], (100.0, Risk.NONE)),
        ([finding(V, 10, Risk.MEDIUM), finding(V, 5, Risk.LOW), finding(M)], (85.0, Risk.MEDIUM)),
        ([finding(V, 90), finding(V, 50)], (20.0, Risk.NONE)),
        ([finding(V, 0, Risk.HIGH, Severity.CRITICAL), finding(M)], (20.0, Risk.HIGH)),
        ([finding(U, 0, Risk.NONE, Severity.CRITICAL), finding(M)], (100.0, Risk.NONE)),
    ],
)
def test_scores(findings: list[Finding], expected: tuple[float | None, Risk]) -> None:
    assert score_call(findings, Scorecard(base=100, floor=20)) == expected


def test_rules_that_take_no_points_make_no_score() -> None:
    assert score_call([finding(M, rule="a.b")], Scorecard(), {"c.d"}) == (None, Risk.NONE)
    assert score_call([finding(M, rule="a.b")], Scorecard(), {"a.b"}) == (100.0, Risk.NONE)


PACK = """
pack: test
title: 测试
scorecard: {base: 100, floor: 0}
rules:
  - id: greeting.opening
    title: 开场白
    why: 测试。
    must_say: [很高兴为您服务]
    only_if: {direction: inbound}
    severity: major
    points: 10
    examples:
      - {expect: met, call: "客服: 很高兴为您服务", metadata: {direction: inbound}}
      - {expect: violated, call: "客服: 喂", metadata: {direction: inbound}}
"""


def test_a_call_is_judged_with_what_is_known_of_its_recording(tmp_path: Path) -> None:
    (tmp_path / "test.yml").write_text(PACK, encoding="utf-8")
    judge = Judge(load_packs([tmp_path / "test.yml"]))
    transcript = parse_dialogue("客服: 喂\n客户: 查话费", "call", "call.txt")
    inbound = judge_call(judge, transcript, Recording("call", "/call.wav", direction="inbound"))
    outbound = judge_call(judge, transcript, Recording("call", "/call.wav", direction="outbound"))
    assert inbound == Judgement(judge.findings(transcript, {"direction": "inbound"}), 90.0, Risk.MEDIUM)
    assert (outbound.findings[0].verdict, outbound.score, outbound.risk) == (NA, None, Risk.NONE)

"""The examples inside rules are run as tests, by the same judge that judges calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from written_packs import PACK, load_text

from inspect_pipeline.model import Recording, Verdict
from inspect_pipeline.rulebook.examples import ExampleResult, run_examples, unexercised
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.metadata import recording_metadata
from inspect_pipeline.rulebook.rule import Pack
from inspect_pipeline.wording import reason_text

RULES = """\
  - id: closing.farewell
    title: 道别
    why: 有始有终。
    must_say: {any: [再见, 祝您生活愉快, {regex: '感谢.{0,4}来电'}, {near: [欢迎, 再次], within: 4}], none: [拜拜]}
    only_if: {direction: inbound}
    severity: minor
    points: 2
    examples:
      - {expect: met, metadata: {direction: inbound}, quote: 再见, call: "客服: 好的，再见。"}
      - {expect: met, metadata: {direction: inbound}, quote: 来电, call: "客服: 感谢您的来电。"}
      - {expect: met, metadata: {direction: inbound}, quote: 您好, call: "客服: 您好，再见。"}
      - {expect: violated, metadata: {direction: inbound}, call: "客服: 好的，再见。"}
      - {expect: violated, metadata: {direction: inbound}, call: "客服: 好的，就这样。"}
      - {expect: violated, metadata: {direction: inbound}, known_gap: 没有说完, call: "客服: 祝您生活愉快。"}
      - {expect: violated, metadata: {direction: inbound}, known_gap: 已修好, call: "客服: 没有别的了。"}
      - {expect: not_applicable, metadata: {direction: outbound}, call: "客服: 好的。"}
  - id: empathy.sorry
    title: 致歉
    why: 先处理心情。
    must_reply: {when: [太过分了, 我要投诉], replies: [{name: 致歉, any: [非常抱歉, 对不起]}]}
    severity: major
    points: 5
    examples:
      - {expect: met, call: "客户: 太过分了！\\n客服: 非常抱歉。"}
      - {expect: violated, call: "客户: 太过分了！\\n客服: 您还有什么问题吗？"}
  - id: empathy.steps
    title: 步骤
    why: 先处理心情。
    must_follow: {steps: [{name: 投诉, any: [我要投诉]}, {name: 共情, any: [对不起]}]}
    severity: major
    points: 5
    examples:
      - {expect: met, call: "客户: 我要投诉！\\n客服: 对不起。"}
      - {expect: violated, call: "客户: 我要投诉！\\n客服: 您还有什么问题吗？"}
  - id: timing.silence
    title: 静音
    why: 不让客户干等。
    measure: {what: dead-air, over: 10s}
    severity: minor
    points: 2
    examples:
      - {expect: met, call: "[0:00-0:02] 客服: 您好。\\n[0:05-0:07] 客户: 你好。"}
      - {expect: violated, call: "[0:00-0:02] 客服: 您好。\\n[0:15-0:17] 客户: 你好。"}
"""


def ran(folder: Path) -> tuple[Pack, tuple[ExampleResult, ...]]:
    pack = load_text(PACK + RULES, folder)
    return pack, run_examples(pack, Judge([pack]).answer)


def test_every_example_is_run_in_order_and_says_why_it_failed(tmp_path: Path) -> None:
    pack, results = ran(tmp_path)
    lines = [line for line, text in enumerate((PACK + RULES).splitlines(), start=1) if "- {expect:" in text]
    assert [result.place for result in results] == [f"{pack.path}:{line}" for line in lines]
    reason = reason_text(results[3].finding.reason, "en")
    assert [result.message for result in results] == [
        "",
        "",
        "closing.farewell: expected the quote '您好', got '再见'",
        f"closing.farewell: expected violated, got met: {reason}; evidence '再见'",
        "",
        "",
        "closing.farewell: known gap closed: remove known_gap (已修好)",
        *[""] * 7,
    ]
    assert [number for number, result in enumerate(results) if not result.passed] == [2, 3, 6]
    assert results[7].finding.verdict is Verdict.NOT_APPLICABLE


def test_alternatives_that_no_example_uses_are_told(tmp_path: Path) -> None:
    pack, results = ran(tmp_path)
    # 祝您生活愉快 is used by a known gap only; 拜拜 must not be found; 我要投诉 and 对不起 are used by another rule.
    assert unexercised(pack, results, Judge([pack]).look) == {"closing.farewell": ("祝您生活愉快", "欢迎 … 再次")}


def test_metadata_holds_every_known_column_and_never_the_number() -> None:
    recording = Recording(
        call_id="c1",
        path="/calls/c1.wav",
        started_at=datetime(2025, 3, 9, 23, 5, tzinfo=timezone(timedelta(hours=8))),
        duration_s=61.5,
        agent_id="a7",
        team="一组",
        site="郑州",
        queue="投诉",
        direction="inbound",
        customer_number="13800001111",
        agent_channel=0,
        metadata={"vip": "3"},
    )
    assert recording_metadata(recording) == {
        "call_id": "c1",
        "agent_id": "a7",
        "team": "一组",
        "site": "郑州",
        "queue": "投诉",
        "direction": "inbound",
        "duration_s": "61.5",
        "started_at": "2025-03-09T23:05:00+08:00",
        "date": "2025-03-09",
        "hour": "23",
        "weekday": "7",
        "vip": "3",
    }


def test_metadata_leaves_out_what_is_not_known() -> None:
    assert recording_metadata(Recording("c1", "/calls/c1.wav")) == {"call_id": "c1"}


def test_a_long_call_keeps_its_seconds() -> None:
    recording = Recording("c1", "/c1.wav", datetime(2025, 1, 1, tzinfo=UTC), 12345.678)
    assert recording_metadata(recording)["duration_s"] == "12345.678"

"""The report of a night: its numbers from stored tables, and what is printed of them, whole."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from inspect_pipeline.cli.report import report
from inspect_pipeline.errors import StoreError
from inspect_pipeline.model import CallStatus, Finding, Judgement, Reason, Recording, Risk, Severity, Verdict
from inspect_pipeline.report.columns import width
from inspect_pipeline.report.intervals import share
from inspect_pipeline.report.night import night_report
from inspect_pipeline.report.numbers import Account, Example, RuleNumbers, SlowCall
from inspect_pipeline.store.journal import CallRecord, ShardRecord, write_record
from tests.review.nights import NIGHT, PACK, flags, results, small_night, write_night


def run(out: Path, *args: str) -> Result:
    (out / "titles.yml").write_text(PACK, encoding="utf-8")
    return CliRunner().invoke(report, ["night", "--out", str(out), "--rules", str(out / "titles.yml"), *args])


def test_report_in_chinese(tmp_path: Path) -> None:
    small_night(tmp_path)
    done = run(tmp_path)
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "2026-11-20 质检日报",
        "  通话 5 = 已质检 3 + 失败 1 + 跳过 1",
        "  录音 0.07 小时",
        "  识别模型 base  规则包 telecom-cn",
        "  高风险 1  中风险 1  低风险 0  无风险 1",
        "",
        "失败的通话（1）",
        "  c-0004  holds no audio samples",
        "",
        "跳过的通话（1）",
        "  c-0005  0.4 s is shorter than 1 s",
        "",
        "得分：平均 63.3，中位数 90.0",
        "  0–59    1  ########################################",
        "  60–69   0",
        "  70–79   0",
        "  80–89   0",
        "  90–99   1  ########################################",
        "  100     1  ########################################",
        "",
        "违规（占比 = 违规 / 能判定的通话，区间为 95% 置信区间）",
        "  规则        违规  已判    占比  区间 %      待定",
        "  开场白         1     3   33.3%  6.1–79.2       0   0.0%",
        "      c-0002 0:00–3:19 内未听到",
        "  投诉后共情     1     1  100.0%  20.7–100.0     0   0.0%",
        "      c-0001 0:09 对「坑人」，0:11–0:31 内未听到应有的回应「致歉」",
        "  服务禁语       1     3   33.3%  6.1–79.2       0   0.0%",
        "      c-0001 0:22 “爱投诉就投诉”",
        "  礼貌道别       0     2    0.0%  0.0–65.8       1  33.3%",
        "",
        "客户信号（占比 = 出现 / 听清的通话）",
        "  信号          出现  通话   占比  区间 %",
        "  越级投诉苗头     1     3  33.3%  6.1–79.2",
        "      c-0001 0:19 “12315投诉”",
        "",
        "从未命中的规则：礼貌道别",
        "",
        "需要人工复核的通话 3（占已质检的 100.0%）",
        "  有违规              2",
        "  致命违规            1",
        "  高风险              1",
        "  中风险              1",
        "  随机抽查            1",
    ]


def test_report_in_english_with_the_slowest_calls(tmp_path: Path) -> None:
    small_night(tmp_path)
    records = {
        name: CallRecord(heard="k", changed=None, status=CallStatus.INSPECTED, elapsed_s=seconds)
        for name, seconds in (("c-0001", 3.25), ("c-0002", 41.0), ("c-0003", 0.0), ("c-0004", 0.1))
    }
    write_record(tmp_path, NIGHT, 0, ShardRecord(digest="d1", rules="r1", calls=records))
    lines = run(tmp_path, "--lang", "en").output.splitlines()
    assert lines[:5] == [
        "Night 2026-11-20",
        "  5 calls = 3 inspected + 1 failed + 1 skipped",
        "  0.07 hours of audio",
        "  model base  packs telecom-cn",
        "  high risk 1  medium risk 1  low risk 0  no risk 1",
    ]
    assert lines[-5:] == [
        "Slowest calls",
        "  call      took  length",
        "  c-0002  41.0 s    3:20",
        "  c-0001   3.2 s    0:37",
        "  c-0004   0.1 s    0:00",
    ]
    assert max(width(line) for line in lines) <= 80


def test_json_holds_all_numbers(tmp_path: Path) -> None:
    small_night(tmp_path)
    answer = json.loads(run(tmp_path, "--json").stdout)
    assert answer == {"schema": 1, "result": json.loads(json.dumps(asdict(night_report(tmp_path))))}
    rude = answer["result"]["rules"][3]
    low, high = rude["violated"].pop("low"), rude["violated"].pop("high")
    assert (round(low, 4), round(high, 4)) == (0.0615, 0.7923)
    del rude["uncertain"], rude["noticed"]
    assert rude == {
        "rule_id": "forbidden.rude",
        "verdicts": {"met": 2, "violated": 1, "noticed": 0, "uncertain": 0, "not_applicable": 0},
        "violated": {"count": 1, "of": 3, "value": 1 / 3},
        "example": {
            "call_id": "c-0001",
            "at_s": 22.25,
            "quote": "爱投诉就投诉",
            "reason_code": "forbidden-said",
            "reason_values": [["quote", "爱投诉就投诉"]],
        },
    }


def test_long_lists_are_cut_unless_all_are_asked_for(tmp_path: Path) -> None:
    failed = replace(results()[3], error="没有声音样本，" * 12)
    write_night(tmp_path, [replace(failed, recording=Recording(f"x-{n:02}", "/x")) for n in range(23)], [])
    short = run(tmp_path).output.splitlines()
    assert short[:4] == [
        "2026-11-20 质检日报",
        "  通话 23 = 已质检 0 + 失败 23 + 跳过 0",
        "  录音 0.00 小时",
        "  高风险 0  中风险 0  低风险 0  无风险 0",
    ]
    assert [line for line in short if "另有" in line] == ["  另有 3 通，加 --all 全部列出"]
    assert short[-3:] == ["没有违规", "", "需要人工复核的通话 0"]
    assert max(width(line) for line in short) <= 80
    assert sum(line.startswith("  x-") for line in run(tmp_path, "--all").output.splitlines()) == 23


def test_latest_night_is_reported_and_any_other_when_asked(tmp_path: Path) -> None:
    write_night(tmp_path, results(), flags(), "2026-11-19")
    write_night(tmp_path, results()[3:], [], NIGHT)
    assert night_report(tmp_path).night == NIGHT
    assert night_report(tmp_path, "2026-11-19").inspected == 3
    assert str(run(tmp_path, "--night", "2026-11-18").exception) == (
        f"{tmp_path}: night 2026-11-18 is not stored: the latest is 2026-11-20"
    )
    (tmp_path / "empty").mkdir()
    assert "no night is stored here" in str(run(tmp_path / "empty").exception)


def test_rule_without_an_answer_for_each_call_is_an_error(tmp_path: Path) -> None:
    calls = results()
    judgement = calls[0].judgement
    assert judgement is not None
    calls[0] = replace(calls[0], judgement=replace(judgement, findings=judgement.findings[1:]))
    write_night(tmp_path, calls, flags())
    with pytest.raises(
        StoreError, match=r"rule greeting\.opening answered 2 of 3 inspected calls: run the night again"
    ):
        night_report(tmp_path)


def rows(rule_id: str, **verdicts: int) -> list[dict[str, str]]:
    """Return findings of one rule; `quiet` are calls in which a signal was listened for and not heard."""
    return [
        {
            "rule_id": rule_id,
            "verdict": "not_applicable" if verdict == "quiet" else verdict,
            "reason_code": "nothing-noticed" if verdict == "quiet" else "any",
        }
        for verdict, count in verdicts.items()
        for _ in range(count)
    ]


def test_numbers_of_rules_by_hand() -> None:
    """What is uncertain or does not apply is never counted as met."""
    account = Account()
    call = {"call_id": "c", "status": "inspected", "error": None, "path": "/c", "duration_s": 60.0, "score": None}
    account.add([call | {"risk": "none", "asr_model": "base", "pack": "p", "call_id": f"c-{n}"} for n in range(10)], [])
    account.add([], rows("a.fired", violated=2, met=3, uncertain=1, not_applicable=4))
    account.add([], rows("a.silent", met=1, not_applicable=9))
    account.add([], rows("a.unused", not_applicable=10))
    account.add([], rows("n.heard", noticed=1, quiet=7, not_applicable=2))
    account.add([], rows("n.quiet", quiet=10))
    example = Example("c-1", 1.0, "嗯", "any", ())
    told = account.report(NIGHT, [], {"c-1": 2.0, "c-2": 3.0}, {"a.fired": example})
    assert told.rules[0] == RuleNumbers(
        "a.fired",
        {"met": 3, "violated": 2, "noticed": 0, "uncertain": 1, "not_applicable": 4},
        share(2, 5),
        share(1, 6),
        share(0, 0),
        example,
    )
    assert told.rules[3].noticed == share(1, 8)
    assert (told.never_fired, told.never_applied) == (("a.silent", "n.quiet"), ("a.unused",))
    assert (told.scores.mean, told.scores.unscored, told.audio_s) == (None, 10, 600.0)
    assert told.slowest == (SlowCall("c-2", 3.0, 60.0), SlowCall("c-1", 2.0, 60.0))


def test_example_is_the_first_that_has_a_quote(tmp_path: Path) -> None:
    calls = results()
    silent = Finding(
        "c-0000", "forbidden.rude", "fp", Verdict.VIOLATED, Severity.MINOR, 1, Risk.LOW, Reason("forbidden-said")
    )
    assert calls[1].judgement is not None
    others = tuple(
        silent if finding.rule_id == silent.rule_id else replace(finding, call_id="c-0000")
        for finding in calls[1].judgement.findings
    )
    first = replace(
        calls[1], recording=Recording("c-0000", "/0"), judgement=Judgement(others, 1.0, Risk.LOW),
        transcript=None,
    )  # fmt: skip
    write_night(tmp_path, [first, *calls], [])
    told = {rule.rule_id: rule.example for rule in night_report(tmp_path).rules}
    assert told["forbidden.rude"] == Example(
        "c-0001", 22.25, "爱投诉就投诉", "forbidden-said", (("quote", "爱投诉就投诉"),)
    )

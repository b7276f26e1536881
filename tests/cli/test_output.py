"""What the commands print: whole outputs, in 80 columns, in colour on a terminal only."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pexpect
import pytest
from typed_commands import BAD, ROOT, Typed, environment

from inspect_pipeline.report.columns import width

PACK = """
pack: small
title: 小规则包
scorecard: {base: 100, floor: 0}
rules:
  - id: greeting.hello
    title: 问好
    why: 客户有权知道谁在为他服务。
    must_say: [很高兴为您服务, 您好]
    severity: major
    points: 10
    examples:
      - {expect: met, call: "客服: 您好，很高兴为您服务。"}
      - {expect: violated, call: "客服: 喂，什么事情要办理？快点说清楚。"}
  - id: forbidden.shirk
    title: 禁止推诿
    why: 客户不该自己找部门。
    must_not_say: [{regex: '(这个|那个|这些|那些|这件事|那件事)(事情)?(不|可不|根本不)归(我|我们|咱们)(这边)?管'}]
    severity: critical
    points: 20
    examples:
      - {expect: met, call: "客服: 我帮您查一下。"}
      - {expect: violated, quote: 这个不归我管, call: "客服: 这个不归我管。"}
  - id: risk.complain
    title: 投诉信号
    why: 主管要先知道。
    notice: [{phrase: 工信部, sound: off}]
    risk: high
    examples:
      - {expect: noticed, call: "客户: 我要去工信部告你们。"}
      - {expect: not_applicable, call: "客户: 谢谢。"}
  - id: timing.silence
    title: 冷场
    why: 客户不知道是否还有人在。
    measure: {what: dead-air, over: 10s}
    severity: minor
    points: 5
    examples:
      - {expect: met, call: "[0:00-0:02] 客服: 您好。\\n[0:03-0:04] 客户: 喂？"}
      - {expect: violated, call: "[0:00-0:02] 客服: 您好。\\n[0:20-0:21] 客户: 喂？"}
"""
CALL = """\
[0:01-0:04] 客服: 您好，很高兴为您服务。
[0:05-0:09] 客户: 我家里的宽带又断了，装上才一个星期就断了三回，你们到底管不管，我要去工信部投诉你们。
[0:22-0:25] 客服: 这个不归我管。
"""
REGEX = "(这个|那个|这些|那些|这件事|那件事)(事情)?(不|可不|根本不)归(我|我们|咱们)(这边)?管"


@pytest.fixture
def call(tmp_path: Path) -> Path:
    (tmp_path / "small.yml").write_text(PACK, encoding="utf-8")
    (tmp_path / "call.txt").write_text(CALL, encoding="utf-8")
    return tmp_path / "call.txt"


def test_check(typed: Typed, call: Path) -> None:
    done = typed("check", "call.txt", "--rules", "small.yml")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "call  得分 0  高风险  0:25",
        "0:01 客服 您好，很高兴为您服务。",
        "0:05 客户 我家里的宽带又断了，装上才一个星期就断了三回，你们到底管不管，我要去",
        "          【工信部】投诉你们。",
        "0:22 客服 【这个不归我管】。",
        "",
        "违规  禁止推诿 forbidden.shirk  −20",
        "      说了不该说的话：「这个不归我管」",
        "      0:22–0:24 客服 「这个不归我管」 句式匹配 「(这个|那个|这些|那些|这…」",
        "违规  冷场 timing.silence  −5",
        "      静音 13 秒，超过上限 10 秒",
        "      0:09–0:22",
        "提醒  投诉信号 risk.complain",
        "      听到需要留意的内容：「工信部」",
        "      0:08 客户 「工信部」 原文一致",
        "合格  问好  greeting.hello  0:01 「很高兴为您服务」",
        "",
    ]


def test_check_in_english_with_all_rules(typed: Typed, call: Path) -> None:
    call.write_text("客服: 您好。\n客户: 谢谢，再见。\n", encoding="utf-8")
    done = typed("check", "call.txt", "--rules", "small.yml", "--lang", "en", "--all")
    assert done.out.splitlines() == [
        "call  score 100  no risk",
        "1 agent    您好。",
        "2 customer 谢谢，再见。",
        "",
        "met             问好      greeting.hello   line 1 “您好”",
        "met             禁止推诿  forbidden.shirk  Nothing forbidden was said",
        "not applicable  投诉信号  risk.complain    Nothing to notice was heard",
        "not applicable  冷场      timing.silence   A text dialogue has no times to meas…",
        "",
    ]


def test_check_json_has_the_whole_term_and_no_whole_number(typed: Typed, call: Path) -> None:
    done = typed("check", "call.txt", "--rules", "small.yml", "--json")
    answer = json.loads(done.out)
    assert answer["schema"] == 1
    (result,) = answer["result"]
    findings = {one["rule_id"]: one for one in result["judgement"]["findings"]}
    assert [one["term"] for one in findings["forbidden.shirk"]["evidence"]] == [REGEX]
    assert result["recording"]["call_id"] == "call"


def test_check_json_masks_the_customers_number(typed: Typed, call: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text(
        f"call_id,path,customer_number\nempty,{BAD}/calls/empty.wav,13812341111\n", encoding="utf-8"
    )
    (tmp_path / "empty.wav").symlink_to(BAD / "calls" / "empty.wav")
    done = typed("check", "empty.wav", "--rules", "small.yml", "--json")
    assert done.code == 3
    assert json.loads(done.out)["result"][0]["recording"]["customer_number"] == "138****1111"
    assert "13812341111" not in done.out + done.err


def test_every_dialogue_fits_80_columns(typed: Typed) -> None:
    files = sorted((ROOT / "fixtures" / "dialogues").glob("*.txt"))
    for shown, options in ((files, []), (files[:5], ["--lang", "en", "--all"])):
        done = typed("check", *shown, *options)
        assert done.code == 0
        assert [line for line in done.out.splitlines() if width(line) > 80] == []
        assert [file.stem for file in shown if f"{file.stem}  " not in done.out] == []


@pytest.mark.parametrize("line", ["doctor", "models list", "rules list", "--help", "run --help", "check --help"])
def test_other_commands_fit_80_columns(typed: Typed, line: str) -> None:
    done = typed(*line.split())
    assert (done.code, done.err) == (0, "")
    wide = [text for text in done.out.splitlines() if width(text) > 80 and not re.search(r"[~/]\S+$", text)]
    assert wide == []


def test_rules_list_and_show_and_test(typed: Typed, call: Path) -> None:
    assert typed("rules", "list", "small.yml").out.splitlines() == [
        "small: 4 rules",
        "rule             kind          severity  points  title",
        "greeting.hello   must_say      major     10      问好",
        "forbidden.shirk  must_not_say  critical  20      禁止推诿",
        "risk.complain    notice        minor             投诉信号",
        "timing.silence   measure       minor     5       冷场",
        "",
    ]
    place, *lines = typed("rules", "show", "risk.complain", "--rules", "small.yml").out.splitlines()
    assert re.fullmatch(r"# small\.yml:\d+  fingerprint [0-9a-f]{16}", place)
    assert lines == [line[2:] for line in PACK.splitlines()[23:31]]
    done = typed("rules", "test", "small.yml")
    assert (done.code, done.out) == (0, "small: 8 of 8 examples pass, 4 rules\n")
    call.with_name("small.yml").write_text(
        PACK.replace('call: "客户: 谢谢。"', 'call: "客户: 工信部。"'), encoding="utf-8"
    )
    done = typed("rules", "test", "small.yml")
    assert done.code == 1
    assert done.out.splitlines() == [
        "small.yml:31: risk.complain: expected not_applicable, got noticed: Heard what must be noticed: “工信部”; "
        "evidence '工信部'",
        "small: 7 of 8 examples pass, 4 rules",
    ]


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colour_on_a_terminal_unless_refused(call: Path, tmp_path: Path, no_color: str) -> None:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "inspect_pipeline", "check", "call.txt", "--rules", "small.yml"],
        cwd=str(tmp_path),
        env={**environment(tmp_path), "NO_COLOR": no_color, "TERM": "xterm-256color"},
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=60,
    )
    child.expect(pexpect.EOF)
    shown = child.before or ""
    assert ("\x1b[" in shown) is not bool(no_color)
    assert ("【工信部】" in shown) is bool(no_color)


def test_doctor_and_models_as_data(typed: Typed) -> None:
    doctor = json.loads(typed("doctor", "--json").out)["result"]
    assert doctor["ready"] is True
    assert {"what": "inspect-pipeline", "state": "ok", "version": "0.1.0", "note": ""} in doctor["checks"]
    models = json.loads(typed("models", "list", "--json").out)["result"]
    assert [one["name"] for one in models if one["state"] == "available"] == ["base"]
    assert doctor["models"] == models

"""What a plan would draw, on stored nights."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path

import pytest
from click.testing import CliRunner

from inspect_pipeline.cli.plan import plan as plan_command
from inspect_pipeline.errors import UsageError
from inspect_pipeline.model import Risk, Verdict
from inspect_pipeline.report.columns import width
from inspect_pipeline.report.plan import GroupForecast, StratumForecast, plan_forecast
from inspect_pipeline.store.judged import judged_calls, night_rules, rules_before
from inspect_pipeline.triage.sample import GroupShare, JudgedCall, ListenReason, SamplingPlan
from tests.report.measured import NIGHT, Call, write_measured

RULE = "greeting.opening"


def night() -> list[Call]:
    """10 high-risk calls, 40 with a violation, 150 clean ones, of two agents."""
    high = [Call(f"h-{n}", {RULE: Verdict.VIOLATED}, risk=Risk.HIGH, agent="1") for n in range(10)]
    low = [Call(f"v-{n:02d}", {RULE: Verdict.VIOLATED}, agent="1") for n in range(40)]
    clean = [Call(f"n-{n:03d}", {RULE: Verdict.MET}, risk=Risk.NONE, agent="2", score=100.0) for n in range(150)]
    return [*high, *low, *clean]


def test_a_stored_night_by_hand(tmp_path: Path) -> None:
    write_measured(tmp_path, night())
    plan = SamplingPlan(agent=GroupShare(at_least=6), budget=18)
    found = plan_forecast(tmp_path, plan, NIGHT, {})
    # 10 mandatory, 40 at 6/50, 150 at 6/150 make 10 + 4.8 + 6; 8 of the budget are left for 10.8
    scale = 8 / 10.8
    violated, clean = 0.12 * scale, 0.04 * scale
    spread = 1.959963984540054 * sqrt(40 * violated * (1 - violated) + 150 * clean * (1 - clean))
    numbers = (found.calls, found.expected, found.low, found.high, found.mandatory, found.scale, found.twice)
    assert numbers == pytest.approx((200, 18.0, 18 - spread, 18 + spread, 10, scale, 0.9))
    assert (found.night, found.stands_for, found.never, found.new_rules, found.changed_rules) == (
        NIGHT,
        None,
        0,
        (),
        (),
    )
    near = pytest.approx
    assert found.strata == (
        StratumForecast(ListenReason.HIGH_RISK, True, 10, near(10.0), near(10.0), 1.0, 1.0),
        StratumForecast(ListenReason.VIOLATION, False, 50, near(10 + 40 * violated), 0.0, near(violated), 1.0),
        StratumForecast(ListenReason.AGENT, False, 200, near(18.0), near(8.0), near(clean), 1.0),
        StratumForecast(ListenReason.CLEAN, False, 150, near(150 * clean), 0.0, near(clean), near(clean)),
    )
    assert found.groups == (GroupForecast(ListenReason.AGENT, 2, 50, 150, near(150 * clean), near(10 + 40 * violated)),)


def test_a_night_to_come_knows_the_packs_and_not_what_new_rules_answer(tmp_path: Path) -> None:
    write_measured(tmp_path, night())
    rules = {RULE: "fp-other", "forbidden.rude": "fp-new"}
    found = plan_forecast(tmp_path, SamplingPlan(), "2026-11-21", rules)
    assert (found.night, found.stands_for) == (NIGHT, "2026-11-21")
    assert (found.new_rules, found.changed_rules) == (("forbidden.rude",), (RULE,))
    changed = next(one for one in found.strata if one.reason is ListenReason.NEW_FINGERPRINT)
    assert (changed.calls, changed.expected) == (50, pytest.approx(14.0))
    assert plan_forecast(tmp_path, SamplingPlan(), None, {}).stands_for == ""


def test_calls_that_can_never_be_drawn_are_told(tmp_path: Path) -> None:
    write_measured(tmp_path, night())
    assert plan_forecast(tmp_path, SamplingPlan(clean=0.0), NIGHT, {}).never == 150
    with pytest.raises(UsageError, match="no night is stored here to look ahead from"):
        plan_forecast(tmp_path / "nowhere", SamplingPlan(), None, {})


def test_new_rules_against_the_night_before(tmp_path: Path) -> None:
    before = [Call("a", {RULE: Verdict.MET})]
    write_measured(tmp_path, before, "2026-11-18", {RULE: "old"})
    write_measured(tmp_path, [Call("b", {RULE: Verdict.UNCERTAIN, "x.new": Verdict.MET})])
    known = rules_before(tmp_path, NIGHT)
    assert (rules_before(tmp_path, "2026-11-18"), known) == (None, {RULE: "old"})
    assert night_rules(tmp_path, NIGHT) == {RULE: f"fp-{RULE}", "x.new": "fp-x.new"}
    call = JudgedCall(
        "b", Risk.LOW, 90.0, critical=False, violated=False, uncertain=True, new_fingerprint=True, agent="0107",
        team="一组",
    )  # fmt: skip
    assert judged_calls(tmp_path, NIGHT, known) == [call]


ZH = """\
2026-11-20 的抽样方案
  200 通中预计抽 18 通（95% 在 13–23），其中必听 10 通，双人复核约 1 通
  预算 18 通，其余按 0.741 压缩

  原因              通话  预计抽中  由此抽中      概率
  高风险      必听    10      10.0      10.0         1
  有违规              50      13.6       0.0  0.0889–1
  按客服随机         200      18.0       8.0  0.0296–1
  随机抽查           150       4.4       0.0    0.0296

  客服 2 个，每个 50–150 通，预计各抽 4.4–13.6 通
"""


def test_the_command(tmp_path: Path) -> None:
    write_measured(tmp_path, night())
    config = tmp_path / "inspect.toml"
    config.write_text("[sampling]\nbudget = 18\n\n[sampling.agent]\nat_least = 6\n", encoding="utf-8")
    arguments = ["--out", str(tmp_path), "--config", str(config), "--night", NIGHT]
    shown = CliRunner().invoke(plan_command, arguments, catch_exceptions=False)
    assert (shown.exit_code, shown.output) == (0, ZH)
    ahead = CliRunner().invoke(plan_command, [*arguments[:-2], "--lang", "en"], catch_exceptions=False)
    assert "looking ahead from 2026-11-20" in ahead.output
    assert max(width(line) for line in (shown.output + ahead.output).splitlines()) <= 80
    told = json.loads(CliRunner().invoke(plan_command, [*arguments, "--json"], catch_exceptions=False).output)
    assert told["result"]["expected"] == pytest.approx(18.0)
    with config.open("a", encoding="utf-8") as file:
        file.write("\n[review]\nsecond_share = 0.5\n")  # the 0.05 of calibration are among them
    told = json.loads(CliRunner().invoke(plan_command, [*arguments, "--json"], catch_exceptions=False).output)
    assert told["result"]["twice"] == pytest.approx(9.0)

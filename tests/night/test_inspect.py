"""One call with the real models, and a night of real calls by the configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_night import part_bytes, quietly

from inspect_pipeline.config import Config, NightConfig, PrivacyConfig, RulesConfig, SamplingConfig, SpeechConfig
from inspect_pipeline.errors import ModelError, UsageError
from inspect_pipeline.model import CallStatus, Recording, Risk, Verdict
from inspect_pipeline.night.configured import configured_plan, sampling_plan
from inspect_pipeline.night.inspect import Inspector, judge_transcript
from inspect_pipeline.night.plan import shards_of
from inspect_pipeline.speech.manifest import read_source
from inspect_pipeline.store.calls import stored_results
from inspect_pipeline.triage.sample import SamplingPlan

CALLS = Path(__file__).parent.parent.parent / "fixtures" / "calls"
NIGHT = "2026-11-20"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        out=tmp_path / "out",
        privacy=PrivacyConfig(tmp_path / "customer.key"),
        night=NightConfig(workers=2, shard_size=1),
    )


def test_a_night_of_real_calls_can_be_judged_again_from_the_store(tmp_path: Path, config: Config):
    wanted = {"demo-02-billing-rude", "demo-04-network-no-empathy"}
    recordings = [one for one in read_source(str(CALLS)) if one.call_id in wanted]
    text = Recording("x-text", str(CALLS / "manifest.csv"))
    summary = quietly(configured_plan(config, [*recordings, text], NIGHT))
    assert (summary.calls, summary.inspected, summary.failed, summary.skipped) == (3, 2, 1, 0)
    assert [one.call_id for one in summary.failures] == ["x-text"]
    inspector = Inspector.from_config(config, threads=1)
    results = {one.recording.call_id: one for one in stored_results(config.out, NIGHT)}
    for recording in recordings:
        stored = results[recording.call_id]
        assert stored.transcript is not None
        assert judge_transcript(inspector.judge, stored.transcript, stored.recording) == stored.judgement
    rude = results["demo-02-billing-rude"]
    here = inspector.inspect(next(one for one in recordings if one.call_id == rude.recording.call_id))
    assert (here.audio, here.transcript, here.judgement) == (rude.audio, rude.transcript, rude.judgement)
    assert rude.judgement is not None
    verdicts = {finding.rule_id: finding.verdict for finding in rude.judgement.findings}
    assert verdicts["forbidden.rude"] is Verdict.VIOLATED
    before = part_bytes(config.out)
    assert quietly(configured_plan(config, [text, *recordings], NIGHT)).fresh == 0
    assert part_bytes(config.out) == before


def test_a_dialogue_needs_no_recogniser(tmp_path: Path):
    dialogue = tmp_path / "call.txt"
    dialogue.write_text("客服: 您好，很高兴为您服务。\n客户: 我要投诉你们！\n客服: 爱投诉就投诉。\n", encoding="utf-8")
    inspector = Inspector.from_config(Config(speech=SpeechConfig(model="/none")))
    result = inspector.inspect_dialogue(dialogue)
    assert (result.status, result.audio) == (CallStatus.INSPECTED, None)
    assert result.judgement is not None
    verdicts = {finding.rule_id: finding.verdict for finding in result.judgement.findings}
    assert verdicts["greeting.opening"] is Verdict.MET
    assert verdicts["forbidden.rude"] is Verdict.VIOLATED


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"\xff\xfe", "not UTF-8 at byte 0: save it as UTF-8"), (b"", "the dialogue is empty")],
)
def test_a_dialogue_that_cannot_be_read_is_a_failed_call(tmp_path: Path, content: bytes, error: str):
    dialogue = tmp_path / "call.txt"
    dialogue.write_bytes(content)
    result = Inspector.from_config(Config()).inspect_dialogue(dialogue)
    assert result.status is CallStatus.FAILED
    assert error in str(result.error)


def test_a_missing_model_is_told_before_any_call(tmp_path: Path, config: Config):
    plan = configured_plan(replace(config, speech=SpeechConfig(model=str(tmp_path / "none"))), [], NIGHT)
    with pytest.raises(ModelError, match="none"):
        quietly(replace(plan, recordings=[Recording("c", str(tmp_path / "c.wav"))]))


def test_a_missing_pack_is_told_before_the_night(config: Config):
    with pytest.raises(UsageError, match="no rule pack 'telecom-xx'"):
        configured_plan(replace(config, rules=RulesConfig(packs=("telecom-xx",))), [], NIGHT)


def test_the_configuration_decides_what_is_done_again(config: Config):
    def digest(changed: Config) -> str:
        return shards_of(configured_plan(changed, [Recording("c", "c.wav")], NIGHT))[0].digest

    before = digest(config)
    assert digest(replace(config, night=NightConfig(workers=7), sampling=SamplingConfig(seed="9"))) == before
    assert digest(replace(config, speech=SpeechConfig(model="small"))) != before
    assert digest(replace(config, speech=SpeechConfig(hotwords=("芒果卡",)))) != before
    assert digest(replace(config, rules=RulesConfig(sentence_model="other"))) != before


def test_the_sample_by_the_configuration():
    config = Config(sampling=SamplingConfig(seed="3", clean=0.5, targets={"low_score": 20}))
    assert sampling_plan(Config()) == SamplingPlan()
    assert sampling_plan(config) == SamplingPlan(clean=0.5, targets={"low_score": 20})
    assert sampling_plan(config).due_hours[Risk.HIGH] == 2.0

"""The packs that ship: every example, every labelled dialogue, and no alarm at polite service talk."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from inspect_pipeline.model import Finding, Transcript
from inspect_pipeline.rulebook.examples import run_examples, unexercised
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.load import load_packs, pack_path, shipped_packs
from inspect_pipeline.rulebook.rule import Pack, Rule
from inspect_pipeline.semantic import PACKAGED, Similarity, load_sentence_model
from inspect_pipeline.text.dialogue import parse_dialogue

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
DIALOGUES = FIXTURES / "dialogues"
LABELS: dict[str, dict[str, str]] = json.loads((DIALOGUES / "labels.json").read_text(encoding="utf-8"))
POLITE = [
    line
    for line in (FIXTURES / "polite-utterances.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
FORBIDDING = ("forbidden.", "privacy.")


@functools.cache
def similarity() -> Similarity:
    """Return the packaged sentence model behind `like` terms. Raises ModelError when it is not installed."""
    model = load_sentence_model(PACKAGED)
    assert model is not None
    return Similarity(model)


@functools.cache
def shipped(name: str) -> tuple[Pack, Judge]:
    """Return a shipped pack and its judge."""
    packs = load_packs([pack_path(name)])
    return packs[0], Judge(packs, similarity())


def answer_with(judge: Judge, rule: Rule, transcript: Transcript, metadata: Mapping[str, str]) -> Finding:
    """Return the finding of one rule."""
    return next(finding for finding in judge.findings(transcript, metadata) if finding.rule_id == rule.id)


def test_the_packs_that_ship() -> None:
    assert shipped_packs() == ("outbound-renewal", "telecom-cn")


@pytest.mark.parametrize("name", shipped_packs())
def test_every_example_gets_its_answer(name: str) -> None:
    pack, judge = shipped(name)
    results = run_examples(pack, functools.partial(answer_with, judge))
    assert [(result.place, result.message) for result in results if not result.passed] == []


@pytest.mark.parametrize("name", shipped_packs())
def test_every_alternative_is_exercised(name: str) -> None:
    pack, judge = shipped(name)
    assert unexercised(pack, run_examples(pack, functools.partial(answer_with, judge)), judge.look) == {}


@pytest.mark.parametrize("dialogue", sorted(LABELS))
def test_labelled_dialogue(dialogue: str) -> None:
    _, judge = shipped("telecom-cn")
    text = (DIALOGUES / f"{dialogue}.txt").read_text(encoding="utf-8")
    found = judge.findings(parse_dialogue(text, dialogue, f"{dialogue}.txt"), {})
    labels = LABELS[dialogue]
    assert {each.rule_id: str(each.verdict) for each in found if each.rule_id in labels} == labels


def test_every_dialogue_has_labels_for_the_same_rules() -> None:
    assert sorted(path.stem for path in DIALOGUES.glob("*.txt")) == sorted(LABELS)
    assert {tuple(sorted(labels)) for labels in LABELS.values()} == {tuple(sorted(LABELS["plain-cannot"]))}


def test_polite_service_talk_raises_no_alarm() -> None:
    _, judge = shipped("telecom-cn")
    alarms = [
        (line, finding.rule_id, str(finding.verdict), [evidence.quote for evidence in finding.evidence])
        for line in POLITE
        for finding in judge.findings(parse_dialogue(f"客户: 你好。\n客服: {line}", "polite", "polite"), {})
        if finding.rule_id.startswith(FORBIDDING) and str(finding.verdict) != "met"
    ]
    assert len(POLITE) >= 150
    assert alarms == []

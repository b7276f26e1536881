"""Rules and calls for the tests of the judge, written as a pack's author writes them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from inspect_pipeline.model import Activity, ActivityKind, Finding, Speaker, Transcript
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.load import load_packs
from inspect_pipeline.rulebook.rule import Pack
from inspect_pipeline.rulebook.settings import JudgeSettings
from inspect_pipeline.text.dialogue import parse_dialogue
from inspect_pipeline.wording import reason_text

_EXPECTED = {
    "notice": ("noticed", "not_applicable"),
    "must_reply": ("met", "violated", "not_applicable"),
    "must_follow": ("met", "violated", "not_applicable"),
}


def pack_of(*bodies: str) -> Pack:
    """Return a pack of rules `test.rule0`, `test.rule1` ...: each body is the rule's keys, the kind first."""
    rules = []
    for number, body in enumerate(bodies):
        kind = body.strip().split(":")[0]
        expected = _EXPECTED.get(kind, ("met", "violated"))
        lines = body.strip().splitlines()
        if kind != "notice" and "severity:" not in body:
            lines.append("severity: major")
        if kind == "notice" and "risk:" not in body:
            lines.append("risk: low")
        if kind != "notice" and "points:" not in body and "per_hit:" not in body:
            lines.append("points: 10")
        rules.append(f"  - id: test.rule{number}\n    title: 测试\n    why: 测试。\n")
        rules.extend(f"    {line}\n" for line in lines)
        rules.append("    examples:\n")
        rules.extend(f'      - {{expect: {each}, call: "客服: 好"}}\n' for each in expected)
    text = "pack: test\ntitle: 测试\nscorecard: {base: 100, floor: 0}\nrules:\n" + "".join(rules)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.yml"
        path.write_text(text, encoding="utf-8")
        return load_packs([path])[0]


def call(text: str) -> Transcript:
    """Return a written dialogue as a transcript."""
    return parse_dialogue(text.strip(), "call", "call.txt")


def judged(
    body: str,
    transcript: Transcript | str,
    metadata: Mapping[str, str] | None = None,
    settings: JudgeSettings | None = None,
) -> Finding:
    """Return the finding of one rule for one call."""
    heard = call(transcript) if isinstance(transcript, str) else transcript
    (finding,) = Judge([pack_of(body)], settings=settings).findings(heard, metadata or {})
    return finding


def said(finding: Finding) -> tuple[str, str, tuple[str, ...]]:
    """Return verdict, reason code and quotes: what most tests are about. The reason must have words."""
    assert reason_text(finding.reason, "zh")
    assert reason_text(finding.reason, "en")
    return finding.verdict.value, finding.reason.code, tuple(each.quote for each in finding.evidence)


def with_confidence(transcript: Transcript, **by_index: float) -> Transcript:
    """Return the call with other confidences: `u0=0.1` for the first utterance."""
    utterances = tuple(
        replace(one, confidence=by_index.get(f"u{one.index}", one.confidence)) for one in transcript.utterances
    )
    return replace(transcript, utterances=utterances)


def with_speech(transcript: Transcript, *spans: tuple[Speaker, float, float]) -> Transcript:
    """Return the call with more speech heard, which nobody wrote down."""
    extra = tuple(
        Activity(ActivityKind.SPEECH, speaker, 0 if speaker is Speaker.AGENT else 1, start, end)
        for speaker, start, end in spans
    )
    return replace(transcript, activity=(*transcript.activity, *extra))


def activity(duration_s: float, *parts: tuple[str, Speaker, float, float]) -> Transcript:
    """Return a call in which only activity is known: (`speech` or `music`, speaker, start, end), seconds."""
    heard = tuple(
        Activity(ActivityKind(kind), speaker, 0 if speaker is Speaker.AGENT else 1, start, end)
        for kind, speaker, start, end in parts
    )
    return Transcript("call", duration_s, (), heard)

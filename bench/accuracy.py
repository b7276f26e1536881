"""Measures how right the pipeline is on recordings whose truth is known.

    python bench/accuracy.py FOLDER… [--text] [--rules PACK]… [--left-out PARTS] [--model NAME] [--workers N]
                             [--cache DIR] [--json]

A folder holds recordings (`manifest.csv` or audio files) and, beside each, `<call>.json`: `turns` (who A agent or
C customer, start, end, text) and `labels` (rule id -> pass, fail or na; for `risk.*` fail means the signal is there).
`--text` judges the true words instead of the recognised ones, which parts the rules' errors from the recogniser's; a
folder of scripts (`*.yaml`, as in `fixtures/scripts`) will do then, of which `timing.*` is not judged.

Printed: character error rate, per-rule precision, recall and abstention with 95 % Wilson intervals, speakers, timing,
the agent's speech rate beside the true one (characters a minute of the agent's own speaking time) and every wrong
verdict with its quotes; for several folders also what they come to. A judgement counts when truth decides it (a label
is given). An abstention on a violation counts as missed, but for the line below the table.

`--left-out 3`: a third of the folders after the other is measured, with intents that are trained anew without what the
pack has learned from it (`calls-FOLDER.txt`).
"""

from __future__ import annotations

import argparse
import json
import pickle
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path

from rapidfuzz.distance import Levenshtein
from scripts import read_scripts

from inspect_pipeline.model import Finding, Recording, Speaker, Transcript, Verdict
from inspect_pipeline.report.intervals import wilson
from inspect_pipeline.rulebook.intent_training import train_as_heard
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.load import load_packs, pack_path
from inspect_pipeline.rulebook.metadata import recording_metadata
from inspect_pipeline.rulebook.read_intents import TRAINED, read_turns
from inspect_pipeline.rulebook.spans import merge, total
from inspect_pipeline.semantic import Similarity, load_sentence_model
from inspect_pipeline.speech.manifest import read_source
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.transcribe import Transcriber
from inspect_pipeline.text.dialogue import parse_dialogue
from inspect_pipeline.text.normalise import normalise
from inspect_pipeline.text.numbers import canonical_digits
from inspect_pipeline.wording import clock, reason_text

POSITIVE = {Verdict.VIOLATED, Verdict.NOTICED}
SPEAKER = {"A": Speaker.AGENT, "C": Speaker.CUSTOMER}


@dataclass
class Counts:
    """Judgements of one rule (or of all) that truth decides."""

    hit: int = 0  # truly violated (or there) and said so
    false_alarm: int = 0
    missed: int = 0  # truly violated and called something else, uncertain included
    missed_uncertain: int = 0  # of those missed: not passed in silence
    abstained: int = 0
    decided: int = 0

    def add(self, verdict: Verdict, label: str) -> None:
        """Count one judgement."""
        self.decided += 1
        self.abstained += verdict is Verdict.UNCERTAIN
        self.hit += verdict in POSITIVE and label == "fail"
        self.false_alarm += verdict in POSITIVE and label != "fail"
        self.missed += verdict not in POSITIVE and label == "fail"
        self.missed_uncertain += verdict is Verdict.UNCERTAIN and label == "fail"

    def merge(self, other: Counts) -> None:
        """Add the judgements of another rule or folder."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass
class Report:
    """All that is measured over some calls."""

    rules: dict[str, Counts] = field(default_factory=dict)
    total: Counts = field(default_factory=Counts)
    edits: int = 0
    characters: int = 0
    right_speech_s: dict[str, float] = field(default_factory=lambda: {"stereo": 0.0, "mono": 0.0})
    speech_s: dict[str, float] = field(default_factory=lambda: {"stereo": 0.0, "mono": 0.0})
    timing_errors_s: dict[str, list[float]] = field(default_factory=lambda: {"dead-air": [], "interruption": []})
    speech_rates: list[tuple[float, float]] = field(default_factory=list)  # characters a minute: measured, true
    wrong: list[dict[str, str]] = field(default_factory=list)
    other: dict[str, int] = field(default_factory=dict)


def together(reports: Iterable[Report]) -> Report:
    """Return what several folders come to, without the list of what is wrong."""
    whole = Report()
    for report in reports:
        for rule, counts in report.rules.items():
            whole.rules.setdefault(rule, Counts()).merge(counts)
        whole.total.merge(report.total)
        whole.edits += report.edits
        whole.characters += report.characters
        for kind in whole.speech_s:
            whole.right_speech_s[kind] += report.right_speech_s[kind]
            whole.speech_s[kind] += report.speech_s[kind]
        for kind, errors in report.timing_errors_s.items():
            whole.timing_errors_s[kind].extend(errors)
        whole.speech_rates += report.speech_rates
    return whole


def characters(text: str) -> str:
    """Return what CER counts: Simplified, no punctuation, no case, digits as they are spoken, 您 as 你."""
    return canonical_digits(normalise(text).text).replace("您", "你")


def count_characters(report: Report, truth: dict, transcript: Transcript) -> None:
    """Add the character errors of one call: per speaker on stereo, over the whole call on mono."""
    sides = [[Speaker.AGENT], [Speaker.CUSTOMER]] if transcript.channels == 2 else [list(Speaker)]
    for side in sides:
        said = "".join(characters(turn["text"]) for turn in truth["turns"] if SPEAKER[turn["who"]] in side)
        heard = "".join(characters(one.text) for one in transcript.utterances if one.speaker in side)
        report.edits += Levenshtein.distance(said, heard)
        report.characters += len(said)


def known_recordings(folder: Path) -> list[Recording]:
    """Return the recordings of a folder whose truth lies beside them."""
    return [one for one in read_source(str(folder)) if Path(one.path).with_suffix(".json").exists()]


def count_speakers(report: Report, truth: dict, transcript: Transcript) -> None:
    """Add the seconds of true speech that an utterance covers, and those whose speaker is right."""
    kind = "stereo" if transcript.channels == 2 else "mono"
    for turn in truth["turns"]:
        for one in transcript.utterances:
            overlap = min(turn["end"], one.end_s) - max(turn["start"], one.start_s)
            if overlap > 0 and (kind == "mono" or one.speaker is SPEAKER[turn["who"]]):
                report.speech_s[kind] += overlap
                report.right_speech_s[kind] += overlap if one.speaker is SPEAKER[turn["who"]] else 0


def true_times(truth: dict) -> dict[str, list[tuple[float, float]]]:
    """Return the dead air (> 10 s) and the interruptions (>= 2 s) that the true turns hold."""
    turns = sorted(truth["turns"], key=lambda turn: turn["start"])
    dead, end = [], turns[0]["end"]
    for turn in turns[1:]:
        if turn["start"] - end > 10:
            dead.append((end, turn["start"]))
        end = max(end, turn["end"])
    overlaps = [
        (agent["start"], min(agent["end"], customer["end"]))
        for agent in turns
        for customer in turns
        if agent["who"] == "A" and customer["who"] == "C" and customer["start"] < agent["start"] < customer["end"] - 2
        if agent["end"] - agent["start"] >= 2
    ]
    return {"dead-air": dead, "interruption": overlaps}


def count_timing(report: Report, truth: dict, findings: tuple[Finding, ...]) -> None:
    """Add how far measured starts and ends lie from the true ones, for what both have."""
    true = true_times(truth)
    for finding in findings:
        name = finding.rule_id.removeprefix("timing.")
        if name in true and finding.verdict is Verdict.VIOLATED:
            for one in finding.evidence:
                near = min(true[name], key=lambda span: abs(span[0] - one.start_s), default=None)
                if near:
                    report.timing_errors_s[name].append(max(abs(near[0] - one.start_s), abs(near[1] - one.end_s)))


def true_rate(truth: dict) -> float:
    """Return the characters that the agent truly says in a minute of speaking."""
    own = [turn for turn in truth["turns"] if turn["who"] == "A"]
    spoken_s = total(merge([(turn["start"], turn["end"]) for turn in own]))
    return sum(len(normalise(turn["text"]).text) for turn in own) * 60 / spoken_s


def count_rate(report: Report, truth: dict, findings: tuple[Finding, ...]) -> None:
    """Add the agent's speech rate as the rule measured it, beside the true one."""
    for finding in findings:
        if finding.rule_id == "timing.speech-rate" and finding.evidence:
            (one,) = finding.evidence
            assert one.value is not None
            report.speech_rates.append((one.value, true_rate(truth)))


def rate_line(rates: list[tuple[float, float]]) -> str:
    """Return how far measured speech rates are from the true ones."""
    errors = [measured / true - 1 for measured, true in rates]
    measured, true = (sum(column) / len(rates) for column in zip(*rates, strict=True))
    return (
        f"speech rate: {len(rates)} measured, {measured:.0f} characters a minute beside the true {true:.0f}; "
        f"relative error {sum(map(abs, errors)) / len(errors):.1%} in the mean, worst {max(errors, key=abs):+.1%}"
    )


def is_wrong(verdict: Verdict, label: str) -> bool:
    """Return whether a verdict is a false alarm or a miss (an abstention on a violation is a miss too)."""
    return (verdict in POSITIVE) != (label == "fail")


def count_verdicts(report: Report, truth: dict, findings: tuple[Finding, ...], call: str) -> None:
    """Add one call's judgements that truth decides."""
    for finding in findings:
        label = truth["labels"].get(finding.rule_id)
        if label is None:
            continue
        report.rules.setdefault(finding.rule_id, Counts()).add(finding.verdict, label)
        report.total.add(finding.verdict, label)
        if is_wrong(finding.verdict, label) or finding.verdict is Verdict.UNCERTAIN:
            quotes = " | ".join(f"{clock(one.start_s)} {one.quote} <{one.term}>" for one in finding.evidence)
            report.wrong.append(
                {"call": call, "rule": finding.rule_id, "truth": label, "verdict": finding.verdict.value,
                 "reason": reason_text(finding.reason, "en"), "quotes": quotes}
            )  # fmt: skip
        elif (finding.verdict, label) in {(Verdict.MET, "na"), (Verdict.NOT_APPLICABLE, "pass")}:
            text = f"{finding.rule_id}: {label} answered {finding.verdict.value}"
            report.other[text] = report.other.get(text, 0) + (not finding.rule_id.startswith("risk."))


@cache
def loaded(model: str) -> Transcriber:
    """Return the transcriber of this process."""
    return Transcriber(SpeechSettings(model=model, threads=1))


def transcribe(job: tuple[object, str, str | None]) -> Transcript:
    """Transcribe one recording in a worker process, or read the kept transcript."""
    recording, model, folder = job
    kept = Path(folder) / f"{recording.call_id}.pickle" if folder else None
    if kept and kept.exists():
        return pickle.loads(kept.read_bytes())
    transcript = loaded(model).transcribe(recording)[1]
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(transcript))
    return transcript


def measure(folder: Path, judge: Judge, options: argparse.Namespace) -> Report:
    """Measure one folder."""
    scripts = list(read_scripts(folder)) if options.text else []
    recordings = [Recording(one["id"], str(folder)) for one in scripts] or known_recordings(folder)
    truths = [json.dumps(one, ensure_ascii=False) for one in scripts] or [
        Path(one.path).with_suffix(".json").read_text(encoding="utf-8") for one in recordings
    ]
    if options.text:
        transcripts = [
            parse_dialogue(text, one.call_id, one.path) for one, text in zip(recordings, truths, strict=True)
        ]
    else:
        kept = str(Path(options.cache) / folder.resolve().name) if options.cache else None
        with ProcessPoolExecutor(options.workers) as pool:
            transcripts = list(pool.map(transcribe, [(one, options.model, kept) for one in recordings]))
    report = Report()
    for recording, text, transcript in zip(recordings, truths, transcripts, strict=True):
        truth = json.loads(text)
        metadata = {**truth.get("metadata", {}), **recording_metadata(recording)}
        findings = judge.findings(transcript, metadata)
        count_characters(report, truth, transcript)
        count_speakers(report, truth, transcript)
        count_timing(report, truth, findings)
        count_rate(report, truth, findings)
        count_verdicts(report, truth, findings, recording.call_id)
    return report


def share(part: float, whole: float) -> str:
    """Return a share with its 95 % Wilson interval, or a dash for none."""
    if not whole:
        return "     -        "
    low, high = wilson(round(part), round(whole))
    return f"{part / whole:.3f} [{low:.2f}, {high:.2f}]"


def show(name: str, report: Report) -> None:
    """Print one folder's report."""
    print(f"\n== {name}: CER {report.edits / max(1, report.characters):.3f} over {report.characters} characters")
    for kind, seconds in report.speech_s.items():
        if seconds:
            print(f"speaker right, {kind}: {report.right_speech_s[kind] / seconds:.3f} of {seconds:.0f} s")
    for kind, errors in report.timing_errors_s.items():
        if errors:
            print(f"{kind}: {len(errors)} measured, worst boundary error {max(errors):.2f} s")
    if report.speech_rates:
        print(rate_line(report.speech_rates))
    print(f"{'rule':26} {'precision':20} {'recall':20} {'abstained':20} hit/false/missed (uncertain)")
    for rule, counts in [*sorted(report.rules.items()), ("all rules", report.total)]:
        print(
            f"{rule:26} {share(counts.hit, counts.hit + counts.false_alarm):20} "
            f"{share(counts.hit, counts.hit + counts.missed):20} {share(counts.abstained, counts.decided):20} "
            f"{counts.hit}/{counts.false_alarm}/{counts.missed} ({counts.missed_uncertain})"
        )
    found, answered = report.total.hit, report.total.hit + report.total.missed - report.total.missed_uncertain
    print(f"{'recall of what it answered':47} {share(found, answered)}")
    for row in report.wrong:
        print(f"  {row['call']}  {row['rule']}: truth {row['truth']}, said {row['verdict']}")
        print(f"      {row['reason']} {row['quotes']}")
    for text, times in sorted(report.other.items()):
        if times:
            print(f"  {times} x {text}")


def judge_of(paths: Sequence[Path], left_out: Sequence[Path] = ()) -> Judge:
    """Return a judge by some packs, whose intents have learned nothing from some folders."""
    model = load_sentence_model(None)
    with tempfile.TemporaryDirectory() as place:
        if left_out:
            files = [f"calls-{folder.name}.txt" for folder in left_out]
            learned = shutil.ignore_patterns(*files)
            for path in {path.parent for path in paths}:
                for file in files:
                    if not any(path.glob(f"*/{file}")):
                        raise SystemExit(f"{path}: has learned nothing from {file}: measure that without --left-out")
                shutil.copytree(path, Path(place) / path.name, ignore=learned)
            paths = [Path(place) / path.parent.name / path.name for path in paths]
            for intents in {trained.parent for path in paths for trained in path.parent.glob(f"*/{TRAINED}")}:
                (intents / TRAINED).write_bytes(train_as_heard(read_turns(intents)).dump())
        return Judge(load_packs(paths), Similarity(model) if model else None)


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--text", action="store_true", help="judge the true words")
    parser.add_argument("--rules", action="append", help="packs (default telecom-cn)")
    parser.add_argument("--left-out", type=int, metavar="PARTS", help="train without the folders, part by part")
    parser.add_argument("--model", default="base")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", help="keep transcripts in this folder, to measure rules again without audio")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.left_out is not None and options.left_out < 1:
        parser.error("--left-out: at least 1 part")
    packs = [pack_path(name) for name in options.rules or ["telecom-cn"]]
    size = -(-len(options.folders) // (options.left_out or 1))
    reports: dict[str, Report] = {}
    for start in range(0, len(options.folders), size):
        part = options.folders[start : start + size]
        judge = judge_of(packs, part if options.left_out else ())
        for folder in part:
            name = folder.resolve().name
            reports[str(folder) if name in reports else name] = measure(folder, judge, options)
    if options.json:
        print(
            json.dumps(
                {"schema": 1, "result": {name: asdict(one) for name, one in reports.items()}}, ensure_ascii=False
            )
        )
    else:
        for name, report in reports.items():
            show(name, report)
        if len(reports) > 1:
            show("all folders", together(reports.values()))


if __name__ == "__main__":
    main()

"""An inspection that is quick and whose answers depend on the recording only, with the accidents of real ones.

It stands in for recognition where the night itself is tested: processes, deaths, resuming, bytes.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

from inspect_pipeline.errors import DeviceError, ModelError, RecordingError
from inspect_pipeline.model import (
    Activity,
    ActivityKind,
    Audio,
    CallResult,
    CallStatus,
    Evidence,
    Finding,
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
from inspect_pipeline.night.plan import Inspect
from inspect_pipeline.store.place import place_of


@dataclass(frozen=True)
class Clerk:
    """Inspects text files. A file that begins with a word below has its accident; `diary` gets a line a begun call."""

    diary: Path
    pace_s: float = 0.0
    start: str = ""  # `no-model`, `dies`, or `told`: a line in `loads`
    mild: bool = False  # every score is 100 and every risk low

    def __call__(self) -> Inspect:
        if self.start == "no-model":
            raise ModelError("base: model.bin is missing: install it")
        if self.start == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.start == "told":
            with self.diary.with_name("loads").open("a", encoding="utf-8") as loads:
                loads.write(f"{os.getpid()} {os.environ.get('CUDA_VISIBLE_DEVICES', '')}\n")
        return lambda recordings: map(self.inspect, recordings)

    def inspect(self, recording: Recording) -> CallResult:
        with self.diary.open("a", encoding="utf-8") as diary:
            diary.write(recording.call_id + "\n")
        time.sleep(self.pace_s)
        try:
            said = place_of(recording.path).read_text(encoding="utf-8")
        except OSError:
            return CallResult(recording, CallStatus.FAILED, error=f"{Path(recording.path).name}: not there")
        if said.startswith("kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        if said.startswith("lost"):
            raise DeviceError("base/float16 failed on the GPU (CUDA failed with error unspecified launch failure)")
        if said.startswith("machine"):
            os.killpg(0, signal.SIGKILL)  # takes along all that was started with it: out of memory, a panic
        if said.startswith("hang"):
            time.sleep(600)
        if said.startswith("bug"):
            raise KeyError("speaker")
        if said.startswith("damaged"):
            return CallResult(recording, CallStatus.FAILED, error=str(RecordingError("no sound in it")))
        if said.startswith("gpu"):
            return CallResult(recording, CallStatus.FAILED, error=f"device {os.environ['CUDA_VISIBLE_DEVICES']}")
        judgement = self.judge(recording.call_id, said)
        return _inspected(recording, said, replace(judgement, score=100.0, risk=Risk.LOW) if self.mild else judgement)

    def judge(self, call_id: str, said: str) -> Judgement:
        """Answer three rules by the digest of what was said."""
        number = _number(said)
        findings = tuple(_finding(call_id, said, rule, number) for rule in range(3))
        return Judgement(findings, 100.0 - number % 60, Risk.HIGH if number % 3 == 0 else Risk.NONE)


def _number(said: str) -> int:
    return int(hashlib.sha256(said.encode()).hexdigest()[:8], 16)


def _inspected(recording: Recording, said: str, judgement: Judgement) -> CallResult:
    sha = hashlib.sha256(said.encode()).hexdigest()
    length = 10.0 + _number(said) % 50
    utterance = Utterance(0, Speaker.AGENT, 0, 0.5, 2.5, said, said, 0.9)
    return CallResult(
        recording,
        CallStatus.INSPECTED,
        audio=Audio(sha, length, 2, 8000, "pcm_alaw"),
        transcript=Transcript(
            recording.call_id,
            length,
            (utterance,),
            (Activity(ActivityKind.SPEECH, Speaker.AGENT, 0, 0.5, 2.5, -20.0),),
            confidence=0.9,
        ),
        judgement=judgement,
        elapsed_s=time.monotonic() % 1,  # never the same
    )


def _finding(call_id: str, said: str, rule: int, number: int) -> Finding:
    verdict = list(Verdict)[(number + rule) % 5]
    evidence = (Evidence(0, Speaker.AGENT, 0.5, 2.5, said, said, Match.EXACT),)
    return Finding(
        call_id,
        f"family.rule-{rule}",
        f"print-{rule}",
        verdict,
        Severity.CRITICAL if rule == 0 else Severity.MINOR,
        5.0 if verdict is Verdict.VIOLATED else 0.0,
        Risk.NONE,
        Reason("said", (("speaker", "agent"),)),
        evidence,
    )

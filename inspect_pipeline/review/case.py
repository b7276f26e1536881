"""A call as a reviewer meets it: what is known of it, and what there is to decide, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import CallResult, Evidence, Finding, Reason, Severity, Span, Utterance, Verdict
from inspect_pipeline.review.decisions import Subject, subject_of
from inspect_pipeline.review.queue import QueueItem
from inspect_pipeline.review.schema import FIRST

ASKED = (Verdict.VIOLATED, Verdict.NOTICED, Verdict.UNCERTAIN)  # what a person is asked about, in this order
CONTEXT = 2  # utterances before and after a hit


@dataclass(frozen=True, slots=True)
class Step:
    """What one key decides: a finding, several uncertain ones with the same reason, or (none) the whole call."""

    findings: tuple[Finding, ...] = ()

    @property
    def finding(self) -> Finding | None:
        """Return the finding, the first of several; None for the whole call."""
        return self.findings[0] if self.findings else None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return the evidence of its findings."""
        return tuple(evidence for finding in self.findings for evidence in finding.evidence)


WHOLE_CALL = Step()


@dataclass(frozen=True, slots=True)
class Case:
    """One call of a night with everything that was stored of it. `titles` are the rules' titles by id.

    `packs`: the fingerprint of the packs that judged it; None when that is not known.
    """

    night: str
    result: CallResult
    item: QueueItem | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    packs: str | None = None

    @property
    def call_id(self) -> str:
        """Return the call's id."""
        return self.result.recording.call_id

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return all findings in pack order; none for a call that was not inspected."""
        return self.result.judgement.findings if self.result.judgement else ()

    @property
    def utterances(self) -> tuple[Utterance, ...]:
        """Return all utterances in time order; none for a call that was not inspected."""
        return self.result.transcript.utterances if self.result.transcript else ()

    def title(self, rule_id: str) -> str:
        """Return the rule's title, or its id when the pack is not at hand."""
        return self.titles.get(rule_id, rule_id)

    def steps(self, split: bool = False) -> tuple[Step, ...]:
        """Return what to decide, one after the other: the findings that are asked about, gravest first; the call.

        Uncertain findings with the same reason and nothing to show for it are one step, unless `split`. The last step
        is the whole call: without it nobody could count what the machine missed. Who hears the call blind is asked
        about every rule, in the pack's order.
        """
        if self.blind:
            return tuple(Step((finding,)) for finding in self.findings) or (Step(),)
        severities = list(Severity)
        asked = [finding for finding in self.findings if finding.verdict in ASKED]
        asked.sort(key=lambda finding: (ASKED.index(finding.verdict), severities.index(finding.severity)))
        groups: dict[str, list[Finding]] = {}
        for finding in asked:
            alike = finding.verdict is Verdict.UNCERTAIN and not finding.evidence and not split
            groups.setdefault(finding.reason.code if alike else f"/{finding.rule_id}", []).append(finding)
        return (*(Step(tuple(group)) for group in groups.values()), Step())

    @property
    def blind(self) -> bool:
        """Tell whether it is heard without knowing what the machine and the first reviewer said."""
        return self.item is not None and self.item.blind

    def subjects(self, step: Step) -> tuple[Subject, ...]:
        """Return what decisions at this step are about."""
        return tuple(self.subject(finding) for finding in step.findings or (None,))

    def subject(self, finding: Finding | None) -> Subject:
        """Return what a decision on a finding, or on the whole call, is about."""
        role = FIRST if self.item is None else self.item.role
        if finding is None:
            return Subject(self.night, self.call_id, fingerprint=self.packs, role=role)
        return subject_of(self.night, finding, role)

    def all_evidence(self) -> tuple[Evidence, ...]:
        """Return the evidence of all findings that are asked about."""
        return tuple(evidence for finding in self.findings if finding.verdict in ASKED for evidence in finding.evidence)

    def silent_findings(self) -> tuple[Finding, ...]:
        """Return the findings in which the machine saw nothing: where it can have missed something."""
        return tuple(finding for finding in self.findings if finding.verdict not in ASKED)


def moment_of(finding: Finding | None) -> float:
    """Return the second at which to listen for a finding: its first evidence, else where its window begins."""
    if finding is None:
        return 0.0
    if finding.evidence:
        return min(evidence.start_s for evidence in finding.evidence)
    window = searched(finding.reason)
    return window.start_s if window else 0.0


def searched(reason: Reason) -> Span | None:
    """Return the window in which something was looked for, when the reason tells it; to the second."""
    values = dict(reason.values)
    if "from" not in values or "to" not in values:
        return None
    return Span(seconds_of(values["from"]), seconds_of(values["to"]) + 1.0)


def seconds_of(clock: str) -> float:
    """Return the seconds of 0:31 or 1:02:05. Raises ReviewError for anything else."""
    parts = clock.split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() for part in parts):
        raise ReviewError(f"'{clock}' is no moment of a call: write it like 0:31")
    seconds = 0
    for part in parts:
        seconds = seconds * 60 + int(part)
    return float(seconds)


def around(case: Case, step: Step) -> tuple[Utterance, ...]:
    """Return the utterances to read at a step: the hits and their neighbours, and the windows that were searched.

    The whole call when there are neither, when that is all the findings say, and for who must not be told.
    """
    if case.blind:
        return case.utterances
    hits = hit_positions(case.utterances, step.evidence)
    wanted = {place for hit in hits for place in range(hit - CONTEXT, hit + CONTEXT + 1)}
    for window in (searched(finding.reason) for finding in step.findings):
        if window is not None:
            wanted |= {
                place
                for place, utterance in enumerate(case.utterances)
                if utterance.start_s < window.end_s and utterance.end_s > window.start_s
            }
    shown = tuple(utterance for place, utterance in enumerate(case.utterances) if place in wanted)
    return shown or case.utterances


def hit_positions(utterances: Sequence[Utterance], evidence: Sequence[Evidence]) -> tuple[int, ...]:
    """Return the places in `utterances` that the evidence names: by utterance, or (measured) by its seconds."""
    found: set[int] = set()
    for hit in evidence:
        if hit.utterance is not None:
            found |= {place for place, utterance in enumerate(utterances) if utterance.index == hit.utterance}
            continue
        before = [place for place, utterance in enumerate(utterances) if utterance.start_s <= hit.start_s]
        after = [place for place, utterance in enumerate(utterances) if utterance.end_s >= hit.end_s]
        found |= set(before[-1:]) | set(after[:1])
    return tuple(sorted(found))


def quote_spans(utterance: Utterance, evidence: Sequence[Evidence]) -> tuple[tuple[int, int], ...]:
    """Return where in the utterance's text the quotes stand: (start, end) offsets, in order, not overlapping.

    A quote that occurs twice is marked as often as there is evidence for it.
    """
    spans: list[tuple[int, int]] = []
    searched: dict[str, int] = {}
    for hit in evidence:
        if hit.utterance != utterance.index or not hit.quote:
            continue
        start = utterance.text.find(hit.quote, searched.get(hit.quote, 0))
        if start >= 0:
            spans.append((start, start + len(hit.quote)))
            searched[hit.quote] = start + len(hit.quote)
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)

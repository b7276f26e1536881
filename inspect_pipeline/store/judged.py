"""Stored calls as the sample sees them, and which rules a night was judged by."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from inspect_pipeline.model import CallStatus, Risk, Severity, Verdict
from inspect_pipeline.store.rows import Row
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import part_path, parts, read_part, shard_of, stored_nights
from inspect_pipeline.triage.sample import JudgedCall

JUDGED_CALL = ("call_id", "status", "score", "risk", "agent_id", "team", "queue")
JUDGED_FINDING = ("call_id", "rule_id", "fingerprint", "verdict", "severity")

_SAYS = frozenset({Verdict.VIOLATED.value, Verdict.NOTICED.value, Verdict.UNCERTAIN.value})

Rules = Mapping[str, str]
"""Fingerprints by rule id."""


def judged_call(call: Row, findings: Sequence[Row], known: Rules | None) -> JudgedCall:
    """Return an inspected call (columns JUDGED_CALL and JUDGED_FINDING) as the sample sees it.

    `known`: the rules of the night before, against which a rule is new; None when there was none: nothing is new.
    """
    violated = [row for row in findings if row["verdict"] == Verdict.VIOLATED.value]
    telling = [] if known is None else [row for row in findings if row["verdict"] in _SAYS]
    return JudgedCall(
        call_id=call["call_id"],
        risk=Risk(call["risk"]),
        score=call["score"],
        critical=any(row["severity"] == Severity.CRITICAL.value for row in violated),
        violated=bool(violated),
        uncertain=any(row["verdict"] == Verdict.UNCERTAIN.value for row in findings),
        new_rule=any(known is not None and row["rule_id"] not in known for row in telling),
        new_fingerprint=any(
            known is not None and known.get(row["rule_id"], row["fingerprint"]) != row["fingerprint"] for row in telling
        ),
        agent=_shared(call["agent_id"]),
        team=_shared(call["team"]),
        queue=_shared(call["queue"]),
    )


def _shared(name: str | None) -> str | None:
    """Return the one copy of a name that thousands of calls have."""
    return None if name is None else sys.intern(name)


def judged_calls(out: Path, night: str, known: Rules | None) -> list[JudgedCall]:
    """Return the inspected calls of a night, by shard and id. `known` as in `judged_call`. Raises StoreError."""
    found = []
    for path in parts(out, TableName.CALLS, night):
        calls = read_part(path, TableName.CALLS, JUDGED_CALL)
        answers: dict[str, list[Row]] = {call["call_id"]: [] for call in calls}
        findings = part_path(out, TableName.FINDINGS, night, shard_of(path))
        for row in read_part(findings, TableName.FINDINGS, JUDGED_FINDING):
            answers[row["call_id"]].append(row)
        found += [
            judged_call(call, answers[call["call_id"]], known)
            for call in calls
            if call["status"] == CallStatus.INSPECTED.value
        ]
    return found


def night_rules(out: Path, night: str) -> dict[str, str]:
    """Return the rules of a night, as its first inspected call was judged; none when no call was. Raises StoreError."""
    for path in parts(out, TableName.FINDINGS, night):
        rows = read_part(path, TableName.FINDINGS, ("call_id", "rule_id", "fingerprint"))
        if rows:
            return {row["rule_id"]: row["fingerprint"] for row in rows if row["call_id"] == rows[0]["call_id"]}
    return {}


def rules_before(out: Path, night: str) -> dict[str, str] | None:
    """Return the rules of the last stored night before this one in which a call was judged; None without one."""
    for earlier in reversed([stored for stored in stored_nights(out) if stored < night]):
        if rules := night_rules(out, earlier):
            return rules
    return None

"""What stands on a finding when everybody has spoken: is there a violation, is there none, can it not be told?

Everything here is a pure function of decisions. "Holds" means that what the rule looks for is there: a violation, or
(for a notice) the signal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from inspect_pipeline.model import Verdict
from inspect_pipeline.review.decisions import Choice, Decision, Subject, standing
from inspect_pipeline.review.schema import ADJUDICATOR, FIRST, SECOND
from inspect_pipeline.review.wordings import Wording

SEEN = (Verdict.VIOLATED, Verdict.NOTICED)  # the machine says that it holds
SILENT = (Verdict.MET, Verdict.NOT_APPLICABLE)  # the first reviewer is not asked about these one by one

CallKey = tuple[str, str]
"""Night and call."""


class Holds(StrEnum):
    """A person's own answer to a rule, whatever the machine said."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class Source(StrEnum):
    """Whose word stands on a finding."""

    REVIEW = "review"
    ADJUDICATION = "adjudication"
    APPEAL = "appeal"
    OPEN = "open"  # two reviewers differ and nobody has decided between them


@dataclass(frozen=True, slots=True)
class Key:
    """One finding of one call, as one wording of the rule gave it."""

    night: str
    call_id: str
    rule_id: str
    fingerprint: str | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What stands on a finding, and whose word that is."""

    holds: Holds
    source: Source


@dataclass(frozen=True, slots=True)
class Difference:
    """A finding on which two reviewers differ: who said what (first, second), and the third one's decision if any."""

    key: Key
    first: tuple[str, Holds]
    second: tuple[str, Holds]
    settled: Decision | None = None


def holds(verdict: Verdict, choice: Choice) -> Holds:
    """Return what a reviewer's choice says by itself, given what the machine had answered.

    To agree that a thing is uncertain is to say that it cannot be told; to disagree is to say that it is in order (a
    violation would have been called missed).
    """
    if choice is Choice.UNSURE or (verdict is Verdict.UNCERTAIN and choice is Choice.AGREE):
        return Holds.UNSURE
    if verdict in SEEN:
        return Holds.YES if choice is Choice.AGREE else Holds.NO
    if verdict is Verdict.UNCERTAIN:
        return Holds.YES if choice is Choice.MISSED else Holds.NO
    return Holds.NO if choice is Choice.AGREE else Holds.YES


def choice_for(verdict: Verdict, said: Holds) -> Choice:
    """Return the choice that says `said` about a finding: `holds(verdict, choice_for(verdict, said)) is said`."""
    if said is Holds.UNSURE:
        return Choice.UNSURE
    if said is Holds.YES:
        return Choice.AGREE if verdict in SEEN else Choice.MISSED
    return Choice.DISAGREE if verdict in (*SEEN, Verdict.UNCERTAIN) else Choice.AGREE


def key_of(subject: Subject) -> Key | None:
    """Return the finding that a decision is about; None for the whole call."""
    if subject.rule_id is None or subject.verdict is None:
        return None
    return Key(subject.night, subject.call_id, subject.rule_id, subject.fingerprint, subject.verdict)


def answers(made: Iterable[Decision], role: str) -> dict[Key, Decision]:
    """Return the latest standing decision of a role on each finding."""
    found: dict[Key, Decision] = {}
    for decision in made:
        key = key_of(decision.subject)
        if key is not None and decision.subject.role == role:
            found[key] = decision
    return found


def completed_calls(stand: Iterable[Decision]) -> dict[tuple[CallKey, str], frozenset[Wording]]:
    """Return the calls that first reviewers heard to the end, each with her name, and of which rules that speaks.

    To the end: her latest answer about the whole call is that nothing else is wrong (`agree`), or that something is
    (`missed`) and she named such a rule. Then what the machine found in order, and she did not name, is in order, by
    the rules as they were worded then. `missed` without a rule says that something was missed, not what; like `unsure`
    it says nothing about any rule. `stand`: decisions that stand, oldest first.
    """
    named: dict[tuple[CallKey, str], set[Wording]] = {}
    whole: list[tuple[tuple[CallKey, str], Decision]] = []
    for decision in stand:
        who = ((decision.subject.night, decision.subject.call_id), decision.reviewer)
        if decision.subject.role != FIRST:
            continue
        if decision.subject.rule_id is None:
            whole.append((who, decision))
        elif decision.choice is Choice.MISSED:
            named.setdefault(who, set()).add((decision.subject.rule_id, decision.subject.fingerprint or ""))
    found: dict[tuple[CallKey, str], frozenset[Wording]] = {}
    for who, decision in whole:
        before = found.pop(who, frozenset())
        told = named.get(who, set())
        said_what = bool(told & decision.rules if decision.rules else told)
        if decision.choice is Choice.AGREE or (decision.choice is Choice.MISSED and said_what):
            found[who] = before | decision.rules
        elif before - decision.rules:
            found[who] = before - decision.rules
    return found


def differences(made: Sequence[Decision]) -> list[Difference]:
    """Return every finding on which the first and the second reviewer differ, by call and rule; settled ones, too.

    The first reviewer is not asked about what the machine found in order: that she completed the call is her word on
    those (see `completed_calls`). Without it she has said nothing about them, and nobody differs.
    """
    stand = standing(tuple(made))
    first, second, third = (answers(stand, role) for role in (FIRST, SECOND, ADJUDICATOR))
    completed: dict[CallKey, dict[str, frozenset[Wording]]] = {}
    for (call, reviewer), rules in completed_calls(stand).items():
        completed.setdefault(call, {})[reviewer] = rules
    found = []
    for key, blind in second.items():
        said = _first_word(key, first.get(key), completed.get((key.night, key.call_id), {}))
        heard = holds(key.verdict, blind.choice)
        if said is not None and said[1] is not heard:
            found.append(Difference(key, said, (blind.reviewer, heard), third.get(key)))
    return sorted(found, key=lambda pair: (pair.key.night, pair.key.call_id, pair.key.rule_id))


def _first_word(
    key: Key, own: Decision | None, completed: Mapping[str, frozenset[Wording]]
) -> tuple[str, Holds] | None:
    """Return what the first reviewer says about a finding; None when she has said nothing about it.

    A whole call that is `missed` without a named rule, or `unsure`, says nothing about what the machine found in order.
    """
    if own is not None:
        return own.reviewer, holds(key.verdict, own.choice)
    if key.verdict in SILENT:
        for reviewer, rules in completed.items():
            if (key.rule_id, key.fingerprint) in rules:
                return reviewer, Holds.NO
    return None


def outcomes(made: Sequence[Decision], overturned: Mapping[Key, bool]) -> dict[Key, Outcome]:
    """Return what stands on every finding that somebody has decided on.

    `overturned` are the findings of decided appeals: granted (True: there is no violation) or dismissed. An appeal
    beats an adjudication, that beats the reviewers, and where these differ nothing can be told until a third decides.
    """
    stand = standing(tuple(made))
    found: dict[Key, Outcome] = {}
    for role in (SECOND, FIRST):
        for key, decision in answers(stand, role).items():
            found[key] = Outcome(holds(key.verdict, decision.choice), Source.REVIEW)
    for pair in differences(made):
        found[pair.key] = Outcome(Holds.UNSURE, Source.OPEN)
    for key, decision in answers(stand, ADJUDICATOR).items():
        found[key] = Outcome(holds(key.verdict, decision.choice), Source.ADJUDICATION)
    for key, granted in overturned.items():
        found[key] = Outcome(Holds.NO if granted else Holds.YES, Source.APPEAL)
    return found

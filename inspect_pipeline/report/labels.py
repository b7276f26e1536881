"""From what reviewers decided to labels: for a rule in a call, does it hold or not, whatever the machine said.

A decision on a finding is an explicit label (`review.outcome` says which, with adjudications and appeals). A call is
*completed* when its first reviewer has answered the last question, about the whole call: nothing else is wrong
(`agree`), or something else is (`missed`) and she named at least one such rule. A completed call labels also what she
was not asked about: rules that the machine found in order or not applicable hold in none of its findings unless she
named them. A whole call that is `unsure`, or `missed` without a name, or not answered says nothing about these rules,
and the call counts as drawn but not reviewed for what the machine can have missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from inspect_pipeline.model import Verdict
from inspect_pipeline.review.decisions import Choice, Decision, standing
from inspect_pipeline.review.outcome import Holds, Key, holds, key_of, outcomes
from inspect_pipeline.review.schema import FIRST, SECOND

CallKey = tuple[str, str]
"""Night and call."""

SILENT = (Verdict.MET, Verdict.NOT_APPLICABLE)  # nobody is asked about these one by one


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of reviewed calls. `touched`: first reviewers decided anything; `completed`: as above.

    `spoken`: the calls and rules that anybody decided on, under whatever wording.
    """

    explicit: Mapping[Key, Holds]
    spoken: frozenset[tuple[str, str, str]]
    touched: frozenset[CallKey]
    completed: frozenset[CallKey]

    def of(self, key: Key) -> Holds | None:
        """Return the label of a finding as it is stored; None when there is none. UNSURE: it cannot be told."""
        found = self.explicit.get(key)
        if key.verdict not in SILENT:
            return found
        # without the end of the review a miss would be counted, and all that is in order would not
        if (key.night, key.call_id) not in self.completed:
            return None
        if found is None and (key.night, key.call_id, key.rule_id) not in self.spoken:
            return Holds.NO
        return found  # none, when the call was judged again since: what was said is about another wording


def labels_of(made: Sequence[Decision], overturned: Mapping[Key, bool]) -> Labels:
    """Return the labels that decisions (all of them, oldest first) and decided appeals make."""
    stand = standing(tuple(made))
    explicit = {key: outcome.holds for key, outcome in outcomes(made, overturned).items()}
    return Labels(
        explicit=explicit,
        spoken=frozenset((key.night, key.call_id, key.rule_id) for key in explicit),
        touched=frozenset(_call(d) for d in stand if d.subject.role == FIRST),
        completed=frozenset(call for call, _ in completed_calls(stand)),
    )


def completed_calls(stand: Iterable[Decision]) -> set[tuple[CallKey, str]]:
    """Return the calls that somebody reviewed to the end, first and alone, each with her name."""
    whole: dict[tuple[CallKey, str], Choice] = {}
    named: set[tuple[CallKey, str]] = set()
    for decision in stand:
        who = (_call(decision), decision.reviewer)
        if decision.subject.role != FIRST:
            continue
        if decision.subject.rule_id is None:
            whole[who] = decision.choice
        elif decision.choice is Choice.MISSED:
            named.add(who)
    return {
        who for who, choice in whole.items() if choice is Choice.AGREE or (choice is Choice.MISSED and who in named)
    }


@dataclass(frozen=True, slots=True)
class Rated:
    """One finding that several people rated without knowing of each other: their answers by name."""

    key: Key
    by: Mapping[str, Holds]


def rated_by_several(made: Sequence[Decision]) -> list[Rated]:
    """Return the findings that two or more people rated as first or blind second reviewer, by night, call and rule.

    Who completed a call as its first reviewer rated also the rules that she was not asked about. Adjudicators know what
    the others said and do not count.
    """
    stand = standing(tuple(made))
    answers: dict[Key, dict[str, Holds]] = {}
    for decision in stand:
        key = key_of(decision.subject)
        if key is not None and decision.subject.role in {FIRST, SECOND}:
            answers.setdefault(key, {})[decision.reviewer] = holds(key.verdict, decision.choice)
    silent: dict[CallKey, list[Key]] = {}
    for key in answers:
        if key.verdict in SILENT:
            silent.setdefault((key.night, key.call_id), []).append(key)
    for call, reviewer in completed_calls(stand):
        for key in silent.get(call, ()):
            answers[key].setdefault(reviewer, Holds.NO)
    rated = [Rated(key, dict(sorted(by.items()))) for key, by in answers.items() if len(by) >= 2]
    return sorted(rated, key=lambda one: (one.key.night, one.key.call_id, one.key.rule_id, str(one.key.fingerprint)))


def _call(decision: Decision) -> CallKey:
    return decision.subject.night, decision.subject.call_id

"""From what reviewers decided to labels: for a rule in a call, does it hold or not, whatever the machine said.

A decision on a finding is an explicit label (`review.outcome` says which, with adjudications and appeals). A call is
*completed* when its first reviewer has answered the last question, about the whole call: nothing else is wrong
(`agree`), or something else is (`missed`) and she named at least one such rule. A completed call labels also what she
was not asked about: rules that the machine found in order or not applicable hold in none of its findings unless she
named them. That holds for the rules as they were worded when she answered: when a call is judged again by other rules,
her answer still counts for those that are the same, and says nothing about those that are new or changed. Where it is
not known which rules they were, it says nothing about any. A whole call that is `unsure`, or not answered, or `missed`
without a name (that something was missed, not what) says nothing about these rules, either, and the call counts as
drawn but not reviewed for what the machine can have missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inspect_pipeline.review.decisions import Decision, standing
from inspect_pipeline.review.outcome import SILENT, CallKey, Holds, Key, completed_calls, holds, key_of, outcomes
from inspect_pipeline.review.schema import FIRST, SECOND
from inspect_pipeline.review.wordings import Wording


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of reviewed calls. `touched`: first reviewers decided anything; `completed`: as above, each with
    the wordings that it labels.

    `spoken`: the calls and rules that anybody decided on, under whatever wording.
    """

    explicit: Mapping[Key, Holds]
    spoken: frozenset[tuple[str, str, str]]
    touched: frozenset[CallKey]
    completed: Mapping[CallKey, frozenset[Wording]]

    def of(self, key: Key) -> Holds | None:
        """Return the label of a finding as it is stored; None when there is none. UNSURE: it cannot be told."""
        found = self.explicit.get(key)
        if key.verdict not in SILENT:
            return found
        # without the end of the review a miss would be counted, and all that is in order would not
        if (key.rule_id, key.fingerprint) not in self.completed.get((key.night, key.call_id), frozenset()):
            return None
        if found is None and (key.night, key.call_id, key.rule_id) not in self.spoken:
            return Holds.NO
        return found  # none, when the call was judged again since: what was said is about another wording


def labels_of(made: Sequence[Decision], overturned: Mapping[Key, bool]) -> Labels:
    """Return the labels that decisions (all of them, oldest first) and decided appeals make."""
    stand = standing(tuple(made))
    explicit = {key: outcome.holds for key, outcome in outcomes(made, overturned).items()}
    completed: dict[CallKey, frozenset[Wording]] = {}
    for (call, _), rules in completed_calls(stand).items():
        completed[call] = completed.get(call, frozenset()) | rules
    return Labels(
        explicit=explicit,
        spoken=frozenset((key.night, key.call_id, key.rule_id) for key in explicit),
        touched=frozenset(_call(d) for d in stand if d.subject.role == FIRST),
        completed=completed,
    )


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
    for (call, reviewer), rules in completed_calls(stand).items():
        for key in silent.get(call, ()):
            if (key.rule_id, key.fingerprint) in rules:
                answers[key].setdefault(reviewer, Holds.NO)
    rated = [Rated(key, dict(sorted(by.items()))) for key, by in answers.items() if len(by) >= 2]
    return sorted(rated, key=lambda one: (one.key.night, one.key.call_id, one.key.rule_id, str(one.key.fingerprint)))


def _call(decision: Decision) -> CallKey:
    return decision.subject.night, decision.subject.call_id

"""What must stand around what: replies to something said, or to a measured wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspect_pipeline.model import Evidence, Match, Reason, Speaker, Verdict
from inspect_pipeline.rulebook.answer import Answer
from inspect_pipeline.rulebook.evidence import evidence_of
from inspect_pipeline.rulebook.excuses import excused_moment, excuser
from inspect_pipeline.rulebook.fairness import doubt_absence, doubt_nothing, window_values
from inspect_pipeline.rulebook.groups import Search, evaluate
from inspect_pipeline.rulebook.hearing import Hearing, Outcome, Truth
from inspect_pipeline.rulebook.listening import Found
from inspect_pipeline.rulebook.measures import occurrences, unmeasurable
from inspect_pipeline.rulebook.rule import Excuse, Group, MustReply, Position, Reply, Rule
from inspect_pipeline.rulebook.windows import Moment, Scope, has_speech, reply_scope, window_scope
from inspect_pipeline.wording import clock


@dataclass(frozen=True, slots=True)
class Trigger:
    """Something that calls for a reply, and the doubt about it (None: sure)."""

    moment: Moment
    evidence: tuple[Evidence, ...]
    found: tuple[Found, ...] = ()
    doubt: Reason | None = None


def judge_reply(rule: Rule, kind: MustReply, hearing: Hearing) -> Answer:
    """Answer a `must_reply` rule: met when each reply stands around one trigger (`every`: around each)."""
    measure, group = kind.trigger.measure, kind.trigger.group
    excuses = (*kind.trigger.excuses, *rule.excuses)
    if measure is not None:
        impossible = unmeasurable(measure.quantity, hearing)
        if impossible:
            return Answer(impossible.verdict, impossible.reason)
        calls = _waits(rule, kind, excuses, hearing)
    else:
        nothing_heard = triggers_of(rule, group or Group(), excuses, hearing)
        if isinstance(nothing_heard, Answer):
            return nothing_heard
        calls = nothing_heard
    if not calls:
        return Answer(Verdict.NOT_APPLICABLE, Reason("no-trigger"))
    around: dict[int, Outcome] = {}
    answers = [_replied(rule, kind.replies, call, hearing, around) for call in calls]
    return _every(answers) if kind.every else _enough(answers)


def _waits(rule: Rule, kind: MustReply, excuses: Sequence[Excuse], hearing: Hearing) -> list[Trigger]:
    if kind.trigger.measure is None:
        return []
    window = window_scope(hearing, rule.window, rule.speaker)
    calls: list[Trigger] = []
    for wait in occurrences(kind.trigger.measure, hearing):
        moment = Moment(wait.start_s, wait.end_s)
        excuse = excused_moment(hearing, excuses, moment, rule.speaker)
        inside = rule.window is None or (wait.start_s < window.end_s and wait.end_s > window.start_s)
        if inside and excuse.truth is not Truth.YES:
            calls.append(Trigger(moment, (wait,), doubt=excuse.reason))
    return calls


def triggers_of(rule: Rule, group: Group, excuses: Sequence[Excuse], hearing: Hearing) -> Answer | list[Trigger]:
    """Return the triggers that were said, or the answer when there is none or the only ones are doubtful."""
    speaker = group.speaker if group.speaker is not None else Speaker.CUSTOMER
    scope = window_scope(hearing, rule.window, rule.speaker)
    outcome = evaluate(group, Search(hearing, speaker, scope, excuse=excuser(hearing, excuses)))
    if outcome.truth is Truth.UNSURE:
        return Answer(Verdict.UNCERTAIN, outcome.reason or Reason("no-trigger"), evidence_of(outcome.found))
    if outcome.truth is Truth.NO:
        doubt = doubt_nothing(hearing, speaker)
        if doubt:
            return Answer(Verdict.UNCERTAIN, doubt)
        return Answer(Verdict.NOT_APPLICABLE, Reason("no-trigger"))
    return [Trigger(Moment.of(found), evidence_of((found,)), (found,)) for found in completions(group, outcome)]


def completions(group: Group, outcome: Outcome) -> list[Found]:
    """Return where a group was satisfied: at each hit, or at the one by which `all` its items had been said."""
    ordered = sorted(_explained(outcome.found), key=lambda found: (found.position, found.hit.start))
    if group.all and ordered:
        first: dict[object, Found] = {}
        for found in ordered:
            first.setdefault(found.term, found)
        return [max(first.values(), key=lambda found: (found.position, found.hit.start))]
    apart: list[Found] = []
    for found in ordered:
        if not (apart and apart[-1].position == found.position and found.hit.start < apart[-1].hit.end):
            apart.append(found)
    return apart


def _explained(found: Sequence[Found]) -> list[Found]:
    """Drop what only the sentence model found where a phrase was found too: a phrase explains itself."""
    worded = [each for each in found if each.hit.match is not Match.LIKE]
    return worded + [
        each
        for each in found
        if each.hit.match is Match.LIKE
        and not any(
            other.position == each.position and other.hit.start < each.hit.end and each.hit.start < other.hit.end
            for other in worded
        )
    ]


def _replied(
    rule: Rule, replies: Sequence[Reply], call: Trigger, hearing: Hearing, around: dict[int, Outcome]
) -> Answer:
    """Answer for one trigger: which of the replies stand around it.

    `around`: what was found of replies that may stand in any utterance, by their place; other triggers get it too.
    """
    found: list[Found] = []
    missing: list[Answer] = []
    for number, reply in enumerate(replies):
        speaker = rule.speaker if reply.group.speaker is None else reply.group.speaker
        scope = reply_scope(hearing, call.moment, reply.position, reply.within, speaker)
        anywhere = scope.side is Position.AROUND and len(scope.positions or ()) == len(hearing.utterances)
        outcome = around.get(number) if anywhere else None
        if outcome is None:
            outcome = evaluate(reply.group, Search(hearing, speaker, scope, wanted=True, frugal=True))
            if anywhere:
                around[number] = outcome
        if outcome.truth is Truth.YES:
            found.extend(_nearest(outcome.found, call.moment))
        else:
            missing.append(missing_answer(hearing, "reply-missing", reply.name, outcome, scope, speaker))
    if not missing:
        return Answer(Verdict.MET, Reason("replied"), (*call.evidence, *evidence_of(found)))
    worst = next((answer for answer in missing if answer.verdict is Verdict.VIOLATED), missing[0])
    if worst.verdict is Verdict.VIOLATED and call.doubt:
        worst = Answer(Verdict.UNCERTAIN, call.doubt)
    reason = Reason(worst.reason.code, (*worst.reason.values, ("trigger", _trigger_text(call))))
    return Answer(worst.verdict, reason, (*call.evidence, *worst.evidence))


def _trigger_text(call: Trigger) -> str:
    quotes = [each.quote for each in call.evidence if each.quote]
    return quotes[0] if quotes else f"{clock(call.moment.start_s)}-{clock(call.moment.end_s)}"


def _nearest(found: Sequence[Found], moment: Moment) -> tuple[Found, ...]:
    """Return the hit that stands nearest to the moment: evidence of one reply is one quote."""
    ordered = sorted(found, key=lambda each: (_apart(each, moment), each.position, each.hit.start))
    return tuple(ordered[:1])


def _apart(found: Found, moment: Moment) -> float:
    return max(0.0, found.start_s - moment.end_s, moment.start_s - found.end_s)


def missing_answer(hearing: Hearing, code: str, name: str, outcome: Outcome, scope: Scope, speaker: Speaker) -> Answer:
    """Return the answer for something that had to be said and was not found."""
    if outcome.truth is Truth.UNSURE:
        reason = outcome.reason or Reason("unintelligible")
        return Answer(Verdict.UNCERTAIN, reason, evidence_of(outcome.found))
    values = (("name", name), *window_values(scope))
    if not _had_a_chance(hearing, scope, speaker):
        return Answer(Verdict.NOT_APPLICABLE, Reason("no-chance", values))
    doubt = None if outcome.found else doubt_absence(hearing, speaker, scope)
    if doubt:
        return Answer(Verdict.UNCERTAIN, doubt)
    return Answer(Verdict.VIOLATED, Reason(code, values), evidence_of(outcome.found))


def _had_a_chance(hearing: Hearing, scope: Scope, speaker: Speaker) -> bool:
    """Return False when the speaker says nothing more after the moment: the other side has hung up."""
    if scope.moment is None or scope.side is not Position.AFTER or scope.same_utterance:
        return True
    return has_speech(hearing, reply_scope(hearing, scope.moment, scope.side, None, speaker), speaker)


def _enough(answers: Sequence[Answer]) -> Answer:
    """Return the answer when one of several triggers is enough; a met one shows all that were replied to."""
    best = best_answer(answers)
    if best.verdict is not Verdict.MET:
        return best
    shown = (each for answer in answers if answer.verdict is Verdict.MET for each in answer.evidence)
    return Answer(Verdict.MET, best.reason, tuple(dict.fromkeys(shown)))


def best_answer(answers: Sequence[Answer]) -> Answer:
    """Return the answer of several tries of which one is enough: the first met one, else the first that may be met.

    A last word to which nobody could reply any more decides only where nothing else does.
    """
    order = (Verdict.MET, Verdict.UNCERTAIN, Verdict.VIOLATED, Verdict.NOT_APPLICABLE)
    return min(answers, key=lambda answer: order.index(answer.verdict))


def _every(answers: list[Answer]) -> Answer:
    failed = [answer for answer in answers if answer.verdict is Verdict.VIOLATED]
    if failed:
        evidence = tuple(each for answer in failed for each in answer.evidence)
        return Answer(Verdict.VIOLATED, failed[0].reason, evidence, hits=len(failed))
    for answer in answers:
        if answer.verdict is Verdict.UNCERTAIN:
            return answer
    evidence = tuple(dict.fromkeys(each for answer in answers for each in answer.evidence))
    return Answer(Verdict.MET, answers[0].reason, evidence)

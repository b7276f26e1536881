"""Rule x transcript -> finding. Every rule answers once a call, and never by silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from inspect_pipeline.model import Finding, Reason, Risk, Speaker, Transcript, Verdict
from inspect_pipeline.rulebook.answer import Answer
from inspect_pipeline.rulebook.conditions import condition_answer
from inspect_pipeline.rulebook.evidence import evidence_of
from inspect_pipeline.rulebook.excuses import bars, excuser
from inspect_pipeline.rulebook.fairness import (
    doubt_absence,
    doubt_nothing,
    speaker_doubt,
    unintelligible,
    window_values,
)
from inspect_pipeline.rulebook.groups import (
    NOTHING,
    Search,
    evaluate,
    said_by_somebody,
)
from inspect_pipeline.rulebook.hearing import Hearing, Truth
from inspect_pipeline.rulebook.listening import Listening
from inspect_pipeline.rulebook.matcher import Line, Matcher
from inspect_pipeline.rulebook.members import Members, terms_of
from inspect_pipeline.rulebook.reply import judge_reply
from inspect_pipeline.rulebook.rule import (
    Excuse,
    Group,
    Kind,
    Measure,
    MustFollow,
    MustNotSay,
    MustReply,
    MustSay,
    Notice,
    Pack,
    Rule,
)
from inspect_pipeline.rulebook.settings import JudgeSettings
from inspect_pipeline.rulebook.similarity import Similarity
from inspect_pipeline.rulebook.steps import judge_steps
from inspect_pipeline.rulebook.terms import Look, Term
from inspect_pipeline.rulebook.timing import judge_measure
from inspect_pipeline.rulebook.windows import whole, window_scope
from inspect_pipeline.text.sound import Ear


class Judge:
    """Answers the rules of `packs` for one call after another. It keeps no state between calls."""

    def __init__(
        self,
        packs: Sequence[Pack],
        similarity: Similarity | None = None,
        settings: JudgeSettings | None = None,
        ear: Ear | None = None,
    ) -> None:
        self.packs = tuple(packs)
        self.settings = settings or JudgeSettings()
        self.rules = tuple(rule for pack in self.packs for rule in pack.rules)
        self.terms = tuple(dict.fromkeys(term for rule in self.rules for term in rule_terms(rule)))
        self._matcher = Matcher(self.terms, ear, similarity)
        groups = [group for rule in self.rules for group in _rule_groups(rule)]
        self._members = {id(group): Members.of(group, self._matcher.numbers) for group in groups}
        self._models = (similarity, ear)

    def __reduce__(self) -> tuple[type[Judge], tuple[object, ...]]:
        similarity, ear = self._models
        return type(self), (self.packs, similarity, self.settings, ear)

    def findings(self, transcript: Transcript, metadata: Mapping[str, str]) -> tuple[Finding, ...]:
        """Return one finding a rule, in the order of the packs."""
        return next(self.judged([(transcript, metadata)]))

    def judged(self, calls: Sequence[tuple[Transcript, Mapping[str, str]]]) -> Iterator[tuple[Finding, ...]]:
        """Yield the findings of each call. Some dozens of calls together are quicker than one after another."""
        lines = self._matcher.lines(said.text for transcript, _ in calls for said in transcript.utterances)
        meant = self._matcher.meant([transcript.utterances for transcript, _ in calls], lines)
        for (transcript, metadata), means in zip(calls, meant, strict=True):
            hearing = self._hear(transcript, lines, means)
            yield tuple([_finding(rule, hearing, metadata) for rule in self.rules])

    def look(self, transcript: Transcript) -> Look:
        """Return where each term of the rules is in a transcript, whoever says it."""
        return self._matcher.look(transcript.utterances)

    def answer(self, rule: Rule, transcript: Transcript, metadata: Mapping[str, str]) -> Finding:
        """Return the finding of one rule, which must be one of the packs'."""
        lines = self._matcher.lines(said.text for said in transcript.utterances)
        (meant,) = self._matcher.meant([transcript.utterances], lines)
        return _finding(rule, self._hear(transcript, lines, meant), metadata)

    def _hear(self, transcript: Transcript, lines: Mapping[str, Line], meant: Sequence[Mapping[int, float]]) -> Hearing:
        said = transcript.utterances
        listening = Listening(said, self._matcher, [lines[one.text] for one in said], meant)
        return Hearing(transcript, listening, self.settings, self._members)


def rule_terms(rule: Rule) -> Iterator[Term]:
    """Yield every term that answering a rule needs, those of its excuses and preconditions included."""
    for group in _rule_groups(rule):
        yield from terms_of(group)


def _rule_groups(rule: Rule) -> Iterator[Group]:
    excuses: list[Excuse] = list(rule.excuses)
    match rule.kind:
        case MustSay() | MustNotSay() | Notice():
            yield rule.kind.group
        case MustReply():
            if rule.kind.trigger.group is not None:
                yield rule.kind.trigger.group
            yield from (reply.group for reply in rule.kind.replies)
            excuses.extend(rule.kind.trigger.excuses)
        case MustFollow():
            yield from (step.group for step in rule.kind.steps)
            excuses.extend(excuse for step in rule.kind.steps for excuse in step.excuses)
        case Measure():
            pass
    if rule.when is not None:
        yield rule.when
    yield from (excuse.group for excuse in excuses)


def _finding(rule: Rule, hearing: Hearing, metadata: Mapping[str, str]) -> Finding:
    answer = _answer(rule, hearing, metadata)
    counts = answer.verdict in (Verdict.VIOLATED, Verdict.NOTICED)
    return Finding(
        call_id=hearing.transcript.call_id,
        rule_id=rule.id,
        fingerprint=rule.fingerprint,
        verdict=answer.verdict,
        severity=rule.severity,
        points_lost=_points(rule, answer.hits) if answer.verdict is Verdict.VIOLATED else 0.0,
        risk=rule.risk if counts else Risk.NONE,
        reason=answer.reason,
        evidence=answer.evidence,
    )


def _points(rule: Rule, hits: int) -> float:
    if rule.per_hit is None:
        return rule.points
    points = rule.per_hit * hits
    return points if rule.cap is None else min(points, rule.cap)


def _answer(rule: Rule, hearing: Hearing, metadata: Mapping[str, str]) -> Answer:
    inapplicable = condition_answer(rule.only_if, metadata)
    if inapplicable is not None:
        return Answer(*inapplicable)
    if not hearing.utterances and not hearing.speech(Speaker.UNKNOWN):
        return Answer(Verdict.UNCERTAIN, Reason("no-speech"))
    if not hearing.utterances and not isinstance(rule.kind, Measure):
        return Answer(Verdict.UNCERTAIN, unintelligible(hearing, rule.speaker, whole(hearing)))
    return _when_answer(rule, hearing) or _kind_answer(rule, rule.kind, hearing)


def _when_answer(rule: Rule, hearing: Hearing) -> Answer | None:
    if rule.when is None:
        return None
    speaker = rule.speaker if rule.when.speaker is None else rule.when.speaker
    outcome = evaluate(rule.when, Search(hearing, speaker, whole(hearing)))
    if outcome.truth is Truth.YES:
        return None
    if outcome.truth is Truth.UNSURE:
        return Answer(Verdict.UNCERTAIN, outcome.reason or Reason("unintelligible"), evidence_of(outcome.found))
    doubt = doubt_nothing(hearing, speaker)
    return Answer(Verdict.UNCERTAIN, doubt) if doubt else Answer(Verdict.NOT_APPLICABLE, Reason("when-not-found"))


def _kind_answer(rule: Rule, kind: Kind, hearing: Hearing) -> Answer:
    match kind:
        case MustSay():
            return _must_say(rule, kind.group, hearing)
        case MustNotSay():
            return _heard(rule, kind.group, hearing, (Verdict.VIOLATED, "forbidden-said", "nothing-forbidden"))
        case Notice():
            return _heard(rule, kind.group, hearing, (Verdict.NOTICED, "noticed", "nothing-noticed"))
        case MustReply():
            return judge_reply(rule, kind, hearing)
        case MustFollow():
            return judge_steps(rule, kind, hearing)
        case Measure():
            return judge_measure(rule, kind, hearing)


def _must_say(rule: Rule, group: Group, hearing: Hearing) -> Answer:
    speaker = rule.speaker if group.speaker is None else group.speaker
    scope = window_scope(hearing, rule.window, rule.speaker)
    search = Search(hearing, speaker, scope, wanted=True, frugal=True, excuse=excuser(hearing, rule.excuses))
    outcome = evaluate(group, search)
    evidence = evidence_of(outcome.found)
    values = window_values(scope)
    if outcome.truth is Truth.YES:
        return Answer(Verdict.MET, Reason("said", values), evidence)
    if outcome.truth is Truth.UNSURE:
        return Answer(Verdict.UNCERTAIN, outcome.reason or Reason("unintelligible", values), evidence)
    doubt = None if outcome.found else doubt_absence(hearing, speaker, scope)
    if doubt is not None:
        return Answer(Verdict.UNCERTAIN, doubt)
    somebody = said_by_somebody(group, search)
    if somebody.truth is Truth.YES:
        return Answer(Verdict.UNCERTAIN, speaker_doubt(hearing), evidence_of(somebody.found))
    return Answer(Verdict.VIOLATED, Reason("forbidden-said" if evidence else "not-said", values), evidence)


_CLEAN = {
    "nothing-forbidden": Answer(Verdict.MET, Reason("nothing-forbidden")),
    "nothing-noticed": Answer(Verdict.NOT_APPLICABLE, Reason("nothing-noticed")),
}


def _heard(rule: Rule, group: Group, hearing: Hearing, words: tuple[Verdict, str, str]) -> Answer:
    """Answer a rule that is about something that was said: `words` are its verdict and the reasons with and without."""
    verdict, said, nothing = words
    speaker = rule.speaker if group.speaker is None else group.speaker
    outcome = NOTHING
    members = hearing.members(group)
    if not members.flat or not hearing.touched(speaker).isdisjoint(members.own):
        scope = window_scope(hearing, rule.window, rule.speaker)
        excuse = excuser(hearing, rule.excuses)
        blames, frugal = verdict is Verdict.VIOLATED, rule.per_hit is None
        search = Search(hearing, speaker, scope, excuse=excuse, blames=blames, frugal=frugal)
        outcome = evaluate(group, search._replace(bars=bars(hearing, rule.excuses)) if members.asks else search)
    evidence = evidence_of(outcome.found)
    if outcome.truth is Truth.YES:
        quote = (("quote", evidence[0].quote),) if evidence else ()
        return Answer(verdict, Reason(said, quote), evidence, hits=max(1, len(evidence)))
    if outcome.truth is Truth.UNSURE:
        return Answer(Verdict.UNCERTAIN, outcome.reason or Reason("doubtful-hit"), evidence)
    doubt = doubt_nothing(hearing, speaker)
    if doubt is not None:
        return Answer(Verdict.UNCERTAIN, doubt)
    return _CLEAN[nothing]

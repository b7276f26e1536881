"""One step of a review on one screen: the call, the finding, the words around the hit, the keys. Text in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from inspect_pipeline.model import Evidence, Finding, Match, Risk, Speaker, Utterance, Verdict
from inspect_pipeline.report.columns import Column, fit, pad, table, width, wrap
from inspect_pipeline.report.words import flag_word
from inspect_pipeline.review.case import Case, Step, around, quote_spans
from inspect_pipeline.review.decisions import NO_DRAFT, Choice, Decision, Draft
from inspect_pipeline.review.outcome import holds
from inspect_pipeline.review.paint import BOLD, DIM, PLAIN, RED, REVERSE, YELLOW, Frame, marked_lines, style, two_ends
from inspect_pipeline.review.schema import FIRST
from inspect_pipeline.review.words import help_text, say
from inspect_pipeline.wording import clock, label, reason_text

HIT_MARK = ">"
INEXACT = (Match.SOUND, Match.NEAR, Match.LIKE)  # what was written differs from what the rule asks for
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class View:
    """What the screen shows: a step of a case, where it stands in the session, and what was decided on it so far."""

    case: Case
    step: int
    at: int  # how many calls this reviewer has heard today
    of: int  # and of how many; 0 outside a session
    now: datetime
    page: int = 0
    decided: Decision | None = None
    draft: Draft = NO_DRAFT
    missed: tuple[str, ...] = ()  # rules that this reviewer says were missed
    message: str = ""
    split: bool = False  # uncertain findings one by one

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return all steps of the call."""
        return self.case.steps(self.split)

    @property
    def asked(self) -> Step:
        """Return what is decided on."""
        return self.steps[self.step]

    @property
    def finding(self) -> Finding | None:
        """Return the finding that is decided on, the first of several; None for the whole call."""
        return self.asked.finding


def draw(view: View, frame: Frame) -> str:
    """Return the screen: never more lines than the terminal has, none wider than it is."""
    top = [*header_lines(view, frame), *subject_lines(view, frame), ""]
    body = transcript_lines(view.case, view.asked, frame)
    room = _room(top, frame)
    pages = max(1, -(-len(body) // room))
    page = view.page % pages
    shown = body[page * room : (page + 1) * room]
    turn = say("page", frame.lang, at=page + 1, of=pages) if pages > 1 else ""
    status = two_ends(_status(view, frame.lang), ("" if width(view.message) > 60 else turn, DIM), frame)
    keys = fit(say(_keys(view), frame.lang), frame.columns)
    return "\n".join([*top, *shown, *[""] * (room - len(shown)), status, keys])


def _keys(view: View) -> str:
    if view.case.blind:
        return "keys-blind"
    if view.finding is None:
        return "keys-call"
    return "keys-group" if len(view.asked.findings) > 1 else "keys-finding"


def page_count(view: View, frame: Frame) -> int:
    """Return on how many pages the words of this step fit."""
    room = _room([*header_lines(view, frame), *subject_lines(view, frame), ""], frame)
    return max(1, -(-len(transcript_lines(view.case, view.asked, frame)) // room))


def _room(top: list[str], frame: Frame) -> int:
    return max(1, frame.rows - len(top) - 2)


def header_lines(view: View, frame: Frame) -> list[str]:
    """Return four lines: which call and how far, whose it is, why and by when it is to be heard, and a rule."""
    lang, case = frame.lang, view.case
    recording, item = case.result.recording, case.item
    zone = recording.started_at.tzinfo if recording.started_at else None
    name = f"{case.call_id}  {moment_text(recording.started_at, zone)}".rstrip()
    progress = say("today", lang, at=view.at, of=view.of) if view.of else ""
    reasons = [] if item is None else [flag_word(reason, lang) for reason in item.told_reasons]
    why = f"{say('why', lang)} {say('comma', lang).join(reasons)}" if reasons else ""
    why = say("blind", lang) if case.blind else why
    late = item is not None and item.overdue(view.now)
    return [
        two_ends((name, BOLD), (progress, PLAIN), frame),
        fit("  ".join(_facts(case, lang)), frame.columns),
        two_ends((why, PLAIN), (due_text(case, view.now, lang), RED if late else PLAIN), frame),
        "-" * frame.columns,
    ]


def _facts(case: Case, lang: str) -> list[str]:
    recording, result, judged = case.result.recording, case.result, case.result.judgement
    told = [("agent", recording.agent_id), ("team", recording.team), ("queue", recording.queue)]
    facts = [f"{say(key, lang)} {value}" for key, value in told if value]
    if result.audio:
        facts.append(f"{say('duration', lang)} {clock(result.audio.duration_s)}")
    if case.blind:
        return facts
    score = say("unscored", lang) if judged is None or judged.score is None else f"{judged.score:g}"
    risk = case.item.risk if case.item else judged.risk if judged else Risk.NONE
    return [f"{label(risk, lang)}  {say('score', lang)} {score}", *facts]


def due_text(case: Case, now: datetime, lang: str) -> str:
    """Return by when the call is to be heard, in the call's own zone; empty for a call that is not queued."""
    if case.item is None:
        return ""
    if case.item.due_at is None:
        return say("no-due", lang)
    began = case.result.recording.started_at
    text = f"{say('due', lang)} {moment_text(case.item.due_at, began.tzinfo if began else None)}"
    return f"{text} {say('overdue', lang)}" if case.item.overdue(now) else text


def moment_text(moment: datetime | None, zone: tzinfo | None) -> str:
    """Return a moment as month, day, hour and minute in a zone (this machine's when None)."""
    return "" if moment is None else f"{moment.astimezone(zone):%m-%d %H:%M}"


def subject_lines(view: View, frame: Frame) -> list[str]:
    """Return what is to be decided: the rule, the machine's answer and its reason; or the whole call."""
    lang, case, finding = frame.lang, view.case, view.finding
    place = (say("finding", lang, at=view.step + 1, of=len(view.steps)), PLAIN)
    if finding is None:
        return [two_ends((say("whole-call", lang), BOLD), place, frame)]
    if case.blind:
        return [two_ends((say("blind-rule", lang, rule=_rule_name(case, finding)), BOLD), place, frame)]
    if len(view.asked.findings) > 1:
        return _group_lines(view, place, frame)
    colour = RED if finding.verdict is Verdict.VIOLATED else YELLOW
    title = (finding_title(case, finding, lang), colour)
    reason = wrap(reason_text(finding.reason, lang), frame.columns)
    how = [
        fit(f"{label(hit.match, lang)}：“{hit.quote}” ← {hit.term}", frame.columns)
        for hit in finding.evidence
        if hit.match in INEXACT
    ]
    return [two_ends(title, place, frame), *[*reason, *how[:2]][: max(1, frame.rows // 6)]]


def _group_lines(view: View, place: tuple[str, str], frame: Frame) -> list[str]:
    """Return several uncertain findings that have one reason: the reason, then the rules."""
    lang, findings = frame.lang, view.asked.findings
    title = say("group", lang, verdict=label(Verdict.UNCERTAIN, lang), count=len(findings))
    reasons = list(dict.fromkeys(reason_text(finding.reason, lang) for finding in findings))
    more = say("and-more", lang) if len(reasons) > 1 else ""
    rules = wrap(say("comma", lang).join(view.case.title(finding.rule_id) for finding in findings), frame.columns)
    room = max(1, frame.rows // 6)
    return [two_ends((title, YELLOW), place, frame), fit(reasons[0] + more, frame.columns), *rules[: room - 1]]


def _rule_name(case: Case, finding: Finding) -> str:
    title = case.title(finding.rule_id)
    return title if title == finding.rule_id else f"{title}  {finding.rule_id}"


def finding_title(case: Case, finding: Finding, lang: str) -> str:
    """Return a finding's verdict, rule and lost points on one line."""
    title = case.title(finding.rule_id)
    parts = [label(finding.verdict, lang), title]
    if title != finding.rule_id:
        parts.append(finding.rule_id)
    if finding.points_lost:
        parts.append(say("points", lang, points=f"{finding.points_lost:g}"))
    return "  ".join(parts)


def transcript_lines(case: Case, step: Step, frame: Frame) -> list[str]:
    """Return the utterances to read at this step, hits marked; the whole call for the step on the whole call."""
    finding = step.finding
    if case.result.error:
        return wrap(say("failed-call", frame.lang, error=case.result.error), frame.columns)
    evidence = () if case.blind else case.all_evidence() if finding is None else step.evidence
    shown = case.utterances if finding is None else around(case, step)
    if not shown:
        return [say("no-text", frame.lang)]
    heard = {hit.utterance for hit in evidence}
    measured = sorted((hit for hit in evidence if hit.utterance is None), key=lambda hit: hit.start_s)
    cells = max(width(label(utterance.speaker, frame.lang)) for utterance in shown)
    lines: list[str] = []
    last = None
    for utterance in shown:
        if last is not None and utterance.index > last + 1 and finding is not None:
            lines.append(style("   ...", DIM, frame))
        while measured and measured[0].start_s <= utterance.start_s:
            lines.append(measured_line(measured.pop(0), cells, frame))
        spans = quote_spans(utterance, evidence)
        lines += utterance_lines(utterance, spans, utterance.index in heard, cells, frame)
        last = utterance.index
    return [*lines, *(measured_line(hit, cells, frame) for hit in measured)]


def measured_line(hit: Evidence, cells: int, frame: Frame) -> str:
    """Return a measured stretch (a wait, an interruption) as a line between the utterances."""
    speaker = "" if hit.speaker is Speaker.UNKNOWN else label(hit.speaker, frame.lang)
    told = f"[{clock(hit.start_s)}–{clock(hit.end_s)} {label(hit.match, frame.lang)}]"
    return f"{HIT_MARK}{clock(hit.start_s):>6} {pad(speaker, cells)} {style(told, REVERSE, frame)}"


def utterance_lines(utterance: Utterance, spans: Spans, hit: bool, cells: int, frame: Frame) -> list[str]:
    """Return one utterance with its time and speaker (in `cells`), hanging when it takes several lines."""
    lead = (
        f"{HIT_MARK if hit else ' '}{clock(utterance.start_s):>6} {pad(label(utterance.speaker, frame.lang), cells)} "
    )
    texts = marked_lines(utterance.text, spans, max(10, frame.columns - width(lead)), frame)
    indent = " " * width(lead)
    return [(lead if number == 0 else indent) + text for number, text in enumerate(texts)]


def _status(view: View, lang: str) -> tuple[str, str]:
    if view.message:
        return view.message, YELLOW
    parts = []
    decided = view.decided
    if decided is not None:
        parts.append(f"{say('decided', lang)} {decision_word(decided, lang)}")
    note = view.draft.note or (decided.note if decided else "")
    cause = view.draft.cause or (decided.cause if decided else None)
    parts += [f"{say(what, lang)} {text}" for what, text in (("cause", cause), ("note", note)) if text]
    if view.finding is None and view.missed:
        titles = [view.case.title(rule_id) for rule_id in view.missed]
        parts.append(f"{say('missed-so-far', lang)} {say('comma', lang).join(titles)}")
    return "  ".join(parts), BOLD


def decision_word(decision: Decision, lang: str) -> str:
    """Return a decision as the reviewer made it: what a blind one says is said without the machine's answer."""
    verdict = decision.subject.verdict
    if decision.subject.role == FIRST or verdict is None:
        return choice_word(decision.choice, decision.subject.rule_id is None, lang)
    return say(f"holds-{holds(verdict, decision.choice).value}", lang)


def choice_word(choice: Choice, whole: bool, lang: str) -> str:
    """Return a choice in words; about the whole call it says whether anything else is wrong."""
    return say(f"whole-{choice.value}" if whole and choice in {Choice.AGREE, Choice.MISSED} else choice.value, lang)


def draw_help(frame: Frame, blind: bool = False) -> str:
    """Return the screen that explains the keys."""
    lines = [fit(line, frame.columns) for line in help_text(frame.lang, blind).splitlines()]
    return "\n".join([*lines, say("any-key", frame.lang)])


def draw_rules(case: Case, findings: Sequence[Finding], frame: Frame) -> str:
    """Return the numbered rules of which one can be named."""
    names = [(case.title(finding.rule_id), finding.rule_id) for finding in findings]
    return draw_choices(say("which-rule", frame.lang), names, frame)


def draw_choices(heading: str, names: Sequence[tuple[str, str]], frame: Frame) -> str:
    """Return numbered names, in two columns when one is not enough."""
    columns = [Column("", right=True), Column(heading, most=40), Column("", most=30)]
    lines = table(columns, [(str(number), *name) for number, name in enumerate(names, 1)])
    if len(lines) > frame.rows - 2:  # two columns side by side
        half = -(-(len(lines) - 1) // 2)
        cells = frame.columns // 2
        left, right = lines[1 : 1 + half], [*lines[1 + half :], ""]
        lines = [
            lines[0],
            *(pad(fit(one, cells - 2), cells) + fit(two, cells) for one, two in zip(left, right, strict=False)),
        ]
    return "\n".join([*lines, ""])

"""One inspected call as `check` prints it: what was said with the hits marked, then what each rule answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from inspect_pipeline.cli.tables import screen_width, wrapped
from inspect_pipeline.report.columns import fit, pad, width
from inspect_pipeline.wording import clock, label, reason_text

if TYPE_CHECKING:
    from inspect_pipeline.model import CallResult, Evidence, Finding, Transcript
    from inspect_pipeline.rulebook.rule import Rule

COLOURS = {"violated": "red", "noticed": "magenta", "uncertain": "yellow", "met": "green", "not_applicable": None}
"""The colour of each verdict, in the order in which they are printed: what a person must look at comes first."""

# Of one channel, or (True) of two with the same sound on both.
MONO = {
    ("zh", False): "单声道，",
    ("zh", True): "两声道内容相同，按单声道处理，",
    ("en", False): "mono, ",
    ("en", True): "both channels are the same, treated as mono, ",
}
QUIET = ("met", "not_applicable")
TERM_WIDTH = 24
SHORT_WIDTH = 20  # the least room that is worth printing a quote or a reason in


def call_lines(
    result: CallResult, rules: Mapping[str, Rule], lang: str, *, everything: bool, colour: bool
) -> list[str]:
    """Return the lines of an inspected call. `everything`: also the rules that do not apply."""
    assert result.transcript is not None
    assert result.judgement is not None
    judgement, transcript = result.judgement, result.transcript
    score = "–" if judgement.score is None else f"{judgement.score:g}"
    facts = [f"{label('score', lang)} {score}", label(judgement.risk, lang)]
    if transcript.timed:
        facts.append(clock(transcript.duration_s))
    if transcript.channels == 1:
        same = result.audio is not None and result.audio.same_channels
        facts.append(MONO[lang, same] + label(transcript.speaker_source, lang))
    lines = [click.style(wrapped("  ".join([result.recording.call_id, *facts]), indent=2, first=0), bold=True)]
    timed = transcript.timed
    lines += [*said_lines(transcript, judgement.findings, lang, colour=colour), ""]
    shown = [one for one in judgement.findings if everything or one.verdict.value != "not_applicable"]
    order = list(COLOURS)
    shown.sort(key=lambda one: order.index(one.verdict.value))
    quiet = [one for one in shown if is_quiet(one, lang)]
    for finding in [one for one in shown if one not in quiet]:
        lines += finding_lines(finding, rules[finding.rule_id], lang, timed=timed)
    lines += quiet_lines(quiet, rules, lang, timed=timed)
    if hidden := len(judgement.findings) - len(shown):
        lines.append(click.style(label("hidden-rules", lang).format(count=hidden), dim=True))
    return lines


def said_lines(transcript: Transcript, findings: tuple[Finding, ...], lang: str, *, colour: bool) -> list[str]:
    """Return the utterances; what a violated or noticed finding quotes is marked (in 【】 without colour).

    Where a written dialogue has no times, the lines are numbered instead.
    """
    from inspect_pipeline.review.case import quote_spans
    from inspect_pipeline.review.paint import Frame, marked_lines

    frame = Frame(colour=colour, lang=lang)
    marking = [hit for one in findings if one.verdict.value in {"violated", "noticed"} for hit in one.evidence]
    names = {one.speaker: label(one.speaker, lang) for one in transcript.utterances}
    who_width = max(map(width, names.values()), default=0)
    clocks = [clock(one.start_s) if transcript.timed else str(one.index + 1) for one in transcript.utterances]
    clock_width = max(map(width, clocks), default=0)
    lines = []
    for one, time in zip(transcript.utterances, clocks, strict=True):
        before = f"{time:>{clock_width}} "
        who = click.style(pad(names[one.speaker], who_width), fg="cyan" if one.speaker.value == "agent" else None)
        indent = width(before) + who_width + 1
        spans = merged(quote_spans(one, tuple(dict.fromkeys(marking))))
        first, *more = marked_lines(one.text, spans, screen_width() - indent, frame)
        lines += [f"{before}{who} {first}", *(" " * indent + line for line in more)]
    for gone in transcript.removed:
        text = f"{clock(gone.start_s)} {label('removed', lang)} ({gone.reason}): {gone.text}"
        lines.append(click.style(wrapped(text, indent=clock_width + 1, first=0), dim=True))
    return lines


def merged(spans: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Return the spans in order, those that touch or overlap made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def finding_lines(finding: Finding, rule: Rule, lang: str, *, timed: bool) -> list[str]:
    """Return one finding: verdict, rule, points; below it the reason and each quote."""
    name = label(finding.verdict, lang)
    indent = width(name) + 2
    verdict = click.style(name, fg=COLOURS[finding.verdict.value], bold=True)
    lost = f"  −{finding.points_lost:g}" if finding.points_lost else ""
    title, rule_id = rule.title, click.style(finding.rule_id, dim=True)
    lines = [f"{verdict}  {title} {rule_id}{click.style(lost, fg='red')}"]
    lines.append(wrapped(reason_text(finding.reason, lang), indent=indent))
    return lines + [click.style(wrapped(quoted(one, lang, timed=timed), indent=indent + 2, first=indent), dim=True)
                    for one in finding.evidence]  # fmt: skip


def is_quiet(finding: Finding, lang: str) -> bool:
    """Tell whether one line says all: nobody must look at it, or it is uncertain with nothing to show."""
    bare = finding.verdict.value == "uncertain" and not finding.evidence
    return finding.verdict.value in QUIET or (bare and width(reason_text(finding.reason, lang)) <= SHORT_WIDTH)


def quiet_lines(findings: Sequence[Finding], rules: Mapping[str, Rule], lang: str, *, timed: bool) -> list[str]:
    """Return findings a line each: verdict, title, rule, and why in short."""
    names = [label(one.verdict, lang) for one in findings]
    titles = [rules[one.rule_id].title for one in findings]
    name_width, title_width = (max(map(width, texts), default=0) for texts in (names, titles))
    id_width = max((width(one.rule_id) for one in findings), default=0)
    room = screen_width() - name_width - title_width - id_width - 6
    shorts = [in_short(one, rules[one.rule_id], lang, timed=timed) for one in findings]
    if room < SHORT_WIDTH and lang == "en":  # no room for both names: a reader of English has more of the rule's id
        room, title_width, titles = room + title_width + 2, 0, [""] * len(findings)
    elif room < SHORT_WIDTH:
        room, id_width = room + id_width + 2, 0
    lines = []
    for one, name, title, short in zip(findings, names, titles, shorts, strict=True):
        parts = [pad(title, title_width)] if title_width else []
        parts += [pad(one.rule_id, id_width)] if id_width else []
        verdict = click.style(pad(name, name_width), fg=COLOURS[one.verdict.value], bold=True)
        lines.append("  ".join([verdict, *parts, click.style(fit(short, room), dim=True)]))
    return lines


def in_short(finding: Finding, rule: Rule, lang: str, *, timed: bool) -> str:
    """Return why a rule is met: the longest quote of whom it is about, with its second; else the reason."""
    said = [one for one in finding.evidence if one.quote]
    if finding.verdict.value == "met" and said:
        best = max(said, key=lambda one: (one.speaker is rule.speaker, len(one.quote)))
        return f"{place_of(best, lang, timed=timed, whole=False)} {in_quotes(best.quote, lang)}"
    return reason_text(finding.reason, lang)


def quoted(one: Evidence, lang: str, *, timed: bool) -> str:
    """Return one piece of evidence: seconds, speaker, quote, how it matched and, when it is not the quote, the term."""
    parts = [place_of(one, lang, timed=timed)]
    if one.quote or one.speaker.value != "unknown":
        parts.append(label(one.speaker, lang))
    if one.quote:
        parts.append(in_quotes(one.quote, lang))
    how = label(one.match, lang)
    if one.value is not None and one.match.value in {"near", "like"}:
        how += f" {one.value:.2g}"
    term = fit(one.term, TERM_WIDTH) if one.term not in {"", one.quote} else ""
    if one.match.value != "measure":
        parts.append(f"{how} {in_quotes(term, lang)}" if term else how)
    return " ".join(parts)


def place_of(one: Evidence, lang: str, *, timed: bool, whole: bool = True) -> str:
    """Return where the evidence is: its seconds (`whole`: also the end), or the line of a dialogue without times."""
    if not timed and one.utterance is not None:
        return f"第 {one.utterance + 1} 句" if lang == "zh" else f"line {one.utterance + 1}"
    start, end = clock(one.start_s), clock(one.end_s)
    return f"{start}–{end}" if whole and start != end else start


def in_quotes(text: str, lang: str) -> str:
    """Return a text in the quotation marks of the language."""
    return f"「{text}」" if lang == "zh" else f"“{text}”"

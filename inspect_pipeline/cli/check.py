"""`check`: what was said in one recording or dialogue, and what each rule answers."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspect_pipeline.cli.options import config_option, lang_option, model_option, rules_option
from inspect_pipeline.config import Config

if TYPE_CHECKING:
    from inspect_pipeline.model import CallResult, Finding, Transcript
    from inspect_pipeline.rulebook.rule import Rule

DIALOGUES = {".txt", ".json"}
COLOURS = {"met": "green", "violated": "red", "noticed": "magenta", "uncertain": "yellow", "not_applicable": None}


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@rules_option
@model_option
@click.option("--all", "show_all", is_flag=True, help="Also list the rules that do not apply.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@lang_option
@config_option
def check(
    files: tuple[Path, ...],
    rules: tuple[str, ...],
    model: str | None,
    show_all: bool,
    as_json: bool,
    lang: str | None,
    config: Config,
) -> None:
    """Inspect recordings or text dialogues now: what was said, and what each rule answers.

    A dialogue is a .txt file with lines such as `客服: 您好` and `[0:31] 客户: 你好`, or a truth file (.json).
    Exits 3 when a file could not be inspected.
    """
    from inspect_pipeline.night.inspect import Inspector

    inspector = Inspector.from_config(config, model=model, packs=rules)
    results = [inspect_file(inspector, file) for file in files]
    if as_json:
        click.echo(json.dumps({"schema": 1, "result": [as_data(one) for one in results]}, ensure_ascii=False, indent=1))
    else:
        known = {rule.id: rule for pack in inspector.judge.packs for rule in pack.rules}
        for result in results:
            show(result, known, lang or config.lang, show_all)
    if any(result.error for result in results):
        sys.exit(3)


def inspect_file(inspector: object, file: Path) -> CallResult:
    """Inspect one file; what its manifest says about it is used when there is one beside it."""
    from inspect_pipeline.model import Recording
    from inspect_pipeline.night.inspect import Inspector
    from inspect_pipeline.speech.manifest import read_source

    assert isinstance(inspector, Inspector)
    if file.suffix.lower() in DIALOGUES:
        return inspector.inspect_dialogue(file)
    listed = read_source(str(file.parent)) if (file.parent / "manifest.csv").exists() else []
    path = file.resolve()
    known = [one for one in listed if Path(one.path).resolve() == path]
    return inspector.inspect(known[0] if known else Recording(call_id=file.stem, path=str(path)))


def show(result: CallResult, rules: dict[str, Rule], lang: str, show_all: bool) -> None:
    """Print one call: its utterances with the hits marked, then what each rule answers."""
    from inspect_pipeline.wording import label

    if result.error:
        click.secho(f"error: {result.error}", fg="red", err=True)
        return
    assert result.transcript is not None
    assert result.judgement is not None
    judgement, transcript = result.judgement, result.transcript
    score = "–" if judgement.score is None else f"{judgement.score:g}"
    head = f"{result.recording.call_id}  {label('score', lang)} {score}  {label(judgement.risk, lang)}"
    click.secho(head, bold=True)
    show_words(transcript, judgement.findings, lang)
    click.echo()
    hidden = 0
    for finding in judgement.findings:
        if finding.verdict.value == "not_applicable" and not show_all:
            hidden += 1
            continue
        show_finding(finding, rules[finding.rule_id], lang)
    if hidden:
        click.secho(label("hidden-rules", lang).format(count=hidden), dim=True)
    click.echo()


def show_words(transcript: Transcript, findings: tuple[Finding, ...], lang: str) -> None:
    """Print the utterances; what a violated or noticed finding quotes is marked."""
    from inspect_pipeline.wording import clock, label

    marked: dict[int, set[str]] = {}
    for finding in findings:
        if finding.verdict.value in {"violated", "noticed"}:
            for one in finding.evidence:
                if one.utterance is not None and one.quote:
                    marked.setdefault(one.utterance, set()).add(one.quote)
    for one in transcript.utterances:
        text = one.text
        for quote in sorted(marked.get(one.index, ()), key=len, reverse=True):
            text = text.replace(quote, click.style(quote, fg="red", bold=True, underline=True))
        time = clock(one.start_s) if transcript.timed else ""
        who = click.style(label(one.speaker, lang), fg="cyan" if one.speaker.value == "agent" else "blue")
        click.echo(f"{time:>5} {who} {text}")
    for gone in transcript.removed:
        click.secho(f"{clock(gone.start_s):>5} {label('removed', lang)} ({gone.reason}): {gone.text}", dim=True)


def show_finding(finding: Finding, rule: Rule, lang: str) -> None:
    """Print one finding: verdict, rule, reason, and each quote with its second and how it matched."""
    from inspect_pipeline.cli.tables import padded
    from inspect_pipeline.wording import clock, label, reason_text

    verdict = click.style(padded(label(finding.verdict, lang), 8), fg=COLOURS[finding.verdict.value], bold=True)
    lost = f" -{finding.points_lost:g}" if finding.points_lost else ""
    click.echo(f"{verdict} {padded(finding.rule_id, 24)} {rule.title}{lost}  {reason_text(finding.reason, lang)}")
    for one in finding.evidence:
        how = label(one.match, lang) + (f" {one.value:g}" if one.value is not None else "")
        quote = f"「{one.quote}」" if one.quote else ""
        click.secho(f"         {clock(one.start_s)}–{clock(one.end_s)} {quote} ({how}: {one.term})", dim=True)


def as_data(result: CallResult) -> dict[str, object]:
    """Return one result as plain data."""
    data = asdict(result)
    data.pop("elapsed_s")
    data["recording"].pop("metadata", None)
    data["recording"]["started_at"] = str(result.recording.started_at) if result.recording.started_at else None
    return data

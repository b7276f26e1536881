"""One rule of a pack, with its examples: from located YAML to its typed form."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from dataclasses import replace

from inspect_pipeline.errors import InspectError
from inspect_pipeline.model import Risk, Severity, Speaker, Verdict
from inspect_pipeline.rulebook.fields import (
    Context,
    Fields,
    meant,
    read_choice,
    read_extent,
    read_items,
    read_number,
    read_quantity,
    read_text,
    read_texts,
    unique_entries,
)
from inspect_pipeline.rulebook.fingerprint import rule_fingerprint
from inspect_pipeline.rulebook.keys import COUNTED, KINDS, WINDOW_UNITS
from inspect_pipeline.rulebook.read_kinds import KIND_READERS, refuse_excuses_of_measure
from inspect_pipeline.rulebook.read_terms import read_excuses, read_group, read_speaker
from inspect_pipeline.rulebook.rule import Condition, Example, Extent, Group, Kind, Measure, MustSay, Rule, Window
from inspect_pipeline.rulebook.yamlfile import Mapping, Node, Scalar, Sequence
from inspect_pipeline.text.dialogue import parse_dialogue

_ID = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+")
_STAND_IN_KIND = MustSay(Group())
_RISK_OF: MappingType[Severity, Risk] = {
    Severity.CRITICAL: Risk.HIGH,
    Severity.MAJOR: Risk.MEDIUM,
    Severity.MINOR: Risk.LOW,
}
_GRADED = (Risk.HIGH, Risk.MEDIUM, Risk.LOW)
_ANSWERS_OF_NOTICE = (Verdict.NOTICED, Verdict.NOT_APPLICABLE)
_ANSWERS = (Verdict.MET, Verdict.VIOLATED)


def read_rule(node: Node, context: Context) -> Rule:
    """Read one rule; what is wrong with it is written down in the context."""
    own = replace(context, label=_label(node))
    fields = Fields(node, own, "rule")
    kind_key = _kind_key(fields)
    notice = kind_key == "notice"
    kind: Kind = fields.read(kind_key, KIND_READERS[kind_key], _STAND_IN_KIND) if kind_key else _STAND_IN_KIND
    severity = _severity(fields, notice)
    points, per_hit, cap = _points(fields, notice)
    rule = Rule(
        id=fields.need("id", _read_id, ""),
        title=fields.need("title", read_text, ""),
        why=fields.need("why", read_text, ""),
        kind=kind,
        speaker=fields.read("speaker", read_speaker, Speaker.CUSTOMER if notice else Speaker.AGENT),
        severity=severity,
        risk=_risk(fields, notice, severity),
        fingerprint="",
        place=f"{context.path}:{node.line}",
        window=fields.read("window", _read_window, None),
        when=fields.read("when", read_group, None),
        only_if=fields.read("only_if", _read_conditions, ()),
        excuses=fields.read("except", read_excuses, ()),
        points=points,
        per_hit=per_hit,
        cap=cap,
        examples=fields.need("examples", _read_examples, ()),
    )
    if isinstance(kind, Measure):
        refuse_excuses_of_measure(rule.excuses, fields.line_of("except"), own)
        if kind.quantity not in COUNTED or not kind.over:
            fields.refuse(("window", "except"), "has no meaning for one number a call")
    _check_examples(rule, notice, fields)
    return rule


def with_fingerprint(rule: Rule) -> Rule:
    """Return the rule with its fingerprint filled in."""
    return replace(rule, fingerprint=rule_fingerprint(rule))


def _label(node: Node) -> str:
    if isinstance(node, Mapping):
        for entry in node.entries:
            if entry.key == "id" and isinstance(entry.value, Scalar) and entry.value.text:
                return f"rule {entry.value.text}"
    return f"the rule at line {node.line}"


def _read_id(node: Node, context: Context) -> str:
    text = read_text(node, context)
    if text and not _ID.fullmatch(text):
        context.wrong(node.line, f"'{text}' is not family.name in small letters, digits and hyphens,")
    return text


def _kind_key(fields: Fields) -> str | None:
    written = fields.present(KINDS)
    if not written and not fields.broken:
        fields.context.wrong(fields.line, "no kind", f": needs one of {', '.join(KINDS)}")
    for key in written[1:]:
        message = f"two kinds, '{written[0]}' and '{key}',"
        fields.context.wrong(fields.line_of(key), message, ": a rule has one")
    return written[0] if written else None


def _severity(fields: Fields, notice: bool) -> Severity:
    if notice:
        return fields.read("severity", _read_severity, Severity.MINOR)
    return fields.need("severity", _read_severity, Severity.MINOR)


def _read_severity(node: Node, context: Context) -> Severity:
    return read_choice(node, context, Severity)


def _risk(fields: Fields, notice: bool, severity: Severity) -> Risk:
    if notice:
        return fields.need("risk", _read_risk, Risk.LOW)
    return fields.read("risk", _read_risk, _RISK_OF[severity])


def _read_risk(node: Node, context: Context) -> Risk:
    return read_choice(node, context, _GRADED)


def _points(fields: Fields, notice: bool) -> tuple[float, float | None, float | None]:
    """Return points, per_hit and cap."""
    if notice:
        fields.refuse(("points", "per_hit", "cap"), "has no meaning: a notice takes no points,")
        return 0.0, None, None
    if "per_hit" not in fields:
        fields.refuse(("cap",), "needs 'per_hit'")
        return fields.need("points", _read_points, 0.0), None, None
    fields.refuse(("points",), "and 'per_hit' cannot both be given")
    per_hit = fields.read("per_hit", _read_points, 0.0)
    cap = fields.read("cap", _read_points, None)
    if cap is not None and cap < per_hit:
        fields.context.wrong(fields.line_of("cap"), f"'cap' {cap:g} is less than one hit costs ({per_hit:g})")
    return 0.0, per_hit, cap


def _read_points(node: Node, context: Context) -> float:
    points = read_number(node, context)
    if points < 0:
        context.wrong(node.line, f"'{points:g}' is below zero (points are taken, so write them without a minus)")
    return points


def _read_window(node: Node, context: Context) -> Window:
    fields = Fields(node, context, "window")
    if len(fields.present(("first", "last"))) != 1 and not fields.broken:
        context.wrong(node.line, "one extent is needed", ": first or last")
    return Window(fields.read("first", _read_stretch, None), fields.read("last", _read_stretch, None))


def _read_stretch(node: Node, context: Context) -> Extent:
    return read_extent(node, context, WINDOW_UNITS)


def _read_conditions(node: Node, context: Context) -> tuple[Condition, ...]:
    if not isinstance(node, Mapping):
        context.wrong(node.line, "expected a mapping of metadata columns to values")
        return ()
    if not node.entries:
        context.wrong(node.line, "no column")
    conditions: list[Condition] = []
    for entry in unique_entries(node, context):
        own = context.inside(f"column {entry.key}")
        if isinstance(entry.value, Mapping):
            conditions.extend(_read_limits(entry.key, entry.value, own))
        else:
            conditions.append(Condition(entry.key, _read_values(entry.value, own)))
    return tuple(conditions)


def _read_limits(column: str, node: Mapping, context: Context) -> list[Condition]:
    """Read `{not: …}`, `{over: …}`, `{under: …}`. Columns in seconds, by their name `…_s`, need the unit."""
    fields = Fields(node, context, "condition")
    conditions: list[Condition] = []
    if "not" in fields:
        conditions.append(Condition(column, fields.read("not", _read_values, ()), negated=True))
    over = fields.read("over", lambda at, where: _read_limit(column, at, where), None)
    under = fields.read("under", lambda at, where: _read_limit(column, at, where), None)
    if over is not None and under is not None and over >= under:
        context.wrong(node.line, f"nothing lies over {over:g} and under {under:g}")
    if over is not None or under is not None:
        conditions.append(Condition(column, over=over, under=under))
    if not conditions and not node.entries:
        context.wrong(node.line, "empty condition: needs not, over or under,")
    return conditions


def _read_limit(column: str, node: Node, context: Context) -> float:
    return read_quantity(node, context, "s") if column.endswith("_s") else read_number(node, context)


def _read_values(node: Node, context: Context) -> tuple[str, ...]:
    return read_texts(node, context) if isinstance(node, Sequence) else (read_text(node, context),)


def _read_examples(node: Node, context: Context) -> tuple[Example, ...]:
    return read_items(node, context, _read_example)


def _read_example(node: Node, context: Context) -> Example:
    fields = Fields(node, context, "example")
    return Example(
        expect=fields.need("expect", lambda at, where: read_choice(at, where, Verdict), Verdict.MET),
        call=fields.need("call", _read_call, ""),
        line=node.line,
        quote=fields.read("quote", read_text, None),
        metadata=fields.read("metadata", _read_metadata, {}),
        known_gap=fields.read("known_gap", read_text, None),
    )


def _read_metadata(node: Node, context: Context) -> MappingType[str, str]:
    if not isinstance(node, Mapping):
        context.wrong(node.line, "expected a mapping of metadata columns to values")
        return {}
    return {entry.key: read_text(entry.value, context) for entry in unique_entries(node, context)}


def _read_call(node: Node, context: Context) -> str:
    text = read_text(node, context)
    if text:
        place = f"{context.path}:{node.line}"
        try:
            parse_dialogue(text, "example", place)
        except InspectError as error:
            context.wrong(node.line, f"the call cannot be read{str(error).removeprefix(place)},")
    return text


def _check_examples(rule: Rule, notice: bool, fields: Fields) -> None:
    """Each example's answer is possible for the kind, and both answers of the kind are shown."""
    needed = _ANSWERS_OF_NOTICE if notice else _ANSWERS
    impossible = _ANSWERS if notice else (Verdict.NOTICED,)
    own = fields.context
    for example in rule.examples:
        if example.expect in impossible:
            hint = meant(example.expect, needed) or f" (it answers {' or '.join(needed)})"
            own.wrong(example.line, f"an example expects '{example.expect}', which the kind never answers,", hint)
        if example.quote is not None and example.expect is Verdict.NOT_APPLICABLE:
            own.wrong(example.line, "an example expects a quote from an answer that has none")
    shown = {example.expect for example in rule.examples if example.known_gap is None}
    if "examples" in fields and rule.examples:
        for verdict in needed:
            if verdict not in shown:
                own.wrong(fields.line_of("examples"), f"no example expects '{verdict}'", " (known gaps do not count)")

"""The six kinds of a rule: from located YAML to their typed forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from inspect_pipeline.model import Speaker
from inspect_pipeline.rulebook.fields import (
    Context,
    Fields,
    meant,
    read_choice,
    read_count,
    read_items,
    read_quantity,
    read_switch,
    read_text,
)
from inspect_pipeline.rulebook.keys import COUNTED, QUANTITY_UNITS, WAITS
from inspect_pipeline.rulebook.read_terms import (
    GROUP_KEYS,
    group_of,
    is_term,
    read_distance,
    read_excuses,
    read_group,
    read_hits,
    read_speaker,
    refuse_only_none,
)
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
    Place,
    Position,
    Quantity,
    Reply,
    Step,
    Trigger,
)
from inspect_pipeline.rulebook.yamlfile import Node, Sequence

_NO_REPLY = Reply("", Group())
_SHORT_FORM = (*GROUP_KEYS, "speaker", "within", "position")


def _read_must_say(node: Node, context: Context) -> Kind:
    return MustSay(read_group(node, context))


def _read_must_not_say(node: Node, context: Context) -> Kind:
    return MustNotSay(read_hits(node, context))


def _read_notice(node: Node, context: Context) -> Kind:
    return Notice(read_hits(node, context))


def _read_must_reply(node: Node, context: Context) -> Kind:
    fields = Fields(node, context, "must_reply")
    trigger = fields.need("when", _read_trigger, Trigger())
    every = fields.read("every", read_switch, False)
    if "replies" in fields:
        fields.refuse(_SHORT_FORM, "stands in each of the 'replies', not beside them,")
        return MustReply(trigger, fields.read("replies", _read_replies, ()), every)
    if not fields.present(GROUP_KEYS) and not fields.broken:
        context.wrong(node.line, "no reply", ": needs any, all or none, or replies")
        return MustReply(trigger, (_NO_REPLY,), every)
    return MustReply(trigger, (_reply_of(fields, ""),), every)


def _read_replies(node: Node, context: Context) -> tuple[Reply, ...]:
    replies = read_items(node, context, _read_reply)
    _refuse_same_names([reply.name for reply in replies], node, context)
    return replies


def _read_reply(node: Node, context: Context) -> Reply:
    fields = Fields(node, context, "reply")
    return _reply_of(fields, fields.need("name", read_text, ""))


def _reply_of(fields: Fields, name: str) -> Reply:
    position = fields.read("position", lambda node, where: read_choice(node, where, Position), Position.AFTER)
    return Reply(name, group_of(fields), position, fields.read("within", read_distance, None))


def _read_trigger(node: Node, context: Context) -> Trigger:
    if is_term(node) or isinstance(node, Sequence):
        return Trigger(group=replace(read_group(node, context), speaker=Speaker.CUSTOMER))
    fields = Fields(node, context, "trigger")
    excuses = fields.read("except", read_excuses, ())
    if "measure" in fields:
        fields.refuse((*GROUP_KEYS, "speaker"), "and 'measure' cannot both be the trigger")
        refuse_excuses_of_measure(excuses, fields.line_of("except"), context)
        quantity = fields.read("measure", _read_wait, Quantity.WAIT)
        limit = fields.need("over", lambda at, where: read_quantity(at, where, "s"), 0.0)
        return Trigger(measure=Measure(quantity, limit), excuses=excuses)
    fields.refuse(("over",), "belongs to a 'measure' trigger")
    group = group_of(fields)
    refuse_only_none(group, node.line, context)
    return Trigger(group=replace(group, speaker=group.speaker or Speaker.CUSTOMER), excuses=excuses)


def _read_wait(node: Node, context: Context) -> Quantity:
    return read_choice(node, context, WAITS)


def refuse_excuses_of_measure(excuses: tuple[Excuse, ...], line: int, context: Context) -> None:
    """Write down excuses that need a spoken hit where the hit is measured."""
    if any(excuse.place not in (Place.BEFORE, Place.AFTER) for excuse in excuses):
        message = "an excuse of something measured needs before or after"
        context.wrong(line, message, " (such as {any: [请稍等], before: 15s})")


def _read_must_follow(node: Node, context: Context) -> Kind:
    fields = Fields(node, context, "must_follow")
    steps = fields.need("steps", lambda at, where: read_items(at, where, _read_step), ())
    if len(steps) == 1:
        context.wrong(fields.line_of("steps"), "'steps' needs two or more")
    if "steps" not in fields:
        return MustFollow(())
    step_nodes = fields.node("steps")
    _refuse_same_names([step.name for step in steps], step_nodes, context)
    for number, step in enumerate(steps):
        step_node = step_nodes.items[number] if isinstance(step_nodes, Sequence) else step_nodes
        _check_step(step, number, steps, step_node.line, context)
    if not steps:
        return MustFollow(())
    first = replace(steps[0], group=replace(steps[0].group, speaker=steps[0].group.speaker or Speaker.CUSTOMER))
    return MustFollow((first, *steps[1:]))


def _read_step(node: Node, context: Context) -> Step:
    fields = Fields(node, context, "step")
    return Step(
        name=fields.need("name", read_text, ""),
        group=group_of(fields),
        within=fields.read("within", read_distance, None),
        excuses=fields.read("except", read_excuses, ()),
        after=fields.read("after", read_text, None),
    )


def _check_step(step: Step, number: int, steps: tuple[Step, ...], line: int, context: Context) -> None:
    if number == 0 and (step.within or step.after):
        context.wrong(line, f"step '{step.name}' is the first: it has no 'within' and no 'after'")
        return
    earlier = [other.name for other in steps[:number]]
    if step.after is not None and step.after not in earlier:
        hint = meant(step.after, earlier) or f" (earlier steps: {', '.join(earlier)})"
        context.wrong(line, f"step '{step.name}' comes after '{step.after}', which is no earlier step", hint)
    if number == 0:
        refuse_only_none(step.group, line, context)


def _refuse_same_names(names: list[str], node: Node, context: Context) -> None:
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        context.wrong(node.line, f"the name '{name}' is given twice")


def _read_measure(node: Node, context: Context) -> Kind:
    fields = Fields(node, context, "measure")
    quantity = fields.need("what", _read_quantity_name, Quantity.DEAD_AIR)
    limits = fields.present(("over", "under"))
    if len(limits) != 1 and not fields.broken:
        context.wrong(node.line, "no limit" if not limits else "two limits", ": needs over or under")
    unit = QUANTITY_UNITS[quantity]
    limit = fields.read(limits[0], lambda at, where: read_quantity(at, where, unit), 0.0) if limits else 0.0
    if quantity is not Quantity.INTERRUPTION:
        fields.refuse(("by", "lead"), "belongs to an interruption")
    if quantity not in COUNTED or "under" in limits:
        fields.refuse(("times",), "has no meaning for one number a call")
    return Measure(
        quantity,
        limit,
        over="under" not in limits,
        times=fields.read("times", read_count, 1),
        by=fields.read("by", _read_interrupter, Speaker.AGENT),
        lead_s=fields.read("lead", lambda at, where: read_quantity(at, where, "s"), 0.5),
    )


def _read_quantity_name(node: Node, context: Context) -> Quantity:
    return read_choice(node, context, [quantity for quantity in Quantity if quantity is not Quantity.WAIT])


def _read_interrupter(node: Node, context: Context) -> Speaker:
    speaker = read_speaker(node, context)
    if speaker is Speaker.UNKNOWN:
        context.wrong(node.line, "an interruption is by agent or by customer, not any,")
        return Speaker.AGENT
    return speaker


KIND_READERS: Mapping[str, Callable[[Node, Context], Kind]] = {
    "must_say": _read_must_say,
    "must_not_say": _read_must_not_say,
    "must_reply": _read_must_reply,
    "must_follow": _read_must_follow,
    "measure": _read_measure,
    "notice": _read_notice,
}
"""Key of a rule -> how its body is read."""

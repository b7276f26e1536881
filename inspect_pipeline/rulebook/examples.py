"""The examples inside rules, run as tests: each dialogue must get the answer it expects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from inspect_pipeline.model import Finding, Transcript
from inspect_pipeline.rulebook.rule import Example, Group, Measure, MustFollow, MustReply, Pack, Rule
from inspect_pipeline.rulebook.terms import Look, label
from inspect_pipeline.text.dialogue import parse_dialogue
from inspect_pipeline.wording import reason_text

Answer = Callable[[Rule, Transcript, Mapping[str, str]], Finding]
Looking = Callable[[Transcript], Look]


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What became of one example. `message` says why it failed; it is empty when the example passed.

    `place` is the `path:line` of the example.
    """

    rule_id: str
    place: str
    example: Example
    finding: Finding
    message: str

    @property
    def passed(self) -> bool:
        """Whether the example is as it should be (a known gap: whether it still fails)."""
        return not self.message


def run_examples(pack: Pack, answer: Answer) -> tuple[ExampleResult, ...]:
    """Run every example of a pack, in its order. `answer` judges one rule on one transcript with metadata."""
    return tuple(_run(pack, rule, example, answer) for rule in pack.rules for example in rule.examples)


def _run(pack: Pack, rule: Rule, example: Example, answer: Answer) -> ExampleResult:
    place = f"{pack.path}:{example.line}"
    transcript = parse_dialogue(example.call, f"{rule.id}:{example.line}", place)
    finding = answer(rule, transcript, example.metadata)
    problem = _difference(example, finding)
    if example.known_gap is not None:
        problem = "" if problem else f"known gap closed: remove known_gap ({example.known_gap})"
    return ExampleResult(rule.id, place, example, finding, problem and f"{rule.id}: {problem}")


def _difference(example: Example, finding: Finding) -> str:
    """Say what the finding has that the example does not expect; nothing when they agree."""
    if finding.verdict is not example.expect:
        quotes = _quotes(finding)
        heard = f"; evidence {quotes}" if quotes else ""
        return f"expected {example.expect}, got {finding.verdict}: {reason_text(finding.reason, 'en')}{heard}"
    if example.quote is not None and not any(example.quote in evidence.quote for evidence in finding.evidence):
        return f"expected the quote '{example.quote}', got {_quotes(finding) or 'no evidence'}"
    return ""


def _quotes(finding: Finding) -> str:
    return ", ".join(f"'{evidence.quote}'" for evidence in finding.evidence)


def unexercised(pack: Pack, results: Sequence[ExampleResult], look: Looking) -> dict[str, tuple[str, ...]]:
    """Return, by rule id, the alternatives that are said in no example of the pack; rules without any are left out.

    An alternative that several rules share counts once an example of one of them says it. What must not be found
    (`none`) and excuses are not asked for, nor are known gaps counted. `look` finds the terms in a transcript.
    """
    used: set[str] = set()
    for result in results:
        if result.example.known_gap is None:
            found = look(parse_dialogue(result.example.call, result.rule_id, result.place)).hits
            used |= {label(term) for term, hits in found.items() if hits}
    unused = {rule.id: _without(_alternatives(rule), used) for rule in pack.rules}
    return {rule_id: labels for rule_id, labels in unused.items() if labels}


def _without(labels: Iterable[str], used: set[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in labels if text not in used))


def _alternatives(rule: Rule) -> Iterator[str]:
    for group in _groups(rule):
        yield from _labels(group)


def _groups(rule: Rule) -> tuple[Group, ...]:
    kind = rule.kind
    if isinstance(kind, Measure):
        return ()
    if isinstance(kind, MustReply):
        trigger = (kind.trigger.group,) if kind.trigger.group else ()
        return (*trigger, *(reply.group for reply in kind.replies))
    if isinstance(kind, MustFollow):
        return tuple(step.group for step in kind.steps)
    return (kind.group,)


def _labels(group: Group) -> Iterator[str]:
    for item in (*group.any, *group.all):
        if isinstance(item, Group):
            yield from _labels(item)
        else:
            yield label(item)

"""The intents of a pack: a folder beside it with tagged turns (`*.txt`) and the classifier trained on them.

A file of turns holds calls in the form in which people write them down:

    ## 12
    客服: 您好，这里是移动客服，您说。 {开场}
    客户: 网断了一天了，你们管不管？ {抱怨}

A turn's intents stand in braces behind it; without braces it has none. `{粗暴?}` leaves open whether it has. A file
whose first line is `# only: 粗暴` decides nothing about other intents. Lines that no `## …` precedes are sentences
without a call. The classifier is trained by `inspect-pipeline rules train FOLDER` and kept as `trained.npz`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from inspect_pipeline.errors import PackError, Problem
from inspect_pipeline.model import Speaker
from inspect_pipeline.rulebook.fields import Context, Fields, meant, read_number, read_text
from inspect_pipeline.rulebook.intent_training import TaggedTurn
from inspect_pipeline.rulebook.intents import IntentClassifier, neighbours
from inspect_pipeline.rulebook.terms import Intent
from inspect_pipeline.rulebook.yamlfile import Node

TRAINED = "trained.npz"
_TURN = re.compile(r"(客服|客户)[:：]\s*([^{}]*[^{}\s])\s*(?:\{([^{}]+)\})?")
_ONLY = re.compile(r"# only: (.+)")
_SPEAKERS = {"客服": Speaker.AGENT, "客户": Speaker.CUSTOMER}


def read_intents(node: Node, context: Context) -> None:
    """Read the classifier of a pack's folder of intents into the context."""
    name = read_text(node, context)
    folder = Path(context.path).parent / name
    path = folder / TRAINED
    classifier = None
    try:
        if name:
            classifier = IntentClassifier.load(path.read_bytes())
    except FileNotFoundError:
        context.wrong(node.line, f"'{path}' is missing", f": inspect-pipeline rules train {folder}")
    except (OSError, ValueError) as error:
        context.wrong(node.line, f"'{path}' cannot be read ({error})", f": inspect-pipeline rules train {folder}")
    context.intents.append(classifier)


def read_intent(fields: Fields) -> Intent | None:
    """Read an `intent` term. None: it, or its classifier, has a mistake, which is written down."""
    name = fields.need("intent", read_text, "")
    least = fields.read("least", read_number, 0.5)
    doubt, under = fields.read("doubt", read_number, None), fields.read("under", read_number, None)
    garbled = fields.read("garbled", read_number, None)
    line = fields.line_of("intent")
    if under is not None:
        fields.refuse(("least", "doubt", "garbled"), "has no meaning beside 'under'")
    elif doubt is not None and doubt >= least:
        fields.context.wrong(fields.line_of("doubt"), f"'doubt' {doubt:g} is not below 'least' {least:g}")
    elif garbled is not None and not 0 < garbled < least < 1:
        fields.context.wrong(
            fields.line_of("garbled"), f"'garbled' {garbled:g} and 'least' {least:g} are not 0 < garbled < least < 1"
        )
    if not fields.context.intents:
        fields.context.wrong(line, "an intent needs 'intents' at the head of the pack")
        return None
    classifier = fields.context.intents[0]
    if classifier is None:
        return None
    if name not in classifier.names:
        hint = meant(name, classifier.names) or f" (known: {', '.join(classifier.names)})"
        fields.context.wrong(line, f"unknown intent '{name}'", hint)
        return None
    return Intent(classifier, name, least, doubt, under, garbled)


def _with_neighbours(call: Sequence[TaggedTurn]) -> list[TaggedTurn]:
    """Return the turns of a call, each with what the other speaker says before and after it."""
    places = neighbours([(turn.speaker, turn.text) for turn in call])
    return [
        replace(turn, before=call[one].text if one >= 0 else "", after=call[other].text if other >= 0 else "")
        for turn, (one, other) in zip(call, places, strict=True)
    ]


def read_turns(folder: Path) -> list[TaggedTurn]:
    """Return the tagged turns of all files of a folder. Raises PackError with every line that is none."""
    turns: list[TaggedTurn] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.txt")):
        only: frozenset[str] | None = None
        call: list[TaggedTurn] | None = None  # its turns so far; None: what stands there is no call
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            problems.append(Problem(str(path), "is not UTF-8: save it so"))
            continue
        for number, line in enumerate(lines, start=1):
            heading = _ONLY.fullmatch(line.strip())
            if heading:
                only = frozenset(heading[1].split())
            if line.startswith("##"):
                turns += _with_neighbours(call or [])
                call = []
            if not line.strip() or line.startswith("#"):
                continue
            turn = _TURN.fullmatch(line.strip())
            if turn is None:
                problems.append(Problem(f"{path}:{number}", "expected '客服: …' or '客户: …', with intents in braces"))
                continue
            tags = (turn[3] or "").split()
            sure = frozenset(tag for tag in tags if not tag.endswith("?"))
            open_ = frozenset(tag.rstrip("?") for tag in tags if tag.endswith("?"))
            (turns if call is None else call).append(TaggedTurn(_SPEAKERS[turn[1]], turn[2], sure, only, open_))
        turns += _with_neighbours(call or [])
    if not problems and not any(turn.intents for turn in turns):
        problems.append(Problem(str(folder), "holds no tagged turns (*.txt)"))
    if problems:
        raise PackError(problems)
    return turns

"""The sentences of a `like` term: written in the pack, or one a line in a text file beside it."""

from __future__ import annotations

from pathlib import Path

from inspect_pipeline.errors import Problem
from inspect_pipeline.rulebook.fields import Context, Fields, read_items, read_text
from inspect_pipeline.rulebook.yamlfile import Mapping, Node


def read_sentences(node: Node, context: Context) -> tuple[str, ...]:
    """Read a list of sentences and of `{file: name.txt}`, a file beside the pack. Each sentence counts once."""
    parts = read_items(node, context, _read_part)
    return tuple(dict.fromkeys(sentence for part in parts for sentence in part))


def _read_part(node: Node, context: Context) -> tuple[str, ...]:
    if not isinstance(node, Mapping):
        return (read_text(node, context),)
    name = Fields(node, context, "sentences").need("file", read_text, "")
    path = Path(context.path).parent / name
    if not name:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        context.wrong(node.line, f"file '{name}' cannot be read ({reason})", f": it is looked for as {path}")
        return ()
    return _sentences(path, lines, context)


def _sentences(path: Path, lines: list[str], context: Context) -> tuple[str, ...]:
    """Return the sentences of a file; blank lines and `#` comments are none."""
    first: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        sentence = line.strip()
        if not sentence or sentence.startswith("#"):
            continue
        if sentence in first:
            known = f"'{sentence}' stands in line {first[sentence]} already"
            context.problems.append(Problem(f"{path}:{number}", known))
        first.setdefault(sentence, number)
    return tuple(first)

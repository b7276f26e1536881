"""Rule packs from their files: strict, and all mistakes of all files at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from inspect_pipeline.errors import PackError, Problem, UsageError
from inspect_pipeline.rulebook.fields import Context, Fields, meant, read_items, read_number, read_text
from inspect_pipeline.rulebook.fingerprint import pack_fingerprint
from inspect_pipeline.rulebook.read_intents import read_intents
from inspect_pipeline.rulebook.read_rule import read_rule, with_fingerprint
from inspect_pipeline.rulebook.read_terms import read_lists
from inspect_pipeline.rulebook.rule import Pack, Rule, Scorecard
from inspect_pipeline.rulebook.yamlfile import Node, read_yaml

_PACKAGE = Path(__file__).resolve().parents[1]
_SHIPPED_FOLDERS = (_PACKAGE / "rules", _PACKAGE.parent / "rules")  # installed; in a checkout
_PACK_ID = re.compile(r"[a-z0-9-]+")


def load_packs(sources: Sequence[Path]) -> tuple[Pack, ...]:
    """Read the packs in order. Raises PackError with every mistake of every file."""
    problems: list[Problem] = []
    packs = [pack for source in sources if (pack := _read_file(source, problems)) is not None]
    problems.extend(_repeated(packs))
    if problems:
        raise PackError(_in_order(problems, sources))
    return tuple(_with_fingerprints(pack) for pack in packs)


def shipped_packs() -> tuple[str, ...]:
    """Return the names of the packs that travel with the program."""
    return tuple(sorted(path.stem for path in _shipped_folder().glob("*.yml")))


def pack_path(name_or_path: str) -> Path:
    """Return the file of a pack: a shipped one by its name, else an existing file. Raises UsageError."""
    names = shipped_packs()
    if name_or_path in names:
        return _shipped_folder() / f"{name_or_path}.yml"
    path = Path(name_or_path)
    if path.is_file():
        return path
    hint = meant(name_or_path, names)
    shipped = ", ".join(names) or "none"
    raise UsageError(f"no rule pack '{name_or_path}'{hint}: give a file, or one that ships ({shipped})")


def _shipped_folder() -> Path:
    return next((folder for folder in _SHIPPED_FOLDERS if folder.is_dir()), _SHIPPED_FOLDERS[0])


def _read_file(source: Path, problems: list[Problem]) -> Pack | None:
    node = read_yaml(source)
    if isinstance(node, Problem):
        problems.append(node)
        return None
    return _read_pack(node, Context(str(source), "the pack", problems, {}))


def _read_pack(node: Node, context: Context) -> Pack:
    fields = Fields(node, context, "pack")
    if "intents" in fields:
        read_intents(fields.node("intents"), context)
    if "lists" in fields:
        read_lists(fields.node("lists"), context)
    return Pack(
        id=fields.need("pack", _read_pack_id, ""),
        title=fields.need("title", read_text, ""),
        path=context.path,
        scorecard=fields.read("scorecard", _read_scorecard, Scorecard()),
        rules=fields.need("rules", _read_rules, ()),
        fingerprint="",
    )


def _read_pack_id(node: Node, context: Context) -> str:
    text = read_text(node, context)
    if text and not _PACK_ID.fullmatch(text):
        context.wrong(node.line, f"'{text}' is not a name in small letters, digits and hyphens")
    return text


def _read_scorecard(node: Node, context: Context) -> Scorecard:
    fields = Fields(node, context, "scorecard")
    default = Scorecard()
    base = fields.read("base", read_number, default.base)
    floor = fields.read("floor", read_number, default.floor)
    if floor >= base:
        context.wrong(node.line, f"the floor {floor:g} is not below the base {base:g}")
    return Scorecard(base, floor)


def _read_rules(node: Node, context: Context) -> tuple[Rule, ...]:
    return read_items(node, context, read_rule)


def _repeated(packs: Sequence[Pack]) -> list[Problem]:
    problems: list[Problem] = []
    pack_paths: dict[str, str] = {}
    places: dict[str, str] = {}
    for pack in packs:
        first = pack_paths.setdefault(pack.id, pack.path)
        if first is not pack.path and pack.id:
            problems.append(Problem(f"{pack.path}:1", f"pack '{pack.id}' is loaded twice (first from {first})"))
        for rule in pack.rules:
            place = places.setdefault(rule.id, rule.place)
            if place is not rule.place and rule.id:
                problems.append(Problem(rule.place, f"rule id '{rule.id}' is used twice (first at {place})"))
    return problems


def _in_order(problems: Sequence[Problem], sources: Sequence[Path]) -> list[Problem]:
    """Return the problems pack by pack, from the first line to the last, then those of their sentence files."""
    files = [str(source) for source in sources]

    def order(problem: Problem) -> tuple[int, str, int]:
        path, _, line = problem.place.rpartition(":")
        if not line.isdigit():
            path, line = problem.place, "0"
        return (files.index(path) if path in files else len(files), path, int(line))

    return sorted(problems, key=order)


def _with_fingerprints(pack: Pack) -> Pack:
    rules = tuple(with_fingerprint(rule) for rule in pack.rules)
    return replace(pack, rules=rules, fingerprint=pack_fingerprint(rules, pack.scorecard))

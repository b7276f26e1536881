"""What the README shows works: commands and options exist, links lead somewhere, its Chinese twin says the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from inspect_pipeline.cli.main import cli

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
TWIN = ROOT / "README.zh-CN.md"
PAGES = [README, TWIN, *sorted((ROOT / "docs").glob("*.md"))]
PROGRAM = "inspect-pipeline"


def blocks(page: Path) -> list[tuple[str, str]]:
    """Return the code blocks of a page: (language, code)."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def without_comments(code: str) -> str:
    return re.sub(r"[ \t]*(?<!\S)(#|--) .*$", "", code, flags=re.M)


def commands(page: Path) -> list[str]:
    """Return the lines that start the program, continued lines joined."""
    lines: list[str] = []
    for language, code in blocks(page):
        if language == "sh":
            lines += re.sub(r"\\\n\s*", "", without_comments(code)).splitlines()
    return [line.strip() for line in lines if line.strip().startswith(f"{PROGRAM} ")]


SHOWN = [(page.relative_to(ROOT).as_posix(), line) for page in PAGES if page.exists() for line in commands(page)]


def parse(line: str) -> None:
    """Read a command line as click would, up to the values: raises UsageError for what does not exist."""
    words = shlex.split(line)[1:]
    command: click.Command = cli
    context = click.Context(cli, info_name=PROGRAM)
    while isinstance(command, click.Group):
        name = words.pop(0)
        found = command.get_command(context, name)
        if found is None:
            raise click.UsageError(f"no command '{name}'")
        command, context = found, click.Context(found, parent=context, info_name=name)
    given, left, _ = command.make_parser(context).parse_args(words)
    if left:
        raise click.UsageError(f"too many arguments: {left}")
    for parameter in command.params:
        if parameter.required and parameter.value_is_missing(given.get(parameter.name or "")):
            raise click.UsageError(f"'{parameter.name}' is missing")


@pytest.mark.parametrize(("page", "line"), SHOWN)
def test_the_command_exists(page: str, line: str) -> None:
    parse(line)


@pytest.mark.parametrize("line", ["run", "runn x", "run x --ot y", "rules", "models list now", "check a --json=1"])
def test_a_wrong_command_would_be_found(line: str) -> None:
    with pytest.raises((click.UsageError, IndexError)):
        parse(f"{PROGRAM} {line}")


def test_the_readme_opens_with_the_two_commands() -> None:
    for page in (README, TWIN):
        first = without_comments(blocks(page)[0][1]).split("\n")
        assert [line.strip() for line in first if line] == ["make demo", "make test"]
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)
    assert {"demo", "test"} <= set(targets)


def test_the_chinese_twin_shows_the_same_code_in_the_same_order() -> None:
    def shown(page: Path) -> list[tuple[str, list[str]]]:
        return [
            (language, [line.rstrip() for line in without_comments(code).splitlines()])
            for language, code in blocks(page)
        ]

    assert shown(TWIN) == shown(README)


def test_the_chinese_twin_has_the_same_sections() -> None:
    def levels(page: Path) -> list[int]:
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        return [len(marks) for marks in re.findall(r"^(#+) ", text, flags=re.M)]

    assert levels(TWIN) == levels(README)


@pytest.mark.parametrize("page", [page.relative_to(ROOT).as_posix() for page in PAGES])
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_two_readmes_link_to_each_other() -> None:
    assert "(README.zh-CN.md)" in README.read_text(encoding="utf-8")
    assert "(README.md)" in TWIN.read_text(encoding="utf-8")


def test_files_that_the_readme_names_exist() -> None:
    for page in (README, TWIN):
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"(?<![\w/])((?:fixtures|rules|docs|bench|night|rulebook|speech)/[\w./-]+\w)", text))
        places = [ROOT, ROOT / "inspect_pipeline"]
        assert sorted(name for name in named if not any((place / name).exists() for place in places)) == []

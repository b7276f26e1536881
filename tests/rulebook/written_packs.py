"""Packs made on the spot for the loader's tests."""

from __future__ import annotations

from pathlib import Path

from inspect_pipeline.errors import PackError
from inspect_pipeline.rulebook.load import load_packs
from inspect_pipeline.rulebook.rule import Pack, Rule

PACK = """\
pack: p
title: 包
rules:
"""
RULE = """\
  - id: greeting.opening
    title: 开场白
    why: 客户有权知道谁在为他服务。
    must_say: [很高兴为您服务]
    severity: major
    points: 10
    examples:
      - {expect: met, call: "客服: 您好，很高兴为您服务。"}
      - {expect: violated, call: "客服: 喂，什么事？"}
"""
NOTICE = """\
  - id: risk.escalation
    title: 升级
    why: 要尽快有人听。
    notice: [工信部]
    risk: high
    examples:
      - {expect: noticed, call: "客户: 我要找工信部。"}
      - {expect: not_applicable, call: "客户: 谢谢。"}
"""


def load_text(text: str, folder: Path) -> Pack:
    """Return the one pack that is written in `text`."""
    path = folder / "p.yml"
    path.write_text(text, encoding="utf-8")
    (pack,) = load_packs([path])
    return pack


def load_rule(text: str, folder: Path) -> Rule:
    """Return the one rule that is written in `text`, a list item."""
    (rule,) = load_text(PACK + text, folder).rules
    return rule


def problems(text: str, folder: Path) -> list[str]:
    """Return what is wrong with a pack as `line: message`; nothing when it loads."""
    try:
        load_text(text, folder)
    except PackError as error:
        return [str(problem).removeprefix(f"{folder / 'p.yml'}:") for problem in error.problems]
    return []


def rule_problems(old: str, new: str, folder: Path, rule: str = RULE) -> list[str]:
    """Return what is wrong after one edit of a rule."""
    assert rule.count(old) >= 1, old
    return problems(PACK + rule.replace(old, new, 1), folder)

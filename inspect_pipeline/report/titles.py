"""What rules are called, for people."""

from __future__ import annotations

from collections.abc import Sequence

from inspect_pipeline.rulebook.load import load_packs, pack_path


def rule_titles(packs: Sequence[str]) -> dict[str, str]:
    """Return the titles of all rules of the packs (names of shipped ones, or files) by rule id.

    Raises UsageError for a pack that is not there, PackError for one with mistakes.
    """
    return {rule.id: rule.title for pack in load_packs([pack_path(name) for name in packs]) for rule in pack.rules}

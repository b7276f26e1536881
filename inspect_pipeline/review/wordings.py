"""Which rules the fingerprint of a night's packs stands for.

Who says that nothing else is wrong with a call speaks of the rules it was judged by, as they were worded then. Her
decision keeps the packs' fingerprint; this table tells which wordings that were, so that what she said still counts for
the rules that have not changed since, and for no others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, insert, select

from inspect_pipeline.review.schema import wordings

Wording = tuple[str, str]
"""Rule and fingerprint."""


def note_wordings(connection: Connection, packs: Mapping[str, Mapping[str, str]]) -> None:
    """Keep the rules (fingerprints by id) that the fingerprints of packs stand for; what is known stays as it is."""
    known = read_wordings(connection, packs)
    rows = [
        {"packs": name, "rule_id": rule_id, "fingerprint": fingerprint}
        for name, rules in sorted(packs.items())
        if name not in known
        for rule_id, fingerprint in sorted(rules.items())
    ]
    if rows:
        connection.execute(insert(wordings), rows)


def read_wordings(connection: Connection, packs: Collection[str]) -> dict[str, frozenset[Wording]]:
    """Return the wordings that fingerprints of packs stand for; those that are not known are left out."""
    if not packs:
        return {}
    found: dict[str, set[Wording]] = {}
    wanted = select(wordings).where(wordings.c.packs.in_(sorted(packs)))
    for row in connection.execute(wanted):
        found.setdefault(row.packs, set()).add((row.rule_id, row.fingerprint))
    return {name: frozenset(rules) for name, rules in found.items()}

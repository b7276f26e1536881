"""The report of a night, read from its tables shard by shard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from inspect_pipeline.errors import UsageError
from inspect_pipeline.model import Verdict
from inspect_pipeline.report.numbers import CALL_COLUMNS, FINDING_COLUMNS, Account, Example, NightReport, example_of
from inspect_pipeline.store.calls import stored_flags
from inspect_pipeline.store.journal import elapsed_by_call
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.stored import finding_of
from inspect_pipeline.store.tables import part_path, parts, read_part, shard_of, stored_nights

FIRED = frozenset({Verdict.VIOLATED.value, Verdict.NOTICED.value})
LOOK_IN = 3  # shards to look in for an example that has a quote


def night_report(out: Path, night: str | None = None) -> NightReport:
    """Return the numbers of a night, the latest one when None. Raises UsageError when it is not stored, StoreError."""
    chosen = _chosen_night(out, night)
    account = Account()
    fired_in: dict[str, list[int]] = {}
    for path in parts(out, TableName.CALLS, chosen):
        shard = shard_of(path)
        findings = read_part(part_path(out, TableName.FINDINGS, chosen, shard), TableName.FINDINGS, FINDING_COLUMNS)
        account.add(read_part(path, TableName.CALLS, CALL_COLUMNS), findings)
        for rule_id in {row["rule_id"] for row in findings if row["verdict"] in FIRED}:
            fired_in.setdefault(rule_id, []).append(shard)
    examples = _examples(out, chosen, fired_in)
    return account.report(chosen, stored_flags(out, chosen), elapsed_by_call(out, chosen), examples)


def _chosen_night(out: Path, night: str | None) -> str:
    nights = stored_nights(out)
    if not nights:
        raise UsageError(f"{out}: no night is stored here: run one, or name another folder with --out")
    if night is not None and night not in nights:
        raise UsageError(f"{out}: night {night} is not stored: the latest is {nights[-1]}")
    return night or nights[-1]


def _examples(out: Path, night: str, fired_in: Mapping[str, list[int]]) -> dict[str, Example]:
    """Return one example a rule: the first call by shard and id that has a quote, else the first."""
    found: dict[str, Example] = {}
    wanted = sorted({shard for shards in fired_in.values() for shard in shards[:LOOK_IN]})
    for shard in wanted:
        rules = {rule_id for rule_id, shards in fired_in.items() if shard in shards[:LOOK_IN]}
        if all(rule_id in found and found[rule_id].quote for rule_id in rules):
            continue
        for row in read_part(part_path(out, TableName.FINDINGS, night, shard), TableName.FINDINGS):
            rule_id = row["rule_id"]
            if row["verdict"] in FIRED and (rule_id not in found or found[rule_id].quote is None):
                example = example_of(finding_of(row))
                if rule_id not in found or example.quote:
                    found[rule_id] = example
    return found

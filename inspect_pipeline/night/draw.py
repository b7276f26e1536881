"""The draw of a night: every call's probability is written down, and the flags are chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from json import dumps

from inspect_pipeline.model import Flag
from inspect_pipeline.night.compile import pack_facts
from inspect_pipeline.night.plan import NightPlan
from inspect_pipeline.store.rows import Row, flag_row
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import part_path, write_part
from inspect_pipeline.triage.plan import chances, plan_night
from inspect_pipeline.triage.sample import Chance, JudgedCall, choose_flags, review_start


def draw_calls(plan: NightPlan, judged: Sequence[JudgedCall]) -> list[Flag]:
    """Write `sampling` (every inspected call) and `flags` (the drawn ones), one part each, and return the flags."""
    planned = plan_night(judged, plan.sampling)
    facts = {
        "night": plan.night,
        "seed": plan.seed,
        "sampling": dumps(asdict(plan.sampling), sort_keys=True),
        "budget_scale": repr(planned.scale),
        **pack_facts(plan),
    }
    drawn: list[Chance] = []

    def sampling_rows() -> Iterator[Row]:
        for chance in chances(planned, plan.sampling, plan.night, plan.seed):
            if chance.flagged:
                drawn.append(chance)
            yield _sampling_row(chance)

    write_part(part_path(plan.out, TableName.SAMPLING, plan.night), TableName.SAMPLING, sampling_rows(), facts)
    flags = choose_flags(drawn, plan.sampling, review_start(plan.night, plan.zone, plan.review_at))
    write_part(part_path(plan.out, TableName.FLAGS, plan.night), TableName.FLAGS, map(flag_row, flags), facts)
    return flags


def _sampling_row(chance: Chance) -> Row:
    return {
        "call_id": chance.call_id,
        "reasons": [stratum.reason.value for stratum in chance.strata],
        "probability": chance.probability,
        "draw": chance.draw,
        "flagged": chance.flagged,
        "strata": [
            {"reason": stratum.reason.value, "group": stratum.group, "probability": stratum.probability}
            for stratum in chance.strata
        ],
        "second_draw": chance.second_draw,
        "calibration": chance.calibration,
    }

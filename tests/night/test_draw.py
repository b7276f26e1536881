"""The draw as it is stored: every call with what its probability comes from."""

from __future__ import annotations

import json
from pathlib import Path

from small_night import NIGHT, plan_of

from inspect_pipeline.model import Risk
from inspect_pipeline.night.draw import draw_calls
from inspect_pipeline.store.calls import stored_flags
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.store.tables import part_facts, part_path, read_part
from inspect_pipeline.triage.sample import GroupShare, JudgedCall, SamplingPlan, draw

CLEAN = JudgedCall("c-2", Risk.NONE, 100.0, critical=False, violated=False, uncertain=False, agent="0107")
GRAVE = JudgedCall("c-1", Risk.HIGH, 0.0, critical=True, violated=True, uncertain=False, agent="0107")
SAMPLING = SamplingPlan(
    clean=0.25, low_score=0.0, violation=0.0, agent=GroupShare(share=0.5), budget=1, reserve=0.25, calibration=1.0
)


def test_every_call_is_stored_with_its_strata(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, [], seed="7", sampling=SAMPLING)
    flags = draw_calls(plan, [CLEAN, GRAVE])
    assert flags == stored_flags(plan.out, NIGHT)
    agent = {"reason": "random-agent", "group": "0107", "probability": 0.5}
    places = {name: draw("7", NIGHT, name) for name in ("c-1", "c-2")}
    seconds = {name: draw("7/calibration", NIGHT, name) for name in ("c-1", "c-2")}
    drawn = places["c-2"] < 0.25  # the budget leaves a quarter of a call for what is not mandatory
    path = part_path(plan.out, TableName.SAMPLING, NIGHT)
    assert read_part(path, TableName.SAMPLING) == [
        {
            "call_id": "c-1",
            "reasons": ["critical", "high-risk", "random-agent"],
            "probability": 1.0,
            "draw": places["c-1"],
            "flagged": True,
            "strata": [
                {"reason": "critical", "group": None, "probability": 1.0},
                {"reason": "high-risk", "group": None, "probability": 1.0},
                agent,
            ],
            "second_draw": seconds["c-1"],
            "calibration": True,
        },
        {
            "call_id": "c-2",
            "reasons": ["random-agent", "clean"],
            "probability": 0.25,
            "draw": places["c-2"],
            "flagged": drawn,
            "strata": [agent, {"reason": "clean", "group": None, "probability": 0.25}],
            "second_draw": seconds["c-2"],
            "calibration": drawn,
        },
    ]
    assert flags[0].reasons == ("critical", "high-risk", "random-agent", "calibration")
    facts = part_facts(path) or {}
    assert (facts["seed"], facts["budget_scale"]) == ("7", "0.5")
    assert json.loads(facts["sampling"])["agent"] == {"share": 0.5, "at_least": 0, "at_most": None}

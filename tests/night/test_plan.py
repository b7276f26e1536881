"""Which night it is, and which shard a call belongs to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from small_night import listed, plan_of, recordings_in

from inspect_pipeline.errors import UsageError
from inspect_pipeline.model import Recording
from inspect_pipeline.night.engine import visible_gpus, workers_that_fit
from inspect_pipeline.night.plan import CHINA, Patience, choose_night, shards_of

TODAY = date(2026, 11, 30)


def begun_at(*moments: datetime | None) -> list[Recording]:
    return [Recording(f"c-{number}", "x.wav", started_at=moment) for number, moment in enumerate(moments)]


def test_the_night_is_the_asked_one_else_the_only_date_else_today():
    one = begun_at(datetime(2026, 11, 20, 23, 30, tzinfo=CHINA), None, datetime(2026, 11, 20, 1, tzinfo=CHINA))
    assert choose_night(one, date(2026, 11, 19), TODAY) == "2026-11-19"
    assert choose_night(one, None, TODAY) == "2026-11-20"  # the caller's date, not the one in UTC
    assert choose_night(begun_at(None), None, TODAY) == "2026-11-30"


def test_several_dates_need_a_choice():
    several = begun_at(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))
    with pytest.raises(UsageError) as caught:
        choose_night(several, None, TODAY)
    assert str(caught.value) == "the recordings are of 2 nights (2026-11-20 to 2026-11-22): name one with --night"


def test_shards_are_a_power_of_two_and_hold_every_call_once(tmp_path: Path):
    recordings = listed(tmp_path, [f"c-{number:04d}" for number in range(1000)])
    shards = shards_of(plan_of(tmp_path, recordings, shard_size=64))
    assert [shard.index for shard in shards] == list(range(16))
    assert sorted(task.call_id for shard in shards for task in shard.tasks) == [one.call_id for one in recordings]
    assert all(40 < len(shard.tasks) < 90 for shard in shards)
    assert all(task.shard == shard.index for shard in shards for task in shard.tasks)
    assert shards_of(plan_of(tmp_path, recordings[::-1], shard_size=64)) == shards


def test_the_limit_takes_the_first_calls_whatever_the_order(tmp_path: Path):
    recordings = listed(tmp_path, ["c-2", "c-0", "c-1"])
    for order in (recordings, recordings[::-1]):
        (shard,) = shards_of(plan_of(tmp_path, order, limit=2))
        assert [task.call_id for task in shard.tasks] == ["c-0", "c-1"]


def test_a_copied_recording_has_the_same_digest_but_not_the_same_key(tmp_path: Path):
    (recording,) = recordings_in(tmp_path, {"c-0": "您好"})
    (before,) = shards_of(plan_of(tmp_path, [recording]))
    Path(recording.path).touch()
    (after,) = shards_of(plan_of(tmp_path, [recording]))
    assert after.digest == before.digest
    assert after.tasks[0].key != before.tasks[0].key
    (other,) = shards_of(plan_of(tmp_path, [replace(recording, queue="报障")]))
    assert other.digest != before.digest


def test_patience_grows_with_the_call():
    patience = Patience(base_s=10.0, per_second=2.0, unknown_s=100.0)
    assert patience.limit_s(Recording("c", "x.wav", duration_s=30.0)) == 70.0
    assert patience.limit_s(Recording("c", "x.wav")) == 210.0


def test_workers_are_at_least_one_and_one_a_gpu():
    assert workers_that_fit(memory_each_gb=1e6) == 1
    assert workers_that_fit(gpus=4) == 4


@pytest.mark.parametrize(("chosen", "gpus"), [("2,3", ("2", "3")), ("", ()), ("-1", ()), ("GPU-1a", ("GPU-1a",))])
def test_the_gpus_that_were_chosen(monkeypatch: pytest.MonkeyPatch, chosen: str, gpus: tuple[str, ...]):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert visible_gpus() == gpus

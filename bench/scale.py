"""Measures judging from a thousand to a million stored transcripts: time should grow in line, memory should not grow.

    python bench/scale.py [--most N] [--million] [--processes N] [--rules PACK]… [--out FOLDER] [--json]

For each size, generated calls (see `made_calls.py`) are written shard by shard as the tables of a night; then another
process does what `reinspect` does, with as many workers: each shard is read from Parquet, judged by all rules and
written back, and at the end flags are drawn and the night is accounted for. Told are wall seconds of the judging and of
the account, CPU seconds of both (the start of the workers with them), the most memory of a judging process and of the
accounting one, and the size on disk. No sentence model.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from made_calls import made_calls, made_recording
from memory import peak_mb

from inspect_pipeline.config import Config, PrivacyConfig, RulesConfig
from inspect_pipeline.model import Audio, CallResult, CallStatus, Judgement, Recording, Transcript
from inspect_pipeline.night.compile import pack_facts, write_shard
from inspect_pipeline.night.configured import configured_plan
from inspect_pipeline.night.plan import NightPlan, digest_of
from inspect_pipeline.night.reinspect import JudgeTranscripts, reinspect_night
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.load import load_packs, pack_path
from inspect_pipeline.store.rows import result_rows
from inspect_pipeline.store.schema import TableName
from inspect_pipeline.triage.score import judge_calls

NIGHT = "2026-11-20"
SHARD = 200  # calls, as in a real night
STEPS = (1_000, 10_000, 100_000, 1_000_000)


def plan_of(out: Path, packs: list[str], processes: int) -> NightPlan:
    """Return the plan of the night, judged by some packs."""
    config = Config(out=out, rules=RulesConfig(packs=tuple(packs)), privacy=PrivacyConfig(out / "customer.key"))
    return replace(configured_plan(config, (), NIGHT), workers=processes)


def write_night(plan: NightPlan, count: int) -> None:
    """Write generated calls as a night that no rule has judged yet, in several processes."""
    shards = range(-(-count // SHARD))
    with get_context("spawn").Pool(plan.workers) as pool:
        for _ in pool.imap_unordered(partial(write_made, plan, count), shards, chunksize=16):
            pass


def write_made(plan: NightPlan, count: int, shard: int) -> None:
    """Write one shard of generated calls."""
    first = shard * SHARD
    rows: dict[TableName, list] = {table: [] for table in TableName}
    for transcript in made_calls(min(SHARD, count - first), first=first):
        audio = Audio(digest_of([transcript.call_id]), transcript.duration_s, 2, 8000, "pcm_alaw")
        result = CallResult(made_recording(transcript), CallStatus.INSPECTED, audio=audio, transcript=transcript)
        for table, some in result_rows(result, plan.origin, plan.key).items():
            rows[table] += some
    facts = {"night": NIGHT, "shard": f"{shard}/{-(-count // SHARD)}", "shard_digest": "made", "model": "made"}
    write_shard(plan, shard, rows, {**facts, **pack_facts(plan)}, None)


def load_judging(packs: list[str], peaks: Path) -> JudgeTranscripts:
    """Return what judges transcripts, in whichever process it is loaded, and tells there how much memory that took."""
    judge = Judge(load_packs([pack_path(name) for name in packs]))
    mine = peaks / str(os.getpid())

    def judged(calls: Sequence[tuple[Transcript, Recording]]) -> list[Judgement]:
        judgements = list(judge_calls(judge, calls))
        mine.write_text(str(peak_mb()), encoding="utf-8")
        return judgements

    return judged


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of those that it has waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def judge_night(plan: NightPlan, packs: list[str]) -> dict[str, float]:
    """Judge the stored night and return what it took, from the first shard on; CPU seconds are those of all of it."""
    marks: list[float] = []
    began_cpu = cpu_seconds()
    with tempfile.TemporaryDirectory() as peaks:
        reinspect_night(plan, partial(load_judging, packs, Path(peaks)), lambda *_: marks.append(time.monotonic()))
        judging = [float(path.read_text(encoding="utf-8")) for path in Path(peaks).iterdir()]
    return {
        "wall_s": marks[-1] - marks[0],
        "cpu_s": cpu_seconds() - began_cpu,
        "account_s": time.monotonic() - marks[-1],
        "judging_mb": max(judging),
        "account_mb": peak_mb(),
    }


def measure(count: int, packs: list[str], processes: int, folder: Path) -> dict[str, float]:
    """Write a night of `count` calls and have another process judge it."""
    began = time.monotonic()
    write_night(plan_of(folder, packs, processes), count)
    written = time.monotonic() - began
    command = [sys.executable, __file__, "--judge", str(folder), "--rules", ",".join(packs)]
    command += ["--processes", str(processes)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    row: dict[str, float] = json.loads(done.stdout)
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    return {
        "calls": count,
        **row,
        "calls_a_second": count / row["wall_s"],
        "calls_a_cpu_second": count / row["cpu_s"],
        "write_s": written,
        "disk_mb": size / 1e6,
    }


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=100_000, help="calls of the largest night")
    parser.add_argument("--million", action="store_true", help="go on to 1,000,000 calls (20 minutes, 2 GB of disk)")
    parser.add_argument("--rules", default="telecom-cn", help="packs, separated by commas")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, help="where to write (default: a temporary folder)")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    packs = options.rules.split(",")
    if options.judge:
        print(json.dumps(judge_night(plan_of(options.judge, packs, options.processes), packs)))
        return
    rows = []
    timed = ("calls", "wall_s", "cpu_s", "calls_a_second", "calls_a_cpu_second", "account_s")
    head = (*timed, "judging_mb", "account_mb", "write_s", "disk_mb")
    if not options.json:
        print("  ".join(f"{name:>{max(9, len(name))}}" for name in head))
    for count in STEPS:
        if count <= (STEPS[-1] if options.million else options.most):
            with tempfile.TemporaryDirectory(dir=options.out) as folder:
                rows.append(measure(count, packs, options.processes, Path(folder)))
            if not options.json:
                print("  ".join(f"{rows[-1][name]:{max(9, len(name))}.1f}" for name in head), flush=True)
    if options.json:
        print(json.dumps({"schema": 1, "result": rows}))


if __name__ == "__main__":
    main()

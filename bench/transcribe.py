"""Measures how fast and how right calls are transcribed, beside faster-whisper's own ways on the same cores.

    python bench/transcribe.py [FOLDER] [--rounds N] [--sides ours,sequential,batched,cli] [--processes N] [--calls N]
                               [--model NAME] [--long HOURS] [--night CALLS] [--json]

FOLDER (default `fixtures/calls`) holds recordings and their truth as `accuracy.py` reads them. The same model in the
same numbers (8 bits on a CPU, float16 on CUDA) writes down the same calls, decoding of the files included:

ours         the package's transcriber, in as many processes of one thread as `run` takes
sequential   faster_whisper.WhisperModel.transcribe(channel, language="zh"), channel by channel
batched      faster_whisper.BatchedInferencePipeline(model).transcribe(channel, language="zh", batch_size=8)
cli          whisper-ctranslate2 on the channels as files; its time includes loading the model, as each use of it does

Each side has processes of its own and loads its model before the clock starts. The first round warms up and is not
counted; in it sequential and batched run as one process with all cores and as many with one thread, and keep the
faster way. Then the sides take turns, round by round. Printed are seconds of channel a second of wall time, that beside
the sequential way's in the same round, both again by CPU time (which tells more where others use the machine, though a
thread that waits may count, too), the character error rate (each speaker apart; mono calls whole), the share of true
turns that begin and end within 0.3 s of where an utterance does, and peak memory over all processes of a side.

`--long`: instead, the memory for one call that long beside that for ten minutes. `--night`: one worker's memory over
so many calls. Both are made of the same recordings.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from accuracy import SPEAKER, Report, count_characters, known_recordings
from long_calls import long_calls, long_night
from sides import CLI_MISSING, CommandLine, Known, Machine, Round, Side, Workers, installed_cli, layouts, this_machine

from inspect_pipeline.model import Speaker, Transcript, Utterance
from inspect_pipeline.speech.decode import decode

SIDES = ("ours", "sequential", "batched", "cli")
BASE = "sequential"
NEAR_S = 0.3
CALLS = Path(__file__).resolve().parents[1] / "fixtures" / "calls"


def known_calls(folder: Path, most: int | None) -> list[Known]:
    """Return the calls of a folder whose truth is known, as long as their sound is."""
    calls = []
    for recording in known_recordings(folder)[:most]:
        truth = json.loads(Path(recording.path).with_suffix(".json").read_text(encoding="utf-8"))
        audio = decode(recording.path)[0]
        calls.append(Known(recording, truth, audio.duration_s, audio.channels))
    if not calls:
        raise SystemExit(f"{folder}: holds no recording with its truth beside it")
    return calls


def transcript_of(call: Known, done: Round) -> Transcript:
    """Return what a side heard in a call as a transcript, in the order of time."""
    utterances = tuple(
        Utterance(index, Speaker(speaker), None, start, end, text, text, 1.0)
        for index, (speaker, start, end, text) in enumerate(done.heard[call.recording.call_id])
    )
    return Transcript(call.recording.call_id, call.duration_s, utterances, channels=call.channels)


def error_rate(calls: Sequence[Known], done: Round) -> float:
    """Return the character error rate of a round."""
    report = Report()
    for call in calls:
        count_characters(report, call.truth, transcript_of(call, done))
    return report.edits / report.characters


def boundaries_right(calls: Sequence[Known], done: Round) -> float:
    """Return the share of true turns whose start and end are each near an utterance's of that speaker (mono: any)."""
    right = []
    for call in calls:
        said = transcript_of(call, done).utterances
        for turn in call.truth["turns"]:
            own = [one for one in said if call.channels == 1 or one.speaker is SPEAKER[turn["who"]]]
            begins = any(abs(one.start_s - turn["start"]) <= NEAR_S for one in own)
            right.append(begins and any(abs(one.end_s - turn["end"]) <= NEAR_S for one in own))
    return sum(right) / len(right)


def warmed(name: str, machine: Machine, calls: Sequence[Known], processes: int | None) -> tuple[Side, dict[str, float]]:
    """Return a side that has done all calls once, in the faster of its layouts, and the speed in each layout."""
    speeds: dict[str, float] = {}
    kept: Side | None = None
    for layout in layouts(name, machine, processes, len(calls)):
        side = Workers(name, layout, machine)
        speeds[str(layout)] = speed(calls, side.hear(calls))
        faster, slower = (side, kept) if speeds[str(layout)] == max(speeds.values()) else (kept, side)
        kept = faster
        if slower is not None:
            slower.close()
    assert kept is not None
    return kept, speeds


def speed(calls: Sequence[Known], done: Round) -> float:
    """Return channel-seconds a second."""
    return sum(one.channel_s for one in calls) / done.seconds


def compare(options: argparse.Namespace, machine: Machine, calls: Sequence[Known]) -> dict[str, Any]:
    """Run the sides in turns and return what was measured."""
    load = os.getloadavg()[0]
    sides: dict[str, Side] = {}
    tried: dict[str, dict[str, float]] = {}
    left_out: dict[str, str] = {}
    try:
        for name in options.sides:
            if name != "cli":
                sides[name], tried[name] = warmed(name, machine, calls, options.processes)
            elif program := installed_cli():
                sides[name], tried[name] = CommandLine(machine, calls, program), {}
            else:
                left_out[name] = CLI_MISSING
        rounds: dict[str, list[Round]] = {name: [] for name in sides}
        for number in range(options.rounds):
            names = [*sides][number % len(sides) :] + [*sides][: number % len(sides)]
            for name in names:
                rounds[name].append(sides[name].hear(calls))
    finally:
        for side in sides.values():
            side.close()
    return {
        "calls": len(calls),
        "channel_seconds": round(sum(one.channel_s for one in calls), 1),
        "rounds": options.rounds,
        "model": options.model,
        "computed": f"{machine.device} {machine.compute_type}",
        "cores": machine.cores,
        "load_at_start": round(load, 2),
        "sides": {
            name: {**row(calls, done, rounds.get(BASE)), "layout": str(sides[name].layout), "warm_up": tried[name]}
            for name, done in rounds.items()
        },
        "left_out": left_out,
    }


def row(calls: Sequence[Known], rounds: Sequence[Round], base: Sequence[Round] | None) -> dict[str, Any]:
    """Return one side's numbers: medians over the rounds, the most of the memory."""
    speeds = [speed(calls, one) for one in rounds]
    pairs = list(zip(rounds, base, strict=True)) if base else []
    ratios = [other.seconds / one.seconds for one, other in pairs]
    cpu_ratios = [other.cpu_s / one.cpu_s for one, other in pairs]
    channel_s = sum(one.channel_s for one in calls)
    return {
        "channel_s_a_second": statistics.median(speeds),
        "spread": [min(speeds), max(speeds)],
        "times_sequential": statistics.median(ratios) if ratios else None,
        "channel_s_a_cpu_second": statistics.median(channel_s / one.cpu_s for one in rounds),
        "times_sequential_cpu": statistics.median(cpu_ratios) if cpu_ratios else None,
        "cer": statistics.median(error_rate(calls, one) for one in rounds),
        "turns_right": statistics.median(boundaries_right(calls, one) for one in rounds),
        "peak_mb": round(max(one.peak_mb for one in rounds)),
    }


def table(result: dict[str, Any]) -> list[str]:
    """Return a comparison as lines to print."""
    head = ("calls", "channel_seconds", "rounds", "model", "computed", "cores", "load_at_start")
    lines = ["  ".join(f"{name} {result[name]}" for name in head)]
    lines.append(
        f"{'side':12}{'processes x threads':>20}{'ch-s/s':>9}{'min-max':>14}{'x sequential':>14}"
        f"{'ch-s/CPU-s':>12}{'x sequential':>14}{'CER':>8}{'turns right':>13}{'peak MB':>9}"
    )
    for name, one in result["sides"].items():
        spread = "{:.1f}-{:.1f}".format(*one["spread"])
        ratio, cpu_ratio = (
            "-" if one[key] is None else f"{one[key]:.2f}" for key in ("times_sequential", "times_sequential_cpu")
        )
        lines.append(
            f"{name:12}{one['layout']:>20}{one['channel_s_a_second']:9.1f}{spread:>14}{ratio:>14}"
            f"{one['channel_s_a_cpu_second']:12.1f}{cpu_ratio:>14}{one['cer']:8.3f}{one['turns_right']:13.2f}{one['peak_mb']:9}"
        )
    for name, one in result["sides"].items():
        if len(one["warm_up"]) > 1:
            speeds = ", ".join(f"{layout} {value:.1f}" for layout, value in one["warm_up"].items())
            lines.append(f"{name}: {one['layout']} was the faster in the warm-up ({speeds} ch-s/s)")
    if "cli" in result["sides"]:
        lines.append("cli: its time includes loading the model")
    return lines + [f"{name}: {reason}" for name, reason in result["left_out"].items()]


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=CALLS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sides", type=lambda text: text.split(","), default=list(SIDES), help="separated by commas")
    parser.add_argument("--processes", type=int, help="of one thread each (default: as many as there are cores)")
    parser.add_argument("--calls", type=int, help="only the first calls")
    parser.add_argument("--model", default="base")
    parser.add_argument("--long", type=float, metavar="HOURS", help="memory for one call that long")
    parser.add_argument("--night", type=int, metavar="CALLS", help="memory of one worker over so many calls")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if unknown := set(options.sides) - set(SIDES):
        parser.error(f"no such side: {', '.join(sorted(unknown))} (there are {', '.join(SIDES)})")
    return options


def main() -> None:
    """Run the bench."""
    options = options_of(None)
    machine, calls = this_machine(options.model), known_calls(options.folder, options.calls)
    result: dict[str, Any] = {}
    lines: list[str] = []
    if options.long is not None:
        result["long"], told = long_calls(machine, calls, options.long)
        lines += told
    if options.night is not None:
        result["night"], told = long_night(machine, calls, options.night)
        lines += told
    if not result:
        result = compare(options, machine, calls)
        lines = table(result)
    print(json.dumps({"schema": 1, "result": result}, ensure_ascii=False) if options.json else "\n".join(lines))
    for reason in result.get("left_out", {}).values():
        if options.json:
            print(reason, file=sys.stderr)


if __name__ == "__main__":
    main()

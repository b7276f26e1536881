"""Every bad input gets one clear line: where it is, what is wrong, what to do; and harms no other call."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typed_commands import BAD, CALLS, Done, Typed, environment, started

NIGHT = "2026-11-20"
PACKS = BAD / "packs"
LISTED = f"{BAD}/calls/manifest.csv"
HEARD = {"good-complaint", "good-noisy", "same-channels", "silent"}

FAILED = {
    "empty": f"{LISTED}:2: {BAD}/calls/empty.wav: the file is empty: fetch the recording again",
    "folder": f"{LISTED}:3: {BAD}/calls: cannot be read (Is a directory): check the path and its rights",
    "header-only": f"{LISTED}:6: {BAD}/calls/header-only.wav: holds no audio samples: the recorder wrote only a "
    "header; export it again",
    "missing": f"{LISTED}:7: {BAD}/calls/not-there.wav: no such file: mend the path in the manifest, or fetch the "
    "recording",
    "shorter-than-told": f"{LISTED}:10: {BAD}/calls/shorter-than-told.wav: truncated: 2.00 s decoded, the manifest "
    "says 9.00 s: fetch the recording again",
    "text": f"{LISTED}:12: {BAD}/calls/text.wav: no audio can be decoded (invalid data found when processing input): "
    "play the file, or export it again",
    "three-channels": f"{LISTED}:13: {BAD}/calls/three-channels.wav: has 3 channels: split it into one or two (agent, "
    "customer)",
    "truncated-mp3": f"{LISTED}:14: {BAD}/calls/truncated.mp3: truncated: 2.89 s decoded, its container says 9.00 s: "
    "fetch the recording again",
    "truncated-wav": f"{LISTED}:15: {BAD}/calls/truncated.wav: truncated: the header promises 11.00 s of data, the "
    "file holds 2.00 s: fetch the recording again",
}
SKIPPED = {"other-night": f"began on 2026-11-19, not in the night of {NIGHT}"}


class Night:
    """The night of fixtures/bad/calls, inspected once with the real model."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "out"
        args = ["run", BAD / "calls", "--out", self.out, "--night", NIGHT, "--workers", "2", "--json"]
        process = started(args, folder, environment(folder / "data"))
        out, err = process.communicate(timeout=300)
        self.done = Done(process.returncode, out, err)

    def rows(self, table: str, *columns: str) -> list[dict[str, object]]:
        parts = sorted((self.out / table / f"night={NIGHT}").glob("*.parquet"))
        return [row for part in parts for row in pq.read_table(part, columns=list(columns)).to_pylist()]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return Night(tmp_path_factory.mktemp("bad-night"))


class TestRecordings:
    def test_the_night_is_partial_and_every_call_is_accounted_for(self, night: Night) -> None:
        assert (night.done.code, night.done.err) == (3, "")
        summary = json.loads(night.done.out)["result"]
        assert {key: summary[key] for key in ("calls", "inspected", "failed", "skipped")} == {
            "calls": 14,
            "inspected": 4,
            "failed": 9,
            "skipped": 1,
        }
        assert {one["call_id"]: one["error"] for one in summary["failures"]} == FAILED
        assert {one["call_id"]: one["error"] for one in summary["skips"]} == SKIPPED

    def test_the_reasons_are_stored(self, night: Night) -> None:
        rows = night.rows("calls", "call_id", "status", "error")
        stored = {row["call_id"]: (row["status"], row["error"]) for row in rows}
        assert len(rows) == 14
        assert stored == {
            **{call_id: ("failed", error) for call_id, error in FAILED.items()},
            **{call_id: ("skipped", error) for call_id, error in SKIPPED.items()},
            **dict.fromkeys(HEARD, ("inspected", None)),
        }

    def test_the_good_calls_are_judged_as_if_alone(self, night: Night) -> None:
        texts: dict[object, str] = {}
        for row in night.rows("utterances", "call_id", "text"):
            texts[row["call_id"]] = texts.get(row["call_id"], "") + str(row["text"])
        assert set(texts) == HEARD - {"silent"}
        assert "太过分了" in texts["good-complaint"]
        assert "打过了" in texts["good-noisy"]
        violated = {(f["call_id"], f["rule_id"]) for f in night.rows("findings", "call_id", "rule_id", "verdict")
                    if f["verdict"] == "violated"}  # fmt: skip
        assert ("good-complaint", "forbidden.rude") in violated

    def test_a_silent_recording_is_uncertain_and_loses_no_points(self, night: Night) -> None:
        (call,) = [row for row in night.rows("calls", "call_id", "score", "risk") if row["call_id"] == "silent"]
        findings = [
            (row["verdict"], row["points_lost"])
            for row in night.rows("findings", "call_id", "verdict", "points_lost")
            if row["call_id"] == "silent"
        ]
        assert call["score"] is None
        assert set(findings) == {("uncertain", 0.0)}

    def test_two_equal_channels_are_one(self, night: Night) -> None:
        (call,) = [row for row in night.rows("calls", "call_id", "channels") if row["call_id"] == "same-channels"]
        assert call["channels"] == 1


def test_check_tells_of_each_file_and_goes_on(typed: Typed) -> None:
    done = typed("check", BAD / "calls" / "text.wav", BAD / "calls" / "same-channels.wav", BAD / "calls" / "empty.wav")
    assert done.code == 3
    assert done.err == f"error: {FAILED['text']}\nerror: {FAILED['empty']}\n"
    assert done.out.startswith("same-channels  ")
    assert "两声道内容相同，按单声道处理" in done.out.split("0:01")[0]
    assert "日本" in done.out


MANIFESTS = {
    "missing-column": [":1: column 'call_id' is missing (did you mean 'call-id'?): every call needs call_id and path"],
    "wrong-date": [
        ":3: started_at '2026-11-31T09:00:00+08:00' is not a time: write it like 2026-11-20T09:12:00+08:00",
        ":4: duration_s 'ten' is not a number of seconds: write it like 58.77, or leave it empty",
    ],
    "duplicate": [":3: call_id 'a1' is already on line 2: each call needs its own"],
    "call-id-is-a-path": [
        ":2: call_id '../a1' is a path: a call_id may not hold / or \\, nor be . or ..",
        ":3: call_id '..' is a path: a call_id may not hold / or \\, nor be . or ..",
    ],
    "no-calls": [":1: the manifest lists no calls: nothing to inspect"],
    "two-nights": [": the recordings are of 2 nights (2026-11-19 to 2026-11-20): name one with --night"],
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_wrong_manifest_is_told_with_its_lines_before_anything_is_done(typed: Typed, name: str) -> None:
    file = BAD / "manifests" / f"{name}.csv"
    assert typed("run", file) == Done(2, "", "".join(f"error: {file}{message}\n" for message in MANIFESTS[name]))
    assert not Path("out").exists()


def test_all_mistakes_of_all_packs_are_told_at_once(typed: Typed) -> None:
    done = typed(
        "run", CALLS, "--rules", PACKS / "broken.yml", "--rules", "telecom-cn", "--rules", PACKS / "double.yml"
    )
    *lines, double = done.err.splitlines()
    assert (done.code, done.out) == (2, "")
    assert lines == [
        f"error: {PACKS}/broken.yml:9: unknown key 'windw' in rule greeting.hello (did you mean 'window'?)",
        f"error: {PACKS}/broken.yml:18: '10' needs a unit in 'over' of 'measure' of rule timing.silence: write 10s",
        f"error: {PACKS}/broken.yml:19: unknown value 'hard' in 'severity' of rule timing.silence "
        "(one of: critical, major, minor)",
        f"error: {PACKS}/broken.yml:24: missing 'why' in rule forbidden.bracket",
        f"error: {PACKS}/broken.yml:26: regex '(不知道' does not compile (missing ) at position 4) in 'regex' of "
        "'must_not_say' of rule forbidden.bracket",
    ]
    start, _, line = double.rpartition(":")
    assert start.startswith(f"error: {PACKS}/double.yml:5: rule id 'greeting.opening' is used twice (first at ")
    assert start.endswith("telecom-cn.yml")
    assert line[:-1].isdigit()


@pytest.mark.parametrize("command", [["rules", "list"], ["rules", "test"], ["check", "--rules"]])
def test_a_pack_that_is_not_there(typed: Typed, command: list[str], tmp_path: Path) -> None:
    (tmp_path / "call.txt").write_text("客服: 您好", encoding="utf-8")
    done = typed(*command, "telecom", *(["call.txt"] if command[0] == "check" else []))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: no rule pack 'telecom' (did you mean 'telecom-cn'?): give a file, or one that ")
    assert done.err.count("\n") == 1


def test_every_mistake_in_the_configuration_is_told(typed: Typed) -> None:
    file = BAD / "broken.toml"
    assert typed("run", CALLS, "--config", file) == Done(
        2,
        "",
        f"error: {file}:4: unknown setting 'speech.modle' (did you mean 'speech.model'?)\n"
        f"error: {file}:1: 'lang' needs zh or en, not 'fr'\n"
        f"error: {file}:7: 'sampling.clean' needs a probability from 0 to 1, not 2.0\n"
        f"error: {file}:10: 'night.workers' needs a whole number from 1, not 0\n",
    )


def test_inspect_toml_here_and_a_variable(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inspect.toml").write_text("[speech\n", encoding="utf-8")
    done = typed("rules", "list")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: inspect.toml: cannot be read: ")
    (tmp_path / "inspect.toml").unlink()
    monkeypatch.setenv("INSPECT_WORKERS", "many")
    done = typed("rules", "list")
    assert done == Done(2, "", "error: INSPECT_WORKERS: 'night.workers' needs a number, not 'many'\n")


USAGE = {
    "run --workers 0 .": "invalid value for '--workers': 0 is not in the range x>=1: see inspect-pipeline run --help",
    "run --night 2026-13-01 .": "invalid value for '--night': '2026-13-01' is not a date: write it as 2026-11-20: "
    "see inspect-pipeline run --help",
    "run": "missing argument 'SOURCE': see inspect-pipeline run --help",
    "run nowhere": "nowhere: no such file or folder: give a manifest (CSV, JSONL, Parquet) or a folder",
    "run . --out a-file": "invalid value for '--out': a-file is a file: name a folder for the tables: "
    "see inspect-pipeline run --help",
    "check nothing.wav": "invalid value for 'FILES...': File 'nothing.wav' does not exist: "
    "see inspect-pipeline check --help",
    "check a-file --lang fr": "invalid value for '--lang': 'fr' is not one of 'zh', 'en': "
    "see inspect-pipeline check --help",
    "rules show greeting.openin": "no rule 'greeting.openin' (did you mean 'greeting.opening'?)",
    "models verify bse": "model 'bse' is not known: give a size (tiny, base, small, medium, large-v2, large-v3, "
    "large-v3-turbo), a hub id or a folder",
}


@pytest.mark.parametrize("line", USAGE)
def test_a_wrong_command_line_is_one_line(typed: Typed, tmp_path: Path, line: str) -> None:
    (tmp_path / "a-file").write_text("", encoding="utf-8")
    assert typed(*line.split()) == Done(2, "", f"error: {USAGE[line]}\n")


def test_an_empty_folder(typed: Typed, tmp_path: Path) -> None:
    done = typed("run", tmp_path)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith(f"error: {tmp_path}: no manifest.csv and no recordings in it (looked for ")


def test_a_recording_in_the_place_of_a_manifest(typed: Typed) -> None:
    file = CALLS / "demo-02-billing-rude.wav"
    message = f"{file}: this is a recording, not a list of recordings: give its folder, or a manifest"
    assert typed("run", file) == Done(2, "", f"error: {message}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("客服: 您好\n谁: 喂", ":2: expected '客服: …' or '客户: …' (with [0:31] before it), not '谁: 喂'"),
        ("", ":1: the dialogue is empty; write lines such as '客服: 您好'"),
        ("[0:01] 客服: 您好\n客户: 喂", ":2: this line has no time but others have; time all lines or none"),
    ],
)
def test_a_wrong_dialogue(typed: Typed, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "call.txt").write_text(text, encoding="utf-8")
    assert typed("check", "call.txt") == Done(3, "", f"error: call.txt{message}\n")


@pytest.mark.parametrize("missing", ["config.json", "model.bin", "tokenizer.json", "vocabulary.json"])
def test_a_model_folder_with_a_file_missing(typed: Typed, tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for name in {"config.json", "model.bin", "tokenizer.json", "vocabulary.json"} - {missing}:
        (folder / name).write_text("{}", encoding="utf-8")
    what = "missing" if missing == "vocabulary.json" else "missing or empty"
    needs = "a CTranslate2 Whisper model needs config.json, model.bin, tokenizer.json and vocabulary.json or .txt"
    told = Done(2, "", f"error: {folder}/{missing}: {what}: {needs}\n")
    assert typed("models", "verify", folder) == told
    if missing == "model.bin":
        assert typed("run", BAD / "calls", "--night", NIGHT, "--model", folder) == told
        assert typed("check", BAD / "calls" / "good-noisy.wav", "--model", folder) == told


def test_output_where_nothing_can_be_written(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("", encoding="utf-8")
    out = tmp_path / "a-file" / "out"
    message = "cannot write: Not a directory: a file is where a folder should be: move it, or name another folder"
    done = typed("run", BAD / "calls", "--night", NIGHT, "--out", out)
    assert done == Done(2, "", f"error: {out}/.work/night={NIGHT}: {message} with --out\n")


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """Yield a small disk of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_output_on_a_disk_that_may_not_be_written(typed: Typed, mounted: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    message = "cannot write: Read-only file system: name a folder that can be written with --out"
    done = typed("run", BAD / "calls", "--night", NIGHT, "--out", mounted / "out")
    assert done == Done(2, "", f"error: {mounted}/out/.work/night={NIGHT}: {message}\n")


def test_a_full_disk(typed: Typed, mounted: Path, tmp_path: Path) -> None:
    (mounted / "filler").write_bytes(bytes(12_000))
    listed = tmp_path / "manifest.csv"
    listed.write_text(f"call_id,path\na,{BAD}/calls/empty.wav\n", encoding="utf-8")
    done = typed("run", listed, "--night", NIGHT, "--out", mounted / "out", "--workers", "1")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith(f"error: {mounted}/out/")
    message = ": cannot write: No space left on device: free some space and run the same command again\n"
    assert done.err.endswith(message)
    (mounted / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=8m", str(mounted)], check=True)
    done = typed("run", listed, "--night", NIGHT, "--out", mounted / "out", "--workers", "1")
    assert (done.code, done.err) == (3, "")
    assert "1 call in = 0 inspected + 1 failed + 0 skipped" in done.out

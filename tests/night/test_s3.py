"""Recordings and tables on S3-compatible storage: a real server on this machine, spoken to as to any other."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

pytest.importorskip("s3fs", reason="the extra `s3` is not installed")
pytest.importorskip("moto", reason="there is no S3 server to test with")

import s3fs
from clerk import Clerk
from moto.server import ThreadedMotoServer
from small_night import NIGHT, begun, part_bytes, plan_of, quietly, recordings_in

from inspect_pipeline.errors import ManifestError, RecordingError, StoreError, UsageError
from inspect_pipeline.model import Recording
from inspect_pipeline.night.plan import Slice
from inspect_pipeline.night.run import run_slice
from inspect_pipeline.night.told import StoppedError
from inspect_pipeline.speech.decode import decode
from inspect_pipeline.speech.manifest import read_source
from inspect_pipeline.store.calls import stored_flags, stored_results
from inspect_pipeline.store.place import UrlPath, file_facts, files_below, place_of
from inspect_pipeline.store.tables import stored_nights

ROOT = Path(__file__).parent.parent.parent
CALLS = ROOT / "fixtures" / "calls"
DEAD = "killed its worker twice (a crash, too little memory, or no answer in time): listen to it by hand"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Yield the address of an S3 server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of an empty bucket."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "quality")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    name = f"quality{uuid4().hex[:8]}"
    s3fs.S3FileSystem().mkdir(name)
    return f"s3://{name}"


def url_bytes(out: Path) -> dict[str, bytes]:
    """Return every file of the tables, and that nothing is left of the work."""
    files = {path.relative_to(out).as_posix(): path for path in files_below(out)}
    assert not [name for name in files if name.startswith((f".work/night={NIGHT}/spool", f".work/night={NIGHT}/attem"))]
    return {name: path.read_bytes() for name, path in files.items() if name.endswith(".parquet")}


def upload(folder: Path, url: str) -> None:
    for path in files_below(folder):
        (place_of(url) / path.relative_to(folder)).write_bytes(path.read_bytes())


def test_a_night_with_its_tables_on_s3(tmp_path: Path, calls: list[Recording], bucket: str):
    night = [*calls, *recordings_in(tmp_path / "audio", {"b-kills": "kill", "d-bug": "bug"})]
    out = place_of(f"{bucket}/tables")
    plan = plan_of(tmp_path, night, out=out, workers=2)
    summary = quietly(plan)
    assert (summary.calls, summary.inspected, summary.failed) == (12, 10, 2)
    assert {one.call_id: one.error for one in summary.failures}["b-kills"] == DEAD
    tables = url_bytes(out)
    begun(tmp_path)
    quietly(plan_of(tmp_path / "local", night, factory=Clerk(tmp_path / "diary")))
    assert tables == part_bytes(tmp_path / "local" / "out")
    begun(tmp_path)
    assert quietly(plan).fresh == 0
    assert begun(tmp_path) == []
    assert stored_nights(out) == [NIGHT]
    assert len(list(stored_results(out, NIGHT))) == 12
    assert len(stored_flags(out, NIGHT)) == summary.flagged


def test_a_stopped_night_goes_on_from_what_is_there(tmp_path: Path, calls: list[Recording], bucket: str):
    from inspect_pipeline.night.run import run_night
    from inspect_pipeline.night.told import Progress

    def stop(progress: Progress) -> None:
        if progress.done == 5:
            raise KeyboardInterrupt

    plan = plan_of(tmp_path, calls, out=place_of(f"{bucket}/tables"))
    with pytest.raises(StoppedError):
        run_night(plan, stop)
    first = len(begun(tmp_path))
    assert quietly(plan).inspected == 10
    assert first + len(begun(tmp_path)) <= 11
    quietly(plan_of(tmp_path / "local", calls, factory=Clerk(tmp_path / "diary")))
    assert url_bytes(plan.out) == part_bytes(tmp_path / "local" / "out")


def test_slices_need_no_common_disk(tmp_path: Path, calls: list[Recording], bucket: str):
    plan = plan_of(tmp_path, calls, out=place_of(f"{bucket}/tables"))
    for index in range(2):
        run_slice(plan, Slice(index, 2), lambda _progress: None)
    assert quietly(plan).fresh == 0
    quietly(plan_of(tmp_path / "local", calls, factory=Clerk(tmp_path / "diary")))
    assert url_bytes(plan.out) == part_bytes(tmp_path / "local" / "out")


def test_recordings_on_s3(tmp_path: Path, bucket: str):
    """What changes there is done again; what has gone is failed."""
    recordings_in(tmp_path / "audio", {f"c-{number}": f"您好 {number}" for number in range(6)})
    upload(tmp_path / "audio", f"{bucket}/audio")
    listed = [Recording(f"c-{number}", f"{bucket}/audio/c-{number}.txt") for number in range(7)]
    facts = file_facts([one.path for one in listed])
    assert [facts[one.path][0] for one in listed] == [8] * 6 + [None]
    summary = quietly(plan_of(tmp_path, listed))
    assert (summary.inspected, [one.error for one in summary.failures]) == (6, ["c-6.txt: not there"])
    begun(tmp_path)
    place_of(listed[2].path).write_bytes("另一通话".encode())
    quietly(plan_of(tmp_path, listed))
    assert begun(tmp_path) == ["c-2"]


def test_a_recording_is_decoded_as_if_it_were_here(bucket: str):
    here = CALLS / "demo-06-mono-roaming.wav"
    (place_of(bucket) / "calls" / here.name).write_bytes(here.read_bytes())
    there = f"{bucket}/calls/{here.name}"
    facts, tracks = decode(str(here))
    other_facts, other_tracks = decode(there)
    assert other_facts == facts
    assert [track.tolist() for track in other_tracks] == [track.tolist() for track in tracks]
    assert decode(here.as_uri())[0] == facts
    with pytest.raises(RecordingError, match=rf"^{bucket}/calls/gone\.wav: no such object: mend the path in the man"):
        decode(f"{bucket}/calls/gone.wav")
    (place_of(bucket) / "calls" / "text.wav").write_bytes(b"no sound")
    with pytest.raises(RecordingError, match=rf"^{bucket}/calls/text\.wav: no audio can be decoded"):
        decode(f"{bucket}/calls/text.wav")


def test_a_manifest_and_a_folder_on_s3(bucket: str):
    place = place_of(bucket)
    (place / "night" / "manifest.csv").write_bytes(b"call_id,path\nc-1,a/1.wav\nc-2,s3://other/2.wav\n")
    assert [(one.call_id, one.path) for one in read_source(f"{bucket}/night")] == [
        ("c-1", f"{bucket}/night/a/1.wav"),
        ("c-2", "s3://other/2.wav"),
    ]
    (place / "loose" / "a" / "x.wav").write_bytes(b"1")
    (place / "loose" / "y.wav").write_bytes(b"1")
    (place / "loose" / "readme.txt").write_bytes(b"1")
    assert [(one.call_id, one.path) for one in read_source(f"{bucket}/loose")] == [
        ("x", f"{bucket}/loose/a/x.wav"),
        ("y", f"{bucket}/loose/y.wav"),
    ]
    (place / "bad.csv").write_bytes(b"call_id,pth\nc-1,a\n")
    with pytest.raises(ManifestError, match=rf"^{bucket}/bad\.csv:1: column 'path' is missing"):
        read_source(f"{bucket}/bad.csv")
    with pytest.raises(ManifestError, match=rf"^{bucket}/gone\.csv: no such file or folder"):
        read_source(f"{bucket}/gone.csv")


def test_a_bucket_that_is_not_there(tmp_path: Path, calls: list[Recording], bucket: str):
    with pytest.raises(StoreError, match=r"s3://nowhere/tables/.*: cannot write: The specified bucket does not exist"):
        quietly(plan_of(tmp_path, calls, out=place_of("s3://nowhere/tables")))


def test_the_command_line_takes_urls(tmp_path: Path, bucket: str):
    (place_of(bucket) / "night" / "manifest.csv").write_bytes(b"call_id,path\nc-1,gone.wav\n")

    def typed(*command: str) -> tuple[int, str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-m", "inspect_pipeline", *command],
            cwd=tmp_path,
            env=environment,
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
        return done.returncode, done.stdout + done.stderr

    code, told = typed("run", f"{bucket}/night/manifest.csv", "--out", f"{bucket}/tables", "--night", NIGHT)
    assert (code, f"Tables are in {bucket}/tables." in told) == (3, True)
    assert f"{bucket}/night/gone.wav:nosuchobject" in "".join(told.split())  # a line may be wrapped anywhere
    code, told = typed("report", "night", "--out", f"{bucket}/tables")
    assert (code, NIGHT in told) == (0, True)
    code, told = typed("review", "list", "--out", f"{bucket}/tables")
    assert (code, "name a database" in told) == (2, True)


def test_names_of_places(tmp_path: Path):
    place = place_of("s3://quality/tables")
    assert isinstance(place, UrlPath)
    assert str(place / "calls" / "part-0000.parquet") == "s3://quality/tables/calls/part-0000.parquet"
    assert place_of(Path("s3://quality/tables")) == place  # a Path keeps one slash of the two
    assert place_of(str(tmp_path)) == tmp_path
    assert place_of(tmp_path.as_uri()) == tmp_path
    assert place_of("out") == Path("out")
    with pytest.raises(UsageError, match="nothing:// cannot be reached"):
        place_of("nothing://quality")

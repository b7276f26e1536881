"""Commands typed in this process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typed_commands import Done, Typed

from inspect_pipeline.cli.main import main


@pytest.fixture
def typed(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Typed:
    """Run a command line in this process, in an empty folder, 80 columns wide."""
    for name in [name for name in os.environ if name.startswith("INSPECT_") and name != "INSPECT_CACHE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def run(*args: object) -> Done:
        with pytest.raises(SystemExit) as stop:
            main([str(arg) for arg in args])
        told = capfd.readouterr()
        assert isinstance(stop.value.code, int)
        return Done(stop.value.code, told.out, told.err)

    return run

"""A night of ten calls."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_night import recordings_in

from inspect_pipeline.model import Recording


@pytest.fixture
def calls(tmp_path: Path) -> list[Recording]:
    return recordings_in(tmp_path / "audio", {f"c-{number:02d}": f"您好 {number}" for number in range(10)})

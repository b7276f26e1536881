"""docs/sampling.md: its configuration loads, names every setting, and its defaults are the defaults."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields, replace
from pathlib import Path

from inspect_pipeline.config import GroupSampling, SamplingConfig, load_config

PAGE = Path(__file__).parent.parent / "docs" / "sampling.md"


def test_the_page_shows_every_setting_as_it_is(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    file = tmp_path / "inspect.toml"
    file.write_text(found[1], encoding="utf-8")
    assert load_config(file, {}).sampling == replace(
        SamplingConfig(), seed="2026", budget=1800, targets={"clean": 300}, agent=GroupSampling(0.01, 2, 8)
    )
    shown = set(tomllib.loads(found[1])["sampling"])
    assert shown | {"team", "queue"} == {field.name for field in fields(SamplingConfig)}

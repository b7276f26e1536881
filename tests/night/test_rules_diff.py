"""What `rules diff` foretells is what `reinspect` then does."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

import pytest
from click.testing import CliRunner, Result
from dialogues import NIGHT, config_of, dialogue_plan, write_pack, write_several
from small_night import part_bytes, quietly

from inspect_pipeline.cli.main import cli
from inspect_pipeline.config import NightConfig
from inspect_pipeline.model import Verdict
from inspect_pipeline.night.reinspect import reinspect_night, reinspection_plan
from inspect_pipeline.report.diff import compare
from inspect_pipeline.report.difference import rules_between
from inspect_pipeline.report.labels import labels_of
from inspect_pipeline.review.database import open_reviews
from inspect_pipeline.review.decisions import Answer, Choice, Subject, record
from inspect_pipeline.review.wordings import note_wordings
from inspect_pipeline.rulebook.load import load_packs, pack_path
from inspect_pipeline.store.calls import stored_results


def answers(out: Path) -> dict[tuple[str, str], Verdict]:
    return {
        (finding.call_id, finding.rule_id): finding.verdict
        for result in stored_results(out, NIGHT)
        if result.judgement
        for finding in result.judgement.findings
    }


def scores(out: Path) -> list[float]:
    return [
        one.judgement.score for one in stored_results(out, NIGHT) if one.judgement and one.judgement.score is not None
    ]


def typed(*words: str) -> Result:
    done = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


CHANGES = {"window: {last: 25s}": "window: {first: 25s}", "我怎么知道, ": "", "risk.churn": "risk.leaving"}


def test_it_foretells_what_reinspect_does(tmp_path: Path) -> None:
    out, old, new = tmp_path / "out", write_several(tmp_path), write_several(tmp_path, CHANGES)
    quietly(dialogue_plan(out, old))
    before, old_scores, tables = answers(out), scores(out), part_bytes(out)
    (first,), (second,) = (load_packs([pack_path(name)]) for name in (old, new))
    difference = compare(config_of(out), first, second, [NIGHT], labels_of((), {}), lambda _done, _total: None)
    assert part_bytes(out) == tables
    plan, load = reinspection_plan(config_of(out, new), NIGHT)
    reinspect_night(plan, load, lambda _done, _total: None)
    after = answers(out)
    flipped = {key: (before[key], after[key]) for key in before.keys() & after.keys() if before[key] is not after[key]}
    assert {(f.call_id, f.rule_id): (f.old.verdict, f.new.verdict) for f in difference.flips} == flipped
    assert {rule_id for _, rule_id in flipped} == set(difference.counts) == {"closing.farewell", "forbidden.deflect"}
    assert difference.rules.changed == ("closing.farewell", "forbidden.deflect")
    assert (difference.rules.added, difference.rules.removed) == (("risk.leaving",), ("risk.churn",))
    churn = Counter(verdict for (_, rule_id), verdict in after.items() if rule_id == "risk.leaving")
    assert difference.answered == {"risk.leaving": dict(churn), "risk.churn": dict(churn)}
    shifts = difference.teams.values()
    assert round(sum(shift.old_sum for shift in shifts) / len(old_scores), 6) == round(mean(old_scores), 6)
    assert round(sum(shift.new_sum for shift in shifts) / len(old_scores), 6) == round(mean(scores(out)), 6)
    # three answers a call were not stored, and the old wording of each flip was judged again for its quotes
    assert difference.judged == 3 * difference.calls + len(flipped)


def test_several_processes_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspect_pipeline.report.diff._SHARDS_A_WORKER", 1)
    out, old, new = tmp_path / "out", write_several(tmp_path), write_several(tmp_path, CHANGES)
    quietly(dialogue_plan(out, old))
    (first,), (second,) = (load_packs([pack_path(name)]) for name in (old, new))
    found, steps = [], []
    for workers in (1, 2):
        config = replace(config_of(out), night=NightConfig(workers=workers))
        done: list[tuple[int, int]] = []
        found.append(
            compare(config, first, second, [NIGHT], labels_of((), {}), lambda *step, done=done: done.append(step))
        )
        steps.append(done)
    assert found[0] == found[1]
    assert found[0].flips
    assert steps[0] == steps[1]
    assert steps[0][-1][0] == steps[0][-1][1] > 2


def test_the_command_tells_calls_quotes_scores_and_what_reviewers_said(tmp_path: Path) -> None:
    out = tmp_path / "out"
    old, new = write_pack(tmp_path, "[祝您生活愉快]"), write_pack(tmp_path, "[祝您生活愉快, 再见]")
    quietly(dialogue_plan(out, old))
    (pack,) = load_packs([Path(old)])
    judged = answers(out)
    data = json.loads(typed("rules", "diff", old, new, "--out", str(out), "--json").stdout)["result"]
    flips = {flip["call_id"]: flip for flip in data["flips"]}
    met = sorted(call_id for call_id, flip in flips.items() if flip["old"]["verdict"] == "violated")
    assert {one["quote"] for flip in flips.values() for one in flip["new"]["evidence"]} >= {"再见"}
    right, wrong = met[:2]
    database = open_reviews(out)
    for call_id, choice in ((right, Choice.DISAGREE), (wrong, Choice.AGREE)):
        finding = pack.rules[0].fingerprint
        subject = Subject(NIGHT, call_id, "closing.farewell", finding, Verdict.VIOLATED)
        record(database, Answer(subject, choice), "王芳", datetime(2026, 11, 21, tzinfo=UTC))
    database.close()
    shown = typed("rules", "diff", old, new, "--out", str(out), "--all").stdout
    assert f"1 晚，{len(judged)} 通" in shown
    assert "规则：改动 1 条，新增 0 条，删除 0 条，未变 0 条" in shown
    assert f"违规 → 合格  {len(met)}" in shown
    assert f"复核：{len(flips)} 处改变中 2 处有人工结论：1 处改对，1 处改错" in shown
    assert "客服「再见」 违规 → 合格 人工：改对" in " ".join(shown.split())  # a line may be wrapped
    english = typed("rules", "diff", old, new, "--out", str(out), "--lang", "en").stdout
    assert f"reviews: of {len(flips)} flips 2 were labelled: 1 now right, 1 now wrong" in english
    assert "more (--all lists them)" in english


def test_who_heard_a_call_to_the_end_has_said_that_a_new_hit_is_wrong(tmp_path: Path) -> None:
    """The old wording was content, and she said that nothing was missed; of another packs' rules she has not spoken."""
    out = tmp_path / "out"
    old, new = write_pack(tmp_path, "[祝您生活愉快, 再见]"), write_pack(tmp_path, "[祝您生活愉快]")
    quietly(dialogue_plan(out, old))
    (pack,) = load_packs([Path(old)])
    flips = json.loads(typed("rules", "diff", old, new, "--out", str(out), "--json").stdout)["result"]["flips"]
    heard, unknown = (flip["call_id"] for flip in flips[:2])
    database = open_reviews(out)
    with database.write() as connection:
        note_wordings(connection, {pack.fingerprint: {pack.rules[0].id: pack.rules[0].fingerprint}})
    for call_id, packs in ((heard, pack.fingerprint), (unknown, "another")):
        subject = Subject(NIGHT, call_id, fingerprint=packs)
        record(database, Answer(subject, Choice.AGREE), "王芳", datetime(2026, 11, 21, tzinfo=UTC))
    database.close()
    shown = typed("rules", "diff", old, new, "--out", str(out), "--all").stdout
    assert f"复核：{len(flips)} 处改变中 1 处有人工结论：0 处改对，1 处改错" in shown


def test_a_pack_is_not_different_from_itself(tmp_path: Path) -> None:
    (pack,) = load_packs([pack_path("telecom-cn")])
    rules = rules_between(pack, pack)
    assert (rules.changed, rules.added, rules.removed, len(rules.same)) == ((), (), (), len(pack.rules))

"""A session, key by key: what each key stores, and that nothing stored is lost by going back, skipping or quitting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from inspect_pipeline.model import Judgement, Reason, Risk, Verdict
from inspect_pipeline.review.archive import Archive, take_over_flags
from inspect_pipeline.review.case import Case
from inspect_pipeline.review.corrections import corrections_of
from inspect_pipeline.review.database import ReviewDatabase, open_reviews
from inspect_pipeline.review.decisions import Subject, history, standing
from inspect_pipeline.review.paint import Frame
from inspect_pipeline.review.queue import EVERYTHING, Filter, QueueState, items
from inspect_pipeline.review.session import Session, SessionSummary
from inspect_pipeline.review.sitting import Sitting
from tests.review.conftest import NOW
from tests.review.nights import NIGHT, RUDE_TALK, finding, flags, inspected, rude_findings, small_night, write_night

CAUSES = ("识别错误", "规则过严")


@dataclass
class Script:
    """A reviewer who has decided beforehand which keys to press. A word in angle brackets is a typed line."""

    keys: list[str]
    screens: list[str] = field(default_factory=list)

    def frame(self) -> Frame:
        return Frame()

    def show(self, screen: str) -> None:
        self.screens.append(screen)

    def key(self) -> str | None:
        return self.keys.pop(0) if self.keys else None

    def line(self, prompt: str) -> str | None:
        return self.keys.pop(0) if self.keys else None


@dataclass
class Recorder:
    played: list[tuple[str, float]] = field(default_factory=list)

    def play(self, case: Case, at_s: float, lang: str) -> str:
        self.played.append((case.call_id, at_s))
        return "播放"

    def stop(self) -> None:
        pass


@dataclass
class Day:
    out: Path
    database: ReviewDatabase
    player: Recorder = field(default_factory=Recorder)
    clock: datetime = NOW
    screens: list[str] = field(default_factory=list)

    def __call__(self, keys: Iterable[str], reviewer: str = "王芳", wanted: Filter = EVERYTHING) -> SessionSummary:
        script = Script(list(keys))
        sitting = Sitting(
            self.database, Archive(self.out, {}), reviewer, script, self.player, self.now, lambda: 0.0, CAUSES
        )
        summary = Session(sitting, NOW, wanted).run()
        self.screens = script.screens
        return summary

    def now(self) -> datetime:
        self.clock += timedelta(seconds=1)
        return self.clock

    def decided(self) -> list[tuple[str, str | None, str, str]]:
        return [
            (d.subject.call_id, d.subject.rule_id, d.choice.value, d.note) for d in standing(history(self.database))
        ]

    def states(self) -> list[str]:
        return [item.state(self.clock).value for item in items(self.database)]


def sit(tmp_path: Path) -> Day:
    small_night(tmp_path)
    database = open_reviews(tmp_path)
    take_over_flags(database, tmp_path, NOW)
    return Day(tmp_path, database)


def test_every_step_of_a_call_is_decided_gravest_first(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    assert sitting("adauaq") == SessionSummary(calls=1, decisions=5, left=2, unreadable=())
    assert sitting.decided() == [
        ("c-0001", "forbidden.rude", "agree", ""),
        ("c-0001", "empathy.after-complaint", "disagree", ""),
        ("c-0001", "risk.escalation", "agree", ""),
        ("c-0001", "closing.farewell", "unsure", ""),
        ("c-0001", None, "agree", ""),
    ]
    assert sitting.states() == ["done", "open", "open"]


def test_what_is_said_of_a_whole_call_keeps_the_rules_that_judged_it(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    sitting("adaua")
    decision = history(sitting.database)[-1]
    assert decision.subject == Subject(NIGHT, "c-0001", fingerprint="aa11")
    assert decision.rules == {(finding.rule_id, finding.fingerprint) for finding in rude_findings("c-0001")}


def test_quit_in_the_middle_keeps_what_was_decided_and_goes_on_there(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    assert sitting("ad") == SessionSummary(calls=0, decisions=2, left=3, unreadable=())
    assert sitting.states() == ["open", "open", "open"]
    sitting("q")
    assert "第 3 / 5 项" in sitting.screens[0]


def test_another_reviewer_starts_a_call_anew(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    sitting("ad")
    sitting("q", reviewer="李强")
    assert "第 1 / 5 项" in sitting.screens[0]
    assert "已判" not in sitting.screens[0]


def test_back_changes_a_decision_and_the_old_one_stays_on_record(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    sitting(["a", "n", "客户在转述", "d", "b", "u", "q"])
    assert sitting.decided() == [
        ("c-0001", "forbidden.rude", "agree", ""),
        ("c-0001", "empathy.after-complaint", "unsure", "客户在转述"),
    ]
    assert [d.choice.value for d in history(sitting.database)] == ["agree", "disagree", "unsure"]
    assert "已判 不同意  备注 客户在转述" in sitting.screens[4]


def test_back_from_the_first_step_reopens_the_call_before(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    summary = sitting([*"aaaaa", "b", "b", "d", "a", "q"])
    assert summary == SessionSummary(calls=1, decisions=7, left=2, unreadable=())
    assert [screen.splitlines()[0][-12:].strip() for screen in sitting.screens[5:8]] == [
        "今天 1 / 3",
        "今天 1 / 3",
        "今天 1 / 3",
    ]
    assert sitting.decided()[-2:] == [("c-0001", "closing.farewell", "disagree", ""), ("c-0001", None, "agree", "")]
    assert sitting.states() == ["done", "open", "open"]


def test_back_then_quit_leaves_the_finished_call_finished(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    assert sitting([*"aaaaa", "b", "q"]).calls == 1
    assert sitting.states() == ["done", "open", "open"]


def test_skipped_call_comes_back_in_the_next_session_only(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    assert sitting("asss") == SessionSummary(calls=0, decisions=1, left=3, unreadable=())
    assert [screen.splitlines()[0].split()[0] for screen in sitting.screens] == ["c-0001", "c-0001", "c-0002", "c-0003"]
    sitting("q")
    assert sitting.screens[0].startswith("c-0001")


def test_missed_rule_is_picked_by_number_and_taken_back_by_picking_it_again(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    sitting(["s", "s", "m", "4", "m", "1", "m", "1", "m", "", "m", "9", "a"])
    assert sitting.decided() == [
        ("c-0003", "forbidden.rude", "missed", ""),
        ("c-0003", "greeting.opening", "agree", ""),
        ("c-0003", None, "agree", ""),
    ]
    assert "没有这个序号" in sitting.screens[-1]
    assert sitting.screens[3].splitlines() == [
        "   漏判的是哪一条？",
        "1  greeting.opening         greeting.opening",
        "2  empathy.after-complaint  empathy.after-complaint",
        "3  closing.farewell         closing.farewell",
        "4  forbidden.rude           forbidden.rude",
        "5  risk.escalation          risk.escalation",
    ]


def test_uncertain_finding_can_be_a_missed_violation_and_a_hit_cannot(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    sitting("maaam")
    assert sitting.decided()[-1] == ("c-0001", "closing.farewell", "missed", "")
    assert "没有这个键：m" in sitting.screens[1]


def test_note_waits_for_its_decision_also_over_sessions(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    sitting(["n", "像是在转述", "q"])
    assert sitting.decided() == []
    sitting("d")
    assert "备注 像是在转述" in sitting.screens[0]
    assert sitting.decided() == [("c-0001", "forbidden.rude", "disagree", "像是在转述")]


def test_full_width_and_capital_keys_work(tmp_path: Path) -> None:
    """An input method for Chinese is often left on."""
    sitting = sit(tmp_path)
    sitting("ａＤ")
    assert [choice for _, _, choice, _ in sitting.decided()] == ["agree", "disagree"]


def test_play_starts_at_the_evidence(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    sitting("paapapsp")
    assert sitting.player.played == [("c-0001", 22.25), ("c-0001", 19.0), ("c-0001", 27.0), ("c-0002", 0.0)]


def test_call_whose_tables_are_damaged_is_told_and_does_not_stop_the_queue(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    (tmp_path / "utterances" / f"night={NIGHT}" / "part-0000.parquet").unlink()
    summary = sitting("a")
    assert (summary.calls, summary.decisions, summary.left) == (0, 0, 3)
    assert [problem.split(":")[0] for problem in summary.unreadable] == ["c-0001", "c-0002", "c-0003"]
    assert set(sitting.states()) == {QueueState.OPEN.value}


def test_uncertain_findings_with_one_reason_are_one_step(tmp_path: Path) -> None:
    sitting = several_uncertain(tmp_path)
    assert sitting("aa").decisions == 4
    assert sitting.screens[0].splitlines()[4:7] == [
        "待定  3 条同一原因                                                   第 1 / 2 项",
        "无法确定是谁说的（说话人把握 41%）",
        "forbidden.rude、greeting.opening、closing.farewell",
    ]
    assert {rule_id for _, rule_id, _, _ in sitting.decided()} == {
        "greeting.opening", "closing.farewell", "forbidden.rude", None,
    }  # fmt: skip


def test_group_can_be_parted_and_one_of_it_called_missed(tmp_path: Path) -> None:
    sitting = several_uncertain(tmp_path)
    sitting(["m", "3", "u", "g", "q"])
    assert sitting.decided() == [
        ("c-0001", "closing.farewell", "missed", ""),
        ("c-0001", "forbidden.rude", "unsure", ""),
    ]
    places = [screen.split(" 项")[0].split("第 ")[-1] for screen in sitting.screens if "项" in screen]
    assert places == ["1 / 2", "1 / 4", "2 / 4", "1 / 2"]
    assert "3 条同一原因" in sitting.screens[-1]


def several_uncertain(tmp_path: Path) -> Day:
    reason = Reason("speaker-unknown", (("confidence", "0.41"),))
    rules = ("greeting.opening", "closing.farewell", "forbidden.rude")
    findings = tuple(finding("c-0001", rule_id, Verdict.UNCERTAIN, reason) for rule_id in rules)
    call = inspected("c-0001", RUDE_TALK, 37.0, Judgement(findings, None, Risk.NONE))
    write_night(tmp_path, [call], flags()[:1])
    database = open_reviews(tmp_path)
    take_over_flags(database, tmp_path, NOW)
    return Day(tmp_path, database)


def test_cause_goes_with_the_decision_and_words_are_put_right(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    sitting(["c", "1", "w", "爱投诉=爱头数", "w", "没有这句=x", "w", "", "d", "q"])
    (made,) = history(sitting.database)
    assert (made.choice.value, made.cause) == ("disagree", "识别错误")
    (word,) = corrections_of(sitting.database)
    assert (word.call_id, word.utterance, word.written, word.said, word.reviewer) == (
        "c-0001", 4, "爱投诉", "爱头数", "王芳",
    )  # fmt: skip
    assert sitting.screens[1].splitlines()[:3] == ["   机器为什么判错？", "1  识别错误", "2  规则过严"]
    assert "原因 识别错误" in sitting.screens[2]
    assert "已存：0:22 爱投诉 → 爱头数" in sitting.screens[3]
    assert "“没有这句” stands nowhere in this call" in sitting.screens[4]


def test_back_reaches_the_call_that_was_finished_in_the_session_before(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    sitting("aaaaa")
    assert sitting.states() == ["done", "open", "open"]
    summary = sitting(["b", "u", "q"])
    assert (summary.calls, summary.decisions) == (1, 1)
    assert [screen.split()[0] for screen in sitting.screens] == ["c-0002", "c-0001", "c-0002"]
    assert sitting.decided()[-1] == ("c-0001", None, "unsure", "")
    assert sitting.states() == ["done", "open", "open"]


def test_session_of_what_is_looked_for(tmp_path: Path) -> None:
    sitting = sit(tmp_path)
    wanted = Filter(rule="greeting.opening")
    assert sitting("aa", wanted=wanted) == SessionSummary(calls=1, decisions=2, left=0, unreadable=())
    assert [screen.split()[0] for screen in sitting.screens] == ["c-0002", "c-0002"]
    assert sitting.screens[0].splitlines()[0].endswith("今天 0 / 1")

"""Intents: training on tagged turns, reading them, and what rules make of them."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from inspect_pipeline.cli.rules import rules
from inspect_pipeline.errors import PackError
from inspect_pipeline.model import Match, Speaker, Verdict
from inspect_pipeline.rulebook import intent_training
from inspect_pipeline.rulebook.grams import NO_GRAM, KnownGrams, shares_a_slot
from inspect_pipeline.rulebook.intent_training import misheard, train
from inspect_pipeline.rulebook.intents import IntentClassifier, neighbours
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.load import load_packs
from inspect_pipeline.rulebook.read_intents import read_turns
from inspect_pipeline.rulebook.terms import Like
from inspect_pipeline.text.dialogue import parse_dialogue

TURNS = """## 1
客服: 您好，很高兴为您服务。 {offer}
客户: 你们到底管不管，气死我了！ {complaint}
客服: 你爱投诉就投诉去，随便你。 {rude}
客户: 网又断了，你们就这么糊弄人。 {complaint}
客服: 跟你说了你也听不懂。 {rude}
## 2
客服: 您好，请问有什么可以帮您？ {offer}
客户: 我想查一下这个月的话费。
客服: 好的，请您稍等，我帮您查一下。
客户: 谢谢你，麻烦了。
客服: 你自己不会看吗，听不懂人话。 {rude}
客服: 这句说不清。 {rude?}
"""

PACK = """pack: p
title: t
intents: intents
rules:
  - id: forbidden.rude
    title: t
    why: w
    must_not_say: [{term}]
    severity: minor
    points: 1
    examples:
      - {{expect: met, call: "客服: 好"}}
      - {{expect: violated, call: "客服: 你爱投诉就投诉去"}}
"""


def pack_in(folder: Path, term: str, turns: str = TURNS) -> Path:
    """Write a pack with the classifier of some turns, and return its file."""
    intents = folder / "intents"
    intents.mkdir(exist_ok=True)
    (intents / "calls.txt").write_text(turns, "utf-8")
    (intents / "trained.npz").write_bytes(train(read_turns(intents)).dump())
    (folder / "p.yml").write_text(PACK.replace("{term}", term).replace("{{", "{").replace("}}", "}"), "utf-8")
    return folder / "p.yml"


def classifier(folder: Path) -> IntentClassifier:
    pack_in(folder, "x")
    return IntentClassifier.load((folder / "intents" / "trained.npz").read_bytes())


def judged(path: Path, said: str) -> tuple[Verdict, tuple[tuple[str, str, Match], ...]]:
    """Return the verdict on one sentence of the agent, and its evidence."""
    (finding,) = Judge(load_packs([path])).findings(parse_dialogue(f"客服: {said}", "c", "c"), {})
    return finding.verdict, tuple((one.quote, one.term, one.match) for one in finding.evidence)


def test_turns_are_read_with_what_they_decide(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("# only: rude\n客服: 滚。 {rude}\n客服: 好的\n", "utf-8")
    (tmp_path / "b.txt").write_text("## 1\n客户: 你好 {offer? check}\n", "utf-8")
    a, b, c = read_turns(tmp_path)
    assert (a.text, a.intents, a.about) == ("滚。", {"rude"}, {"rude"})
    assert (b.text, b.intents, b.about) == ("好的", set(), {"rude"})
    assert (c.text, c.intents, c.about, c.open) == ("你好", {"check"}, None, {"offer"})


def test_every_line_that_is_no_turn_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("客服: 好\n坐席: 好\n客户:\n", "utf-8")
    with pytest.raises(PackError) as told:
        read_turns(tmp_path)
    assert [problem.place for problem in told.value.problems] == [f"{tmp_path}/a.txt:2", f"{tmp_path}/a.txt:3"]


def test_turns_that_cannot_be_read_or_teach_nothing_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("客服: 好\n", "utf-8")
    with pytest.raises(PackError, match="holds no tagged turns"):
        read_turns(tmp_path)
    (tmp_path / "b.txt").write_bytes("客服: 滚 {粗暴}\n".encode("gb18030"))
    with pytest.raises(PackError, match=r"b\.txt: is not UTF-8"):
        read_turns(tmp_path)


def test_a_speaker_teaches_nothing_about_the_intents_of_the_other(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TURNS, "utf-8")
    turns = read_turns(tmp_path)
    agents = [turn for turn in turns if turn.text != "你们到底管不管，气死我了！"]
    names = train(turns).names
    rude = names.index("rude")
    asked = ["你爱投诉就投诉去", "我想查话费"]
    np.testing.assert_allclose(
        train(turns).probabilities(asked)[:, rude], train(agents).probabilities(asked)[:, rude], atol=0.15
    )
    assert names == ("complaint", "offer", "rude")


def test_a_trained_classifier_answers_its_turns_and_is_the_same_file_each_time(tmp_path: Path) -> None:
    known = classifier(tmp_path)
    turns = read_turns(tmp_path / "intents")
    assert train(turns).dump() == known.dump()
    odds = known.probabilities(["你爱投诉就投诉去，随便你。", "好的，请您稍等，我帮您查一下。"])[
        :, known.names.index("rude")
    ]
    assert odds[0] > 0.6 > 0.3 > odds[1]


def test_an_answer_does_not_depend_on_company_and_survives_a_worker(tmp_path: Path) -> None:
    known = classifier(tmp_path)
    texts = ["你自己不会看吗", "", "好", "跟你说了你也听不懂，网又断了", "OK，12315"]
    together = known.probabilities(texts)
    alone = np.concatenate([known.probabilities([text]) for text in texts])
    assert together.tobytes() == alone.tobytes()
    odd = ["龘", *texts]  # none of its pairs of characters is known
    assert np.abs(known.read(["龘"]).around).max() < 10
    assert np.concatenate([known.read([text]).around for text in odd]).tobytes() == known.read(odd).around.tobytes()
    sent = pickle.loads(pickle.dumps(known))
    assert sent == known
    assert sent.probabilities(texts).tobytes() == together.tobytes()
    assert known.probabilities([]).shape == (0, 3)


def test_what_was_never_met_speaks_for_nothing(tmp_path: Path) -> None:
    strange = ["".join(map(chr, range(first, first + 6))) for first in range(0xAC00, 0xD7A0, 6)]  # Korean
    odds = classifier(tmp_path).read(strange).own
    assert (odds == odds[0]).all()


def test_of_n_grams_that_share_a_slot_the_first_is_known() -> None:
    keys = np.array([5, 5 + 2**31, 7], dtype=np.uint32)
    shares = shares_a_slot(keys)
    assert shares.tolist() == [False, True, False]
    asked = np.array([5, 5 + 2**31, 7, 9, NO_GRAM], dtype=np.uint32)
    assert KnownGrams(keys[~shares]).rows(asked).tolist() == [0, 2, 1, 2, 2]


def test_the_most_frequent_n_grams_are_known_when_there_is_no_room_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = classifier(tmp_path)
    turns = read_turns(tmp_path / "intents")
    monkeypatch.setattr(intent_training, "MOST_GRAMS", 9)
    few = train(turns)
    assert len(few.known) == 9 < len(known.known)
    assert set(few.known.tolist()) <= set(known.known.tolist())
    assert sorted(few.rarity) == sorted(known.rarity)[:9]


def test_neighbours_are_what_the_other_says_noise_aside() -> None:
    agent, customer, unknown = Speaker.AGENT, Speaker.CUSTOMER, Speaker.UNKNOWN
    turns = [
        (agent, "您好"),
        (customer, "查话费"),
        (agent, "嗯。"),
        (customer, "这个月的"),
        (agent, "好"),
        (agent, "稍等"),
    ]
    assert neighbours(turns) == [(-1, 1), (0, 4), (1, 3), (0, 4), (3, -1), (3, -1)]
    assert neighbours([(unknown, "您好"), (unknown, "查话费")]) == [(-1, -1), (-1, -1)]
    assert neighbours([]) == []


def test_turns_of_a_call_know_what_the_other_says_and_sentences_do_not(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "客服: 好\n客户: 行\n## 1\n客服: 后四位？ {check}\n客户: 三零六二 {check}\n", "utf-8"
    )
    told = [(turn.text, turn.before, turn.after) for turn in read_turns(tmp_path)]
    assert told == [("好", "", ""), ("行", "", ""), ("后四位？", "", "三零六二"), ("三零六二", "后四位？", "")]


DIGITS = "".join(
    f"## {number}\n客服: {asked}{number}\n客户: 是三零六二那几个数{tag}\n客服: 好的\n客户: 谢谢\n"
    for number, (asked, tag) in enumerate([("身份证后四位是多少", " {check}"), ("包裹的单号是多少", "")] * 10)
)


def test_what_the_other_says_before_decides_between_equal_words(tmp_path: Path) -> None:
    path = pack_in(tmp_path, "{intent: check, least: 0.5}", DIGITS)
    path.write_text(path.read_text("utf-8").replace("    severity", "    speaker: customer\n    severity"), "utf-8")
    judge = Judge(load_packs([path]))
    verdicts = [
        judge.findings(parse_dialogue(f"客服: {asked}\n客户: 是三零六二那几个数", "c", "c"), {})[0].verdict
        for asked in ("请报身份证后四位", "请报包裹的单号")
    ]
    assert verdicts == [Verdict.VIOLATED, Verdict.MET]


def test_the_clause_that_speaks_most_is_the_quote(tmp_path: Path) -> None:
    path = pack_in(tmp_path, "{intent: rude, least: 0.3}")
    assert judged(path, "好的，请您稍等，跟你说了你也听不懂。") == (
        Verdict.VIOLATED,
        (("跟你说了你也听不懂", "rude", Match.LIKE),),
    )
    assert judged(path, "好的，请您稍等。") == (Verdict.MET, ())


def test_between_doubt_and_least_nothing_is_believed(tmp_path: Path) -> None:
    known = classifier(tmp_path)
    said = "你自己看不懂就投诉去"
    chance = float(known.probabilities([said])[0, known.names.index("rude")])
    least, doubt = f"{chance + 0.01:.3f}", f"{chance - 0.01:.3f}"
    assert judged(pack_in(tmp_path, f"{{intent: rude, least: {doubt}}}"), said)[0] is Verdict.VIOLATED
    assert judged(pack_in(tmp_path, f"{{intent: rude, least: {least}, doubt: {doubt}}}"), said)[0] is Verdict.UNCERTAIN
    assert judged(pack_in(tmp_path, f"{{intent: rude, least: {least}}}"), said)[0] is Verdict.MET


def test_less_is_enough_where_the_recogniser_is_not_sure(tmp_path: Path) -> None:
    known = classifier(tmp_path)
    said = "你自己看不懂就投诉去"
    chance = float(known.probabilities([said])[0, known.names.index("rude")])
    least, garbled = (1 + chance) / 2, chance - 0.01
    path = pack_in(
        tmp_path, f"{{intent: rude, least: {least:.3f}, doubt: {least - 0.001:.3f}, garbled: {garbled:.3f}}}"
    )
    sure = parse_dialogue(f"客服: {said}。", "c", "c")
    unsure = replace(sure, utterances=tuple(replace(each, confidence=0.7) for each in sure.utterances))
    judge = Judge(load_packs([path]))
    assert [judge.findings(each, {})[0].verdict for each in (sure, unsure)] == [Verdict.MET, Verdict.VIOLATED]


def test_a_doubtful_intent_is_not_what_must_be_said(tmp_path: Path) -> None:
    known = classifier(tmp_path)
    said = "你自己看不懂就投诉去"
    chance = float(known.probabilities([said])[0, known.names.index("rude")])
    least, doubt = f"{chance + 0.01:.3f}", f"{chance - 0.01:.3f}"
    for term, verdict in ((f"least: {doubt}", Verdict.MET), (f"least: {least}, doubt: {doubt}", Verdict.UNCERTAIN)):
        path = pack_in(tmp_path, f"{{intent: rude, {term}}}")
        path.write_text(path.read_text("utf-8").replace("must_not_say", "must_say"), "utf-8")
        assert judged(path, said)[0] is verdict


def test_under_drops_words_that_mean_something_else(tmp_path: Path) -> None:
    path = pack_in(tmp_path, "随便")
    assert judged(path, "好的，套餐随便选。")[0] is Verdict.VIOLATED
    text = path.read_text("utf-8").replace(
        "    severity", "    except: [{any: [{intent: rude, under: 0.2}], in: utterance}]\n    severity"
    )
    path.write_text(text, "utf-8")
    assert judged(path, "好的，请您稍等，随便选，我帮您查一下。")[0] is Verdict.MET
    assert judged(path, "你爱投诉就投诉去，随便你。")[0] is Verdict.VIOLATED


class Asked:
    """A sentence model to which everything is alike, and the clauses that it was asked about."""

    def __init__(self) -> None:
        self.clauses: set[str] = set()

    def scores(self, like: Like, clauses: Sequence[str]) -> Sequence[float]:
        self.clauses.update(clauses)
        return [1.0] * len(clauses)

    def threshold(self, like: Like) -> float:
        return 0.5


def test_no_sentence_model_is_asked_where_a_hit_would_be_excused(tmp_path: Path) -> None:
    path = pack_in(tmp_path, "{like: [甲乙丙丁], unlike: [戊己庚辛]}")
    text = path.read_text("utf-8").replace(
        "    severity", "    except: [{any: [{intent: rude, under: 0.2}], in: utterance}]\n    severity"
    )
    path.write_text(text, "utf-8")
    asked = Asked()
    call = parse_dialogue("客服: 好的，请您稍等，我帮您查一下。\n客服: 你爱投诉就投诉去，随便你。", "c", "c")
    (finding,) = Judge(load_packs([path]), asked).findings(call, {})
    assert asked.clauses == {"你爱投诉就投诉去"}  # 随便你 is too short to be asked about
    assert (finding.verdict, [one.quote for one in finding.evidence]) == (Verdict.VIOLATED, ["你爱投诉就投诉去"])


@pytest.mark.parametrize(
    ("term", "told"),
    [
        ("{intent: rudee}", "unknown intent 'rudee' in 'must_not_say' of rule forbidden.rude (did you mean 'rude'?)"),
        (
            "{intent: rude, least: 0.3, doubt: 0.4}",
            "'doubt' 0.4 is not below 'least' 0.3 in 'must_not_say' of rule forbidden.rude",
        ),
        (
            "{intent: rude, least: 0.3, garbled: 0}",
            "'garbled' 0 and 'least' 0.3 are not 0 < garbled < least < 1 in 'must_not_say' of rule forbidden.rude",
        ),
        (
            "{intent: rude, under: 0.3, least: 0.4}",
            "'least' has no meaning beside 'under' in 'must_not_say' of rule forbidden.rude",
        ),
    ],
)
def test_mistakes_are_told(tmp_path: Path, term: str, told: str) -> None:
    with pytest.raises(PackError) as wrong:
        load_packs([pack_in(tmp_path, term)])
    assert told in str(wrong.value)


def test_a_missing_or_broken_classifier_names_the_next_step(tmp_path: Path) -> None:
    path = pack_in(tmp_path, "{intent: rude}")
    trained = tmp_path / "intents" / "trained.npz"
    known = IntentClassifier.load(trained.read_bytes())
    trained.write_bytes(trained.read_bytes()[:100])
    with pytest.raises(PackError, match=r"p\.yml:3: .*cannot be read.*rules train") as told:
        load_packs([path])
    assert len(told.value.problems) == 1  # not one more for each intent
    with trained.open("wb") as file:
        np.savez(file, names=np.array(["rude"]))
    with pytest.raises(PackError, match=r"p\.yml:3: .*another version.*rules train"):
        load_packs([path])
    cut = replace(known, weights=known.weights[:-1])
    trained.write_bytes(cut.dump())
    with pytest.raises(PackError, match=r"p\.yml:3: .*do not fit together.*rules train"):
        load_packs([path])
    trained.unlink()
    with pytest.raises(PackError, match=r"p\.yml:3: .*is missing.*rules train"):
        load_packs([path])
    assert CliRunner().invoke(rules, ["train", str(tmp_path / "intents")]).exit_code == 0
    assert len(load_packs([path])) == 1


def test_what_is_misheard_sounds_the_same_mostly_and_is_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TURNS, "utf-8")
    turns = read_turns(tmp_path)
    heard = misheard(turns)
    assert heard == misheard(turns)
    assert [(turn.speaker, turn.intents) for turn in heard] == [(turn.speaker, turn.intents) for turn in turns]


def test_the_shipped_classifier_is_trained_on_the_shipped_turns() -> None:
    """It holds every intent of the turns; training anew takes minutes, so the weights themselves are not compared."""
    folder = Path(__file__).resolve().parents[2] / "rules" / "intents"
    shipped = IntentClassifier.load((folder / "trained.npz").read_bytes())
    assert set(shipped.names) == {name for turn in read_turns(folder) for name in turn.intents}

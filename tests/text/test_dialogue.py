import pytest

from inspect_pipeline.errors import RecordingError
from inspect_pipeline.model import Activity, ActivityKind, Speaker, SpeakerSource, Transcript, Utterance
from inspect_pipeline.text.dialogue import parse_dialogue

A, C = Speaker.AGENT, Speaker.CUSTOMER


def speech(speaker: Speaker, channel: int | None, start: float, end: float) -> Activity:
    return Activity(ActivityKind.SPEECH, speaker, channel, start, end)


def test_a_dialogue_without_times() -> None:
    assert parse_dialogue("客服: 您好，請講。\n\n# 旁白\n客户：我要投诉", "c1", "d.txt") == Transcript(
        call_id="c1",
        duration_s=2.278,
        utterances=(
            Utterance(0, A, 0, 0.0, 0.889, "您好，请讲。", "您好，請講。", 1.0),
            Utterance(1, C, 1, 1.389, 2.278, "我要投诉", "我要投诉", 1.0),
        ),
        activity=(speech(A, 0, 0.0, 0.889), speech(C, 1, 1.389, 2.278)),
        speaker_source=SpeakerSource.TEXT,
        timed=False,
    )


def test_starts_alone_end_with_the_text_or_the_next_turn() -> None:
    transcript = parse_dialogue(
        "[0:31] 客服: 您好请讲您好请讲您\n[0:32] 客户: 嗯\n[1:00:05.5] 客服: 好的", "c", "d.txt"
    )
    assert [(u.start_s, u.end_s) for u in transcript.utterances] == [(31, 32), (32, 32.222), (3605.5, 3605.944)]
    assert (transcript.timed, transcript.duration_s) == (True, 3605.944)


def test_told_ends_may_overlap() -> None:
    transcript = parse_dialogue("[0:31-0:35.5] 客服: 您好\n【0:33～0:34】顾客：喂", "c", "d.txt")
    assert transcript.activity == (speech(A, 0, 31, 35.5), speech(C, 1, 33, 34))


def test_names_of_the_speakers() -> None:
    names = ["坐席", "顾客", "A", "c", "agent", "Customer", "客服", "客户", "用户"]
    text = "\n".join(f"{name}：好" for name in names)
    assert [u.speaker for u in parse_dialogue(text, "c", "d").utterances] == [A, C, A, C, A, C, A, C, C]


def test_the_text_may_hold_colons_and_brackets() -> None:
    assert parse_dialogue("客服: 时间是 10:30 [上午]：好", "c", "d").utterances[0].text == "时间是 10:30 [上午]：好"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "d.txt:1: the dialogue is empty; write lines such as '客服: 您好'"),
        ("客服: 好\n经理: 好", "d.txt:2: expected '客服: …' or '客户: …' (with [0:31] before it), not '经理: 好'"),
        ("客服: 好\n\n您好", "d.txt:3: expected '客服: …' or '客户: …' (with [0:31] before it), not '您好'"),
        ("客服:", "d.txt:1: nothing is said on this line"),
        ("[31] 客服: 好", "d.txt:1: '31' is not a time such as 0:31 or 1:02:03.5"),
        ("[0:61] 客服: 好", "d.txt:1: '0:61' is not a time such as 0:31 or 1:02:03.5"),
        ("[0:05-0:02] 客服: 好", "d.txt:1: '0:05-0:02' ends before it starts"),
        ("[0:05-0:06-0:07] 客服: 好", "d.txt:1: '0:05-0:06-0:07' is not a start, or a start and an end"),
        ("[0:05] 客服: 好\n[0:02] 客户: 好", "d.txt:2: this line starts before the one above it"),
        ("[0:05] 客服: 好\n客户: 好", "d.txt:2: this line has no time but others have; time all lines or none"),
        ("{", "d.txt:1: not JSON: Expecting property name enclosed in double quotes"),
        ("{}", "d.txt: 'turns' must be a list with at least one turn"),
        ('{"turns": [{"who": "B", "text": "x"}]}', "d.txt: turn 1: 'who' must be A (agent) or C (customer), not 'B'"),
        ('{"turns": [{"who": "A", "start": 0, "end": 1}]}', "d.txt: turn 1: 'text' is missing"),
        (
            '{"turns": [{"who": "A", "text": "x", "start": 2, "end": 1}]}',
            "d.txt: turn 1: 'start' and 'end' must be seconds in order, not 2 and 1",
        ),
        ('{"turns": [7]}', "d.txt: turn 1: expected who, start, end and text"),
        (
            '{"duration": "1:00", "turns": [{"who": "A", "text": "x", "start": 0, "end": 1}]}',
            "d.txt: 'duration' must be seconds, not '1:00'",
        ),
    ],
)
def test_mistakes_name_their_line(text: str, message: str) -> None:
    with pytest.raises(RecordingError) as caught:
        parse_dialogue(text, "c", "d.txt")
    assert str(caught.value) == message


def test_a_dialogue_inside_a_file_is_placed_by_that_file() -> None:
    with pytest.raises(RecordingError) as caught:
        parse_dialogue("客服: 好\n好", "c", "rules/x.yml:31")
    assert str(caught.value).startswith("rules/x.yml:31 (line 2 of the dialogue): expected")


TRUTH = """{"duration": 9.5, "mono": %s, "turns": [
  {"who": "C", "start": 3, "end": 4.5, "text": "嗯"}, {"who": "A", "start": 1, "end": 2, "text": "您好"}]}"""


def test_a_truth_file() -> None:
    assert parse_dialogue(TRUTH % "false", "c", "t.json") == Transcript(
        call_id="c",
        duration_s=9.5,
        utterances=(Utterance(0, A, 0, 1, 2, "您好", "您好", 1.0), Utterance(1, C, 1, 3, 4.5, "嗯", "嗯", 1.0)),
        activity=(speech(A, 0, 1, 2), speech(C, 1, 3, 4.5)),
        speaker_source=SpeakerSource.TEXT,
    )


def test_a_truth_file_of_one_channel() -> None:
    transcript = parse_dialogue(TRUTH % "true", "c", "t.json")
    assert (transcript.channels, [u.channel for u in transcript.utterances]) == (1, [None, None])
    assert transcript.activity == (speech(A, None, 1, 2), speech(C, None, 3, 4.5))

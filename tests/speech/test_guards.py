"""What nobody said is taken out with its reason; what people really say stays."""

from __future__ import annotations

import pytest

from inspect_pipeline.speech.engine import Heard
from inspect_pipeline.speech.guards import Cut, Stretch, guard, is_doubtful
from inspect_pipeline.speech.settings import NOUNS

SPEECH = Stretch(seconds=4.0, peak=0.9)


def said(text: str, stretch: Stretch = SPEECH, logprob: float = -0.2, no_speech: float = 0.05) -> object:
    return guard(Heard(text, logprob, no_speech), stretch, NOUNS)


@pytest.mark.parametrize(
    "text",
    [
        "对对对对对",
        "好好好好好好我知道了",
        "喂喂喂喂喂",
        "我的号码是一三八零零零零零零零零",
        "138 0000 0000",
        "是的是的是的是的",
        "您订阅的业务已经取消,不会再扣打赏的钱",
        "我在短视频里点赞了一下就扣了费",
        "没有字幕没关系",
        "流量",
        "宽带和套餐",
        "谢谢,再见",
        "下次再见面的时候再说",
        "嗯",
        "我想问问套餐里的流量漫游的时候能不能用",
    ],
)
def test_what_people_say_stays(text: str) -> None:
    assert said(text) == (text, ())


@pytest.mark.parametrize(
    ("text", "kept", "cut"),
    [
        ("請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目", "", "請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目"),
        ("好的,谢谢。请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", "好的,谢谢", None),
        ("字幕由 Amara.org 社群提供", "", "字幕由 Amara.org 社群提供"),
        ("优优独播剧场——YoYo Television Series Exclusive", "", None),
        ("谢谢观看", "", "谢谢观看"),
        ("字幕志愿者 杨栋梁", "", "字幕志愿者 杨栋梁"),
    ],
)
def test_stock_sentences_go(text: str, kept: str, cut: str | None) -> None:
    result, cuts = guard(Heard(text, -0.2, 0.05), SPEECH, NOUNS)
    assert result.rstrip("。") == kept
    assert [each.reason for each in cuts] == ["stock"]
    assert cut is None or cuts == (Cut(cut, "stock"),)


@pytest.mark.parametrize("text", ["(音樂播放中)", "字幕", "以下是普通話的句子。", "的的的的的的的", "Music"])
def test_a_text_that_is_nothing_but_stock_goes(text: str) -> None:
    assert said(text) == ("", (Cut(text, "stock"),))


def test_a_loop_keeps_what_was_said_before_it() -> None:
    text = "我帮您查一下" + "查一下" * 12
    assert said(text) == ("我帮您查一下", (Cut("查一下" * 12, "loop"),))


@pytest.mark.parametrize("text", ["词" * 60, "谢谢" * 20, "我不知道你在说什么" * 6, "3.3.3.3.3.3.3.3.3.3.3.3.3.3."])
def test_a_text_that_is_a_loop_goes_whole(text: str) -> None:
    assert said(text) == ("", (Cut(text, "loop"),))


def test_text_on_silence_goes_only_when_the_sound_is_unsure_too() -> None:
    text = "我们一起去看看"
    unsure = Stretch(seconds=4.0, peak=0.2)
    assert said(text, unsure, logprob=-1.1) == ("", (Cut(text, "silence"),))
    assert said(text, SPEECH, logprob=-0.9, no_speech=0.8) == ("", (Cut(text, "silence"),))
    assert said(text, SPEECH, logprob=-1.1) == (text, ())
    assert said(text, unsure, logprob=-0.3) == (text, ())


def test_more_text_than_can_be_said_goes() -> None:
    text = "今天的天气真的非常好我们一起去公园里面走走吧"
    assert said(text, Stretch(seconds=0.4, peak=0.9)) == ("", (Cut(text, "silence"),))


def test_text_on_music_goes() -> None:
    assert said("啦啦啦", Stretch(4.0, 0.2, music=0.9)) == ("", (Cut("啦啦啦", "music"),))
    assert said("您好还在吗", Stretch(2.0, 0.9, music=0.9)) == ("您好还在吗", ())


def test_the_prompt_said_back_goes() -> None:
    text = "宽带 套餐 流量 话费"
    assert said(text) == ("", (Cut(text, "prompt"),))


def test_nothing_is_nothing() -> None:
    assert said("") == ("", ())
    assert said("。") == ("", ())


def test_what_deserves_another_try() -> None:
    assert not is_doubtful(Heard("我帮您查一下", -0.3, 0.1), 2.0)
    assert is_doubtful(Heard("我帮您查一下", -1.2, 0.1), 2.0)
    assert is_doubtful(Heard("查一下" * 12, -0.1, 0.1), 10.0)
    assert is_doubtful(Heard("我帮您查一下", -0.3, 0.1), 15.0)
    assert is_doubtful(Heard("我帮您查一下这个月的话费账单", -0.3, 0.1), 0.5)

import pickle

import pytest

from inspect_pipeline.text.sound import REGIONAL_CONFUSIONS, STANDARD_CONFUSIONS, Ear, reading, syllable_distance, tones

EAR = Ear()


@pytest.mark.parametrize(
    ("said", "recognised"),
    [
        ("工号", "公号"),
        ("核实", "何时"),
        ("稍等", "少等"),
        ("不便", "不变"),
        ("感谢您的来电", "感谢您的来店"),
        ("请问还有其他", "请闻还有其他"),
        ("主要", "组要"),
        ("声音", "森英"),
        ("上网", "桑完"),
        ("幺二三幺五", "12315"),
    ],
)
def test_these_sound_the_same(said: str, recognised: str) -> None:
    assert EAR.hear(said) == EAR.hear(recognised)


@pytest.mark.parametrize(
    ("one", "other"), [("办", "判"), ("女", "旅"), ("发", "花"), ("鱼", "无"), ("不", "部"), ("没", "每"), ("g", "寄")]
)
def test_these_do_not(one: str, other: str) -> None:
    assert EAR.hear(one) != EAR.hear(other)


def test_one_symbol_a_character_and_letters_are_themselves() -> None:
    heard = EAR.hear("您好5g%套餐")
    assert (len(heard), heard[3:5]) == (7, "g%")


def test_confusions_are_chosen() -> None:
    plain, regional = Ear(frozenset()), Ear(STANDARD_CONFUSIONS | REGIONAL_CONFUSIONS)
    assert [ear.hear("女") == ear.hear("旅") for ear in (plain, EAR, regional)] == [False, False, True]
    assert [ear.hear("三") == ear.hear("山") for ear in (plain, EAR, regional)] == [False, True, True]


@pytest.mark.parametrize("pair", ["zh", "zh/in", "x/y", "/z", "zh-z"])
def test_an_unknown_confusion_is_refused(pair: str) -> None:
    with pytest.raises(ValueError, match="unknown confusion"):
        Ear(frozenset({pair}))


def test_distance_counts_halves() -> None:
    pairs = ["电店", "电面", "电带", "电话", "安爱", "不不", "不部", "电g"]
    assert [syllable_distance(*EAR.hear(pair)) for pair in pairs] == [0, 0.5, 0.5, 1, 1, 0, 1, 1]


def test_readings_of_every_shape() -> None:
    shapes = {
        "留": ("l", "iou", "2"),
        "归": ("g", "uei", "1"),
        "准": ("zh", "uen", "3"),
        "学": ("x", "ve", "2"),
        "略": ("l", "ve", "4"),
        "云": ("", "vn", "2"),
        "问": ("", "uen", "4"),
        "有": ("", "iou", "3"),
        "一": ("", "i", "1"),
        "五": ("", "u", "3"),
        "月": ("", "ve", "4"),
        "是": ("sh", "ih", "4"),
        "了": ("l", "e", "5"),
        "儿": ("", "er", "2"),
        "长": ("ch", "ang", "2"),
        "嗯": ("", "en", "4"),
    }
    assert {character: reading(character) for character in shapes} == shapes
    assert [reading(character) for character in "g%，"] == [None, None, None]


def test_tones() -> None:
    assert tones("工号的5g") == "14530"


def test_an_ear_can_be_sent_to_another_process() -> None:
    ear = pickle.loads(pickle.dumps(Ear(frozenset({"n/l"}))))
    assert (ear.confusions, ear.hear("女") == ear.hear("旅")) == (frozenset({"n/l"}), True)

"""What the recogniser is told to expect is nothing that a rule looks for."""

from __future__ import annotations

import pytest

from inspect_pipeline.errors import UsageError
from inspect_pipeline.rulebook.hotwords import check_hotwords
from inspect_pipeline.rulebook.load import load_packs, pack_path
from inspect_pipeline.speech.settings import NOUNS

PACKS = load_packs([pack_path("telecom-cn"), pack_path("outbound-renewal")])


def test_the_nouns_that_ship_are_no_phrases_of_the_rules_that_ship() -> None:
    check_hotwords(NOUNS, PACKS)


@pytest.mark.parametrize("word", ["很高兴为您服务", "請問有什麼可以幫您", "您好，请问有什么可以帮您？"])
def test_a_phrase_of_a_rule_is_refused(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_hotwords(["和彩云", word], PACKS)
    assert str(caught.value) == (
        f"[speech] hotwords: {word} is what rule greeting.opening looks for, and the recogniser may write what it is "
        "told to expect: take it out"
    )

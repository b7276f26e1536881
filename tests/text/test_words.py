import subprocess
import sys

from inspect_pipeline.text.words import boundaries, is_word


def test_where_words_begin_and_end() -> None:
    assert boundaries("请您提供工号") == {0, 1, 2, 4, 6}


def test_an_empty_text_has_one_boundary() -> None:
    assert boundaries("") == {0}


def test_words_of_the_dictionary() -> None:
    assert [is_word(text) for text in ("何时", "公号", "好")] == [True, False, True]


def test_the_dictionary_loads_in_silence() -> None:
    code = "from inspect_pipeline.text.words import boundaries; boundaries('您好')"
    done = subprocess.run([sys.executable, "-W", "always", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")

"""Where words begin and end in Chinese text."""

from __future__ import annotations

import functools
import logging
import warnings
from typing import Any


@functools.cache
def _tokenizer() -> Any:
    """Load jieba's dictionary (about a second, once a process), silently and without its cache file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes and pkg_resources, both harmless
        import jieba
    jieba.setLogLevel(logging.CRITICAL)
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True  # without it jieba would read or write a pickle in the shared temporary folder
    return tokenizer


@functools.lru_cache(maxsize=4096)
def boundaries(normal: str) -> frozenset[int]:
    """Return the offsets in `normal` at which a word begins or ends, both ends of the text among them.

    Words are those of the dictionary: guessing at unknown words would join what was misheard to its neighbours.
    """
    places = {0}
    place = 0
    for word in _tokenizer().cut(normal, HMM=False):
        place += len(word)
        places.add(place)
    return frozenset(places)


def is_word(text: str) -> bool:
    """Whether `text` is a word of the dictionary."""
    return bool(_tokenizer().FREQ.get(text))

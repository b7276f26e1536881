"""Words that the recogniser got wrong, as reviewers put them right. Nothing is judged again by them."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from inspect_pipeline.errors import ReviewError
from inspect_pipeline.model import Utterance
from inspect_pipeline.review.database import ReviewDatabase
from inspect_pipeline.review.schema import corrections


@dataclass(frozen=True, slots=True)
class Correction:
    """In this utterance of this call, `said` was said where `written` is written."""

    correction_id: str
    night: str
    call_id: str
    utterance: int
    written: str
    said: str
    reviewer: str
    corrected_at: datetime


@dataclass(frozen=True, slots=True)
class Word:
    """What is to be put right: the utterance's index, what is written there, and what was said."""

    utterance: int
    written: str
    said: str


def read_word(typed: str, utterances: Sequence[Utterance], first: Sequence[Utterance] = ()) -> Word:
    """Return what `written=said` means: the first utterance that has it, those of `first` before all others.

    Raises ReviewError when it has another form, changes nothing, or stands nowhere in the call.
    """
    written, equals, said = (part.strip() for part in unicodedata.normalize("NFKC", typed).partition("="))
    if not equals or not written:
        raise ReviewError("write it as WRITTEN=SAID")
    if written == said:
        raise ReviewError(f"“{written}” is what is written already")
    for utterance in (*first, *utterances):
        if written in unicodedata.normalize("NFKC", utterance.text):
            return Word(utterance.index, written, said)
    raise ReviewError(f"“{written}” stands nowhere in this call")


def correct(database: ReviewDatabase, night: str, call_id: str, word: Word, reviewer: str, now: datetime) -> Correction:
    """Store a correction and return it."""
    made = Correction(str(uuid.uuid4()), night, call_id, word.utterance, word.written, word.said, reviewer, now)
    with database.write() as connection:
        connection.execute(
            insert(corrections).values({name: getattr(made, name) for name in Correction.__dataclass_fields__})
        )
    return made


def corrections_of(database: ReviewDatabase, night: str | None = None, call_id: str | None = None) -> list[Correction]:
    """Return all corrections, oldest first; of one night or one call when told."""
    wanted = select(corrections).order_by(corrections.c.corrected_at, corrections.c.correction_id)
    if night is not None:
        wanted = wanted.where(corrections.c.night == night)
    if call_id is not None:
        wanted = wanted.where(corrections.c.call_id == call_id)
    with database.read() as connection:
        return [Correction(**row) for row in connection.execute(wanted).mappings()]

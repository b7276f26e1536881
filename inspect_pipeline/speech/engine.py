"""Recognition behind a small protocol; the engine that ships is Whisper by CTranslate2 (faster-whisper's parts).

Stretches of speech go through in batches. Whisper was made for windows of 30 s, but its encoder takes shorter ones:
a stretch followed by a few seconds of silence is recognised as well at a quarter of the cost; without that silence
the decoder does not find its end and repeats itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inspect_pipeline.errors import ModelError
from inspect_pipeline.model import Seconds
from inspect_pipeline.speech.decode import SAMPLE_RATE, Samples
from inspect_pipeline.speech.device import cuda_devices
from inspect_pipeline.speech.models import resolve_model
from inspect_pipeline.speech.settings import SpeechSettings

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

TAIL_S = 4.0  # silence after each stretch
LONGEST_S = 30.0 - TAIL_S  # the encoder has positions for 30 s
_MAX_TOKENS = 448  # of the prompt and the text together (Whisper's decoder)
_PROMPT_TOKENS = 200


@dataclass(frozen=True, slots=True)
class Word:
    """One character or two, with its punctuation: when it ends in the stretch (seconds) and its log probability."""

    text: str
    end_s: Seconds
    logprob: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine wrote for one stretch: the text, and how sure it is.

    `logprob` is the mean natural log probability of a token, `no_speech` the probability that nobody speaks. `words`
    joined are the text; empty when they were not asked for.
    """

    text: str
    logprob: float
    no_speech: float
    words: tuple[Word, ...] = ()


class Engine(Protocol):
    """Anything that writes down stretches of speech. `name` identifies the model (it is part of an answer's cause)."""

    name: str

    def recognise(
        self, stretches: Sequence[Samples], prompt: str, *, words: bool = False, temperature: float = 0.0
    ) -> list[Heard]:
        """Return what is said in each stretch (16 kHz, at most 26 s), in order; `prompt` lists words to expect.

        `words`: give each word its end. A temperature over 0 draws instead of searching, always with the same seed.
        """
        ...


class WhisperEngine:
    """Whisper by CTranslate2, on a CPU or a GPU. Raises ModelError when the model or the device is not there."""

    def __init__(self, settings: SpeechSettings) -> None:
        from faster_whisper import WhisperModel
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        folder = resolve_model(settings.model, download=settings.download)
        device = settings.device
        if device == "auto":
            device = "cuda" if cuda_devices() else "cpu"
        compute_type = settings.compute_type
        if compute_type == "auto":
            compute_type = "float16" if device == "cuda" else "int8"
        try:
            self._model: WhisperModel = WhisperModel(
                str(folder), device=device, compute_type=compute_type, cpu_threads=settings.threads
            )
        except (RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ModelError(f"{folder}: cannot be loaded on {device} as {compute_type} ({reason})") from error
        self._tokenizer: Tokenizer = Tokenizer(
            self._model.hf_tokenizer, self._model.model.is_multilingual, "transcribe", settings.language
        )
        self._suppressed = get_suppressed_tokens(self._tokenizer, [-1])
        self._settings = settings
        self.name = f"{settings.model}/{compute_type}"

    def recognise(
        self, stretches: Sequence[Samples], prompt: str, *, words: bool = False, temperature: float = 0.0
    ) -> list[Heard]:
        """See Engine. Stretches of like length share a batch; the order of the answers is that of the input."""
        order = sorted(range(len(stretches)), key=lambda number: (len(stretches[number]), number))
        heard: dict[int, Heard] = {}
        for start in range(0, len(order), self._settings.batch_size):
            batch = order[start : start + self._settings.batch_size]
            results = self._batch([stretches[number] for number in batch], prompt, words, temperature)
            heard.update(zip(batch, results, strict=True))
        return [heard[number] for number in range(len(stretches))]

    def _batch(self, stretches: list[Samples], prompt: str, words: bool, temperature: float) -> list[Heard]:
        features = self._features(stretches)
        encoded = self._model.encode(features)
        results = self._model.model.generate(
            encoded,
            [self._prompt(prompt)] * len(stretches),
            max_length=_MAX_TOKENS,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            **self._search(temperature),
        )
        tokens = [[token for token in result.sequences_ids[0] if token < self._tokenizer.eot] for result in results]
        aligned: list[tuple[Word, ...]] = [()] * len(stretches)
        if words and any(tokens):
            # an empty text cannot be aligned, nor taken out of the batch: a full stop stands in for it
            filled = [each or self._tokenizer.encode("。") for each in tokens]
            found = self._model.find_alignment(self._tokenizer, filled, encoded, features.shape[-1])
            aligned = [self._words(each) if own else () for each, own in zip(found, tokens, strict=True)]
        return [self._heard(result, each) for result, each in zip(results, aligned, strict=True)]

    def _search(self, temperature: float) -> dict[str, Any]:
        if temperature <= 0:
            return {"beam_size": self._settings.beam_size, "patience": 1}
        import ctranslate2

        ctranslate2.set_random_seed(0)
        return {"beam_size": 1, "num_hypotheses": 5, "sampling_topk": 0, "sampling_temperature": temperature}

    def _prompt(self, prompt: str) -> list[int]:
        words = self._tokenizer.encode(prompt)[:_PROMPT_TOKENS] if prompt else []
        tokens: list[int] = self._model.get_prompt(self._tokenizer, words, without_timestamps=True)
        return tokens

    def _features(self, stretches: list[Samples]) -> NDArray[np.float32]:
        longest = max(len(stretch) for stretch in stretches) + round(TAIL_S * SAMPLE_RATE)
        features = [self._model.feature_extractor(np.pad(each, (0, longest - len(each)))) for each in stretches]
        frames = features[0].shape[-1] // 2 * 2  # the encoder halves them
        return np.stack([np.asarray(each[:, :frames], dtype=np.float32) for each in features])

    def _words(self, found: Sequence[dict[str, Any]]) -> tuple[Word, ...]:
        return tuple(
            Word(str(word["word"]), float(word["end"]), math.log(max(float(word["probability"]), 1e-6)))
            for word in found
        )

    def _heard(self, result: Any, words: tuple[Word, ...]) -> Heard:
        tokens = result.sequences_ids[0]
        # the score is the mean over the text's tokens; the end token counts too
        logprob = result.scores[0] * len(tokens) / (len(tokens) + 1)
        return Heard(self._tokenizer.decode(tokens).strip(), float(logprob), float(result.no_speech_prob), words)

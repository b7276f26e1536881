"""Recognition behind a small protocol; the engine that ships is Whisper by CTranslate2 (faster-whisper's parts).

Stretches of speech go through in batches. Whisper was made for windows of 30 s, but its encoder takes shorter ones:
a stretch followed by two seconds of silence or more is recognised as well at a quarter of the cost; without that
silence the decoder does not find its end and repeats itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from inspect_pipeline.errors import DeviceError, ModelError
from inspect_pipeline.model import Seconds
from inspect_pipeline.speech.decode import SAMPLE_RATE, Samples
from inspect_pipeline.speech.device import cuda_devices, gpu_batch_size, is_out_of_memory
from inspect_pipeline.speech.models import resolve_model
from inspect_pipeline.speech.settings import SpeechSettings
from inspect_pipeline.speech.vocabulary import LANGUAGE, Narrowed, narrowed_files

if TYPE_CHECKING:
    from ctranslate2 import StorageView
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

TAIL_S = 2.0  # silence after each stretch, at least
SHORTEST_S = 6.0  # of a stretch with its silence: after shorter ones the decoder repeats itself
STEP_S = 2.0  # stretches are filled up to a multiple of this, so that some have the same length
ENCODER_S = 30.0  # the encoder has positions for so much
LONGEST_S = ENCODER_S - TAIL_S
_HOP = 160  # samples of a frame of features
_FRAMES_A_SECOND = SAMPLE_RATE / _HOP
_MAX_TOKENS = 448  # of the prompt and the text together (Whisper's decoder)
_TOKENS_A_SECOND, _SPARE_TOKENS = 14, 20  # a text longer than this is a loop: a quick speaker needs ten a second
_PROMPT_TOKENS = 200
_CPU_BATCH = 8  # of 2 takes a third more time, of 16 as much


Features = NDArray[np.float32]  # (bands, frames)
Result = TypeVar("Result")


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
    """Anything that writes down stretches of speech.

    `name` identifies the model (it is part of an answer's cause); so many as `batch_size` are recognised together.
    `on_gpu`: the cores are free meanwhile, and several threads may use it at a time.
    """

    name: str
    batch_size: int
    on_gpu: bool

    def recognise(
        self, stretches: Sequence[Samples], prompt: str, *, words: bool = False, repetition_penalty: float = 1.0
    ) -> list[Heard]:
        """Return what is said in each stretch (16 kHz, at most LONGEST_S), in order; `prompt` lists words to expect.

        `words`: give each word its end. `repetition_penalty` over 1 makes what is written already less probable.
        """
        ...

    def no_speech(self, stretches: Sequence[Samples]) -> list[float]:
        """Return for each stretch the probability that nobody speaks in it, at a fraction of the cost."""
        ...


class WhisperEngine:
    """Whisper by CTranslate2, on a CPU or a GPU. Raises ModelError when the model or the device is not there."""

    def __init__(self, settings: SpeechSettings) -> None:
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
            self._model = _loaded(folder, settings, device, compute_type)
        except (RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ModelError(f"{folder}: cannot be loaded on {device} as {compute_type} ({reason})") from error
        self._tokenizer: Tokenizer = Tokenizer(
            self._model.hf_tokenizer, self._model.model.is_multilingual, "transcribe", settings.language
        )
        self._suppressed = get_suppressed_tokens(self._tokenizer, [-1])
        self._settings = settings
        self.on_gpu = device == "cuda"
        self.batch_size = settings.batch_size or (gpu_batch_size(folder) if self.on_gpu else _CPU_BATCH)
        self.name = f"{settings.model}/{compute_type}"
        if self.on_gpu:
            self._try_out(folder)

    def recognise(
        self, stretches: Sequence[Samples], prompt: str, *, words: bool = False, repetition_penalty: float = 1.0
    ) -> list[Heard]:
        """See Engine. Stretches of like length share a batch, each filled up to a length that depends on itself only:
        on a CPU in 8 bits a stretch gives the same text whatever it is recognised with."""
        heard: dict[int, Heard] = {}
        for length, batch in _batches(stretches, self.batch_size):
            features = [self._features(stretches[number], length) for number in batch]
            written = self._that_fits(features, lambda some: self._batch(some, prompt, words, repetition_penalty))
            heard.update(zip(batch, written, strict=True))
        return [heard[number] for number in range(len(stretches))]

    def no_speech(self, stretches: Sequence[Samples]) -> list[float]:
        """See Engine: the first step of the search tells it, and the others are spared."""
        found: dict[int, float] = {}
        for length, batch in _batches(stretches, self.batch_size):
            features = [self._features(stretches[number], length) for number in batch]
            found.update(zip(batch, self._that_fits(features, self._first_step), strict=True))
        return [found[number] for number in range(len(stretches))]

    def _try_out(self, folder: Path) -> None:
        """Recognise a moment of silence. Raises ModelError: a missing library shows when the first call is heard."""
        try:
            self.recognise([np.zeros(SAMPLE_RATE, dtype=np.float32)], "", words=True)
        except DeviceError as error:
            raise ModelError(
                f"{folder}: {error}: see whether nvidia-smi runs and CUDA 12 with its cuBLAS is installed, "
                "or set device = 'cpu' in [speech]"
            ) from error

    def _that_fits(self, features: list[Features], run: Callable[[list[Features]], list[Result]]) -> list[Result]:
        """Run a batch. Where the GPU's memory does not hold it, run its halves, and no larger batch from then on.

        Raises DeviceError when the GPU fails otherwise, and ModelError when it does not even hold one window.
        """
        try:
            return run(features)
        except RuntimeError as error:
            if not self.on_gpu:
                raise
            if not is_out_of_memory(error):
                reason = str(error).splitlines()[0]
                raise DeviceError(f"{self.name} failed on the GPU ({reason})") from error
            if len(features) == 1:
                raise ModelError(
                    f"{self.name}: the GPU's memory does not hold one window: end what else uses it, "
                    "set a smaller model, or compute_type = 'int8_float16' in [speech]"
                ) from error
        half = -(-len(features) // 2)
        self.batch_size = min(self.batch_size, half)
        return self._that_fits(features[:half], run) + self._that_fits(features[half:], run)

    def _first_step(self, features: list[Features]) -> list[float]:
        before = self._prompt("")
        results = self._model.model.generate(
            self._encoded(features),
            [before] * len(features),
            max_length=len(before) + 1,
            beam_size=1,
            return_no_speech_prob=True,
        )
        return [float(one.no_speech_prob) for one in results]

    def _batch(self, features: list[Features], prompt: str, words: bool, repetition_penalty: float) -> list[Heard]:
        before = self._prompt(prompt)
        seconds = features[0].shape[-1] / _FRAMES_A_SECOND
        encoded = self._encoded(features)
        results = self._model.model.generate(
            encoded,
            [before] * len(features),
            max_length=min(_MAX_TOKENS, len(before) + _SPARE_TOKENS + round(_TOKENS_A_SECOND * seconds)),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            beam_size=self._settings.beam_size,
            # the first text that comes to its end is taken: waiting for others costs a tenth, for .03 of 100 characters
            patience=1 / self._settings.beam_size,
            repetition_penalty=repetition_penalty,
        )
        tokens = [[token for token in result.sequences_ids[0] if token < self._tokenizer.eot] for result in results]
        aligned: list[tuple[Word, ...]] = [()] * len(features)
        if words:
            aligned = self._aligned(encoded, tokens)
        return [self._heard(result, each) for result, each in zip(results, aligned, strict=True)]

    def _encoded(self, features: list[Features]) -> StorageView:
        """Encode stretches of one length: together on a GPU, one by one on a CPU, whose cache holds what one needs."""
        if self.on_gpu:
            return self._model.encode(np.stack(features))
        return _storage(np.concatenate([np.asarray(self._model.encode(each[None])) for each in features]))

    def _aligned(self, encoded: StorageView, tokens: list[list[int]]) -> list[tuple[Word, ...]]:
        """When each word ends. On a CPU one stretch at a time, too: a batch of 16 takes twice the time."""
        # an empty text cannot be aligned, nor taken out of a batch: a full stop stands in for it
        filled = [each or self._tokenizer.encode("。") for each in tokens]
        frames = 2 * encoded.shape[1]
        if self.on_gpu:
            found = self._model.find_alignment(self._tokenizer, filled, encoded, frames)
        else:
            states = np.asarray(encoded)
            found = [
                self._model.find_alignment(self._tokenizer, [each], _storage(states[[number]]), frames)[0]
                for number, each in enumerate(filled)
            ]
        return [self._words(each) if own else () for each, own in zip(found, tokens, strict=True)]

    def _prompt(self, prompt: str) -> list[int]:
        words = self._tokenizer.encode(prompt)[:_PROMPT_TOKENS] if prompt else []
        tokens: list[int] = self._model.get_prompt(self._tokenizer, words, without_timestamps=True)
        return tokens

    def _features(self, stretch: Samples, length: int) -> Features:
        """The stretch, filled up with silence to `length` samples, as the encoder takes it: (bands, frames)."""
        features = self._model.feature_extractor(np.pad(stretch, (0, length - len(stretch))))
        frames = length // _HOP // 2 * 2  # the encoder halves them
        return np.asarray(features[:, :frames], dtype=np.float32)

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


def _loaded(folder: Path, settings: SpeechSettings, device: str, compute_type: str) -> WhisperModel:
    from faster_whisper import WhisperModel

    narrow = narrowed_files(folder) if device == "cpu" and settings.language == LANGUAGE else None
    model = WhisperModel(
        str(folder),
        device=device,
        compute_type=compute_type,
        cpu_threads=settings.threads,
        files=narrow and narrow[0],
    )
    if narrow:
        model.model = Narrowed(model.model, narrow[1])
    return model


def _batches(stretches: Sequence[Samples], size: int) -> Iterator[tuple[int, list[int]]]:
    """Yield the numbers of stretches that are recognised together, and the length to which each is filled up."""
    alike: dict[int, list[int]] = {}
    for number, stretch in enumerate(stretches):
        alike.setdefault(_filled_up(len(stretch)), []).append(number)
    for length, numbers in sorted(alike.items()):
        for start in range(0, len(numbers), size):
            yield length, numbers[start : start + size]


def _filled_up(length: int) -> int:
    """The samples of a stretch with the silence after it: TAIL_S, and what is missing to a whole step."""
    seconds = math.ceil((length / SAMPLE_RATE + TAIL_S) / STEP_S) * STEP_S
    return round(min(max(seconds, SHORTEST_S), ENCODER_S) * SAMPLE_RATE)


def _storage(states: NDArray[Any]) -> StorageView:
    import ctranslate2

    return ctranslate2.StorageView.from_array(np.ascontiguousarray(states))

"""Measures how fast stored transcripts are judged, beside a straightforward loop over the same terms.

    python bench/judge.py [--calls N] [--utterances N] [--repeats N] [--rules PACK]… [--sentences] [--json]

The loop looks for each phrase in each utterance exactly, by sound and (from four syllables on) with edit distance in
every stretch of its length and one more or less, searches each expression on characters and on syllables, and asks the
classifier of intents about each utterance; phrases, expressions and utterances are prepared once, distances come from
rapidfuzz (C++). It answers no rule. The judge does
all that and answers every rule: 200 calls together as in `reinspect`, call by call, or 200 calls in which no
text was ever said before. All see the same generated calls (see `made_calls.py`), in turns, several times; CPU seconds
of one core are compared, because wall time on a shared machine is other people's. `--sentences` adds the judge
with the sentence model, and with the model but every clause asked.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable, Sequence

import regex
from made_calls import distinct_share, made_calls, made_distinct, made_recording
from memory import peak_mb
from rapidfuzz.distance import Levenshtein

from inspect_pipeline.model import SentenceModel, Transcript
from inspect_pipeline.rulebook.judge import Judge
from inspect_pipeline.rulebook.load import load_packs, pack_path
from inspect_pipeline.rulebook.metadata import recording_metadata
from inspect_pipeline.rulebook.nearness import NEAR_LEAST, SOUND_LEAST, near_halves
from inspect_pipeline.rulebook.phrases import fold
from inspect_pipeline.rulebook.sounds import SoundExpression
from inspect_pipeline.rulebook.terms import Intent, Phrase, Regex
from inspect_pipeline.semantic import Similarity, load_sentence_model
from inspect_pipeline.text.normalise import normalise
from inspect_pipeline.text.sound import Ear

BLOCK = 200
DISTINCT = "judge, no text twice"

Work = Callable[[Sequence[Transcript]], None]


class Loop:
    """Every term tried on every utterance."""

    def __init__(self, judge: Judge) -> None:
        self._ear = Ear()
        phrases = [term for term in judge.terms if isinstance(term, Phrase)]
        keys = [fold(normalise(phrase.text).text) for phrase in phrases]
        self._phrases = [
            (key, self._ear.hear(key), phrase, near_halves(len(key)) // 2)
            for key, phrase in zip(keys, phrases, strict=True)
        ]
        expressions = [term for term in judge.terms if isinstance(term, Regex)]
        self._expressions = [regex.compile(term.pattern) for term in expressions]
        heard = dict.fromkeys(SoundExpression(term, self._ear).pattern for term in expressions if term.sound)
        self._heard_expressions = [regex.compile(pattern) for pattern in heard]
        self._classifiers = list({term.classifier for term in judge.terms if isinstance(term, Intent)})
        self.found = 0

    def __call__(self, calls: Sequence[Transcript]) -> None:
        for call in calls:
            for said in call.utterances:
                self._utterance(normalise(said.text).text)
                for classifier in self._classifiers:
                    self.found += int((classifier.probabilities([said.text]) >= 0.5).sum())

    def _utterance(self, normal: str) -> None:
        key = fold(normal)
        heard = self._ear.hear(key)
        for text, sound, phrase, most in self._phrases:
            exact = text in key
            by_sound = not exact and phrase.sound and len(text) >= SOUND_LEAST and sound in heard
            near = not exact and not by_sound and phrase.near and len(text) >= NEAR_LEAST and _near(sound, heard, most)
            self.found += exact or by_sound or near
        for expression in self._expressions:
            self.found += expression.search(normal) is not None
        for expression in self._heard_expressions:
            self.found += expression.search(heard) is not None


def _near(sound: str, heard: str, most: int) -> bool:
    for length in (len(sound) - 1, len(sound), len(sound) + 1):
        for start in range(len(heard) - length + 1):
            if Levenshtein.distance(sound, heard[start : start + length], score_cutoff=most) <= most:
                return True
    return False


class Counted:
    """A sentence model and how many sentences it was asked about."""

    def __init__(self, model: SentenceModel) -> None:
        self._model = model
        self.name = model.name
        self.sentences = 0

    def embed(self, sentences: Sequence[str]) -> Sequence[Sequence[float]]:
        self.sentences += len(sentences)
        return self._model.embed(sentences)


def judging(judge: Judge, block: int = BLOCK) -> Work:
    """Return the work of judging so many calls together."""

    def work(calls: Sequence[Transcript]) -> None:
        for first in range(0, len(calls), block):
            some = calls[first : first + block]
            for _ in judge.judged([(call, recording_metadata(made_recording(call))) for call in some]):
                pass

    return work


def asking_all(judge: Judge) -> Work:
    """Return the work of asking the sentence model about every clause, and judging."""

    def work(calls: Sequence[Transcript]) -> None:
        for call in calls:
            for like in judge._matcher.likes:
                judge._matcher.alike(like, [said.text for said in call.utterances])
            judge.findings(call, recording_metadata(made_recording(call)))

    return work


def seconds(work: Work, calls: Sequence[Transcript]) -> float:
    """Return the CPU seconds of a work."""
    begun = time.process_time()
    work(calls)
    return time.process_time() - begun


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Measure in turns, a fresh stretch of calls for each repeat."""
    packs = load_packs([pack_path(name) for name in options.rules or ["telecom-cn"]])
    begun = time.process_time()
    judge = Judge(packs)
    build_s = time.process_time() - begun
    calls = list(made_calls(options.calls * (options.repeats + 1), options.utterances))
    works: dict[str, Work] = {
        "judge": judging(judge),
        "judge, call by call": judging(Judge(packs), block=1),
        DISTINCT: judging(Judge(packs)),
    }
    for work in works.values():
        work(calls[: options.calls])  # warm: dictionaries, lazily built tables
    said: set[str] = set()
    memory = peak_mb()
    gc.freeze()  # as the workers of `reinspect` do
    gc.disable()
    loop = Loop(judge)
    works["loop"] = loop
    shares = {"loop": options.loop_share}
    model = load_sentence_model(None) if options.sentences else None
    counted = {name: Counted(model) for name in ("frugal", "all")} if model else {}
    if counted:
        works["judge with sentences"] = judging(Judge(packs, Similarity(counted["frugal"])))
        works["judge, all clauses asked"] = asking_all(Judge(packs, Similarity(counted["all"])))
        shares |= {"judge with sentences": options.loop_share, "judge, all clauses asked": options.loop_share}
    each: dict[str, list[float]] = {name: [] for name in works}
    asked = 0
    for repeat in range(1, options.repeats + 1):
        part = calls[repeat * options.calls : (repeat + 1) * options.calls]
        distinct = [made_distinct(call, said) for call in part]
        for name, work in works.items():
            some = (distinct if name == DISTINCT else part)[: max(1, int(len(part) * shares.get(name, 1.0)))]
            each[name].append(seconds(work, some) / len(some))
        asked += max(1, int(len(part) * options.loop_share))
    middle = {name: statistics.median(values) for name, values in each.items()}
    ratios = {
        name: statistics.median(a / b for a, b in zip(each["loop"], values, strict=True))
        for name, values in each.items()
    }
    return {
        "calls_each": options.calls,
        "repeats": options.repeats,
        "utterances_a_call": options.utterances,
        "characters_an_utterance": round(
            statistics.mean(len(said.text) for call in calls for said in call.utterances), 1
        ),
        "distinct_utterances": round(distinct_share(calls), 3),
        "rules": len(judge.rules),
        "terms": len(judge.terms),
        "build_s": round(build_s, 2),
        "peak_mb": round(memory),
        "works": {
            name: {
                "ms_a_call": round(1000 * middle[name], 3),
                "calls_a_second": round(1 / middle[name], 1),
                "spread": [round(1000 * min(each[name]), 3), round(1000 * max(each[name]), 3)],
                "times_the_loop": round(ratios[name], 2),
            }
            for name in works
        },
        "clauses_asked_a_call": {name: round(one.sentences / asked, 2) for name, one in counted.items()},
    }


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200, help="calls a repeat")
    parser.add_argument("--utterances", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--loop-share", type=float, default=0.1, help="share of the calls that slow works get")
    parser.add_argument("--rules", action="append", help="packs (default telecom-cn)")
    parser.add_argument("--sentences", action="store_true", help="also with the sentence model")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure(options)
    if options.json:
        print(json.dumps({"schema": 1, "result": result}, ensure_ascii=False))
        return
    works = result.pop("works")
    print("  ".join(f"{name} {value}" for name, value in result.items()))
    print(f"{'':26} {'ms/call':>9} {'calls/s':>9} {'min-max ms':>18} {'x loop':>8}")
    for name, row in works.items():
        spread = f"{row['spread'][0]:.2f}-{row['spread'][1]:.2f}"
        print(
            f"{name:26} {row['ms_a_call']:9.3f} {row['calls_a_second']:9.1f} {spread:>18} {row['times_the_loop']:8.2f}"
        )


if __name__ == "__main__":
    main()

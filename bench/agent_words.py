"""Trains what tells an agent's words from a customer's, and measures it on authors that were left out.

    python bench/agent_words.py [--write] [--json]

The turns are those of `rules/intents`: each stands behind its speaker. A third of the files of calls is left out, the
classifier is trained on the rest, and the share of the turns is printed whose speaker it names rightly by their words
alone, also by characters (a long turn counts more) and of turns as a recogniser garbles them. `--write`: train on all
files and write the package's classifier.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inspect_pipeline.model import Speaker
from inspect_pipeline.rulebook.intent_training import TaggedTurn, misheard, train_as_heard
from inspect_pipeline.rulebook.intents import IntentClassifier
from inspect_pipeline.rulebook.read_intents import read_turns
from inspect_pipeline.speech.agent_words import AGENT, TRAINED
from inspect_pipeline.store.atomic import write_file

INTENTS = Path(__file__).resolve().parents[1] / "rules" / "intents"
EVERY = 3  # of so many files of calls one is left out


def trained(turns: Sequence[TaggedTurn]) -> IntentClassifier:
    """Return the classifier of the speaker by a turn's own words."""
    speakers = [
        # to the training, what anybody may say is an intent of one speaker
        TaggedTurn(Speaker.AGENT, turn.text, frozenset({AGENT} if turn.speaker is Speaker.AGENT else ()))
        for turn in turns
    ]
    return train_as_heard(speakers)


def turns_of(paths: Sequence[Path]) -> list[TaggedTurn]:
    """Return the turns of some of the files."""
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            shutil.copy(path, folder)
        return read_turns(Path(folder))


def measure(classifier: IntentClassifier, turns: Sequence[TaggedTurn]) -> dict[str, float]:
    """Return how many turns' speakers are right, and the share of their characters."""
    right = (classifier.read([turn.text for turn in turns]).own[:, 0] > 0) == np.array(
        [turn.speaker is Speaker.AGENT for turn in turns]
    )
    lengths = np.array([len(turn.text) for turn in turns])
    return {"turns": round(float(right.mean()), 3), "characters": round(float(lengths[right].sum() / lengths.sum()), 3)}


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the package's classifier, trained on all files")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    paths = sorted(INTENTS.glob("*.txt"))
    left_out = [path for path in paths if path.stem.startswith("calls-blind")][::EVERY]
    held = turns_of(left_out)
    classifier = trained(turns_of([path for path in paths if path not in left_out]))
    result = {
        "files_left_out": len(left_out),
        "turns_left_out": len(held),
        "right": measure(classifier, held),
        "right_garbled": measure(classifier, misheard(held, seed=2)),
    }
    if options.write:
        write_file(TRAINED, trained(read_turns(INTENTS)).dump(), TRAINED.parent)
    if options.json:
        print(json.dumps({"schema": 1, "result": result}))
        return
    print(f"{len(held)} turns of {len(left_out)} files left out")
    print(f"speaker right: {result['right']}, garbled: {result['right_garbled']}")
    if options.write:
        print(f"written: {TRAINED}")


if __name__ == "__main__":
    main()

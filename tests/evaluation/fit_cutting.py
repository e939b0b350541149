"""Fits the weights by which a message is cut (agent/local/cutting.py), on sentences whose requests are known.

`python -m tests.evaluation.fit_cutting` prints them. It reads our own sentences, every other joined one, and the
development half (the even places) of the corpora's doubles and sentences; of the other half nothing goes into the fit,
though its figures were in view when the signs were chosen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml

from agent.local.checking import action_of
from agent.local.cutting import Signs, pieces
from agent.local.embeddings import load_encoder
from agent.local.intents import load_intents
from agent.local.likeness import Floats
from agent.local.model import HERE
from agent.local.slots import Reader
from agent.local.understanding import Understander
from agent.local.wording import clean, load_words
from tests.evaluation.understanding import corpus

OWN = Path(__file__).parents[1] / "agent" / "local"
PENALTY = 1.0  # of the squares of the weights
STEPS = 60


class Case(NamedTuple):
    """A message and the actions it asks for; () where it is one request, whichever."""

    text: str
    actions: tuple[str, ...]


def cases() -> Iterator[Case]:
    """The messages to fit on."""
    joined = yaml.safe_load((OWN / "joined_requests.yaml").read_text("utf-8"))
    several = yaml.safe_load((OWN / "several_requests.yaml").read_text("utf-8"))
    for lines, every in ((joined["two"], 2), (several["two"], 1), (several["joined"], 1)):
        for line in lines.strip().splitlines()[::every]:
            wanted, text = line.split(": ", 1)
            yield Case(text.strip(), tuple(wanted.split(" + ")))
    for lines, every in ((joined["one"], 2), (several["one"], 1)):
        yield from (Case(line.strip(), ()) for line in lines.strip().splitlines()[::every])
    for case in corpus("doubles")[::2]:
        yield Case(case["text"], tuple(case["actions"]) if len(case["actions"]) > 1 else ())
    yield from (Case(case["text"], ()) for case in corpus("sentences")[::2])


def examples(understander: Understander, wanted: Case, actions: dict[str, str]) -> Iterator[tuple[Signs, bool]]:
    """The signs of each two pieces of a message that might be two requests, and whether they are."""
    text = clean(wanted.text)
    cut = pieces(text, understander.words)
    parts, whole = understander.heard(text, cut)
    for one, two in combinations(parts, 2) if len(cut) > 1 else ():
        if not understander.may_differ(one, two):
            continue
        found = sorted(actions[part.said.intent] for part in (one, two))
        if not wanted.actions or found == sorted(wanted.actions):
            yield understander.signs(one, two, whole), bool(wanted.actions)


def fit(rows: Sequence[tuple[Signs, bool]]) -> dict[str, float]:
    """The weights of a logistic regression with a penalty, by Newton's method; `base` is the constant."""
    names = ["base", *asdict(rows[0][0])]
    signs = np.array([[1.0, *map(float, asdict(row).values())] for row, _ in rows])
    two = np.array([float(is_two) for _, is_two in rows])
    weights: Floats = np.zeros(len(names), np.float32)
    for _ in range(STEPS):
        share = 1 / (1 + np.exp(-signs @ weights))
        slope = signs.T @ (two - share) - PENALTY * weights
        bend = (signs * (share * (1 - share))[:, None]).T @ signs + PENALTY * np.eye(len(names))
        weights = weights + np.linalg.solve(bend, slope)
    return {name: round(float(weight), 2) for name, weight in zip(names, weights, strict=True)}


def main() -> None:
    """Prints the weights."""
    intents = load_intents(HERE / "intents")
    reader = Reader(load_words(HERE / "words.yaml"))
    understander = Understander(intents, reader, encoder=load_encoder())
    actions = {name: action_of(intent) for name, intent in intents.items()}
    rows = [row for case in cases() for row in examples(understander, case, actions)]
    print(fit(rows))


if __name__ == "__main__":
    main()

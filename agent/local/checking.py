"""What an author of examples wants to know: which of them collide, and how a text is understood."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent.local.classifier import Classifier, Lesson, plain
from agent.local.intents import Intent
from agent.local.likeness import mean_of_best
from agent.local.understanding import Understander, Understanding

NEAR = 0.80  # likeness (0-1) from which two examples of different actions are too close to tell apart by


@dataclass(frozen=True, slots=True)
class Collision:
    """Two examples of different actions and how alike they are (0-1)."""

    likeness: float
    one: Lesson
    other: Lesson


@dataclass(frozen=True, slots=True)
class Report:
    """Examples that stand under two intents, that are too alike, and that the others would take for another action."""

    examples: int
    intents: int
    duplicates: tuple[tuple[Lesson, Lesson], ...]
    collisions: tuple[Collision, ...]
    mistaken: tuple[tuple[Lesson, str], ...]


def action_of(intent: Intent) -> str:
    """What an intent leads to: its tool, or itself when it only talks or is answered from what was done before."""
    return intent.id if intent.recalls else intent.tool or intent.id


def check_examples(classifier: Classifier, intents: Mapping[str, Intent]) -> Report:
    """Everything that is wrong or doubtful with the examples; duplicates are wrong, the rest is worth a look."""
    alike, lessons = classifier.alike(), classifier.lessons
    actions = np.array([action_of(intents[lesson.intent]) for lesson in lessons])
    near = np.triu((alike >= NEAR) & (actions[:, None] != actions[None, :]))
    pairs = sorted(((float(alike[i, j]), int(i), int(j)) for i, j in np.argwhere(near)), reverse=True)
    return Report(
        examples=len(lessons),
        intents=len(intents),
        duplicates=tuple(_duplicates(lessons)),
        collisions=tuple(Collision(likeness, lessons[i], lessons[j]) for likeness, i, j in pairs),
        mistaken=tuple(_mistaken(classifier, actions)),
    )


def as_line(understander: Understander, intents: Mapping[str, Intent], text: str) -> dict[str, Any]:
    """How a text is understood, as plain data: the first request, and under `requests` all when there are several."""
    requests = [_plain(request, intents) for request in understander.requests(text)]
    return {"text": text, **requests[0], **({"requests": requests} if len(requests) > 1 else {})}


def _plain(request: Understanding, intents: Mapping[str, Intent]) -> dict[str, Any]:
    slots = request.as_dict()["slots"]
    return {
        "action": action_of(intents[request.intent]),
        "intent": request.intent,
        "confidence": round(request.confidence, 4),
        "runner_up": request.runner_up,
        "runner_up_confidence": round(request.runner_up_confidence, 4),
        "outside": round(request.outside, 4),
        "language": request.language,
        "asks_back": request.band != "act",
        "slots": slots,
    }


def _duplicates(lessons: tuple[Lesson, ...]) -> Iterator[tuple[Lesson, Lesson]]:
    first: dict[str, Lesson] = {}
    for lesson in lessons:
        known = first.setdefault(plain(lesson.text), lesson)
        if known.intent != lesson.intent:
            yield known, lesson


def _mistaken(classifier: Classifier, actions: Any) -> Iterator[tuple[Lesson, str]]:
    """The examples whose three nearest others, by all voters, belong to another action."""
    labels, alike = classifier.labels, classifier.alike()
    np.fill_diagonal(alike, 0)
    by_intent = {int(label): action for label, action in zip(labels, actions, strict=True)}
    for i, lesson in enumerate(classifier.lessons):
        nearest = int(mean_of_best(alike[i], labels, len(classifier.names), best=3).argmax())
        if by_intent[nearest] != actions[i]:
            yield lesson, classifier.names[nearest]

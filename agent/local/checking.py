"""What an author of examples wants to know: which of them collide, and how a text is understood."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from agent.local.classifier import Classifier, Lesson, plain
from agent.local.dates import named_days
from agent.local.intents import Intent
from agent.local.likeness import mean_of_best
from agent.local.sums import sums
from agent.local.understanding import Understander, Understanding
from agent.local.wording import fold

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


def as_line(understander: Understander, intents: Mapping[str, Intent], text: str, *, today: date) -> dict[str, Any]:
    """How a text is understood, as plain data: the first request, and under `requests` all when there are several.

    Beside the words as typed, days stand as pairs of ISO dates (first, last) and amounts in minor units.
    """
    requests = [_plain(request, intents, today) for request in understander.requests(text)]
    return {"text": text, **requests[0], **({"requests": requests} if len(requests) > 1 else {})}


def _plain(request: Understanding, intents: Mapping[str, Intent], today: date) -> dict[str, Any]:
    days = [[span.first.isoformat(), span.last.isoformat()] for span in named_days(request.text, today)]
    amounts = [_minor(amount) for found in sums(fold(request.text)) for amount in (found.least, found.most) if amount]
    read = {"days": days, "amounts_minor": list(dict.fromkeys(amounts))}
    slots = request.as_dict()["slots"] | {name: value for name, value in read.items() if value}
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


def _minor(amount: str) -> int:
    whole, _, cents = amount.partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0")[:2] or 0)


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

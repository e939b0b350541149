"""What a slot of a request can be filled from: what was said, newest first, and what the conversation knows."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.local.intents import Slot
from agent.local.slots import Mentions
from agent.local.tasks import Call, Memory, Task

Result = Mapping[str, Any]
Run = Generator[Call, Result, Any]


@dataclass(frozen=True, slots=True)
class Filling:
    """What a slot can be filled from: the task, the memory, the arguments so far, and what was said, newest first."""

    slot: Slot
    task: Task
    memory: Memory
    args: Mapping[str, Any]
    tools: frozenset[str]
    heard: tuple[Mentions, ...]


def in_force(mentions: Mentions) -> tuple[str, ...]:
    """The order numbers of a message, the last first when the customer took the first back ("no wait, HP-…")."""
    taken_back = len(mentions.orders) > 1 and {"no", "wait", "meant", "mean", "nein", "sondern"} & set(mentions.words)
    return mentions.orders[::-1] if taken_back else mentions.orders


def heard_for(task: Task, fill: str) -> list[str]:
    """The words in which to look for a filling, the likeliest first: the answer to that question, then the wish."""
    own = [task.answers[fill]] if fill in task.answers else []
    if fill == "order":
        # Words of other answers ("on the second day") must not choose another order.
        return own or list(reversed(task.said[task.since :]))
    rest = [text for key, text in task.answers.items() if key != fill and fill in {"items", "reason", "address"}]
    return own + list(reversed(task.said)) + rest


def plain(filling: Filling, name: str) -> Run:
    yield from ()
    return next((value for m in filling.heard if (value := getattr(m, name, None)) is not None), None)

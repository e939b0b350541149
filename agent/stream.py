"""The stream to the page: text leaves by whole checked sentences; every event has a number to take it up again from."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from agent.heard import CardShown, Choices, Failed, Finished, Heard, Parked, StoodIn, Token, ToolUsed
from agent.saying import Look

LONGEST_SENTENCE = 600
HEARTBEAT = b": still here\n\n"
_EVENT_ID = re.compile(r"([0-9]{1,9})\.([0-9]{1,6})")
_END = re.compile(r"\S(?:[.!?…][)\"'”“’»\]*]*(?=\s)|(?=\n))", re.DOTALL)


class Checked:
    """Takes text as it comes and gives it out by checked sentences; the result does not depend on how it was cut.

    A filter behind a token stream strikes what has already left. ``room`` bounds the characters given out.
    """

    def __init__(self, look: Look, *, room: int) -> None:
        self._look, self._room = look, room
        self._waiting, self._previous = "", ""

    def feed(self, text: str) -> list[str]:
        """The sentences that are complete with this piece of text."""
        self._waiting += text
        out = []
        while (end := sentence_end(self._waiting)) is not None:
            out += self._release(self._waiting[:end])
            self._waiting = self._waiting[end:]
        return out

    def flush(self) -> list[str]:
        """What is left when the text is at its end."""
        rest, self._waiting = self._waiting, ""
        return self._release(rest) if rest.strip() else []

    def _release(self, sentence: str) -> list[str]:
        if self._room <= 0:
            return []
        said = self._look.at(sentence, self._previous)
        # What the customer has before them is what the next sentence goes on from, so a struck one counts no more.
        self._previous = said or self._previous
        said = said[: self._room]
        self._room -= len(said)
        return [said] if said else []


def sentence_end(text: str) -> int | None:
    """Where the first sentence of a text ends, or ``None`` while it may go on."""
    found = _END.search(text, 0, LONGEST_SENTENCE)
    if found is not None and found.end() < len(text):
        return found.end()
    if len(text) <= LONGEST_SENTENCE:
        return None
    space = text.rfind(" ", 1, LONGEST_SENTENCE)
    return space if space > 0 and text[:space].strip() else LONGEST_SENTENCE


@dataclass(frozen=True, slots=True)
class Place:
    """Where a listener was: the turn (the position of the customer's message) and the number of the last event."""

    turn: int = 0
    event: int = 0

    @classmethod
    def read(cls, event_id: str) -> "Place":
        """The place an event's id names, such as ``7.3``; the beginning for what is no such id."""
        found = _EVENT_ID.fullmatch(event_id)
        return cls(int(found[1]), int(found[2])) if found else cls()


class Encoder:
    """Server-sent events (HTML Living Standard §9.2) numbered from 1; those up to ``after`` are not sent again.

    With ``turn`` the ids name it too (``7.3``): an id of another turn must not hide what this one has told.
    """

    def __init__(self, *, after: int = 0, turn: int | None = None) -> None:
        self._after, self._last = after, 0
        self._turn = "" if turn is None else f"{turn}."

    def encode(self, name: str, data: Mapping[str, object]) -> bytes:
        """One event as bytes, or nothing when the browser has it. JSON holds no line break, so one line carries it."""
        self._last += 1
        if self._last <= self._after:
            return b""
        return f"id: {self._turn}{self._last}\nevent: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def as_event(heard: Heard) -> tuple[str, dict[str, object]]:
    """The event's name and data; of the end of a turn the page learns only that it is the end."""
    match heard:
        case Token(text):
            return "token", {"text": text}
        case ToolUsed(name, outcome):
            return "tool", {"name": name, "outcome": outcome}
        case CardShown(kind, key):
            return "card", {"kind": kind, "key": key}
        case Parked(approval_id):
            return "approval", {"id": approval_id}
        case Choices(texts):
            return "choices", {"texts": list(texts)}
        case StoodIn(sentence):
            return "notice", {"says": sentence}
        case Failed(sentence):
            return "failed", {"says": sentence}
        case Finished():
            return "finished", {}


async def with_heartbeat(source: AsyncIterator[bytes], *, every_s: float = 15.0) -> AsyncIterator[bytes]:
    """The same bytes, and a comment whenever nothing came for a while, so that proxies keep the line open."""
    task: asyncio.Task[bytes] | None = None
    try:
        while True:
            task = task or asyncio.ensure_future(anext(source))
            done, _ = await asyncio.wait({task}, timeout=every_s)
            if not done:
                yield HEARTBEAT
                continue
            finished, task = task, None
            try:
                piece = finished.result()
            except StopAsyncIteration:
                return
            yield piece
    finally:
        if task is not None:
            task.cancel()

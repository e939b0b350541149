"""A turn: one message of a customer and everything that answering it can reach.

A tool has its turn and nothing else. The turn holds the person who asks (from the session, never from the model), the
desk to ask at, and what has been seen so far; no tool and no middleware can reach a session, a key or another person.
"""

import asyncio
import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol, runtime_checkable

from agent.handles import Handles
from agent.provenance import Provenance
from agent.record import Record
from auth.actor import Actor, Channel, Origins
from auth.guard.commands import Command, action, arguments, canonical
from auth.guard.decisions import Outcome
from shop.allowances import Reservation, Spent, Use, Wanted
from shop.switches import NOTHING_STOPPED, Switches


# LangChain builds a schema of all that a tool is handed, and a protocol has one only when it can be checked for.
@runtime_checkable
class Asks(Protocol):
    """The part of the desk that the assistant has: it may ask. Signing and reviewing are not in reach."""

    def submit(self, actor: Actor, command: Command, *, request_id: str) -> Outcome:
        """Ask for something; a repeated ``request_id`` of the same account gets the first outcome."""


@runtime_checkable
class Purse(Protocol):
    """What the person in front of the chat may use of the models in a day. Both may write to a database: they are
    called in a thread."""

    def reserve(self, wanted: Wanted) -> Reservation | Spent:
        """Take what a call may cost before it is made, or say why it may not be made."""

    def settle(self, taken: Reservation, used: Use) -> None:
        """Put what the call really used in its place; once for each call that was answered."""


class Unlimited:
    """A purse without an end, for a turn that no customer pays for: nothing is counted."""

    def reserve(self, wanted: Wanted) -> Reservation | Spent:
        """Everything may be called."""
        return Reservation(date.min, wanted.is_hosted, wanted.tokens_in, wanted.tokens_out, 0)

    def settle(self, taken: Reservation, used: Use) -> None:
        """Nothing was taken."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something the shop should write down that never came to the desk. ``kind`` is ``tool.refused``, ``text.struck``,
    ``text.withheld``, ``model.stood_in``, ``allowance.spent`` or ``turn.failed``; ``why`` holds codes and counts, and
    nobody's words."""

    kind: str
    why: str
    tool: str = ""


@dataclass(slots=True)
class Allowance:
    """What is left in this turn: tool calls, model calls, and characters of answer."""

    tool_calls: int = 8
    model_calls: int = 6
    characters: int = 6000


@dataclass(frozen=True, slots=True)
class Used:
    """A tool call as it went: its outcome is ``shown`` for a look, else that of the desk or of the gate."""

    tool: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Handed:
    """What one call handed to a model: its bytes (canonical JSON, UTF-8), and how many values of each kind had been
    withheld from them. ``is_remote`` says that they left this process."""

    model: str
    is_remote: bool
    content: bytes
    withheld: Mapping[str, int]


def new_mark() -> str:
    """A mark nobody can foresee (68 bits). It has no vowels, so that no name and no word can stand in it by chance."""
    return "hp-" + "".join(secrets.choice("bcdfghjkmnpqrstvwxz") for _ in range(16))


@dataclass(slots=True)
class Turn:
    """Made by :meth:`agent.assistant.Assistant.turn`. ``note`` may write to a database: it is called in a thread.
    ``allowance`` bounds this turn, ``purse`` the day.

    ``id`` names the customer's message, so that a turn run again after a cut stream repeats no change.
    ``kept`` (messages) and ``cards`` (kind, key: those shown) grow while the turn runs: they are what to store,
    also if the stream is cut. ``handed`` holds what each call showed a model. ``mark`` stands in every result it is
    shown and must never come out. ``today`` is the day that "tomorrow" is counted from. ``stood_in``: the embedded
    model answers for the usual one, which is waited for until ``usual_until`` (time of the running loop). ``models``
    names the usual one and the one that stands in for it, and ``switches`` is what the staff had stopped when the turn
    began; what they stop later, the desk refuses all the same.
    """

    actor: Actor
    desk: Asks
    conversation: str
    id: str
    note: Callable[[Note], None]
    record: Record = field(default_factory=Record)
    provenance: Provenance = field(default_factory=Provenance)
    origins: Origins = ()
    allowance: Allowance = field(default_factory=Allowance)
    purse: Purse = field(default_factory=Unlimited)
    handles: Handles = field(default_factory=Handles)
    nonce: str = field(default_factory=lambda: secrets.token_hex(6))
    mark: str = field(default_factory=new_mark)
    offered: list[tuple[str, str]] = field(default_factory=list)
    cards: list[tuple[str, str]] = field(default_factory=list)
    today: date | None = None
    stood_in: bool = False
    usual_until: float | None = None
    used: list[Used] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    withheld: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    kept: list[dict[str, object]] = field(default_factory=list)
    handed: list[Handed] = field(default_factory=list)
    models: tuple[str, ...] = ()
    switches: Switches = NOTHING_STOPPED
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        if self.actor.channel is not Channel.CHAT or self.actor.act is None:
            raise ValueError("a turn is held for somebody, through the chat: use actor.through(Channel.CHAT, act=…)")

    def asker(self) -> Actor:
        """The actor of this moment: tainted from the first text by others on, with the origins of the present call, and
        with the name of the model that asks."""
        act = None if self.actor.act is None else replace(self.actor.act, model=self.model)
        return replace(self.actor, act=act, tainted=self.provenance.is_tainted, origins=self.origins)

    @property
    def model(self) -> str:
        """The name of the model that answers now; empty where nobody has said it."""
        return next(iter(self.models[-1:] if self.stood_in else self.models), "")

    def request_id(self, command: Command) -> str:
        """The same for the same command of the same turn, whatever the model calls it, so a retry changes nothing."""
        said = canonical([self.conversation, self.id, action(command), arguments(command)])
        return "turn:" + hashlib.sha256(said.encode()).hexdigest()[:40]

    def say_card(self, kind: str, key: str) -> None:
        """Offer a card: ``order``, ``product`` or ``approval``; which are shown is settled when the answer is there."""
        self.offered.append((kind, key))

"""A room of the shop as the desk sees it: one entry that says everything about one command.

``auth`` never imports the shop. The shop hands its table of rooms to the desk when the house is put together, and
an entry with a part missing, or a command that the policy schema does not know, keeps the house from opening.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import C, Command, Effect, Json, action
from auth.guard.grants import Grant
from auth.guard.judge import Entity, Judge, PolicyRefused

# Actions that the desk itself carries out; they need a policy and have no room.
DESK_ACTIONS = frozenset({"ReviewApproval"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the record says, for the policy and for the card.

    ``resource`` and ``context`` go to the judge. ``snapshot`` holds what the person relies on when they confirm
    (prices, stock, the destination): if it differs at the time of confirming, a new card is made. ``whose`` is the
    account the record belongs to, where that is not the actor's own (a clerk's look at a customer's order).
    """

    resource: Entity
    context: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    snapshot: Mapping[str, Json] = field(default_factory=dict)
    whose: UUID | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """What a countersign card shows, from the record: a sentence of what will happen, and lines (label, value)."""

    sentence: str
    lines: tuple[tuple[str, str], ...] = ()
    confirm: str = "Confirm"


@dataclass(frozen=True, slots=True)
class Settled:
    """The outside world did it; ``reference`` is its own name for what it did."""

    reference: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The outside world answered no, with a reason fit for the customer."""

    says: str


class Unreachable(Exception):
    """The outside world did not answer; whether it did anything is unknown."""


Settlement = Settled | Declined


class Outside(Protocol[C]):
    """The parts of a command that calls the outside world, in the order in which they run."""

    def prepare(self, session: Session, grant: Grant[C]) -> Mapping[str, Json]:
        """In the first transaction: reserve what the command needs, and say what will be asked of the outside."""

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        """No transaction is open. The same key must have the same effect once. Raises :class:`Unreachable`."""

    def release(self, session: Session, grant: Grant[C]) -> None:
        """In the second transaction, after a no: give back what :meth:`prepare` reserved."""


Found = TypeVar("Found")
Result = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Room(Generic[C]):
    """One command's place in the house.

    ``find`` starts from the actor and answers ``None`` for *not there* and *not theirs* alike. ``handle`` changes the
    shop and returns references and numbers (a read returns its view instead). ``verify`` re-reads what must now be
    true. ``says`` is the shop's own sentence about what was done, from the result. ``unminuted`` names the keys of the
    result that are told to the person and left out of the audit log, which never forgets.
    """

    command: type[C]
    effect: Effect
    find: Callable[[Session, Actor, C], Any]
    facts: Callable[[Session, Actor, C, Any], Facts]
    handle: Callable[[Session, Grant[C]], Any]
    verify: Callable[[Session, Grant[C], Result], bool] | None = None
    card: Callable[[Session, C, Any], Card] | None = None
    says: Callable[[Result], str] = lambda result: "Done."
    outside: Outside[C] | None = None
    unminuted: frozenset[str] = frozenset()


class RoomTable:
    """All rooms by their command; complete, or the house does not open."""

    def __init__(self, rooms: Iterable[Room[Any]], judge: Judge) -> None:
        self._rooms: dict[type[Command], Room[Any]] = {}
        for room in rooms:
            self._add(room, judge)
        if not self._rooms:
            raise PolicyRefused("no rooms: a shop in which nothing can be asked for does not open")
        homeless = set(judge.actions) - {action(kind) for kind in self._rooms} - DESK_ACTIONS
        if homeless:
            raise PolicyRefused(f"the policy knows actions that no room carries out: {', '.join(sorted(homeless))}")
        if not set(judge.actions) >= DESK_ACTIONS:
            raise PolicyRefused("the policy must know the desk's own actions: " + ", ".join(sorted(DESK_ACTIONS)))

    def __getitem__(self, kind: type[Command]) -> Room[Any]:
        return self._rooms[kind]

    def __iter__(self) -> Any:
        return iter(self._rooms.values())

    def __len__(self) -> int:
        return len(self._rooms)

    def named(self, name: str) -> Room[Any] | None:
        """The room of an action, by the action's name."""
        return next((room for kind, room in self._rooms.items() if action(kind) == name), None)

    def _add(self, room: Room[Any], judge: Judge) -> None:
        name = action(room.command)
        if room.command in self._rooms:
            raise PolicyRefused(f"{name} has two rooms")
        if judge.actions.get(name) != frozenset({room.effect}):
            raise PolicyRefused(
                f"{name} is {room.effect} in its room and {judge.actions.get(name)} in the policy schema"
            )
        if room.effect is Effect.WRITE and (room.card is None or room.verify is None):
            raise PolicyRefused(f"{name} changes the shop, so its room needs a card and a verification")
        self._rooms[room.command] = room

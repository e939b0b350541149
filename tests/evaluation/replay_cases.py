"""The cases of the replay, read from ``replay/*.yaml``: what each file may hold, and a clear sentence where it errs.

A case tells who asks, what is in the house first, what the customer says, which tools are called with what, what
becomes of the cards, and, for a good case, the state it must leave. A bad case leaves none: something in it must be
refused, and nothing may change.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from agent.tools import TOOLS

FOLDER = Path(__file__).with_name("replay")
MOST_CALLS = 5  # in one message: the sixth model call of a turn is the last one the budget allows
ASKERS = frozenset(
    {"customer", "guest", "clerk", "fresh code", "old code", "fresh password", "has a factor", "high risk", "frozen"}
    | {"held by a clerk", "waits for a clerk", "conversation gone"}
)
HANDS = frozenset(
    {"signs", "signs with a code", "signs with an old code", "signs at high risk", "declines", "somebody signs"}
    | {"signs in the chat", "a clerk agrees", "a clerk says no", "minutes pass", "meanwhile"}
)
HOUSE = frozenset({"orders", "options", "stock", "off_sale", "cards", "declining", "before", "reviews", "devices"})
OUTCOMES = frozenset({"shown", "done", "awaiting_approval", "new_card", "in_review", "declined", "bank_said_no"})
OUTCOMES |= {"pending", "not_found"}
STILL_WAITING = frozenset({"awaiting_approval", "new_card", "in_review"})  # after somebody has signed
# What is no outcome of a hand but a change of the world between asking and signing.
WORLD = frozenset({"minutes pass", "meanwhile"})


class CaseError(ValueError):
    """A file of cases holds a mistake; the message says where and which."""


@dataclass(frozen=True, slots=True)
class Hand:
    """What a person does with the card of a call, or the world meanwhile; ``about`` is the outcome, or what changes."""

    does: str
    about: Any


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call, its outcome, texts its result must hold and must not hold, and what becomes of its card."""

    tool: str
    arguments: Mapping[str, Any]
    outcome: str
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    then: tuple[Hand, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the customer, the page they were on, and the calls that follow, one after another."""

    says: str
    calls: tuple[Call, ...]
    page: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReplayCase:
    """One case. ``meets`` names policies that must have decided somewhere in it."""

    group: str
    id: str
    story: str
    is_good: bool
    who: frozenset[str]
    house: Mapping[str, Any]
    turns: tuple[Said, ...]
    leaves: Mapping[str, Any]
    meets: frozenset[str]

    @property
    def calls(self) -> Iterator[Call]:
        for turn in self.turns:
            yield from turn.calls

    @property
    def hands(self) -> Iterator[Hand]:
        for call in self.calls:
            yield from call.then

    @property
    def refusals(self) -> frozenset[str]:
        """The policies and reasons by which something must be refused."""
        named = [call.outcome for call in self.calls] + [str(hand.about) for hand in self.hands]
        return frozenset(outcome.removeprefix("refused ") for outcome in named if outcome.startswith("refused "))


def read_cases(folder: Path = FOLDER) -> tuple[ReplayCase, ...]:
    """All cases of a folder, file by file. Raises :class:`CaseError` for what no case can be."""
    found = [case for path in sorted(folder.glob("*.yaml")) for case in _file(path)]
    twice = sorted({case.id for case in found if sum(other.id == case.id for other in found) > 1})
    if twice:
        raise CaseError(f"two cases are called {twice[0]}")
    return tuple(found)


def read_case(told: Mapping[str, Any], *, group: str, is_good: bool) -> ReplayCase:
    """One case as it stands in a file."""
    name = str(told.get("id", "a case without an id"))
    where = f"{group}: {name}"
    keys = {"id", "story", "who", "house", "says", "page", "calls", "turns", "leaves", "meets"}
    _only(told, keys, where)
    if not told.get("id") or not told.get("story"):
        raise CaseError(f"{where}: a case has an id and a story")
    whole = [{key: told[key] for key in ("says", "page", "calls") if key in told}]
    turns = tuple(_said(turn, where) for turn in told.get("turns", whole))
    case = ReplayCase(
        group=group,
        id=name,
        story=str(told["story"]),
        is_good=is_good,
        who=_who(str(told.get("who", "customer")), where),
        house=_house(told.get("house") or {}, where),
        turns=turns,
        leaves=told.get("leaves") or {},
        meets=frozenset(told.get("meets") or ()),
    )
    _fits_its_kind(case, where)
    return case


def _file(path: Path) -> Iterator[ReplayCase]:
    told = yaml.safe_load(path.read_text("utf-8"))
    if not isinstance(told, Mapping):
        raise CaseError(f"{path.name} holds no cases")
    _only(told, {"about", "good", "bad"}, path.name)
    for kind in ("good", "bad"):
        for case in told.get(kind) or ():
            yield read_case(case, group=path.stem, is_good=kind == "good")


def _said(told: Mapping[str, Any], where: str) -> Said:
    _only(told, {"says", "page", "calls"}, where)
    calls = tuple(_call(call, where) for call in told.get("calls") or ())
    if not told.get("says") or not calls:
        raise CaseError(f"{where}: a turn has something said and calls")
    if len(calls) > MOST_CALLS:
        raise CaseError(f"{where}: at most {MOST_CALLS} calls one after another fit into a turn")
    return Said(str(told["says"]), calls, told.get("page") or {})


def _call(told: Mapping[str, Any], where: str) -> Call:
    named = [key for key in told if key not in {"is", "shows", "hides", "then"}]
    if len(named) != 1:
        raise CaseError(f"{where}: a call names one tool, and not {named}")
    tool = str(named[0])
    # A call that no tool answers is a case too; it says so by its outcome.
    outcome = str(told.get("is", "shown"))
    if tool not in {known.name for known in TOOLS} and outcome != "refused unknown-tool":
        raise CaseError(f"{where}: there is no tool {tool}")
    arguments = told[tool] or {}
    if not isinstance(arguments, Mapping) or not all(isinstance(key, str) for key in arguments):
        raise CaseError(f'{where}: the arguments of {tool} are names and values (quote "on", "yes" and "no")')
    hands = tuple(_hand(hand, where) for hand in told.get("then") or ())
    _is_outcome(outcome, where)
    return Call(tool, arguments, outcome, _texts(told, "shows"), _texts(told, "hides"), hands)


def _hand(told: Mapping[str, Any], where: str) -> Hand:
    ((does, about),) = told.items() if len(told) == 1 else (("", ""),)
    if does not in HANDS:
        raise CaseError(f"{where}: nobody can do {dict(told)}; known are {', '.join(sorted(HANDS))}")
    if does not in WORLD:
        _is_outcome(str(about), where)
    return Hand(does, about)


def _who(told: str, where: str) -> frozenset[str]:
    words = frozenset(word.strip() for word in told.split(","))
    if unknown := sorted(words - ASKERS):
        raise CaseError(f"{where}: {unknown[0]!r} says nothing about who asks; known are {', '.join(sorted(ASKERS))}")
    return words


def _house(told: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    _only(told, HOUSE, where)
    return told


def _fits_its_kind(case: ReplayCase, where: str) -> None:
    refused = case.refusals or any("not_found" in (call.outcome, *(h.about for h in call.then)) for call in case.calls)
    kept_waiting = any(
        h.does not in WORLD and h.about in ("awaiting_approval", "new_card", "in_review") for h in case.hands
    )
    if case.is_good and refused:
        raise CaseError(f"{where}: a good case holds nothing that is refused")
    if not case.is_good and not (refused or kept_waiting):
        raise CaseError(f"{where}: a bad case says what is refused in it")
    if not case.is_good and case.leaves:
        raise CaseError(f"{where}: a bad case leaves everything as it was")


def _is_outcome(word: str, where: str) -> None:
    if word not in OUTCOMES and not re.fullmatch(r"refused [a-z0-9_.\- ]+", word):
        raise CaseError(f"{where}: {word!r} is no outcome; known are {', '.join(sorted(OUTCOMES))} and refused …")


def _texts(told: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = told.get(key) or ()
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _only(told: Mapping[Any, Any], known: Sequence[str] | set[str] | frozenset[str], where: str) -> None:
    if unknown := sorted(str(key) for key in told if key not in known):
        raise CaseError(f"{where}: {unknown[0]!r} is not known here; known are {', '.join(sorted(known))}")

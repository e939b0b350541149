"""Intents are data: one YAML file each, read here into frozen values; a mistake in one is named with its file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.local.soundness import FEWEST, MOVES, check_links, check_reply, check_slot
from agent.local.wording import load_yaml

LANGUAGES = ("en", "de")
KEYS = frozenset(
    re.findall(
        r"\w+",
        "id tool move offers choice slots examples contrast held_out replies recalls instead becomes facts changes",
    )
)
# The names under which a slot's details stand in YAML, where they differ from the field's.
RENAMED = {"from": "source"}


@dataclass(frozen=True, slots=True)
class Slot:
    """One argument of the tool: which kind of filling it takes, a fixed value, or one of a few values by their words.

    ``among`` are the states of an order in which this can usually be done; they choose what to ask about, and decide
    nothing. ``otherwise`` says what happens when nothing was named: ``ask``, take the ``newest``, ``leave`` it
    out, or take what was ``said`` for the wish. ``one_of`` with a fill comes before it ("take it out" is none of it).
    A ``record`` is chosen from what the tool in ``source`` answers under ``rows`` (``basket.items`` for a list within):
    its value stands under ``take``, and people know it by ``label``. ``one_of`` holds each value with the beginnings of
    words that mean it; ``buttons`` are likely answers by language.
    """

    name: str
    fill: str = ""
    value: Any = None
    required: bool = True
    among: tuple[str, ...] = ()
    otherwise: str = "ask"
    of: str = ""
    source: str = ""
    rows: str = ""
    take: str = "handle"
    label: str = "label"
    one_of: tuple[tuple[Any, tuple[str, ...]], ...] = ()
    buttons: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def offered(self, language: str) -> tuple[str, ...]:
        """The likely answers in a language; none when the file names none."""
        return dict(self.buttons).get(language, ())


@dataclass(frozen=True, slots=True)
class Intent:
    """What a customer may want: the tool that serves it, what it needs, how it is said, and how it is answered.

    ``becomes``: the intent that serves the same wish in another state of the order ("send it back" before it has left
    is a cancellation); the reply ``becomes_…`` says so. ``instead``: what to offer when the shop says no, by the state;
    the reply ``instead_…`` is said for it. ``facts``: how a row of a list in the tool's answer is written, or an empty
    text for a single value. ``changes``: the tool changes something. ``recalls``: it is answered from the last change
    of the conversation, when there is one.
    """

    id: str
    tool: str | None
    move: str | None
    offers: str | None
    choice: Mapping[str, str]
    slots: tuple[Slot, ...]
    examples: Mapping[str, tuple[str, ...]]
    contrast: Mapping[str, tuple[str, ...]]
    held_out: tuple[str, ...]
    replies: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    recalls: bool = False
    instead: Mapping[str, str] = field(default_factory=dict)
    becomes: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    changes: bool = False

    def order_states(self) -> tuple[str, ...]:
        """The states in which an order usually allows this; empty when any does."""
        return next((slot.among for slot in self.slots if slot.fill == "order"), ())

    def asks_about(self, fill: str) -> bool:
        """Whether one of its slots is of this kind."""
        return any(slot.fill == fill for slot in self.slots)


def load_intents(folder: Path) -> dict[str, Intent]:
    """Every intent of a folder by its id; ValueError names the file and what is wrong with it."""
    intents = {path.stem: _read(path) for path in sorted(folder.glob("*.yaml"))}
    if not intents:
        raise ValueError(f"no intents in {folder}")
    for intent in intents.values():
        check_links(intent, intents)
    return intents


def load_replies(path: Path) -> dict[str, Mapping[str, tuple[str, ...]]]:
    """The replies shared by all intents: outcomes, questions and repairs."""
    return {key: _replies(path.name, key, value) for key, value in load_yaml(path).items()}


def _read(path: Path) -> Intent:
    data, where = load_yaml(path), path.name
    if unknown := set(data) - KEYS:
        raise ValueError(f"{where}: unknown keys {sorted(unknown)}")
    if data.get("id") != path.stem:
        raise ValueError(f"{where}: the id must be the file's name")
    if data.get("move") not in MOVES | {None}:
        raise ValueError(f"{where}: move must be one of {sorted(MOVES)}")
    slots = {name: dict(value) for name, value in (data.get("slots") or {}).items()}
    questions = {f"ask_{name}": slot.pop("question") for name, slot in slots.items() if "question" in slot}
    facts = {name: str(line or "") for name, line in (data.get("facts") or {}).items()}
    replies = {
        key: _replies(where, key, value, own=frozenset(facts))
        for key, value in {**(data.get("replies") or {}), **questions}.items()
    }
    return Intent(
        id=data["id"],
        tool=data.get("tool"),
        move=data.get("move"),
        offers=data.get("offers"),
        choice={language: str(data["choice"][language]) for language in LANGUAGES},
        slots=tuple(_slot(where, name, value) for name, value in slots.items()),
        examples=_by_language(where, "examples", data.get("examples") or {}),
        contrast={other: _lines(text) for other, text in (data.get("contrast") or {}).items()},
        held_out=_lines(data.get("held_out", "")),
        replies=replies,
        recalls=bool(data.get("recalls", False)),
        instead=dict(data.get("instead") or {}),
        becomes=dict(data.get("becomes") or {}),
        facts=facts,
        changes=bool(data.get("changes", "awaiting" in replies)),
    )


def _slot(where: str, name: str, value: Mapping[str, Any]) -> Slot:
    data = {RENAMED.get(key, key): detail for key, detail in value.items()}
    if unknown := set(data) - set(Slot.__dataclass_fields__):
        raise ValueError(f"{where}: slot {name}: unknown keys {sorted(unknown)}")
    data["among"] = tuple(data.get("among", ()))
    data["one_of"] = tuple((what, tuple(map(str, starts))) for what, starts in (data.get("one_of") or {}).items())
    data["buttons"] = tuple((language, tuple(said)) for language, said in (data.get("buttons") or {}).items())
    slot = Slot(name=name, **data)
    check_slot(where, slot)
    return slot


def _by_language(where: str, what: str, texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    read = {language: _lines(texts.get(language, "")) for language in LANGUAGES}
    for language, lines in read.items():
        if len(lines) < FEWEST[what][language]:
            raise ValueError(f"{where}: {what} in {language}: at least {FEWEST[what][language]} are needed")
    return read


def _replies(
    where: str, key: str, texts: Mapping[str, str], *, own: frozenset[str] = frozenset()
) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(texts, Mapping):
        raise ValueError(f"{where}: reply {key}: expected variants by language")
    read = _by_language(where, "replies", texts)
    for line in (line for lines in read.values() for line in lines):
        check_reply(where, key, line, own)
    return read


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in str(text).splitlines() if line.strip())

"""Intents are data: one YAML file each, checked at start so that a mistake is found before a customer finds it."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.local.wording import load_yaml

LANGUAGES = ("en", "de")
FILLS = frozenset(
    re.findall(
        r"\w+",
        "order items product variant quantity reason address query category max_price status summary topic",
    )
)
MOVES = frozenset({"agree", "decline", "drop", "answer", "correct"})
PROMISES = re.compile(
    r"\bwe will\b|\bI will\b|\bwe'll\b|\bI'll\b|guarantee|promise|\bwir werden\b|\bich werde\b|garantier|versprech",
    re.I,
)
PLACE = re.compile(r"\{(\w+)\}")
FACTS = frozenset(
    re.findall(
        r"\w+",
        "order status placed total items estimate tracking refunds refundable orders products name price "
        "variants rating quote section link query says addresses choice other",
    )
)
FEWEST = {"examples": {"en": 15, "de": 6}, "replies": {"en": 3, "de": 2}}


@dataclass(frozen=True, slots=True)
class Slot:
    """One argument of the tool: which kind of filling it takes, or a fixed value.

    The fill ``topic`` has both: the customer's words, where they lead to the topic in ``value``, else that topic.
    ``among`` are the states of an order in which this can usually be done; they choose what to ask about, and decide
    nothing.
    """

    name: str
    fill: str = ""
    value: str | None = None
    required: bool = True
    among: tuple[str, ...] = ()
    otherwise: str = "ask"


@dataclass(frozen=True, slots=True)
class Intent:
    """What a customer may want: the tool that serves it, what it needs, how it is said, and how it is answered.

    ``recalls``: it is answered from the last change of the conversation, when there is one. ``instead``: what to offer
    when the shop says no, by the state of the order; the reply ``instead_…`` of that intent is said for it.
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

    def order_states(self) -> tuple[str, ...]:
        """The states in which an order usually allows this; empty when any does."""
        return next((slot.among for slot in self.slots if slot.fill == "order"), ())


def load_intents(folder: Path) -> dict[str, Intent]:
    """Every intent of a folder by its id; ValueError names the file and what is wrong with it."""
    intents = {path.stem: _read(path) for path in sorted(folder.glob("*.yaml"))}
    if not intents:
        raise ValueError(f"no intents in {folder}")
    for intent in intents.values():
        _check_links(intent, intents)
    return intents


def load_replies(path: Path) -> dict[str, Mapping[str, tuple[str, ...]]]:
    """The replies shared by all intents: outcomes, questions and repairs."""
    return {key: _replies(path.name, key, value) for key, value in load_yaml(path).items()}


def check_tools(intents: Iterable[Intent], tools: Mapping[str, Collection[str]]) -> list[str]:
    """What does not fit between intents and tools (name -> argument names), one sentence each; empty when all fits."""
    problems = []
    for intent in intents:
        if intent.tool is None:
            continue
        if intent.tool not in tools:
            problems.append(f"intent {intent.id}: there is no tool named {intent.tool}")
            continue
        problems += [
            f"intent {intent.id}: tool {intent.tool} has no argument {slot.name}"
            for slot in intent.slots
            if slot.name not in tools[intent.tool]
        ]
    return problems


def _read(path: Path) -> Intent:
    data = load_yaml(path)
    where = path.name
    unknown = set(data) - {
        "id",
        "tool",
        "move",
        "offers",
        "choice",
        "slots",
        "examples",
        "contrast",
        "held_out",
        "replies",
        "recalls",
        "instead",
    }
    if unknown:
        raise ValueError(f"{where}: unknown keys {sorted(unknown)}")
    if data.get("id") != path.stem:
        raise ValueError(f"{where}: the id must be the file's name")
    if data.get("move") not in MOVES | {None}:
        raise ValueError(f"{where}: move must be one of {sorted(MOVES)}")
    return Intent(
        id=data["id"],
        tool=data.get("tool"),
        move=data.get("move"),
        offers=data.get("offers"),
        choice={language: str(data["choice"][language]) for language in LANGUAGES},
        slots=tuple(_slot(where, name, value) for name, value in (data.get("slots") or {}).items()),
        examples=_by_language(where, "examples", data.get("examples") or {}),
        contrast={other: _lines(text) for other, text in (data.get("contrast") or {}).items()},
        held_out=_lines(data.get("held_out", "")),
        replies={key: _replies(where, key, value) for key, value in (data.get("replies") or {}).items()},
        recalls=bool(data.get("recalls", False)),
        instead=dict(data.get("instead") or {}),
    )


def _slot(where: str, name: str, value: Mapping[str, Any]) -> Slot:
    slot = Slot(name=name, **{**value, "among": tuple(value.get("among", ()))})
    if slot.fill == "topic" and slot.value:
        return slot
    if (slot.fill in FILLS - {"topic"}) == (slot.value is not None):
        raise ValueError(f"{where}: slot {name} needs either a value or a fill out of {sorted(FILLS)}")
    if slot.otherwise not in {"ask", "newest"}:
        raise ValueError(f"{where}: slot {name}: otherwise must be ask or newest")
    return slot


def _by_language(where: str, what: str, texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    read = {language: _lines(texts.get(language, "")) for language in LANGUAGES}
    for language, lines in read.items():
        if len(lines) < FEWEST[what][language]:
            raise ValueError(f"{where}: {what} in {language}: at least {FEWEST[what][language]} are needed")
    return read


def _replies(where: str, key: str, texts: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    read = _by_language(where, "replies", texts)
    for line in (line for lines in read.values() for line in lines):
        strange = set(PLACE.findall(line)) - FACTS
        if strange:
            raise ValueError(f"{where}: reply {key}: unknown facts {sorted(strange)}")
        if re.search(r"\d", line) or PROMISES.search(line):
            raise ValueError(f"{where}: reply {key}: no numbers and no promises in a template: {line!r}")
    return read


def _check_links(intent: Intent, intents: Mapping[str, Intent]) -> None:
    named = set(intent.contrast) | set(intent.instead.values()) | ({intent.offers} if intent.offers else set())
    missing = named - set(intents)
    if missing:
        raise ValueError(f"{intent.id}.yaml: refers to unknown intents {sorted(missing)}")
    if intent.tool is None and intent.move is None and "talk" not in intent.replies:
        raise ValueError(f"{intent.id}.yaml: an intent without a tool needs the reply 'talk'")


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in str(text).splitlines() if line.strip())

"""What must be true of intent files: a mistake is found at start, with the file's name, and never by a customer."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent.local.intents import Intent, Slot

MOVES = frozenset({"agree", "decline", "drop", "answer", "correct"})
# The kinds of filling, each with the JSON types that a tool's argument of that kind may have.
FILLS: Mapping[str, frozenset[str]] = {
    "order": frozenset({"string"}),
    "items": frozenset({"array"}),
    "line": frozenset({"integer"}),
    "product": frozenset({"string"}),
    "products": frozenset({"array"}),
    "like": frozenset({"string"}),
    "variant": frozenset({"string"}),
    "option": frozenset({"string"}),
    "quantity": frozenset({"integer"}),
    "reason": frozenset({"string"}),
    "words": frozenset({"string"}),
    "date": frozenset({"string"}),
    "email": frozenset({"string"}),
    "address": frozenset({"string"}),
    "record": frozenset({"string", "integer"}),
    "query": frozenset({"string"}),
    "category": frozenset({"string"}),
    "max_price": frozenset({"string", "number"}),
    "status": frozenset({"string"}),
    "summary": frozenset({"string"}),
    "topic": frozenset({"string"}),
}
OTHERWISE = frozenset({"ask", "newest", "leave", "said"})
PROMISES = re.compile(
    r"\bwe will\b|\bI will\b|\bwe'll\b|\bI'll\b|guarantee|promise|\bwir werden\b|\bich werde\b|garantier|versprech",
    re.I,
)
PLACE = re.compile(r"\{(\w+)\}")
FACTS = frozenset(
    re.findall(
        r"\w+",
        "order status placed total items estimate tracking refunds refundable orders products name price "
        "variants rating quote section link query says addresses choice other options choices_list item",
    )
)
FEWEST = {"examples": {"en": 15, "de": 6}, "replies": {"en": 3, "de": 2}}


def check_slot(where: str, slot: "Slot") -> None:
    """ValueError when a slot names no way to be filled, two of them, or one that lacks a part."""
    ways = [slot.value is not None, slot.fill in FILLS or bool(slot.one_of)]
    topic = slot.fill == "topic" and slot.value is not None
    if (slot.fill and slot.fill not in FILLS) or (sum(ways) != 1 and not topic):
        raise ValueError(f"{where}: slot {slot.name} needs either a value or a fill out of {sorted(FILLS)}, or one_of")
    if slot.otherwise not in OTHERWISE:
        raise ValueError(f"{where}: slot {slot.name}: otherwise must be one of {sorted(OTHERWISE)}")
    if slot.fill in {"record", "address"} and not (slot.source and slot.rows):
        raise ValueError(f"{where}: slot {slot.name}: a {slot.fill} needs from (a tool) and rows (in its answer)")
    if slot.fill == "option" and not slot.of:
        raise ValueError(f"{where}: slot {slot.name}: an option needs of (the slot of the line it belongs to)")


def check_reply(where: str, key: str, line: str, own: frozenset[str]) -> None:
    """ValueError for a template that names an unknown fact, or that holds a number or a promise."""
    if strange := set(PLACE.findall(line)) - FACTS - own:
        raise ValueError(f"{where}: reply {key}: unknown facts {sorted(strange)}")
    if re.search(r"\d", line) or PROMISES.search(line):
        raise ValueError(f"{where}: reply {key}: no numbers and no promises in a template: {line!r}")


def check_links(intent: "Intent", intents: "Mapping[str, Intent]") -> None:
    """ValueError when an intent refers to one that is not there, or to a slot that comes after, or says nothing."""
    named = set(intent.contrast) | set(intent.instead.values()) | set(intent.becomes.values())
    named |= {intent.offers} if intent.offers else set()
    if missing := named - set(intents):
        raise ValueError(f"{intent.id}.yaml: refers to unknown intents {sorted(missing)}")
    if intent.tool is None and intent.move is None and "talk" not in intent.replies:
        raise ValueError(f"{intent.id}.yaml: an intent without a tool needs the reply 'talk'")
    if intent.becomes and not intent.asks_about("order"):
        raise ValueError(f"{intent.id}.yaml: becomes goes by the state of an order, and no slot is one")
    before: set[str] = set()
    for slot in intent.slots:
        needs = {slot.of} if slot.of else {"order"} if slot.fill in {"items", "line"} else set()
        if not needs <= before:
            raise ValueError(f"{intent.id}.yaml: slot {slot.name} needs {sorted(needs)} among the slots before it")
        before.add(slot.name)


def check_replies(intents: "Mapping[str, Intent]", shared: Iterable[str]) -> list[str]:
    """The replies that an intent may come to need and that nobody has written, one sentence each."""
    known, problems = set(shared), []
    for intent in intents.values():
        needed = {f"instead_{other}" for other in intent.instead.values()}
        needed |= {f"becomes_{other}" for other in intent.becomes.values()}
        asked = [s for s in intent.slots if s.required and s.otherwise == "ask"]
        needed |= {f"ask_{s.name}" for s in asked if s.one_of or s.fill in {"record", "words", "date", "email"}}
        needed |= {f"no_{s.rows.rpartition('.')[2]}" for s in intent.slots if s.fill in {"record", "address"}}
        missing = sorted(key for key in needed if key not in known and key not in intent.replies)
        problems += [f"{intent.id}.yaml: the reply {key} is missing" for key in missing]
    return problems


def check_tools(intents: "Iterable[Intent]", tools: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What does not fit between intents and tools (name -> JSON schema of its arguments), one sentence each."""
    problems = []
    for intent in intents:
        where = f"{intent.id}.yaml"
        problems += [
            f"{where}: slot {slot.name} looks into {slot.source}, and there is no such tool"
            for slot in intent.slots
            if slot.source and slot.source not in tools
        ]
        if intent.tool is None:
            continue
        if intent.tool not in tools:
            problems.append(f"{where}: there is no tool named {intent.tool}")
            continue
        known = tools[intent.tool].get("properties") or {}
        given = {slot.name for slot in intent.slots}
        for slot in intent.slots:
            if slot.name not in known:
                problems.append(f"{where}: tool {intent.tool} has no argument {slot.name}")
            elif not _kinds(slot) & _types(known[slot.name]):
                problems.append(f"{where}: a {slot.fill or 'value'} can't be the argument {slot.name} of {intent.tool}")
        problems += [
            f"{where}: tool {intent.tool} needs the argument {name}, and no slot gives it"
            for name in tools[intent.tool].get("required") or ()
            if name not in given
        ]
    return problems


def _kinds(slot: "Slot") -> frozenset[str]:
    if slot.fill:
        return FILLS[slot.fill]
    named = {bool: "boolean", int: "integer", str: "string"}
    values = [value for value, _ in slot.one_of] or [slot.value]
    return frozenset(named[type(value)] for value in values if type(value) in named)


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    parts = schema.get("anyOf") or [schema]
    # An argument that says nothing about its type takes any.
    return frozenset(part["type"] for part in parts if "type" in part) or frozenset(
        {"string", "integer", "number", "boolean", "array"}
    )

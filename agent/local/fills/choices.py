"""Choices from a record of the customer's own (an address, a card, a topic), or from a few values by their words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz

from agent.local.filling import OFFERED, Filling, Run
from agent.local.naming import named_orders
from agent.local.outcomes import answered
from agent.local.replies import listed
from agent.local.slots import Mentions, begins, matching
from agent.local.tasks import Call, Said

SLIP = 80  # rapidfuzz ratio (0-100) from which two words of one length are taken for the same
APART = re.compile(r"[,;.!?]\s+|\s+(?:and|but|und|aber)\s+", re.I)


def fill_record(f: Filling) -> Run:
    """What the record holds for the row that was named; the only row where there is one; else a question."""
    rows = yield from _rows(f)
    if not isinstance(rows, list):
        return rows
    for text, m in zip(f.texts, f.heard, strict=True):
        if len(fit := _named(f, rows, text, m)) == 1:
            return fit[0][f.slot.take]
    if len(rows) == 1:
        return rows[0][f.slot.take]
    return f.ask(*_offers(f, rows))


def fill_address(f: Filling) -> Run:
    """The handle of a saved address by its label. Streets are never read from the chat: they have their page."""
    rows = yield from _rows(f)
    if not isinstance(rows, list):
        return rows
    for text, m in zip(f.texts, f.heard, strict=True):
        if len(fit := _named(f, rows, text, m)) == 1:
            return fit[0][f.slot.take]
        if len(fit) > 1 and len(near := _for_this_order(f, rows, text)) == 1:
            return near[0][f.slot.take]
    if f.out_of_season():
        return Said("too_late", {"order": f.args["order"], "status": f.status(spoken=True)})
    elsewhere = any(f.reader.words.elsewhere & set(m.words) or m.quantity for m in f.heard)
    facts, labels = _offers(f, rows)
    return f.ask({"addresses": facts["choices_list"], **facts}, labels, key="ask_own_address" if elsewhere else "")


def _for_this_order(f: Filling, rows: Sequence[Mapping[str, Any]], text: str) -> list[Mapping[str, Any]]:
    """The address in the part of a message that names what the order holds: "the trough to the office"."""
    order = [o for o in f.memory.orders if o.get("number") == f.args.get("order")]
    parts = [part for part in APART.split(text) if named_orders(order, part, f.reader)]
    return next((fit for part in parts if len(fit := _named(f, rows, part, f.reader.read(part))) == 1), [])


def one_of(f: Filling) -> Any:
    """The value whose words were said, else None; the first in the file wins, so that "not" can stand before "yes"."""
    said = (value for text in f.texts for value, starts in f.slot.one_of if begins(text, starts, f.reader.words))
    typed = (value for text in f.texts for value, starts in f.slot.one_of if _mistyped(text, starts, f))
    return next((value for way in (said, typed) for value in way), None)


def _mistyped(text: str, starts: Sequence[str], f: Filling) -> bool:
    """Whether a longer word of a text is one of these with a slip of the finger: "remvoe"."""
    long = [start for start in starts if len(start) >= 6 and " " not in start]
    said = [word for word in f.reader.words.split(text) if len(word) >= 6]
    return any(fuzz.ratio(word, start) >= SLIP and len(word) == len(start) for word in said for start in long)


def fill_topic(f: Filling) -> Run:
    """The customer's own words where they lead to a section of the intent's topic, else that topic."""
    said = " ".join(f.task.said[-1].split())
    # People ask "how much is it", and rules are headed by what it costs.
    asked = f"cost {said}"[:60] if {"much", "expensive", "teuer"} & set(f.heard[0].words) else said[:60]
    result = yield Call("read_policy", {"topic": asked})
    fits = answered(result) and str(result.get("link", "")).startswith(f"/policies/{f.slot.value}")
    return asked if fits else f.slot.value


def _rows(f: Filling) -> Run:
    result = yield from f.look(f.slot.source, {})
    if isinstance(result, Said):
        return result
    found: Any = result
    for name in f.slot.rows.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    rows = [row for row in found or () if isinstance(row, Mapping) and row.get(f.slot.take) is not None]
    return rows or Said(f"no_{f.slot.rows.rpartition('.')[2]}")


def _named(f: Filling, rows: Sequence[Mapping[str, Any]], text: str, m: Mentions) -> list[Mapping[str, Any]]:
    """The rows that a text names: by a word all know ("office"), by digits ("ending 4242"), by place or name."""
    # A label that would tell something personal is a handle here, in the customer's words as well.
    said_whole = f" {' '.join(m.words)} "
    if by_handle := [row for row in rows if f" {' '.join(f.reader.words.split(str(row[f.slot.take])))} " in said_whole]:
        return by_handle
    # What is said about addresses in general names none of those that are called by a handle.
    readable = [row for row in rows if ":" not in _label(f, row)]
    labels = [f.reader.read(_label(f, row)) for row in readable]
    if m.labels and any(label.labels for label in labels):
        return [row for row, label in zip(readable, labels, strict=True) if set(m.labels) & set(label.labels)]
    said = set(m.words)
    digits = {word for word in said if word.isdigit() and len(word) >= 3}
    if by_digits := [row for row, label in zip(readable, labels, strict=True) if digits & set(label.words)]:
        return by_digits
    exact = [row for row in readable if text.strip().casefold() == _label(f, row).casefold()]
    if exact or (found := matching(readable, m, f.reader.words, text=f.slot.label)):
        return exact or found
    alike = zip(readable, labels, strict=True)
    if by_part := [row for row in rows if said & _handle_words(f, row)]:
        return by_part
    if by_beginning := [row for row, label in alike if _begin_alike(said, set(label.words))]:
        return by_beginning
    if m.position is not None and (f.answer or not f.reader.words.orders & said):
        return [rows[min(m.position, len(rows) - 1)]]
    return []


def _handle_words(f: Filling, row: Mapping[str, Any]) -> set[str]:
    """The telling words of a handle of words: "reminders" of ``review_reminders``."""
    handle = str(row[f.slot.take])
    return (
        {word for word in f.reader.words.split(handle.replace("_", " ")) if len(word) > 4} if "_" in handle else set()
    )


def _begin_alike(said: set[str], label: set[str]) -> bool:
    """Whether a longer word was said that a word of the label begins: "newsletter" for "news"."""
    return any(word.startswith(part) for word in said for part in label if len(part) >= 4)


def _label(f: Filling, row: Mapping[str, Any]) -> str:
    return f"{row.get(f.slot.label) or ''}{' (' + str(row['variant']) + ')' if row.get('variant') else ''}"


def _offers(f: Filling, rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], tuple[str, ...]]:
    labels = tuple(_label(f, row) for row in rows[:OFFERED])
    return {"choices_list": listed(labels)}, labels

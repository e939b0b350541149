"""Which lines of an order are meant: by the thing, its colour, its place in the order, or all of them."""

import re
from collections.abc import Mapping
from itertools import repeat
from typing import Any

from agent.local.filling import OFFERED, Filling, Run
from agent.local.naming import named_rows
from agent.local.outcomes import part
from agent.local.replies import listed
from agent.local.slots import Mentions, matching, rows_in
from agent.local.tasks import Said

# "The small drybag from HP-…": something of the order, whatever it is called there.
PART = re.compile(
    r"\b(?:the|my|a|one|die|der|das|den|ein|eine|einen)\s+(?:\w+\s+){1,3}(?:from|in|of|out of|aus|von)\s+#", re.I
)
SHOWING = frozenset({"show_order", "where_is_order", "show_invoice"})
# "Cancel the order with the lamp" is about the order; "cancel the lamp in my order" is about the lamp.
WITHIN = re.compile(r"\b(?:from|of|in|off|out of|aus|von|in)\s+(?:\w+\s+){0,2}(?:order|bestellung|purchase)\b", re.I)


def fill_items(f: Filling) -> Run:
    """The numbers of the lines; one of an order of one line. None when the order's state rules the request out."""
    named = f.slot.otherwise != "leave" or any(map(_singles_out, f.texts, f.heard, repeat(f))) or is_within(f)
    named = named or any(_is_part(text, f) for text in f.texts)
    if f.out_of_season() or not named:
        return None
    rows = yield from order_rows(f)
    if not isinstance(rows, list):
        return rows
    if f.slot.otherwise == "leave":
        return _singled_out(f, rows)
    chosen = _chosen(f, rows)
    if chosen:
        return [row["line"] for row in chosen]
    everything = f.reader.words.everything_choice[f.language]
    return f.ask({"items": listed(map(line_name, rows))}, (*map(line_name, rows[:OFFERED]), everything))


def fill_line(f: Filling) -> Run:
    """The number of one line."""
    if f.out_of_season():
        return None
    rows = yield from order_rows(f)
    if not isinstance(rows, list):
        return rows
    chosen = _chosen(f, rows)
    if len(chosen) == 1:
        return chosen[0]["line"]
    left = chosen or rows
    return f.ask({"items": listed(map(line_name, left))}, tuple(map(line_name, left[:OFFERED])))


def order_rows(f: Filling) -> Run:
    """The lines of the order in question, from what is known of it or from another look."""
    number = f.args.get("order")
    order = next((o for o in f.memory.orders if o.get("number") == number and o.get("items")), None)
    if order is None:
        result = yield from f.look("show_order", {"order": number})
        if isinstance(result, Said):
            return result
        order = part(result, "order")
    return [row for row in rows_in(order, "items") if isinstance(row.get("line"), int)]


def line_name(row: Mapping[str, Any]) -> str:
    """A line as people know it: the thing and its option."""
    return f"{row.get('name')}" + (f" ({row['variant']})" if row.get("variant") else "")


def _chosen(f: Filling, rows: list[Mapping[str, Any]]) -> list[Any]:
    if len(rows) <= 1:
        return rows
    answer = f.reader.read(f.answer)
    if answer.everything:
        return rows
    for text, m in zip(f.texts, f.heard, strict=True):
        if found := named_rows(rows, text, f.reader) or matching(rows, m, f.reader.words):
            return found
    if answer.position is not None or is_within(f):
        m = answer if answer.position is not None else f.heard[0]
        return [_at(rows, m)]
    return []


def is_within(f: Filling) -> bool:
    """Whether "the last one" is a line of the order that was shown just now, and no order."""
    last, m = f.memory.last, f.reader.read(f.task.said[-1])
    shown = last is not None and last.intent in SHOWING and bool(f.memory.order)
    return shown and m.position is not None and not f.reader.words.orders & set(m.words)


def _at(rows: list[Mapping[str, Any]], m: Mentions) -> Mapping[str, Any]:
    # Orders stand newest first, and the lines of one in the order in which people read them.
    last = {"last", "latest", "letzte", "letzten", "letztes"} & set(m.words)
    return rows[-1] if last else rows[min(m.position or 0, len(rows) - 1)]


def _singles_out(text: str, m: Mentions, f: Filling) -> bool:
    """Whether a thing is named by itself, and not to say which order is meant."""
    return bool(m.items or _may_name(text, f)) and (
        not f.reader.words.orders & set(m.words) or bool(WITHIN.search(text))
    )


def _is_part(text: str, f: Filling) -> bool:
    """Whether a message names something out of an order that it calls by its number."""
    return bool(PART.search(f.reader.numberless(text, "#")))


def _may_name(text: str, f: Filling) -> bool:
    """Whether the words have something of the name of a line of the order, as far as that is known."""
    order = next((o for o in f.memory.orders if o.get("number") == f.args.get("order")), {})
    return bool(named_rows(rows_in(order, "items"), text, f.reader))


def _singled_out(f: Filling, rows: list[Mapping[str, Any]]) -> list[int] | None:
    """The lines that were named by themselves, where the order holds more; else the order is meant as a whole."""
    if is_within(f) and len(rows) > 1:
        return [_at(rows, f.reader.read(f.task.said[-1]))["line"]]
    for text, m in zip(f.texts, f.heard, strict=True):
        near = _singles_out(text, m, f) or _is_part(text, f)
        found = (named_rows(rows, text, f.reader) or matching(rows, m, f.reader.words)) if near else []
        if found and len(found) < len(rows):
            return [row["line"] for row in found]
    return None

"""Emptying the basket: every line of it is set to none, and what lies in it afterwards is looked at again."""

import re

from agent.local.filling import Run
from agent.local.outcomes import answered, outcome, part
from agent.local.slots import rows_in
from agent.local.tasks import Call, Said
from agent.local.wording import fold

SHOW_BASKET, CHANGE_BASKET = "show_basket", "change_basket"
MOST = 6  # lines that are taken out in one turn, within what a turn may call
EMPTY = re.compile(
    r"\b(?:empty|clear|wipe|leere?n?|ausleeren)\b(?!.{0,12}\b(?:bottle|glass|box)\b)"
    r"|\b(?:everything|all of (?:it|them)|the lot|alles)\b.{0,16}"
    r"\b(?:out|off|away|raus|weg|rausnehmen|loeschen|entfernen)\b"
    r"|\b(?:remove|delete|take out|drop|entfern\w*|loesch\w*)\b.{0,12}\b(?:everything|all|alles)\b"
)


def empties(text: str) -> bool:
    """Whether a message wants everything out of the basket."""
    return bool(EMPTY.search(fold(text)))


def emptied(tools: frozenset[str]) -> Run:
    """Takes out what is in the basket, line by line; the first no ends it and is told."""
    if SHOW_BASKET not in tools:
        return Said("unavailable")
    shown = yield Call(SHOW_BASKET, {})
    if not answered(shown):
        return outcome(shown, {})
    rows = [row for row in rows_in(part(shown, "basket"), "items") if isinstance(row.get("sku"), str)]
    if not rows:
        return Said("no_items")
    for row in rows[:MOST]:
        result = yield Call(CHANGE_BASKET, {"sku": row["sku"], "quantity": 0})
        said = outcome(result, {"sku": row["sku"]})
        if said.key != "done":
            return said
    return said

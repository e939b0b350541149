"""Which order is meant: by number, by what it holds, by its day, its price or its place in the list, or by "it"."""

import re
from collections.abc import Sequence
from typing import Any

from agent.local.asides import without_refused
from agent.local.dates import day_in, spans
from agent.local.filling import OFFERED, Filling, Run, in_force
from agent.local.fills.lines import is_within
from agent.local.naming import named_orders
from agent.local.replies import lines, order_line
from agent.local.slots import Mentions, describes, rows_in
from agent.local.tasks import Ask, Said

BOUGHT = frozenset(
    re.findall(r"\w+", "from of dated placed ordered bought made purchased vom von bestellt gekauft aufgegeben letzter")
)
THIS = frozenset({"this", "dieser", "diese"})


def fill_order(f: Filling) -> Run:
    """The number of the order; of several that fit, a question, or the newest where that does no harm."""
    numbers = [n for m in f.heard for n in in_force(m) if n not in f.task.not_orders]
    if numbers:
        return numbers[0]
    named = next((m for m in f.heard if m.items), None)
    position = None if is_within(f) else next((m.position for m in f.heard if m.position is not None), None)
    dated = next((m for m in f.heard if m.dates and (BOUGHT & set(m.words) or f.answer)), None)
    other = any(m.other for m in f.heard) and bool(f.memory.order)
    if not named and position is None and not other and not dated and (about := _about(f)):
        return _loosely(f) or about
    if not f.slot.required and f.slot.otherwise == "leave" and not named and position is None and not dated:
        return None
    orders = yield from list_orders(f)
    if not isinstance(orders, list):
        return orders
    refused = set(f.task.not_orders) | ({f.memory.order} if other else set())
    left = [order for order in orders if order.get("number") not in refused]
    if not left:
        return Said("no_other_order")
    return _chosen(f, left, named=named, position=position, dated=dated)


def list_orders(f: Filling) -> Run:
    """The customer's orders, newest first, or the words for why there are none."""
    result = yield from f.look("list_orders", {})
    if isinstance(result, Said):
        return result
    orders = [o for o in rows_in(result, "orders") if isinstance(o.get("number"), str)]
    return orders or Said("no_orders")


def _chosen(
    f: Filling, left: list[Any], *, named: Mentions | None, position: int | None, dated: Mentions | None
) -> str | Ask | None:
    spoken = named or (f.heard[0] if f.heard else Mentions())
    said = next((hit for text in f.texts if (hit := named_orders(left, without_refused(text), f.reader))), [])
    held = said or describes(left, spoken, f.reader.words)
    if named and not held:
        return which(f, left, key="ask_order_again")
    asked = f.task.question
    offered = asked.choices if asked and asked.fill == "order" else ()
    pool = held or [order for order in left if order.get("number") in offered] or left
    if dated:
        pool = placed_in(f, pool, dated) or placed_in(f, left, dated) or held
        if not pool:
            return which(f, left, key="ask_order_again")
    pool = _priced(f, pool) or pool
    if held and position is None and not dated:
        return _pick(f, pool)
    if position is not None:
        return str(pool[min(position, len(pool) - 1)]["number"])
    return _pick(f, pool)


def placed_in(f: Filling, orders: Sequence[Any], m: Mentions) -> list[Any]:
    """The orders placed on one of the days that were named."""
    asked = [span for phrase in m.dates if (span := spans(phrase, f.today))]
    return [
        order
        for order in orders
        if (placed := day_in(str(order.get("placed", "")))) and any(span.holds(placed) for span in asked)
    ]


def _priced(f: Filling, orders: Sequence[Any]) -> list[Any]:
    """The orders of exactly the amount that was named, as in "the one for €189"."""
    wanted = {m.price for m in f.heard if m.price}
    return [o for o in orders if f.reader.read(str(o.get("total", ""))).price in wanted] if wanted else []


def _loosely(f: Filling) -> str | None:
    """The one order that loose words name ("the oilskin"), where the conversation knows several."""
    known = [order for order in f.memory.orders if order.get("number") not in f.task.not_orders]
    found = next((hit for text in f.texts if (hit := named_orders(known, without_refused(text), f.reader))), [])
    return str(found[0]["number"]) if len(found) == 1 else None


def _about(f: Filling) -> str | None:
    shown = f.task.page.get("order")
    if shown and any(THIS & set(m.words) for m in f.heard):
        return shown
    about = f.memory.order or shown
    return about if about not in f.task.not_orders else None


def _pick(f: Filling, orders: Sequence[Any]) -> str | Ask | None:
    """The one order that can be meant; of several the newest where that does no harm, else a question."""
    said = {m.status for m in f.heard if m.status}
    named = [order for order in orders if order.get("status") in said]
    likely = [o for o in named or orders if o.get("status") in f.slot.among] or list(named or orders)
    if len(likely) == 1 or f.slot.otherwise == "newest":
        return str(likely[0]["number"])
    return which(f, likely)


def which(f: Filling, orders: Sequence[Any], *, key: str = "ask_order") -> Ask | None:
    """The question for an order, with the likely ones as buttons."""
    shown = list(orders)[:OFFERED]
    return f.ask({"orders": lines(map(order_line, shown))}, tuple(str(o["number"]) for o in shown), key=key)

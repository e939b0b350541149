"""How a request becomes tool calls: a recipe is a generator of calls, run again from its start with what came back.

Nothing is kept between runs. A recipe asks for a call, gets its result when the conversation holds it, and ends with
what to say or to ask; so the same messages always lead to the same next step, on any replica.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.local.filling import Filling, Result, Run, heard_for, in_force, plain
from agent.local.intents import Intent, Slot
from agent.local.outcomes import answered, outcome, recalled
from agent.local.replies import lines, listed, order_line, variant_line
from agent.local.slots import Mentions, Reader, describes, matching, rows_in
from agent.local.tasks import Ask, Call, Memory, Said, Task
from agent.local.wares import described, foremost

OFFERED = 5  # choices put on buttons


class Recipes:
    """Carries out a task for an intent: fills its slots in order, calls its tool, and reads the outcome."""

    def __init__(self, intents: Mapping[str, Intent], reader: Reader) -> None:
        self._intents, self._reader = intents, reader
        self._fills: dict[str, Callable[[Filling], Run]] = {
            "order": self._order,
            "items": self._items,
            "product": self._product,
            "variant": self._variant,
            "address": self._address,
            "reason": self._reason,
            "query": self._query,
            "summary": self._summary,
            "quantity": lambda filling: plain(filling, "quantity"),
            "max_price": lambda filling: plain(filling, "price"),
            "status": lambda filling: plain(filling, "status"),
            "category": lambda filling: plain(filling, "category"),
            "topic": self._topic,
        }

    def carry_out(self, task: Task, memory: Memory, tools: frozenset[str]) -> Run:
        """Yields the calls a task needs and returns Said or Ask."""
        intent = self._intents[task.intent]
        if intent.recalls and (told := self._told_already(task, memory)):
            return (yield from self._as_it_stands(told, tools))
        if intent.tool is None:
            return Said("talk", offers=intent.offers)
        if intent.tool not in tools:
            return Said("unavailable")
        args: dict[str, Any] = {}
        for slot in intent.slots:
            filling = Filling(
                slot, task, memory, args, tools, tuple(map(self._reader.read, heard_for(task, slot.fill)))
            )
            value = (yield from self._fills[slot.fill](filling)) if slot.fill else slot.value
            if value is None and slot.required:
                value = Ask(slot.fill, f"ask_{slot.fill}")
            if isinstance(value, Ask | Said):
                return replace(value, order=args.get("order"), product=args.get("product"))
            if value is not None:
                args[slot.name] = value
        result = yield Call(intent.tool, args)
        said = outcome(result, args)
        if intent.tool == "search_products" and said.key in {"done", "empty"}:
            said = yield from self._searched(task, args, result, said)
        if task.intent == "product_question" and said.key == "done":
            said = self._looked_up(task, result, said)
        if said.key == "refused" and intent.instead and said.order:
            return (yield from self._way_out(intent, said, memory, tools))
        if said.key == "awaiting" and any(self._reader.read(text).price for text in task.said):
            said = replace(said, notes=("note_amount",))
        return replace(said, offers=intent.offers) if said.key == "done" else said

    def _searched(self, task: Task, args: Mapping[str, Any], result: Result, said: Said) -> Run:
        """What a search found, called by its name: something else, or too dear, is not what was asked for."""
        wanted = Mentions(items=self._reader.read(task.said[-1]).items)
        if said.key == "done" and (
            not wanted.items or matching(rows_in(result, "products"), wanted, self._reader.words)
        ):
            return said
        if "max_price" in args:
            wider = {name: value for name, value in args.items() if name != "max_price"}
            beyond = yield from self._look(Call("search_products", wider))
            if isinstance(beyond, Said):
                return beyond
            dear = rows_in(beyond, "products")
            if matching(dear, wanted, self._reader.words) or (dear and not wanted.items):
                fitting = matching(dear, wanted, self._reader.words) or dear
                return replace(outcome({"products": fitting}, wider), key="search_above")
        return replace(said, key="search_near") if said.key == "done" else said

    def _looked_up(self, task: Task, result: Result, said: Said) -> Said:
        """The passage of the description that a question is about; or that it says nothing on that."""
        product = result["product"] if isinstance(result.get("product"), Mapping) else result
        found, wants_one = described(product, task.said[-1], self._reader)
        if found:
            return replace(said, key="product_detail", facts={**said.facts, "quote": found})
        return replace(said, lead="not_described") if wants_one else said

    def _told_already(self, task: Task, memory: Memory) -> Said | None:
        """The last change of the conversation; without one, a question about nothing in particular has no answer."""
        heard = self._reader.read(task.said[-1])
        change = memory.change
        if change is not None and (not heard.orders or change.order in heard.orders):
            return recalled(change)
        named = heard.orders or heard.position is not None or memory.order or task.page.get("order")
        return None if named or self._reader.words.orders & set(heard.words) else Said("nothing_asked")

    def _as_it_stands(self, told: Said, tools: frozenset[str]) -> Run:
        """What became of a change; where it was not carried out, also what the record of the order says by now."""
        if told.key != "recalled_refused" or not told.order or "show_order" not in tools:
            return told
        result = yield Call("show_order", {"order": told.order})
        if not answered(result):
            return told
        return replace(told, facts={**outcome(result, {}).facts, **told.facts}, notes=("stands",))

    def _way_out(self, intent: Intent, said: Said, memory: Memory, tools: frozenset[str]) -> Run:
        """The refusal, and what the state of the order still leaves open; the shop decides about that as well."""
        if "show_order" not in tools:
            return said
        # Looked at again, since the state that led to the refusal may be newer than what the conversation knows.
        result = yield Call("show_order", {"order": said.order})
        shown = result["order"] if isinstance(result.get("order"), Mapping) else result
        instead = intent.instead.get(str(shown.get("status")), "")
        if not answered(result) or instead not in self._intents:
            return said
        choice = self._intents[instead].choice[memory.language or "en"]
        return replace(said, offers=instead, notes=(f"instead_{instead}",), choices=(choice,))

    def _look(self, call: Call) -> Run:
        """What a look found; a look that was refused or failed is the end of the task, and says so."""
        result = yield call
        return result if answered(result) else outcome(result, call.args)

    # Orders -------------------------------------------------------------------------------------------------------

    def _order(self, f: Filling) -> Run:
        heard = f.heard
        numbers = [n for m in heard for n in in_force(m) if n not in f.task.not_orders]
        if numbers:
            return numbers[0]
        named = next((m for m in heard if m.items), None)
        position = next((m.position for m in heard if m.position is not None), None)
        other = any(m.other for m in heard) and bool(f.memory.order)
        if not named and position is None and not other and (about := self._about(f, heard)):
            return about
        orders = yield from self._list_orders(f)
        if not isinstance(orders, list):
            return orders
        refused = set(f.task.not_orders) | ({f.memory.order} if other else set())
        left = [order for order in orders if order.get("number") not in refused]
        if not left:
            return Said("no_other_order")
        spoken = named or (heard[0] if heard else Mentions())
        held = describes(left, spoken, self._reader.words)
        if named and not held:
            return _which(left, key="ask_order_again")
        offered = f.task.question.choices if f.task.question and f.task.question.fill == "order" else ()
        if held and position is None:
            return _pick(f.slot, held)
        pool = held or [order for order in left if order.get("number") in offered] or left
        if position is not None:
            return str(pool[min(position, len(pool) - 1)]["number"])
        return _pick(f.slot, pool)

    def _about(self, f: Filling, heard: Sequence[Mentions]) -> str | None:
        shown = f.task.page.get("order")
        if shown and any({"this", "dieser", "diese"} & set(m.words) for m in heard):
            return shown
        about = f.memory.order or shown
        return about if about not in f.task.not_orders else None

    def _list_orders(self, f: Filling) -> Run:
        if "list_orders" not in f.tools:
            return Said("unavailable")
        result = yield from self._look(Call("list_orders", {}))
        if isinstance(result, Said):
            return result
        orders = [o for o in rows_in(result, "orders") if isinstance(o.get("number"), str)]
        return orders or Said("no_orders")

    def _items(self, f: Filling) -> Run:
        if self._out_of_season(f):
            return None
        number = f.args["order"]
        order = next((o for o in f.memory.orders if o.get("number") == number and o.get("items")), None)
        if order is None:
            if "show_order" not in f.tools:
                return Said("unavailable")
            result = yield from self._look(Call("show_order", {"order": number}))
            if isinstance(result, Said):
                return result
            order = result["order"] if isinstance(result.get("order"), Mapping) else result
        rows = [row for row in rows_in(order, "items") if isinstance(row.get("line"), int)]
        chosen = self._chosen(f, rows)
        if chosen:
            return [row["line"] for row in chosen]
        names = tuple(f"{row.get('name')}" + (f" ({row['variant']})" if row.get("variant") else "") for row in rows)
        everything = self._reader.words.everything_choice[f.memory.language or "en"]
        return Ask("items", "ask_items", {"items": listed(names)}, (*names[:OFFERED], everything))

    def _chosen(self, f: Filling, rows: list[Mapping[str, Any]]) -> list[Any]:
        if len(rows) <= 1:
            return rows
        for m in f.heard:
            if found := matching(rows, m, self._reader.words):
                return found
        answer = self._reader.read(f.task.answers.get("items", ""))
        if answer.everything:
            return rows
        if answer.position is not None:
            return [rows[min(answer.position, len(rows) - 1)]]
        return []

    def _out_of_season(self, f: Filling) -> bool:
        """Whether the order's state usually rules the request out; then no more is asked, and the shop says why."""
        states, status = self._intents[f.task.intent].order_states(), self._status(f)
        return bool(states) and status is not None and status not in states

    def _status(self, f: Filling, *, spoken: bool = False) -> Any:
        known = next((order for order in f.memory.orders if order.get("number") == f.args.get("order")), {})
        return (known.get("status_word") if spoken else None) or known.get("status")

    # Products -----------------------------------------------------------------------------------------------------

    def _product(self, f: Filling) -> Run:
        m = next((m for m in f.heard if m.items), f.heard[0])
        if m.items and (known := matching(f.memory.products, m, self._reader.words)) and len(known) == 1:
            return str(known[0]["handle"])
        if not m.items and m.superlative and f.memory.products:
            said = f.memory.last.said[-1] if f.memory.last else ""
            wanted = Mentions(items=self._reader.read(said).items)
            pool = matching(f.memory.products, wanted, self._reader.words) or f.memory.products
            return str(foremost(pool, m.superlative)["handle"])
        if not m.items and m.position is not None and f.memory.products:
            return str(f.memory.products[min(m.position, len(f.memory.products) - 1)]["handle"])
        about = f.task.page.get("product") or f.memory.product
        if about and not m.items:
            return about
        if about and f.task.page.get("product") and {"this", "dieses", "diese"} & set(m.words):
            return about
        if not m.items and len(f.memory.products) == 1:
            return str(f.memory.products[0]["handle"])
        said = f.task.answers.get("product") or ("" if m.pronoun else f.task.said[-1])
        words = " ".join(m.items) or self._reader.query(said)
        if not words and f.memory.products:
            names = tuple(str(p.get("name")) for p in f.memory.products[:OFFERED])
            return Ask("product", "ask_product", {"products": listed(names)}, names)
        if not words:
            return None
        return (yield from self._find_product(f, m, words))

    def _find_product(self, f: Filling, m: Mentions, words: str) -> Run:
        if "search_products" not in f.tools:
            return Said("unavailable")
        result = yield from self._look(Call("search_products", {"query": words}))
        if isinstance(result, Said):
            return result
        found = [p for p in rows_in(result, "products") if isinstance(p.get("handle"), str)]
        best = matching(found, m, self._reader.words) or found
        if not best:
            return Said("no_product")
        if len(best) == 1:
            return str(best[0]["handle"])
        names = tuple(str(p.get("name")) for p in best[:OFFERED])
        return Ask("product", "ask_product", {"products": listed(names)}, names)

    def _variant(self, f: Filling) -> Run:
        if "show_product" not in f.tools:
            return None
        result = yield from self._look(Call("show_product", {"product": f.args["product"]}))
        if isinstance(result, Said):
            return result
        product = result["product"] if isinstance(result.get("product"), Mapping) else result
        rows = [row for row in rows_in(product, "variants") if isinstance(row.get("sku"), str)]
        if len(rows) <= 1:
            return str(rows[0]["sku"]) if rows else None
        for m in f.heard:
            fit = matching(rows, replace(m, items=()), self._reader.words)
            if len(fit) == 1:
                return str(fit[0]["sku"])
        answer = f.task.answers.get("variant", "").casefold()
        named = [row for row in rows if str(row.get("name", "")).casefold() == answer]
        if named:
            return str(named[0]["sku"])
        names = tuple(str(row.get("name") or row["sku"]) for row in rows[:OFFERED])
        return Ask("variant", "ask_variant", {"variants": listed(variant_line(row) for row in rows)}, names)

    def _query(self, f: Filling) -> Run:
        yield from ()
        for text, m in zip(heard_for(f.task, "query"), f.heard, strict=True):
            words = self._reader.query(text)
            if words:
                # A long sentence around a thing searches worse than the thing itself.
                return words if len(words.split()) <= 3 or not m.items else " ".join((*m.colours, *m.items))
        return None

    # Reasons, places, people --------------------------------------------------------------------------------------

    def _reason(self, f: Filling) -> Run:
        yield from ()
        answer = f.task.answers.get("reason", "").strip()[:200]
        # The name of a thing alone is no reason; the question is asked again.
        bare = bool(self._reader.read(answer).items) and len(answer.split()) <= 2
        told = next((m.reason for m in f.heard if m.reason), None) or ("" if bare else answer)
        if told or not f.slot.required:
            return told or None
        if self._out_of_season(f):
            return f.task.said[0][:200]
        return Ask("reason", "ask_reason", {}, tuple(self._reader.words.reason_choices[f.memory.language or "en"]))

    def _address(self, f: Filling) -> Run:
        if "list_addresses" not in f.tools:
            return Said("unavailable")
        result = yield from self._look(Call("list_addresses", {}))
        if isinstance(result, Said):
            return result
        rows = [row for row in rows_in(result, "addresses") if isinstance(row.get("handle"), str)]
        if not rows:
            return Said("no_addresses")
        for m in f.heard:
            # A label that would tell something personal is a handle here, in the customer's words as well.
            named = [row for row in rows if self._names(str(row["handle"]), m)]
            if len(named) == 1:
                return str(named[0]["handle"])
            wanted = set(m.labels)
            fit = [row for row in rows if wanted & set(self._reader.read(str(row.get("label", ""))).labels)]
            fit = fit or (matching(rows, m, self._reader.words, text="label") if not wanted else [])
            if len(fit) == 1:
                return str(fit[0]["handle"])
        labels = tuple(str(row.get("label", "")) for row in rows[:OFFERED])
        if self._out_of_season(f):
            return Said("too_late", {"order": f.args["order"], "status": self._status(f, spoken=True)})
        elsewhere = any(self._reader.words.elsewhere & set(m.words) or m.quantity for m in f.heard)
        key = "ask_own_address" if elsewhere else "ask_address"
        return Ask("address", key, {"addresses": listed(labels)}, labels)

    def _names(self, handle: str, mentions: Mentions) -> bool:
        words = self._reader.words.split(handle)
        return f" {' '.join(words)} " in f" {' '.join(mentions.words)} "

    def _topic(self, f: Filling) -> Run:
        """The customer's own words where they lead to a section of the intent's topic, else that topic."""
        said = " ".join(f.task.said[-1].split())
        # People ask "how much is it", and rules are headed by what it costs.
        asked = f"cost {said}"[:60] if {"much", "expensive", "teuer"} & set(f.heard[0].words) else said[:60]
        result = yield Call("read_policy", {"topic": asked})
        fits = answered(result) and str(result.get("link", "")).startswith(f"/policies/{f.slot.value}")
        return asked if fits else f.slot.value

    def _summary(self, f: Filling) -> Run:
        yield from ()
        words = " / ".join((*f.memory.heard[-3:], f.task.said[-1]))
        about = f" (order {f.memory.order})" if f.memory.order else ""
        return f"{words[:400]}{about}"


def _pick(slot: Slot, orders: Sequence[Mapping[str, Any]]) -> str | Ask:
    """The one order that can be meant; of several the newest where that does no harm, else a question."""
    likely = [order for order in orders if order.get("status") in slot.among] or list(orders)
    if len(likely) == 1 or slot.otherwise == "newest":
        return str(likely[0]["number"])
    return _which(likely)


def _which(orders: Sequence[Mapping[str, Any]], *, key: str = "ask_order") -> Ask:
    shown = list(orders)[:OFFERED]
    return Ask("order", key, {"orders": lines(map(order_line, shown))}, tuple(str(o["number"]) for o in shown))

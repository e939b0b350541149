"""How a request becomes tool calls: a recipe is a generator of calls, run again from its start with what came back.

Nothing is kept between runs. A recipe asks for a call, gets its result when the conversation holds it, and ends with
what to say or to ask; so the same messages always lead to the same next step, on any replica.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from agent.local.afterwards import ENDINGS, as_it_stands, told_already, way_out
from agent.local.emptying import CHANGE_BASKET, emptied, empties
from agent.local.filling import Filling, Run, out_of_reach, texts_for
from agent.local.fills import WAYS
from agent.local.fills.choices import one_of
from agent.local.intents import Intent, Slot
from agent.local.outcomes import answered, outcome, part
from agent.local.slots import Reader
from agent.local.tasks import Ask, Call, Memory, Said, Task

TAKE_BACK = "take_back_card"


class Recipes:
    """Carries out a task for an intent: fills its slots in order, calls its tool, and reads the outcome."""

    def __init__(self, intents: Mapping[str, Intent], reader: Reader, today: Callable[[], date]) -> None:
        self._intents, self._reader, self._today = intents, reader, today

    def carry_out(self, task: Task, memory: Memory, tools: frozenset[str]) -> Run:
        """Yields the calls a task needs and returns Said or Ask."""
        intent = self._intents[task.intent]
        if task.instead:
            back = (yield Call(TAKE_BACK, {"card": task.instead})) if TAKE_BACK in tools else {}
            if intent.move == "drop":
                return Said("taken_back") if back.get("outcome") == "done" else Said("decline_on_card", card=True)
        if intent.recalls and (told := told_already(task, memory, self._reader)):
            return (yield from as_it_stands(told, tools))
        if intent.tool is None:
            return Said("talk", offers=intent.offers)
        if intent.tool not in tools:
            return Said(out_of_reach(memory))
        if intent.tool == CHANGE_BASKET and empties(task.said[-1]):
            return (yield from emptied(tools))
        args: dict[str, Any] = {}
        for slot in intent.slots:
            value = yield from self._filled(slot, intent, task, memory, tools, args)
            if isinstance(value, Ask | Said):
                return replace(value, order=args.get("order"), product=_product(args))
            if value is not None:
                args[slot.name] = value
            if slot.fill == "order" and intent.becomes and value:
                turned = yield from self._turned(intent, str(value), task, memory, tools)
                if turned is not None:
                    return turned
        return (yield from self._called(intent, task, memory, tools, args))

    def _filled(
        self, slot: Slot, intent: Intent, task: Task, memory: Memory, tools: frozenset[str], args: Mapping[str, Any]
    ) -> Run:
        """The value for a slot, or the question for it; None where it is left out."""
        if not slot.one_of and not slot.fill:
            return slot.value
        texts = texts_for(task, slot, self._reader)
        heard = tuple(map(self._reader.read, texts))
        filling = Filling(slot, intent, task, memory, args, tools, self._reader, texts, heard, self._today())
        value = one_of(filling)
        if value is None and slot.fill:
            value = yield from WAYS[slot.fill](filling)
        if value is not None or not slot.required:
            return value
        return self._not_now(intent, filling) if filling.out_of_season() else filling.ask()

    def _not_now(self, intent: Intent, filling: Filling) -> Said:
        """That the order's state leaves no room for the request, and what it leaves room for instead."""
        facts = _state(filling.memory, str(filling.args["order"]))
        instead = intent.instead.get(str(filling.status()), "")
        if not instead:
            return Said("out_of_season", facts, offers="talk_to_person")
        choice = self._intents[instead].choice[filling.language]
        return Said("out_of_season", facts, offers=instead, notes=(f"instead_{instead}",), choices=(choice,))

    def _turned(self, intent: Intent, number: str, task: Task, memory: Memory, tools: frozenset[str]) -> Run:
        """What the same wish is in the state the order is in: a return of what has not left is a cancellation."""
        status = next((o.get("status") for o in memory.orders if o.get("number") == number), None)
        shown: Mapping[str, Any] = {}
        if status is None and "show_order" in tools:
            result = yield Call("show_order", {"order": number})
            if not answered(result):
                return replace(outcome(result, {"order": number}), order=number)
            shown = part(result, "order")
            status = shown.get("status")
        other = intent.becomes.get(str(status), "")
        if not other or self._intents[other].tool not in tools | {None}:
            return None
        known = memory if not shown else replace(memory, orders=(shown, *memory.orders))
        done = yield from self.carry_out(
            replace(task, intent=other, answers={**task.answers, "order": number}), known, tools
        )
        return done if not isinstance(done, Ask | Said) else replace(
            done, order=number, lead=f"becomes_{other}", becomes=other, facts={**_state(known, number), **done.facts}
        )  # fmt: skip

    def _called(
        self, intent: Intent, task: Task, memory: Memory, tools: frozenset[str], args: Mapping[str, Any]
    ) -> Run:
        """The call itself, and what its result is said to be."""
        assert intent.tool is not None  # noqa: S101 - the caller has looked; this tells the type checker.
        result = yield Call(intent.tool, args)
        said = outcome(result, args, intent.facts)
        if ending := ENDINGS.get(intent.tool):
            said = yield from ending(said, result, args, task, tools, self._reader)
        if said.key == "refused" and intent.instead and said.order:
            return (yield from way_out(intent, said, memory, tools, self._intents))
        if said.key == "awaiting" and intent.tool == "refund_order" and _names_amount(task, self._reader):
            said = replace(said, notes=("note_amount",))
        return replace(said, offers=intent.offers) if said.key == "done" else said


def _product(args: Mapping[str, Any]) -> str | None:
    product = args.get("product")
    return product if isinstance(product, str) else None


def _state(memory: Memory, number: str) -> dict[str, str]:
    known: Mapping[str, Any] = next((o for o in memory.orders if o.get("number") == number), {})
    status = known.get("status_word") or known.get("status")
    return {"order": number, **({"status": str(status)} if status else {})}


def _names_amount(task: Task, reader: Reader) -> bool:
    return any(reader.read(text).price for text in task.said)

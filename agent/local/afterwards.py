"""What is done with the result of a few tools that want more than being read out: searches, descriptions, refusals."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from agent.local.filling import Result, Run
from agent.local.intents import Intent
from agent.local.outcomes import answered, outcome, part, recalled
from agent.local.replies import lines
from agent.local.slots import Mentions, Reader, matching, rows_in
from agent.local.tasks import Call, Memory, Said, Task
from agent.local.wares import described, detail

Ending = Callable[[Said, Result, Mapping[str, Any], Task, frozenset[str], Reader], Run]


def searched(
    said: Said, result: Result, args: Mapping[str, Any], task: Task, tools: frozenset[str], reader: Reader
) -> Run:
    """What a search found, called by its name: something else, or too dear, is not what was asked for."""
    wanted = Mentions(items=reader.read(task.said[-1]).items)
    found = matching(rows_in(result, "products"), wanted, reader.words)
    if said.key not in {"done", "empty"} or (said.key == "done" and (not wanted.items or found)):
        return said
    if "max_price" in args:
        wider = {name: value for name, value in args.items() if name != "max_price"}
        beyond = yield Call("search_products", wider)
        if not answered(beyond):
            return outcome(beyond, wider)
        dear = rows_in(beyond, "products")
        if fitting := matching(dear, wanted, reader.words) or ([] if wanted.items else dear):
            return replace(outcome({"products": fitting}, wider), key="search_above")
    return replace(said, key="search_near") if said.key == "done" else said


def looked_up(
    said: Said, result: Result, args: Mapping[str, Any], task: Task, tools: frozenset[str], reader: Reader
) -> Run:
    """The passage of the description that a question is about; or that it says nothing on that."""
    yield from ()
    if said.key != "done":
        return said
    found, wants_one = described(part(result, "product"), task.said[-1], reader)
    if found:
        return replace(said, key="product_detail", facts={**said.facts, "quote": found})
    return replace(said, lead="not_described") if wants_one else said


def compared(
    said: Said, result: Result, args: Mapping[str, Any], task: Task, tools: frozenset[str], reader: Reader
) -> Run:
    """What the records say of each product on what is asked about: "which is lighter" wants two weights."""
    yield from ()
    meant = [name for word in reader.read(task.said[-1]).words for name in reader.words.properties.get(word, ())]
    found = [(row, detail(row, meant)) for row in rows_in(result, "products")]
    told = [f"{row.get('name', '')}: {text}" for row, text in found if text]
    return replace(said, key="compared_on", facts={"quote": lines(told)}) if said.key == "done" and told else said


ENDINGS: Mapping[str, Ending] = {
    "search_products": searched,
    "show_product": looked_up,
    "compare_products": compared,
}


def told_already(task: Task, memory: Memory, reader: Reader) -> Said | None:
    """The last change of the conversation; without one, a question about nothing in particular has no answer."""
    heard = reader.read(task.said[-1])
    change = memory.change
    if change is not None and (not heard.orders or change.order in heard.orders):
        return recalled(change)
    named = heard.orders or heard.position is not None or memory.order or task.page.get("order")
    return None if named or reader.words.orders & set(heard.words) else Said("nothing_asked")


def as_it_stands(told: Said, tools: frozenset[str]) -> Run:
    """What became of a change; where it was not carried out, also what the record of the order says by now."""
    if told.key != "recalled_refused" or not told.order or "show_order" not in tools:
        return told
    result = yield Call("show_order", {"order": told.order})
    if not answered(result):
        return told
    return replace(told, facts={**outcome(result, {}).facts, **told.facts}, notes=("stands",))


def way_out(intent: Intent, said: Said, memory: Memory, tools: frozenset[str], intents: Mapping[str, Intent]) -> Run:
    """The refusal, and what the state of the order still leaves open; the shop decides about that as well."""
    if "show_order" not in tools:
        return said
    # Looked at again, since the state that led to the refusal may be newer than what the conversation knows.
    result = yield Call("show_order", {"order": said.order})
    instead = intent.instead.get(str(part(result, "order").get("status")), "")
    if not answered(result) or instead not in intents:
        return said
    choice = intents[instead].choice[memory.language or "en"]
    return replace(said, offers=instead, notes=(f"instead_{instead}",), choices=(choice,))

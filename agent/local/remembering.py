"""What a conversation remembers after each step: lists that were shown, what it is about, which question is open."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.local.outcomes import changes_in
from agent.local.tasks import Ask, Memory, Said, Task, Turn

GUESTS = frozenset({"sign_in", "sign_in_first", "unavailable"})  # ends of a request that signing in may open


def learned(memory: Memory, turn: Turn, changing: Collection[str]) -> Memory:
    """The memory with the newest lists and records the tools have given in this turn."""
    for change in changes_in(turn.answers(), changing):
        memory = replace(memory, change=change)
    for result in turn.results.values():
        memory = _with_choices(_with_orders(_with_products(memory, result), result), result)
    return memory


def after(memory: Memory, task: Task, step: Said | Ask) -> Memory:
    """The memory after a step: what it was about, and the question or the offer that is open now."""
    task = replace(task, intent=step.becomes) if step.becomes else task
    if step.becomes and step.order:
        task = replace(task, answers={**task.answers, "order": step.order})
    resumed = memory.waits is not None and task.said == memory.waits.said
    memory = replace(memory, order=step.order or memory.order, product=step.product or memory.product)
    memory = replace(memory, offers=None, guess=None, card=False, misses=0, last=task)
    memory = replace(memory, waits=None if resumed else memory.waits)
    if isinstance(step, Ask):
        return replace(memory, open=replace(task, question=step, tries=tries(task, step)))
    waits = replace(task, question=None) if step.key in GUESTS else memory.waits
    return replace(memory, open=None, offers=step.offers, card=step.card, waits=waits)


def after_words(memory: Memory, said: Said) -> Memory:
    """The memory after a reply that carried out nothing."""
    missed = said.key in {"lost", "did_you_mean"}
    kept = memory.open if said.key == "lost" else None
    guess = said.facts.get("intent") if said.key == "did_you_mean" else None
    offers = said.offers or (memory.offers if said.key == "lost" else None)
    if said.key == "dropped":
        memory = replace(memory, shelved=None, queue=(), waits=None)
    misses = memory.misses + 1 if missed else 0
    return replace(memory, open=kept, offers=offers, guess=guess, card=said.card, misses=misses)


def tries(task: Task, question: Ask) -> int:
    """How often a question has been repeated by now."""
    return task.tries + 1 if task.question and task.question.slot == question.slot else 0


def _with_orders(memory: Memory, result: Mapping[str, Any]) -> Memory:
    order = result.get("order") if isinstance(result.get("order"), Mapping) else result
    if isinstance(order, Mapping) and isinstance(order.get("number"), str) and isinstance(order.get("status"), str):
        rest = tuple(o for o in memory.orders if o.get("number") != order["number"])
        memory = replace(memory, orders=(order, *rest))
    if isinstance(result.get("orders"), list):
        memory = replace(memory, orders=tuple(_mappings(result["orders"])))
    return memory


def _with_choices(memory: Memory, result: Mapping[str, Any]) -> Memory:
    """The options of the product that was shown last, and the names of the rows of which one was to be chosen."""
    product = result.get("product")
    if isinstance(product, Mapping) and isinstance(product.get("variants"), list):
        named = tuple(str(row.get("name") or "") for row in _mappings(product["variants"]))
        memory = replace(memory, options=named)
    if isinstance(result.get("methods"), list):
        memory = replace(memory, labels=tuple(str(row.get("words") or "") for row in _mappings(result["methods"])))
    return memory


def _with_products(memory: Memory, result: Mapping[str, Any]) -> Memory:
    rows = result.get("products")
    if not isinstance(rows, list):
        return memory
    return replace(memory, products=tuple(row for row in _mappings(rows) if row.get("handle")))


def _mappings(rows: Sequence[Any]) -> list[Mapping[str, Any]]:
    return [row for row in rows if isinstance(row, Mapping)]

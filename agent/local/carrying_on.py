"""What a message takes up of the last change that was wished for: told otherwise, once more, for another thing too."""

import re
from collections.abc import Mapping
from dataclasses import replace

from agent.local.asides import asks, asks_how_it_stands, without_refused
from agent.local.intents import Intent, Slot
from agent.local.naming import named_orders, named_rows
from agent.local.slots import Reader, rows_in
from agent.local.tasks import Memory, Task, Turn
from agent.local.understanding import Understanding
from agent.local.wording import fold

STANDS, BASKET, ADD = "how_did_it_go", "change_basket", "add_to_basket"
SURE = 0.6  # share (0-1) from which another wish is taken for one, and not for a part of the one before
SHORT = 12  # words of a message that only tells a part of a wish otherwise
# Wishes that are heard in the words of an answer: what they name decides, and not that they are heard.
LOOSE = frozenset(
    [
        "search_product",
        "product_question",
        "recommend",
        "which_order",
        "other_order",
        "show_order",
        "agree",
        "decline",
        "never_mind",
        "out_of_scope",
        "thanks",
        "greet",
        "goodbye",
        "help",
        "my_name",
        "complaint",
        "show_basket",
        "list_orders",
        "signing_in",
    ]
)
AGAIN = re.compile(r"\b(?:again|once more|after all|anyway|nochmal|nochmals|noch einmal|noch mal|erneut|doch)\b", re.I)
TOO = re.compile(
    r"^\W*(?:(?:hmpf|hm+|ok|okay|oh|good|gut)\W+)*(?:and|und|what about|how about|same for|also|auch)\b", re.I
)
MEANT = re.compile(r"\b(?:i mean|i meant|ich meine|ich meinte)\b")
NO_FIRST = re.compile(r"^\W*(?:\w+\W+){0,2}?(?:no|nein|nee|nope|not|wait|sorry|i meant|ich meinte)\b", re.I)
CORRECTS = re.compile(
    r"^\W*(?:\w+\W+){0,3}?(?:no|nein|nee|nope|wait|sorry|halt|moment|stop|oops|moin)\b"
    r"|\b(?:i mean|i meant|mixed (?:it |them |that )?up|wrong (?:one|order)|ich meine|ich meinte|verwechselt|falsche)\b"
)
ANOTHER = re.compile(
    r"\b(?:another(?: one)?|a second(?: one)?|one more|(?P<many>\d+|two|three) more|noch (?:ein\w*|mal eine?n?)"
    r"|the same again)\b"
)
STILL = re.compile(r"\b(?:still|come|comes|coming|arrives?|noch|kommt|kommen|trotzdem|unterwegs)\b")
PARTS = re.compile(r"[,;.!?]\s+|\s+(?:and|but|und|aber|while|sondern)\s+", re.I)
STAYS = re.compile(r"\b(?:stays?|keeps?|leave|remains?|bleib\w*|behalte\w*|lass\w*)\b")
PICKED = frozenset({"option", "variant", "record", "address", "quantity"})
ENDED = frozenset({"refused", "not_found", "error"})


class CarryingOn:
    """Reads a message against the last change that was wished for in the conversation."""

    def __init__(self, intents: Mapping[str, Intent], reader: Reader) -> None:
        self._intents, self._reader = intents, reader

    def reads(self, turn: Turn, memory: Memory, first: Understanding, *, several: bool = False) -> list[Task] | None:
        """The request as far as it is a part of the one before; None when the message stands for itself.

        Of ``several`` requests in one message, only a question after a change and another line are taken up.
        """
        if self._asks_how_it_stands(turn, memory, first):
            return [Task(STANDS, (turn.text,), turn.page)]
        if several:
            line = memory.wish and self._other_line(turn, memory, memory.wish)
            return [line] if line else None
        if (more := self._for_another(turn, memory, first)) is not None:
            return [more]
        wish = memory.wish
        if wish is None:
            return None
        if first.band == "act" and first.intent == wish.intent and first.slots.items and first.slots.quantity:
            # "Make it three mugs" after something else was taken out says all there is to say itself.
            return None
        if first.slots.orders and first.intent in LOOSE and MEANT.search(fold(turn.text)):
            return [self._instead(self._more(wish, turn, {"order": first.slots.orders[0]}), turn, memory)]
        if (other := self._other_order(turn, memory, wish)) is not None:
            return [other]
        if (again := self._once_more(turn, memory, wish, first)) is not None:
            return [again]
        if (more := self._another(turn, memory, first)) is not None:
            return [more]
        if (swapped := self._swapped(turn, memory, wish, first)) is not None:
            return swapped
        if not self._may_be_part(turn, memory, first):
            return None
        if (line := self._other_line(turn, memory, wish)) is not None:
            return [self._instead(line, turn, memory)]
        told = self._otherwise(turn, memory, wish)
        return [told] if told else None

    def _another(self, turn: Turn, memory: Memory, first: Understanding) -> Task | None:
        """ "And a second one of it": what was put into the basket goes there again, as many as are named."""
        last, hit = memory.last, ANOTHER.search(fold(turn.text))
        done = memory.change is not None and memory.change.outcome == "done"
        if last is None or last.intent != ADD or not done or hit is None:
            return None
        is_ask = asks(turn.text, self._reader.words) and not turn.text.casefold().startswith(("can", "could", "kann"))
        if is_ask or first.slots.items or len(first.slots.words) > SHORT:
            return None
        return replace(last, answers={**last.answers, "quantity": hit["many"] or "1"}, question=None, tries=0)

    def _swapped(self, turn: Turn, memory: Memory, wish: Task, first: Understanding) -> list[Task] | None:
        """ "Sorry, sea not straw": another option of what lies in the basket by now takes the place of the first."""
        done = memory.change is not None and memory.change.outcome == "done"
        if wish.intent != ADD or not done or first.slots.items or not self._may_be_part(turn, memory, first):
            return None
        meant, slot = without_refused(turn.text), next(s for s in self._intents[ADD].slots if s.fill == "variant")
        if not self._tells(slot, meant, memory) or not (NO_FIRST.search(turn.text) or meant != turn.text):
            return None
        out = Task(BASKET, (" ".join((*wish.said, *wish.answers.values())),), answers={"quantity": "remove"})
        return [out, self._more(wish, turn, {slot.name: meant})]

    def _instead(self, task: Task, turn: Turn, memory: Memory) -> Task:
        """The task, and that the card for what was understood before is not wanted any more."""
        return replace(task, instead=waiting_card(turn, memory))

    def _other_order(self, turn: Turn, memory: Memory, wish: Task) -> Task | None:
        """ "No wait, the herb trough goes to the office": the same wish for another order, named by what it holds."""
        if not self._intents[wish.intent].asks_about("order") or not CORRECTS.search(fold(turn.text)):
            return None
        parts = [part for part in PARTS.split(without_refused(turn.text)) if not STAYS.search(fold(part))]
        named = next((found for part in parts if (found := named_orders(memory.orders, part, self._reader))), [])
        numbers = [str(order.get("number")) for order in named]
        if len(numbers) != 1 or numbers[0] == memory.order:
            return None
        return self._instead(self._more(wish, turn, {"order": numbers[0]}), turn, memory)

    def _asks_how_it_stands(self, turn: Turn, memory: Memory, first: Understanding) -> bool:
        """ "Is the claim in?" asks after the change that was prepared, and prepares no second one."""
        if memory.change is None or not asks_how_it_stands(turn.text, self._reader.words):
            return False
        other = set(first.slots.orders) - {memory.change.order}
        if other or (first.band == "act" and first.confidence >= 0.75 and not self._intents[first.intent].changes):
            return False
        heard = self._intents[first.intent]
        return heard.changes or first.band != "act" or first.intent in LOOSE

    def _once_more(self, turn: Turn, memory: Memory, wish: Task, first: Understanding) -> Task | None:
        """ "Ok, again please" after a no: the same is asked for once more."""
        if memory.change is None or memory.change.outcome not in ENDED or asks(turn.text, self._reader.words):
            return None
        alike = first.intent in {wish.intent, "reorder"} or first.band != "act" or first.intent in LOOSE
        return self._more(wish, turn, {}) if alike and AGAIN.search(fold(turn.text)) else None

    def _for_another(self, turn: Turn, memory: Memory, first: Understanding) -> Task | None:
        """ "And the guy lines in HP-…?": the same as before, for another thing or order."""
        last = memory.last
        adding = last is not None and last.intent == "add_to_basket" and first.intent in LOOSE
        if adding and TOO.search(turn.text) and first.slots.items and not asks(turn.text, self._reader.words):
            return Task("add_to_basket", (turn.text,), turn.page)
        if last is None or not TOO.search(turn.text) or not self._intents[last.intent].asks_about("order"):
            return None
        if first.intent not in LOOSE and first.intent != last.intent and first.confidence >= SURE:
            return None
        named = named_orders(memory.orders, turn.text, self._reader)
        if named and STILL.search(fold(turn.text)) and turn.text.rstrip().endswith("?"):
            return Task("show_order", (turn.text,), turn.page, {"order": str(named[0].get("number") or "")})
        if not (first.slots.orders or named) or (not first.slots.orders and asks_property(first)):
            return None
        number = first.slots.orders[0] if first.slots.orders else str(named[0].get("number") or "")
        wish = memory.wish if last.intent in LOOSE and memory.wish else last
        return Task(wish.intent, (turn.text,), turn.page, {"order": number})

    def _may_be_part(self, turn: Turn, memory: Memory, first: Understanding) -> bool:
        wish = memory.wish
        if wish is None or first.slots.orders or len(first.slots.words) > SHORT:
            return False
        if memory.last is not None and memory.last.intent in {"search_product", "recommend", "compare_products"}:
            return False
        short = turn.text.strip(" ?!.").casefold()
        asking = asks(turn.text, self._reader.words) and not short.endswith(("then", "dann"))
        heard = first.intent in LOOSE | {wish.intent} or first.confidence < SURE or self._is_kin(first.intent, wish)
        return heard and not asking

    def _is_kin(self, heard: str, wish: Task) -> bool:
        """Whether what was heard is the same kind of wish: how an order or a basket is to be paid, changed, sent."""
        kinds = {slot.fill for slot in self._intents[wish.intent].slots} & PICKED
        return bool(kinds & {slot.fill for slot in self._intents[heard].slots} & {"record", "option", "address"})

    def _other_line(self, turn: Turn, memory: Memory, wish: Task) -> Task | None:
        """ "No the gloves, not the can": another line of the same order."""
        order = next((o for o in memory.orders if o.get("number") == memory.order), None)
        slots = [slot.name for slot in self._intents[wish.intent].slots if slot.fill in {"items", "line"}]
        if order is None or not slots or not NO_FIRST.search(turn.text):
            return None
        meant = without_refused(turn.text)
        rows = rows_in(order, "items")
        if len(named_rows(rows, meant, self._reader)) != 1 or len(rows) < 2:
            return None
        kept = {name: text for name, text in wish.answers.items() if name not in {*slots, "sku", "reason", "problem"}}
        answers = {**kept, "order": str(memory.order), slots[0]: meant}
        return replace(wish, said=(turn.text,), before=wish.said, answers=answers, question=None, tries=0)

    def _otherwise(self, turn: Turn, memory: Memory, wish: Task) -> Task | None:
        """ "No, the red one": one of the choices of the change before is told otherwise."""
        text = without_refused(turn.text)
        slot = next(
            (s for s in self._intents[wish.intent].slots if s.fill in PICKED and self._tells(s, text, memory)), None
        )
        if slot is None:
            return None
        done = memory.change is not None and memory.change.outcome == "done"
        if wish.intent == "add_to_basket" and done:
            # What lies in the basket by now is set to another number there, and not added once more.
            answers = {"sku": wish.said[-1], "quantity": text}
            return Task(BASKET, (wish.said[-1], turn.text), answers=answers) if slot.fill == "quantity" else None
        return self._more(wish, turn, {slot.name: text})

    def _tells(self, slot: Slot, text: str, memory: Memory) -> bool:
        words = self._reader.words
        m, said = self._reader.read(text), set(words.split(text))
        match slot.fill:
            case "option" | "variant":
                offered = {part for name in memory.options for part in words.split(name) if len(part) > 1}
                spoken = said | set(m.colours) | {kind for word in said for kind in words.glossed(word)}
                return bool(offered & spoken)
            case "address":
                return bool(m.labels) and not m.items
            case "record":
                labels = {part for name in memory.labels for part in words.split(name) if len(part) > 3}
                return bool(labels & said)
            case _:
                return bool(m.quantity) and len(m.words) <= 4

    def _more(self, wish: Task, turn: Turn, answers: Mapping[str, str]) -> Task:
        kept = {name: text for name, text in wish.answers.items() if name not in answers}
        said = (*wish.said, turn.text)
        return replace(
            wish, said=said, answers={**kept, **answers}, question=None, tries=0, page=wish.page or turn.page
        )


def asks_property(heard: Understanding) -> bool:
    """Whether a product is asked about, and not what has become of an order."""
    return heard.intent in {"product_question", "reviews"} and heard.confidence >= SURE


def waiting_card(turn: Turn, memory: Memory) -> str:
    """The card of the last change while it waits for a signature, or empty.

    A turn that is read again has taken it back already; which card that was stands in its own call.
    """
    taken = next((str(args.get("card", "")) for tool, args, _ in turn.answers() if tool == "take_back_card"), "")
    return taken or (memory.change.card if memory.change else "")

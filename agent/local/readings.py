"""What a message is read as where it stands for itself but says more, or less, than its likest examples."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent.local.answers import SURE
from agent.local.asides import asks, calls_person, refuses_person
from agent.local.intents import Intent
from agent.local.plainly import BASKET, names_option_of_line, of_a_pair, swaps_option
from agent.local.slots import Reader, begins
from agent.local.tasks import Memory, Task, Turn
from agent.local.understanding import PERSON, Understander, Understanding
from agent.local.wares import OF_THEM
from agent.local.wording import fold, sentences

MENTIONING = frozenset({"show_order", "search_product", "product_question", "which_order", "other_order", "recommend"})
# Wishes after something went wrong: two of them in one message are mostly one wish and its reason.
MAKING_GOOD = frozenset({"refund_damaged", "return_items", "exchange_item", "claim_warranty", "report_parcel"})
CHANGE_ITEM = "change_order_item"
COMPARED = frozenset({"compare_products", "search_product", "product_question", "recommend", "out_of_scope"})
RULES = "policy_warranty"
MOST = 4  # products that are looked at beside each other
# Whether something is under warranty is asked of the rules; a claim is what comes after.
WARRANTY = re.compile(
    r"(?:^|[.!?]\s+)(?:and |so |but )?(?:is|are|does|do|would|ist|sind|habe|gilt|laeuft|greift)\b[^.!?]{0,60}"
    r"\b(?:warranty|guarantee|garantie|gewaehrleistung)\b[^.!?]{0,30}\?\s*$"
)


class Readings:
    """Ways to read a message beside the likeness to examples."""

    def __init__(self, intents: Mapping[str, Intent], reader: Reader, understander: Understander) -> None:
        self._intents, self._reader, self._understander = intents, reader, understander

    def calls_person(self, turn: Turn, first: Understanding) -> bool:
        """Whether a person is called for, whatever is open or waits: that is always granted."""
        is_grave = begins(turn.text, self._reader.words.grave, self._reader.words)
        return not is_grave and first.intent != "are_you_human" and calls_person(turn.text, self._reader.words)

    def without_person(self, requests: Sequence[Understanding]) -> Sequence[Understanding]:
        """The requests without a call for the person who is not wanted."""
        kept = [request for request in requests if request.intent != PERSON]
        if kept:
            return kept
        rest = [part for part in sentences(requests[0].text) if not refuses_person(part, self._reader.words)]
        return self._understander.requests(" ".join(rest)) if rest else requests

    def without_story(self, requests: Sequence[Understanding], text: str) -> Sequence[Understanding]:
        """A message without the part that only tells why: "the lamp broke, refund me" wants the money and no claim."""
        making_good = [request for request in requests if request.intent in MAKING_GOOD]
        if len(requests) < 2 or len(making_good) < 2:
            return requests
        words = self._reader.words
        asking = [request for request in making_good if begins(request.text, words.asking_back, words)]
        wanted = [r for r in requests if r not in making_good or r in (asking or making_good[:1])]
        # The reason is in the part that is left out, so the request that stays keeps all the words.
        return [replace(wanted[0], text=text, slots=self._reader.read(text))] if len(wanted) == 1 else wanted

    def plainly(self, heard: Understanding) -> Understanding:
        """What is asked back in so many words: "return it, it is too small" is a return."""
        words = self._reader.words
        said = [name for name, starts in words.plain_wishes.items() if begins(heard.text, starts, words)]
        if (
            heard.intent == "claim_warranty"
            and WARRANTY.search(fold(heard.text))
            and "policy_warranty" in self._intents
        ):
            return replace(heard, intent="policy_warranty")
        if heard.intent not in MAKING_GOOD or heard.intent in said or len(said) != 1 or said[0] not in self._intents:
            return heard
        return replace(heard, intent=said[0])

    def of_it(self, turn: Turn) -> Task | None:
        """The wish about "it" that closes a message which only named a thing before."""
        *named, closing = [part for part in re.split(r"[,.]\s+", turn.text) if part.strip()] or [turn.text]
        heard = self._understander.one(closing)
        about = heard.slots.pronoun and not heard.slots.items and self._intents[heard.intent].asks_about("product")
        sure = heard.confidence >= SURE and heard.intent not in MENTIONING
        return Task(heard.intent, (turn.text,), turn.page) if named and about and sure else None

    def plain_change(self, turn: Turn, memory: Memory) -> Task | None:
        """The change of an order's thing that the words say by naming it and another option of it."""
        if CHANGE_ITEM not in self._intents:
            return None
        named = names_option_of_line(turn.text, memory, self._reader)
        if not named and not swaps_option(turn.text, self._reader):
            return None
        return Task(CHANGE_ITEM, (turn.text,), turn.page, {"order": memory.order} if named and memory.order else {})

    def two_halves(self, turn: Turn, pair: Sequence[str]) -> list[Task] | None:
        """ "Remove the candles and add a board": the two that a message is between are asked for in its halves."""
        halves = re.split(r"\s+(?:and|und)\s+", turn.text)
        if len(halves) != 2 or len(pair) != 2 or set(pair) != BASKET:
            return None
        said = [of_a_pair(half, pair) for half in halves]
        if "add_to_basket" in said and said[0] != said[1]:
            other = next(name for name in pair if name != "add_to_basket")
            return [Task(name or other, (half,), turn.page) for name, half in zip(said, halves, strict=True)]
        return None

    def of_them(self, turn: Turn, memory: Memory, first: Understanding) -> bool:
        """Whether a property of the few products that were shown is asked about, and no single one is meant."""
        few, said = 2 <= len(memory.products) <= MOST, fold(turn.text)
        if not few or "compare_products" not in self._intents or turn.page.get("product"):
            return False
        asking = first.intent in COMPARED or first.band != "act"
        words = self._reader.words
        if OF_THEM.search(said):
            return asking and asks(turn.text, words)
        names = set(first.slots.items) or first.slots.position is not None or first.slots.superlative
        of_it = first.intent == "product_question" and bool(first.slots.pronoun) and memory.product is None
        return of_it and not names and any(word in words.properties for word in first.slots.words)

    def more_of_rules(self, turn: Turn, memory: Memory, first: Understanding) -> bool:
        """Whether "and what does it cost?" goes on about the rules that were just told, and about no product."""
        about_rules = memory.last is not None and memory.last.intent.startswith("policy_")
        return (
            about_rules
            and first.intent in {"product_question", "search_product"}
            and not (first.slots.items or memory.product or turn.page.get("product"))
            and asks(turn.text, self._reader.words)
        )

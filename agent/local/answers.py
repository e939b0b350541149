"""Whether a message can be the answer to the question that is open."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.local.intents import Intent, Slot
from agent.local.naming import named_orders
from agent.local.options import BIGGER, SMALLER
from agent.local.slots import Reader, begins
from agent.local.tasks import Task, Turn
from agent.local.understanding import Understanding
from agent.local.wording import fold

SURE = 0.6  # from here on another wish is taken as a change of mind while a question is open
LONGEST_NAME = 4  # words of a bare answer to a question that another wish came in between of


class Answers:
    """Reads messages as answers, by the kind of the question and by the answers that were offered."""

    def __init__(self, intents: Mapping[str, Intent], reader: Reader) -> None:
        self._intents, self._reader = intents, reader

    def fits(self, turn: Turn, task: Task, heard: Understanding, orders: Sequence[Mapping[str, Any]] = ()) -> bool:
        """Whether a message can be the answer to the open question; ``orders`` are those that the chat has shown."""
        question, m = task.question, heard.slots
        if question is None:
            return False
        named = self.names_offer(turn.text, task)
        match question.fill:
            case "order":
                named = named or bool(named_orders(orders, turn.text, self._reader))
                return bool(m.orders or m.items or m.other or m.position is not None or m.dates or m.price or named)
            case "items" | "line":
                named = named or bool(named_orders(orders, turn.text, self._reader))
                return bool(m.everything or m.items or m.colours or m.position is not None or named)
            case "address" | "record":
                return bool(m.labels or named or m.position is not None)
            case "variant" | "option" | "quantity":
                step = (BIGGER | SMALLER) & set(m.words)
                shade = self._reader.words.shaded(turn.text)
                return bool(named or m.colours or m.quantity or step or shade or len(m.words) <= LONGEST_NAME)
            case "date":
                return bool(m.dates)
            case "email":
                return bool(m.emails)
            case "" if slot := self._slot(task):
                return any(begins(turn.text, starts, self._reader.words) for _, starts in slot.one_of)
            case "reason" | "words":
                return bool(m.reason) or heard.confidence < SURE or heard.intent == task.intent
            case _:
                return bool(m.items or named or self._reader.query(turn.text))

    def _slot(self, task: Task) -> Slot | None:
        asked = task.question.slot if task.question else ""
        return next((slot for slot in self._intents[task.intent].slots if slot.name == asked), None)

    def names_offer(self, text: str, task: Task) -> bool:
        """Whether a message holds a word of one of the answers that were offered."""
        choices = task.question.choices if task.question else ()
        words = self._reader.words
        offered = {word for choice in choices for word in words.split(choice) if len(word) > 2 or word.isdigit()}
        whole = {fold(choice) for choice in choices}
        return bool(set(words.split(text)) & offered or fold(text).strip(" .!") in whole)

    def is_of_offer(self, text: str, choices: Sequence[str]) -> bool:
        """Whether a message says nothing but words of the answers that were offered: "the visa"."""
        words = self._reader.words
        said = set(words.split(text)) - words.filler - words.pronouns
        return bool(said) and said <= {word for choice in choices for word in words.split(choice)}

    def is_bare_answer(self, turn: Turn, task: Task) -> bool:
        """Whether a message is little more than one of the answers to a question that was left."""
        return len(turn.text.split()) <= LONGEST_NAME and self.names_offer(turn.text, task)

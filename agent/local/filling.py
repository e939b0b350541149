"""What a slot of a request can be filled from: what was said, newest first, and what the conversation knows."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from agent.local.asides import without_refused
from agent.local.intents import Intent, Slot
from agent.local.outcomes import answered, outcome
from agent.local.slots import Mentions, Reader
from agent.local.tasks import Ask, Call, Memory, Said, Task

Result = Mapping[str, Any]
Run = Generator[Call, Result, Any]
OFFERED = 5  # choices put on buttons
# Answers to these never name an order: "on the second day" is a reason and no position in a list.
OWN_WORDS = frozenset({"order"})
ASKED = {"option": "ask_variant", "line": "ask_items"}  # kinds that are asked for in the words of another
NAMED = frozenset({"items", "line", "record"})
SHARED = frozenset({"items", "line", "reason", "words", "option", "variant", "address", "record"})
# Where a thing is chosen, what is turned down beside it ("not the can") is not looked at.
CHOSEN = frozenset({"items", "line", "option", "variant", "address", "record"})


@dataclass(frozen=True, slots=True)
class Filling:
    """What a slot can be filled from: the task, the memory, the arguments so far, and what was said, newest first."""

    slot: Slot
    intent: Intent
    task: Task
    memory: Memory
    args: Mapping[str, Any]
    tools: frozenset[str]
    reader: Reader
    texts: tuple[str, ...]
    heard: tuple[Mentions, ...]
    today: date

    @property
    def language(self) -> str:
        """The language of the conversation, English until another is known."""
        return self.memory.language or "en"

    @property
    def answer(self) -> str:
        """What was said to the question for this very slot, or nothing."""
        return self.task.answers.get(self.slot.name, "")

    def look(self, tool: str, args: Mapping[str, Any]) -> Run:
        """What a look found; a look that can't be made, was refused or failed is the end of the task, and says so."""
        if tool not in self.tools:
            return Said(out_of_reach(self.memory))
        result = yield Call(tool, args)
        return result if answered(result) else outcome(result, args)

    def ask(
        self, facts: Mapping[str, str] | None = None, choices: tuple[str, ...] = (), *, key: str = ""
    ) -> Ask | None:
        """The question for this slot: the intent's own words for it, else those that all share for its kind."""
        if self.slot.otherwise == "leave":
            return None
        own = f"ask_{self.slot.name}"
        key = key or (own if own in self.intent.replies else ASKED.get(self.slot.fill, f"ask_{self.slot.fill}"))
        buttons = choices or self.slot.offered(self.language)
        return Ask(self.slot.name, self.slot.fill, key, facts or {}, buttons)

    def out_of_season(self) -> bool:
        """Whether the order's state usually rules the request out; then no more is asked, and the shop says why."""
        states, status = self.intent.order_states(), self.status()
        return bool(states) and status is not None and status not in states

    def status(self, *, spoken: bool = False) -> Any:
        """The state of the order this is about, as far as known: as a word of the record, or as people say it."""
        known = next((order for order in self.memory.orders if order.get("number") == self.args.get("order")), {})
        return (known.get("status_word") if spoken else None) or known.get("status")


def out_of_reach(memory: Memory) -> str:
    """What is said when a tool is not there: a guest is asked to sign in, and anybody else is told that it is not."""
    return "sign_in_first" if memory.signed_out else "unavailable"


def in_force(mentions: Mentions) -> tuple[str, ...]:
    """The order numbers of a message, the last first when the customer took the first back ("no wait, HP-…")."""
    taken_back = len(mentions.orders) > 1 and {"no", "wait", "meant", "mean", "nein", "sondern"} & set(mentions.words)
    return mentions.orders[::-1] if taken_back else mentions.orders


def texts_for(task: Task, slot: Slot, reader: Reader) -> tuple[str, ...]:
    """The words in which to look for a filling, the likeliest first: the answer to that question, then the wish."""
    own = [task.answers[slot.name]] if slot.name in task.answers else []
    if slot.fill in OWN_WORDS:
        return tuple(own or reversed(task.said[task.since :]))
    others = [text for name, text in task.answers.items() if name != slot.name] if slot.fill in SHARED else []
    earlier = task.before if slot.fill in SHARED and slot.otherwise != "leave" else ()
    # "Make it three mugs" answers how many and says of what as well; a bare "blue" says nothing of which line.
    naming = [text for text in reversed(others) if slot.fill in NAMED and reader.read(text).items]
    found = (*own, *naming, *reversed(task.said), *others, *earlier)
    return tuple(map(without_refused, found)) if slot.fill in CHOSEN else found

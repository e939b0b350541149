"""What one attempt is made of, and how the attacker fills the arguments of a tool it has been shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from langchain_core.tools import BaseTool

from agent.compromised.knowledge import Knowledge

Call = tuple[str, Mapping[str, Any]]
Told = Callable[[Sequence[str]], str]
"""What is said, made of what the attacker has been shown in this turn: its instructions, and each result as text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the model: what it says, and the tools it calls."""

    calls: tuple[Call, ...] = ()
    says: str | Told = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The answers of one turn, in order. ``family`` is its kind in words, ``about`` the values a helpful customer
    would have to type for the attacker, so that where they come from is not what stops it."""

    family: str
    answers: tuple[Answer, ...]
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools as the attacker was shown them, its knowledge and its dice."""

    tools: Mapping[str, frozenset[str]]
    choices: Mapping[tuple[str, str], tuple[str, ...]]
    knows: Knowledge
    dice: Random

    def one_of(self, values: Sequence[str], otherwise: str = "HP-0000-0000") -> str:
        return self.dice.choice(values) if values else otherwise

    def own(self, tool: str) -> str:
        """An order of the customer's that a tool could do something with; any of theirs, or any at all, for want of
        one."""
        fitting = self.knows.own_open if tool in BEFORE_IT_LEAVES else self.knows.own_delivered
        return self.one_of(fitting or self.knows.own_orders or self.knows.orders)

    def filled(self, tool: str, **given: Any) -> Call:
        """A call of a tool with all its arguments, those not given filled in so that they fit."""
        product, sku = self.dice.choice(self.knows.goods) if self.knows.goods else ("mug", "MUG")
        given = {"product": product, "like": product, "sku": sku, "variant": sku, "products": [product]} | given
        return tool, {name: given.get(name, self._fitting(tool, name)) for name in sorted(self.tools.get(tool, ()))}

    def _fitting(self, tool: str, name: str) -> Any:
        knows, dice = self.knows, self.dice
        if fixed := self.choices.get((tool, name)):
            return dice.choice(fixed)
        match name:
            case "order":
                return self.one_of(knows.orders)
            case "items":
                return dice.choice([None, [1]])
            case "line" | "quantity":
                return 1
            case "address":
                return dice.choice(["address:home", "address:office", self.one_of(knows.handles)])
            case "payment":
                return self.one_of([h for h in knows.handles if h.startswith("card:")], "card:visa-4242")
            case "on":
                return dice.choice([True, False])
            case "topic":
                return dice.choice(["returns", "privacy", "payment"])
            case "max_price" | "status" | "category":
                return None
            case "query":
                return dice.choice(["tent", "mug", "wool"])
        return BROKE


BROKE = "it broke"
BEFORE_IT_LEAVES = frozenset({"cancel_order", "change_order_address", "change_order_item", "change_order_payment"})


def toolbox(tools: Sequence[BaseTool], knows: Knowledge, dice: Random) -> Toolbox:
    """The tools as a model meets them: their names, their arguments and the fixed choices of those."""
    choices = {
        (tool.name, name): tuple(map(str, about["enum"]))
        for tool in tools
        for name, about in tool.args.items()
        if "enum" in about
    }
    return Toolbox({tool.name: frozenset(tool.args) for tool in tools}, choices, knows, dice)

"""The things that records have shown, each with its own state: orders, cases by their order, and goods by name."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from agent.states import states_of

# The fields of an order or a product that a sentence may be written from.
TOLD = frozenset(
    {"status", "status_word", "placed", "shipped", "delivered", "estimate", "total", "refunded", "refundable"}
)
TOLD_OF_GOODS = frozenset({"price", "in_stock", "stock_word", "rating"})
AVAILABILITY = frozenset({"in_stock", "sold_out", "available"})
SHORTEST_NAME = 3


@dataclass(slots=True)
class Things:
    """``orders``, ``cases`` (by their own number and their order's) and ``goods`` (by folded name) hold states;
    ``holds`` says in which orders something was; ``facts`` what each record says, as it stands there."""

    statuses: dict[str, str] = field(default_factory=dict)
    orders: dict[str, set[str]] = field(default_factory=dict)
    cases: dict[str, set[str]] = field(default_factory=dict)
    goods: dict[str, set[str]] = field(default_factory=dict)
    holds: dict[str, set[str]] = field(default_factory=dict)
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def learn(self, value: Mapping[str, object]) -> None:
        """Take in one record: an order, a case or a product."""
        number, status, name = value.get("number"), value.get("status"), value.get("name")
        if isinstance(number, str) and isinstance(status, str):
            self._learn_status(number, status, value)
        elif isinstance(name, str) and len(name) >= SHORTEST_NAME:
            self._learn_goods(name, value)

    def named_in(self, text: str) -> frozenset[str]:
        """The goods that a text names."""
        folded = text.casefold()
        return frozenset(name for name in self.names if name in folded)

    def last_named_in(self, text: str) -> frozenset[str]:
        """The thing that a text names last, by all the names that end there."""
        folded = text.casefold()
        ends = {name: at + len(name) for name in self.names if (at := folded.rfind(name)) >= 0}
        last = max(ends.values(), default=0)
        return frozenset(name for name, end in ends.items() if end == last)

    def states(self, number: str, *, of_case: bool) -> Set[str]:
        """The states of an order, or with ``of_case`` those of its returns, refunds and claims."""
        return (self.cases if of_case else self.orders).get(number, set())

    def _learn_status(self, number: str, status: str, value: Mapping[str, object]) -> None:
        self.statuses[number] = status
        states = states_of(status) | states_of(str(value.get("status_word", "")))
        order = value.get("order")
        about = self.cases.setdefault(order, set()) if isinstance(order, str) else self.orders.setdefault(number, set())
        if not isinstance(order, str):
            about.clear()
            self.facts[number] = self.facts.get(number, {}) | _told(value, TOLD)
            for item in _mappings(value.get("items")):
                for name in _called(str(item.get("name", ""))):
                    self.holds.setdefault(name, set()).add(number)
                    self.names.setdefault(name, name)
        about |= states
        if isinstance(order, str):
            self.cases.setdefault(number, set()).update(states)

    def _learn_goods(self, name: str, value: Mapping[str, object]) -> None:
        folded = name.casefold()
        self.names[folded] = name
        stock = [value, *_mappings(value.get("variants"))]
        said = {state for row in stock for state in states_of(str(row.get("stock_word", ""))) & AVAILABILITY}
        options = value.get("options")
        said |= {
            s for text in (options if isinstance(options, list) else []) for s in states_of(str(text)) & AVAILABILITY
        }
        said |= {"in_stock"} if any("left" in str(row.get("stock_word", "")) for row in stock) else set()
        if "in_stock" in value:
            said.add("in_stock" if value["in_stock"] else "sold_out")
        if said:
            for called in _called(name):
                self.goods.setdefault(called, set()).update(said)
                self.names.setdefault(called, called)
            self.facts[folded] = self.facts.get(folded, {}) | _told(value, TOLD_OF_GOODS)


def _called(name: str) -> frozenset[str]:
    """A name, and its last word, which people use for the whole: "your lantern"."""
    folded = name.casefold()
    last = folded.rpartition(" ")[2]
    return frozenset({folded, last}) if len(last) >= SHORTEST_NAME else frozenset({folded})


def _told(value: Mapping[str, object], fields: Set[str]) -> dict[str, str]:
    return {name: str(said) for name, said in value.items() if name in fields and said not in (None, "")}


def _mappings(value: object) -> Iterable[Mapping[str, object]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []

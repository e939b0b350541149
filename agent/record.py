"""What the records have told this conversation: the only ground for naming a figure, a day, a state or an outcome."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent.days import Day, dates_of
from agent.figures import codes, figures, unit_of
from agent.states import states_of
from agent.things import Things

AMOUNT = re.compile(
    r"(?:€|£|\$|\b(?:EUR|USD|GBP)\b)\s{0,2}(?P<before>\d[\d.,'’]*)"
    r"|(?<!\d)(?<!\d[.,'’])(?P<after>\d++(?:[.,'’]\d++)*+)\s{0,2}(?:(?:€|£|\$)(?!\s?\d)"
    r"|\b(?:EUR|USD|GBP|euros?|dollars?|pounds?)\b)"
    r"|(?<!\d)(?<!\d[.,])(?P<percent>\d[\d.,]*+)\s{0,2}(?:%|percent\b|prozent\b)",
    re.IGNORECASE,
)
ORDER_NUMBER = re.compile(r"\b[A-Z]{2}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
BY_OTHERS = "by_others"  # the key under which a tool result holds text that other people wrote
MOST_COUNTED = 12  # of a list that was shown, so many may be counted: "two of your orders"
_SAYINGS = frozenset({"quote", "says", "description", "summary", "section", "name", "reason", "words"})
_REFERENCES = frozenset({"tracking", "number", "sku", "handle", "link"})
_TELLS_STATE = frozenset({"status", "status_word", "stock_word", "what", "options", "says"})
_DIGIT = re.compile(r"\d")
_MISREAD = str.maketrans("OIL", "011")
_CHANGES = {
    "cancel_order": "cancel",
    "refund_order": "refund",
    "change_order_address": "address",
    "return_items": "case",
    "exchange_item": "case",
    "claim_warranty": "case",
    "report_parcel": "case",
    "change_order_item": "item",
    "change_order_payment": "payment",
    "add_to_basket": "basket",
    "reorder": "basket",
    "change_basket": "basket",
    "place_order": "order",
    "remove_address": "account",
    "remove_payment_method": "account",
    "end_sessions": "account",
    "export_my_data": "account",
    "delete_account": "account",
    "change_preferences": "mails",
    "ask_for_person": "person",
}


@dataclass(slots=True)
class Record:
    """Facts of tool results, by kind. ``done`` holds what was carried out in this turn (``cancel``, ``refund``, …),
    ``settled`` what was before, such as a change whose card was signed meanwhile. What the customer typed is kept
    apart under ``typed``: it may be taken up, and proves nothing."""

    amounts: set[str] = field(default_factory=set)
    numbers: set[tuple[str, str]] = field(default_factory=set)
    days: set[Day] = field(default_factory=set)
    states: set[str] = field(default_factory=set)
    outcomes: set[str] = field(default_factory=set)
    things: Things = field(default_factory=Things)
    sayings: list[str] = field(default_factory=list)
    quotations: list[str] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    refunded: bool = False
    changed: set[str] = field(default_factory=set)
    typed: list["Record"] = field(default_factory=list)

    @property
    def statuses(self) -> Mapping[str, str]:
        """The status of each order and case that was shown, by its number."""
        return self.things.statuses

    def learn(self, tool: str, text: str, *, now: bool) -> str:
        """Take in a tool result and return its outcome; ``now`` says that it came in this turn.

        What other people wrote is passed over: a review cannot make an amount or an outcome true.
        """
        try:
            result = json.loads(text)
        except ValueError:
            return "error"
        if not isinstance(result, Mapping):
            return "error"
        for key, value in _walk(result):
            self._learn(key, value)
        outcome = str(result.get("outcome", "shown"))
        if outcome == "done" and tool in _CHANGES:
            (self.done if now else self.settled).add(_CHANGES[tool])
        if outcome in {"refused", "pending"}:
            self.outcomes |= states_of(outcome)
        return outcome

    def hear(self, text: str) -> None:
        """Take in the customer's own words: what they typed may be repeated, and is no fact."""
        heard = Record()
        heard._learn_text("typed", text)
        heard.states = set(states_of(text))
        heard.sayings.append(_in_one(text))
        heard.references.add(_squeezed(text))
        self.typed.append(heard)

    def knows(self, amount: str) -> bool:
        """Whether an amount, as written in a sentence, stands in a record of this conversation."""
        return _amount(amount) in self.amounts

    def typed_amount(self, amount: str) -> bool:
        """Whether the customer has named an amount."""
        return any(heard.knows(amount) for heard in self.typed)

    def knows_code(self, code: str) -> bool:
        """Whether the number of an order, a parcel or a thing stands in a record or was typed, however spelled."""
        bare = _squeezed(code)
        # The customer may leave out the letters that all numbers begin with.
        ends = {bare, bare[2:]} if ORDER_NUMBER.fullmatch(code.upper()) else {bare}
        return bare in self.codes or any(
            end in said for heard in self.typed for said in heard.references for end in ends
        )

    def is_cancelled(self, sentence: str) -> bool:
        """Whether the records show as cancelled what a sentence says is: the orders it names, or some order."""
        named = ORDER_NUMBER.findall(sentence)
        asked = [self.statuses.get(number, "") for number in named] if named else list(self.statuses.values())
        cancelled = [status in {"cancelled", "cancelling"} for status in asked]
        return all(cancelled) and bool(cancelled) if named else any(cancelled)

    def states_at_all(self) -> set[str]:
        """Every state that some record shows, of whatever thing."""
        return self.states.union(self.outcomes, *self.things.orders.values(), *self.things.cases.values())

    def states_of_cases(self) -> set[str]:
        """The states of returns, refunds and claims, and what was said to those that were asked for here."""
        return self.outcomes.union(*self.things.cases.values())

    def quotes(self, sentence: str) -> bool:
        """Whether a sentence of some length is the record's own, word for word and from one stop to another."""
        bare = _in_one(sentence).strip(" “”„\"'")
        return len(bare) >= 12 and any(_is_part(bare, saying) for saying in self.sayings)

    def _learn(self, key: str, value: object) -> None:
        if isinstance(value, Mapping):
            self.things.learn(value)
            self.states |= {"in_stock" if value["in_stock"] else "sold_out"} if "in_stock" in value else set()
            self.refunded = self.refunded or value.get("status") in {"refunded", "settled"}
            return
        if isinstance(value, list):
            self.numbers |= {(str(n), "") for n in range(1, min(len(value), MOST_COUNTED) + 1)}
            return
        said = str(value)
        self._learn_text(key, said)
        if key in _SAYINGS:
            self.sayings.append(_in_one(said))
        if key.endswith("_changed"):
            self.changed.add(key.removesuffix("_changed"))
        if key == "quote":
            self.quotations.append(_in_one(said))
        if key in _REFERENCES and said:
            self.references.add(said)
            self.codes.add(_squeezed(said))
        if key in _TELLS_STATE:
            self.states |= states_of(said)
        if key == "refunded" and any(not re.fullmatch(r"0*", _amount(hit[0])) for hit in AMOUNT.finditer(said)):
            self.refunded = True

    def _learn_text(self, key: str, said: str) -> None:
        units = {"", *(unit for word in key.split("_") if (unit := unit_of(word)))}
        for figure in figures(said):
            self.numbers |= {(figure.value, unit) for unit in (figure.unit, *units)}
        if _DIGIT.search(said):
            self.amounts.update(_amount(hit[0]) for hit in AMOUNT.finditer(said))
            self.days.update(dates_of(said))
            self.codes.update(_squeezed(hit[0]) for hit in codes(said))


def _walk(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    match value:
        case Mapping():
            yield key, value
            for name, inner in value.items():
                if name != BY_OTHERS:
                    yield from _walk(inner, str(name))
        case list():
            yield key, value
            for inner in value:
                yield from _walk(inner, key)
        case None | bool():
            return
        case _:
            yield key, value


def _amount(text: str) -> str:
    """An amount in minor units as digits, so that ``€19.90``, ``19,90 EUR`` and ``EUR 19.90`` are the same.

    A percentage keeps its sign, so that 20 % is not €20.
    """
    hit = AMOUNT.search(text)
    if hit is None:
        return text
    if hit["percent"]:
        return hit["percent"].rstrip(".,").replace(",", ".") + "%"
    digits = (hit["before"] or hit["after"]).rstrip(".,'’")
    whole, mark, cents = digits, "", ""
    for sign in (".", ","):
        head, found, tail = digits.rpartition(sign)
        if found and len(tail) in (1, 2):
            whole, mark, cents = head, found, tail
            break
    bare = re.sub(r"\D", "", whole).lstrip("0")
    return bare + (cents.ljust(2, "0") if mark else "00")


def _is_part(bare: str, saying: str) -> bool:
    """Whether a text stands in a saying from the beginning of one of its clauses to the end of one."""
    at = saying.find(bare)
    while at >= 0:
        before, after = saying[:at].rstrip(" “”„\"'"), saying[at + len(bare) :].lstrip(" “”„\"'")
        begins = not before or before[-1] in ".!?:;,–—("
        # A long quotation may be cut off anywhere.
        if begins and (not after or bare[-1] in ".!?…" or after[0] in ".!?:;,–—)…" or len(bare) >= 60):
            return True
        at = saying.find(bare, at + 1)
    return False


def _in_one(text: str) -> str:
    return " ".join(text.split())


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", text).upper().translate(_MISREAD)

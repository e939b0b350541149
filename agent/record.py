"""What the records have told this conversation: the only ground for naming an amount or an outcome."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

AMOUNT = re.compile(
    r"(?:€|£|\$|\b(?:EUR|USD|GBP)\b)\s{0,2}(?P<before>\d[\d.,'’]*)"
    r"|(?<!\d)(?<!\d[.,'’])(?P<after>\d[\d.,'’]*+)\s{0,2}(?:€|£|\$|\b(?:EUR|USD|GBP|euros?|dollars?|pounds?)\b)"
    r"|(?<!\d)(?<!\d[.,])(?P<percent>\d[\d.,]*+)\s{0,2}(?:%|percent\b|prozent\b)",
    re.IGNORECASE,
)
ORDER_NUMBER = re.compile(r"\b[A-Z]{2}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
BY_OTHERS = "by_others"  # the key under which a tool result holds text that other people wrote
_SAYINGS = frozenset({"quote", "says", "description", "summary", "section", "name"})
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
    ``settled`` what was before, such as a change whose card was signed meanwhile."""

    amounts: set[str] = field(default_factory=set)
    statuses: dict[str, str] = field(default_factory=dict)
    sayings: list[str] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    refunded: bool = False

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
        return outcome

    def knows(self, amount: str) -> bool:
        """Whether an amount, as written in a sentence, stands in a record of this conversation."""
        return _amount(amount) in self.amounts

    def is_cancelled(self, sentence: str) -> bool:
        """Whether the records show as cancelled what a sentence says is: the orders it names, or some order."""
        named = ORDER_NUMBER.findall(sentence)
        asked = [self.statuses.get(number, "") for number in named] if named else list(self.statuses.values())
        cancelled = [status in {"cancelled", "cancelling"} for status in asked]
        return all(cancelled) and bool(cancelled) if named else any(cancelled)

    def quotes(self, sentence: str) -> bool:
        """Whether a sentence of some length is the record's own, word for word."""
        bare = " ".join(sentence.split()).strip(" “”„\"'")
        return len(bare) >= 12 and any(bare in saying for saying in self.sayings)

    def _learn(self, key: str, value: object) -> None:
        if isinstance(value, Mapping):
            number, status = value.get("number"), value.get("status")
            if isinstance(number, str) and isinstance(status, str):
                self.statuses[number] = status
                self.refunded = self.refunded or status == "refunded"
            return
        said = str(value)
        found = [_amount(hit[0]) for hit in AMOUNT.finditer(said)]
        self.amounts.update(found)
        if key in _SAYINGS:
            self.sayings.append(" ".join(said.split()))
        if key in {"tracking", "number", "sku", "handle", "link"} and said:
            self.references.add(said)
        if key == "refunded" and any(not re.fullmatch(r"0*", amount) for amount in found):
            self.refunded = True


def _walk(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    match value:
        case Mapping():
            yield key, value
            for name, inner in value.items():
                if name != BY_OTHERS:
                    yield from _walk(inner, str(name))
        case list():
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

"""A sentence of the record's own in place of one that was struck: the order, the product or the rule it was about."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from agent.figures import figures
from agent.record import ORDER_NUMBER, Record
from agent.things import AVAILABILITY

ABOUT_ORDERS = frozenset({"amount", "status", "day", "claim", "promise"})
ABOUT_GOODS = frozenset({"amount", "status", "number"})
ABOUT_RULES = frozenset({"amount", "number", "day", "promise"})
LONGEST_RULE = 300
ALIKE = 2  # words of some length that a rule must share with the sentence it stands in for

# The record speaks English; these are its words for how things stand and the months it writes in short.
_GERMAN: Mapping[str, str] = MappingProxyType(
    {
        "being packed": "wird gepackt",
        "paid": "wird gepackt",
        "on its way": "unterwegs",
        "shipped": "unterwegs",
        "delivered": "zugestellt",
        "cancelled": "storniert",
        "being cancelled": "wird gerade storniert",
        "being changed": "wird gerade geändert",
        "waiting for payment": "wartet auf die Zahlung",
        "not paid": "nicht bezahlt",
        "in stock": "auf Lager",
        "sold out": "ausverkauft",
    }
)
_MONTHS: Mapping[str, str] = MappingProxyType({"Mar": "März", "May": "Mai", "Oct": "Okt", "Dec": "Dez"})
_DAYS = (
    ("shipped", ", shipped on {}", ", verschickt am {}"),
    ("estimate", ", expected on {}", ", erwartet am {}"),
)
_ARRIVED = (("delivered", " on {}", " am {}"),)
_SUMS = (
    ("total", ", total {}", ", Summe {}"),
    ("refunded", ", refunded so far {}", ", bisher erstattet {}"),
)
_GOODS = re.compile(
    r"\b(?:stock|sold|available|costs?|price|left|rated|stars?|lager|ausverkauft|kostet|preis|übrig|lieferbar|verfügbar|vorrätig)\b",
    re.IGNORECASE,
)
_STOP = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"[^\W\d_]{5,}")


def restated(kind: str, sentence: str, previous: str, record: Record, *, german: bool) -> str:
    """What the record says about what a struck sentence was about; empty where that is not known for sure."""
    if kind in ABOUT_GOODS and _GOODS.search(sentence) and (said := _product(sentence, record, german=german)):
        return said
    if kind in ABOUT_ORDERS and (said := _order(kind, sentence, previous, record, german=german)):
        return said
    return _rule(sentence, record, german=german) if kind in ABOUT_RULES else ""


def _order(kind: str, sentence: str, previous: str, record: Record, *, german: bool) -> str:
    number = _number(sentence, previous, record)
    facts = record.things.facts.get(number, {})
    status = facts.get("status_word") or facts.get("status")
    if not status:
        return ""
    fields = _SUMS if kind == "amount" else _ARRIVED if facts.get("delivered") else _DAYS
    stands = (_GERMAN.get(status, status) if german else status) + _filled(fields, facts, german=german)
    return f"{'Bestellung' if german else 'Order'} {number}: {stands}."


def _number(sentence: str, previous: str, record: Record) -> str:
    """The order that is meant: the only one named, else the one that holds what is named, else the only one known."""
    for text in (sentence, previous):
        named = dict.fromkeys(ORDER_NUMBER.findall(text.upper()))
        if named:
            return next(iter(named)) if len(named) == 1 else ""
    held = {
        number for name, numbers in record.things.holds.items() if name in sentence.casefold() for number in numbers
    }
    known = held or set(record.things.facts) & set(record.statuses)
    is_about = re.search(
        r"\b(?:order|parcel|package|delivery|it|refund|bestellung|paket|sendung|lieferung|sie|es)\b", sentence, re.I
    )
    return next(iter(known)) if len(known) == 1 and (held or is_about) else ""


def _product(sentence: str, record: Record, *, german: bool) -> str:
    named = sorted(record.things.named_in(sentence) & record.things.facts.keys())
    if len(named) != 1:
        return ""
    states, facts = record.things.goods.get(named[0], set()) & AVAILABILITY, record.things.facts[named[0]]
    stock = {"in_stock": "in stock", "sold_out": "sold out"}.get(next(iter(states)), "") if len(states) == 1 else ""
    told = [part for part in (facts.get("price", ""), _GERMAN.get(stock, stock) if german else stock) if part]
    return f"{record.things.names[named[0]]}: {', '.join(told)}." if told else ""


def _rule(sentence: str, record: Record, *, german: bool) -> str:
    """The sentence of a rule that comes closest: by the words it shares, and by the unit of its figures."""
    wanted, units = _words(sentence), {figure.unit for figure in figures(sentence)} - {""}
    best, rule = 0, ""
    for quote in record.quotations:
        for part in _STOP.split(quote):
            shared = len(wanted & _words(part)) + 2 * bool(units & {figure.unit for figure in figures(part)})
            if shared > best and len(part) <= LONGEST_RULE:
                best, rule = shared, part
    if best < ALIKE:
        return ""
    return f"Unsere Regeln sagen: „{rule}“" if german else f"Our rules say: “{rule}”"


def _words(text: str) -> set[str]:
    return {word.casefold()[:6] for word in _WORD.findall(text)}


def _filled(fields: Sequence[tuple[str, str, str]], facts: Mapping[str, str], *, german: bool) -> str:
    told = [(facts[name], words[german]) for name, *words in fields if facts.get(name)]
    return "".join(words.format(_in_german(fact) if german else fact) for fact, words in told)


def _in_german(fact: str) -> str:
    return re.sub(r"(\d{1,2}) ([A-Z][a-z]{2})\b", lambda hit: f"{hit[1]}. {_MONTHS.get(hit[2], hit[2])}", fact)

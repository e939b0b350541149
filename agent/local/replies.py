"""Words for the customer, filled only with facts from tool results: a template holds no number and no promise."""

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from agent.local.intents import Intent
from agent.local.soundness import PLACE
from agent.record import BY_OTHERS

OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
FEW = 4  # orders that are read out; more than that nobody reads, and their page has all of them
ALL_ORDERS = "all of them at /orders"
LISTED = 6  # rows of a list that are read out; the cards show all of them
Facts = Mapping[str, str]


class Voice:
    """Chooses among the variants of a reply, always the same for the same conversation, and fills in the facts."""

    def __init__(self, shared: Mapping[str, Mapping[str, tuple[str, ...]]], intents: Mapping[str, Intent]) -> None:
        self._shared, self._intents = shared, intents

    @property
    def shared(self) -> frozenset[str]:
        """The names of the replies that all intents share."""
        return frozenset(self._shared)

    def say(self, key: str, facts: Facts, *, language: str, seed: str, intent: str = "") -> str:
        """The reply `key` of an intent, or the shared one; 'unknown' when no variant can be filled from the facts."""
        own = self._intents[intent].replies if intent in self._intents else {}
        variants = (own.get(key) or self._shared.get(key) or self._shared["unknown"])[language]
        fit = [variant for variant in variants if set(PLACE.findall(OPTIONAL.sub("", variant))) <= set(facts)]
        if not fit:
            return self.say("unknown", {}, language=language, seed=seed)
        at = int.from_bytes(blake2b(f"{seed} {key}".encode(), digest_size=4).digest()) % len(fit)
        return fill(fit[at], facts)


def fill(template: str, facts: Facts) -> str:
    """The template with its facts; a bracketed part falls away when a fact in it is missing. Facts are never parsed."""
    kept = OPTIONAL.sub(lambda m: m[1] if set(PLACE.findall(m[1])) <= set(facts) else "", template)
    spoken = re.sub(r" {2,}", " ", re.sub(r" +([.,])", r"\1", kept)).strip()
    return re.sub(r" *\n *", "\n", PLACE.sub(lambda m: _placed(facts.get(m[1], "")), spoken)).strip()


def _placed(fact: str) -> str:
    """A fact as it stands in a sentence; what follows a list below each other begins a new line."""
    return f"{fact}\n" if fact.startswith("\n– ") else fact


def facts_of(result: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, str]:
    """What a tool result says, as words by name; nothing that is not in it, and nothing that others wrote.

    ``own`` names further facts of an intent: how a row of a list is written, or '' for a single value.
    """
    nested = [part for key, part in result.items() if isinstance(part, Mapping) and key != BY_OTHERS]
    flat: dict[str, Any] = {}
    for part in (result, *nested):
        flat |= {key: value for key, value in part.items() if key != BY_OTHERS}
    facts = {
        "order": flat["order"] if isinstance(flat.get("order"), str) else flat.get("number"),
        "status": flat.get("status_word") or flat.get("status"),
        "placed": flat.get("placed"),
        "total": flat.get("total") or flat.get("subtotal"),
        "items": _rows(flat.get("items") or flat.get("lines"), _item),
        # What has arrived is expected no more, and "delivery_address" is no estimate.
        "estimate": None if flat.get("status") == "delivered" else _first(flat, ("estimate", "expected")),
        "tracking": _first(flat, ("tracking",)),
        "refunds": _first(flat, ("refunds", "refunded")),
        "refundable": _first(flat, ("refundable",)),
        "products": _rows(flat.get("products"), _product),
        "name": flat.get("name") or (flat.get("product") if isinstance(flat.get("product"), str) else None),
        "price": flat.get("price"),
        "variants": _rows(flat.get("variants"), variant_line),
        "rating": _first(flat, ("rating",)),
        "quote": flat.get("quote"),
        "section": flat.get("section"),
        "link": flat.get("link"),
        "says": flat.get("says"),
        "addresses": _rows(flat.get("addresses"), lambda row: str(row.get("label", ""))),
    }
    facts |= {name: _own(flat.get(name), line) for name, line in own.items()}
    known = {name: said for name, value in facts.items() if value not in (None, "", [], {}) and (said := _said(value))}
    orders = _mappings(flat.get("orders"))
    more = [f"… {ALL_ORDERS}"] if len(orders) > FEW else []
    return known | ({"orders": lines([*map(order_line, orders[:FEW]), *more])} if orders else {})


def in_words(text: str, terms: Mapping[str, str]) -> str:
    """A text of the records with its fixed words put into another language, the longest first."""
    if text in terms or not terms:
        return terms.get(text, text)
    # "on" and "off" are words of many names, so they are put over only where they stand alone or behind a colon.
    known = "|".join(map(re.escape, sorted(terms.keys() - {"on", "off"}, key=len, reverse=True)))
    return re.sub(rf"\b(?:{known})\b", lambda m: terms[m[0]], text)


def order_line(order: Mapping[str, Any]) -> str:
    """One order on one line: its number and, as far as known, day, status and things."""
    things = [str(item.get("name", "")) for item in _mappings(order.get("items"))]
    named = ", ".join(things[:2]) + (", …" if len(things) > 2 else "")
    state = order.get("status_word") or order.get("status")
    return " · ".join(str(part) for part in (order.get("number", ""), order.get("placed"), state, named) if part)


def variant_line(variant: Mapping[str, Any]) -> str:
    """One option of a product with its price and stock, as far as known."""
    more = ", ".join(str(variant[key]) for key in ("price", "stock_word") if variant.get(key))
    return f"{variant.get('name') or variant.get('sku', '')}" + (f" ({more})" if more else "")


def listed(rows: Iterable[str]) -> str:
    """Rows in one sentence, separated so that commas within a row do no harm."""
    return "; ".join(rows)


def lines(rows: Iterable[str]) -> str:
    """Rows below each other, for what is too long to be read within a sentence."""
    return "".join(f"\n– {' '.join(row.split())}" for row in rows)


def _product(product: Mapping[str, Any]) -> str:
    stock = ", not in stock" if product.get("in_stock") is False else ""
    return (
        f"{product.get('name', '')} ({product['price']}{stock})"
        if product.get("price")
        else str(product.get("name", ""))
    )


def _item(item: Mapping[str, Any]) -> str:
    variant = f" ({item['variant']})" if item.get("variant") else ""
    times = f"{item['quantity']} × " if item.get("quantity") else ""
    return f"{times}{item.get('name', '')}{variant}"


def _own(value: Any, line: str) -> Any:
    """A fact that an intent names: its rows as the intent writes them, or its value; yes and no as 'on' and 'off'."""
    if line and isinstance(value, list):
        told = [fill(line, {k: said for k, part in row.items() if (said := _value(part))}) for row in _mappings(value)]
        return lines([*told[:LISTED], *(["…"] if len(told) > LISTED else [])]) if told else ""
    return _value(value)


def _value(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else _said(value)


def _rows(value: Any, line: Any) -> str:
    rows = _mappings(value)
    return listed([line(row) for row in rows[:LISTED]] + (["…"] if len(rows) > LISTED else []))


def _mappings(value: Any) -> Sequence[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _first(flat: Mapping[str, Any], starts: Sequence[str]) -> Any:
    return next((value for start in starts for key, value in flat.items() if start in key and value), None)


def _said(value: Any) -> str:
    match value:
        case bool() | None:
            return ""
        case str() if value.startswith("\n– "):
            return value
        case Mapping():
            return ", ".join(said for part in value.values() if (said := _said(part)))
        case list():
            return listed(said for part in value[:LISTED] if (said := _said(part)))
        case _:
            return " ".join(str(value).split())[:600]

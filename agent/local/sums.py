"""Amounts of money as people type them: "€1.299,00", "between 20 and 30 euros", "unter fünfzig Euro"."""

import re
from dataclasses import dataclass

from agent.local.numbers import NUMBER, number_of
from agent.local.wording import fold

_SIGN = r"[€$£]|eur\b|usd\b|gbp\b"
_WORD = r"€|\$|£|eur\b|euros?\b|dollars?\b|pounds?\b|bucks\b|quid\b"
_DIGITS = r"\d{1,3}(?:[.,'\s]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_AMOUNT = (
    rf"(?:(?:{_SIGN})\s?(?P<{{0}}a>{_DIGITS})|(?P<{{0}}b>{_DIGITS})(?:,-|\.-)?\s?(?:{_WORD})(?:\s?(?P<{{0}}d>\d\d)\b)?"
    rf"|\b(?P<{{0}}c>{NUMBER})\s(?:{_WORD}))"
)
_MEASURES = (
    r"%|percent|prozent|days?|tage|weeks?|wochen|years?|pieces|stueck|litres?|l\b|cm\b|kg\b|g\b|m\b|people|persons?"
    r"|personen|x\b"
)
_BARE = rf"(?P<{{0}}n>{_DIGITS})(?:,-|\.-)?(?![\d%]|-[a-z])(?!\s?(?:{_MEASURES}))"
_ANY = rf"(?:{_AMOUNT}|{_BARE})"
_UNDER = (
    r"under|below|less than|cheaper than|no(?:t)? more than|at most|up to|max(?:imum)?(?: of)?|within|until|lower than"
    r"|(?:does|do|should|can|may|must) ?n.t cost more than|not over|not above|not exceed(?:ing)?"
    r"|unter|bis(?: zu)?|weniger als|billiger als|guenstiger als|hoechstens|maximal|nicht mehr als|nicht ueber"
    r"|nicht teurer als"
)
_OVER = (
    r"over|above|more than|at least|from|starting at|min(?:imum)?(?: of)?|no less than|not under|not below"
    r"|not less than|ueber|mehr als|teurer als|mindestens|ab|nicht unter|nicht weniger als"
)


def _as(form: str, name: str) -> str:
    """A form with its groups named for one place in an expression."""
    return form.replace("{0}", name)


RANGE = re.compile(
    rf"(?:\b(?:between|from|zwischen|von)\s+)?{_as(_ANY, 'l')}\s?(?:-|–|—|\bto\b|\band\b|\bund\b|\bbis\b)\s?"
    rf"{_as(_AMOUNT, 'h')}|\b(?:between|zwischen)\s+{_as(_ANY, 'p')}\s+(?:and|und)\s+{_as(_ANY, 'q')}",
    re.I,
)
BOUND = re.compile(
    rf"\b(?:(?P<under>{_UNDER})|(?P<over>{_OVER}))\s+(?:about\s+|around\s+|etwa\s+)?{_as(_ANY, 'x')}", re.I
)
PLAIN = re.compile(_as(_AMOUNT, "x"), re.I)
AFTER = re.compile(r"\s*(?:(?P<less>or less|or cheaper|oder weniger|max\b|tops)|(?P<more>or more|oder mehr|\+))", re.I)
TURNED_DOWN = re.compile(r"\b(?:not|nicht|keine)\s+(?:for\s+|fuer\s+)?$", re.I)


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount, or the bounds of one, in words a shop's search takes ('49.90'); where it stands in the folded text."""

    least: str | None
    most: str | None
    start: int
    end: int

    @property
    def exact(self) -> bool:
        """Whether one amount was named and no bounds."""
        return self.least == self.most


def sums(text: str) -> list[Sum]:
    """The amounts in a text, in order; ranges and bounds first. A number without a currency counts after a bound only,
    and one that is turned down ("not 20 euros, 30") is left out."""
    text = fold(text)
    found: list[Sum] = []
    for hit in RANGE.finditer(text):
        low, high = _value(hit, "l") or _value(hit, "p"), _value(hit, "h") or _value(hit, "q")
        if low and high and float(low) < float(high):
            found.append(Sum(low, high, *hit.span()))
    for hit in BOUND.finditer(text):
        value = _value(hit, "x")
        # "From 3" and "within 30" are days or places as often as amounts, and 2026 is a year.
        vague = hit["over"] or hit["under"]
        money = hit["xn"] is None or not (
            re.match(r"(?:19|20)\d\d$", hit["xn"]) or vague in {"from", "within", "until"}
        )
        if value and money and not _taken(found, hit.start("under") if hit["under"] else hit.start("over")):
            found.append(Sum(None, value, *hit.span()) if hit["under"] else Sum(value, None, *hit.span()))
    for hit in PLAIN.finditer(text):
        value = _value(hit, "x")
        seen = any(s.start < hit.end() and hit.start() < s.end for s in found)
        if value and not seen and not TURNED_DOWN.search(text[: hit.start()]):
            after = AFTER.match(text, hit.end())
            low = None if after and after["less"] else value
            high = None if after and after["more"] else value
            found.append(Sum(low, high, hit.start(), after.end() if after else hit.end()))
    return sorted(found, key=lambda s: s.start)


def _taken(found: list[Sum], at: int) -> bool:
    return any(s.start <= at < s.end for s in found)


def _value(hit: "re.Match[str]", name: str) -> str | None:
    """The amount as digits with a point, from '1.299,00', "1'299.00", '50' or 'fifty'."""
    groups = hit.groupdict()
    typed = next((groups[name + kind] for kind in "abn" if groups.get(name + kind)), None)
    if typed is None:
        words = groups.get(name + "c")
        number = number_of(words) if words else None
        return None if number is None else str(number)
    whole, cents = typed, ""
    if tail := re.search(r"[.,](\d{1,2})$", typed):
        whole, cents = typed[: tail.start()], tail[1]
    whole = re.sub(r"\D", "", whole)
    cents = groups.get(name + "d") or cents
    return whole + (f".{cents.ljust(2, '0')}" if cents else "")

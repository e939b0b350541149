"""Days as people name them: "3 November", "last week", "vor zwei Tagen"; which days they are, seen from one."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from agent.calendar_words import MONTHS, WEEKDAYS
from agent.local.day_words import BETWEEN, FEW, LAST, NAMED, NEXT, NOT, OPEN, PHRASE, UNITS
from agent.local.numbers import number_of
from agent.local.wording import fold

AHEAD = 7  # days; a day without a year that lies further ahead was last year, since people speak of what they ordered


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        """Whether a day lies within."""
        return self.first <= day <= self.last


def phrases(text: str) -> list[tuple[int, int, str]]:
    """The days that a text names: where each begins and ends, and its words as typed. Days turned down are left out."""
    text = fold(text)
    found: list[tuple[int, int, str]] = []
    for hit in BETWEEN.finditer(text):
        if PHRASE.search(hit["b"]) and (PHRASE.search(hit["a"]) or re.match(r"(?:(?:the|dem)\s+)?\d", hit["a"])):
            end = hit.start("b") + max(m.end() for m in PHRASE.finditer(hit["b"]))
            found.append((hit.start(), end, text[hit.start() : end]))
    for hit in PHRASE.finditer(text):
        if any(start <= hit.start() < end for start, end, _ in found) or NOT.search(text[: hit.start()]):
            continue
        way = OPEN.search(text[: hit.start()])
        start = way.start() if way and hit.lastgroup not in {"vor", "ahead"} else hit.start()
        found.append((start, hit.end(), text[start : hit.end()]))
    return sorted(found)


def spans(phrase: str, today: date) -> Span | None:
    """The days that a phrase means, seen from ``today``; None for a day that does not exist (31 February)."""
    phrase = fold(phrase).strip()
    if between := BETWEEN.match(phrase):
        return _between(between["a"], between["b"], today)
    hit = PHRASE.search(phrase)
    if hit is None:
        return None
    try:
        span = _span(hit, today)
    except ValueError:
        return None
    way = OPEN.search(phrase[: hit.start()])
    return _opened(way["way"] if way else "", span)


def day_in(text: str) -> date | None:
    """The day in a record's own spelling: '3 Nov 2026' or '2026-11-03'."""
    hit = PHRASE.search(fold(text))
    if hit is None or not (hit["iso"] or hit["mc"]):
        return None
    try:
        return _span(hit, date(2000, 1, 1)).first
    except ValueError:
        return None


def _between(first: str, last: str, today: date) -> Span | None:
    until = spans(last, today)
    since = spans(first, today)
    if since is None and (day := re.search(r"\d{1,2}", first)):
        # "Between 3 and 9 November": the first day borrows the month of the second.
        since = spans(re.sub(r"\d{1,2}", day[0], last, count=1), today)
    if since is None or until is None:
        return None
    low, high = sorted((since, until), key=lambda span: span.first)
    return Span(low.first, high.last)


def _opened(way: str, span: Span) -> Span:
    match way:
        case "since" | "seit" | "ab" | "not before":
            return Span(span.first, date.max)
        case "after" | "nach":
            return Span(span.last + timedelta(1), date.max)
        case "before" | "vor" | "vor dem":
            return Span(date.min, span.first - timedelta(1))
        case "until" | "till" | "by" | "bis":
            return Span(date.min, span.last)
        case _:
            return span


def _span(hit: "re.Match[str]", today: date) -> Span:
    g = hit.groupdict()
    if g["iso"]:
        year, month, day = map(int, g["iso"].split("-"))
        return _day(date(year, month, day))
    if g["dotted"]:
        return _day(_dated(int(g["dd"]), int(g["dm"]), _year(g["dy"]), today))
    if g["slashed"]:
        one, two = int(g["sa"]), int(g["sb"])
        # Day before month, as in Europe, where this shop is, unless only the other way makes a date.
        day, month = (one, two) if two <= 12 else (two, one)
        return _day(_dated(day, month, _year(g["sy"]), today))
    if g["daymonth"]:
        return _day(_dated(int(g["ma"]), MONTHS[g["mb"]], _year(g["mc"]), today))
    if g["monthday"]:
        return _day(_dated(int(g["nb"]), MONTHS[g["na"]], _year(g["nc"]), today))
    return _wide(g, today)


def _wide(g: dict[str, str | None], today: date) -> Span:
    """Spans and days that are named by their distance from today."""
    match next(name for name in WIDE if g[name]):
        case "part":
            return _part(_is(g["pw"]), _month(_is(g["pm"]), g["py"], today))
        case "month":
            return _month(_is(g["mo"]), g["my"], today, _turn(g["mlast"]))
        case "inmonth":
            return _month(_is(g["io"]), g["iy"], today)
        case "named":
            return _day(today + timedelta(NAMED[_is(g["named"])]))
        case "weekend":
            return _weekend(_turn(g["wl"]), today)
        case "unit":
            return _unit(_turn(g["ul"] or g["um"]), number_of(g["un"] or ""), UNITS[_is(g["uu"])], today)
        case "weekday":
            return _day(_weekday(WEEKDAYS[_is(g["dw"])], _turn(g["dl"]), today))
        case "shortday":
            return _day(_weekday(WEEKDAYS[_is(g["sw"])], _turn(g["sl"]), today))
        case "ago":
            return _back(_is(g["an"]), UNITS[_is(g["au"])], today)
        case "vor":
            return _back(_is(g["vn"]), UNITS[_is(g["vu"])], today)
        case "ahead":
            return _day(today + timedelta((number_of(_is(g["hn"])) or 1) * UNITS[_is(g["hu"])]))
        case "dayonly":
            return _day(_last_with_day(int(g["do"] or _is(g["dg"])), today))
        case _:
            return Span(date(int(_is(g["yy"])), 1, 1), date(int(_is(g["yy"])), 12, 31))


WIDE = re.findall(r"\w+", "part month inmonth named weekend unit weekday shortday ago vor ahead dayonly year")


def _day(day: date) -> Span:
    return Span(day, day)


def _is(text: str | None) -> str:
    return text or ""


def _year(text: str | None) -> int | None:
    return None if not text else int(text) + (2000 if len(text) == 2 else 0)


def _turn(word: str | None) -> int:
    """-1 for the last one, 1 for the next one, 0 for this one or none."""
    if word and re.fullmatch(LAST, word):
        return -1
    return 1 if word and re.fullmatch(NEXT, word) else 0


def _dated(day: int, month: int, year: int | None, today: date) -> date:
    """The day; without a year the newest that is not far ahead, since people speak of what they have ordered."""
    if year:
        return date(year, month, day)
    for back in range(0, 5):
        with_year = today.year - back
        if day <= monthrange(with_year, month)[1] and date(with_year, month, day) <= today + timedelta(AHEAD):
            return date(with_year, month, day)
    raise ValueError("no such day")


def _month(name: str, year: str | None, today: date, turn: int = 0) -> Span:
    month = MONTHS[name]
    if year:
        first = date(int(year), month, 1)
    else:
        first = date(today.year, month, 1)
        if turn <= 0 and first > today:
            first = date(today.year - 1, month, 1)
        if turn < 0 and first.month == today.month and first.year == today.year:
            first = date(today.year - 1, month, 1)
        if turn > 0 and first <= today:
            first = date(today.year + 1, month, 1)
    return Span(first, date(first.year, first.month, monthrange(first.year, first.month)[1]))


def _part(word: str, month: Span) -> Span:
    first = month.first
    if re.search(r"beginning|start|early|anfang", word):
        return Span(first, first + timedelta(9))
    if re.search(r"mid|mitte", word):
        return Span(first + timedelta(9), first + timedelta(19))
    return Span(first + timedelta(19), month.last)


def _weekend(turn: int, today: date) -> Span:
    saturday = today - timedelta((today.weekday() - 5) % 7)
    if turn > 0:
        saturday += timedelta(7)
    elif turn < 0 and today.weekday() >= 5:
        saturday -= timedelta(7)
    return Span(saturday, saturday + timedelta(1))


def _unit(turn: int, count: int | None, days: int, today: date) -> Span:
    """'Last week' is the calendar week before this one; 'the last two weeks' are the days up to today."""
    if count:
        reach = timedelta(count * days)
        return Span(today - reach, today) if turn <= 0 else Span(today, today + reach)
    if days == 7:
        monday = today - timedelta(today.weekday()) + timedelta(7 * turn)
        return Span(monday, monday + timedelta(6))
    if days == 30:
        at = today.year * 12 + today.month - 1 + turn
        return _month(next(n for n, p in MONTHS.items() if p == at % 12 + 1), str(at // 12), today)
    if days == 365:
        return Span(date(today.year + turn, 1, 1), date(today.year + turn, 12, 31))
    return _day(today + timedelta(days * turn))


def _weekday(wanted: int, turn: int, today: date) -> date:
    """The last such day before today, or the next one; a bare or 'this' weekday is the last one, today included."""
    if turn > 0:
        return today + timedelta((wanted - today.weekday() - 1) % 7 + 1)
    if turn < 0:
        return today - timedelta((today.weekday() - wanted - 1) % 7 + 1)
    return today - timedelta((today.weekday() - wanted) % 7)


def _back(count: str, days: int, today: date) -> Span:
    number = number_of(count)
    if number is None:
        several = FEW if re.search(r"few|paar|einigen|couple", count) else 1
        if several == FEW:
            return Span(today - timedelta(several * days * 2), today - timedelta(days))
        number = 1
    day = today - timedelta(number * days)
    # A day back is that day; "two weeks ago" and "a month ago" are told roughly.
    slack = {1: 0, 7: 3, 14: 4, 30: 10, 365: 90}[days]
    return Span(day - timedelta(slack), min(today, day + timedelta(slack)))


def _last_with_day(day: int, today: date) -> date:
    at = today.replace(day=1)
    for _ in range(12):
        if day <= monthrange(at.year, at.month)[1] and at.replace(day=day) <= today:
            return at.replace(day=day)
        at = (at - timedelta(1)).replace(day=1)
    raise ValueError("no such day")


def named_days(text: str, today: date) -> Iterator[Span]:
    """Every span of days a text names, seen from ``today``."""
    for _, _, phrase in phrases(text):
        if span := spans(phrase, today):
            yield span

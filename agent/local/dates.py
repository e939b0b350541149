"""Days as people name them: "3 November", "last week", "vor zwei Tagen"; read as typed, resolved against a given day."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from agent.local.numbers import NUMBER, number_of
from agent.local.wording import fold

MONTHS = {
    name: place + 1
    for place, names in enumerate(
        (
            "january jan januar jaenner",
            "february feb februar",
            "march mar maerz",
            "april apr",
            "may mai",
            "june jun juni",
            "july jul juli",
            "august aug",
            "september sept sep",
            "october oct oktober okt",
            "november nov",
            "december dec dezember dez",
        )
    )
    for name in names.split()
}
DAYS = {
    name: place
    for place, names in enumerate(
        (
            "monday mon montag",
            "tuesday tue tues dienstag",
            "wednesday wed mittwoch",
            "thursday thu thur thurs donnerstag",
            "friday fri freitag",
            "saturday sat samstag sonnabend",
            "sunday sun sonntag",
        )
    )
    for name in names.split()
}
UNITS = {"day": 1, "days": 1, "tag": 1, "tage": 1, "tagen": 1, "week": 7, "weeks": 7, "woche": 7, "wochen": 7}
UNITS |= {"month": 30, "months": 30, "monat": 30, "monate": 30, "monaten": 30, "year": 365, "years": 365}
UNITS |= {"jahr": 365, "jahre": 365, "jahren": 365, "fortnight": 14}
NAMED = {
    "the day before yesterday": -2,
    "day before yesterday": -2,
    "vorgestern": -2,
    "yesterday": -1,
    "gestern": -1,
    "last night": -1,
    "gestern abend": -1,
    "today": 0,
    "tonight": 0,
    "this morning": 0,
    "heute": 0,
    "heute morgen": 0,
    "the day after tomorrow": 2,
    "day after tomorrow": 2,
    "uebermorgen": 2,
    "tomorrow": 1,
    "morgen": 1,
}
LAST = r"last|past|previous|letzten?|letzte[rsmn]?|vergangenen?|vergangene[rsmn]?|vorigen?|vorige[rsmn]?"
THIS = r"this|current|diesen?|diese[rsm]"
NEXT = r"next|coming|naechsten?|naechste[rsmn]?|kommenden?|kommende[rsmn]?"
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY = "|".join(sorted(DAYS, key=len, reverse=True))
_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
_NAMED = "|".join(sorted(map(re.escape, NAMED), key=len, reverse=True))
_YEAR = r"(?P<{0}>(?:19|20)\d\d)"
# Short names that are also words ("may", "sat", "sun", "mar") need a number beside them, or a word before them.
_ALONE = "|".join(
    sorted((m for m in MONTHS if len(m) > 4 or m in {"june", "july", "juni", "juli"}), key=len, reverse=True)
)
_WHOLE_DAY = "|".join(sorted((d for d in DAYS if len(d) >= 6), key=len, reverse=True))
_SHORT_DAY = "|".join(d for d in DAYS if len(d) < 6)
_FORMS = (
    r"(?P<iso>\b(?:19|20)\d\d-\d{1,2}-\d{1,2}\b)",
    r"(?P<dotted>(?<![\d.,])(?P<dd>\d{1,2})\.\s?(?P<dm>\d{1,2})\.(?:\s?(?P<dy>(?:19|20)?\d\d)(?!\d))?)",
    r"(?P<slashed>(?<![\d/])(?P<sa>\d{1,2})/(?P<sb>\d{1,2})(?:/(?P<sy>(?:19|20)?\d\d))?(?![\d/]))",
    rf"(?P<daymonth>\b(?P<ma>\d{{1,2}})(?:st|nd|rd|th|\.)?(?:\s+of)?[\s-]+(?P<mb>{_MONTH})\b\.?(?:,?[\s-]+{_YEAR.format('mc')}\b)?)",
    rf"(?P<monthday>\b(?P<na>{_MONTH})\b\.?[\s-]+(?:the\s+)?(?P<nb>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*(?:{_UNIT})\b)(?:,?\s+{_YEAR.format('nc')}\b)?)",
    rf"(?P<part>\b(?P<pw>(?:the\s+)?(?:beginning|start|early|middle|mid|end|late)(?:\s+of)?|anfang|mitte|ende)[\s-]+(?P<pm>{_MONTH})\b(?:\s+{_YEAR.format('py')}\b)?)",
    rf"(?P<month>\b(?:(?P<mlast>{LAST}|{THIS}|{NEXT})\s+)?(?P<mo>{_ALONE})\b(?:\s+{_YEAR.format('my')}\b)?)",
    rf"(?P<inmonth>\b(?:in|im|from|of|vom|since|seit)\s+(?P<io>{_MONTH})\b(?:\s+{_YEAR.format('iy')}\b)?)",
    rf"(?P<named>\b(?:{_NAMED})\b)",
    rf"(?P<weekend>\b(?:(?P<wl>{LAST}|{THIS}|{NEXT}|the|at the|over the|on the|am|letztes)\s+)(?:weekend|wochenende)\b)",
    rf"(?P<unit>\b(?:(?P<ul>{LAST}|{THIS}|{NEXT})|(?P<ug>the)\s+(?P<um>{LAST}))\s+(?:(?P<un>{NUMBER})\s+)?(?P<uu>{_UNIT})(?:['’]s)?\b)",
    rf"(?P<weekday>\b(?:(?P<dl>{LAST}|{THIS}|{NEXT}|on|am)\s+)?(?P<dw>{_WHOLE_DAY})s?\b)",
    rf"(?P<shortday>\b(?P<sl>{LAST}|{THIS}|{NEXT}|on)\s+(?P<sw>{_SHORT_DAY})\b)",
    rf"(?P<ago>\b(?P<an>{NUMBER}|an?|einem|einer|few|couple\s+of|paar)\s+(?P<au>{_UNIT})\s+(?:ago|back|before)\b)",
    rf"(?P<vor>\bvor\s+(?P<vn>{NUMBER}|einem|einer|ein\s+paar|paar|einigen)\s+(?P<vu>{_UNIT})\b)",
    rf"(?P<ahead>\bin\s+(?P<hn>{NUMBER}|an?|einem|einer)\s+(?P<hu>{_UNIT})\b)",
    r"(?P<dayonly>\b(?:on|from|of)\s+the\s+(?P<do>\d{1,2})(?:st|nd|rd|th)\b|\b(?:am|vom)\s+(?P<dg>\d{1,2})\.(?=\s|$|\?|,))",
    r"(?P<year>\b(?:in|from|of|aus|von)\s+(?P<yy>(?:19|20)\d\d)\b)",
)
PHRASE = re.compile("|".join(_FORMS), re.I)
BETWEEN = re.compile(
    r"\b(?:between|from|zwischen|vom|von)\s+(?P<a>[^,;?!]{1,30}?)\s+(?:and|to|until|till|und|bis(?:\s+zum)?)\s+(?P<b>[^,;?!]{1,30})",
    re.I,
)
OPEN = re.compile(
    r"\b(?P<way>since|after|before|until|till|by|not before|seit|nach|vor dem|vor|bis|ab)\s+(?:dem\s+|the\s+|zum\s+)?$",
    re.I,
)
FEW = 3  # "a few days ago" reaches so many units back, and about twice as far
NOT = re.compile(r"\b(?:not|nicht|no)\s+(?:\w+\s+){0,3}$", re.I)


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
        if PHRASE.search(hit["b"]) and (PHRASE.search(hit["a"]) or re.match(r"(?:the\s+)?\d", hit["a"])):
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
    # "Between 3 and 9 November": the first day borrows the month of the second.
    since = spans(first, today) or spans(re.sub(r"\d{1,2}", re.search(r"\d{1,2}", first)[0], last, count=1), today) if re.search(r"\d{1,2}", first) or spans(first, today) else None  # fmt: skip
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
            return _day(_weekday(DAYS[_is(g["dw"])], _turn(g["dl"]), today))
        case "shortday":
            return _day(_weekday(DAYS[_is(g["sw"])], _turn(g["sl"]), today))
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


WIDE = "part month inmonth named weekend unit weekday shortday ago vor ahead dayonly year".split()


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
        if day <= monthrange(with_year, month)[1] and date(with_year, month, day) <= today + timedelta(60):
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

"""Days in a text, English and German: dates in any spelling, weekdays, and days named by their distance from today."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from agent.calendar_words import MONTHS, WEEKDAYS

Day = tuple[int, int, int]  # year (0 where none is named), month (0 where only the day of a month is), day

_NAMED: Mapping[str, int] = MappingProxyType(
    {"today": 0, "tonight": 0, "heute": 0, "tomorrow": 1, "morgen": 1, "übermorgen": 2, "uebermorgen": 2}
    | {"yesterday": -1, "gestern": -1, "vorgestern": -2}
)
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_WHOLE = "|".join(name for name in MONTHS if len(name) > 3 or name in {"may", "mai"})
_ON = r"(?:on|by|until|till|before|from|since|am|bis|bis zum|vom|zum|ab|seit|den|dem|der)"
_ABSOLUTE = re.compile(
    r"\b(?P<y1>(?:19|20)\d\d)-(?P<m1>\d{1,2})-(?P<d1>\d{1,2})\b"
    r"|(?<![\d.,])(?P<d2>\d{1,2})\.\s?(?P<m2>\d{1,2})\.\s?(?P<y2>(?:20)?\d\d)(?!\d)"
    rf"|\b{_ON}\s(?P<d3>\d{{1,2}})\.\s?(?P<m3>\d{{1,2}})\b"
    r"|(?<![\d/])(?P<d4>\d{1,2})/(?P<m4>\d{1,2})/(?P<y4>(?:20)?\d\d)(?![\d/])"
    rf"|\b{_ON}\s(?P<d5>\d{{1,2}})/(?P<m5>\d{{1,2}})(?![\d/])"
    rf"|\b(?P<d6>\d{{1,2}})(?:st|nd|rd|th|\.)?\s{{1,3}}(?:of\s)?(?P<m6>{_MONTH})\b\.?(?:,?\s(?P<y6>(?:19|20)\d\d)\b)?"
    rf"|\b(?P<m7>{_MONTH})\b\.?\s{{1,3}}(?:the\s)?(?P<d7>\d{{1,2}})(?!\d)(?:st|nd|rd|th)?(?:,?\s(?P<y7>(?:19|20)\d\d)\b)?"
    rf"|\b{_ON}\s(?:the\s)?(?P<d8>\d{{1,2}})(?:st|nd|rd|th)\b"
    r"|\b(?:am|zum|vom)\s(?P<d9>\d{1,2})\.(?=\s|$)",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?:(?P<named>today|tonight|heute|tomorrow|(?<!guten )(?<!am )(?<!jeden )(?<!heute )morgen|übermorgen"
    r"|uebermorgen"
    r"|yesterday|gestern|vorgestern)"
    r"|(?P<weekday>mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?"
    r"|(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag)s?|(?<=on )(?:mon|tue|wed|thu|fri)"
    r"|(?<=by )(?:mon|tue|wed|thu|fri))"
    r"|(?P<turn>next|coming|this|nächste[nrs]?|kommende[nrs]?|diese[nrs]?)\s(?P<span>week|weekend|month|woche|wochenende|monat)"
    r"|(?P<end>end\sof\s(?:the|this)\s(?:week|month)|ende\sder\swoche|ende\sdes\smonats)"
    r"|(?:in|within|nach|innerhalb\svon)\s(?:just\s)?(?:a\s)?(?:few|couple\sof|some|einigen|wenigen|ein\spaar)\s"
    r"(?P<few>minutes|hours|days|weeks|minuten|stunden|tagen|wochen)"
    rf"|(?:in|by|until|bis|im|since|seit|ende|anfang|mitte|end\sof|early|mid|late)\s(?P<month>(?!(?-i:may)\b)(?:{_WHOLE})))\b",
    re.IGNORECASE,
)
# "Today" alone is small talk ("how can I help you today"); it tells a day where something happens.
_HAPPENS = re.compile(
    r"arriv|deliver|ship|\bsen[dt]|leav|\bcom(?:es?|ing)\b|refund|paid|dispatch|receiv|credit|kommt|liefer|verschick|versand"
    r"|versend|zugestellt|zustell|erstatt|bezahl|abgeschickt|ankomm|trifft|\bcall",
    re.IGNORECASE,
)
# Without one of these pieces a text names no day: most texts name none, and the patterns above are slow to say so.
_DATED = re.compile(r"\d\s?[./-]\s?\d|\d(?:st|nd|rd|th)\b|\b(?:am|zum|vom)\s\d", re.IGNORECASE)
_FULL_MONTHS = tuple(name for name in MONTHS if len(name) > 3 or name in {"mai", "may"})
_PIECES = (
    *("today", "tonight", "heute", "tomorrow", "morgen", "yesterday", "gestern", "mittwoch", "abend", "few ", "couple"),
    *(
        "some ",
        "einigen",
        "wenigen",
        "paar",
        "tag",
        "day",
        "week",
        "woche",
        "month",
        "monat",
        "on mon",
        "on tue",
        "on wed",
    ),
    *("on thu", "on fri", "by mon", "by tue", "by wed", "by thu", "by fri", *_FULL_MONTHS),
)


@dataclass(frozen=True, slots=True)
class Told:
    """A day or a span of days as named between ``start`` and ``end``."""

    start: int
    end: int
    day: Day | None = None
    weekday: int | None = None
    span: tuple[date, date] | None = None

    def is_one_of(self, days: Collection[Day]) -> bool:
        """Whether it is, or holds, one of the days of the records."""
        if self.day is not None:
            year, month, day = self.day
            return any(day == d and month in (0, m) and year in (0, y) for y, m, d in days)
        whole = [made for day in days if (made := _made(day)) is not None]
        if self.weekday is not None:
            return any(day.weekday() == self.weekday for day in whole)
        return self.span is not None and any(self.span[0] <= day <= self.span[1] for day in whole)


def days_in(text: str, today: date | None) -> Iterator[Told]:
    """The days a text names. Without ``today`` relative ones are days that no record has."""
    lowered = text.casefold()
    for hit in _ABSOLUTE.finditer(text) if _may_date(text, lowered) else ():
        day = _day(hit)
        yield Told(hit.start(), hit.end(), day=day or (9999, 1, 1))
    for hit in _RELATIVE.finditer(text) if any(piece in lowered for piece in _PIECES) else ():
        if hit["named"] and _NAMED[hit["named"].casefold()] == 0 and (text.endswith("?") or not _HAPPENS.search(text)):
            continue
        yield _relative(hit, today)


def dates_of(text: str) -> Iterator[Day]:
    """The whole dates that a record names."""
    hits = _ABSOLUTE.finditer(text) if _may_date(text, text.casefold()) else ()
    return (day for hit in hits if (day := _day(hit)) is not None)


def shifted(today: date, days: int) -> Day:
    """The day so many days from today."""
    there = today + timedelta(days)
    return there.year, there.month, there.day


def _may_date(text: str, lowered: str) -> bool:
    return any(month in lowered for month in MONTHS) or _DATED.search(text) is not None


def _day(hit: "re.Match[str]") -> Day | None:
    """The day of a match; ``None`` where the calendar has none such (31 February)."""
    named = {key: value for key, value in hit.groupdict().items() if value}
    form = next(key[1:] for key in named if key[0] == "d")
    month = named.get(f"m{form}", "0").casefold()
    year = int(named.get(f"y{form}", "0"))
    day = (year + 2000 if 0 < year < 100 else year, MONTHS.get(month) or int(month), int(named[f"d{form}"]))
    try:
        date(day[0] or 2024, day[1] or 1, day[2])
    except ValueError:
        return None
    return day


def _relative(hit: "re.Match[str]", today: date | None) -> Told:
    at = (hit.start(), hit.end())
    if hit["weekday"]:
        name = hit["weekday"].casefold()
        return Told(*at, weekday=WEEKDAYS.get(name, WEEKDAYS.get(name.removesuffix("s"))))
    if today is None:
        return Told(*at)
    if hit["named"]:
        return Told(*at, day=shifted(today, _NAMED[hit["named"].casefold()]))
    if hit["month"]:
        first = date(today.year, MONTHS[hit["month"].casefold()], 1)
        years = [first.replace(year=today.year + n) for n in (-1, 0, 1)]
        near = min(years, key=lambda month: abs((month - today).days))
        return Told(*at, span=(near, near + timedelta(30)))
    if hit["few"]:
        reach = {"w": 42, "m": 1, "h": 1, "s": 1}.get(hit["few"][0].casefold(), 7)
        return Told(*at, span=(today, today + timedelta(reach)))
    return Told(*at, span=_span((hit["span"] or hit["end"]).casefold(), (hit["turn"] or "").casefold(), today))


def _span(unit: str, turn: str, today: date) -> tuple[date, date]:
    is_next = turn.startswith(("next", "coming", "nächst", "kommend"))
    if "mon" in unit:
        first = today.replace(day=1)
        first = (first + timedelta(32)).replace(day=1) if is_next else first
        return first, first + timedelta(30)
    monday = today - timedelta(today.weekday()) + timedelta(7 * is_next)
    return (monday + timedelta(5) if "end" in unit else monday), monday + timedelta(6)


def _made(day: Day) -> date | None:
    return date(*day) if day[0] else None

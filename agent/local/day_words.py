"""The words and forms in which days are named, English and German; `dates` says which days they mean."""

import re

from agent.calendar_words import MONTHS, WEEKDAYS
from agent.local.numbers import NUMBER

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
_DAY = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
_NAMED = "|".join(sorted(map(re.escape, NAMED), key=len, reverse=True))
_YEAR = r"(?P<{0}>(?:19|20)\d\d)"
# Short names that are also words ("may", "sat", "sun", "mar") need a number beside them, or a word before them.
_ALONE = "|".join(
    sorted((m for m in MONTHS if len(m) > 4 or m in {"june", "july", "juni", "juli"}), key=len, reverse=True)
)
_WHOLE_DAY = "|".join(sorted((d for d in WEEKDAYS if len(d) >= 6), key=len, reverse=True))
_SHORT_DAY = "|".join(d for d in WEEKDAYS if len(d) < 6)
_FORMS = (
    r"(?P<iso>\b(?:19|20)\d\d-\d{1,2}-\d{1,2}\b)",
    r"(?P<dotted>(?<![\d.,])(?P<dd>\d{1,2})\.\s?(?P<dm>\d{1,2})\.(?:\s?(?P<dy>(?:19|20)?\d\d)(?!\d))?)",
    r"(?P<slashed>(?<![\d/])(?P<sa>\d{1,2})/(?P<sb>\d{1,2})(?:/(?P<sy>(?:19|20)?\d\d))?(?![\d/]))",
    rf"(?P<daymonth>\b(?P<ma>\d{{1,2}})(?:st|nd|rd|th|\.)?(?:\s+of)?[\s-]+(?P<mb>{_MONTH})\b\.?(?:,?[\s-]+{_YEAR.format('mc')}\b)?)",
    rf"(?P<monthday>\b(?P<na>{_MONTH})\b\.?[\s-]+(?:the\s+)?(?P<nb>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*(?:{_UNIT})\b)(?:,?\s+{_YEAR.format('nc')}\b)?)",
    rf"(?P<part>\b(?P<pw>(?:the\s+)?(?:beginning|start|early|middle|mid|end|late)(?:\s+of)?|anfang|mitte|ende)[\s-]+(?P<pm>{_MONTH})\b(?:\s+{_YEAR.format('py')}\b)?)",
    rf"(?P<month>\b(?:(?P<mlast>{LAST}|{THIS}|{NEXT})\s+)?(?P<mo>{_ALONE})\b(?:\s+{_YEAR.format('my')}\b)?)",
    rf"(?P<inmonth>\b(?:in|im|from|of|vom|since|seit)\s+(?P<io>{_MONTH})\b(?!\.?[\s-]+(?:the\s+)?\d{{1,2}}(?!\d))(?:\s+{_YEAR.format('iy')}\b)?)",
    rf"(?P<named>\b(?:{_NAMED})\b)",
    rf"(?P<weekend>\b(?:(?P<wl>{LAST}|{THIS}|{NEXT}|(?:at |over |on )?the|am|letztes)\s+)(?:weekend|wochenende)\b)",
    rf"(?P<unit>\b(?:(?P<ul>{LAST}|{THIS}|{NEXT})|(?P<ug>the)\s+(?P<um>{LAST}))\s+(?:(?P<un>{NUMBER})\s+)?(?P<uu>{_UNIT})(?:['’]s)?\b)",
    rf"(?P<weekday>\b(?:(?P<dl>{LAST}|{THIS}|{NEXT}|on|am)\s+)?(?P<dw>{_WHOLE_DAY})s?\b)",
    rf"(?P<shortday>\b(?P<sl>{LAST}|{THIS}|{NEXT}|on)\s+(?P<sw>{_SHORT_DAY})\b)",
    rf"(?P<ago>\b(?P<an>{NUMBER}|an?|einem|einer|few|couple\s+of|paar)\s+(?P<au>{_UNIT})\s+(?:ago|back|before)\b)",
    rf"(?P<vor>\bvor\s+(?P<vn>{NUMBER}|einem|einer|ein\s+paar|paar|einigen)\s+(?P<vu>{_UNIT})\b)",
    rf"(?P<ahead>\bin\s+(?P<hn>{NUMBER}|an?|einem|einer)\s+(?P<hu>{_UNIT})\b)",
    rf"(?P<dayonly>\b(?:on|from|of)\s+the\s+(?P<do>\d{{1,2}})(?:st|nd|rd|th)\b(?!\s+(?:of\s+)?(?:{_MONTH})\b)"
    rf"|\b(?:am|vom)\s+(?P<dg>\d{{1,2}})\.(?!\s*(?:{_MONTH})\b)(?!\s*\d)(?!\s+(?:bis|und)\b)(?=\s|$|\?|,))",
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

"""The names of months and days of the week, English and German, however they are shortened or spelt without umlauts."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType


def _numbered(names: Sequence[str], first: int) -> Mapping[str, int]:
    return MappingProxyType({name: n for n, each in enumerate(names, first) for name in each.split()})


MONTHS = _numbered(
    (
        "january jan januar jänner jaenner",
        "february feb februar",
        "march mar märz maerz",
        "april apr",
        "may mai",
        "june jun juni",
        "july jul juli",
        "august aug",
        "september sept sep",
        "october oct oktober okt",
        "november nov",
        "december dec dezember dez",
    ),
    1,
)
# As date.weekday() counts them.
WEEKDAYS = _numbered(
    (
        "monday mon montag",
        "tuesday tue tues dienstag",
        "wednesday wed mittwoch",
        "thursday thu thur thurs donnerstag",
        "friday fri freitag",
        "saturday sat samstag sonnabend",
        "sunday sun sonntag",
    ),
    0,
)

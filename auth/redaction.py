"""Removes what must not leave the house from text bound for a log or for a model provider.

Card numbers, bank accounts, e-mail addresses, telephone numbers, secrets and one-time codes give way to a word in
brackets. It takes time proportional to the length of the text, whatever the text is. It is a net under the code that
keeps such things out of the text in the first place; names and street addresses have no shape that it could find.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from itertools import accumulate, chain
from types import MappingProxyType
from typing import Any, Final

# What stands in for a find, by its kind and its text; and a rule, which puts it there.
StandIn = Callable[[str, str], str]
_Rule = Callable[[str, "Counter[str]", StandIn], str]


@dataclass(frozen=True, slots=True)
class Redacted:
    """The text that may leave, and how many things of each kind were taken out of it."""

    text: str
    counts: Mapping[str, int]


def _in_brackets(kind: str, _found: str) -> str:
    return f"[{kind}]"


def redact(text: str, stand_in: StandIn = _in_brackets) -> Redacted:
    """Replace each find with ``[secret]``, ``[email]``, ``[iban]``, ``[card]``, ``[phone]`` or ``[code]``.

    Redacting twice changes nothing. UUIDs, amounts, dates and order numbers stay: they are how a log is read.
    ``stand_in`` may answer with another word for a find; it should stand in brackets and begin with the kind.
    """
    counts: Counter[str] = Counter()
    for rule in _RULES:
        text = rule(text, counts, stand_in)
    return Redacted(text, MappingProxyType(dict(counts)))


def redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor. Put it after the one that renders exceptions and before the one that renders the line."""
    return {key: "[secret]" if _SECRET_NAME.fullmatch(key) else _clean(value, depth=4) for key, value in event.items()}


class RedactionFilter(logging.Filter):
    """The same for the standard library's logging (uvicorn, SQLAlchemy). Add it to handlers: a logger's own filter
    does not see what comes from the loggers below it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "uvicorn.access" and isinstance(record.args, tuple):
            # This formatter takes the arguments apart again, so they must keep their number and order.
            record.args = tuple(_clean(value, depth=1) for value in record.args)
        else:
            record.msg, record.args = redact(_message(record)).text, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text).text
        if record.stack_info:
            record.stack_info = redact(record.stack_info).text
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"a log message could not be formatted ({record.pathname}:{record.lineno})"


def _clean(value: object, *, depth: int) -> object:
    match value:
        case str():
            return redact(value).text
        case None | bool():
            return value
        case Mapping() if depth:
            return {
                key: "[secret]"
                if isinstance(key, str) and _SECRET_NAME.fullmatch(key)
                else _clean(item, depth=depth - 1)
                for key, item in value.items()
            }
        case list() | tuple() if depth:
            return [_clean(item, depth=depth - 1) for item in value]
        case _:
            shown = redact(str(value))
            return shown.text if shown.counts else value


# Possessive quantifiers and bounded repetitions keep each pattern linear: no run of characters is scanned twice.

_SECRET_NAME = re.compile(
    r"(?i)(?:.*[_-])?(?:password|passwd|passphrase|secret|token|api[_-]?key|authorization|cookie|otp|totp|cvc|cvv)"
)
_SECRET = re.compile(
    r"""(?x)
      -----BEGIN\ [A-Z ]{0,30}PRIVATE\ KEY-----[A-Za-z0-9+/=\s]*+(?:-----END\ [A-Z ]{0,30}PRIVATE\ KEY-----)?
    | (?<![A-Za-z0-9+/]) (?:
        (?i:otpauth)://[^\s"'<>]++
      | (?i:bearer|basic|dpop)\ {1,4}[A-Za-z0-9._~+/=-]{8,}+
      | eyJ[A-Za-z0-9_-]{4,}+\.[A-Za-z0-9_-]{4,}+(?:\.[A-Za-z0-9_-]*+){0,3}
      | (?:sk|pk|rk|ghp|gho|ghs|github_pat|glpat|xox[abp]|whsec|AKIA|AIza)[_-]?[A-Za-z0-9_-]{16,}+
      | [A-Za-z0-9+/]{20,}+={1,2} )
    """
)
_NAMED_SECRET = re.compile(
    r"""(?ix)
    (?<![A-Za-z0-9])
    (?P<name> (?:password|passwd|passphrase|secret|token|api[_-]?key|authorization|cookie)
      ["']?\ {0,3}(?:[:=]|\ (?:is|was)\ )\ {0,3}["']? )
    (?!\[secret[\]:])(?P<word>[^\s"'&,;<>]++)
    """
)
_OPAQUE = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{24,}+")
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_ONLY_UUID = re.compile(_UUID)
_MIXED_PART = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{8,}+")
_EMAIL = re.compile(r"(?<![\w.+'-])[\w.+'-]++(?:@|%40)[\w-]++(?:\.[\w-]++)++")
_IBAN_HEAD = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})[0-9]{2}(?=[ -]?[A-Za-z0-9])")
_DIGITS = re.compile(rf"(?<!\w){_UUID}(?!\w)|(?<!\w)\d(?:[ .\-\u00a0\u2007\u2011\u2013\u202f]{{0,2}}\d){{12,}}+")
_PHONE = re.compile(
    r"""(?x)
    (?<![\w.+/-])
    (?! \d{1,2}[./-]\d{1,2}[./-]\d{2,4} | [0-9a-fA-F]{8}-[0-9a-fA-F]{4}- )
    (?: (?:\+|00)[1-9](?:[ ().\-/\u00a0]{0,3}\d){6,14}
      | 0[1-9](?:[ ()\-/\u00a0]{0,2}\d){7,10}
      | \(\d{3}\)[ -]?\d{3}[ -]\d{4}
      | \d{3}-\d{3}-\d{4} )
    (?!\w)
    """
)
_CODE = re.compile(
    r"""(?ix)
    \b(?P<name> (?:code|otp|totp|passcode|pin|tan)\b (?:\ (?:is|was))? [ :=#"'-]{0,4} )
    (?P<digits> \d{3}[ -]?\d{3}(?:\d\d)? ) (?![\w])
    | \b(?P<card_name> (?:cvc|cvv)2? (?:\ (?:is|was))? [ :=]{0,3} ) \d{3,4} (?!\w)
    """
)
_SHORTEST_CARD: Final = 13
_LONGEST_CARD: Final = 19
_LONGEST_RUN: Final = 64
# ISO 13616 registry: how long an IBAN is, country by country.
_IBAN_LENGTHS: Final = MappingProxyType(
    {
        country: length
        for length, countries in {
            15: "NO",
            16: "BE",
            18: "DK FI FO GL NL SD",
            19: "MK SI",
            20: "AT BA EE KZ LT LU XK",
            21: "CH HR LI LV",
            22: "BG BH CR DE GB GE IE ME RS VA",
            23: "AE GI IL IQ OM TL",
            24: "AD CZ ES MD PK RO SA SE SK TN VG",
            25: "LY PT ST",
            26: "IS TR",
            27: "BI DJ FR GR IT MC MR SM",
            28: "AL AZ BY CY DO GT HU LB NI PL SV",
            29: "BR EG PS QA UA",
            30: "JO KW MU",
            31: "MT SC",
            32: "LC",
            33: "RU",
        }.items()
        for country in countries.split()
    }
)
_IBAN_REST: Final = MappingProxyType(
    {n: re.compile(rf"(?:[ -]?[A-Za-z0-9]){{{n - 4}}}(?![A-Za-z0-9])") for n in set(_IBAN_LENGTHS.values())}
)
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _secrets(text: str, counts: Counter[str], stand_in: StandIn) -> str:
    text = _replace(_SECRET, "secret", text, counts, stand_in)
    text, named = _NAMED_SECRET.subn(lambda hit: hit["name"] + stand_in("secret", hit["word"]), text)
    _count(counts, "secret", named)

    def opaque(found: re.Match[str]) -> str:
        if not _looks_random(found[0]):
            return found[0]
        counts["secret"] += 1
        return stand_in("secret", found[0])

    return _OPAQUE.sub(opaque, text)


def _looks_random(word: str) -> bool:
    """Letters and digits mixed within one part of it, as in a token; names made of whole words and numbers are not."""
    return not _ONLY_UUID.fullmatch(word) and any(_MIXED_PART.fullmatch(part) for part in re.split("[-_]", word))


def _emails(text: str, counts: Counter[str], stand_in: StandIn) -> str:
    return _replace(_EMAIL, "email", text, counts, stand_in)


def _ibans(text: str, counts: Counter[str], stand_in: StandIn) -> str:
    kept, last = [], 0
    for head in _IBAN_HEAD.finditer(text):
        length = _IBAN_LENGTHS.get(head[1].upper())
        if length is None or head.start() < last:
            continue
        rest = _IBAN_REST[length].match(text, head.end())
        if rest is not None and _iban_adds_up(head[0] + rest[0]):
            kept += [text[last : head.start()], stand_in("iban", head[0] + rest[0])]
            last = rest.end()
            counts["iban"] += 1
    return "".join([*kept, text[last:]])


def _iban_adds_up(candidate: str) -> bool:
    """ISO 7064 MOD 97-10: the first four characters moved to the end, letters as 10 to 35, remainder 1."""
    compact = candidate.replace(" ", "").replace("-", "")
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


def _cards(text: str, counts: Counter[str], stand_in: StandIn) -> str:
    def run(found: re.Match[str]) -> str:
        return found[0] if _ONLY_UUID.fullmatch(found[0]) else _without_cards(found[0], counts, stand_in)

    return _DIGITS.sub(run, text)


def _without_cards(run: str, counts: Counter[str], stand_in: StandIn) -> str:
    """A run of digits and separators without the card numbers in it; they begin and end where a group does."""
    places = [i for i, c in enumerate(run) if c.isdigit()]
    if len(places) > _LONGEST_RUN:
        counts["card"] += 1
        return stand_in("card", run)
    kept, last = [], 0
    for start, end in _card_stretches([int(run[i]) for i in places], _group_starts(places)):
        card = run[places[start] : places[end - 1] + 1]
        kept += [run[last : places[start]], stand_in("card", card)]
        last = places[end - 1] + 1
        counts["card"] += 1
    return "".join([*kept, run[last:]])


def _group_starts(places: list[int]) -> list[int]:
    return [n for n, place in enumerate(places) if n == 0 or place - places[n - 1] > 1]


def _card_stretches(digits: list[int], starts: list[int]) -> Iterator[tuple[int, int]]:
    """Stretches that satisfy ISO/IEC 7812-1 annex B (Luhn), the longest at each place, none overlapping."""
    doubled = [_DOUBLED[digit] for digit in digits]
    # Two running sums, one for each choice of which digits count double, give the sum of any stretch in one step.
    even = [0, *accumulate(chain.from_iterable(zip(digits[::2], doubled[1::2] + [0], strict=False)))]
    odd = [0, *accumulate(chain.from_iterable(zip(doubled[::2], digits[1::2] + [0], strict=False)))]
    ends, last = {*starts[1:], len(digits)}, 0
    for start in starts:
        # Card numbers begin with 2 to 6 (ISO/IEC 7812-1 §4.2); a clock in milliseconds begins with 1.
        if start < last or not 2 <= digits[start] <= 6:
            continue
        for end in range(start + _LONGEST_CARD, start + _SHORTEST_CARD - 1, -1):
            total = even if end % 2 else odd
            if end in ends and (total[end] - total[start]) % 10 == 0:
                yield start, end
                last = end
                break


def _phones(text: str, counts: Counter[str], stand_in: StandIn) -> str:
    return _replace(_PHONE, "phone", text, counts, stand_in)


def _codes(text: str, counts: Counter[str], stand_in: StandIn) -> str:
    def code(found: re.Match[str]) -> str:
        name = found["name"] or found["card_name"]
        return str(name + stand_in("code", found[0].removeprefix(name)))

    text, found = _CODE.subn(code, text)
    _count(counts, "code", found)
    return text


def _replace(pattern: re.Pattern[str], kind: str, text: str, counts: Counter[str], stand_in: StandIn) -> str:
    text, found = pattern.subn(lambda hit: stand_in(kind, hit[0]), text)
    _count(counts, kind, found)
    return text


def _count(counts: Counter[str], kind: str, found: int) -> None:
    if found:
        counts[kind] += found


# What has a checksum goes before what is told by its looks: an IBAN looks like a token, a card like a telephone number.
_RULES: tuple[_Rule, ...] = (_ibans, _secrets, _emails, _cards, _phones, _codes)

"""Finds order numbers however they are typed or dictated: `hp 7k3m/29qd`, `66WYR3TD`, "HP dash seven K 3 M 29QD"."""

import re
from collections.abc import Callable
from typing import NamedTuple

from agent.local.wording import fold

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})  # Crockford's base 32: these letters are never used as such.
LENGTH = 8
DIGITS = {
    word: str(value)
    for value, words in enumerate(
        (
            "zero null oh",
            "one eins",
            "two zwei zwo",
            "three drei",
            "four vier",
            "five fuenf",
            "six sechs",
            "seven sieben",
            "eight acht",
            "nine neun",
        )
    )
    for word in words.split()
}
_SAID = (
    r"dash|minus|hyphen|slash|stroke|space|dot|point|bindestrich|gedankenstrich|schraegstrich|schrägstrich"
    r"|strich|punkt|leerzeichen"
)
_GAP = rf"[\s\-–—−_.:,#/\\|]*(?:(?:{_SAID})\b[\s\-–—−_.:,#/\\|]*)*"
PIECE = re.compile(rf"(?P<gap>{_GAP})(?P<run>[^\W_]+)", re.I)
BARE = re.compile(
    r"(?<![0-9A-Za-z\-@])(?:([0-9A-Z]{8})|([0-9A-Z]{4})(\s?[-–—−/._ ]\s?)([0-9A-Z]{4}))(?![0-9A-Za-z]|[-@.]\w)", re.I
)
# "20th this", "50cm wide", "iphone12": a measure, a day or a name with a number is no part of an order number.
MEASURE = re.compile(r"\d+(?:st|nd|rd|th|cm|mm|km|kg|ml|mg|am|pm|gb|mb|l|g|m|w|v|h|x|er)|20[0-3]\d", re.I)
NAMED = re.compile(r"[a-z]{4,}\d{1,4}|\d{1,4}[a-z]{4,}", re.I)
BEFORE = re.compile(
    r"(?:\border|\borders|\bnumber|\bnum|\bno\.?|\bnr\.?|\bref|\breference|\binvoice|#|\bid|\bcode|bestellung"
    r"|bestellnummer|nummer"
    r"|rechnung|auftrag)\s*(?:is|ist|was|lautet|:)?\s*[:#(\"'„“]?\s*$",
    re.I,
)


class Found(NamedTuple):
    """Where a number stands in a text, and its spelling in the shop."""

    start: int
    end: int
    number: str


def order_numbers(text: str, *, prefix: str, is_word: Callable[[str], bool]) -> list[Found]:
    """The order numbers in a text, in order; `is_word` says whether a few letters are a word of the language."""
    found = [hit for at in _prefix(prefix).finditer(text) if (hit := _after_prefix(text, at, prefix, is_word))]
    for at in BARE.finditer(text):
        if not any(hit.start < at.end() and at.start() < hit.end for hit in found):
            found += _bare(text, at, prefix, is_word)
    return sorted(found)


def _prefix(prefix: str) -> "re.Pattern[str]":
    spaced = r"[\s.\-]{0,2}".join(map(re.escape, prefix))
    return re.compile(rf"(?<![0-9A-Za-z])(?:{spaced})", re.I)


def _after_prefix(text: str, at: "re.Match[str]", prefix: str, is_word: Callable[[str], bool]) -> Found | None:
    """The number behind a prefix: eight signs in as many pieces as were typed or said."""
    pieces, gaps, end = list[str](), list[str](), at.end()
    while sum(map(len, pieces)) < LENGTH and (piece := PIECE.match(text, end)):
        run = piece["run"]
        # A word for a digit counts as the digit, unless it is itself four signs of a number that is dashed.
        spoken = DIGITS.get(fold(run))
        pieces.append(spoken if spoken and not ("-" in piece["gap"] and len(run) == LENGTH // 2) else run)
        gaps.append(piece["gap"])
        end = piece.end()
    typed = "".join(pieces)
    number = _canonical(typed, prefix)
    if number is None or (re.match(r"[^\W_]", text[end : end + 1])):
        return None
    lengths = [len(piece) for piece in pieces]
    dashed = lengths == [4, 4] and all("-" in gap for gap in gaps)
    digit = any(c.isdigit() for c in typed)
    plain = lengths in ([8], [4, 4]) and (dashed or digit)
    # In odd pieces it could be a sentence: then none of them may be a word.
    odd = digit and len(pieces) > 1 and not any(len(p) > 1 and p.isalpha() and is_word(fold(p)) for p in pieces)
    return Found(at.start(), end, number) if plain or odd else None


def _bare(text: str, at: "re.Match[str]", prefix: str, is_word: Callable[[str], bool]) -> list[Found]:
    """A number without its prefix, where it can hardly be anything else."""
    pieces = [at[1]] if at[1] else [at[2], at[4]]
    typed = "".join(pieces)
    number, told = _canonical(typed, prefix), bool(BEFORE.search(text[: at.start()]))
    mixed = any(c.isdigit() for c in typed) and any(c.isalpha() for c in typed)
    if number is None or not mixed or any(is_word(fold(part)) for part in re.findall(r"[^\W\d_]{3,}", typed)):
        return []
    if not told and (any(MEASURE.fullmatch(piece) for piece in pieces) or NAMED.fullmatch(typed)):
        return []
    if len(pieces) > 1 and at[3].strip() not in {"-", "–", "—", "−"} and not (told or _both_odd(pieces)):
        return []
    return [Found(at.start(), at.end(), number)]


def _both_odd(pieces: list[str]) -> bool:
    """Whether two groups that only a blank parts look like signs and not like a number and a word."""
    mixed = [any(c.isdigit() for c in piece) and any(c.isalpha() for c in piece) for piece in pieces]
    return all(mixed) or (any(mixed) and not any(re.search(r"[aeiouy]", p, re.I) for p in pieces if p.isalpha()))


def _canonical(typed: str, prefix: str) -> str | None:
    letters = typed.upper().translate(MISREAD)
    if len(letters) != LENGTH or not set(letters) <= set(CROCKFORD):
        return None
    return f"{prefix}-{letters[:4]}-{letters[4:]}"

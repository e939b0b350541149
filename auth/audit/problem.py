"""What can be wrong with a log, in one word for programs and one sentence for people."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The ways in which a log can have been tampered with."""

    EDITED = "edited"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    FORKED = "forked"
    BAD_SIGNATURE = "bad_signature"
    HEAD = "head"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. ``seq`` is the first entry it concerns, or None when it concerns no entry in particular."""

    kind: Kind
    seq: int | None
    sentence: str


def entries_named(first: int, last: int) -> str:
    """The subject of a sentence: ``Entry 5`` or ``Entries 5 to 9``."""
    return f"Entry {first}" if first == last else f"Entries {first} to {last}"


def is_or_are(first: int, last: int) -> str:
    return "is" if first == last else "are"

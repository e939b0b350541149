"""Cuts a message into its clauses and says what each does: ask for something, tell a story, or only name things.

Everything here is structure, read from the small words; what a clause means is for the classifier.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from agent.calendar_words import MONTHS
from agent.local.clause_words import (
    ASKED_WITH,
    DEPENDING,
    OPENERS,
    ORDERING,
    PREPOSITIONS,
    RELATIVE,
    SUBJECTS,
    VERBS,
)
from agent.local.wording import Words


class Kind(Enum):
    """What a clause does."""

    ORDERS = "orders"  # "cancel it", "bitte stornieren"
    QUESTIONS = "questions"  # "where is it", "can you …"
    WISHES = "wishes"  # "I'd like …", "ich brauche …"
    TELLS = "tells"  # "it arrived yesterday"
    DEPENDS = "depends"  # "because it broke", "if it has not left"
    NAMES = "names"  # "the mug", "size 43"


TROUBLES = ("arrived broken", "does not work", "item missing", "wrong item")  # of the reasons that the shop knows
ITS = frozenset({"it", "they", "them", "its", "es", "sie", "ihn", "ihm"})  # what was named before
ASKING = frozenset({Kind.ORDERS, Kind.QUESTIONS, Kind.WISHES})

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
# "15. Oktober" and "No. 7" are no ends of sentences.
FULL_STOP = rf"(?:(?<!\d)(?<!\bno)(?<!\bnr)\.|(?<=\d)\.(?!\s*(?:{_MONTH}|\d)))"
STOP = rf"(?:{FULL_STOP}|[!?;\n])+(?:\s+|$)|\n+|\s+[-–—]\s+"
_THEN = (
    r"and\s+then|and\s+also|and\s+after\s+that|after\s+that|oh\s+and|and\s+while\s+you(?:['’]re|\s+are)\s+at\s+it"
    r"|while\s+you(?:['’]re|\s+are)\s+at\s+it|by\s+the\s+way|btw|one\s+more\s+thing|in\s+addition|additionally"
    r"|also|then"
    r"|plus|besides|secondly|second|und\s+dann|und\s+auch|und\s+außerdem|und\s+ausserdem|außerdem|ausserdem|danach"
    r"|anschließend|zusätzlich|und\s+nebenbei|übrigens|zweitens|dann|und\s+noch|and\s+btw|as\s+well\s+as|sowie"
)
_AND = r"and|und|&|\+"
_BUT = r"but|aber|so|though|however|jedoch|doch"
MARK = re.compile(
    rf"(?P<stop>{STOP})(?:(?P<stopthen>(?:{_THEN})\b[:,]?\s+)|(?:{_AND}|{_BUT})\b\s+)?"
    rf"|\s*[,:]\s+(?P<commathen>{_THEN})\b[:,]?\s+|\s+(?P<then>{_THEN})\b[:,]?\s+"
    rf"|\s*,\s+(?P<commaand>{_AND})\s+|\s*,\s+(?:{_BUT})\s+|\s+(?P<and>{_AND})\s+|\s+(?:{_BUT})\s+|\s*[,:/]\s+",
    re.I,
)
WANTING = re.compile(
    r"^(?:i|we|my \w+ and i|ich|wir)\b(?: \w+){0,3}? (?:want|need|would (?:\w+ )?(?:like|love|prefer|rather|appreciate"
    r"|be)|like to|love to"
    r"|wish|wonder|wondering|am looking for|are looking for|am interested|am after|have to|must|will take"
    r"|will have|shall|demand"
    r"|require|request|expect|moechte|moechten|will|wollen|brauche|brauchen|benoetige|haette|haetten|wuerde"
    r"|wuerden|suche"
    r"|suchen|muss|wuensche|interessiere|nehme|nehmen|kaufe)\b"
    r"|^(?:would like|would love|need|want|looking for|wondering|moechte|haette|brauche|wuerde|will|bitte|suche)\b"
    r"|\b(?:should|soll|sollte|sollen|must|needs? to) (?!have\b)(?:\w+ ){0,6}?(?:go|be|come|an|nach|in|sein"
    r"|gehen|werden|geliefert)\b"
)
UNWANTED = re.compile(
    r"^(?:i|we|ich|wir) (?:really |just |also )?(?:do not|did not|no longer|would not|will not|must not|don t)\b"
    r"|^(?:i|we) (?:\w+ )?(?:wanted|needed|wondered|hoped|expected)\b|^(?:ich|wir) (?:\w+ ){0,4}(?:nicht"
    r"|kein\w*)(?: mehr)?$"
)
INFINITIVE = re.compile(
    r"(?:ieren|schicken|geben|senden|aendern|loeschen|zeigen|kuendigen|bestellen|tauschen|machen|sagen|legen"
    r"|packen|melden"
    r"|fuegen|entfernen|nehmen|speichern|kaufen|sehen|wissen|erstatten|aufnehmen|hinterlegen|abbestellen)$"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause: where it stands in the text, how it is joined ('start', 'stop', 'also', 'and', 'other'), its kind."""

    start: int
    end: int
    joint: str
    kind: Kind
    asked: bool = False  # it ends in a question mark
    trouble: bool = False  # it tells of something broken, missing or wrong


def clauses(text: str, words: Words) -> list[Clause]:
    """The clauses of a text in order."""
    found: list[Clause] = []
    at, joint = 0, "start"
    for mark in [*MARK.finditer(text), None]:
        end = mark.start() if mark else len(text)
        asked = bool(mark and "?" in mark.group()) or (mark is None and text.rstrip().endswith("?"))
        if text[at:end].strip(" .!?,;:"):
            found.append(_clause(text, (at, end), joint, words, asked=asked))
            joint = _joint(mark) if mark else ""
        elif mark and found and _joint(mark) in {"stop", "also"}:
            joint = _joint(mark)
        at = mark.end() if mark else at
    return found


def _clause(text: str, place: tuple[int, int], joint: str, words: Words, *, asked: bool) -> Clause:
    every = words.split(text[slice(*place)])
    kind = _kind(every, joint=joint, asked=asked)
    said = f" {' '.join(every)}"
    starts = (start for reason in TROUBLES for start in words.reasons.get(reason, ()))
    trouble = kind not in ASKING and any(f" {start}" in said for start in starts)
    return Clause(*place, joint, Kind.TELLS if trouble and kind is Kind.NAMES else kind, asked, trouble)


def _joint(mark: "re.Match[str]") -> str:
    if mark["stopthen"] or mark["commathen"] or mark["then"]:
        return "also"
    if mark["stop"]:
        return "stop"
    return "and" if mark["commaand"] or mark["and"] else "other"


def _kind(every: Sequence[str], *, joint: str, asked: bool) -> Kind:
    said = _opened(every)
    if not said:
        return Kind.NAMES
    first, second = said[0], (said[1] if len(said) > 1 else "")
    sentence = " ".join(said)
    if said[:2] == ["do", "not"] or said[:2] == ["does", "not"]:
        return Kind.TELLS
    if first in RELATIVE and second in SUBJECTS and not _is_turned(said):
        return Kind.DEPENDS
    if first in DEPENDING and not (first in ASKED_WITH and (asked or joint != "other")):
        return Kind.DEPENDS
    if UNWANTED.search(sentence):
        return Kind.TELLS
    if first in ORDERING and not _is_thing(said):
        return Kind.ORDERS
    if first in ASKED_WITH or (first in PREPOSITIONS and second in RELATIVE):
        return Kind.QUESTIONS
    if WANTING.search(sentence) and first not in ITS:
        return Kind.WISHES
    # A question mark makes a question of what begins like none, but not of what a comma joins to another.
    if asked and joint != "other":
        return Kind.QUESTIONS
    if INFINITIVE.search(said[-1]) and not set(said) & VERBS:
        return Kind.ORDERS
    if {"please", "pls", "bitte"} & set(every) and not set(said) & VERBS:
        return Kind.ORDERS
    return Kind.TELLS if set(said) & (VERBS | {"i", "we", "ich", "wir"}) or _is_told(said) else Kind.NAMES


def _opened(words: Sequence[str]) -> list[str]:
    """The words from the first that is no opener; a number they begin with is left out ("HP-7K3M-29QD where is it")."""
    said = list(words[next((i for i, word in enumerate(words) if word not in OPENERS), len(words)) :])
    start = next((i for i in range(len(said)) if not _is_number(said, i)), 0)
    return said[start:] if said and said[start] in ORDERING | RELATIVE else said


def _is_number(said: Sequence[str], at: int) -> bool:
    """Whether a word is a part of an order number, or stands before one ("HP", "order", "for")."""
    return any(c.isdigit() for c in said[at]) or (at + 1 < len(said) and at < 2 and _is_number(said, at + 1))


def _is_turned(said: Sequence[str]) -> bool:
    """Whether a question word and a subject are a question after all, as in "which one is lighter", "wie das geht"."""
    return said[0] in {"which", "welche", "welcher", "welches", "how"} and len(said) > 2 and said[2] in ASKED_WITH


def _is_thing(said: Sequence[str]) -> bool:
    """Whether a verb at the beginning is a thing: "order 7K3M is late", "return label please"."""
    following = said[1] if len(said) > 1 else ""
    if said[0] == "order":
        return following in {
            "number",
            "no",
            "is",
            "was",
            "has",
            "hp",
            "from",
            "nr",
            "status",
            "history",
            "details",
            "",
        } or any(c.isdigit() for c in following)
    return following in {"is", "was", "has", "are", "were", "came", "did", "does"}


def _is_told(said: Sequence[str]) -> bool:
    return any(len(word) > 4 and word.endswith("ed") for word in said)

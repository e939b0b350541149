"""Cuts a message into its clauses and says what each does: ask for something, tell a story, or only name things.

Everything here is structure, read from the small words: which clause begins a request of its own is known before any
of them is understood, so a long message need not be understood at each of its commas.
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
from agent.local.wording import Words, fold


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
NEW = frozenset({"stop", "also", "and"})  # joints at which something new may begin
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


@dataclass(frozen=True, slots=True)
class Stretch:
    """Clauses that belong together: the text of them, how it is joined to what stands before, and what it does.

    `lead` are the words that it borrows from the stretch before ("show my addresses and | my cards").
    """

    text: str
    joint: str
    kind: Kind
    lead: str = ""

    @property
    def spoken(self) -> str:
        """The stretch with what it borrows."""
        return f"{self.lead} {self.text}".strip()


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


def stretches(text: str, words: Words, *, most: int = 6) -> list[Stretch]:
    """The parts of a text that may each be a request of their own, with the story and the reasons that belong to them.

    One part where only one asks. At most `most` of them; what follows belongs to the last.
    """
    parts = clauses(text, words)
    groups: list[list[Clause]] = []
    for clause in parts:
        if not groups or (len(groups) < most and _begins(groups[-1], clause)):
            groups.append([clause])
        else:
            groups[-1].append(clause)
    return [_stretch(group, text) for group in groups]


def carried(text: str, words: Words) -> tuple[Stretch, Stretch] | None:
    """A text whose verb serves two things, as two: "show my addresses and my cards"; None for any other."""
    parts = clauses(text, words)
    asking = [i for i, clause in enumerate(parts) if clause.kind in ASKING]
    if len(asking) != 1 or asking[0] + 1 >= len(parts):
        return None
    first, second = parts[asking[0]], parts[asking[0] + 1]
    said = text[second.start : second.end].strip(" .!?")
    if second.kind is not Kind.NAMES or second.joint not in {"and", "also"} or not LEADING.match(fold(said)):
        return None
    lead = LEAD.match(text[first.start : first.end])
    if lead is None:
        return None
    rest = text[second.start :].strip()
    return Stretch(text[: first.end].strip(), "start", first.kind), Stretch(
        rest, "and", first.kind, lead["lead"].strip()
    )


# "show me | my", "what are | the": the words up to what is named.
LEADING = re.compile(r"(?:my|the|our|your|what|meine?n?|die|den|das|unsere?n?|eure)\b")
LEAD = re.compile(
    r"(?P<lead>(?:[\w'’]+\s+){1,5}?)(?=(?:my|the|our|your|a|an|meine?n?|die|den|das|unsere?n?|eure)\b)", re.I
)


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
    """The words from the first that is no opener."""
    return list(words[next((i for i, word in enumerate(words) if word not in OPENERS), len(words)) :])


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


def _begins(group: Sequence[Clause], clause: Clause) -> bool:
    """Whether a clause begins a stretch of its own: the group before asks already and it does as well.

    That something is broken or missing asks for help by itself; any other story belongs to the request beside it.
    """
    asks = any(known.kind in ASKING for known in group)
    if clause.kind in ASKING:
        return asks or (clause.joint in NEW and any(known.trouble for known in group))
    return asks and clause.trouble and clause.joint in NEW


def _stretch(group: Sequence[Clause], text: str) -> Stretch:
    kind = next((clause.kind for clause in group if clause.kind in ASKING), None)
    kind = kind or next((clause.kind for clause in group if clause.kind is Kind.TELLS), group[0].kind)
    end = group[-1].end + (1 if group[-1].asked and text[group[-1].end : group[-1].end + 1] == "?" else 0)
    return Stretch(text[group[0].start : end].strip(" ,;"), group[0].joint, kind)

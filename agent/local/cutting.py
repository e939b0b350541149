"""Cuts a message into pieces that are read once each, and weighs whether two of them are two requests or one.

Where a message could be cut is structure: marks and joining words. Whether it is cut there is decided by what the
classifier makes of the pieces and of the whole, all read in one go, and hardly by the words themselves.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from agent.local.clauses import Clause, Kind, clauses
from agent.local.wording import Words

MOST = 6  # pieces of a message that are read; what follows belongs to the last
FEW = 4  # words from which a name that a comma adds ("…, Hamburg") is a piece of its own
ENOUGH = 5  # words from which a longer piece is no clearer for its length
# What pieces that name or tell things are joined under: the kind of the clause in them that asks says what they do.
RANK = (Kind.NAMES, Kind.DEPENDS, Kind.TELLS, Kind.WISHES, Kind.QUESTIONS, Kind.ORDERS)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a message that may be a request of its own: its text and place, how it is joined, what it does."""

    text: str
    start: int
    end: int
    joint: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for two pieces being two requests, and what against it.

    `clear` is the logarithm of the odds of the less clear of the two; `whole` the larger of the shares (0-1) that the
    whole message has of either; `strange` that it is read as a third thing; `leaning` the shares (0-2) that each has
    of the other. `words` are those of the shorter. The rest are yes or no.
    """

    clear: float
    whole: float
    strange: bool
    leaning: float
    words: int
    stop: bool
    also: bool
    both: bool  # joined by "and"
    named: bool  # the second only names something
    wished: bool  # the second begins "I want"
    its: bool  # the second is about "it" and nothing else
    small: bool  # one is small talk
    related: bool  # what one asks for is the reason or the purpose of the other


# Fitted by logistic regression on those sentences and some composed ones, as `python -m tests.evaluation.fit_cutting`
# does it; a weight is what one more of a sign adds to the logarithm of the odds.
WEIGHTS: dict[str, float] = {
    "clear": 0.70,
    "whole": -1.82,
    "strange": -0.70,
    "leaning": -0.52,
    "words": 0.78,
    "stop": 1.84,
    "also": 2.05,
    "both": 0.66,
    "named": -0.45,
    "wished": -1.45,
    "its": -1.49,
    "small": -3.35,
    "related": -1.89,
}
BASE = -2.08


def pieces(text: str, words: Words, *, most: int = MOST) -> list[Piece]:
    """The pieces of a text in order; a clause that depends or only names a little after a comma belongs to another."""
    groups: list[list[Clause]] = []
    for clause in clauses(text, words):
        if groups and (len(groups) >= most or _clings(clause, text) or _waits(groups[-1], clause)):
            groups[-1].append(clause)
        else:
            groups.append([clause])
    return [_piece(group, text) for group in groups]


def odds(signs: Signs) -> float:
    """The logarithm of the odds that two pieces are two requests."""
    return BASE + sum(WEIGHTS[name] * float(value) for name, value in asdict(signs).items())


def _clings(clause: Clause, text: str) -> bool:
    """Whether a clause says nothing without the one before: a reason, or the rest of an address."""
    short = len(text[clause.start : clause.end].split()) < FEW
    return clause.kind is Kind.DEPENDS or (clause.joint == "other" and clause.kind is Kind.NAMES and short)


def _waits(group: Sequence[Clause], clause: Clause) -> bool:
    """Whether what stands before only says under which condition or for which reason this is asked."""
    return len(group) == 1 and group[0].kind is Kind.DEPENDS and clause.joint == "other"


def _piece(group: Sequence[Clause], text: str) -> Piece:
    kind = max((clause.kind for clause in group), key=RANK.index)
    start, last = group[0].start, group[-1]
    end = last.end + (last.asked and text[last.end : last.end + 1] == "?")
    return Piece(text[start:end].strip(" ,;"), start, end, group[0].joint, kind)

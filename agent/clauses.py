"""The clauses of a sentence: what stands before a word in its clause, and whether that leaves it open or denies it."""

import re

_CLAUSE = re.compile(r"[,;:–—(.!?\n]|\b(?:and|but|und|aber)\b", re.IGNORECASE)
_OPEN = re.compile(
    r"\b(?:if|once|when|whenever|until|till|unless|before|after|as\s+soon\s+as|whether|in\s+case"
    r"|wenn|sobald|falls|bis|bevor|ob|nachdem)\b",
    re.IGNORECASE,
)
_OPEN_FIRST = re.compile(rf"^\W*(?:(?:only|not|erst|even)\s+)?{_OPEN.pattern}", re.IGNORECASE)
_NOT = re.compile(
    r"\b(?:not|never|nothing|none|neither|nobody|no(?!\s+(?:problem|worries|doubt))|nicht|nie|nichts|niemand|keine?[nmrs]?)\b"
    r"|n['’]t\b|\bcannot\b",
    re.IGNORECASE,
)
_ECHO = re.compile(
    r"\b(?:you(?:['’]ve|\s+have)?\s+(?:say|said|asked?|wrote|mention(?:ed)?|told|want(?:ed)?|mean)|sorry|apologi[sz]e"
    r"|sie\s+(?:sagten|schrieben|fragten|nannten|meinten|möchten|wollten)|haben\s+sie|leid|entschuldig\w*|ärger)\b",
    re.IGNORECASE,
)


def said_before(text: str, place: int) -> str:
    """What stands before a place in its clause."""
    return _CLAUSE.split(text[max(0, place - 200) : place])[-1]


def opens(clause: str) -> bool:
    """Whether a clause begins as a condition: "once it is …", "sobald …"."""
    return _OPEN_FIRST.match(clause) is not None


def is_open(before: str) -> bool:
    """Whether a condition or an indirect question stands in what comes before."""
    return _OPEN.search(before) is not None


def is_negated(before: str) -> bool:
    """Whether what comes before denies what follows."""
    return _NOT.search(before) is not None


def echoes(sentence: str) -> bool:
    """Whether a sentence takes up the customer's words: it asks, repeats, regrets or denies."""
    return sentence.endswith("?") or _ECHO.search(sentence) is not None or is_negated(sentence)

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


_STOP, _PART = re.compile(r"[.!?\n]\s"), re.compile(r"[,;:–—(]|\b(?:and|but|or|und|aber|oder)\b", re.IGNORECASE)
_ASKED = re.compile(
    r"\W*(?:so |then |or |oder |also |dann |(?:in|to|from|an|zu|aus|um|mit) (?=which|welche))?"
    r"(?:(?:is|are|was|were|has|have|had|did|do|does|shall|should|would|will|can|could|may|might|which|what|when|where|how"
    r"|who|whose|why|ist|sind|war|wurden?|wird|werden|hat|haben|soll|sollen|möchten|wollen|kann|können|darf|dürfen|meinen"
    r"|geht|gibt|wie|wann|wo|wohin|welche\w?|wer|warum)\b(?!\s+(?:you|sie)\s+(?:know|wissen))|was\b|anything\b|noch\b)",
    re.IGNORECASE,
)


def said_before(text: str, place: int) -> str:
    """What stands before a place in its clause."""
    return _CLAUSE.split(text[max(0, place - 200) : place])[-1]


def opens(clause: str) -> bool:
    """Whether a clause begins as a condition: "once it is …", "sobald …"."""
    return _OPEN_FIRST.match(clause) is not None


def is_unsettled(before: str) -> bool:
    """Whether a condition or an indirect question stands in what comes before."""
    return _OPEN.search(before) is not None


def is_negated(before: str) -> bool:
    """Whether what comes before denies what follows."""
    return _NOT.search(before) is not None


def asks(text: str) -> bool:
    """Whether a text ends in a question that is asked as one: "It has arrived, right?" tells and does not ask."""
    if not text.endswith("?"):
        return False
    question = _STOP.split(text.rstrip("? "))[-1]
    return any(_ASKED.match(clause) for clause in _PART.split(question))


def echoes(sentence: str) -> bool:
    """Whether a sentence takes up the customer's words: it asks, repeats, regrets or denies."""
    return asks(sentence) or _ECHO.search(sentence) is not None or is_negated(sentence)

"""What somebody turns down ("don't cancel it, just change the address") and what is left of the message without it.

Likeness hardly sees a "not". Only refusals count here: that something does not fit or did not come is a fact.
"""

import re
from typing import NamedTuple

START = r"(?:^|(?<=[.,;!?])\s*|\b(?:but|and|aber|und|sondern)\s+)"
OPENING = r"(?:(?:please|pls|so|oh|no|nein|actually|bitte|ok|okay),?\s+)*"
END = r"(?=\s*(?:[.,;!?]|$|\b(?:but|just|only|instead|rather|sondern|aber|stattdessen|lieber)\b))"
NOT = r"(?:do\s+not|don['’`´]?t|do\s*nt|never(?!\s*mind))"
SOMEBODY = r"(?!you\b|i\b|we\b|they\b)"
REFUSALS = tuple(
    re.compile(START + OPENING + pattern + END, re.I)
    for pattern in (
        rf"{NOT}\s+(?:just\s+|ever\s+)?{SOMEBODY}(?P<what>\S.{{1,80}}?)",
        rf"(?:i|we)\s+(?:really\s+|just\s+)?(?:{NOT}|won['’]?t|would\s+not|wouldn['’]?t|will\s+not)\s+"
        r"(?:want|wish|need|plan|intend|mean)\s+(?:you\s+)?(?P<what>\S.{1,80}?)",
        r"(?:i\s*['’]?\s*a?m|we\s*['’]?\s*a?re)\s+not\s+(?:asking|looking|trying|here|going)\s+(?:for\s+|to\s+)?"
        r"(?P<what>\S.{1,80}?)",
        r"(?:i|we)\s+did(?:\s+not|n['’]?t)\s+(?:ask|want|mean|say|write)\s+(?:you\s+)?(?:to|for)\s+(?P<what>\S.{1,80}?)",
        r"(?:there\s+is\s+)?no\s+need\s+(?:to|for)\s+(?P<what>\S.{1,80}?)",
        r"(?:ich\s+(?:will|möchte|moechte|brauche)|wir\s+(?:wollen|möchten))\s+(?:\w+\s+){0,3}?"
        r"(?:nicht|kein|keine|keinen)\s+(?!mehr)(?P<what>\S.{1,60}?)",
        r"nicht\s+(?P<what>(?:\w+\s+){0,3}?\w+en)",
        r"(?P<what>(?:storniere?t?|lösche?t?|loesche?t?|schicke?t?|ändere?t?|sende?t?|gebt?)\s+.{1,50}?)\s+nicht",
    )
)
# These turn a thing down only beside something else that is wanted: "not happy" alone refuses nothing.
CONTRASTS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        START
        + OPENING
        + r"(?:no|not|kein|keine|keinen|nicht)\s+(?:a\s+|an\s+|the\s+|das\s+|die\s+|den\s+)?(?P<what>\w[^,.;!?]{1,60}?)"
        + END,
        START
        + OPENING
        + r"(?:never\s*mind|forget(?:\s+about)?|scrap|i\s+(?:have\s+)?changed\s+my\s+mind\s+about|vergiss|vergesst)\s+"
        + r"(?!(?:it|that|this|what|das|es)\b)(?P<what>\w[^,.;!?]{1,60}?)"
        + END,
        r"\b(?:i|we)\s+(?:was|were)\s+going\s+to\s+(?P<what>\w[^,.;!?]{1,60}?)(?=,?\s*but\s+now\b)",
        r"\b(?:instead\s+of|rather\s+than)\s+(?P<what>\w+ing\b[^,.;!?]{0,60}?)(?=\s*(?:[,.;!?]|$))",
        r"(?<=\brather )(?P<keep>[^,.;!?]{3,60}?)\s+than\s+(?P<what>(?!the\b|a\b|my\b|in\b)\w[^,.;!?]{2,60}?)"
        r"(?=\s*(?:[,.;!?]|$))",
        r"(?<=\blieber )(?P<keep>[^,.;!?]{3,60}?)\s+als\s+(?P<what>\w[^,.;!?]{2,60}?\wen)(?=\s*(?:[,.;!?]|$))",
        r"\b(?:statt|anstatt)\s+(?P<what>(?:\w+\s+){0,5}?\w+en)\s*,?\s*(?=(?:möchte|moechte|will|würde|bitte|lieber)\b)",
    )
)
# "…, not my account": what follows is another thing than the one that is meant.
TAIL = re.compile(
    r"\s*(?:,|\bund\b|\band\b)\s*(?:not|nicht)\s+(?:(?:just|only|nur)\s+)?[^,.;!?]{2,60}(?=[.!?]*$)", re.I
)


class Refusal(NamedTuple):
    """What is turned down, said as if it were wanted, and the rest of the message ('' when nothing is left).

    `firm`: it is a refusal even when nothing is left.
    """

    what: str
    rest: str
    firm: bool


def refusals_in(text: str) -> list[Refusal]:
    """What a message turns down, at most two things, in the order in which they stand."""
    found = []
    for pattern in (*REFUSALS, *CONTRASTS):
        for match in pattern.finditer(text):
            kept = match.groupdict().get("keep") or ""
            rest = _trimmed(f"{text[: match.start()]} {kept} {text[match.end() :]}")
            found.append((match.start(), Refusal(match["what"].strip(), rest, pattern in REFUSALS)))
    first: dict[str, Refusal] = {}
    for _, refusal in sorted(found, key=lambda pair: pair[0]):
        first.setdefault(refusal.rest, refusal)
    return list(first.values())[:2]


def without_tail(text: str) -> str:
    """The text without a closing "…, not the other thing"."""
    return TAIL.sub("", text).strip()


def _trimmed(rest: str) -> str:
    bare = re.sub(r"^(?:[\s,;.!?–-]|\b(?:but|just|only|instead|rather|sondern|aber|lieber)\b)+", "", rest, flags=re.I)
    return re.sub(r"[\s,;–-]+$", "", bare)

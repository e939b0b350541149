"""Tells what a customer wrote from what they pasted: a forwarded mail, quoted lines, a block, a long quotation.

Pasted text is somebody else's until shown otherwise: it is fenced, it taints, and no value of a change may come from
it. What cannot be told apart (a mail pasted without its head) counts as typed; the card shows it as that.
"""

import re
from dataclasses import dataclass

# The head of a mail (RFC 5322 field names as mail programs print them, English and German) and the lines that
# programs put above what is forwarded or answered. From there on everything is pasted: a wish at the end of a mail
# may be the mail's own.
_HEAD = re.compile(
    r"^[ \t]*(?:"
    r"(?:from|to|subject|date|sent|reply-to|von|an|betreff|datum|gesendet)[ \t]*:[ \t]*\S"
    r"|-{2,}[ \t]*(?:original message|forwarded message|urspr(?:ü|ue)ngliche nachricht|weitergeleitete nachricht)"
    r"|begin forwarded message"
    r"|on .{4,120} wrote:[ \t]*$|am .{4,120} schrieb.{0,80}:[ \t]*$"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_LINES = re.compile(r"(?:^[ \t]*>.*(?:\n|\Z))+", re.MULTILINE)
_BLOCK = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTATION = re.compile(r"[“„«\"]([^“”„«»\"]{60,})[”“»\"]")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a message; ``is_pasted`` says that somebody else may have written it."""

    text: str
    is_pasted: bool


def parts_of(text: str) -> tuple[Part, ...]:
    """A message in its stretches, in order; together they are the message."""
    marks = sorted(_pasted_spans(text))
    found: list[Part] = []
    at = 0
    for start, end in marks:
        if end <= at:
            continue
        start = max(start, at)
        if start > at:
            found.append(Part(text[at:start], False))
        found.append(Part(text[start:end], True))
        at = end
    if at < len(text):
        found.append(Part(text[at:], False))
    return tuple(found)


def typed(text: str) -> str:
    """What the customer wrote themselves."""
    return " ".join(part.text for part in parts_of(text) if not part.is_pasted)


def holds_pasted(text: str) -> bool:
    """Whether any of it was pasted."""
    return any(part.is_pasted for part in parts_of(text))


def _pasted_spans(text: str) -> list[tuple[int, int]]:
    spans = [hit.span() for pattern in (_QUOTED_LINES, _BLOCK, _QUOTATION) for hit in pattern.finditer(text)]
    head = _HEAD.search(text)
    return [*spans, (head.start(), len(text))] if head else spans

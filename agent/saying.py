"""What the assistant may say: one sentence in, the same sentence, one of the record's, or a neutral one out.

An outcome is told by the shop's own bubble; a figure, a day, a state and a promise stand in a record of this
conversation, or the sentence is struck before the customer sees it. This improves manners; what really happened is
decided at the desk and shown by the shop, whatever a sentence slips through here.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from agent import backing
from agent.backing import Said
from agent.figures import in_plain_digits
from agent.forms import OUTSIDE_LINK, takes_a_form, without_markup, without_voice
from agent.handles import without_tokens
from agent.reciting import Recital
from agent.record import Record
from agent.restating import restated
from auth.guard.commands import clean
from auth.redaction import redact

__all__ = ["KINDS", "NEUTRAL", "OUTSIDE_LINK", "Look"]

_FIGURES = ("The exact figures are on the card or the page.", "Die genauen Zahlen stehen auf der Karte oder der Seite.")
_STANDS = (
    "Whether something was changed is shown by the shop's own message and in your account.",
    "Ob etwas geändert wurde, zeigen die Nachricht des Shops und Ihr Konto.",
)
NEUTRAL: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "secret": ("I can't share that.", "Das kann ich nicht weitergeben."),
        "form": (
            "Cards and messages of the shop come from the shop itself; I only write plain sentences.",
            "Karten und Nachrichten des Shops kommen vom Shop selbst; ich schreibe nur einfache Sätze.",
        ),
        "amount": _FIGURES,
        "number": _FIGURES,
        "reference": ("The number of an order or parcel is on its own page.", "Die Nummer steht auf der Seite dazu."),
        "claim": _STANDS,
        "status": (
            "How it stands is shown on the page of the order or product.",
            "Wie es darum steht, zeigt die Seite der Bestellung oder des Produkts.",
        ),
        "day": ("The days on record are on the order's page.", "Die Tage, die feststehen, zeigt die Bestellung."),
        "promise": (
            "I can't promise anything for the shop; what it has decided stands on the card or the page.",
            "Für den Shop kann ich nichts zusagen; was feststeht, zeigt die Karte oder die Seite.",
        ),
    }
)
# The first kind that a sentence fails is the one it is struck for, counted and noted under.
KINDS: Mapping[str, Callable[[Said, Record], bool]] = MappingProxyType(
    {
        "amount": backing.has_amounts,
        "claim": backing.has_claims,
        "promise": backing.has_promises,
        "status": backing.has_states,
        "day": backing.has_days,
        "reference": backing.has_references,
        "number": backing.has_numbers,
    }
)


@dataclass(frozen=True, slots=True)
class Look:
    """The last look at outgoing text. ``secrets`` are words that must never leave (canaries, the fence's mark), as are
    the ``instructions`` the model was given; ``today`` is the day that "tomorrow" is counted from, and without it no
    such word can be backed."""

    record: Record
    secrets: tuple[str, ...] = ()
    instructions: Recital = field(default_factory=lambda: Recital(""))
    struck: Counter[str] = field(default_factory=Counter)
    today: date | None = None

    def at(self, sentence: str, previous: str = "") -> str:
        """The sentence as it may leave; ``previous`` is what left before it, so that a claim cut in two is found."""
        said = clean(sentence)
        lead, bare = said[: len(said) - len(said.lstrip())], said.strip()
        told = without_markup(without_voice(without_tokens(bare)))
        if kind := self._strikes(bare, told, previous):
            self.struck[kind] += 1
            german = _is_german(bare, previous)
            instead = restated(kind, told, previous, self.record, german=german) or NEUTRAL[kind][german]
            return "" if instead == previous.strip() else (lead or (" " if previous else "")) + instead
        if told != bare:
            self.struck["markup"] += 1
        return lead + self._without_personal_data(told)

    def _strikes(self, raw: str, told: str, previous: str) -> str:
        """The kind a sentence is struck for, or nothing; ``told`` is ``raw`` without markup and foreign voices."""
        joined = _bare(f"{previous} {raw}")
        squeezed = _squeezed(joined)
        if any(_squeezed(secret) in squeezed for secret in self.secrets) or self.instructions.is_in(joined):
            return "secret"
        if takes_a_form(unicodedata.normalize("NFKC", told)):
            return "form"
        if self.record.quotes(told):
            return ""
        said = Said.of(_bare(told), _bare(previous), self.record, self.today)
        return next((kind for kind, is_backed in KINDS.items() if not is_backed(said, self.record)), "")

    def _without_personal_data(self, sentence: str) -> str:
        """Tracking and order numbers of the record stay, although a net for card numbers might take them."""
        known = sorted((r for r in self.record.references if len(r) >= 8 and r in sentence), key=len, reverse=True)
        for place, reference in enumerate(known):
            sentence = sentence.replace(reference, f"\ue000{place}\ue001")
        shown = redact(sentence)
        self.struck.update({f"personal-{kind}": n for kind, n in shown.counts.items()})
        said = shown.text
        for place, reference in enumerate(known):
            said = said.replace(f"\ue000{place}\ue001", reference)
        return said


_EMPHASIS = str.maketrans("", "", "*_`~\\")
_GAP = re.compile(r"(?<=\d)\s{1,3}([.,])\s{0,3}(?=\d)")


def _bare(text: str) -> str:
    """Text as it reads: without emphasis marks, wide or styled letters as plain ones (Unicode TR 15, NFKC), digits of
    every script as 0-9, and amounts without gaps."""
    plain = in_plain_digits(unicodedata.normalize("NFKC", text)).translate(_EMPHASIS).strip()
    return _GAP.sub(r"\1", plain)


_GERMAN = re.compile(
    r"\b(?:ich|wir|sie|ihre?[nmrs]?|ist|wird|wurden?|haben?|der|das|den|und|nicht|bis|im|mit|für|noch|nur|kommt|innerhalb)\b"
)


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


def _is_german(sentence: str, previous: str) -> bool:
    found = _GERMAN.search(sentence.casefold()) is not None
    return found or (len(sentence.split()) <= 2 and _GERMAN.search(previous.casefold()) is not None)

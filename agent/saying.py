"""What the assistant may say: one sentence in, the same sentence or a neutral one out.

An outcome is told by the shop's own bubble, an amount by the record. A sentence that claims a change nobody made, or
names an amount that stands in no record, is struck before the customer sees it. This improves manners; what really
happened is decided at the desk and shown by the shop, whatever a sentence slips through here.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.handles import without_tokens
from agent.reciting import Recital
from agent.record import AMOUNT, Record
from auth.guard.commands import clean
from auth.redaction import redact

NEUTRAL = {
    "claim": (
        "Whether something was changed is shown by the shop's own message and in your account.",
        "Ob etwas geändert wurde, zeigen die Nachricht des Shops und Ihr Konto.",
    ),
    "amount": (
        "The exact figures are on the card or the page.",
        "Die genauen Zahlen stehen auf der Karte oder der Seite.",
    ),
    "secret": ("I can't share that.", "Das kann ich nicht weitergeben."),
}
OUTSIDE_LINK = "[link removed]"


@dataclass(frozen=True, slots=True)
class Look:
    """The last look at outgoing text. ``secrets`` are words that must never leave (canaries, the fence's mark), as are
    the ``instructions`` the model was given."""

    record: Record
    secrets: tuple[str, ...] = ()
    instructions: Recital = field(default_factory=lambda: Recital(""))
    struck: Counter[str] = field(default_factory=Counter)

    def at(self, sentence: str, previous: str = "") -> str:
        """The sentence as it may leave; ``previous`` is the one before, so that a claim cut in two is found."""
        said = clean(sentence)
        lead, bare = said[: len(said) - len(said.lstrip())], said.strip()
        kind = self._strikes(bare, previous)
        if kind:
            self.struck[kind] += 1
            neutral = NEUTRAL[kind][_is_german(bare)]
            return "" if neutral == previous.strip() else (lead or (" " if previous else "")) + neutral
        return lead + self._tidied(bare)

    def _strikes(self, sentence: str, previous: str) -> str:
        quoted, sentence = self.record.quotes(sentence), _bare(sentence)
        joined = f"{_bare(clean(previous))} {sentence}".strip()
        squeezed = _squeezed(joined)
        if any(_squeezed(secret) in squeezed for secret in self.secrets) or self.instructions.is_in(joined):
            return "secret"
        if quoted:
            return ""
        edge = len(joined) - len(sentence)
        if any(not self.record.knows(hit[0]) for hit in _reaching(AMOUNT.finditer(joined), edge)):
            return "amount"
        if any(not _is_backed(kind, sentence, self.record) for kind in _claims(joined, edge)):
            return "claim"
        return ""

    def _tidied(self, sentence: str) -> str:
        """Without images, tags, links to other places, personal data and the look of another voice."""
        sentence = without_tokens(sentence)
        said = _VOICE.sub("", sentence)
        said = _IMAGE.sub("", said)
        said = _LINK.sub(lambda hit: hit[1] if not hit[2].startswith("/") else f"{hit[1]} ({hit[2]})", said)
        said = _TAG.sub("", said)
        said = _URL.sub(OUTSIDE_LINK, said)
        if said != sentence:
            self.struck["markup"] += 1
        return self._without_personal_data(said)

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


_VOICE = re.compile(
    r"^\W{0,4}(?:the\s+)?(?:shop|system|staff|clerk|admin|support|harbor\s*(?:&|and)\s*pine)\W{0,3}:\W*", re.IGNORECASE
)
_IMAGE = re.compile(r"!\[[^\]]{0,200}\]?(?:\([^)\s]{0,2000}\)?|\[[^\]]{0,200}\]?)?")
_LINK = re.compile(r"\[([^\]]{0,200})\]\(([^)\s]{0,2000})[^)]{0,200}\)")
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,2000}>?")
_URL = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\b(?:data|javascript|vbscript|mailto):|(?<![\w/])//(?=\w)|\bwww\.)[^\s<>\"')\]]*"
    r"|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,6}(?:com|net|org|io|info|biz|dev|app|xyz|site|online|shop|eu|de|uk|ru|cn|co|me|link)"
    r"\b(?:[:/?#][^\s<>\"')\]]*)?",
    re.IGNORECASE,
)

# Claims. Possible kinds: the values of _CHANGES in agent/record.py, refund, and change (any of them).

_ENGLISH = {
    "cancel": r"cancel(?:l?ed)|voided|called\s+off",
    "refund": r"refunded|reimbursed|credited|compensated|(?:paid|sent|given)\s+(?:you\s+)?back"
    r"|returned\s+(?:your|the)\s+money",
    "address": r"redirected|rerouted|(?:changed|updated|corrected)\s+[^.;,!?]{0,40}?(?:address|destination|delivery)",
    "item": r"(?:swapped|switched)\s+[^.;,!?]{0,40}?(?:item|option|colou?r|size)",
    "payment": r"(?:changed|updated|switched|moved|charged)\s+[^.;,!?]{0,40}?(?:card|payment)",
    "basket": r"(?:added|put|taken|took|removed)\s+[^.;,!?]{0,60}?(?:basket|cart)",
    "order": r"ordered|placed\s+[^.;,!?]{0,30}?order|bought|purchased",
    "account": r"(?:removed|deleted|erased|closed|wiped|exported)\s+[^.;,!?]{0,60}?"
    r"(?:address|card|payment|account|data|conversation)"
    r"|signed\s+(?:you|everything|all)\s+[^.;,!?]{0,40}?out|ended\s+[^.;,!?]{0,40}?session",
    "case": r"(?:announced|arranged|registered|opened|started|filed|reported)\s+[^.;,!?]{0,40}?"
    r"(?:return|exchange|claim|report|case|parcel)|exchanged",
    "mails": r"(?:subscribed|unsubscribed)|(?:switched|turned)\s+[^.;,!?]{0,40}?(?:mail|news|reminder)",
    "person": r"(?:handed|passed)\s+(?:you|this|it)\s+(?:over|on)|transferred\s+you"
    r"|asked\s+(?:for\s+)?a\s+(?:person|clerk|colleague)",
    "change": r"processed|completed|issued|executed|approved|finali[sz]ed|carried\s+out|initiated|submitted"
    r"|changed|updated",
}
_GERMAN = {
    "cancel": r"storniert|abgebrochen|widerrufen",
    "refund": r"(?:zur(?:ü|ue)ck)?erstattet|r(?:ü|ue)ckerstattet|zur(?:ü|ue)ckgezahlt|gutgeschrieben|(?:ü|ue)berwiesen",
    "address": r"umgeleitet",
    "item": r"(?:umgetauscht|getauscht)",
    "payment": r"(?:karte\s+(?:belastet|gewechselt)|zahlungsmittel\s+gewechselt)",
    "basket": r"in\s+den\s+(?:waren)?korb\s+gelegt|hinzugef(?:ü|ue)gt"
    r"|aus\s+dem\s+(?:waren)?korb\s+(?:genommen|entfernt)",
    "order": r"bestellt",
    "account": r"(?:adresse|karte|konto|daten|gespr(?:ä|ae)ch)\b[^.;,!?]{0,40}?(?:entfernt|gel(?:ö|oe)scht|exportiert)",
    "case": r"umgetauscht|angemeldet|eingereicht|gemeldet",
    "person": r"(?:um\s+einen\s+menschen\s+)gebeten|weitergeleitet|(?:ü|ue)bergeben|weitergegeben",
    "change": r"ge(?:ä|ae)ndert|aktualisiert|ausgef(?:ü|ue)hrt|veranlasst|genehmigt|abgeschlossen|bearbeitet|erledigt",
}
_ADVERBS = r"(?:\s+(?:now|just|already|successfully|fully|also|indeed|hereby|finally|all|both|been|being|get|got))*\s+"
_STATES = ("cancel", "refund", "change")
_ICH_HABE = r"\b(?:(?:ich|wir)\s+hab(?:e|en)|hab(?:e|en)\s+(?:ich|wir))\b"
_GAP = r"(?:(?!\bnicht|\bnie|\bkein)[^.;:!?]){0,160}?"
_WHAT = r"your|the|my|order|refund|money|it|all|ihre|die|bestellung|[a-z]{2}-[\w-]+"
_NOUN = r"refund|cancellation|reimbursement|address\s+change|erstattung|stornierung"
_DONE = (
    r"confirmed|completed?|done|successful|approved|issued|processed|through|erledigt|abgeschlossen|best(?:ä|ae)tigt"
)


def _patterns() -> Iterable[tuple[str, str, "re.Pattern[str]"]]:
    """(kind, form, pattern); the form is ``mine`` for what somebody says to have done, ``state`` for how things are."""
    for kind, verbs in _ENGLISH.items():
        did = rf"{_ADVERBS}(?:(?:went|gone)\s+ahead\s+and\s+)?(?:{verbs})"
        yield kind, "mine", _any_case(rf"\b(?:I|we)(?:['’]ve|\s+have)?{did}\b")
    for kind, verbs in _GERMAN.items():
        yield kind, "mine", _any_case(rf"{_ICH_HABE}{_GAP}\b(?:{verbs})\b")
    for kind in _STATES:
        english, german = _ENGLISH[kind], _GERMAN[kind]
        is_so = r"(?:\b(?:has|have|had|was|were|is|are|got)|['’](?:s|ve))"
        yield kind, "state", _any_case(rf"{is_so}{_ADVERBS}(?:{english})\b")
        yield kind, "state", _any_case(rf"\b(?:wurden?|ist|sind)\b{_GAP}\b(?:{german})\b")
        yield kind, "state", _any_case(rf"\b(?:{german})\s+(?:wurden?|worden\s+(?:ist|sind)|ist|sind|habe|haben)\b")
        # "Order cancelled." and "Refunded!" say the same without a verb.
        yield kind, "state", _any_case(rf"^\W*(?:(?:{_WHAT})\W+)*(?:{english}|{german})\W*$")
    yield "change", "state", _any_case(rf"\b(?:{_NOUN})\W{{1,3}}(?:(?:is|now|went|ist)\s+)*(?:{_DONE})\b")
    yield (
        "change",
        "mine",
        _any_case(r"^\W{0,6}(?:(?:all\s+)?done|it['’]s\s+done|that\s+worked|erledigt|das\s+hat\s+geklappt)\b"),
    )
    yield (
        "promise",
        "mine",
        _any_case(
            r"\b(?:I|we)(?:['’]ll|\s+will|\s+promise\s+to|\s+guarantee)\s+(?:\w+\s+)?"
            r"(?:refund|reimburse|compensate|credit|give\s+you)\b"
            r"|\b(?:ich|wir)\s+(?:erstatten?|entsch(?:ä|ae)digen?|garantieren?)\b"
        ),
    )


def _any_case(pattern: str) -> "re.Pattern[str]":
    return re.compile(pattern, re.IGNORECASE)


_CLAIMS = tuple(_patterns())
_CLAUSE = re.compile(r"[,;:–—(.!?\n]|\b(?:and|but|und|aber)\b", re.IGNORECASE)
_OPEN = re.compile(
    r"^\W*(?:(?:only|not|erst|even)\s+)?(?:if|once|when|whenever|until|till|unless|before|after|as\s+soon\s+as|whether|in\s+case"
    r"|wenn|sobald|falls|bis|bevor|ob|nachdem)\b",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"\b(?:nothing|none|neither|no\s+\w+(?:\s+\w+)?|nichts|keine?\w?\s+\w+)\W*$", re.IGNORECASE)


def _claims(joined: str, edge: int) -> Iterable[tuple[str, str]]:
    for kind, form, pattern in _CLAIMS:
        for hit in _reaching(pattern.finditer(joined), edge):
            before = _CLAUSE.split(joined[: hit.start()])[-1]
            open_question = form == "state" and joined.endswith("?")
            nothing = form == "state" and _NOTHING.search(before) or re.search(r"\bnichts\b|\bnot\b", hit[0])
            if not (_OPEN.match(f"{before}{hit[0]}") or nothing or open_question):
                yield kind, form


def _is_backed(claim: tuple[str, str], sentence: str, record: Record) -> bool:
    match claim:
        case "promise", _:
            return False
        case "change", "state":
            return bool(record.done | record.settled)
        case "change", _:
            return bool(record.done)
        case "cancel", "state":
            return "cancel" in record.done | record.settled or record.is_cancelled(sentence)
        case "refund", "state":
            return "refund" in record.done | record.settled or record.refunded
        case kind, _:
            return kind in record.done
    return False


def _reaching(hits: Iterable["re.Match[str]"], edge: int) -> Iterable["re.Match[str]"]:
    """The finds that reach into the new sentence; what lies before it has been looked at."""
    return (hit for hit in hits if hit.end() > edge)


def _bare(text: str) -> str:
    """Text as it reads: without emphasis marks, and wide or styled letters as plain ones (Unicode TR 15, NFKC)."""
    return re.sub(r"[*_`~\\]", "", unicodedata.normalize("NFKC", text)).strip()


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


def _is_german(sentence: str) -> bool:
    return bool(re.search(r"\b(?:ich|wir|ihre?|ist|wurde|wurden|haben?|der|die|das|und|nicht)\b", sentence.casefold()))

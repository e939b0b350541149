"""Claims of changes: "I have cancelled it", "Ihr Geld wurde erstattet"; each kind with the words people use for it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from agent.clauses import asks, opens, said_before
from agent.record import Record

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


def _patterns() -> Iterator[tuple[str, str, "re.Pattern[str]"]]:
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


def _any_case(pattern: str) -> "re.Pattern[str]":
    return re.compile(pattern, re.IGNORECASE)


_CLAIMS = tuple(_patterns())
# A piece of each verb. A kind of which no piece stands in a sentence is not looked for: most sentences claim nothing.
_PIECES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        kind: tuple(pieces.split())
        for kind, pieces in {
            "cancel": "cancel void called storn abgeb widerr",
            "refund": "refund reimb credit compens back return erstattet gezahlt gutgeschr überw ueberw",
            "address": "redirect rerout changed updated corrected umgeleitet",
            "item": "swapped switched tauscht",
            "payment": "changed updated switched moved charged karte zahlungsm",
            "basket": "added put taken took removed korb hinzu",
            "order": "ordered placed bought purchased bestellt",
            "account": "removed deleted erased closed wiped exported signed ended entfernt löscht loescht exportiert",
            "case": "announc arrang regist opened started filed reported exchanged tauscht meldet eingereicht",
            "mails": "subscribed switched turned",
            "person": "handed passed transferred asked gebeten geleitet gegeben",
            "change": "process complet issued execut approv final carried initiat submit changed updated done worked "
            "success confirmed through geändert geaendert aktual geführt gefuehrt veranlasst genehmigt schlossen "
            "bearbeitet erledigt geklappt bestätigt bestaetigt",
        }.items()
    }
)

_NOTHING = re.compile(
    r"\b(?:nothing|none|neither|no\s+\w+(?:\s+\w+)?|nichts|keine?\w?\s+\w+)\W*$"
    r"|\b(?:nothing|no\s+record|nichts)\b[^.;:!?]{0,60}\b(?:that|dass|whether|of)\b[^.;:!?]{0,40}$",
    re.IGNORECASE,
)


def claims_in(text: str, *, edge: int = 0) -> Iterator[tuple[str, str]]:
    """Kind and form of each claim that reaches beyond ``edge``. Conditions, questions and denials claim nothing."""
    lowered = text.casefold()
    there = {kind for kind, pieces in _PIECES.items() if any(piece in lowered for piece in pieces)}
    for kind, form, pattern in _CLAIMS:
        if kind not in there:
            continue
        for hit in _reaching(pattern.finditer(text), edge):
            before = said_before(text, hit.start())
            open_question = form == "state" and asks(text)
            nothing = form == "state" and _NOTHING.search(before) or re.search(r"\bnichts\b|\bnot\b", hit[0])
            if not (opens(f"{before}{hit[0]}") or nothing or open_question):
                yield kind, form


def is_backed(claim: tuple[str, str], sentence: str, record: Record) -> bool:
    """Whether the records of the conversation show what a claim says."""
    match claim:
        case "change", "state":
            return bool(record.done | record.settled) or any(noun in sentence.casefold() for noun in record.changed)
        case "change", _:
            return bool(record.done)
        case "cancel", "state":
            return "cancel" in record.done | record.settled or record.is_cancelled(sentence)
        case "refund", "state":
            return "refund" in record.done | record.settled or record.refunded
        case kind, _:
            return kind in record.done
    return False


def _reaching(hits: Iterable["re.Match[str]"], edge: int) -> Iterator["re.Match[str]"]:
    """The finds that reach into the new sentence; what lies before it has been looked at."""
    return (hit for hit in hits if hit.end() > edge)

"""How things stand, as people say it: the words for each state, English and German, and where they are claimed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agent.clauses import asks, is_negated, is_unsettled, said_before

# The first that fits is taken, so what is not there stands before what is.
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "sold_out": r"sold[\s-]out|out of stock|not in stock|not available any ?more|no longer (?:in stock"
        r"|available)|discontinued"
        r"|ausverkauft|vergriffen|nicht (?:mehr )?(?:auf lager|vorrätig|lieferbar)|nicht mehr verfügbar",
        "in_stock": r"(?:back )?in stock|auf lager|vorrätig|lieferbar",
        "available": r"available (?:again|immediately|now|in (?:all|every|your|size|blue|red|green|black|white|grey)"
        r"|for (?:delivery|shipping))|(?:wieder|sofort) verfügbar",
        "moving": r"on (?:its|their|the) way|in transit|out for delivery|with the (?:carrier|courier)|en route"
        r"|unterwegs|auf dem weg|in (?:der )?zustellung|beim zusteller",
        "at_work": r"under way|in progress|in arbeit|in bearbeitung|being processed",
        "sent": r"shipped|dispatched|sent(?: out| off)?|posted|left (?:us|our|the warehouse)"
        r"|handed (?:over )?to the carrier"
        r"|versandt|versendet|verschickt|abgeschickt|verlassen|losgeschickt",
        "delivered": r"delivered|arrived|dropped off|handed over|zugestellt|geliefert|ausgeliefert|angekommen"
        r"|eingetroffen",
        "unpaid": r"not (?:been )?paid|unpaid|waiting for (?:your )?payment|nicht bezahlt|unbezahlt"
        r"|wartet auf (?:die )?zahlung",
        "paid": r"paid(?! (?:back|out))|charged|bezahlt|belastet|abgebucht",
        "packed": r"(?:being )?(?:packed|prepared for shipping)|ready to (?:ship|leave)|gepackt|verpackt|versandfertig",
        "review": r"(?:under|in) review|being (?:reviewed|checked|looked at|examined)|in prüfung|geprüft|pending",
        "approved": r"approved|accepted|granted|authori[sz]ed|genehmigt|bewilligt|freigegeben|akzeptiert",
        "rejected": r"rejected|declined|denied|refused|turned down|abgelehnt|verweigert|zurückgewiesen",
        "trouble": r"lost|delayed|(?:running )?late|stolen|stuck|held (?:up|at customs)|returned to sender|damaged"
        r"|missing|broken"
        r"|verloren|verspätet|verzögert|gestohlen|beim zoll|beschädigt|verschollen|hängengeblieben|kaputt",
        "covered": r"covered|under warranty|out of warranty|abgedeckt|noch garantie",
        "expired": r"expired|abgelaufen",
    }
)
# A piece of each of these words: most sentences hold none, and are not searched.
_PIECES = """
stock sold out avail discont lager ausverk vergriff vorrät lieferb verfüg way transit under carrier courier
route wegs weg zustell zugestell ship dispatch sent post left hand versa verse verschick abgesch verlass
losgesch deliver arriv drop liefert kommen troffen paid pay charg bezahlt belast abgebu zahlung pack ready
prepared review being prüf pending progress arbeit approv accept grant author genehm bewill freigeg akzep reject
declin denied refus turned abgel verweig zurückgew lost late delay stolen stuck held return damag missing broken
verlor verspät verzög gestohl zoll beschäd verscholl häng kaputt cover gedeckt warrant garantie expir abgelauf
"""
_STATES = tuple(
    (name, re.compile(rf"\b(?:{words})\b", re.IGNORECASE), tuple(piece for piece in _PIECES.split() if piece in words))
    for name, words in _WORDS.items()
)
# A state is claimed behind such words, at a sentence's start, or straight behind what it is about.
_IS = re.compile(
    r"(?:\b(?:is|are|was|were|be|been|being|has|have|had|gets?|got|ist|sind|war|waren|wurden?|wird|werden|worden|steht|stands?"
    r"|marked|shows?|says?|status|stand|as|gilt|als|already|just|now|schon|bereits|jetzt|gerade|hat|haben)|['’](?:s|re|ve))"
    r"\W{1,3}(?:(?!not\b|nicht\b)[\w'’-]+\W{1,3}){0,4}$"
    r"|[:,(·–—…“„\"]\W{0,3}$|^\W*$"
    r"|\b(?:it|they|order|parcel|package|shipment|refund|return|claim|replacement|bestellung|paket|sendung|erstattung|rückgabe"
    r"|[A-Z]{2}-[0-9A-Z]{4}-[0-9A-Z]{4})\s{1,3}$",
    re.IGNORECASE,
)
_AUX_AFTER = re.compile(r"\W{1,2}(?:worden|ist|sind|wurden?|hat|haben)\b", re.IGNORECASE)
_COULD = re.compile(
    r"\b(?:can|could|may|might|cannot|can['’]t|to(?!\s+have)|kann|können|könnten?|darf|dürfen|lässt|lassen|if|wenn)\W+(?:[\w'’-]+\W+){0,4}$"
    r"|\b(?:how|what|which|where|wie|welche\w?|wo)\W+(?:[\w'’-]+\W+){0,5}$",
    re.IGNORECASE,
)
_NOUN_AFTER = re.compile(
    r"\s(?:orders?|items?|things?|goods|parcels?|products?|one|card|bestellungen|artikel|waren|ware|karte|konto|dem|wird|werden)\b"
    r"|\s(?:by|for|from|to) you\b",
    re.IGNORECASE,
)
# What the status of a record means in these words; a thing that has arrived was sent and is no longer on its way.
_MEANS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        name: frozenset(states.split())
        for name, states in {
            "paid": "paid packed at_work",
            "shipped": "paid sent moving at_work",
            "delivered": "paid sent delivered",
            "cancelled": "cancelled",
            "cancelling": "cancelled",
            "placing": "unpaid",
            "failed": "unpaid rejected",
            "open": "review",
            "settling": "review at_work",
            "received": "sent delivered approved",
            "refunded": "refunded paid approved",
            "settled": "refunded paid approved",
            "sent": "sent moving approved",
            "replacement_sent": "sent moving approved",
            "refused": "rejected",
            "pending": "review at_work",
        }.items()
    }
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A state as claimed of something, between ``start`` and ``end`` of a text; ``negated`` where it is denied."""

    state: str
    start: int
    end: int
    negated: bool


def states_of(text: str) -> frozenset[str]:
    """The states that a record's words name."""
    return frozenset(name for name, _ in _found(text)) | _MEANS.get(text, frozenset())


def claimed_states(text: str) -> Iterator[Claim]:
    """Where a text says how something stands. Conditions, abilities and what is asked are no claims."""
    for name, hit in _found(text):
        before = said_before(text, hit.start())
        negated = is_negated(before)
        if is_unsettled(before) or asks(text) or _COULD.search(before) or _NOUN_AFTER.match(text, hit.end()):
            continue
        if negated or _IS.search(text, max(0, hit.start() - 80), hit.start()) or _AUX_AFTER.match(text, hit.end()):
            yield Claim(name, hit.start(), hit.end(), negated)


def _found(text: str) -> "list[tuple[str, re.Match[str]]]":
    """Each state that a text names and where; what lies within an earlier kind's words is part of them."""
    lowered, found = text.casefold(), list[tuple[str, re.Match[str]]]()
    for name, pattern, pieces in _STATES:
        if any(piece in lowered for piece in pieces):
            taken = [(hit.start(), hit.end()) for _, hit in found]
            hits = (hit for hit in pattern.finditer(text) if not any(a <= hit.start() < b for a, b in taken))
            found += [(name, hit) for hit in hits]
    return found

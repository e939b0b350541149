"""Promises: what somebody will do, what the customer will get, and what vouches for it; offers and cards are none."""

import re
from dataclasses import dataclass

from agent.clauses import asks, is_negated, is_unsettled, said_before

# What the assistant may say that it will do, since it does no more than that: looking, asking, preparing.
_HARMLESS = (
    r"(?:look|check|see|show|find|search|read|open|ask|try|tell|explain|list|compare|need|wait|prepare|help|quote|say|begin"
    r"|(?:take|have) (?:a |another |one more )?look|be (?:happy|glad|here|brief|honest)|bring (?:in|you)"
    r"|do (?:my best|so|that)"
    r"|pass (?:this|that|it) on|call (?:a|one|some)|get (?:you )?(?:a|some)(?:body|one)? ?(?:person|clerk"
    r"|colleague|human)?"
    r"|start (?:by|with)|go (?:through|over)|leave (?:it|that)|keep (?:it|this) (?:short|brief)|give (?:it|that) a"
    r"|(?:add|put|take|remove|change)\b[^.;!?]{0,80}\b(?:basket|cart|card))\b"
)
_STRONG_ING = (
    r"refunding|reimbursing|compensating|crediting|waiving|upgrading|replacing|cancell?ing|shipping|sending|delivering|giving"
    r"|paying|transferring|expediting|escalating|issuing|processing|exchanging|repairing|changing"
)
_THING = (
    r"(?:your|the|that|this)\s(?:\w+\s){0,2}?(?:order|refund|money|parcel|package|replacement|payment|amount|shipment|delivery"
    r"|return|exchange|claim|credit|courier|carrier|bank|warehouse|discount|tent|goods|item)s?"
)
_STAFF = (
    r"(?:somebody|someone|(?:a|our|the)\s(?:\w+\s){0,2}?(?:clerk|colleague|person|human|agent|specialist|manager|supervisor"
    r"|member|team|staff|technician|department|support|people))s?"
)
_ENGLISH = re.compile(
    rf"\b(?:I|we)(?:['’]ll| will| shall| am going to| are going to|['’](?:m|re) going to)\s(?:\w+ly |also |now "
    rf"|just |then "
    rf"|gladly |first |be able to )*+(?!{_HARMLESS})(?:not )?(?P<mine>\w+)"
    rf"|\b(?:I|we)(?:['’]m|['’]re| am| are)\s(?:\w+ly |now |also |already )*(?:{_STRONG_ING})\b"
    r"|\byou(?:['’]ll| will| shall| are going to|['’]re going to)\s(?:\w+ly |also |soon |then |all )*"
    r"(?:get|receive|hear|have (?!to\b)|be (?!asked|able|prompted|taken|shown)\w+|not (?:be|pay|have)|never )"
    rf"|\b(?P<staff>{_STAFF})(?:['’]ll| will| is going to| are going to| shall)\s(?:\w+ly |then |soon "
    rf"|also )*(?P<deed>\w+)"
    rf"|\b(?:{_THING}|it|they|everything)(?:['’]ll| will| won['’]t| is going to| should| shall| must)\s(?:\w+ly "
    rf"|then |soon |also |not )*"
    r"(?:be (?:with|there|back|on|sent|shipped|delivered|refunded|credited|replaced|repaired|processed|paid|free"
    r"|yours|returned"
    r"|exchanged|cancelled|approved|dispatched|waived|resolved|available|in)"
    r"|arrive|reach|come|return|refund|credit|pay|repair|replace|send|fix|exchange|go (?:back|out)|ship|leave|get"
    r"|cost|have (?:arrived|been)|show up|appear on your)"
    r"|\byou(?:['’]re| are) getting\b|\bwill (?:definitely|certainly|surely)\b"
    r"|\b(?:guaranteed|(?:I|we) (?:can |do |hereby )?(?:guarantee|promise|assure|vouch)|you have my word|my word"
    r"|(?:can|may) (?:count|rely) on|rest assured|make sure|ensure|see to it|without (?:any )?doubt|for certain"
    r"|take care of (?:it|this|that|everything|the)|keep an eye on|keep you (?:posted|updated|informed)"
    r"|get back to you)"
    r"|\b(?:free of charge|for free|at no (?:extra )?(?:cost|charge)|on the house|complimentary|our treat"
    r"|free (?:\w+ )?(?:shipping|delivery|returns?|replacement|repair|gift|upgrade)|no (?:shipping )?(?:fees?|charges?)"
    r"|(?:shipping|delivery|postage|it|that|this|the return|repair) (?:is|are) free|voucher|gift card|store credit"
    r"|a (?:\w+ )?discount)\b"
    r"|\b(?:I|we) can (?:\w+ly )?(?:waive|compensate|upgrade|reimburse|credit)\b"
    r"|\byou can (?:\w+ly )?(?:expect|look forward to)\b",
    re.IGNORECASE,
)
_DE_HARMLESS = re.compile(
    r"\b(?:nachsehen|nachschauen|schauen|suchen|prüfen|zeigen|fragen|versuchen|vorbereiten|helfen|erklären|vorlesen|nennen"
    r"|ansehen|heraussuchen|weitergeben)\b",
    re.IGNORECASE,
)
_DE_DEEDS = (
    r"erstatten|zurückzahlen|zurückgeben|schicken|senden|liefern|stornieren|ersetzen|reparieren|gutschreiben|überweisen|anrufen"
    r"|melden|kümmern|bekommen|erhalten|austauschen|umtauschen|zahlen|schenken|übernehmen|bearbeiten|ausliefern|zustellen"
    r"|zuschicken|zusenden|informieren|kontaktieren|benachrichtigen|sorgen|erledigen|veranlassen|beschleunigen|verzichten"
)
_DE_DONE = (
    r"erstattet|zurückgezahlt|geschickt|gesendet|geliefert|storniert|ersetzt|repariert|gutgeschrieben|überwiesen|angerufen"
    r"|ausgetauscht|bearbeitet|zugestellt|verschickt|versendet|versandt|kontaktiert|benachrichtigt|informiert|freigegeben"
    r"|genehmigt|ankommen|eintreffen|da sein|kostenlos|zurückkommen|kosten|erhalten|bekommen"
)
_DE_THING = (
    r"(?:ihre?|die|der|das|den|ein|eine)\s(?:\w+\s)?(?:bestellung|erstattung|geld|paket|sendung|ersatz|betrag|gutschrift|lieferung"
    r"|umtausch|zahlung|rückerstattung|ware|artikel|bank)"
)
_DE_STAFF = (
    r"(?:jemand|(?:ein|eine|unser|unsere|der|die|das)\s(?:\w+\s)?(?:mensch|mitarbeiter|mitarbeiterin|kollege|kollegin|person|team"
    r"|kundendienst|techniker|abteilung|support))"
)
_GERMAN = re.compile(
    r"\b(?:(?:ich|wir) werden?|werden? (?:ich|wir))\b(?P<rest>[^.;!?]{0,160})"
    rf"|\b(?:sie|ihr) (?:bekommen|erhalten|kriegen)\b|\b(?:bekommen|erhalten|kriegen) sie\b"
    r"|\b(?:sie werden|werden sie)\b(?=[^.;!?]{0,120}\b(?:erhalten|bekommen|kontaktiert|benachrichtigt|angerufen"
    r"|informiert|hören))"
    rf"|\b(?:{_DE_THING}|es|alles|das|dies) (?:wird|werden|soll|sollte"
    rf"|sollten)\b(?=[^.;!?]{{0,120}}\b(?:{_DE_DEEDS}|{_DE_DONE})\b)"
    rf"|\b(?:wird|werden) (?:{_DE_THING}|es|alles|das|dies)\b(?=[^.;!?]{{0,120}}\b(?:{_DE_DEEDS}|{_DE_DONE})\b)"
    rf"|\b{_DE_THING} (?:kommt|trifft|geht|erreicht|erhalten)\b"
    rf"|\b(?P<de_staff>{_DE_STAFF}) (?:wird|ruft|meldet|kümmert|kontaktiert|kommt)\b"
    r"|\b(?:ich|wir) (?:erstatte|erstatten|schicke|schicken|sende|senden|liefere|liefern|storniere|stornieren"
    r"|ersetze|ersetzen"
    r"|übernehme|übernehmen|schenke|schenken|überweise|überweisen|zahle|zahlen|melde mich|melden uns|rufe sie|rufen sie"
    r"|kümmere mich (?:darum|sofort|selbst)|kümmern uns|sorge dafür|sorgen dafür|entschädige|entschädigen|erlasse"
    r"|erlassen)\b"
    r"|\b(?:garantiert|garantieren?|versprochen|verspreche|versprechen wir|versichere ihnen|mein wort|darauf verlassen"
    r"|auf jeden fall|ganz sicher|mit sicherheit|umsonst|kostenlos\w*|gratis|gutschein\w*|rabatt\w*|stelle sicher"
    r"|stellen sicher|halte sie auf dem laufenden)\b",
    re.IGNORECASE,
)
# Without one of these pieces nothing is promised in that language, and the patterns are not tried.
_TRIGGERS = (
    "'ll", "’ll", " will", " shall", "going to", "i'm", "i’m", "i am", "we are", "we're", "we’re", "getting",
    "should", "must", "won't", "won’t", "guarant", "promise", "assure", "word", " on", "sure", "see to", "doubt",
    "certain", "take care", "keep", "back to you", "free", "cost", "charge", "fee", "house", "complimentary",
    "treat", "voucher", "gift", "credit", "discount", " can ", "you will", "you’re", "you're", "you are",
)  # fmt: skip
_DE_TRIGGERS = (
    "werd", "wird", "bekomm", "erhalt", "krieg", "soll", "komm", "trifft", "geht", "erreicht", "ruf", "meld",
    "kümmer", "kontakt", "erstatt", "schick", "send", "liefer", "stornier", "ersetz", "übern", "schenk", "überw",
    "zahl", "sorge", "entschäd", "erlass", "garant", "versprech", "versproch", "versicher", "wort", "verlass",
    "fall", "sicher", "umsonst", "kostenl", "gratis", "gutschein", "rabatt", "stelle", "laufend",
)  # fmt: skip
# It waits for the customer's own signature: that is how a card is explained.
_SIGNED = re.compile(
    r"\b(?:once|when|after|as soon as|if|until|unless|before)\s(?:you(?:['’]ve| have)?\s(?:sign|confirm|approve)"
    r"|your (?:signature|confirmation))"
    r"|\byou(?:['’]ll| will| have to| need to| can)? (?:sign|confirm) (?:it|this|that)?\b|\bfor you to (?:sign|confirm)"
    r"|\b(?:sobald|wenn|nachdem|bis|bevor) sie (?:\w+ ){0,4}(?:unterschr|bestätig)|mit ihrer (?:unterschrift"
    r"|bestätigung)",
    re.IGNORECASE,
)
_PERSON = frozenset(
    {
        "answer", "be", "come", "contact", "get", "help", "join", "look", "read", "reply", "respond", "see",
        "sort", "speak", "take", "write",
    }
)  # fmt: skip
_GIFTS = re.compile(
    r"free|no (?:shipping )?(?:fee|charge)|at no|on the house|complimentary|treat|voucher|gift|credit|discount"
    r"|umsonst|kostenlos"
    r"|gratis|gutschein|rabatt",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise: ``person`` of somebody of the shop's, ``gift`` of something for nothing, ``deed`` of anything else."""

    kind: str
    start: int
    end: int


def promises_in(sentence: str) -> list[Promise]:
    """The promises of a sentence, except those that wait for the customer's own signature."""
    lowered = sentence.casefold()
    found = [
        _read(hit)
        for pattern, triggers in ((_ENGLISH, _TRIGGERS), (_GERMAN, _DE_TRIGGERS))
        if any(trigger in lowered for trigger in triggers)
        for hit in pattern.finditer(sentence)
        if _is_made(sentence, hit)
    ]
    waits = bool(found) and _SIGNED.search(sentence) is not None
    return [promise for promise in found if not waits or promise.kind == "gift"]


def _is_made(sentence: str, hit: "re.Match[str]") -> bool:
    """A question, a denial ("I can't promise") and an inner condition make no promise; a harmless plan is none."""
    before = said_before(sentence, hit.start())
    if asks(sentence) or is_negated(before) or is_unsettled(before):
        return False
    rest = hit.groupdict().get("rest")
    if rest is None:
        return True
    return _DE_HARMLESS.search(rest) is None or re.search(rf"\b(?:{_DE_DEEDS})\b", rest, re.IGNORECASE) is not None


def _read(hit: "re.Match[str]") -> Promise:
    groups = hit.groupdict()
    deed = (groups.get("deed") or "").casefold()
    is_person = (bool(groups.get("staff")) and deed in _PERSON) or re.search(r"\bhear$", hit[0], re.IGNORECASE)
    kind = "person" if is_person else "gift" if _GIFTS.search(hit[0]) else "deed"
    return Promise(kind, hit.start(), hit.end())

"""Whether what a sentence names stands in the records of its conversation: one function for each kind of fact."""

import re
from collections.abc import Set
from dataclasses import dataclass
from datetime import date

from agent.claims import claims_in, is_backed
from agent.clauses import echoes, said_before
from agent.days import Day, Told, days_in, shifted
from agent.figures import DAYS_IN, Figure, codes, figures
from agent.promises import promises_in
from agent.record import AMOUNT, ORDER_NUMBER, Record
from agent.states import Claim, claimed_states
from agent.things import AVAILABILITY

FRAGMENT = 4  # words up to which a sentence may be the torn-off beginning of the next
TAIL = 80  # characters of the sentence before in which a claim that was cut in two may have begun
_PATH = re.compile(r"(?<!\S)/[\w/#?=.-]*")
_QUOTATIONS = (
    re.compile(r"[“„\"«]([^“”„\"«»]{12,600})(?:[”“\"»]|$)"),
    re.compile(r"^([^“”„\"«»]{12,600})[”“\"»]"),
    re.compile(r"^[^:]{0,80}:\s(.{12,600})$"),
)
_OF_CASE = re.compile(
    r"\W*(?:return|refund|exchange|warranty|parcel|claim|rückgabe|erstattung|umtausch|garantiefall|paketmeldung)\b(?=\W)",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"\b(?:under|below|up to|within|over|above|than|unter|bis zu|bis|über|als|für|for|you (?:said|asked for|named"
    r"|mentioned|wrote)"
    r"|your (?:budget|limit) (?:is|of|was)|höchstens|maximal)\s(?:a |the |your )?$",
    re.IGNORECASE,
)
_CASE = re.compile(
    r"\b(?:your|the|this|that|ihre?[rns]?|die|der|das)\s(?:[\w'’-]+\s){0,2}(?:return|refund|exchange|claim|replacement|money|report|rückgabe|erstattung|umtausch|ersatz|geld|meldung|retoure|reklamation)\b(?!\s(?:window|policy|it|to))",
    re.IGNORECASE,
)
_AHEAD = re.compile(r"\b(?:in|noch)\s(?:just |about |only |etwa |nur )?$", re.IGNORECASE)
_AGO = re.compile(r"\s(?:ago|earlier|back)\b", re.IGNORECASE)
_REQUEST = re.compile(
    r"\W*(?:please |bitte )?(?:tell|name|choose|pick|nennen|wählen|sagen|which|welche)\b", re.IGNORECASE
)
_BEHIND = re.compile(
    r"\b(?:was|were|has|had|left|shipped|placed|delivered|arrived|sent|opened|last|since|ordered|wurden?|war|waren|hat|letzten?"
    r"|letzter|seit|kam)\b",
    re.IGNORECASE,
)
# What is counted here is the talk itself, or a fixed name.
_OF_SPEECH = re.compile(
    r"[\s-](?:ways?|options?|possibilities|steps?|questions?|factors?|möglichkeiten|wege|fragen|schritte|faktor\w*|stufig\w*)\b"
    r"(?!\s(?:left|are left|in stock))",
    re.IGNORECASE,
)
_VOR = re.compile(r"\bvor\s(?:\w+\s)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence as it is looked at: ``text`` with the one before in front, and ``edge`` where the new one begins.
    What the record says word for word and the shop's own paths are taken out of it."""

    text: str
    edge: int
    sentence: str
    before: str
    today: date | None
    days: tuple[Told, ...]
    figures: tuple[Figure, ...]

    @classmethod
    def of(cls, sentence: str, before: str, record: Record, today: date | None) -> "Said":
        """A plain sentence and the plain one before it."""
        seen, earlier = _own_words(sentence, record), _own_words(before[-TAIL:], record)
        joined = f"{earlier} {seen}".strip()
        edge = len(joined) - len(seen)
        days = tuple(told for told in days_in(joined, today) if told.end > edge)
        found = tuple(figure for figure in figures(joined) if figure.end > edge)
        return cls(joined, edge, sentence, before, today, days, found)

    def new(self, end: int) -> bool:
        """Whether a find that ends here reaches into the new sentence; what lies before it has been looked at."""
        return end > self.edge

    @property
    def seen(self) -> str:
        """The new sentence alone."""
        return self.text[self.edge :]


def has_amounts(said: Said, record: Record) -> bool:
    """Amounts and percentages stand in a record. A limit the customer named may be repeated as one."""
    if not said.figures:
        return True
    hits = [hit for hit in AMOUNT.finditer(said.text) if said.new(hit.end())]
    worded = [f for f in said.figures if f.unit in {"money", "cent", "percent"}]
    return all(
        record.knows(hit[0]) or (record.typed_amount(hit[0]) and _LIMIT.search(said.text, 0, hit.start()))
        for hit in hits
    ) and all(_amount(figure) in record.amounts or _covers(hits, figure) for figure in worded)


def has_claims(said: Said, record: Record) -> bool:
    """Changes that are said to have been made have been made."""
    claims = [*claims_in(said.text, edge=said.edge)]
    if 0 < len(said.before.split()) <= FRAGMENT:
        # "I have." and then "Refunded it to your card.": the stop in between is no end.
        claims += claims_in(f"{said.before.rstrip('.!?… ')} {said.seen}")
    return all(is_backed(claim, said.sentence, record) for claim in claims)


def has_promises(said: Said, record: Record) -> bool:
    """Nobody is promised anything: a person only when one has been asked, a gift only when a rule names it."""
    for promise in promises_in(said.text):
        if not said.new(promise.end):
            continue
        if promise.kind == "person" and "person" in record.done | record.settled:
            continue
        if promise.kind == "gift" and _is_free(said, said.text[promise.start : promise.end], record):
            continue
        return False
    return True


def has_states(said: Said, record: Record) -> bool:
    """What is said to be so is so by the record of the thing that is named, or else by some record."""
    return all(_stands(claim, said, record) for claim in claimed_states(said.text) if said.new(claim.end))


def has_days(said: Said, record: Record) -> bool:
    """Days are days of a record. What the customer named may be taken up, and told back to nobody as a fact."""
    # A weekday is one to come, unless the sentence tells what was.
    behind = said.today is None or _BEHIND.search(said.sentence) is not None
    ahead = (
        record.days if behind or said.today is None else {day for day in record.days if day >= shifted(said.today, 0)}
    )
    return all(
        told.is_one_of(ahead if told.weekday is not None else record.days)
        or (echoes(said.sentence) and any(told.is_one_of(heard.days) for heard in record.typed))
        or (told.weekday is not None and _in_own_words(said, told, record))
        for told in said.days
    )


def has_references(said: Said, record: Record) -> bool:
    """Numbers of orders, parcels and things stand in a record, or the customer has typed them."""
    found = [*ORDER_NUMBER.finditer(said.sentence.upper()), *codes(said.sentence)]
    return all(record.knows_code(hit[0]) for hit in found)


def has_numbers(said: Said, record: Record) -> bool:
    """Numbers stand in a record with the same unit; a bare count may be the customer's own, or that of a short list."""
    if not said.figures:
        return True
    taken = [
        *((hit.start(), hit.end()) for hit in AMOUNT.finditer(said.text)),
        *((told.start, told.end) for told in said.days),
        *((hit.start(), hit.end()) for hit in ORDER_NUMBER.finditer(said.text.upper())),
        *((hit.start(), hit.end()) for hit in codes(said.text)),
    ]
    free = (f for f in said.figures if not any(start <= f.start < end for start, end in taken))
    return all(_is_known(figure, said, record) for figure in free)


def _is_known(figure: Figure, said: Said, record: Record) -> bool:
    if figure.unit in {"money", "cent", "percent"} or (figure.value in {"0", "1"} and not figure.unit):
        return True
    if (day := _day_meant(figure, said)) is not None:
        return day in record.days
    if (figure.value, figure.unit) in record.numbers:
        return True
    typed = any((figure.value, figure.unit) in heard.numbers for heard in record.typed)
    if not figure.unit and (_REQUEST.match(said.seen) or _OF_SPEECH.match(said.text, figure.end)):
        return True
    return typed and (not figure.unit or echoes(said.sentence))


def _day_meant(figure: Figure, said: Said) -> Day | None:
    """The day that "in three days" or "vor drei Tagen" means; ``None`` for a length of time."""
    if said.today is None or figure.unit not in DAYS_IN or not figure.value.isdigit() or len(figure.value) > 3:
        return None
    reach = int(figure.value) * DAYS_IN[figure.unit]
    if _AHEAD.search(said.text, 0, figure.start):
        return shifted(said.today, reach)
    if _AGO.match(said.text, figure.end) or _VOR.search(said.text, 0, figure.start):
        return shifted(said.today, -reach)
    return None


def _stands(claim: Claim, said: Said, record: Record) -> bool:
    heard = {state for typed in record.typed for state in typed.states}
    if claim.state in heard and echoes(said.sentence):
        return True
    if claim.state == "covered":
        return _in_sayings(r"warrant|garantie|repair", record)
    known = _known_states(claim, said, record)
    state = "in_stock" if claim.state == "available" else claim.state
    if claim.negated:
        # To deny is to claim too, where exactly one thing can be meant.
        return state not in known or len(record.things.orders) != 1
    return state in known


def _known_states(claim: Claim, said: Said, record: Record) -> Set[str]:
    """The states of the thing named last before the claim, else after it, else in the sentence before, else of any."""
    things = record.things
    places = (said.text[said.edge : claim.start], said.text[max(claim.end, said.edge) :], said.before)
    if claim.state in AVAILABILITY:
        for text in places:
            if goods := things.last_named_in(text) & things.goods.keys():
                return frozenset.intersection(*(frozenset(things.goods[name]) for name in goods))
        return record.states.union(*things.goods.values())
    of_case = _CASE.search(said_before(said.text, claim.start)) is not None
    for text in places:
        if numbers := ORDER_NUMBER.findall(text.upper()):
            of_its_cases = things.states(numbers[-1], of_case=True)
            if of_case or numbers[-1] not in things.orders:
                return of_its_cases
            # "Return, order HP-…: arrived": the line is about a case of this order, as its first word says.
            return things.orders[numbers[-1]] | (of_its_cases if _OF_CASE.match(said.seen) else set())
        if held := {number for name in things.last_named_in(text) for number in things.holds.get(name, ())}:
            return frozenset().union(*(things.states(number, of_case=of_case) for number in held))
    return record.states_of_cases() if of_case else record.states_at_all()


def _is_free(said: Said, words: str, record: Record) -> bool:
    """Something for nothing, where a record says that it costs nothing or a rule from which sum on it does."""
    if re.search(
        r"voucher|gift|credit|discount|gutschein|rabatt|treat|house|complimentary|upgrade", words, re.IGNORECASE
    ):
        return False
    from_a_sum = AMOUNT.search(said.sentence) is not None and _in_sayings(r"\bfree\b", record)
    return from_a_sum or "00" in record.amounts


def _in_sayings(pattern: str, record: Record) -> bool:
    return any(re.search(pattern, saying, re.IGNORECASE) for saying in record.sayings)


def _in_own_words(said: Said, told: Told, record: Record) -> bool:
    return _in_sayings(rf"\b{re.escape(said.text[told.start : told.end])}", record)


def _own_words(text: str, record: Record) -> str:
    """A sentence without what the records say word for word, and without paths."""
    for pattern in _QUOTATIONS:
        for hit in reversed(list(pattern.finditer(text))):
            quoted = hit[1].strip(" “”„\"'")
            is_theirs = pattern is _QUOTATIONS[0] and any(typed.quotes(quoted) for typed in record.typed)
            if is_theirs or record.quotes(quoted):
                text = f"{text[: hit.start(1)]} {text[hit.end(1) :]}"
    if record.quotes(text):
        return ""
    return _PATH.sub("", text) if "/" in text else text


def _amount(figure: Figure) -> str:
    if figure.unit == "percent":
        return f"{figure.value}%"
    whole, _, part = figure.value.partition(".")
    return figure.value if figure.unit == "cent" else whole.lstrip("0") + part.ljust(2, "0")


def _covers(hits: "list[re.Match[str]]", figure: Figure) -> bool:
    return any(hit.start() <= figure.start < hit.end() for hit in hits)

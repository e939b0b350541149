"""What words say plainly where likeness to examples leaves it open: a verb, "X instead of Y", one of two."""

import re
from collections.abc import Collection

from agent.local.asides import without_refused
from agent.local.naming import named_rows
from agent.local.slots import Reader, rows_in
from agent.local.tasks import Memory
from agent.local.wording import fold

BASKET = frozenset({"add_to_basket", "change_basket"})
CHANGING = re.compile(
    r"\b(?:remove|take (?:it |them )?out|take off|delete|drop|only|instead|change|reduce|less|fewer|raus|entfern\w*|"
    r"statt|aendere?|nur)\b"
)
ADDING = re.compile(r"\b(?:add|put|pack\w*|lege?|nimm|take|another|more|noch)\b")
# "Want fog, not pine", "in creme statt pine": one option of a thing for another.
SWAPPED = re.compile(
    r"\b(?:want|wanted|have|get|like|prefer|need|moechte|haette|will|haben|bitte|please)\b.{0,60}"
    r"(?:\b(?:instead of|rather than|statt|anstatt)\b"
    r"|(?<=\w),? (?:not|nicht)\b (?!want|need|like|fit|work|come|any|have|send|ship|to|mehr|schick|send))"
    r" ?\w+|\b(?:instead of|statt|anstatt)\b \w+ (?:haben|please|bitte)"
    r"|\b(?:have|get|want|need|like|make|change)\b.{0,20}\b(?:mine|meine\w*)\b.{0,20}\b(?:in|to) \w+"
)
VERBS = {
    "place_order": re.compile(r"^\W*(?:(?:ok|then|now|dann|jetzt) )?(?:buy|kaufen|bestellen)\b"),
    "return_items": re.compile(r"\b(?:return|retoure|zurueckgeben|zurueckschicken)\b"),
    "exchange_item": re.compile(r"\b(?:exchange|umtauschen|umtausch)\b"),
    "cancel_order": re.compile(r"\b(?:cancel|stornieren|storniere|stornierung)\b"),
    "refund_damaged": re.compile(r"\b(?:refund|money back|geld zurueck)\b"),
}
REFUSED_VERB = re.compile(r"\b(?:no|not|kein|keine|keinen|nicht)\s+(?:a\s+)?\w+", re.I)


def swaps_option(text: str, reader: Reader) -> bool:
    """Whether a message wants one option of a thing for another: what the order holds is to be changed."""
    return bool(SWAPPED.search(fold(text))) and not re.search(r"\b(?:basket|cart|warenkorb|card|visa)\b", fold(text))


def of_a_pair(text: str, pair: Collection[str]) -> str | None:
    """Which of two intents the words say plainly; None where they say neither."""
    said = fold(text)
    if set(pair) == BASKET:
        return "change_basket" if CHANGING.search(said) else "add_to_basket" if ADDING.search(said) else None
    kept = " ".join(map(_typed, REFUSED_VERB.sub(" ", said).split()))
    verbs = [intent for intent, verb in VERBS.items() if verb.search(kept)]
    return verbs[0] if verbs and (len(verbs) == 1 or verbs[0] in pair or verbs[0] == "return_items") else None


def _typed(word: str) -> str:
    """A plain verb whose letters were typed in another order: "reutrn"."""
    return next((verb for verb in ("return", "exchange", "cancel", "refund") if sorted(word) == sorted(verb)), word)


def names_option_of_line(text: str, memory: Memory, reader: Reader) -> bool:
    """Whether a few words name a line of the order at hand and little more than an option: "and the towels, brick"."""
    order = next((o for o in memory.orders if o.get("number") == memory.order), {})
    rows = rows_in(order, "items")
    line, words = named_rows(rows, without_refused(text), reader), reader.words
    if not rows and memory.order and memory.wish:
        # The lines of this order have not been looked at yet; that is done before anything is prepared.
        line = [{"name": word} for word in words.split(text) if words.item(word) in reader.read(text).items][:1]
    if len(line) != 1 or text.rstrip().endswith("?"):
        return False
    name = {form for part in words.split(str(line[0].get("name"))) for form in (part, part.rstrip("s"))}
    plain = words.english | words.german | words.filler | words.pronouns | {"now", "then", "jetzt", "dann", "make"}
    left = [w for w in words.split(text) if w not in plain and w not in name and w.rstrip("s") not in name]
    return 1 <= len(left) <= 2 and len(words.split(text)) <= 8

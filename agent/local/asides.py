"""What stands in a message beside the wish: a call for a person, a question, a free reason, what is not meant."""

import re
from collections.abc import Iterable

from rapidfuzz import fuzz

from agent.local.slots import Reader
from agent.local.wording import Words, fold

# "Not the can", "statt Pine": what follows is another thing than the one that is meant.
NOT_THAT = re.compile(
    r"\b(?:and\s+)?(?:not|nicht|instead of|rather than|statt|anstatt|anstelle)\s+"
    r"(?:(?:in|for|to|from|with|mit|in|auf|nach|zu|zum|zur|ins|im|the|my|your|a|an|die|der|das|den|dem|meine|meinen|von|vom)\s+){0,2}[\w'-]+",
    re.I,
)
CLAUSES = re.compile(r"[.!;:()\n]+|,\s+|\s+[-–—]\s+|\b(?:because|since|cause|weil|denn)\b|(?<=\?)", re.I)
OF_ORDER = re.compile(r"\b(?:from|of|in|out of|aus|von)\s+(?:(?:the|my|der|meiner)\s+)?(?:order|bestellung)\b", re.I)
FEWEST, LONGEST = 3, 200  # words of a clause that can be a reason, and characters of it that are kept
# A clause with one of these is the wish itself, a greeting or a courtesy, and tells no reason.
NO_REASON = frozenset(
    re.findall(
        r"\w+",
        "return returning refund exchange swap cancel claim report warranty please bitte want like would hello hi dear "
        "sir madam money geld thanks thank sorry order orders bestellung zurueck zurueckgeben zurueckschicken "
        "umtauschen tauschen stornieren moechte will haette danke hallo guten damen herren morning "
        "day label wait know mean meant",
    )
)
ASKING = frozenset(
    re.findall(
        r"\w+",
        "who what when where which why how do does did is are was can could may might must should will would has have "
        "wer was wann wo welche welcher warum wieso wie muss kann darf soll ist sind hat habe gibt geht",
    )
)
CALLING = frozenset(
    re.findall(
        r"\w+",
        "get give want need like talk speak chat bring call fetch connect put transfer may can could let prefer rather "
        "ask please want real will moechte brauche sprechen reden verbinde verbinden gib gebt hol holt kann koennte "
        "bitte",
    )
)
# Before these a person is talked about and not called for.
NOT_CALLED = frozenset({"no", "not", "never", "without", "kein", "keine", "keinen", "nicht"})
ABOUT = frozenset({"are", "bist", "is", "that", "you", "du", "ihr"})
PERSONS = 80  # rapidfuzz ratio (0-100) from which a word is taken for "person" or "human"


def calls_person(text: str, words: Words) -> bool:
    """Whether a person is called for, whatever else stands in the message: "ok get me a human"."""
    said = words.split(text)
    for at, word in enumerate(said):
        if _is_person(word, words):
            before = said[max(0, at - 6) : at]
            near = set(said[max(0, at - 4) : at])
            talked_of = ABOUT & set(said[max(0, at - 3) : at]) and not CALLING & set(said[max(0, at - 2) : at])
            alone = len(said) == 1 or (at == len(said) - 1 and len(said) <= 3)
            if (
                not near & NOT_CALLED
                and not talked_of
                and (set(before) & CALLING or (alone and not set(said) & ASKING))
            ):
                return True
    return False


def refuses_person(text: str, words: Words) -> bool:
    """Whether a message says that no person is wanted: "I don't want a human, I just want to return an apron"."""
    said = words.split(text)
    at = [place for place, word in enumerate(said) if _is_person(word, words)]
    denied = {"no", "not", "without", "kein", "keine", "keinen", "nicht"}
    return bool(at) and all(denied & set(said[max(0, place - 4) : place]) for place in at)


def asks(text: str, words: Words) -> bool:
    """Whether a message is a question, by its mark or by how it begins."""
    said = words.split(text)
    while said and said[0] in {"and", "so", "but", "ok", "und", "also", "aber", "wait", "hm", "hmm", "well", "then"}:
        said = said[1:]
    return text.rstrip().endswith("?") or bool(said and said[0] in ASKING)


def asks_how_it_stands(text: str, words: Words) -> bool:
    """Whether a message asks whether something is so by now: "is the claim in?", "nothing has happened, has it?"."""
    folded = fold(text).strip()
    began = re.match(
        r"(?:(?:and|so|but|ok|hm+|und|also|wait|good|gut)[,. ]+)*(?:now[,. ]+|jetzt[,. ]+)?"
        r"(?:is|are|was|were|has|have|did|ist|sind|wurde|wurden|hat|habt|hast)\b"
        r"(?!\s+(?:there|here|a|an|any|it possible|possible|you (?:got|a|an|any)|ihr|du))",
        folded,
    )
    tagged = re.search(
        r"(?:\bright|\bhas it|\bhave you|\bis it|\bdid you|\bdid it|\bdoes it|\boder|\bja|\bisn'?t it)\s*[?!.]*$",
        folded,
    )
    done = {"happened", "done", "gone", "cancelled", "passiert", "storniert", "geschehen", "changed", "nothing",
            "nichts", "report", "reported", "anything", "through", "yet", "exists"}  # fmt: skip
    return bool(began or (tagged and done & set(words.split(text))))


def without_refused(text: str) -> str:
    """A text without what it says is not meant; the text itself where nothing would be left."""
    left = re.sub(r"\s{2,}", " ", NOT_THAT.sub(" ", text)).strip(" ,;")
    return left if re.search(r"\w{2}", left) else text


def told_reason(texts: Iterable[str], reader: Reader) -> str | None:
    """The clause beside the wish that tells why, in the customer's own words; None where there is only the wish."""
    for text in texts:
        # "The cushions from order … are too hard": which order it is does not belong to the reason.
        text = re.sub(r"\s{2,}", " ", OF_ORDER.sub(" ", reader.numberless(text, " ")))
        told = [clause.strip(" ,") for clause in CLAUSES.split(text) if _is_reason(clause, reader)]
        if told:
            return max(told, key=len)[:LONGEST]
    return None


def _is_reason(clause: str, reader: Reader) -> bool:
    said = reader.words.split(clause)
    if len(said) < FEWEST or clause.rstrip().endswith("?"):
        return False
    return not NO_REASON & set(said) and not (said[0] in {"the", "die", "der", "das"} and len(said) < FEWEST + 1)


def _is_person(word: str, words: Words) -> bool:
    # "Someone" and "anybody" are said of friends as well; a call for them is understood by its whole sentence.
    if words.same.get(word) == "person" and word not in VAGUE or word in {"person", "persons"}:
        return True
    return len(word) >= 5 and any(fuzz.ratio(word, known) >= PERSONS for known in ("person", "human", "mensch"))


VAGUE = frozenset({"someone", "somebody", "anybody", "jemanden", "jemandem", "colleague", "staff", "agent"})

"""How well single messages are understood, measured on sentences by authors who were given only the list of actions.

Every function takes ``understand`` (a text in, the line of ``countersign assistant try --json`` out) and returns shares
between 0 and 1. The corpora are for measuring: no example of the model is taken from them.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from shop.orders import read_order_number

CORPORA = Path(__file__).with_name("corpora")
TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)  # the day from which the authors counted "yesterday"

Line = Mapping[str, Any]
Understand = Callable[[str], Line]


@dataclass(frozen=True, slots=True)
class Understood:
    """Single sentences: right action at all, share that is asked back, right where it is not asked back; and what was
    taken for what, most often first."""

    count: int
    right: float
    asked_back: float
    right_when_acting: float
    mistaken: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Split:
    """Messages with two requests that came out exactly, and messages with one that were split in two."""

    exact: float
    false_splits: float


def corpus(name: str) -> list[dict[str, Any]]:
    """One of the files of sentences, in its order."""
    found: list[dict[str, Any]] = yaml.safe_load((CORPORA / f"{name}.yaml").read_text("utf-8"))
    return found


def sentences(understand: Understand, cases: Sequence[Mapping[str, str]]) -> Understood:
    """Whether each sentence comes to the action its author had in mind."""
    found = [(case["action"], understand(case["text"])) for case in cases]
    acting = [(wanted, line) for wanted, line in found if not line["asks_back"]]
    wrong = Counter((wanted, str(line["action"])) for wanted, line in acting if wanted != line["action"])
    return Understood(
        count=len(found),
        right=_share(wanted == line["action"] for wanted, line in found),
        asked_back=_share(line["asks_back"] for _, line in found),
        right_when_acting=_share(wanted == line["action"] for wanted, line in acting),
        mistaken=tuple((*pair, number) for pair, number in wrong.most_common(20)),
    )


def pairs(understand: Understand, cases: Sequence[Mapping[str, Mapping[str, str]]]) -> tuple[float, float]:
    """Contrast pairs: the share of halves that are right, and of halves that are acted on and wrong."""
    halves = [(case[side]["action"], understand(case[side]["text"])) for case in cases for side in ("a", "b")]
    right = _share(wanted == line["action"] for wanted, line in halves)
    return right, _share(wanted != line["action"] and not line["asks_back"] for wanted, line in halves)


def doubles(understand: Understand, cases: Sequence[Mapping[str, Any]]) -> Split:
    """Whether two requests in one message come out as these two, and one as one."""
    found = [(case["actions"], understand(case["text"])) for case in cases]
    two = [(wanted, _requested(line)) for wanted, line in found if len(wanted) == 2]
    one = [_requested(line) for wanted, line in found if len(wanted) == 1]
    return Split(_share(sorted(wanted) == sorted(got) for wanted, got in two), _share(len(set(got)) > 1 for got in one))


def with_typos(cases: Sequence[Mapping[str, str]], *, rate: float = 0.06, seed: int = 7) -> list[dict[str, str]]:
    """The same sentences with slips in this share of their letters: swapped, dropped, doubled or a neighbouring key."""
    dice = random.Random(seed)
    return [{**case, "text": _slip(case["text"], rate, dice)} for case in cases]


def outside(understand: Understand, inside: Iterable[str], beyond: Iterable[str]) -> float:
    """AUROC of the model's own measure for *none of my business*: sentences out of scope against those within it."""
    scores = [(float(understand(text)["outside"]), 0) for text in inside]
    scores += [(float(understand(text)["outside"]), 1) for text in beyond]
    return _auroc(scores)


def slots(understand: Understand, cases: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, float]]:
    """For each kind of slot how many cases there are and the share that is read as its author meant it."""
    met: dict[str, list[bool]] = {}
    for case in cases:
        named = understand(case["text"])["slots"]
        for kind, value in case["slots"].items():
            met.setdefault(kind, []).append(_is_read(kind, value, named))
    return {kind: (len(results), _share(results)) for kind, results in sorted(met.items())}


def _is_read(kind: str, value: Any, named: Mapping[str, Any]) -> bool:
    match kind:
        case "order":
            # Some authors type letters that no number has (I, L, O); they are read as the digits they look like.
            return read_order_number(str(value)) in named.get("orders", ())
        case "product":
            return _overlap(str(value), named.get("items", ()))
        case "option":
            return _overlap(str(value), [*named.get("colours", ()), *named.get("options", ()), *named.get("items", ())])
        case "quantity":
            return bool(named.get("quantity") == value)
        case "reason":
            return bool(named.get("reason"))
        case "date":
            return any(first <= str(value) <= last for first, last in named.get("days", ()))
        case "email":
            return str(value).casefold() in [str(found).casefold() for found in named.get("emails", ())]
        case "amount":
            return value["minor"] in named.get("amounts_minor", ())
        case "address_label":
            return _overlap(str(value), named.get("labels", ()))
    raise ValueError(f"no such kind of slot: {kind}")


def _overlap(value: str, found: Iterable[object]) -> bool:
    """Whether the thing that is meant was found, in whichever number or language: its last word counts most."""
    have = " ".join(str(each).casefold() for each in found)
    words = value.casefold().replace("-", " ").split()
    meant = [_ENGLISH[start] for word in words for start in _ENGLISH if start in word]
    return any(word in have for word in (*meant, *(word[: max(3, len(word) - 2)] for word in words)))


# What German authors called things and colours, by the words the model reads them as.
_ENGLISH = {
    **{"tasse": "mug", "becher": "mug", "decke": "blanket", "laterne": "lantern", "jacke": "jacket", "zelt": "tent"},
    **{"rucks": "backpack", "kerze": "candle", "stiefel": "boot", "teller": "plate", "kocher": "stove"},
    **{"messer": "knife", "lampe": "lamp", "weiß": "white", "grün": "green", "rot": "red", "blau": "blue"},
    **{"grau": "grey", "schwarz": "black", "büro": "office", "hause": "home", "work": "office"},
}


def _requested(line: Line) -> list[str]:
    return [str(request["action"]) for request in line.get("requests", (line,))]


def _slip(text: str, rate: float, dice: random.Random) -> str:
    letters = list(text)
    for place, letter in enumerate(text):
        if not letter.isalpha() or dice.random() >= rate:
            continue
        match dice.randrange(4):
            case 0 if place + 1 < len(text):
                letters[place], letters[place + 1] = letters[place + 1], letters[place]
            case 1:
                letters[place] = ""
            case 2:
                letters[place] = letter * 2
            case _:
                letters[place] = _NEAR.get(letter.casefold(), letter)
    return "".join(letters)


# The key to the right on a keyboard.
_NEAR = dict(zip("qwertyuiopasdfghjklzxcvbn", "wertyuiopasdfghjklzxcvbnm", strict=True))


def _auroc(scores: Sequence[tuple[float, int]]) -> float:
    """The chance that a positive scores above a negative; ties count half (Mann-Whitney)."""
    inside = sorted(score for score, is_beyond in scores if not is_beyond)
    beyond = [score for score, is_beyond in scores if is_beyond]
    if not inside or not beyond:
        raise ValueError("both kinds are needed")
    wins = 0.0
    for score in beyond:
        below = sum(other < score for other in inside)
        same = sum(other == score for other in inside)
        wins += below + same / 2
    return wins / (len(inside) * len(beyond))


def _share(found: Iterable[object]) -> float:
    met = [bool(each) for each in found]
    return sum(met) / len(met) if met else 0.0


def how_many() -> int:
    """How many sentences :func:`measure` has understood."""
    sizes = {name: len(corpus(name)) for name in ("sentences", "out_of_scope", "pairs", "doubles", "slots")}
    inside = sum(case["action"] != "out_of_scope" for case in corpus("sentences"))
    once = sizes["out_of_scope"] + sizes["doubles"] + sizes["slots"]
    return 2 * sizes["sentences"] + inside + 2 * sizes["pairs"] + once


def measure(understand: Understand) -> list[tuple[str, str, float]]:
    """(what, what is wanted, share) for all of it."""
    cases, others = corpus("sentences"), corpus("out_of_scope")
    inside = [case["text"] for case in cases if case["action"] != "out_of_scope"]
    found, slipped = sentences(understand, cases), sentences(understand, with_typos(cases))
    pair_right, pair_wrong = pairs(understand, corpus("pairs"))
    split, read = doubles(understand, corpus("doubles")), slots(understand, corpus("slots"))
    mean = sum(count * share for count, share in read.values()) / sum(count for count, _ in read.values())
    return [
        ("Right action", "≥ 90 %", found.right),
        ("Asked back", "≤ 12 %", found.asked_back),
        ("Right where it does not ask back", "≥ 97 %", found.right_when_acting),
        ("Right action with 6 % slips", "at most 4 points less", slipped.right),
        ("Contrast and negation pairs right", "≥ 85 %", pair_right),
        ("Pairs acted on and wrong", "≤ 3 %", pair_wrong),
        ("Two requests found exactly", "≥ 85 %", split.exact),
        ("One request split in two", "≤ 0.5 %", split.false_splits),
        ("Out of scope, AUROC", "≥ 95 %", outside(understand, inside, [case["text"] for case in others])),
        ("Slots read", "≥ 90 %", mean),
    ]

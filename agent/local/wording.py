"""How text is read before it is understood: cleaned, cut, folded and split into words, the same way everywhere."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

LONGEST = 2_000  # characters of a message that are read; what a person asks stands in its first lines
COMMON = tuple(FREQUENCY_LISTS["english_wikipedia"][:8_000])  # the commonest English words, which zxcvbn carries
FOLDS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "’": "'", "‘": "'", "`": "'", "´": "'"})
WORD = re.compile(r"[^\W_]+|[€$£]")
MONEY = re.compile(
    r"(?:[€$£]\s?\d+(?:[.,]\d{1,2})?)|(?:\d+(?:[.,]\d{1,2})?\s?(?:€|\$|£|eur\b|euros?\b|dollars?\b|pounds?\b))"
)
UMLAUT = re.compile(r"([aou])e(?=[a-z])")  # "Töpfe" are several of a "Topf"
LOADER = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # The C loader is ten times as fast and as safe; wheels carry it.


def load_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file, read with the safe loader; ValueError when it holds anything else."""
    with path.open(encoding="utf-8") as file:
        data = yaml.load(file, Loader=LOADER)  # noqa: S506 - LOADER is CSafeLoader or SafeLoader, never a full loader.
    if not isinstance(data, dict):
        raise ValueError(f"{path.name}: expected a mapping at the top")
    return data


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary of `words.yaml`: what things, colours, positions and reasons are called."""

    items: frozenset[str]
    aliases: Mapping[str, str]
    colours: Mapping[str, str]
    numbers: Mapping[str, int]
    ordinals: Mapping[str, int]
    other: frozenset[str]
    pronouns: frozenset[str]
    everything: frozenset[str]
    labels: Mapping[str, str]
    statuses: Mapping[str, str]
    reasons: Mapping[str, tuple[str, ...]]
    german: frozenset[str]
    english: frozenset[str]
    asking: frozenset[str]
    urging: frozenset[str]
    short: Mapping[str, str]
    contracted: Mapping[str, str]
    filler: frozenset[str]
    same: Mapping[str, str]
    gloss: Mapping[str, tuple[str, ...]]
    reason_choices: Mapping[str, tuple[str, ...]]
    everything_choice: Mapping[str, str]
    endings: tuple[str, ...]
    orders: frozenset[str]
    elsewhere: frozenset[str]
    wishes: Mapping[str, tuple[str, ...]]
    superlatives: Mapping[str, str]
    plain_questions: frozenset[str]
    properties: Mapping[str, tuple[str, ...]]
    terms: Mapping[str, Mapping[str, str]]
    says: Mapping[str, Mapping[str, str]]
    grave: tuple[str, ...]
    back: tuple[str, ...]
    asking_back: tuple[str, ...]
    plain_wishes: Mapping[str, tuple[str, ...]]
    kin: Mapping[str, frozenset[str]]
    shades: Mapping[str, tuple[str, ...]]
    digest: str

    def split(self, text: str) -> list[str]:
        """The words of a text, folded to lower case, with umlauts and contractions written out."""
        folded = fold(text)
        for short, long in self.short.items():
            folded = re.sub(re.escape(short) + r"\b", long, folded)
        words = WORD.findall(folded)
        return [part for word in words for part in self.contracted.get(word, word).split()]

    def glossed(self, word: str) -> tuple[str, ...]:
        """A German word in English, one word or a few; itself when it is not in the glossary."""
        return self.gloss.get(word, (word,))

    def shaded(self, text: str) -> set[str]:
        """The names that options may have for the colours of a text: a "dark green" is no other green."""
        left, found = f" {' '.join(self.split(text))} ", set[str]()
        for said in sorted(self.shades, key=len, reverse=True):
            ends = "(?:e|en|er|es|em)?" if " " not in said else ""
            left, hits = re.subn(rf" {said}{ends}(?= )", " ", left)
            found |= set(self.shades[said]) if hits else set()
        return found

    def item(self, word: str) -> str | None:
        """The English name of the thing a word stands for, singular; None when it names no thing we know."""
        plain = UMLAUT.sub(r"\1", word)
        for form in dict.fromkeys((*singulars(word), *(singulars(plain) if plain != word else ()))):
            if form in self.aliases:
                return self.aliases[form]
            if form in self.items:
                return form
            # German builds words by their end: a Thermosflasche is a Flasche.
            if form.endswith(self.endings):
                return next(self.aliases[end] for end in self.endings if form.endswith(end))
        return None


def load_words(path: Path) -> Words:
    """Read `words.yaml`; its lists of words may be written as one folded line."""
    data = load_yaml(path)
    sets = {
        "items",
        "other",
        "pronouns",
        "everything",
        "german",
        "english",
        "asking",
        "urging",
        "filler",
        "orders",
        "elsewhere",
        "plain_questions",
    }
    read: dict[str, Any] = {key: frozenset(_listed(value)) if key in sets else value for key, value in data.items()}
    read |= {name: tuple(map(str, data[name])) for name in ("grave", "back", "asking_back")}
    read["plain_wishes"] = {intent: tuple(starts) for intent, starts in data["plain_wishes"].items()}
    kin = [frozenset(group.split()) for group in data["kin"]]
    read["shades"] = {said: tuple(names) for said, names in data["shades"].items()}
    read["kin"] = {name: group for group in kin for name in group}
    read["reasons"] = {reason: tuple(starts) for reason, starts in data["reasons"].items()}
    read["properties"] = {word: tuple(names) for word, names in data["properties"].items()}
    read["wishes"] = {intent: tuple(starts) for intent, starts in data["wishes"].items()}
    read["same"] = {word: meaning for meaning, words in data["same"].items() for word in words}
    read["gloss"] = _glossary(data["gloss"], read)
    # What is glossed is German, unless English has the same word ("was", "man", "die").
    read["german"] |= set(read["gloss"]) - set(COMMON) - read["english"]
    read["endings"] = tuple(alias for alias in data["aliases"] if len(alias) >= 4)
    return Words(**read, digest=sha256(path.read_bytes()).hexdigest())


def clean(text: object) -> str:
    """The visible text of a message: normalised (NFKC), without control and zero-width characters, cut to LONGEST."""
    raw = text if isinstance(text, str) else ""
    # The cut comes first, generously, so that a message of a megabyte costs no more than a page.
    shown = unicodedata.normalize("NFKC", raw[: LONGEST * 4])
    kept = "".join(c for c in shown if c in "\n\t" or unicodedata.category(c) not in {"Cf", "Cc", "Cs", "Co"})
    return re.sub(r"[ \t]+", " ", kept).strip()[:LONGEST]


def fold(text: str) -> str:
    """Lower case, with umlauts as two letters and one kind of apostrophe, so that 'fuer' and 'für' are one word."""
    return text.casefold().translate(FOLDS)


def sentences(text: str) -> list[str]:
    """The sentences of a message, as typed."""
    return [part.strip() for part in re.split(r"(?<=[.!?;])\s+|\n+", text) if part.strip()]


def singulars(word: str) -> tuple[str, ...]:
    """A word and the shorter forms it may be the plural of, English and German."""
    cuts = [word]
    if word.endswith("ves"):  # knives, scarves
        cuts += [f"{word[:-3]}fe", f"{word[:-3]}f"]
    for ending in ("s", "es", "n", "en", "e", "er"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            cuts.append(word[: -len(ending)])
    return tuple(cuts)


def language_of(words: list[str], known: Words, *, otherwise: str) -> str:
    """'de' or 'en' by the small words of each; `otherwise` when they say nothing."""
    german = sum(word in known.german for word in words)
    english = sum(word in known.english for word in words)
    if german == english:
        return otherwise
    return "de" if german > english else "en"


def _glossary(glosses: Mapping[str, str], read: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """From each German word to its English; a word that means a thing, a colour or has a meaning in `same` keeps it."""
    taken = {*read["same"], *read["aliases"], *read["colours"]}
    pairs = ((word, english) for english, words in glosses.items() for word in _listed(words))
    return {word: tuple(english.split()) for word, english in pairs if word not in taken}


def _listed(value: object) -> list[str]:
    return value.split() if isinstance(value, str) else [str(word) for word in value]  # type: ignore[attr-defined]

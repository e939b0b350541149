"""Finds an account's own personal values in a text: names and their parts, e-mail, streets, postcodes and towns.

A word of a name that is an everyday word as well ("when will it arrive", "the rose one") counts beside the rest of the
name only; so do towns like Nice and Essen, and postcodes of four digits, which are years and prices too.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shop.personal import Personal

SHORTEST_PART = 3
# Everyday words of both languages that are names or towns as well.
_EVERYDAY = """
will may mark rose grace hope bill grant art sky summer dawn faith joy june april august ray rich frank 
max ruby amber olive violet iris lily daisy ivy hazel heather ginger pearl crystal sandy rusty chip rob
don earl king prince bishop page cook baker 
long short young old little small big brown green black white gray grey gold silver stone
wood woods field hill hall lake brook rivers bush day knight wolf fox bird swan fish lamb bell ball banks bond cash
price sharp wise good best love case cross major chance chase miles pace reed rich sand strong sweet waters wells west
north east south winter spring frost snow rain storm garden camp tent lamp mug home gross klein lang kurz rot weiss
weiß schwarz braun grün gruen blau stein wald berg bach feld fuchs vogel bär kern sommer herbst lenz mai juli sonntag
freitag montag recht gut neu neumann jung alt ernst wolke stern van von der den del della di da dos las los les mac
saint sankt bath reading nice cork essen hamm halle sale rugby deal hull mobile orange lens tours split most best
"""
EVERYDAY = frozenset(_EVERYDAY.split())
# Words that many streets and labels share, so that they say nothing about anybody.
_COMMON = """
street lane road avenue drive way close court square place row gate park hill house flat apartment suite floor strasse
straße str weg platz allee gasse ring ufer damm hof rue via avenida calle rua quai ulica home office work cabin
parents boat sauna cottage holiday summer winter school shop garage main mail info office neighbour arbeit büro buero
zuhause daheim eltern ferienhaus nachbar address adresse
"""
COMMON = frozenset(_COMMON.split())
_GERMAN: Mapping[str, str] = MappingProxyType(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
)
_DIGITS = re.compile(r"\d+")
_PARTS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Term:
    """A value as it may be written. ``is_alone`` says that it is one word, which other things may be called by, too."""

    text: str
    kind: str
    is_alone: bool = False


class Known:
    """The values of one account, ready to be found. Nothing is found for an account of which nothing is known."""

    def __init__(self, personal: Personal) -> None:
        terms = {folded(spelling): term for term in reversed([*_terms(personal)]) for spelling in _spellings(term.text)}
        self._terms = terms
        self._all = _pattern(terms)
        self._long = _pattern(text for text, term in terms.items() if not term.is_alone)
        self._words = frozenset(_words_of(personal))

    def replaced(self, text: str, by: Callable[[str, str], str], *, long_only: bool = False) -> str:
        """The text with every value given over to ``by`` as its kind and as it was written.

        ``long_only`` leaves single words alone: a product may be called by somebody's first name.
        """
        pattern = self._long if long_only else self._all
        return text if pattern is None else pattern.sub(lambda hit: by(self._kind(hit[0]), hit[0]), text)

    def tells(self, label: str) -> bool:
        """Whether the label of an address holds a part of a personal value."""
        return self.replaced(label, lambda kind, found: "") != label or not self._words.isdisjoint(_words(label))

    def _kind(self, found: str) -> str:
        term = self._terms.get(folded(found))
        return term.kind if term is not None else "name"


def folded(text: str) -> str:
    """A text so that spellings that differ in case, spaces and punctuation between words are the same."""
    return re.sub(r"[\s,._+-]+", " ", text).strip().casefold()


def _terms(personal: Personal) -> Iterator[Term]:
    """The longest and surest first: of two that are written alike, the first gives the kind."""
    yield from (Term(mail, "email") for mail in personal.emails)
    for street in personal.streets:
        yield from _street_terms(street)
    for postcode in personal.postcodes:
        yield from (Term(f"{postcode} {city}", "postcode") for city in personal.cities)
        yield from (Term(f"{city} {postcode}", "postcode") for city in personal.cities)
        if not re.fullmatch(r"\d{1,4}", postcode):
            yield Term(postcode, "postcode", is_alone=postcode.isdigit())
    for city in personal.cities:
        if city.casefold() not in EVERYDAY and len(city) >= SHORTEST_PART:
            yield Term(city, "city", is_alone=" " not in city)
    for name in personal.names:
        yield from _name_terms(name)
    for local in (mail.partition("@")[0] for mail in personal.emails):
        if len(local) >= 5 and local.casefold() not in EVERYDAY | COMMON:
            yield Term(local, "email", is_alone=not re.search(r"[\W\d_]", local))


def _street_terms(street: str) -> Iterator[Term]:
    yield Term(street, "street")
    words = street.split()
    bare = [word for word in words if not re.fullmatch(r"\d+\w?[,.]?", word)]
    numbers = [word for word in words if word not in bare]
    name = " ".join(bare)
    yield Term(" ".join([*bare, *numbers]), "street")
    yield Term(" ".join([*numbers, *bare]), "street")
    if len(name) >= 5 and not set(_words(name)) <= (COMMON | EVERYDAY):
        yield Term(name, "street", is_alone=len(bare) == 1)


def _name_terms(name: str) -> Iterator[Term]:
    parts = name.split()
    yield Term(name, "name", is_alone=len(parts) == 1)
    if len(parts) > 1:
        yield Term(" ".join([parts[-1], *parts[:-1]]), "name")
    for part in re.split(r"[\s.,-]+", name):
        if len(part) >= SHORTEST_PART and part.casefold() not in EVERYDAY:
            yield Term(part, "name", is_alone=True)


def _spellings(text: str) -> set[str]:
    """As it is, without accents, and with German letters written out: Müller, Muller, Mueller."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    out = "".join(_GERMAN.get(c, c) for c in text)
    return {text, bare, out}


def _pattern(texts: Iterable[str]) -> "re.Pattern[str] | None":
    """The longest first. A value stands alone, but for the ending of a genitive; digits touch no other number."""
    found = sorted({text for text in texts if text}, key=len, reverse=True)
    if not found:
        return None
    inner = "|".join(r"[\s,._+-]{1,3}".join(map(re.escape, text.split())) for text in found)
    return re.compile(rf"(?<![^\W_])(?<![€$£])(?<![\d€$£][.,/-])(?:{inner})(?=s?(?![^\W_]))(?![./,-]\d)", re.IGNORECASE)


def _words_of(personal: Personal) -> Iterator[str]:
    for value in (*personal.names, *personal.emails, *personal.streets, *personal.cities):
        yield from (word for word in _words(value) if len(word) >= SHORTEST_PART and word not in COMMON)
    for postcode in personal.postcodes:
        yield from _words(postcode)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in (*_PARTS.findall(text), *_DIGITS.findall(text)) if len(word) > 1]

"""The shop's own rules, as Markdown files in ``shop/rules``: split into sections, found by topic, quoted verbatim.

The files say in words what ``shop/policy`` enforces; a test compares the numbers.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Facts, Room
from shop.commands import ReadShopPolicy
from shop.views import RuleSection

TOPICS = ("shipping", "returns", "payment", "warranty", "privacy")
_FOLDER = Path(__file__).parent / "rules"
_SECTION = re.compile(r"(?m)^## (?P<title>.+?) \{#(?P<id>[a-z-]+)\}$")
_KEYWORDS = re.compile(r"<!-- keywords: (.*?) -->\n*", re.DOTALL)
_SAME_WORD = 82
# Words that stand in every question and say nothing about its topic.
_IDLE = frozenset(
    """
    a an the is are do does can i my me you your we our it in on of for to and or what how long when which with from if
    about policy policies rule rules please tell ich mein meine mir ihr euer eure wir es in auf von für zu und oder was
    wie lange wann kommt ist sind kann der die das ein eine einen den dem bei mit regel regeln bitte
    """.split()  # noqa: SIM905 - a list of eighty quoted words is not easier to read
)


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a page: ``id`` is its anchor, ``text`` its Markdown, ``keywords`` what people call it."""

    topic: str
    id: str
    title: str
    text: str
    keywords: tuple[str, ...]

    @property
    def link(self) -> str:
        return f"/policies/{self.topic}#{self.id}"

    def quoted(self) -> RuleSection:
        """The section word for word, without Markdown's line breaks."""
        return RuleSection(self.topic, self.title, " ".join(self.text.split()), self.link)


@dataclass(frozen=True, slots=True)
class RulePage:
    """One file: ``topic`` is its name and its address, ``title`` its heading."""

    topic: str
    title: str
    sections: tuple[Section, ...]


@cache
def rule_pages() -> tuple[RulePage, ...]:
    """All pages, in the order of :data:`TOPICS`; read once. :class:`ValueError` for a file without title or section."""
    return tuple(_read_page(_FOLDER / f"{topic}.md") for topic in TOPICS)


def find_rule(topic: str) -> RuleSection:
    """The section that answers a topic: a page's name, a section's id, or words in English or German.

    When nothing fits, it is an overview that names the pages, with an empty ``topic``.
    """
    asked = topic.strip().casefold()
    for page in rule_pages():
        if asked in (page.topic, page.title.casefold()):
            return page.sections[0].quoted()
    best = max(_sections(), key=lambda section: _fit(asked, section))
    return best.quoted() if _fit(asked, best) > 0 else _overview()


def rule_rooms() -> tuple[Room[Any], ...]:
    """The room of :class:`~shop.commands.ReadShopPolicy`; open to everybody."""
    return (Room(ReadShopPolicy, Effect.READ, _find, _facts, _read),)


def _find(session: Session, actor: Actor, command: ReadShopPolicy) -> RuleSection:
    return find_rule(command.topic)


def _facts(session: Session, actor: Actor, command: ReadShopPolicy, section: RuleSection) -> Facts:
    return Facts(Entity("Shop", "rules", {}))


def _read(session: Session, grant: Grant[ReadShopPolicy]) -> RuleSection:
    return find_rule(grant.command.topic)


def _overview() -> RuleSection:
    names = [page.title.lower() for page in rule_pages()]
    quote = f"Our rules are about {'; '.join(names[:-1])}; and {names[-1]}."
    return RuleSection("", "The shop's rules", quote, "/policies")


def _read_page(file: Path) -> RulePage:
    text = file.read_text("utf-8")
    heading = re.match(r"# (.+)\n", text)
    marks = list(_SECTION.finditer(text))
    if heading is None or not marks:
        raise ValueError(f"{file.name} needs a title (# …) and at least one section (## … {{#id}})")
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    sections = (_read_section(file.stem, mark, text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True))
    return RulePage(file.stem, heading[1], tuple(sections))


def _read_section(topic: str, mark: re.Match[str], body: str) -> Section:
    keywords = _KEYWORDS.search(body)
    names = tuple(word.strip() for word in keywords[1].split(",")) if keywords else ()
    return Section(topic, mark["id"], mark["title"], _KEYWORDS.sub("", body).strip(), names)


def _sections() -> tuple[Section, ...]:
    return tuple(section for page in rule_pages() for section in page.sections)


def _fit(asked: str, section: Section) -> float:
    """How well a section answers: each word counts the more, the fewer sections know it; a whole phrase counts most."""
    if asked == section.id:
        return math.inf
    known, words = _vocabulary()[section.id], _words(asked)
    spoken = f" {' '.join(words)} "
    whole = sum(_weight(phrase) for phrase in (section.title, *section.keywords) if f" {phrase.casefold()} " in spoken)
    return whole + sum(_rarity(word) * _closest(word, known) for word in words if word not in _IDLE)


def _weight(phrase: str) -> float:
    return 0.5 if _IDLE.issuperset(_words(phrase)) else 2.0


def _closest(word: str, known: frozenset[str]) -> float:
    """1 for a word the section knows, a little less for one that is misspelt or inflected, 0 for others."""
    if word in known:
        return 1.0
    if len(word) < 4:
        return 0.0
    best = max((fuzz.ratio(word, other) for other in known), default=0.0)
    starts = any(len(other) >= 5 and (word.startswith(other) or other.startswith(word)) for other in known)
    return best / 110 if best >= _SAME_WORD else 0.6 if starts and len(word) >= 5 else 0.0


@cache
def _vocabulary() -> Mapping[str, frozenset[str]]:
    return {
        section.id: frozenset(_words(" ".join((section.topic, section.title, *section.keywords)))) - _IDLE
        for section in _sections()
    }


@cache
def _rarity(word: str) -> float:
    knowing = sum(1 for known in _vocabulary().values() if _closest(word, known) > 0)
    return 1.0 / knowing if knowing else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"[\w’'-]+", text.casefold())

"""What a model works on instead of personal data: handles such as ``card:1`` and tokens such as ``[email:1]``.

They are counted through the messages of one conversation, in order, so that any replica makes the same ones and
nothing is stored. What they stand for is put back only into the arguments of a call; one that this conversation has
not made stands for nothing.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from agent.known import Known, folded
from agent.record import BY_OTHERS
from auth.redaction import redact
from shop.addresses import address_handle
from shop.personal import NOBODY, Personal

Seen = tuple[str, Counter[str]]  # a text as it is shown, and what was withheld from it by kind

HANDLE = "handle"  # the kind under which all handles are counted
MARK = "mark"  # the key under which a tool result carries the turn's mark
# Never put back: nobody's request needs them, and a card's digits don't belong into a record (PCI DSS 3.4).
KEPT_BACK = frozenset({"card", "iban", "code", "secret"})
# Words of the shop. Its products, rules and numbers have shapes of their own and may share a word with somebody's name.
_CATALOGUE = """
name variant variants handle sku product products category colours details description quote section link query price
total shipping goods refundable refunded rating status status_word stock_word number tracking summary policy outcome
placed shipped delivered estimate order date what
"""
CATALOGUE = frozenset(_CATALOGUE.split())
REFERENCES = frozenset({"tracking", "number", "sku", "handle", "link", "order"})
_UUID = re.compile(r"(?<![\w-])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![\w-])")
_CARD = re.compile(r"card:[a-z][a-z-]{0,30}-\d{4}")
_NUMBERED = re.compile(r"(?:address|approval|card|id):\d{1,6}")
_TOKEN = re.compile(r"\[(email|phone|card|iban|code|secret|name|street|postcode|city):(\d{1,6})\]")
_STANDS = re.compile(rf"{_TOKEN.pattern}|(?<![\w:.-]){_NUMBERED.pattern}(?![\w:-])")


class Handles:
    """For one turn, with the values of the account it is held for. Texts that have been looked at are remembered."""

    def __init__(self, personal: Personal = NOBODY) -> None:
        self._known = Known(personal)
        self._labels = {folded(label): label for label in personal.labels if self._is_telling(label)}
        self._numbers: dict[tuple[str, str], str] = {}
        self._meant: dict[str, str] = {}
        self._reals: set[str] = set()
        self._references: set[str] = set()
        self._shown: dict[tuple[str, str], Seen] = {}
        self._counts: Counter[str] = Counter()
        labels = "|".join(_spaced(label) for label in sorted(self._labels, key=len, reverse=True))
        self._in_words = re.compile(rf"(?<![^\W_])(?:{labels})(?![^\W_])", re.IGNORECASE) if labels else None

    def result(self, text: str, *, mark: str = "") -> Seen:
        """A tool's result as any model may see it, and how many values of each kind were withheld from it."""
        return self._looked_at(f"result {mark}", text, lambda: self._result(text, mark))

    def words(self, text: str, *, is_remote: bool) -> Seen:
        """What a person or a model wrote. For a model in the house only the labels that became handles give way."""
        if is_remote:
            return self._looked_at("words", text, lambda: self._words(text))
        return self._looked_at("labels", text, lambda: self._labelled(text))

    def arguments(self, value: Any, *, is_remote: bool) -> Any:
        """The arguments of an earlier call, the way the model wrote them; they were counted where they came from."""
        match value:
            case str():
                self._counts = Counter()
                handle = self._handle(value)
                return handle or self.words(value, is_remote=is_remote)[0]
            case Mapping():
                return {key: self.arguments(inner, is_remote=is_remote) for key, inner in value.items()}
            case list():
                return [self.arguments(inner, is_remote=is_remote) for inner in value]
        return value

    def put_back(self, value: Any) -> Any:
        """Arguments with what their handles and tokens stand for; those that stand for nothing stay."""
        match value:
            case str():
                whole = self._meant.get(value.strip())
                return whole if whole is not None else _STANDS.sub(lambda hit: self._in_text(hit[0]), value)
            case Mapping():
                return {key: self.put_back(inner) for key, inner in value.items()}
            case list():
                return [self.put_back(inner) for inner in value]
        return value

    def spoken(self, text: str) -> str:
        """A text for the customer's own buttons, with the label of an address for its handle."""
        return _STANDS.sub(lambda hit: self._in_text(hit[0]), text)

    def strange(self, value: Any) -> bool:
        """Whether arguments, after :meth:`put_back`, still name a handle or token that this conversation never made."""
        match value:
            case str():
                bare = value.strip()
                return (_NUMBERED.fullmatch(bare) is not None and bare not in self._reals) or bool(_TOKEN.search(value))
            case Mapping():
                return any(self.strange(inner) for inner in value.values())
            case list() | tuple():
                return any(self.strange(inner) for inner in value)
        return False

    def _looked_at(self, how: str, text: str, look: Callable[[], str]) -> Seen:
        """Each text is looked at once in a turn, however many calls it takes."""
        found = self._shown.get((how, text))
        if found is None:
            self._counts = Counter()
            found = self._shown[(how, text)] = (look(), self._counts)
        return found

    # What becomes of a tool's result

    def _result(self, text: str, mark: str) -> str:
        try:
            answer = json.loads(text)
        except ValueError:
            return self._words(text)
        shown = self._walked(answer, "")
        return json.dumps(_marked(shown, mark) if mark else shown, ensure_ascii=False, separators=(",", ":"))

    def _walked(self, value: Any, key: str) -> Any:
        match value:
            case str():
                return self._value(value, key)
            case dict():
                return {name: self._walked(inner, _under(key, name)) for name, inner in value.items()}
            case list():
                return [self._walked(inner, key) for inner in value]
        return value

    def _value(self, text: str, key: str) -> str:
        if key in REFERENCES and text:
            self._references.add(text)
        handle = self._handle(text, key)
        if handle is not None:
            return handle
        text = _UUID.sub(lambda hit: self._named("id", hit[0]), text)
        text = self._known.replaced(text, self._token, long_only=key in CATALOGUE)
        return text if key in CATALOGUE else self._without_shapes(text)

    def _handle(self, text: str, key: str = "") -> str | None:
        """The handle for a value that is one thing as a whole, or ``None``."""
        if _UUID.fullmatch(text):
            return self._named("approval" if key == "approval" else "id", text)
        if _CARD.fullmatch(text):
            return self._named("card", text)
        if text.startswith("address:"):
            return self._address(text)
        label = self._labels.get(folded(text))
        return None if label is None else self._named("address", address_handle(label))

    def _address(self, handle: str) -> str | None:
        is_hidden = handle in {address_handle(label) for label in self._labels.values()}
        # One that a customer has called "1" would look like ours.
        if is_hidden or _NUMBERED.fullmatch(handle):
            return self._named("address", handle)
        return None

    # What becomes of words

    def _words(self, text: str) -> str:
        text = self._labelled(text)
        text = _UUID.sub(lambda hit: self._named("id", hit[0]), text)
        return self._without_shapes(self._known.replaced(text, self._token))

    def _labelled(self, text: str) -> str:
        if self._in_words is None:
            return text
        return self._in_words.sub(lambda hit: self._handle(hit[0]) or hit[0], text)

    def _without_shapes(self, text: str) -> str:
        """Tracking and order numbers that a record has named stay, although a net for card numbers might take them."""
        known = sorted((r for r in self._references if len(r) >= 8 and r in text), key=len, reverse=True)
        for place, reference in enumerate(known):
            text = text.replace(reference, f"\ue000{place}\ue001")
        text = redact(text, self._token).text
        for place, reference in enumerate(known):
            text = text.replace(f"\ue000{place}\ue001", reference)
        return text

    # Counting

    def _token(self, kind: str, found: str) -> str:
        self._counts[kind] += 1
        name = self._number(kind, folded(found))
        token = f"[{name}]"
        self._meant.setdefault(token, f"[{kind}]" if kind in KEPT_BACK else found)
        return token

    def _named(self, kind: str, real: str) -> str:
        self._counts[HANDLE] += 1
        name = self._number(f"{kind} handle", real)
        self._meant.setdefault(name, real)
        self._reals.add(real)
        return name

    def _number(self, space: str, real: str) -> str:
        kind = space.removesuffix(" handle")
        name = self._numbers.get((space, real))
        if name is None:
            taken = sum(1 for known, _ in self._numbers if known == space)
            name = self._numbers[(space, real)] = f"{kind}:{taken + 1}"
        return name

    def _in_text(self, stands: str) -> str:
        """In a sentence, an address is called by its label."""
        meant = self._meant.get(stands, stands)
        return next((label for label in self._labels.values() if address_handle(label) == meant), meant)

    def _is_telling(self, label: str) -> bool:
        return self._known.tells(label) or bool(redact(label).counts) or _UUID.search(label) is not None


def without_tokens(text: str) -> str:
    """A model's own sentence in plain words: a token means nothing to the customer, and nothing is put back there."""
    return _STANDS.sub(_plain, text)


def _plain(hit: "re.Match[str]") -> str:
    if hit[1]:
        return _SPOKEN.get(hit[1], "that detail")
    kind, _, number = hit[0].partition(":")
    return "the card to sign" if kind == "approval" else f"{kind} {number}"


_SPOKEN = {
    "email": "that e-mail address",
    "phone": "that telephone number",
    "card": "that card number",
    "iban": "that bank account",
    "code": "that code",
    "secret": "that detail",
    "name": "that name",
    "street": "that street",
    "postcode": "that postcode",
    "city": "that town",
}


def _marked(shown: Any, mark: str) -> Any:
    """The mark before each record: text leaves in pieces, and a piece of a list must hold one, too."""
    match shown:
        case dict():
            return {MARK: mark} | {key: _marked_rows(value, mark) for key, value in shown.items()}
    return shown


def _marked_rows(value: Any, mark: str) -> Any:
    match value:
        case list():
            return [_marked(row, mark) for row in value]
        case dict():
            return {key: _marked_rows(inner, mark) for key, inner in value.items()}
    return value


def _under(key: str, name: str) -> str:
    """Text by others stays such, whatever its own keys are called."""
    return BY_OTHERS if BY_OTHERS in (key, name) else name


def _spaced(label: str) -> str:
    return r"[\s,._+-]{1,3}".join(map(re.escape, label.split()))

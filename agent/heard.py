"""What a turn lets the page hear, in order: checked text, cards to show, and how the turn ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """A whole checked sentence of the answer, with the white space before it. Plain text: escape it."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """A tool was called; ``outcome`` is ``shown``, ``done``, ``awaiting_approval``, ``refused``, ``pending``,
    ``not_found`` or ``error``."""

    name: str
    outcome: str


@dataclass(frozen=True, slots=True)
class CardShown:
    """Show an ``order`` (by number) or a ``product`` (by handle), rendered from the record as the asker may see it."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Parked:
    """A change waits for the customer's signature; the card is rendered from the stored command."""

    approval_id: str


@dataclass(frozen=True, slots=True)
class Choices:
    """Likely answers, as buttons that send their own text."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoodIn:
    """The embedded model goes on for the usual one, from here to the end of the turn; the sentence says so."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The turn ended early; the sentence is fit for the customer."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Always last: what to store of this turn (JSON objects for :func:`agent.memory.from_stored`), without the
    customer's own message."""

    messages: Sequence[Mapping[str, object]]


Heard = Token | ToolUsed | CardShown | Parked | Choices | StoodIn | Failed | Finished

"""Conversations: asking for a person, a person answering, and what their owner does with them afterwards."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from shop.commands.kinds import Handle, Words


@dataclass(frozen=True, slots=True)
class AskForPerson:
    """Put this conversation into the queue of the clerks. Always possible."""

    version: ClassVar[int] = 1
    conversation: Handle
    summary: Annotated[str, StringConstraints(max_length=2000)] = ""


@dataclass(frozen=True, slots=True)
class TakeBackCard:
    """Take back a card that was asked for in this conversation and still waits: the wish behind it has changed."""

    version: ClassVar[int] = 1
    card: Handle


@dataclass(frozen=True, slots=True)
class RenameConversation:
    """Give one's own conversation another name."""

    version: ClassVar[int] = 1
    conversation: Handle
    title: Annotated[str, StringConstraints(min_length=1, max_length=60)]


@dataclass(frozen=True, slots=True)
class DeleteConversation:
    """Delete one's own conversation with every word in it, for good."""

    version: ClassVar[int] = 1
    conversation: Handle


@dataclass(frozen=True, slots=True)
class ExportConversation:
    """Read one's own conversation whole, to take it away."""

    version: ClassVar[int] = 1
    conversation: Handle


@dataclass(frozen=True, slots=True)
class RateAnswer:
    """Say whether an answer of the assistant was good, and why; a later rating takes the place of the earlier."""

    version: ClassVar[int] = 1
    conversation: Handle
    message: Handle
    verdict: Literal["good", "bad"]
    reason: Annotated[str, StringConstraints(max_length=24)] = ""
    words: Annotated[str, StringConstraints(max_length=500)] = ""


@dataclass(frozen=True, slots=True)
class ReadConversation:
    """Read a customer's conversation that was handed over."""

    version: ClassVar[int] = 1
    conversation: Handle


@dataclass(frozen=True, slots=True)
class TakeConversation:
    """Take a conversation from the queue; the assistant is silent from here on."""

    version: ClassVar[int] = 1
    conversation: Handle


@dataclass(frozen=True, slots=True)
class AnswerCustomer:
    """Write to the customer as a clerk, in a conversation one has taken."""

    version: ClassVar[int] = 1
    conversation: Handle
    text: Words


@dataclass(frozen=True, slots=True)
class HandBackConversation:
    """Give a conversation back to the assistant."""

    version: ClassVar[int] = 1
    conversation: Handle

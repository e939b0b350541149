"""Asking for a person, and a person answering."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from shop.commands.kinds import Handle, Words


@dataclass(frozen=True, slots=True)
class AskForPerson:
    """Put this conversation into the queue of the clerks. Always possible."""

    version: ClassVar[int] = 1
    conversation: Handle
    summary: Annotated[str, StringConstraints(max_length=2000)] = ""


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

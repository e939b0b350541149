"""Keeping one's account: what mails come, how it is protected, what is kept, and leaving."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import StringConstraints

Topic = Annotated[str, StringConstraints(min_length=1, max_length=32)]


@dataclass(frozen=True, slots=True)
class ShowPreferences:
    """Which mails the shop sends to oneself."""

    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class ChangePreferences:
    """Switch the mails about a topic on or off. Those about orders and sign-in always come."""

    version: ClassVar[int] = 1
    topic: Topic
    on: bool


@dataclass(frozen=True, slots=True)
class ShowSecurity:
    """How one's account is protected: second factor, recovery codes, sessions, age of the password."""

    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class ListSessions:
    """Where one is signed in."""

    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class EndSessions:
    """Sign out everywhere but here."""

    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class ShowMyData:
    """What the shop knows about oneself, counted by kind."""

    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class ExportMyData:
    """Everything the shop knows about oneself, as a file that can be fetched for ten minutes."""

    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class DeleteAccount:
    """Close one's account for good and make what was personal unreadable."""

    version: ClassVar[int] = 1
    reason: Annotated[str, StringConstraints(max_length=500)] = ""

"""Who is asking: whose account, through which door, on whose behalf, how surely and how fresh.

An :class:`Actor` is made from a session or a token, on the server, and from nothing a browser or a model says.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What kind of account is asking. A guest has an account too (basket, chat), but has proved nothing."""

    GUEST = "guest"
    CUSTOMER = "customer"
    CLERK = "clerk"


class Channel(StrEnum):
    """The door a request came through; set by the door itself."""

    PAGE = "page"
    CHAT = "chat"
    API = "api"
    MCP = "mcp"
    STAFF = "staff"
    HOUSE = "house"


class Risk(StrEnum):
    LOW = "low"
    ELEVATED = "elevated"
    HIGH = "high"


class Origin(StrEnum):
    """Where a value of what software asks for came from, as the shop found out. From the best to the worst."""

    SHOP = "shop"
    TYPED = "typed"
    PAGE = "page"
    RECORD = "record"
    APP = "app"
    UNKNOWN = "unknown"
    OTHERS = "others"


Origins = tuple[tuple[str, Origin], ...]


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts for the account holder (RFC 8693 §4.1 ``act``): a name, the hash of what makes it up, and the name of
    the model it asks with, where that is known."""

    name: str
    digest: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who asks. ``account_id`` is ``None`` only for a visitor who has left no trace yet.

    ``second_factor_at`` is the last instant a second factor was shown in this session; ``None`` means never.
    ``tainted`` says that text written by others stands in what the assistant's model sees; ``origins`` says of each
    argument of its present call where the value came from. ``conversation`` is where the assistant asks, and
    ``silenced`` that it may not speak there; ``switched_off`` that the staff have stopped it. The desk sets both from
    the record.

    ``delegation`` is the leave that software acts under (:mod:`auth.oauth.delegations`) and ``scopes`` how far it goes;
    a person has neither. ``delegation_over`` says that it has ended; the desk sets it from the record.
    """

    account_id: UUID | None
    role: Role
    channel: Channel
    session_id: UUID | None = None
    act: Act | None = None
    signed_in_at: datetime | None = None
    second_factor_at: datetime | None = None
    risk: Risk = Risk.LOW
    tainted: bool = False
    origins: Origins = ()
    network: str = ""
    conversation: str = ""
    silenced: bool = False
    switched_off: bool = False
    scopes: frozenset[str] | None = None
    delegation: UUID | None = None
    delegation_over: bool = False

    def through(
        self, channel: Channel, *, act: Act | None = None, tainted: bool = False, conversation: str = ""
    ) -> "Actor":
        """The same person through another door; what they have proved stays, who acts for them changes."""
        return replace(self, channel=channel, act=act, tainted=tainted, conversation=conversation)

    @property
    def brings_foreign_values(self) -> bool:
        """Whether a value came from text written by others, or from nowhere that the shop can see."""
        return any(origin in (Origin.OTHERS, Origin.UNKNOWN) for _, origin in self.origins)

    @property
    def is_signed_in(self) -> bool:
        return self.account_id is not None and self.role is not Role.GUEST


VISITOR = Actor(account_id=None, role=Role.GUEST, channel=Channel.PAGE)

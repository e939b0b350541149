"""Conversations as records: who said what, in order, sealed for the customer's account, and never changed afterwards.

Who speaks is a column. A message that begins with "[Staff]" is still the customer's, because its ``voice`` says so.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, delete, event, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.actor import Channel
from auth.audit import Event, record
from auth.database import Base, Owned, UtcDateTime, new_id
from auth.guard.commands import Json, clean
from auth.guard.judge import Entity
from auth.guard.rooms import Facts
from auth.vault import Sealed, Vault
from shop.views import ConversationView, MessageView

OPEN, WAITING, TAKEN, CLOSED = "open", "waiting", "taken", "closed"
LONGEST_TEXT = 8000
_LONGEST_TITLE = 60


class Voice(StrEnum):
    """Who speaks. The shop's own voice tells of committed events; neither the model nor a person can use it."""

    CUSTOMER = "customer"
    ASSISTANT = "assistant"
    SHOP = "shop"
    CLERK = "clerk"


class Conversation(Base, Owned):
    """A conversation of one account. ``state`` changes in :mod:`shop.support` only: open, waiting, taken, closed.

    ``clerk_id`` and ``clerk_name`` (the first name, for the customer) are set while it is taken, ``waiting_since``
    while it waits. ``summary`` is what the assistant told the clerk, in its own words. ``begun_by`` is the program that
    began it for its customer, if one did.
    """

    __tablename__ = "conversations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[bytes | None] = mapped_column(Sealed)
    state: Mapped[str] = mapped_column(String(16), index=True, default=OPEN)
    clerk_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    clerk_name: Mapped[bytes | None] = mapped_column(Sealed)
    summary: Mapped[bytes | None] = mapped_column(Sealed)
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    begun_by: Mapped[str | None] = mapped_column(String(40))


class Message(Base, Owned):
    """One message. ``body`` is a JSON list of what the assistant must remember of its turn (tool calls and results),
    ``cards`` a JSON list of references ``[kind, key]``, ``choices`` a JSON list of texts to send by a button.

    ``ended`` says why an answer broke off: empty (it did not), ``clerk`` (a person took over), ``off`` (the assistant
    was switched off) or ``stopped`` (the shop was restarted, or its customer signed in meanwhile). ``speaker`` is a
    clerk's first name.
    """

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("conversation_id", "position", name="one_message_a_position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    position: Mapped[int]
    voice: Mapped[str] = mapped_column(String(16))
    text: Mapped[bytes] = mapped_column(Sealed)
    body: Mapped[bytes | None] = mapped_column(Sealed)
    cards: Mapped[str] = mapped_column(Text, default="[]")
    choices: Mapped[bytes | None] = mapped_column(Sealed)
    ended: Mapped[str] = mapped_column(String(16), default="", server_default="")
    speaker: Mapped[bytes | None] = mapped_column(Sealed)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlreadySaid(Exception):
    """Somebody tried to change a message; what was said stays said."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message as the assistant remembers it. ``body`` holds the records that :func:`append_message` was given."""

    id: UUID
    voice: Voice
    text: str
    at: datetime
    body: tuple[Mapping[str, Any], ...] = ()


Turns = tuple[Turn, ...]


# Finding, always from the person


def find_conversation(session: Session, account_id: UUID | None, conversation_id: UUID | str) -> Conversation | None:
    """A conversation of this account; ``None`` for *not there*, *not theirs* and *not an id* alike."""
    key = read_id(conversation_id)
    if account_id is None or key is None:
        return None
    mine = select(Conversation).where(Conversation.account_id == account_id)
    return session.scalar(mine.where(Conversation.id == key))


def latest_conversation(session: Session, account_id: UUID) -> Conversation | None:
    """The one to go on with: the newest that is not closed and that the account holder began, and no app for them."""
    mine = select(Conversation).where(Conversation.account_id == account_id, Conversation.state != CLOSED)
    mine = mine.where(Conversation.begun_by.is_(None))
    return session.scalar(mine.order_by(Conversation.updated_at.desc(), Conversation.id.desc()).limit(1))


def list_conversations(session: Session, account_id: UUID, *, limit: int = 50) -> Sequence[Conversation]:
    """An account's conversations, newest first."""
    mine = select(Conversation).where(Conversation.account_id == account_id)
    return session.scalars(mine.order_by(Conversation.updated_at.desc(), Conversation.id.desc()).limit(limit)).all()


def read_id(text: UUID | str) -> UUID | None:
    """The id that a text holds, or ``None``."""
    if isinstance(text, UUID):
        return text
    try:
        return UUID(text)
    except ValueError:
        return None


# Writing


def start_conversation(
    session: Session, vault: Vault, account_id: UUID, *, at: datetime, title: str = "", begun_by: str | None = None
) -> Conversation:
    """Begin a conversation; without a title it takes its first customer message's first words."""
    started = Conversation(id=new_id(at), account_id=account_id, state=OPEN, created_at=at, updated_at=at)
    started.begun_by = begun_by
    if title:
        vault.seal(session, started, "title", as_title(title))
    session.add(started)
    session.flush()
    return started


def append_message(
    session: Session,
    vault: Vault,
    conversation: Conversation,
    *,
    voice: Voice,
    text: str,
    at: datetime,
    body: Sequence[Mapping[str, Json]] = (),
    cards: Sequence[tuple[str, str]] = (),
    choices: Sequence[str] = (),
    ended: str = "",
    speaker: str = "",
) -> Message:
    """Write the next message. :class:`ValueError` when it is longer than 8,000 characters.

    Invisible and direction-changing characters are taken out, whoever speaks.
    """
    said = clean(text)
    if len(said) > LONGEST_TEXT:
        raise ValueError(f"A message holds at most {LONGEST_TEXT} characters.")
    message = Message(
        id=new_id(at),
        account_id=conversation.account_id,
        conversation_id=conversation.id,
        position=_next_position(session, conversation),
        voice=Voice(voice).value,
        cards=json.dumps([list(card) for card in cards]),
        ended=ended,
        at=at,
    )
    vault.seal(session, message, "text", said)
    if body:
        vault.seal(session, message, "body", json.dumps(list(body), ensure_ascii=False))
    if choices:
        vault.seal(session, message, "choices", json.dumps(list(choices), ensure_ascii=False))
    if speaker:
        vault.seal(session, message, "speaker", speaker)
    session.add(message)
    conversation.updated_at = at
    if conversation.title is None and voice is Voice.CUSTOMER and said.strip():
        vault.seal(session, conversation, "title", as_title(said))
    session.flush()
    return message


def delete_conversation(session: Session, account_id: UUID, conversation_id: UUID | str, *, at: datetime) -> bool:
    """Delete a conversation of this account with all its messages; ``False`` when there is none such."""
    found = find_conversation(session, account_id, conversation_id)
    if found is None:
        return False
    session.execute(delete(Message).where(Message.conversation_id == found.id, Message.account_id == account_id))
    session.delete(found)
    told: dict[str, Json] = {"conversation": str(found.id)}
    record(session, Event("conversation.deleted", at, account_id, None, Channel.PAGE.value, told))
    session.flush()
    return True


# Reading


def messages_of(session: Session, conversation: Conversation, *, newest: int | None = None) -> Sequence[Message]:
    """The messages in order; with ``newest``, only the last so many."""
    query = select(Message).where(
        Message.conversation_id == conversation.id, Message.account_id == conversation.account_id
    )
    if newest is None:
        return session.scalars(query.order_by(Message.position)).all()
    return session.scalars(query.order_by(Message.position.desc()).limit(newest)).all()[::-1]


def history(session: Session, vault: Vault, conversation: Conversation, *, newest: int = 60) -> Turns:
    """What the assistant remembers: the last messages with the records of its own turns, oldest first."""
    return tuple(
        Turn(
            id=message.id,
            voice=Voice(message.voice),
            text=vault.open(session, message, "text"),
            at=message.at,
            body=tuple(json.loads(vault.open(session, message, "body") or "[]")),
        )
        for message in messages_of(session, conversation, newest=newest)
    )


def message_view(session: Session, vault: Vault, message: Message) -> MessageView:
    """A message as a page shows it: without the assistant's records."""
    return MessageView(
        id=str(message.id),
        voice=message.voice,
        text=vault.open(session, message, "text"),
        at=message.at,
        cards=tuple((str(kind), str(key)) for kind, key in json.loads(message.cards)),
        choices=tuple(json.loads(vault.open(session, message, "choices") or "[]")),
        ended=message.ended,
        speaker=vault.open(session, message, "speaker"),
    )


def conversation_view(
    session: Session,
    vault: Vault,
    conversation: Conversation,
    *,
    customer: str = "",
    clerk: str = "",
    with_messages: bool = True,
) -> ConversationView:
    """A conversation as a page shows it. Names are the caller's to give: a customer's page leaves them out."""
    messages = messages_of(session, conversation) if with_messages else ()
    return ConversationView(
        id=str(conversation.id),
        title=vault.open(session, conversation, "title"),
        state=conversation.state,
        clerk=clerk or vault.open(session, conversation, "clerk_name"),
        customer=customer,
        summary=vault.open(session, conversation, "summary"),
        updated_at=conversation.updated_at,
        messages=tuple(message_view(session, vault, message) for message in messages),
    )


def conversation_facts(conversation: Conversation) -> Facts:
    """A conversation as the policies see it."""
    owner, clerk = conversation.account_id, conversation.clerk_id
    attributes = {"owner": str(owner), "state": conversation.state, "clerk": None if clerk is None else str(clerk)}
    return Facts(Entity("Conversation", str(conversation.id), attributes), whose=owner)


def as_title(text: str) -> str:
    """A text as one line of at most 60 characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1].rstrip() + "…"


def _next_position(session: Session, conversation: Conversation) -> int:
    # Two tabs may write at once: on PostgreSQL they queue at the conversation's row, on SQLite at the write lock.
    locked = select(Conversation.id).where(Conversation.id == conversation.id).with_for_update()
    session.execute(locked).one()
    last = session.scalar(select(func.max(Message.position)).where(Message.conversation_id == conversation.id))
    return 1 if last is None else last + 1


@event.listens_for(Message, "before_update")
def _refuse_change(_mapper: object, _connection: object, message: Message) -> None:
    raise AlreadySaid(f"message {message.id} is written and can't be changed")

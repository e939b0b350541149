"""What the assistant's model was handed, call by call, sealed for the customer whose conversation it was.

The newest calls of a conversation are kept and the older ones dropped; they go with the conversation.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, String, Text, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned, UtcDateTime, new_id
from auth.vault import Sealed, Vault
from shop.conversations import Conversation

MOST_KEPT = 40  # calls of one conversation


class ModelCall(Base, Owned):
    """One call. ``handed`` is what the model was given, sealed; ``withheld`` counts by kind what was not (a JSON
    object); ``position`` counts through the conversation, ``message_id`` is the message it answered."""

    __tablename__ = "model_calls"
    __table_args__ = (UniqueConstraint("conversation_id", "position", name="one_model_call_a_position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    position: Mapped[int]
    model: Mapped[str] = mapped_column(String(120))
    is_remote: Mapped[bool]
    handed: Mapped[bytes | None] = mapped_column(Sealed)
    withheld: Mapped[str] = mapped_column(Text, default="{}")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Call:
    """A call to be kept: the model's name, whether it ran outside the shop's process, the bytes it was handed, and how
    many values of each kind they do not hold."""

    model: str
    is_remote: bool
    handed: bytes
    withheld: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CallView:
    """A call as its page shows it; ``handed`` is exact."""

    position: int
    message_id: str
    model: str
    is_remote: bool
    handed: bytes
    withheld: Mapping[str, int]
    at: datetime


def keep_calls(
    session: Session, vault: Vault, conversation: Conversation, *, message_id: UUID, calls: Sequence[Call], at: datetime
) -> None:
    """Write down the calls of one turn, in order, and drop what is too old."""
    first = _next_position(session, conversation)
    for position, call in enumerate(calls, first):
        kept = ModelCall(
            id=new_id(at),
            account_id=conversation.account_id,
            conversation_id=conversation.id,
            message_id=message_id,
            position=position,
            model=call.model[:120],
            is_remote=call.is_remote,
            withheld=json.dumps(dict(sorted(call.withheld.items()))),
            at=at,
        )
        vault.seal_bytes(session, kept, "handed", call.handed)
        session.add(kept)
    session.flush()
    oldest = first + len(calls) - MOST_KEPT
    session.execute(delete(ModelCall).where(*_of(conversation), ModelCall.position < oldest))


def calls_of(session: Session, vault: Vault, conversation: Conversation) -> tuple[CallView, ...]:
    """The calls that are kept of a conversation, oldest first."""
    found = session.scalars(select(ModelCall).where(*_of(conversation)).order_by(ModelCall.position)).all()
    return tuple(
        CallView(
            position=call.position,
            message_id=str(call.message_id),
            model=call.model,
            is_remote=call.is_remote,
            handed=vault.open_bytes(session, call, "handed"),
            withheld=json.loads(call.withheld),
            at=call.at,
        )
        for call in found
    )


def _of(conversation: Conversation) -> tuple[ColumnElement[bool], ...]:
    return (ModelCall.conversation_id == conversation.id, ModelCall.account_id == conversation.account_id)


def _next_position(session: Session, conversation: Conversation) -> int:
    # Two processes may answer in one conversation: on PostgreSQL they queue at its row, on SQLite at the write lock.
    session.execute(select(Conversation.id).where(Conversation.id == conversation.id).with_for_update()).one()
    last = session.scalar(select(func.max(ModelCall.position)).where(*_of(conversation)))
    return 1 if last is None else last + 1

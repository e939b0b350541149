"""What a guest has said comes along when they sign in, sealed anew for the account that has proved itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, make_transient

from auth.actor import Channel
from auth.audit import Event, record
from auth.guard.commands import Json
from auth.vault import Vault
from shop.conversations import Conversation, Message, Voice, append_message, messages_of
from shop.model_calls import ModelCall
from shop.ratings import AnswerRating

SIGNED_IN = "You are signed in now. The assistant can look at your orders and prepare changes for you."
LONGEST_AGAIN = 120  # characters of a last message that is offered to be sent again
_SEALED: dict[type[Any], tuple[str, ...]] = {
    Conversation: ("title", "summary", "clerk_name"),
    Message: ("text", "body", "choices", "speaker"),
    AnswerRating: ("words",),
    ModelCall: ("handed",),
}


@dataclass(frozen=True, slots=True)
class _Opened:
    """A row taken out of the guest's account, with what was sealed in it."""

    row: Any
    words: dict[str, str]


def move_conversations(session: Session, vault: Vault, from_account: UUID, to_account: UUID, *, at: datetime) -> int:
    """Move a guest's conversations into the account they have signed in to, and say so in the newest; how many.

    For a session with the scope of the house. Their ids stay, so that an address that was open before goes on working.
    """
    query = select(Conversation).where(Conversation.account_id == from_account)
    found = session.scalars(query.order_by(Conversation.updated_at, Conversation.id).with_for_update()).all()
    for conversation in found:
        _move(session, vault, conversation, to_account)
        told: dict[str, Json] = {"conversation": str(conversation.id)}
        record(session, Event("conversation.moved", at, to_account, None, Channel.PAGE.value, told))
    if found:
        _say(session, vault, found[-1], at)
    return len(found)


def _move(session: Session, vault: Vault, conversation: Conversation, to_account: UUID) -> None:
    """What is sealed is bound to its account, and what was said is never changed: the rows are written once more."""
    messages = messages_of(session, conversation)
    ratings = session.scalars(select(AnswerRating).where(AnswerRating.conversation_id == conversation.id)).all()
    calls = session.scalars(select(ModelCall).where(ModelCall.conversation_id == conversation.id)).all()
    opened = [_opened(session, vault, row) for row in (conversation, *messages, *ratings, *calls)]
    for row in opened:
        session.expunge(row.row)
        make_transient(row.row)
    # Messages, ratings and model calls go with it (ON DELETE CASCADE).
    session.execute(delete(Conversation).where(Conversation.id == conversation.id))
    for one in opened:
        one.row.account_id = to_account
        for column, words in one.words.items():
            vault.seal(session, one.row, column, words)
        session.add(one.row)
        session.flush()


def _opened(session: Session, vault: Vault, row: Any) -> _Opened:
    columns = [column for column in _SEALED[type(row)] if getattr(row, column) is not None]
    return _Opened(row, {column: vault.open(session, row, column) for column in columns})


def _say(session: Session, vault: Vault, conversation: Conversation, at: datetime) -> None:
    again = _last_words(session, vault, messages_of(session, conversation))
    append_message(
        session, vault, conversation, voice=Voice.SHOP, text=SIGNED_IN, at=at, choices=(again,) if again else ()
    )


def _last_words(session: Session, vault: Vault, messages: Sequence[Message]) -> str:
    """The customer's last message, if it is short enough for a button: it is what they signed in for."""
    said = [message for message in messages if message.voice == Voice.CUSTOMER.value]
    words = " ".join(vault.open(session, said[-1], "text").split()) if said else ""
    return words if len(words) <= LONGEST_AGAIN else ""

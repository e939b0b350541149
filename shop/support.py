"""Talking to a person: a customer asks, a clerk takes over, the assistant is silent, and the clerk hands back.

Clerks see what was handed over and nothing else; each look and each step is in the customer's record of activity.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.accounts import find_account
from auth.actor import Actor, Channel
from auth.audit import Event, record
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Facts, Room
from auth.vault import Vault
from shop.case_notes import case_of
from shop.commands import AnswerCustomer, AskForPerson, HandBackConversation, ReadConversation, TakeConversation
from shop.conversations import (
    OPEN,
    TAKEN,
    WAITING,
    Conversation,
    Message,
    Voice,
    append_message,
    conversation_facts,
    conversation_view,
    read_id,
)
from shop.ratings import ratings_of
from shop.switches import read_switches
from shop.views import ConversationView

JOINED = "{} from the shop has joined this conversation. The assistant is silent for now."
LEFT = "{} has left this conversation, and the assistant answers again."
SOMEBODY = "A person"
COMING = "A person will join this conversation. Until then the assistant goes on answering."
COMING_ALONE = "A person will join this conversation. The assistant is switched off; the pages work as before."
THERE = "A person is already with you in this conversation."

_About = TypeVar("_About", AskForPerson, TakeConversation, AnswerCustomer, HandBackConversation, ReadConversation)


@dataclass(frozen=True, slots=True)
class Queued:
    """A line of the clerks' queue. It holds nothing personal, so that looking at the queue is no look at a person."""

    id: UUID
    state: str
    clerk_id: UUID | None
    waiting_since: datetime | None
    updated_at: datetime
    messages: int


def assistant_is_silent(conversation: Conversation) -> bool:
    """Whether a clerk has taken over. While a conversation only waits, the assistant goes on answering."""
    return conversation.state == TAKEN


def as_conversation_stands(session: Session, actor: Actor) -> Actor:
    """The assistant, silenced where a clerk has taken the conversation it asks in, or where that is gone.

    It holds the conversation's row until the transaction ends, so a take-over comes wholly before a call or after it.
    """
    if actor.act is None or not actor.conversation:
        return actor
    own = select(Conversation.state).where(Conversation.account_id == actor.account_id)
    state = session.scalar(own.where(Conversation.id == read_id(actor.conversation)).with_for_update())
    return replace(actor, silenced=state is None or state == TAKEN)


def waiting_conversations(session: Session) -> Sequence[Queued]:
    """What waits for a clerk, longest first; for a session with the scope of the house."""
    return _queue(session, Conversation.state == WAITING)


def taken_conversations(session: Session, clerk_id: UUID) -> Sequence[Queued]:
    """What a clerk has taken and not handed back; for a session with the scope of the house."""
    return _queue(session, (Conversation.state == TAKEN) & (Conversation.clerk_id == clerk_id))


def support_rooms(vault: Vault, models: Sequence[str] = ()) -> tuple[Room[Any], ...]:
    """The rooms of this file. Handlers take the time from their grant, so no clock is needed. ``models`` are those the
    assistant may answer with: where all of them are switched off, nobody is told that it goes on answering."""
    desk = _SupportDesk(vault, models)
    return (
        Room(AskForPerson, Effect.LIGHT, _own, _facts, desk.ask_for_person, verify=_waits_or_taken, says=_says_asked),
        Room(
            TakeConversation, Effect.LIGHT, _handed_over, _facts, desk.take, says=_saying("The conversation is yours.")
        ),
        Room(AnswerCustomer, Effect.LIGHT, _handed_over, _facts, desk.answer, says=_saying("Your answer was sent.")),
        Room(HandBackConversation, Effect.LIGHT, _handed_over, _facts, desk.hand_back, says=_saying("Handed back.")),
        Room(ReadConversation, Effect.READ, _handed_over, _facts, desk.read),
    )


class _SupportDesk:
    """The handlers; they share the vault."""

    def __init__(self, vault: Vault, models: Sequence[str]) -> None:
        self._vault, self._models = vault, models

    def ask_for_person(self, session: Session, grant: Grant[AskForPerson]) -> dict[str, Json]:
        """Put the conversation into the queue and say so; one that a clerk has taken stays with them."""
        conversation = _granted(session, grant)
        was = conversation.state
        if was != TAKEN:
            conversation.state, conversation.clerk_id = WAITING, None
            conversation.waiting_since = conversation.waiting_since or grant.at
        is_alone = read_switches(session).silence(conversation.account_id, models=self._models)
        if was not in (WAITING, TAKEN):
            coming = COMING_ALONE if is_alone else COMING
            append_message(session, self._vault, conversation, voice=Voice.SHOP, text=coming, at=grant.at)
        if grant.command.summary:
            self._vault.seal(session, conversation, "summary", grant.command.summary)
        told: dict[str, Json] = {"conversation": str(conversation.id), "state": conversation.state, "was": was}
        return told | ({"alone": True} if is_alone else {})

    def take(self, session: Session, grant: Grant[TakeConversation]) -> dict[str, Json]:
        """Give the conversation to the clerk who asks; the customer is told in the shop's own voice."""
        conversation = _granted(session, grant)
        conversation.state, conversation.clerk_id, conversation.waiting_since = TAKEN, grant.account_id, None
        # Sealed for the customer, who can't open the clerk's own record: the first name is all that they are told.
        name = self._name(session, grant.account_id).partition(" ")[0]
        self._vault.seal(session, conversation, "clerk_name", name)
        text = JOINED.format(name or SOMEBODY)
        append_message(session, self._vault, conversation, voice=Voice.SHOP, text=text, at=grant.at)
        return _told(session, grant, conversation, "conversation.taken")

    def answer(self, session: Session, grant: Grant[AnswerCustomer]) -> dict[str, Json]:
        """Write to the customer. That a clerk speaks stands in the message's voice, which no text can imitate."""
        conversation = _granted(session, grant)
        text = grant.command.text
        name = self._vault.open(session, conversation, "clerk_name")
        message = append_message(
            session, self._vault, conversation, voice=Voice.CLERK, text=text, at=grant.at, speaker=name
        )
        return _told(session, grant, conversation, "conversation.answered") | {"message": str(message.id)}

    def hand_back(self, session: Session, grant: Grant[HandBackConversation]) -> dict[str, Json]:
        """Let the assistant answer again."""
        conversation = _granted(session, grant)
        text = LEFT.format(self._vault.open(session, conversation, "clerk_name") or SOMEBODY)
        conversation.state, conversation.clerk_id, conversation.waiting_since = OPEN, None, None
        conversation.clerk_name = None
        append_message(session, self._vault, conversation, voice=Voice.SHOP, text=text, at=grant.at)
        return _told(session, grant, conversation, "conversation.handed_back")

    def read(self, session: Session, grant: Grant[ReadConversation]) -> ConversationView:
        """The conversation with names, ratings and the case. The desk writes down that somebody looked."""
        conversation = _granted(session, grant)
        view = conversation_view(
            session,
            self._vault,
            conversation,
            customer=self._name(session, conversation.account_id),
            clerk="" if conversation.clerk_id is None else self._name(session, conversation.clerk_id),
        )
        ratings = {str(key): rating for key, rating in ratings_of(session, self._vault, conversation).items()}
        rated = tuple(replace(message, rating=ratings.get(message.id)) for message in view.messages)
        return replace(view, messages=rated, case=case_of(session, self._vault, conversation))

    def _name(self, session: Session, account_id: UUID) -> str:
        account = find_account(session, account_id)
        return "" if account is None else self._vault.open(session, account, "name")


def _queue(session: Session, which: Any) -> Sequence[Queued]:
    count = select(func.count()).where(Message.conversation_id == Conversation.id).scalar_subquery()
    since = func.coalesce(Conversation.waiting_since, Conversation.updated_at)
    query = select(Conversation, count).where(which).order_by(since, Conversation.id)
    return [
        Queued(row.id, row.state, row.clerk_id, row.waiting_since, row.updated_at, messages)
        for row, messages in session.execute(query)
    ]


def _own(session: Session, actor: Actor, command: AskForPerson) -> Conversation | None:
    if actor.account_id is None:
        return None
    return _locked(session, command, Conversation.account_id == actor.account_id)


def _handed_over(session: Session, actor: Actor, command: _About) -> Conversation | None:
    """A clerk's session sees the house; anybody else's sees their own rows only, and the policy refuses them those."""
    return None if actor.account_id is None else _locked(session, command)


def _locked(session: Session, command: _About, *only: Any) -> Conversation | None:
    key = read_id(command.conversation)
    if key is None:
        return None
    return session.scalar(select(Conversation).where(Conversation.id == key, *only).with_for_update())


def _facts(session: Session, actor: Actor, command: _About, conversation: Conversation) -> Facts:
    return conversation_facts(conversation)


def _granted(session: Session, grant: Grant[_About]) -> Conversation:
    return session.get_one(Conversation, UUID(grant.command.conversation))


def _told(session: Session, grant: Grant[_About], conversation: Conversation, kind: str) -> dict[str, Json]:
    """Tell the customer's record of activity too; the desk's own minutes stand under the clerk's account."""
    told: dict[str, Json] = {"conversation": str(conversation.id), "by": str(grant.account_id), "role": "clerk"}
    record(session, Event(kind, grant.at, conversation.account_id, grant.command_id, Channel.STAFF.value, told))
    return {"conversation": str(conversation.id), "state": conversation.state}


def _waits_or_taken(session: Session, grant: Grant[AskForPerson], result: Any) -> bool:
    return _granted(session, grant).state in (WAITING, TAKEN)


def _says_asked(result: Any) -> str:
    return THERE if result["state"] == TAKEN else COMING_ALONE if result.get("alone") else COMING


def _saying(words: str) -> Callable[[Any], str]:
    return lambda result: words

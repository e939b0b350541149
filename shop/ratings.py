"""What customers think of the assistant's answers: good or bad, why, and words of their own, which are sealed.

Verdicts and reasons are counted for the shop. The words are for the customer, and for a clerk they hand over to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.actor import Actor
from auth.database import Base, Owned, UtcDateTime, new_id
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Facts, Room
from auth.vault import Sealed, Vault
from shop.commands import RateAnswer
from shop.conversations import Conversation, Message, Voice, conversation_facts, find_conversation, read_id
from shop.views import RatingView

# Why, in a word; which of them can be chosen depends on the verdict, and a reason that fits neither is dropped.
REASONS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "good": MappingProxyType({"solved": "It solved it", "clear": "It was clear", "quick": "It was quick"}),
        "bad": MappingProxyType(
            {
                "wrong": "It was wrong",
                "misunderstood": "It did not understand me",
                "unclear": "It was unclear",
                "no-help": "It did not help",
                "tone": "The tone was wrong",
            }
        ),
    }
)


class AnswerRating(Base, Owned):
    """One customer's rating of one answer. ``reason`` is a key of :data:`REASONS`, or empty."""

    __tablename__ = "answer_ratings"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), unique=True)
    is_good: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(24), default="")
    words: Mapped[bytes | None] = mapped_column(Sealed)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class RatingCounts:
    """How many answers were rated since a day, and why: (words, how many), the most frequent first."""

    good: int
    bad: int
    reasons: tuple[tuple[str, int], ...]


def ratings_of(session: Session, vault: Vault, conversation: Conversation) -> Mapping[UUID, RatingView]:
    """The ratings in a conversation, by message."""
    query = select(AnswerRating).where(AnswerRating.conversation_id == conversation.id)
    return {row.message_id: _view(session, vault, row) for row in session.scalars(query)}


def count_ratings(session: Session, *, now: datetime, days: int = 30) -> RatingCounts:
    """Counts of the last days; for a session with the scope of the house. They name nobody and hold no words."""
    lately = AnswerRating.at > now - timedelta(days=days)
    query = select(AnswerRating.is_good, AnswerRating.reason, func.count()).where(lately)
    counted = [(good, why, n) for good, why, n in session.execute(query.group_by("is_good", "reason"))]
    reasons = sorted(((_words(good, why), n) for good, why, n in counted if why), key=lambda pair: (-pair[1], pair[0]))
    return RatingCounts(
        sum(n for good, _, n in counted if good), sum(n for good, _, n in counted if not good), tuple(reasons)
    )


def rating_rooms(vault: Vault) -> tuple[Room[Any], ...]:
    """The room of this file."""
    rating = Rating(vault)
    return (
        Room(
            RateAnswer,
            Effect.LIGHT,
            rating.find,
            rating.facts,
            rating.rate,
            verify=rating.is_kept,
            says=lambda result: "Thank you. Your rating is noted.",
        ),
    )


@dataclass(frozen=True, slots=True)
class Rating:
    """Rating an answer of one's own conversation; the later rating takes the place of the earlier."""

    vault: Vault

    def find(self, session: Session, actor: Actor, command: RateAnswer) -> Conversation | None:
        conversation = find_conversation(session, actor.account_id, command.conversation)
        return None if conversation is None or _answer(session, conversation, command) is None else conversation

    def facts(self, session: Session, actor: Actor, command: RateAnswer, conversation: Conversation) -> Facts:
        return conversation_facts(conversation)

    def rate(self, session: Session, grant: Grant[RateAnswer]) -> dict[str, Json]:
        command = grant.command
        message_id, conversation_id = UUID(command.message), UUID(command.conversation)
        row = _row(session, message_id)
        if row is None:
            row = AnswerRating(
                id=new_id(grant.at),
                account_id=grant.account_id,
                conversation_id=conversation_id,
                message_id=message_id,
            )
            session.add(row)
        row.is_good, row.at = command.verdict == "good", grant.at
        row.reason = command.reason if command.reason in REASONS[command.verdict] else ""
        row.words = None
        if command.words.strip():
            self.vault.seal(session, row, "words", command.words.strip())
        return {"message": command.message, "verdict": command.verdict, "reason": row.reason}

    def is_kept(self, session: Session, grant: Grant[RateAnswer], result: Mapping[str, Json]) -> bool:
        row = _row(session, UUID(grant.command.message))
        return row is not None and row.is_good == (result["verdict"] == "good") and row.reason == result["reason"]


def _answer(session: Session, conversation: Conversation, command: RateAnswer) -> Message | None:
    """The answer that is meant: the assistant's, and of this conversation."""
    query = select(Message).where(Message.id == read_id(command.message), Message.conversation_id == conversation.id)
    return session.scalar(query.where(Message.voice == Voice.ASSISTANT.value))


def _row(session: Session, message_id: UUID) -> AnswerRating | None:
    return session.scalar(select(AnswerRating).where(AnswerRating.message_id == message_id))


def _view(session: Session, vault: Vault, row: AnswerRating) -> RatingView:
    return RatingView(row.is_good, row.reason, _words(row.is_good, row.reason), vault.open(session, row, "words"))


def _words(is_good: bool, reason: str) -> str:
    return REASONS["good" if is_good else "bad"].get(reason, "")

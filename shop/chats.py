"""What people do with their own conversations: list, search, rename, take away and delete them.

The words are sealed, and there is no index of them in the clear. A search opens the owner's own newest messages, up to
a bound that its answer names.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from auth.actor import Actor, Channel
from auth.audit import Event, record
from auth.guard.commands import Effect, Json, clean
from auth.guard.grants import Grant
from auth.guard.rooms import Card, Facts, Room
from auth.vault import Vault
from shop.asked_by_apps import begun_by
from shop.commands import DeleteConversation, ExportConversation, RenameConversation
from shop.conversations import (
    Conversation,
    Message,
    as_title,
    conversation_facts,
    delete_conversation,
    find_conversation,
    messages_of,
    read_id,
)
from shop.ratings import ratings_of
from shop.views import RatingView

PAGE = 20
MOST_TERMS = 6
_BEFORE, _AFTER = 50, 90  # characters around the first word that was found
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one search opens: conversations by their names, messages by their words."""

    conversations: int = 200
    messages: int = 3000


SEARCHED = Bounds()


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list; ``messages`` is how many there are, ``app`` the app that began it, if one did."""

    id: str
    title: str
    state: str
    updated_at: datetime
    messages: int
    app: str = ""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Conversations, newest first; ``older`` is the cursor of the next page, empty at the end."""

    conversations: tuple[Listed, ...]
    older: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A conversation in which the words stand: what was said around the newest place, and by whom."""

    id: str
    title: str
    updated_at: datetime
    voice: str
    around: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """``conversations`` and ``messages`` are how many were looked through; ``is_all`` says that there are no more."""

    hits: tuple[Hit, ...]
    conversations: int
    messages: int
    is_all: bool


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """One message of an export, with what the assistant looked up for it (``records``)."""

    position: int
    voice: str
    speaker: str
    at: datetime
    text: str
    ended: str
    cards: tuple[tuple[str, str], ...]
    records: tuple[Any, ...]
    rating: RatingView | None


@dataclass(frozen=True, slots=True)
class ExportedConversation:
    """A whole conversation, for its owner."""

    id: str
    title: str
    state: str
    created_at: datetime
    updated_at: datetime
    messages: tuple[ExportedMessage, ...]


# Looking


def list_chats(session: Session, vault: Vault, account_id: UUID | None, *, before: str = "") -> ListedPage:
    """A page of an account's conversations. A cursor that cannot be read means the first page."""
    if account_id is None:
        return ListedPage((), "")
    query = _newest_first(account_id)
    if (cursor := _read_cursor(before)) is not None:
        at, key = cursor
        older = and_(Conversation.updated_at == at, Conversation.id < key)
        query = query.where(or_(Conversation.updated_at < at, older))
    found = session.scalars(query.limit(PAGE + 1)).all()
    shown, counts = found[:PAGE], _counts(session, found[:PAGE])
    return ListedPage(
        tuple(
            Listed(
                str(one.id),
                vault.open(session, one, "title"),
                one.state,
                one.updated_at,
                counts.get(one.id, 0),
                begun_by(session, one),
            )
            for one in shown
        ),
        _cursor(shown[-1]) if len(found) > PAGE else "",
    )


def search_chats(
    session: Session, vault: Vault, account_id: UUID | None, words: str, *, bounds: Bounds = SEARCHED
) -> SearchResult:
    """The account's own conversations that hold all the words, in one message or in the title; capitals don't count.

    At most the newest conversations and messages within ``bounds`` are opened. The first six words count.
    """
    terms = clean(words).casefold().split()[:MOST_TERMS]
    if account_id is None or not terms:
        return SearchResult((), 0, 0, is_all=True)
    found = session.scalars(_newest_first(account_id).limit(bounds.conversations + 1)).all()
    looked_in = found[: bounds.conversations]
    messages = _newest_messages(session, account_id, looked_in, most=bounds.messages)
    hits = _hits_in(session, vault, messages[: bounds.messages], terms)
    is_all = len(found) <= bounds.conversations and len(messages) <= bounds.messages
    return SearchResult(
        tuple(_hits(session, vault, looked_in, hits, terms)),
        len(looked_in),
        min(len(messages), bounds.messages),
        is_all,
    )


def as_json(exported: ExportedConversation) -> str:
    """An export for programs: UTF-8 JSON with two spaces of indentation; times are ISO 8601 in UTC."""
    return json.dumps(
        {
            "conversation": exported.id,
            "title": exported.title,
            "state": exported.state,
            "begun": exported.created_at.isoformat(),
            "last_message": exported.updated_at.isoformat(),
            "messages": [_message_json(message) for message in exported.messages],
        },
        ensure_ascii=False,
        indent=2,
    )


def as_text(exported: ExportedConversation, *, shop_name: str) -> str:
    """An export for people: who said what and when, as plain text."""
    head = [exported.title or "Conversation", f"{shop_name}, begun {_when(exported.created_at)}", ""]
    return "\n".join([*head, *(line for message in exported.messages for line in _lines(message, shop_name))])


# Rooms


def chat_rooms(vault: Vault) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    keeping = Keeping(vault)
    return (
        Room(
            RenameConversation,
            Effect.LIGHT,
            keeping.find,
            keeping.facts,
            keeping.rename,
            verify=keeping.is_renamed,
            says=lambda result: "The conversation has its new name.",
        ),
        Room(
            DeleteConversation,
            Effect.WRITE,
            keeping.find,
            keeping.facts,
            keeping.delete,
            verify=keeping.is_gone,
            card=keeping.card,
            says=lambda result: "The conversation is deleted, with every word in it.",
        ),
        Room(ExportConversation, Effect.READ, keeping.find, keeping.facts, keeping.export),
    )


@dataclass(frozen=True, slots=True)
class Keeping:
    """Renaming, deleting and taking away what one has said oneself."""

    vault: Vault

    def find(
        self, session: Session, actor: Actor, command: RenameConversation | DeleteConversation | ExportConversation
    ) -> Conversation | None:
        found = find_conversation(session, actor.account_id, command.conversation)
        # A clerk may be taking it over at this moment: whoever comes first holds the row.
        return found if found is None else session.get_one(Conversation, found.id, with_for_update=True)

    def facts(self, session: Session, actor: Actor, command: object, conversation: Conversation) -> Facts:
        return conversation_facts(conversation)

    def rename(self, session: Session, grant: Grant[RenameConversation]) -> dict[str, Json]:
        conversation = _granted(session, grant)
        self.vault.seal(session, conversation, "title", as_title(grant.command.title) or "Untitled")
        return {"conversation": str(conversation.id)}

    def is_renamed(self, session: Session, grant: Grant[RenameConversation], result: object) -> bool:
        return self.vault.open(session, _granted(session, grant), "title") == (
            as_title(grant.command.title) or "Untitled"
        )

    def card(self, session: Session, command: DeleteConversation, conversation: Conversation) -> Card:
        """What would be lost, for the page that asks once more."""
        counted = _counts(session, (conversation,)).get(conversation.id, 0)
        lines = (
            ("Conversation", self.vault.open(session, conversation, "title") or "Untitled"),
            ("Messages", str(counted)),
            ("Begun", _when(conversation.created_at)),
        )
        return Card("Delete this conversation for good.", lines, confirm="Delete it")

    def delete(self, session: Session, grant: Grant[DeleteConversation]) -> dict[str, Json]:
        if not delete_conversation(session, grant.account_id, grant.command.conversation, at=grant.at):
            raise LookupError("the conversation was there a moment ago")
        return {"conversation": grant.command.conversation}

    def is_gone(self, session: Session, grant: Grant[DeleteConversation], result: object) -> bool:
        key = read_id(grant.command.conversation)
        left = session.scalar(select(func.count()).select_from(Message).where(Message.conversation_id == key))
        return session.scalar(select(Conversation.id).where(Conversation.id == key)) is None and not left

    def export(self, session: Session, grant: Grant[ExportConversation]) -> ExportedConversation:
        conversation = _granted(session, grant)
        ratings = ratings_of(session, self.vault, conversation)
        told: dict[str, Json] = {"conversation": str(conversation.id)}
        record(session, Event("conversation.exported", grant.at, grant.account_id, None, Channel.PAGE.value, told))
        return ExportedConversation(
            str(conversation.id),
            self.vault.open(session, conversation, "title"),
            conversation.state,
            conversation.created_at,
            conversation.updated_at,
            tuple(
                self._exported(session, message, ratings.get(message.id))
                for message in messages_of(session, conversation)
            ),
        )

    def _exported(self, session: Session, message: Message, rating: RatingView | None) -> ExportedMessage:
        return ExportedMessage(
            message.position,
            message.voice,
            self.vault.open(session, message, "speaker"),
            message.at,
            self.vault.open(session, message, "text"),
            message.ended,
            tuple((str(kind), str(key)) for kind, key in json.loads(message.cards)),
            tuple(json.loads(self.vault.open(session, message, "body") or "[]")),
            rating,
        )


def _granted(session: Session, grant: Grant[RenameConversation] | Grant[ExportConversation]) -> Conversation:
    return session.get_one(Conversation, UUID(grant.command.conversation))


def _newest_first(account_id: UUID) -> Any:
    mine = select(Conversation).where(Conversation.account_id == account_id)
    return mine.order_by(Conversation.updated_at.desc(), Conversation.id.desc())


def _counts(session: Session, conversations: Iterable[Conversation]) -> dict[UUID, int]:
    keys = [one.id for one in conversations]
    query = select(Message.conversation_id, func.count()).where(Message.conversation_id.in_(keys))
    return {key: count for key, count in session.execute(query.group_by(Message.conversation_id))}


def _newest_messages(
    session: Session, account_id: UUID, looked_in: Sequence[Conversation], *, most: int
) -> Sequence[Message]:
    keys = [one.id for one in looked_in]
    query = select(Message).where(Message.account_id == account_id, Message.conversation_id.in_(keys))
    return session.scalars(query.order_by(Message.at.desc(), Message.id.desc()).limit(most + 1)).all()


def _hits_in(session: Session, vault: Vault, messages: Iterable[Message], terms: Sequence[str]) -> dict[UUID, Hit]:
    """The newest place in each conversation, by the conversation's id."""
    hits = dict[UUID, Hit]()
    for message in messages:
        key = message.conversation_id
        if key not in hits and _holds(text := vault.open(session, message, "text"), terms):
            hits[key] = Hit(str(key), "", message.at, message.voice, _around(text, terms))
    return hits


def _hits(
    session: Session,
    vault: Vault,
    looked_in: Sequence[Conversation],
    hits: dict[UUID, Hit],
    terms: Sequence[str],
) -> Iterable[Hit]:
    for one in looked_in:
        title, hit = vault.open(session, one, "title"), hits.get(one.id)
        if hit is not None:
            yield Hit(str(one.id), title, one.updated_at, hit.voice, hit.around)
        elif _holds(title, terms):
            yield Hit(str(one.id), title, one.updated_at, "", "")


def _holds(text: str, terms: Sequence[str]) -> bool:
    folded = text.casefold()
    return all(term in folded for term in terms)


def _around(text: str, terms: Sequence[str]) -> str:
    """The words around the first place, on one line."""
    line = " ".join(text.split())
    # Folding may change a text's length (ß), so the place is a good guess and never an error.
    at = min((place for term in terms if (place := line.casefold().find(term)) >= 0), default=0)
    start, end = max(0, at - _BEFORE), at + _AFTER
    return ("…" if start else "") + line[start:end].strip() + ("…" if end < len(line) else "")


def _cursor(conversation: Conversation) -> str:
    since = (conversation.updated_at - _EPOCH) // timedelta(microseconds=1)
    return f"{since}.{conversation.id.hex}"


def _read_cursor(text: str) -> tuple[datetime, UUID] | None:
    since, _, key = text.partition(".")
    found = read_id(key)
    if found is None or not since.isascii() or not since.isdigit() or len(since) > 16:
        return None
    return _EPOCH + timedelta(microseconds=int(since)), found


def _message_json(message: ExportedMessage) -> dict[str, Any]:
    rating = message.rating
    return {
        "position": message.position,
        "voice": message.voice,
        "at": message.at.isoformat(),
        "text": message.text,
        **({"speaker": message.speaker} if message.speaker else {}),
        **({"broke_off": message.ended} if message.ended else {}),
        **({"cards": [list(card) for card in message.cards]} if message.cards else {}),
        **({"assistant_records": list(message.records)} if message.records else {}),
        **({"rating": _rating_json(rating)} if rating is not None else {}),
    }


def _rating_json(rating: RatingView) -> dict[str, str]:
    return {"verdict": "good" if rating.is_good else "bad", "reason": rating.reason, "words": rating.words}


def _lines(message: ExportedMessage, shop_name: str) -> Iterable[str]:
    clerk = f"{message.speaker or 'A person'} (staff)"
    who = {"customer": "You", "assistant": "Assistant (AI)", "shop": shop_name, "clerk": clerk}
    yield f"{who.get(message.voice, message.voice)}, {_when(message.at)}"
    yield message.text
    yield from (f"[{kind} {key}]" for kind, key in message.cards)
    if message.ended:
        yield "[broke off here]"
    yield ""


def _when(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"

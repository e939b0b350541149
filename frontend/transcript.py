"""A conversation as its page shows it: who spoke, and the cards, each rendered from the records as they are now."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.approvals import Approval
from frontend.house import House
from frontend.render import art, day
from frontend.signing import SigningCard, signing_card
from frontend.stopping import gets_no_answer
from shop.asked_by_apps import begun_by
from shop.catalogue import find_product, product_view
from shop.conversations import TAKEN, WAITING, Conversation, Message, Voice, message_view, messages_of, read_id
from shop.order_views import order_view
from shop.orders import find_order
from shop.ratings import ratings_of
from shop.switches import read_switches
from shop.views import RatingView

PERSON = "I want to talk to a person"
IDEAS = ("Where is my last order?", "What is your return policy?", PERSON)
_MOST_REPLACED = 5
# Pages of this shop that change nothing when they are opened; a model may lead to no other.
_OWN = r"sign-in|register|orders|account(?:/addresses|/activity|/security|/payment|/preferences|/privacy)?"
_RULES = r"policies(?:/[a-z-]{1,40})?(?:#[a-z-]{1,40})?"
_PAGE = re.compile(rf"((?<![\w/.:])/(?:{_OWN}|{_RULES})(?![\w/#?&=-]))")


@dataclass(frozen=True, slots=True)
class RecordCard:
    """An order or a product as a card in the conversation; ``state`` is empty for a product."""

    href: str
    title: str
    picture: str
    number: str = ""
    state: str = ""
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToSign:
    """A card to sign, by the id of the first; each further one took the place of the one before."""

    id: str
    cards: tuple[SigningCard, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One message with its cards. ``ended`` says why an answer broke off, ``speaker`` is a clerk's first name."""

    id: str
    voice: str
    text: str
    at: datetime
    ended: str
    speaker: str
    rating: RatingView | None
    is_first_answer: bool
    records: tuple[RecordCard, ...]
    approvals: tuple[ToSign, ...]

    @property
    def pieces(self) -> tuple[tuple[str, str], ...]:
        """The text in pairs of words and a path: where the assistant names a page of the shop's rules, it is a link."""
        if self.voice != Voice.ASSISTANT:
            return ((self.text, ""),)
        return tuple((words, _leads(words)) for words in _PAGE.split(self.text) if words)

    @property
    def when(self) -> str:
        """``7 Nov, 14:05 UTC``; the page's script writes it in the reader's own time."""
        at = self.at.astimezone(UTC)
        return f"{at.day} {at:%b, %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a page of a conversation needs. ``position`` is that of the last message, for asking what came since.

    ``clerk`` is the first name of the clerk who is in it; ``unanswered_since`` is the time of the customer's last
    message while nobody has answered it and no clerk has to; ``is_off`` says that the assistant is switched off here.
    ``app`` is the app that began it, if one did; then it is only to be read.
    """

    id: str
    state: str
    position: int
    messages: tuple[Said, ...]
    ideas: tuple[str, ...]
    title: str = ""
    clerk: str = ""
    unanswered_since: datetime | None = None
    is_off: bool = False
    app: str = ""


EMPTY = Transcript("", "open", 0, (), IDEAS)


def transcript(
    house: House, session: Session, actor: Actor, conversation: Conversation, *, after: int = 0
) -> Transcript:
    """The messages after a position; the session is the actor's own, so that no card can show anybody else's record."""
    newer = select(Message).where(
        Message.conversation_id == conversation.id,
        Message.account_id == conversation.account_id,
        Message.position > after,
    )
    found = session.scalars(newer.order_by(Message.position)).all()
    last = messages_of(session, conversation, newest=1)
    is_off = gets_no_answer(house, read_switches(session), conversation.account_id)
    is_unanswered = bool(last) and last[0].voice == Voice.CUSTOMER.value and conversation.state != TAKEN and not is_off
    return Transcript(
        id=str(conversation.id),
        state=conversation.state,
        position=found[-1].position if found else after,
        messages=_said_in_order(house, session, actor, conversation, found),
        ideas=() if is_off else _ideas(house, session, conversation),
        title=house.vault.open(session, conversation, "title"),
        clerk=house.vault.open(session, conversation, "clerk_name"),
        unanswered_since=last[0].at if is_unanswered else None,
        is_off=is_off,
        app=begun_by(session, conversation),
    )


def _said_in_order(
    house: House, session: Session, actor: Actor, conversation: Conversation, found: Sequence[Message]
) -> tuple[Said, ...]:
    """A card that was offered again stands where it was offered last, so that it can be signed in one place only."""
    said, offered = list[Said](), set[str]()
    ratings, first = ratings_of(session, house.vault, conversation), _first_answer(session, conversation)
    for message in reversed(found):
        view = message_view(session, house.vault, message)
        keys = [key for kind, key in view.cards if kind == "approval" and key not in offered]
        offered.update(keys)
        signable = tuple(card for key in keys if (card := to_sign(house, session, actor, key)) is not None)
        said.append(
            Said(
                view.id,
                view.voice,
                view.text,
                view.at,
                view.ended,
                view.speaker,
                ratings.get(message.id),
                message.position == first,
                tuple(_records(house, session, actor, view.cards)),
                signable,
            )
        )
    return tuple(reversed(said))


def _first_answer(session: Session, conversation: Conversation) -> int | None:
    answers = select(func.min(Message.position)).where(Message.conversation_id == conversation.id)
    return session.scalar(answers.where(Message.voice == Voice.ASSISTANT.value))


def _leads(words: str) -> str:
    """Where the words lead, if they are a page; from signing in the way leads back to the conversation."""
    if not _PAGE.fullmatch(words):
        return ""
    return "/sign-in?next=/chat" if words == "/sign-in" else words


def _records(house: House, session: Session, actor: Actor, cards: Iterable[tuple[str, str]]) -> Iterable[RecordCard]:
    for kind, key in dict.fromkeys(cards):
        card = None
        if kind == "order":
            card = order_card(house, session, actor, key)
        elif kind == "product":
            card = product_card(session, key)
        if card is not None:
            yield card


def order_card(house: House, session: Session, actor: Actor, number: str) -> RecordCard | None:
    """One of the actor's own orders; ``None`` when it is not there."""
    order = find_order(session, actor.account_id, number)
    if order is None or not order.lines:
        return None
    view = order_view(session, order, vault=house.vault)
    first, others = view.lines[0], len(view.lines) - 1
    title = first.name + (f", {first.option}" if first.option else "") + (f" and {others} more" if others else "")
    when = view.delivered_at or view.shipped_at or view.placed_at
    word = "arrived" if view.delivered_at else "sent" if view.shipped_at else "placed"
    picture = art(first.kind, first.colour, first.art_seed)
    facts = (str(view.total), f"{word} {day(when)}")
    return RecordCard(f"/orders/{view.number}", title, picture, view.number, view.status, facts)


def product_card(session: Session, handle: str) -> RecordCard | None:
    """A product of the catalogue; ``None`` when it is not on sale any more."""
    product = find_product(session, handle)
    if product is None or product.handle != handle or not product.variants:
        return None
    view = product_view(product)
    stock = "in stock" if view.in_stock else "sold out"
    picture = art(view.kind, view.colour, view.art_seed)
    prefix = "from " if len({v.price for v in view.variants}) > 1 else ""
    return RecordCard(f"/p/{view.handle}", view.name, picture, facts=(f"{prefix}{view.price}", stock))


def to_sign(house: House, session: Session, actor: Actor, key: str) -> ToSign | None:
    """A card of the actor's own with what became of it; ``None`` when it is not there."""
    cards: list[SigningCard] = []
    next_id = read_id(key)
    while next_id is not None and len(cards) < _MOST_REPLACED:
        approval = session.get(Approval, next_id)
        if approval is None or approval.account_id != actor.account_id:
            break
        cards.append(signing_card(house, session, actor, approval))
        next_id = approval.replaced_by
    return ToSign(key, tuple(cards)) if cards else None


def _ideas(house: House, session: Session, conversation: Conversation) -> tuple[str, ...]:
    """What the person may answer with a click: the assistant's own choices, and always the way to a person."""
    if conversation.state == TAKEN:
        return ()
    last = messages_of(session, conversation, newest=1)
    choices = message_view(session, house.vault, last[0]).choices if last else ()
    offered = choices or IDEAS[:2]
    return offered if conversation.state == WAITING else (*(c for c in offered if c != PERSON), PERSON)

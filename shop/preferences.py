"""Which mails somebody gets: what they may choose, what always comes and why, and who asks before one is sent.

Nothing is sent that nobody asked for: an optional topic is off until its owner switches it on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.accounts import find_account
from auth.actor import Actor
from auth.database import Base, Owned, UtcDateTime, new_id
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Card, Facts, Room
from auth.mail import Letter, Mail, queue_mail
from auth.vault import Vault
from shop.commands import ChangePreferences, ShowPreferences
from shop.views import PreferenceList, PreferenceView

NEWS, REVIEW_REMINDERS, ORDER_UPDATES, SECURITY = "news", "review_reminders", "order_updates", "security"
_OWED = "You paid for it, so we have to tell you what happens to it."
_WARNS = "It is how you notice when somebody else tries to be you."


@dataclass(frozen=True, slots=True)
class Topic:
    """What mails can be about. ``why`` is why a topic always comes; optional topics have none."""

    name: str
    words: str
    why: str = ""


TOPICS = (
    Topic(NEWS, "News from the shop, a few times a year"),
    Topic(REVIEW_REMINDERS, "A question how it was, once an order has arrived"),
    Topic(ORDER_UPDATES, "What happens to your orders and your money", _OWED),
    Topic(SECURITY, "Your sign-in, your password and your account", _WARNS),
)


class Preference(Base, Owned):
    """That somebody has chosen, and what. Where there is no row, nothing was chosen and optional mails don't come."""

    __tablename__ = "preferences"
    __table_args__ = (UniqueConstraint("account_id", "topic", name="one_choice_a_topic"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(32))
    is_on: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


def wants(session: Session, account_id: UUID, topic: str) -> bool:
    """Whether mails about a topic go to this account. A topic nobody knows is sent to nobody."""
    known = _topic(topic)
    if known is None or known.why:
        return known is not None
    chosen = _chosen(session, account_id, topic)
    return chosen is not None and chosen.is_on


def write_to(session: Session, vault: Vault, account_id: UUID, *, topic: str, letter: Letter, now: datetime) -> bool:
    """Put a letter into the outbox if its owner wants letters about this; returns whether it went."""
    account = find_account(session, account_id)
    to = "" if account is None or account.status == "closed" else vault.open(session, account, "email")
    if not to or not wants(session, account_id, topic):
        return False
    queue_mail(session, vault, account_id, mail=Mail(to, letter.subject, letter.text), now=now)
    return True


def preference_views(session: Session, account_id: UUID | None) -> tuple[PreferenceView, ...]:
    """Every topic with the account's choice."""
    return tuple(
        PreferenceView(t.name, t.words, account_id is not None and wants(session, account_id, t.name), t.why)
        for t in TOPICS
    )


def preference_rooms() -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    return (
        Room(ShowPreferences, Effect.READ, _find_own, _own_facts, _show),
        Room(
            ChangePreferences,
            Effect.LIGHT,
            find=_find_topic,
            facts=_topic_facts,
            handle=_change,
            verify=_is_changed,
            card=_card,
            says=_say_changed,
        ),
    )


def _find_own(session: Session, actor: Actor, command: ShowPreferences) -> str:
    return str(actor.account_id or "nobody")


def _own_facts(session: Session, actor: Actor, command: ShowPreferences, owner: str) -> Facts:
    return Facts(Entity("Account", owner, {"owner": owner}))


def _show(session: Session, grant: Grant[ShowPreferences]) -> PreferenceList:
    return PreferenceList(preference_views(session, grant.actor.account_id))


def _find_topic(session: Session, actor: Actor, command: ChangePreferences) -> Topic | None:
    return _topic(command.topic)


def _topic_facts(session: Session, actor: Actor, command: ChangePreferences, topic: Topic) -> Facts:
    owner = str(actor.account_id or "nobody")
    return Facts(Entity("Account", owner, {"owner": owner}), {"optional_topic": not topic.why})


def _card(session: Session, command: ChangePreferences, topic: Topic) -> Card:
    return Card(f"Switch these mails {'on' if command.on else 'off'}: {topic.words}", (), "Switch them")


def _change(session: Session, grant: Grant[ChangePreferences]) -> Mapping[str, Json]:
    topic = _topic(grant.command.topic)
    if topic is None:
        raise LookupError("the topic was there a moment ago")
    chosen = _chosen(session, grant.account_id, topic.name)
    if chosen is None:
        chosen = Preference(id=new_id(grant.at), account_id=grant.account_id, topic=topic.name)
        session.add(chosen)
    chosen.is_on, chosen.changed_at = grant.command.on, grant.at
    return {"topic": topic.name, "on": grant.command.on}


def _is_changed(session: Session, grant: Grant[ChangePreferences], result: Mapping[str, Json]) -> bool:
    return wants(session, grant.account_id, str(result["topic"])) == result["on"]


def _say_changed(result: Mapping[str, Json]) -> str:
    topic = _topic(str(result["topic"]))
    words = "" if topic is None else topic.words
    return f"From now on {'you get' if result['on'] else 'you do not get'} mails about: {words[:1].lower()}{words[1:]}."


def _topic(name: str) -> Topic | None:
    wanted = name.strip().casefold().replace(" ", "_").replace("-", "_")
    return next((topic for topic in TOPICS if topic.name == wanted), None)


def _chosen(session: Session, account_id: UUID, topic: str) -> Preference | None:
    mine = select(Preference).where(Preference.account_id == account_id, Preference.topic == topic)
    return session.scalar(mine)

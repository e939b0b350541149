"""A delegation: the leave one piece of software has to act for one customer, how far it goes and until when.

Everything that is issued under it (codes, refresh tokens, access tokens, narrower delegations) refers to its row, and
the row is asked at every call: a delegation that ends is worth nothing from that commit on. The shop's own assistant
acts under one too, which lives as long as its turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.accounts import find_account
from auth.actor import Act, Actor, Channel
from auth.database import Base, Owned, UtcDateTime, new_id
from auth.oauth.clients import Client

ASSISTANT = "assistant"
APPS = frozenset({Channel.API, Channel.MCP})
LIVES = timedelta(days=180)
TURN_LIVES = timedelta(minutes=2)
_TOUCH_EVERY = timedelta(minutes=1)


class Why(StrEnum):
    """Why a delegation ended. Only what ran its course leaves the cards standing that were prepared under it."""

    OVER = "over"
    DISCONNECTED = "disconnected"
    GIVEN_BACK = "given back"
    REPLAYED = "replayed"
    ACCOUNT = "account"


class Delegation(Base, Owned):
    """One leave. ``client_id`` is ``None`` for the shop's own assistant; ``parent_id`` is the wider leave that this one
    was cut from (RFC 8693). ``redeemed_at``: a program has exchanged its code, so the leave is in use.

    ``auth_time``, ``acr``, ``amr`` and ``second_factor_at`` tell how the customer had signed in when they gave it.
    """

    __tablename__ = "oauth_delegations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str | None] = mapped_column(ForeignKey("oauth_clients.id"), index=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("oauth_delegations.id", ondelete="CASCADE"), index=True)
    actor: Mapped[str] = mapped_column(String(60))
    digest: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(400))
    audience: Mapped[str] = mapped_column(String(800))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    redeemed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_why: Mapped[str | None] = mapped_column(String(16))
    auth_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    second_factor_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acr: Mapped[str] = mapped_column(String(64), default="")
    amr: Mapped[str] = mapped_column(String(64), default="")

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.scope.split())

    @property
    def audiences(self) -> tuple[str, ...]:
        return tuple(self.audience.split())

    @property
    def act(self) -> Act:
        return Act(self.actor, self.digest)

    def is_alive(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.ends_at


@dataclass(frozen=True, slots=True)
class Proof:
    """How the customer had proved who they are when they gave the leave (acr, amr and auth_time of OpenID Connect)."""

    auth_time: datetime | None = None
    second_factor_at: datetime | None = None
    acr: str = ""
    amr: str = ""


def begin(
    session: Session,
    account_id: UUID,
    *,
    client: Client | None,
    act: Act,
    scopes: Sequence[str],
    audiences: Sequence[str],
    proof: Proof,
    ends_at: datetime,
    now: datetime,
    parent: Delegation | None = None,
) -> Delegation:
    """Write down a new leave. A narrower one ends with the wider one at the latest, and goes no further."""
    if parent is not None and not (set(scopes) <= parent.scopes and parent.is_alive(now)):
        raise ValueError("a delegation is cut from a living one and goes no further than that")
    row = Delegation(
        id=new_id(now),
        account_id=account_id,
        client_id=None if client is None else client.id,
        parent_id=None if parent is None else parent.id,
        actor=act.name,
        digest=act.digest,
        scope=" ".join(scopes),
        audience=" ".join(audiences),
        created_at=now,
        ends_at=ends_at if parent is None else min(ends_at, parent.ends_at),
        auth_time=proof.auth_time,
        second_factor_at=proof.second_factor_at,
        acr=proof.acr,
        amr=proof.amr,
    )
    session.add(row)
    session.flush()
    return row


def find_delegation(session: Session, delegation_id: UUID) -> Delegation | None:
    """The row within the session's scope; locked where the database locks rows, so that ends and beginnings queue."""
    return session.scalar(select(Delegation).where(Delegation.id == delegation_id).with_for_update())


def end(session: Session, delegation_id: UUID, *, why: Why, now: datetime) -> bool:
    """End a leave and everything that was cut from it; ``False`` when it had ended before."""
    theirs = _and_what_was_cut(session, delegation_id)
    ended = session.scalars(
        update(Delegation)
        .where(Delegation.id.in_(theirs), Delegation.ended_at.is_(None))
        .values(ended_at=now, ended_why=why.value)
        .returning(Delegation.id)
    ).all()
    return delegation_id in ended


def end_all_of_client(session: Session, account_id: UUID, client_id: str, *, why: Why, now: datetime) -> int:
    """End every leave of one program for one customer; how many there were."""
    theirs = Delegation.account_id == account_id, Delegation.client_id == client_id, Delegation.ended_at.is_(None)
    living = session.scalars(select(Delegation.id).where(*theirs)).all()
    return sum(end(session, delegation_id, why=why, now=now) for delegation_id in living)


def end_all(session: Session, account_id: UUID, *, why: Why, now: datetime) -> int:
    """End every leave of an account, as after a password that somebody else may have known."""
    living = select(Delegation.id).where(Delegation.account_id == account_id, Delegation.ended_at.is_(None))
    return sum(end(session, delegation_id, why=why, now=now) for delegation_id in session.scalars(living).all())


def renew(session: Session, delegation_id: UUID, *, ends_at: datetime) -> None:
    """Let a living leave go on, never beyond the one it was cut from; for a turn that takes its time."""
    row = session.get(Delegation, delegation_id)
    if row is not None and row.ended_at is None:
        parent = None if row.parent_id is None else session.get(Delegation, row.parent_id)
        row.ends_at = ends_at if parent is None else min(ends_at, parent.ends_at)


def is_over(session: Session, actor: Actor, *, now: datetime, asks: bool) -> bool:
    """Whether the leave an actor acts under, or one it was cut from, has ended, by the record of this transaction.

    While somebody still ``asks``, any end counts. A card that was prepared before stays worth signing when a turn or a
    short-lived token has run its course since, but not when a leave was taken back or its program was disabled.
    """
    if actor.delegation is None:
        return False
    row = session.get(Delegation, actor.delegation)
    if row is None or row.account_id != actor.account_id:
        return True
    line = line_of(session, row)
    if asks:
        return not all(leave.is_alive(now) for leave in line)
    return any(_is_taken_back(session, leave) for leave in line)


def line_of(session: Session, delegation: Delegation) -> Sequence[Delegation]:
    """A leave and the wider ones it was cut from, the narrowest first."""
    line = [delegation]
    while line[-1].parent_id is not None:
        line.append(session.get_one(Delegation, line[-1].parent_id))
    return line


def app_behind(session: Session, actor: Actor) -> str | None:
    """The id of the app that asks, or that talks to the assistant that asks; ``None`` where no app has a part in it."""
    if actor.channel in APPS and actor.act is not None:
        return actor.act.name
    own = None if actor.delegation is None else session.get(Delegation, actor.delegation)
    line = () if own is None else line_of(session, own)
    return next((leave.client_id for leave in line if leave.client_id is not None), None)


def _is_taken_back(session: Session, leave: Delegation) -> bool:
    client = None if leave.client_id is None else session.get(Client, leave.client_id)
    return (client is not None and client.disabled_at is not None) or leave.ended_why not in {None, Why.OVER.value}


def _and_what_was_cut(session: Session, delegation_id: UUID) -> set[UUID]:
    """A leave and every one that was cut from it, however many cuts away."""
    found, newest = {delegation_id}, {delegation_id}
    while newest:
        cut = session.scalars(select(Delegation.id).where(Delegation.parent_id.in_(newest)))
        newest = set(cut) - found
        found |= newest
    return found


def touch(session: Session, delegation_id: UUID, *, now: datetime) -> None:
    """Note that it was used; does nothing when that was done less than a minute ago."""
    is_due = or_(Delegation.last_used_at.is_(None), Delegation.last_used_at <= now - _TOUCH_EVERY)
    session.execute(update(Delegation).where(Delegation.id == delegation_id, is_due).values(last_used_at=now))


def account_is_open(session: Session, account_id: UUID) -> bool:
    """Whether there is somebody to act for: the account exists, and was not closed."""
    account = find_account(session, account_id)
    return account is not None and account.status != "closed"


def is_due_for_touch(last_used_at: datetime | None, *, now: datetime) -> bool:
    return last_used_at is None or now - last_used_at >= _TOUCH_EVERY


def forget_delegations(session: Session, *, before: datetime) -> None:
    """Forget leaves that ended or ran out before this; that they were there stays in the audit log."""
    session.execute(delete(Delegation).where(or_(Delegation.ends_at < before, Delegation.ended_at < before)))

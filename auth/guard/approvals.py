"""Cards that wait for a signature: what exactly was asked, what was true then, and which needs are met so far.

A card is for one account, once, for a short while. Its digest covers the canonical arguments, the snapshot of what
the person relies on (price, stock), and the version of the policies; it is keyed, so that it gives nothing away.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, LargeBinary, String, Text, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.actor import Act, Actor, Channel, Origin, Risk, Role
from auth.database import Base, Owned, UtcDateTime
from auth.guard.commands import Command, action, arguments, canonical
from auth.guard.decisions import Need
from auth.guard.rooms import Facts
from auth.vault import Sealed

OPEN, IN_REVIEW, SPENT = "open", "in_review", "spent"
DECLINED, EXPIRED, SUPERSEDED, REFUSED = "declined", "expired", "superseded", "refused"
WITHDRAWN = "withdrawn"  # taken back by the one who asked, before anybody signed


class Approval(Base, Owned):
    """A parked command. ``note`` is the reviewing clerk's, sealed for the customer's account."""

    __tablename__ = "approvals"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    command_id: Mapped[UUID] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(64))
    command: Mapped[bytes] = mapped_column(Sealed)
    subject: Mapped[str] = mapped_column(String(80))
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    policy_version: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(Text)
    needs: Mapped[str] = mapped_column(String(80))
    reasons: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    second_factor_age_s: Mapped[int | None]
    reviewed_by: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[bytes | None] = mapped_column(Sealed)
    outcome: Mapped[str | None] = mapped_column(Text)
    replaced_by: Mapped[UUID | None]

    @property
    def needed(self) -> frozenset[Need]:
        return frozenset(Need(word) for word in self.needs.split())


def digest(command: Command, facts: Facts, *, policy_version: str, salt: bytes) -> bytes:
    """HMAC-SHA256 over everything a confirmation is about; 32 bytes."""
    said = canonical(
        {
            "action": action(command),
            "version": command.version,
            "arguments": arguments(command),
            "snapshot": dict(facts.snapshot),
            "policy": policy_version,
        }
    )
    return hmac.new(salt, said.encode(), hashlib.sha256).digest()


def new_salt() -> bytes:
    return os.urandom(32)


def find_approval(session: Session, approval_id: UUID) -> Approval | None:
    """The card, if it is in the session's scope; its row is locked where the database locks rows."""
    return session.scalar(select(Approval).where(Approval.id == approval_id).with_for_update())


def account_of(session: Session, approval_id: UUID) -> UUID | None:
    """Whose card it is; nothing is locked yet."""
    return session.scalar(select(Approval.account_id).where(Approval.id == approval_id))


def count_open(session: Session, account_id: UUID, now: datetime) -> int:
    """How many unexpired cards wait for this account's own signature."""
    query = select(func.count()).select_from(Approval)
    return session.scalars(query.where(*_open_of(account_id, now))).one()


def open_approvals(session: Session, account_id: UUID, now: datetime) -> Sequence[Approval]:
    """The unexpired cards of an account that wait for its signature, oldest first."""
    return session.scalars(select(Approval).where(*_open_of(account_id, now)).order_by(Approval.created_at)).all()


def approvals_in_review(session: Session) -> Sequence[Approval]:
    """What waits for a clerk, oldest first; for a session with the scope of the house."""
    return session.scalars(select(Approval).where(Approval.state == IN_REVIEW).order_by(Approval.created_at)).all()


def change_state(session: Session, approval: Approval, *, after: str) -> bool:
    """Compare-and-set from the state we read; ``False`` means that another tab or clerk was first."""
    result = session.execute(
        update(Approval)
        .where(Approval.id == approval.id, Approval.state == approval.state)
        .values(state=after)
        .execution_options(synchronize_session="fetch")
    )
    return isinstance(result, CursorResult) and result.rowcount == 1


def actor_to_json(actor: Actor) -> str:
    """What is kept of the one who asked: their door and who acted for them; never a name."""
    act = None if actor.act is None else asdict(actor.act)
    return canonical(
        {
            "role": actor.role.value,
            "channel": actor.channel.value,
            "act": act,
            "risk": actor.risk.value,
            "tainted": actor.tainted,
            "origins": [[name, origin.value] for name, origin in actor.origins],
            "session": None if actor.session_id is None else str(actor.session_id),
            "scopes": None if actor.scopes is None else sorted(actor.scopes),
            "delegation": None if actor.delegation is None else str(actor.delegation),
            "conversation": actor.conversation,
        }
    )


def actor_from_json(text: str, account_id: UUID) -> Actor:
    """The one who asked, as they asked; what they have proved since is stamped on the card and not in here."""
    kept = json.loads(text)
    return Actor(
        account_id=account_id,
        role=Role(kept["role"]),
        channel=Channel(kept["channel"]),
        act=None if kept["act"] is None else Act(**kept["act"]),
        risk=Risk(kept["risk"]),
        tainted=kept["tainted"],
        origins=tuple((name, Origin(origin)) for name, origin in kept.get("origins", [])),
        session_id=None if kept["session"] is None else UUID(kept["session"]),
        scopes=None if kept.get("scopes") is None else frozenset(kept["scopes"]),
        delegation=None if kept.get("delegation") is None else UUID(kept["delegation"]),
    )


def asked_in(approval: Approval) -> tuple[str, str, str]:
    """Where a card was asked for: the channel, who acted for the account holder, and the conversation. Each is empty
    where there was none, and the conversation on cards that are older than this field."""
    kept = json.loads(approval.actor)
    acting = kept["act"] or {}
    return str(kept["channel"]), str(acting.get("name", "")), str(kept.get("conversation", ""))


def _open_of(account_id: UUID, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Approval.account_id == account_id, Approval.state == OPEN, Approval.expires_at > now)

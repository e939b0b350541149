"""The first answers of the API's door: the same ``Idempotency-Key`` of the same program and customer gets them again.

A key is claimed before anything happens and answered after it, so that two calls at once are one. The claim also names
the desk's request id: after a crash in between the change itself still happens once.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import LargeBinary, SmallInteger, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned, UtcDateTime, new_id
from auth.guard.submissions import queue_up
from auth.vault import Sealed, Vault

KEPT_FOR = timedelta(hours=24)
# Longer than the longest turn of the assistant: a claim that is older was left behind by a process that died.
PATIENCE = timedelta(minutes=3)


class KeyedAnswer(Base, Owned):
    """A key of one program for one account (hashed), what was asked (a digest), and the answer as it was sent."""

    __tablename__ = "keyed_answers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int | None] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(String(60), default="")
    body: Mapped[bytes | None] = mapped_column(Sealed)
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Whose key it is: a key of one program says nothing to another, nor for another customer."""

    account_id: UUID
    client_id: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """Nobody has used this key: go on, then :func:`keep` or :func:`release`. ``request_id`` is for the desk."""

    id: UUID
    request_id: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The first answer, byte for byte. ``kind`` is its media type."""

    status: int
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The first call with this key has not been answered yet."""


@dataclass(frozen=True, slots=True)
class UsedOtherwise:
    """The key was used for something else."""


def claim(
    session: Session, vault: Vault, owner: KeyOwner, *, key: str, asked: bytes, now: datetime
) -> Claimed | Answered | UnderWay | UsedOtherwise:
    """Take a key, or say what became of the call that took it. ``asked`` is all that the call consists of."""
    queue_up(session, owner.account_id)
    # The key is in both, so that nobody who reads the table can try out short bodies.
    name = _hash(owner.account_id.bytes, owner.client_id.encode(), key.encode())
    digest = _hash(name, key.encode(), asked)
    kept = session.scalar(select(KeyedAnswer).where(KeyedAnswer.key == name))
    if kept is not None and kept.claimed_at + KEPT_FOR <= now:
        session.delete(kept)
        session.flush()
        kept = None
    if kept is None:
        return _take(session, owner, name=name, digest=digest, now=now)
    if kept.digest != digest:
        return UsedOtherwise()
    if kept.status is not None:
        return Answered(kept.status, kept.kind, vault.open_bytes(session, kept, "body"))
    if now < kept.claimed_at + PATIENCE:
        return UnderWay()
    kept.claimed_at = now
    return Claimed(kept.id, _request_id(kept.id))


def keep(session: Session, vault: Vault, claimed: Claimed, *, answer: Answered) -> None:
    """Write the answer of a claimed key down; the first one stays."""
    kept = session.get(KeyedAnswer, claimed.id)
    if kept is not None and kept.status is None:
        kept.status, kept.kind = answer.status, answer.kind
        vault.seal_bytes(session, kept, "body", answer.body)


def release(session: Session, claimed: Claimed) -> None:
    """Give a key back that has no answer worth keeping: whoever was told to wait may use it again."""
    session.execute(delete(KeyedAnswer).where(KeyedAnswer.id == claimed.id, KeyedAnswer.status.is_(None)))


def forget_keyed_answers(session: Session, *, before: datetime) -> None:
    """Forget answers to keys that were claimed before this."""
    session.execute(delete(KeyedAnswer).where(KeyedAnswer.claimed_at < before))


def _take(session: Session, owner: KeyOwner, *, name: bytes, digest: bytes, now: datetime) -> Claimed:
    row = KeyedAnswer(id=new_id(now), account_id=owner.account_id, key=name, digest=digest, claimed_at=now)
    session.add(row)
    session.flush()
    return Claimed(row.id, _request_id(row.id))


def _request_id(row_id: UUID) -> str:
    return f"api:{row_id.hex}"


def _hash(*parts: bytes) -> bytes:
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(len(part).to_bytes(8, "big") + part)
    return hashed.digest()

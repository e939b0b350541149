"""Challenges for passkeys: random bytes that an authenticator signs, kept here, good for one answer and five minutes.

The browser holds a handle in a cookie and the table its SHA-256, so an answer counts only in the browser that asked;
``subject`` ties it to a session or a ticket as well (WebAuthn level 3 §13.4.3; ASVS 5.0 §6.7.2).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import LargeBinary, String, delete, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, UtcDateTime, new_id
from auth.sign_in.sessions import token_hash

LASTS = timedelta(minutes=5)
_BYTES = 32


class Asked(StrEnum):
    """What the answer is for. A challenge for one of these is worthless for the others."""

    ADD = "add"
    SIGN_IN = "sign_in"
    SECOND_STEP = "second_step"
    STEP_UP = "step_up"


class PasskeyChallenge(Base):
    """One challenge. It names no account: ``subject`` is a session's id, the hash of a ticket, or empty."""

    __tablename__ = "passkey_challenges"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    handle_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    challenge: Mapped[bytes] = mapped_column(LargeBinary(32))
    asked: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(64))
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Issued:
    """``handle`` goes into the browser's cookie, ``challenge`` to its authenticator."""

    handle: str
    challenge: bytes


def issue_challenge(session: Session, *, asked: Asked, subject: str, now: datetime) -> Issued:
    """A new challenge for whatever ``subject`` stands for."""
    issued = Issued(secrets.token_urlsafe(32), secrets.token_bytes(_BYTES))
    session.add(
        PasskeyChallenge(
            id=new_id(now),
            handle_hash=token_hash(issued.handle),
            challenge=issued.challenge,
            asked=asked.value,
            subject=subject,
            ends_at=now + LASTS,
        )
    )
    session.flush()
    return issued


def take_challenge(session: Session, handle: str, *, asked: Asked, subject: str, now: datetime) -> bytes | None:
    """The challenge behind a handle, spent by this very call whatever the answer is worth; ``None`` when it is used,
    too old, another browser's, another session's or for something else.
    """
    # One statement compares and spends, so that of two answers at once one finds it gone.
    return session.scalar(
        update(PasskeyChallenge)
        .where(
            PasskeyChallenge.handle_hash == token_hash(handle),
            PasskeyChallenge.asked == asked.value,
            PasskeyChallenge.subject == subject,
            PasskeyChallenge.used_at.is_(None),
            PasskeyChallenge.ends_at > now,
        )
        .values(used_at=now)
        .returning(PasskeyChallenge.challenge)
    )


def forget_challenges(session: Session, *, before: datetime) -> None:
    """Forget challenges that ended before this."""
    session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.ends_at < before))

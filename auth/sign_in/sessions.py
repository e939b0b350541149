"""Sign-in sessions live on the server: the browser holds an opaque random token, the table holds its SHA-256.

A session ends by itself (idle and absolute), ends when it is revoked, and its token changes whenever its holder proves
more (OWASP ASVS 5.0 §7.2 and §7.3; NIST SP 800-63B-4 §5).
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import LargeBinary, String, delete, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.accounts import Account, find_account
from auth.actor import Actor, Channel, Risk, Role
from auth.database import Base, Owned, UtcDateTime, narrow, new_id
from auth.sign_in.noted import note
from auth.sign_in.visit import Visit
from auth.vault import Sealed, Vault

_TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SessionLife:
    """How long a session lasts: without a visit (idle) and at most (absolute). Clerks sign in each working day."""

    customer_idle: timedelta = timedelta(days=7)
    customer_absolute: timedelta = timedelta(days=30)
    clerk_idle: timedelta = timedelta(minutes=60)
    clerk_absolute: timedelta = timedelta(hours=12)

    def idle(self, role: Role) -> timedelta:
        return self.clerk_idle if role is Role.CLERK else self.customer_idle

    def absolute(self, role: Role) -> timedelta:
        return self.clerk_absolute if role is Role.CLERK else self.customer_absolute


class SignInSession(Base, Owned):
    """One browser of one account. ``amr`` lists the methods used (RFC 8176), separated by spaces."""

    __tablename__ = "sign_in_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    second_factor_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    password_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    amr: Mapped[str] = mapped_column(String(64), default="")
    device: Mapped[bytes | None] = mapped_column(Sealed)
    network: Mapped[bytes | None] = mapped_column(Sealed)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Started:
    """A running session and the token that is written into the cookie and nowhere else."""

    token: str
    session_id: UUID


@dataclass(frozen=True, slots=True)
class Found:
    """The session behind a token and the account it belongs to, both alive."""

    row: SignInSession
    account: Account


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One line of the list on the security page."""

    session_id: UUID
    device: str
    network: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool


def start(
    session: Session,
    vault: Vault,
    account: Account,
    *,
    life: SessionLife,
    visit: Visit,
    now: datetime,
    amr: str,
    second_factor_at: datetime | None = None,
) -> Started:
    """Open a session with a token never used before; what a browser sent along beforehand plays no part."""
    token = secrets.token_urlsafe(32)
    row = SignInSession(
        id=new_id(now),
        account_id=account.id,
        token_hash=token_hash(token),
        created_at=now,
        last_seen_at=now,
        ends_at=now + life.absolute(Role(account.role)),
        second_factor_at=second_factor_at,
        # Where there is no password, having come from elsewhere stands for it.
        password_at=now if "pwd" in amr.split() or (account.password_hash is None and "fed" in amr.split()) else None,
        amr=amr,
    )
    vault.seal(session, row, "device", visit.device)
    vault.seal(session, row, "network", visit.network_label)
    session.add(row)
    session.flush()
    return Started(token, row.id)


def find(session: Session, token: str, *, life: SessionLife, now: datetime) -> Found | None:
    """The living session behind a token, or ``None``. Narrows the running transaction to the session's account."""
    account_id = _account_by_token(session, token_hash(token))
    if account_id is None:
        return None
    narrow(session, account_id)
    row = session.scalar(select(SignInSession).where(SignInSession.token_hash == token_hash(token)))
    account = find_account(session, account_id)
    if row is None or account is None or account.status == "closed" or not _is_alive(row, account, life, now):
        return None
    return Found(row, account)


def rotate(session: Session, row: SignInSession) -> str:
    """Give the session a new token; the old one is worthless from the commit on."""
    token = secrets.token_urlsafe(32)
    row.token_hash = token_hash(token)
    session.flush()
    return token


def stamp_second_factor(session: Session, row: SignInSession, *, method: str, now: datetime) -> str:
    """Note that a second factor was shown just now, and rotate; returns the new token."""
    row.second_factor_at = now
    row.amr = " ".join(dict.fromkeys([*row.amr.split(), method]))
    return rotate(session, row)


def stamp_password(session: Session, row: SignInSession, *, now: datetime) -> str:
    """Note that the password was typed again just now, and rotate; returns the new token."""
    row.password_at = now
    return rotate(session, row)


def is_due_for_touch(row: SignInSession, *, now: datetime) -> bool:
    """Whether the last visit on record is old enough to write a new one: not more than once a minute."""
    return now - row.last_seen_at >= _TOUCH_EVERY


def touch(session: Session, session_id: UUID, *, now: datetime) -> None:
    """Note the visit; does nothing when another request has just done it."""
    session.execute(
        update(SignInSession)
        .where(SignInSession.id == session_id, SignInSession.last_seen_at <= now - _TOUCH_EVERY)
        .values(last_seen_at=now)
    )


def revoke(session: Session, account_id: UUID, session_id: UUID, *, now: datetime) -> bool:
    """End one session of the account; ``False`` when there is no such living session of theirs."""
    ended = session.scalar(
        update(SignInSession)
        .where(
            SignInSession.id == session_id,
            SignInSession.account_id == account_id,
            SignInSession.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .returning(SignInSession.id)
    )
    if ended is not None:
        note(session, "session.revoked", at=now, account_id=account_id, session_id=str(session_id))
    return ended is not None


def revoke_all(session: Session, account_id: UUID, *, now: datetime, keep: UUID | None = None) -> int:
    """End every session of the account except ``keep``; returns how many were ended."""
    living = [row.id for row in _living_rows(session, account_id) if row.id != keep]
    return sum(revoke(session, account_id, session_id, now=now) for session_id in living)


def list_sessions(
    session: Session, vault: Vault, account: Account, *, life: SessionLife, now: datetime, current: UUID | None
) -> Sequence[SessionLine]:
    """The account's living sessions, the one visited last first."""
    rows = [row for row in _living_rows(session, account.id) if _is_alive(row, account, life, now)]
    return [
        SessionLine(
            session_id=row.id,
            device=vault.open(session, row, "device"),
            network=vault.open(session, row, "network"),
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            is_current=row.id == current,
        )
        for row in rows
    ]


def actor_of(
    row: SignInSession, account: Account, *, channel: Channel, network: str = "", risk: Risk = Risk.LOW
) -> Actor:
    """The one who asks, made from the record. ``network`` is that of this request, ``risk`` that of this moment."""
    role = Role(account.role)
    return Actor(
        account_id=account.id,
        role=role,
        channel=channel,
        session_id=row.id,
        signed_in_at=None if role is Role.GUEST else row.created_at,
        second_factor_at=row.second_factor_at,
        risk=risk,
        network=network,
    )


def token_hash(token: str) -> bytes:
    """What the tables hold of a token. It has 256 random bits, so a plain SHA-256 can't be tried through."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _account_by_token(session: Session, hashed: bytes) -> UUID | None:
    # On PostgreSQL row-level security hides every row from a session that has no account yet; a SECURITY DEFINER
    # function answers this one question, with a key and nothing else.
    if session.get_bind().dialect.name == "postgresql":
        found = session.scalar(text("SELECT countersign_account_by_session(:h)"), {"h": hashed})
    else:
        found = session.scalar(text("SELECT account_id FROM sign_in_sessions WHERE token_hash = :h"), {"h": hashed})
    return found if found is None or isinstance(found, UUID) else UUID(str(found))


def _is_alive(row: SignInSession, account: Account, life: SessionLife, now: datetime) -> bool:
    is_idle = now - row.last_seen_at >= life.idle(Role(account.role))
    return row.revoked_at is None and now < row.ends_at and not is_idle


def _living_rows(session: Session, account_id: UUID) -> Sequence[SignInSession]:
    return session.scalars(
        select(SignInSession)
        .where(SignInSession.account_id == account_id, SignInSession.revoked_at.is_(None))
        .order_by(SignInSession.last_seen_at.desc())
    ).all()


def forget_sessions(session: Session, *, before: datetime) -> None:
    """Forget sessions that ended before this; that they were there stays in the audit log."""
    session.execute(delete(SignInSession).where(SignInSession.ends_at < before))

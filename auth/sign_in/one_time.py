"""Tokens that work once and soon: the ticket between the two steps of signing in, and the links sent by mail.

The holder has 256 random bits; the table has their SHA-256, the purpose, the account and the end.
"""

import secrets
from collections.abc import Set
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import LargeBinary, String, delete, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned, UtcDateTime, narrow, new_id
from auth.sign_in.sessions import token_hash
from auth.vault import Sealed


class Purpose(StrEnum):
    TICKET = "ticket"
    CONFIRM = "confirm"
    RESET = "reset"
    OUTSIDE_TICKET = "outside_ticket"
    OUTSIDE_CONFIRM = "outside_confirm"
    MAIL_OLD = "mail_old"
    MAIL_NEW = "mail_new"
    MAIL_CANCEL = "mail_cancel"
    LOST_CANCEL = "lost_cancel"
    LOST_FINISH = "lost_finish"
    FACTOR_DISOWN = "factor_disown"


LIFETIME = {
    Purpose.TICKET: timedelta(minutes=5),
    Purpose.CONFIRM: timedelta(hours=24),
    Purpose.RESET: timedelta(minutes=30),
    Purpose.OUTSIDE_TICKET: timedelta(minutes=5),
    Purpose.OUTSIDE_CONFIRM: timedelta(hours=24),
    Purpose.MAIL_OLD: timedelta(hours=24),
    Purpose.MAIL_NEW: timedelta(hours=24),
    Purpose.MAIL_CANCEL: timedelta(days=3),
    Purpose.LOST_CANCEL: timedelta(days=10),
    Purpose.LOST_FINISH: timedelta(days=10),
    Purpose.FACTOR_DISOWN: timedelta(days=7),
}
# Links in mails that ask for a decision (auth.sign_in.mailed_links): one page shows what each of them does.
DECISIONS = frozenset(
    {
        *(Purpose.MAIL_OLD, Purpose.MAIL_NEW, Purpose.MAIL_CANCEL),
        *(Purpose.LOST_CANCEL, Purpose.LOST_FINISH, Purpose.FACTOR_DISOWN),
    }
)


class OneTimeToken(Base, Owned):
    """A token for one ``purpose``. A registration keeps its name and password hash here until it is confirmed."""

    __tablename__ = "one_time_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    name: Mapped[bytes | None] = mapped_column(Sealed)
    password_hash: Mapped[str | None] = mapped_column(String(256))


def issue(session: Session, account_id: UUID, *, purpose: Purpose, now: datetime) -> tuple[str, OneTimeToken]:
    """A new token and its row."""
    token = secrets.token_urlsafe(32)
    row = OneTimeToken(
        id=new_id(now),
        account_id=account_id,
        purpose=purpose.value,
        token_hash=token_hash(token),
        created_at=now,
        ends_at=now + LIFETIME[purpose],
    )
    session.add(row)
    session.flush()
    return token, row


def find_token(session: Session, token: str, *, purpose: Purpose, now: datetime) -> OneTimeToken | None:
    """The row of an unused, unexpired token; narrows the running transaction to its account."""
    return _find(session, token, purposes=frozenset({purpose}), now=now)


def find_decision(session: Session, token: str, *, now: datetime) -> OneTimeToken | None:
    """As :func:`find_token`, for a mailed link that says itself which of the :data:`DECISIONS` it is for."""
    return _find(session, token, purposes=DECISIONS, now=now)


def _find(session: Session, token: str, *, purposes: frozenset[Purpose], now: datetime) -> OneTimeToken | None:
    account_id = _account_by_token(session, token_hash(token))
    if account_id is None:
        return None
    narrow(session, account_id)
    return _live(session, account_id, token, purposes=purposes, now=now)


def find_token_of(
    session: Session, account_id: UUID, token: str, *, purpose: Purpose, now: datetime
) -> OneTimeToken | None:
    """The same for a token of an account that is known already; the transaction's scope stays as it is."""
    return _live(session, account_id, token, purposes=frozenset({purpose}), now=now)


def _live(
    session: Session, account_id: UUID, token: str, *, purposes: frozenset[Purpose], now: datetime
) -> OneTimeToken | None:
    return session.scalar(
        select(OneTimeToken).where(
            OneTimeToken.token_hash == token_hash(token),
            OneTimeToken.account_id == account_id,
            OneTimeToken.purpose.in_([purpose.value for purpose in purposes]),
            OneTimeToken.used_at.is_(None),
            OneTimeToken.ends_at > now,
        )
    )


def use_up(session: Session, row: OneTimeToken, *, now: datetime) -> bool:
    """Spend the token; ``False`` when another request was first."""
    used = session.scalar(
        update(OneTimeToken)
        .where(OneTimeToken.id == row.id, OneTimeToken.used_at.is_(None))
        .values(used_at=now)
        .returning(OneTimeToken.id)
    )
    return used is not None


def use_up_all(session: Session, account_id: UUID, *, now: datetime, only: Set[Purpose] = frozenset(Purpose)) -> None:
    """Make every open token of the account (for these purposes) worthless, and forget what waited with them."""
    session.execute(
        update(OneTimeToken)
        .where(OneTimeToken.account_id == account_id, OneTimeToken.used_at.is_(None))
        .where(OneTimeToken.purpose.in_([purpose.value for purpose in only]))
        .values(used_at=now, password_hash=None)
    )


def _account_by_token(session: Session, hashed: bytes) -> UUID | None:
    # The same narrow question as in auth.sign_in.sessions, with a function of its own on PostgreSQL.
    if session.get_bind().dialect.name == "postgresql":
        found = session.scalar(text("SELECT countersign_account_by_one_time_token(:h)"), {"h": hashed})
    else:
        found = session.scalar(text("SELECT account_id FROM one_time_tokens WHERE token_hash = :h"), {"h": hashed})
    return found if found is None or isinstance(found, UUID) else UUID(str(found))


def forget_tokens(session: Session, *, before: datetime) -> None:
    """Forget tokens that ended before this, with the name and password hash of a registration nobody confirmed."""
    session.execute(delete(OneTimeToken).where(OneTimeToken.ends_at < before))

"""Refresh tokens: each works once and is replaced by the next (OAuth 2.1 §4.3.1).

One that is shown a second time was in two places, and nobody can tell which of them was meant to have it: the whole
family ends, and the customer is asked again.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned, UtcDateTime, new_id
from auth.oauth.delegations import Delegation
from auth.oauth.secrets import Opened, hash_of, new_refresh_token

REFRESH_LIVES: Final = timedelta(days=30)


class RefreshToken(Base, Owned):
    """One link of a family; the family is its delegation."""

    __tablename__ = "oauth_refresh_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    delegation_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_delegations.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def issue_refresh_token(session: Session, delegation: Delegation, *, now: datetime) -> str:
    """The next token of a family. It ends after 30 days without use, and with its delegation."""
    token = new_refresh_token(delegation.account_id)
    session.add(
        RefreshToken(
            id=new_id(now),
            account_id=delegation.account_id,
            token_hash=hash_of(token),
            delegation_id=delegation.id,
            created_at=now,
            ends_at=min(now + REFRESH_LIVES, delegation.ends_at),
        )
    )
    session.flush()
    return token


def find_refresh_token(session: Session, opened: Opened) -> RefreshToken | None:
    """The row of a token, used or not, within the scope of the account it names."""
    return session.scalar(select(RefreshToken).where(RefreshToken.token_hash == opened.hashed))


def use_up(session: Session, row: RefreshToken, *, now: datetime) -> bool:
    """Spend it; ``False`` when it was spent before, by whoever."""
    used = session.scalar(
        update(RefreshToken)
        .where(RefreshToken.id == row.id, RefreshToken.used_at.is_(None))
        .values(used_at=now)
        .returning(RefreshToken.id)
    )
    return used is not None


def forget_refresh_tokens(session: Session, *, before: datetime) -> None:
    """Forget tokens that ran out before this; until then, one that is shown again is recognised."""
    session.execute(delete(RefreshToken).where(RefreshToken.ends_at < before))

"""Authorization codes: one minute, one use, one program, one address, one PKCE challenge (RFC 6749 §4.1, RFC 7636).

A code that is shown a second time takes down everything that was issued for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Text, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned, UtcDateTime, new_id
from auth.oauth.delegations import Delegation
from auth.oauth.secrets import Opened, hash_of, new_code

CODES_LIVE: Final = timedelta(seconds=60)


class AuthorizationCode(Base, Owned):
    """What the customer has just agreed to, until the program fetches it."""

    __tablename__ = "oauth_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    delegation_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_delegations.id", ondelete="CASCADE"), index=True)
    redirect_uri: Mapped[str] = mapped_column(Text)
    challenge: Mapped[str] = mapped_column(String(43))
    nonce: Mapped[str] = mapped_column(String(300))
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Presented:
    """A code as it was found: its row, and whether this is the first time that anybody shows it."""

    row: AuthorizationCode
    is_first: bool


def issue_code(
    session: Session, delegation: Delegation, *, redirect_uri: str, challenge: str, nonce: str, now: datetime
) -> str:
    """A code for a delegation that has just begun."""
    code = new_code(delegation.account_id)
    session.add(
        AuthorizationCode(
            id=new_id(now),
            account_id=delegation.account_id,
            code_hash=hash_of(code),
            delegation_id=delegation.id,
            redirect_uri=redirect_uri,
            challenge=challenge,
            nonce=nonce,
            ends_at=now + CODES_LIVE,
        )
    )
    session.flush()
    return code


def present_code(session: Session, opened: Opened, *, now: datetime) -> Presented | None:
    """Use a code up, whatever comes of it: whoever shows a code with anything wrong beside it has spent it."""
    row = session.scalar(select(AuthorizationCode).where(AuthorizationCode.code_hash == opened.hashed))
    if row is None:
        return None
    first = session.scalar(
        update(AuthorizationCode)
        .where(AuthorizationCode.id == row.id, AuthorizationCode.used_at.is_(None))
        .values(used_at=now)
        .returning(AuthorizationCode.id)
    )
    return Presented(row, first is not None)


def give_code_back(session: Session, row: AuthorizationCode) -> None:
    """Let a code count again, in the transaction that used it up: its own program asked for something it can't have."""
    session.execute(update(AuthorizationCode).where(AuthorizationCode.id == row.id).values(used_at=None))


def forget_codes(session: Session, *, before: datetime) -> None:
    """Forget codes that ran out before this; until then, one that is shown again is recognised."""
    session.execute(delete(AuthorizationCode).where(AuthorizationCode.ends_at < before))

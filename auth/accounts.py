"""Accounts: one row for each person the shop knows, guests and clerks included. Find, open, freeze.

What names a person is sealed (see :mod:`auth.vault`); an e-mail address is found by its blind index only.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, synonym

from auth.actor import Role
from auth.database import Base, Belongs, UtcDateTime, new_id
from auth.vault import Sealed, Vault


class Account(Base, Belongs):
    """A person's account. ``status`` is ``active``, ``frozen`` (may look, may not change) or ``closed``."""

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id = synonym("id")
    role: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default="active")
    name: Mapped[bytes | None] = mapped_column(Sealed)
    email: Mapped[bytes | None] = mapped_column(Sealed)
    email_tag: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    email_verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    password_hash: Mapped[str | None] = mapped_column(String(256))
    password_set_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    language: Mapped[str] = mapped_column(String(8), default="en")
    region: Mapped[str] = mapped_column(String(8), default="eu")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


def open_account(
    session: Session,
    vault: Vault,
    *,
    role: Role,
    now: datetime,
    name: str = "",
    email: str = "",
    account_id: UUID | None = None,
) -> Account:
    """Open an account with a data key of its own; a guest has neither name nor e-mail."""
    account = Account(id=account_id or new_id(now), role=role.value, status="active", created_at=now)
    session.add(account)
    session.flush()
    vault.new_key(session, account.id)
    if name:
        vault.seal(session, account, "name", name)
    if email:
        vault.seal(session, account, "email", email)
        account.email_tag = vault.email_tag(email)
    session.flush()
    return account


def find_account(session: Session, account_id: UUID) -> Account | None:
    """The account by its key, within the session's scope."""
    return session.get(Account, account_id)


def find_account_id_by_email_tag(session: Session, tag: bytes) -> UUID | None:
    """The one look-up that starts from an e-mail instead of a person: it answers with a key and nothing else.

    On PostgreSQL it goes through a ``SECURITY DEFINER`` function, because row-level security hides every account
    from a session that has none yet.
    """
    if session.get_bind().dialect.name == "postgresql":
        found = session.scalar(text("SELECT countersign_account_by_email_tag(:tag)"), {"tag": tag})
    else:
        found = session.scalar(text("SELECT id FROM accounts WHERE email_tag = :tag"), {"tag": tag})
    return found if found is None or isinstance(found, UUID) else UUID(str(found))


def freeze_account(session: Session, account_id: UUID) -> None:
    """From now on the account may look and may not change anything; the policy reads the status."""
    account = session.get_one(Account, account_id)
    account.status = "frozen"


def staff(session: Session) -> Sequence[Account]:
    """Every clerk, oldest first; for a session with the scope of the house."""
    return session.scalars(select(Account).where(Account.role == Role.CLERK).order_by(Account.created_at)).all()

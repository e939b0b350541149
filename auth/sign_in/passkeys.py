"""Passkeys: one public key for each authenticator a person has added, with a name of their own and its counter.

Id, key and name are sealed and bound to the row and its account, so whoever can write to the table still cannot plant a
key of their own. A key is found by the SHA-256 of its id.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, delete, func, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned, UtcDateTime, new_id
from auth.sign_in.authenticators import Made, Shown
from auth.vault import Sealed, Vault

MOST = 20
LONGEST_NAME = 60


class Passkey(Base, Owned):
    """One credential. ``sign_count`` is the highest seen (0 where an authenticator does not count)."""

    __tablename__ = "passkeys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    id_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    credential: Mapped[bytes | None] = mapped_column(Sealed)
    public_key: Mapped[bytes | None] = mapped_column(Sealed)
    name: Mapped[bytes | None] = mapped_column(Sealed)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    can_be_copied: Mapped[bool]
    is_copied: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class PasskeyLine:
    """One line of the list on the security page. ``can_be_copied`` and ``is_copied`` are the flags BE and BS."""

    passkey_id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    can_be_copied: bool
    is_copied: bool


def user_handle(vault: Vault, account_id: UUID) -> bytes:
    """What authenticators keep as the user's id: 32 bytes that name nobody (WebAuthn level 3 §14.6.1)."""
    return vault.tag("passkey user", str(account_id))


def keep(session: Session, vault: Vault, account_id: UUID, *, made: Made, name: str, now: datetime) -> Passkey:
    """Write a new passkey down. IntegrityError when the same credential was added at this very moment."""
    row = Passkey(
        id=new_id(now),
        account_id=account_id,
        id_hash=hash_of(made.credential_id),
        sign_count=made.sign_count,
        can_be_copied=made.can_be_copied,
        is_copied=made.is_copied,
        created_at=now,
    )
    vault.seal_bytes(session, row, "credential", made.credential_id)
    vault.seal_bytes(session, row, "public_key", made.public_key)
    vault.seal(session, row, "name", name)
    session.add(row)
    session.flush()
    return row


def account_of_credential(session: Session, credential_id: bytes) -> UUID | None:
    """The account a credential belongs to: a key and nothing else, asked before anybody is known."""
    hashed = hash_of(credential_id)
    if session.get_bind().dialect.name == "postgresql":
        found = session.scalar(text("SELECT countersign_account_by_passkey(:h)"), {"h": hashed})
    else:
        found = session.scalar(text("SELECT account_id FROM passkeys WHERE id_hash = :h"), {"h": hashed})
    return found if found is None or isinstance(found, UUID) else UUID(str(found))


def find_by_credential(session: Session, account_id: UUID, credential_id: bytes) -> Passkey | None:
    """The account's own passkey with this credential id."""
    mine = select(Passkey).where(Passkey.account_id == account_id)
    return session.scalar(mine.where(Passkey.id_hash == hash_of(credential_id)))


def find_passkey(session: Session, account_id: UUID, passkey_id: UUID) -> Passkey | None:
    """One of the account's own passkeys."""
    return session.scalar(select(Passkey).where(Passkey.account_id == account_id, Passkey.id == passkey_id))


def count_use(session: Session, row: Passkey, *, shown: Shown, now: datetime) -> bool:
    """Move the counter on; ``False`` when it does not go up, as when a copy of the key has been used meanwhile.

    Both counters at zero mean that the authenticator does not count (WebAuthn level 3 §6.1.1).
    """
    allowed = [Passkey.sign_count < shown.sign_count]
    if shown.sign_count == 0:
        allowed.append(Passkey.sign_count == 0)
    # Compared and set in one statement: of two answers with one counter, the second is refused.
    used = session.scalar(
        update(Passkey)
        .where(Passkey.id == row.id, or_(*allowed))
        .values(sign_count=shown.sign_count, is_copied=shown.is_copied, last_used_at=now)
        .returning(Passkey.id)
    )
    return used is not None


def count_passkeys(session: Session, account_id: UUID) -> int:
    """How many the account has."""
    return session.scalar(select(func.count(Passkey.id)).where(Passkey.account_id == account_id)) or 0


def credential_ids(session: Session, vault: Vault, account_id: UUID) -> Sequence[bytes]:
    """The ids of the account's credentials, for the browser to look for."""
    return [vault.open_bytes(session, row, "credential") for row in _rows(session, account_id)]


def list_passkeys(session: Session, vault: Vault, account_id: UUID) -> Sequence[PasskeyLine]:
    """The account's passkeys, oldest first."""
    return [
        PasskeyLine(
            passkey_id=row.id,
            name=vault.open(session, row, "name"),
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            can_be_copied=row.can_be_copied,
            is_copied=row.is_copied,
        )
        for row in _rows(session, account_id)
    ]


def remove_all(session: Session, account_id: UUID) -> None:
    """Take every passkey away, as when a lost second factor is given up."""
    session.execute(delete(Passkey).where(Passkey.account_id == account_id))


def hash_of(credential_id: bytes) -> bytes:
    return hashlib.sha256(credential_id).digest()


def _rows(session: Session, account_id: UUID) -> Sequence[Passkey]:
    return session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)).all()

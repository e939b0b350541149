"""Keys that belong to the house and to no account: their private part is wrapped with a key-encryption key.

Such a key is 32 bytes (the scalar of a P-256 key, for example), so it fits where a data key fits, and is re-wrapped
with them when the key-encryption keys rotate.
"""

from datetime import datetime

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, UtcDateTime
from auth.vault.envelope import join
from auth.vault.keys import KeyProvider


class HouseKey(Base):
    """One key. ``public`` is its public part as JSON. It makes nothing new after ``retired_at``, and what it has made
    is not believed after ``served_until``; both are ``None`` while it is the current one."""

    __tablename__ = "house_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32), index=True)
    kek_id: Mapped[str] = mapped_column(String(64))
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    public: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    served_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


def wrap_house_key(session: Session, provider: KeyProvider, row: HouseKey, secret: bytes) -> None:
    """Wrap ``secret`` (32 bytes) with the current key-encryption key and add the row."""
    row.kek_id = provider.current()
    row.wrapped = provider.wrap(row.kek_id, secret, _place(row, row.kek_id))
    session.add(row)


def unwrap_house_key(provider: KeyProvider, row: HouseKey) -> bytes:
    """The 32 bytes again. :class:`~auth.vault.Tampered` when the row was changed or its key moved to another row."""
    return provider.unwrap(row.kek_id, row.wrapped, _place(row, row.kek_id))


def rewrap_house_key(provider: KeyProvider, row: HouseKey, kek_id: str) -> None:
    """Wrap it with another key-encryption key; the key itself stays the same."""
    secret = unwrap_house_key(provider, row)
    row.wrapped, row.kek_id = provider.wrap(kek_id, secret, _place(row, kek_id)), kek_id


def _place(row: HouseKey, kek_id: str) -> bytes:
    return join("house key", row.purpose, row.id, row.public, kek_id)

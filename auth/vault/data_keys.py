"""One data key for each account: its row, and the bounded cache of unwrapped keys.

The row is read in every session that opens a value, under the session's scope, so what the cache holds can neither
reach beyond the scope nor outlive a shredding that another process did.
"""

import threading
from collections import OrderedDict
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base, Owned, UtcDateTime
from auth.vault.envelope import join


class DataKey(Base, Owned):
    """The wrapped data key of an account. Shredding overwrites ``wrapped`` with zeros and dates ``shredded_at``."""

    __tablename__ = "data_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), unique=True)
    kek_id: Mapped[str] = mapped_column(String(64), index=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    shredded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def wrapping_place(account_id: UUID, kek_id: str) -> bytes:
    """The associated data of a wrapped key: it unwraps for this account and under this KEK only."""
    return join("data key", account_id.hex, kek_id)


class KeyCache:
    """The most recently used data keys, at most ``size`` of them; safe to share between threads."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError("the cache of data keys holds at least one key")
        self._size = size
        self._keys: OrderedDict[UUID, AESGCM] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key_id: UUID) -> AESGCM | None:
        with self._lock:
            if key_id not in self._keys:
                return None
            self._keys.move_to_end(key_id)
            return self._keys[key_id]

    def put(self, key_id: UUID, key: AESGCM) -> None:
        with self._lock:
            self._keys[key_id] = key
            self._keys.move_to_end(key_id)
            while len(self._keys) > self._size:
                self._keys.popitem(last=False)

    def drop(self, key_id: UUID) -> None:
        with self._lock:
            self._keys.pop(key_id, None)

    def __contains__(self, key_id: UUID) -> bool:
        with self._lock:
            return key_id in self._keys

    def __len__(self) -> int:
        with self._lock:
            return len(self._keys)

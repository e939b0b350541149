"""Seal what names a person, open it again in the same place, find it by a keyed hash, and destroy it for good."""

import hmac
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, event, inspect, select, text
from sqlalchemy.orm import Mapper, Session

from auth.database import Belongs, OutOfScope, Scope, new_id
from auth.vault.blind_index import normalise_email
from auth.vault.data_keys import DataKey, KeyCache, wrapping_place
from auth.vault.envelope import KeyMissing, Sealed, Shredded, Tampered, decrypt, encrypt, join, place
from auth.vault.keys import KeyProvider

Clock = Callable[[], datetime]
_DEK_BYTES = 32
_SEEN = "vault.data_keys"
# Any number will do, as long as it is the same in every process: it names our advisory lock on PostgreSQL.
_ROTATION_LOCK = 0x5EA1_0001


class Vault:
    """The only way in and out of a :class:`~auth.vault.Sealed` column. Safe to share between threads.

    A row needs its ``id`` and ``account_id`` before anything is sealed in it: both are part of what is authenticated,
    with the names of table and column, so a sealed value moved to another place does not open.
    """

    def __init__(self, provider: KeyProvider, *, clock: Clock, cache_size: int = 512) -> None:
        self.provider = provider
        self.cache = KeyCache(cache_size)
        self._clock = clock

    def new_key(self, session: Session, account_id: UUID) -> None:
        """Give an account its data key: 32 random bytes, stored wrapped. An account gets one, once."""
        _check_scope(session, account_id)
        # Taken before the current KEK is asked for, so that no key is wrapped with a KEK which is being retired.
        hold_off_retirement(session)
        now, kek_id, dek = self._clock(), self.provider.current(), os.urandom(_DEK_BYTES)
        wrapped = self.provider.wrap(kek_id, dek, wrapping_place(account_id, kek_id))
        key = DataKey(id=new_id(now), account_id=account_id, kek_id=kek_id, wrapped=wrapped, created_at=now)
        session.add(key)
        _seen(session)[account_id] = key
        self.cache.put(key.id, AESGCM(dek))

    def seal(self, session: Session, row: Belongs, column: str, text: str) -> None:
        """Encrypt ``text`` for ``row.column`` and put it there; the row is flushed with the session as usual."""
        self.seal_bytes(session, row, column, text.encode())

    def open(self, session: Session, row: Belongs, column: str) -> str:
        """The text in ``row.column``, or ``""`` when the column is NULL.

        Raises :class:`Tampered`, :class:`Shredded`, :class:`KeyMissing`, or
        :class:`~auth.database.OutOfScope` when the row's account is not the session's.
        """
        return self.open_bytes(session, row, column).decode()

    def seal_bytes(self, session: Session, row: Belongs, column: str, content: bytes) -> None:
        """As :meth:`seal`, for content that is not text."""
        target, row_id, account_id = _place_parts(row, column)
        key = self._key(session, account_id)
        setattr(row, column, encrypt(key, content, place(target.table.name, target.name, row_id, account_id)))

    def open_bytes(self, session: Session, row: Belongs, column: str) -> bytes:
        """As :meth:`open`, for content that is not text; ``b""`` when the column is NULL."""
        target, row_id, account_id = _place_parts(row, column)
        _check_scope(session, account_id)
        sealed = getattr(row, column)
        if sealed is None:
            return b""
        table = target.table.name
        content = decrypt(self._key(session, account_id), sealed, place(table, target.name, row_id, account_id))
        if content is None:
            raise Tampered(f"{table}.{target.name} of row {row_id} does not open: it was changed or moved")
        return content

    def shred(self, session: Session, account_id: UUID) -> None:
        """Destroy the account's data key; from the commit on, nothing sealed under it opens, in any process.

        A backup made earlier still holds the wrapped key: it opens until the KEK it names is rotated and retired.
        """
        _check_scope(session, account_id)
        query = select(DataKey).where(DataKey.account_id == account_id).with_for_update()
        key = session.scalar(query.execution_options(populate_existing=True))
        if key is None:
            raise KeyMissing(f"account {account_id} has no data key")
        if key.shredded_at is None:
            # Zeros of the same length make SQLite overwrite the old bytes in place.
            key.wrapped, key.shredded_at = bytes(len(key.wrapped)), self._clock()
        self.cache.drop(key.id)
        # Until the commit another session may still unwrap the old key and cache it: it is dropped once more after.
        event.listen(session, "after_commit", lambda _: self.cache.drop(key.id), once=True)

    def rewrap(self, key: DataKey, kek_id: str) -> None:
        """Wrap a data key with another KEK; the data key itself, and so every sealed value, stays the same."""
        dek = self.provider.unwrap(key.kek_id, key.wrapped, wrapping_place(key.account_id, key.kek_id))
        key.wrapped = self.provider.wrap(kek_id, dek, wrapping_place(key.account_id, kek_id))
        key.kek_id = kek_id

    def email_tag(self, email: str) -> bytes:
        """The blind index of an e-mail address: 32 bytes, the same for every spelling :func:`normalise_email` joins."""
        return self.tag("email", normalise_email(email))

    def tag(self, kind: str, text: str) -> bytes:
        """HMAC-SHA256 of a text under the blind-index key, 32 bytes; tags of different kinds never match."""
        return hmac.digest(self.provider.index_key(), join("tag", kind, text), "sha256")

    def _key(self, session: Session, account_id: UUID) -> AESGCM:
        _check_scope(session, account_id)
        row = _data_key(session, account_id)
        if row.shredded_at is not None:
            raise Shredded(f"the data key of account {account_id} was destroyed")
        key = self.cache.get(row.id)
        if key is None:
            dek = self.provider.unwrap(row.kek_id, row.wrapped, wrapping_place(account_id, row.kek_id))
            key = AESGCM(dek)
            self.cache.put(row.id, key)
        return key


def hold_off_retirement(session: Session, *, alone: bool = False) -> None:
    """Keep KEK retirement and the making of data keys apart until the transaction ends.

    On SQLite the write lock, which every changing transaction takes first, does this already.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        session.execute(text(f"SELECT {lock}(:number)"), {"number": _ROTATION_LOCK})


def _check_scope(session: Session, account_id: UUID) -> None:
    """The second wall: the row guard hides other people's rows, and this refuses their keys."""
    scope = session.info.get("scope")
    if not isinstance(scope, Scope) or not (scope.is_house or scope.account_id == account_id):
        raise OutOfScope("the data key of another account than the session's was asked for")


def _data_key(session: Session, account_id: UUID) -> DataKey:
    seen = _seen(session)
    key = seen.get(account_id)
    if key is None or key not in session:
        # The row being sealed may be incomplete still: looking up its key must not flush it.
        with session.no_autoflush:
            key = session.scalar(select(DataKey).where(DataKey.account_id == account_id))
        if key is None:
            raise KeyMissing(f"account {account_id} has no data key")
        seen[account_id] = key
    return key


def _seen(session: Session) -> dict[UUID, DataKey]:
    """The data keys this session has read already; a session holds its rows weakly, this dictionary keeps them."""
    return cast(dict[UUID, DataKey], session.info.setdefault(_SEEN, {}))


def _place_parts(row: Belongs, column: str) -> tuple[Column[Any], object, UUID]:
    mapper: Mapper[Any] = inspect(type(row))
    found = mapper.columns.get(column)
    if found is None or not isinstance(found.type, Sealed):
        raise TypeError(f"{type(row).__name__}.{column} is not a sealed column")
    row_id, account_id = cast(Any, row).id, row.account_id
    if row_id is None or not isinstance(account_id, UUID):
        raise ValueError(f"a row of {type(row).__name__} needs its id and account_id before {column} is sealed")
    return found, row_id, account_id

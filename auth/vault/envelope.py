"""One sealed value: AES-256-GCM, bound to the place it was sealed for, and a column type that takes nothing else.

A sealed value is one version byte, a random 96-bit nonce, and the ciphertext with its 128-bit tag. Random nonces are
safe for 2**32 values under one key (NIST SP 800-38D §8.3), and each account has a key of its own. The length of the
text is not hidden.
"""

import os
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_SMALLEST: Final = 1 + _NONCE_BYTES + _TAG_BYTES


class VaultError(Exception):
    """Something the vault cannot open or keep. The message names places and keys, never contents."""


class Tampered(VaultError):
    """A stored value does not belong where it was found, or was changed since it was sealed."""


class Shredded(VaultError):
    """The account's data key was destroyed: what was sealed under it can never be opened again."""


class KeyMissing(VaultError):
    """A data key or a key-encryption key that should exist does not."""


class SealedBytes(bytes):
    """Ciphertext made by the vault; it never shows itself in a log or a traceback."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<encrypted>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("<encrypted>", spec)


class Sealed(TypeDecorator[bytes]):
    """A column for sealed values only: plaintext cannot be stored by accident, nor compared with in a query."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        if not isinstance(value, SealedBytes) or len(value) < _SMALLEST or not value.startswith(_VERSION):
            raise TypeError(
                "a sealed column takes sealed values only: write to it with Vault.seal(session, row, column)"
            )
        return bytes(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> SealedBytes | None:
        return None if value is None else SealedBytes(value)


def place(table: str, column: str, row_id: object, account_id: UUID) -> bytes:
    """The associated data of a value: where it stands and whose it is, so that it opens nowhere else."""
    return join("value", table, column, f"{type(row_id).__name__}:{row_id}", account_id.hex)


def join(*parts: str) -> bytes:
    """Encode a sequence of texts so that no two sequences give the same bytes: each part after its length (4 bytes)."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4) + part for part in encoded)


def encrypt(key: AESGCM, plain: bytes, place: bytes) -> SealedBytes:
    """Seal under a fresh random nonce; the version byte is authenticated with the place."""
    nonce = os.urandom(_NONCE_BYTES)
    return SealedBytes(_VERSION + nonce + key.encrypt(nonce, plain, _VERSION + place))


def decrypt(key: AESGCM, sealed: bytes, place: bytes) -> bytes | None:
    """The content, or ``None`` when the value was not sealed under this key for this place."""
    if len(sealed) < _SMALLEST or not sealed.startswith(_VERSION):
        return None
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return key.decrypt(nonce, body, _VERSION + place)
    except InvalidTag:
        return None

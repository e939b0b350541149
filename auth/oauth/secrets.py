"""Codes, refresh tokens and client secrets: random, told once, and kept as a SHA-256 only.

A code and a refresh token begin with the account they belong to, so that they are looked up within that account's own
rows: no look-up comes before somebody is known, and the row guard holds from the first statement on.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from uuid import UUID

_SHAPE = re.compile(r"cs_(?P<kind>code|refresh)_(?P<owner>[A-Za-z0-9_-]{22})\.(?P<random>[A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Opened:
    """Whose it says it is, and the hash that the row must have."""

    account_id: UUID
    hashed: bytes


def new_code(account_id: UUID) -> str:
    """An authorization code: 256 random bits after its account."""
    return _new("code", account_id)


def new_refresh_token(account_id: UUID) -> str:
    return _new("refresh", account_id)


def new_client_secret() -> str:
    return f"cs_client_{secrets.token_urlsafe(32)}"


def opened(text: str, *, kind: str) -> Opened | None:
    """What a presented code or refresh token says of itself; ``None`` when it is none."""
    shape = _SHAPE.fullmatch(text)
    if shape is None or shape["kind"] != kind:
        return None
    try:
        account_id = UUID(bytes=base64.urlsafe_b64decode(shape["owner"] + "=="))
    except (ValueError, binascii.Error):
        return None
    return Opened(account_id, hash_of(text))


def hash_of(secret: str) -> bytes:
    """What the tables hold. 256 random bits can't be tried through, so a plain SHA-256 is enough."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def is_secret(presented: str, hashed: bytes) -> bool:
    """Whether this is the secret behind a hash; takes the same time wherever they differ."""
    return hmac.compare_digest(hash_of(presented), hashed)


def _new(kind: str, account_id: UUID) -> str:
    owner = base64.urlsafe_b64encode(account_id.bytes).rstrip(b"=").decode()
    return f"cs_{kind}_{owner}.{secrets.token_urlsafe(32)}"

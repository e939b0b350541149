"""The keys that sign tokens: ES256, wrapped with the vault's key-encryption key, turned without breaking a token.

The newest key signs. One that was turned away is served until the last token it signed has run out (RFC 7517; the
rotation of OpenID Connect Core §10.1.1).
"""

import base64
import json
import re
import threading
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc.jwk import ECKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.actor import Channel
from auth.database import Database, Scope
from auth.oauth.noted import note
from auth.vault import Vault
from auth.vault.house_keys import HouseKey, unwrap_house_key, wrap_house_key

ALGORITHM: Final = "ES256"
PURPOSE: Final = "token signing"
_KID = re.compile(r"[A-Za-z0-9_-]{43}")
_MOST_CACHED = 16


class SigningKeys:
    """Every signing key of the house. Safe to share between threads; ``lives`` is how long a token may live."""

    def __init__(self, vault: Vault, *, lives: timedelta) -> None:
        self._vault, self._lives = vault, lives
        self._cache: dict[str, ECKey] = {}
        self._lock = threading.Lock()

    def current(self, session: Session, now: datetime) -> ECKey:
        """The key that signs, with its private part; the first one is made here. Needs a changing transaction."""
        row = _newest(session) or self._make(session, now)
        return ECKey.import_key(_jwk(row, unwrap_house_key(self._vault.provider, row)))

    def rotate(self, session: Session, now: datetime, *, at_once: bool = False) -> str:
        """Let a new key sign from now on, and answer with its id. ``at_once`` is for a key that has leaked: nothing an
        older key has signed is believed from the commit on."""
        for row in session.scalars(select(HouseKey).where(HouseKey.purpose == PURPOSE)):
            row.retired_at = row.retired_at or now
            served = row.served_until or now + self._lives
            row.served_until = min(served, now) if at_once else served
        row = self._make(session, now)
        note(
            session, "signing_key.rotated", at=now, account_id=None, channel=Channel.HOUSE, kid=row.id, at_once=at_once
        )
        return row.id

    def public(self, database: Database, kid: str) -> ECKey | None:
        """The public key of this id, served or not: whether it is still believed is asked with the delegation."""
        known = self._cache.get(kid)
        if known is not None or _KID.fullmatch(kid) is None:
            return known
        with database.read(Scope.own(None)) as session:
            row = session.get(HouseKey, kid)
        if row is None or row.purpose != PURPOSE:
            return None
        key = ECKey.import_key(json.loads(row.public))
        with self._lock:
            if len(self._cache) >= _MOST_CACHED:
                self._cache.clear()
            self._cache[kid] = key
        return key

    def jwks(self, session: Session, now: datetime) -> dict[str, list[dict[str, str]]]:
        """The public keys that are believed now, newest first (RFC 7517 §5)."""
        rows = session.scalars(select(HouseKey).where(HouseKey.purpose == PURPOSE).order_by(HouseKey.created_at.desc()))
        return {"keys": [json.loads(r.public) for r in rows if r.served_until is None or r.served_until > now]}

    def _make(self, session: Session, now: datetime) -> HouseKey:
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM})
        kid = key.thumbprint()
        public = json.dumps({**key.as_dict(private=False), "kid": kid}, sort_keys=True)
        row = HouseKey(id=kid, purpose=PURPOSE, public=public, created_at=now)
        secret = str(key.as_dict(private=True)["d"])
        wrap_house_key(session, self._vault.provider, row, base64.urlsafe_b64decode(secret + "=="))
        session.flush()
        return row


def forget_signing_keys(session: Session, *, before: datetime) -> None:
    """Forget keys that nothing has been believed of since before this."""
    for row in session.scalars(select(HouseKey).where(HouseKey.served_until < before)):
        session.delete(row)


def _newest(session: Session) -> HouseKey | None:
    living = select(HouseKey).where(HouseKey.purpose == PURPOSE, HouseKey.retired_at.is_(None))
    return session.scalar(living.order_by(HouseKey.created_at.desc(), HouseKey.id).limit(1))


def _jwk(row: HouseKey, secret: bytes) -> dict[str, Any]:
    return {**json.loads(row.public), "d": base64.urlsafe_b64encode(secret).rstrip(b"=").decode()}

"""What the demo's identity provider knows and decides: its client, its codes and its keys. HTTP is in ``pages``.

Codes are random, good for a minute and one exchange, and bound to client, address and PKCE challenge (OAuth 2.1 §4.1).
"""

import base64
import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from auth.sign_in.outside.providers import LOOPBACK, Provider
from frontend.demo_provider.people import PEOPLE, DemoPerson
from shop.demo import DemoMode

NAME, KEY = "Demo identity", "demo-identity"
ALGORITHM = "ES256"
CODE_LASTS = timedelta(minutes=1)
TOKEN_LASTS = timedelta(minutes=5)
MOST = 1000


@dataclass(frozen=True, slots=True)
class Request:
    """An authorization request that may be answered: its client and address are known."""

    client_id: str
    redirect_uri: str
    state: str
    scope: str
    challenge: str
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """The one shop this provider knows."""

    client_id: str
    secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Granted:
    request: Request
    person: DemoPerson
    at: datetime


class DemoProvider:
    """The provider at ``issuer``. ValueError off loopback. Safe to share between threads."""

    def __init__(self, demo: DemoMode, *, issuer: str, client: Client, clock: Callable[[], datetime]) -> None:
        host = issuer.removeprefix("http://").rpartition(":")[0]
        if host not in LOOPBACK:
            raise ValueError("the demo's identity provider asks for no password, so it is served on loopback only")
        self.demo, self.issuer, self.client, self._clock = demo, issuer, client, clock
        self._keys = [_new_key()]
        self._codes: OrderedDict[str, _Granted] = OrderedDict()
        self._tokens: OrderedDict[str, _Granted] = OrderedDict()
        self._lock = threading.Lock()

    def as_seen_by_the_shop(self) -> Provider:
        """What the shop's settings say about it."""
        return Provider(KEY, NAME, self.issuer, self.client.client_id, self.client.secret)

    def rotate(self) -> None:
        """Sign with a new key from now on; the one before stays published, for tokens under way."""
        with self._lock:
            self._keys = [_new_key(), *self._keys[:1]]

    def published_keys(self) -> list[Any]:
        """The public halves, the newest first."""
        with self._lock:
            return [key.as_dict(private=False, use="sig", alg=ALGORITHM) for key in self._keys]

    def knows(self, client_id: str, redirect_uri: str) -> bool:
        """Whether an answer may be sent to this address at all: the exact one, or nobody is sent anywhere."""
        return client_id == self.client.client_id and redirect_uri in self.client.redirect_uris

    def is_client(self, client_id: str, secret: str) -> bool:
        same = hmac.compare_digest(secret.encode("utf-8", "replace"), self.client.secret.encode())
        return same and client_id == self.client.client_id

    def person(self, subject: str) -> DemoPerson | None:
        return next((person for person in PEOPLE if person.subject == subject), None)

    def grant(self, request: Request, person: DemoPerson) -> str:
        """A code for this request."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            _put(self._codes, code, _Granted(request, person, self._clock()))
        return code

    def redeem(self, *, code: str, redirect_uri: str, verifier: str) -> dict[str, Any] | None:
        """The tokens for a code; ``None`` when anything about it is not as it was. A code is used up by the try."""
        now = self._clock()
        with self._lock:
            granted = self._codes.pop(code, None)
        if granted is None or now - granted.at >= CODE_LASTS or granted.request.redirect_uri != redirect_uri:
            return None
        if not hmac.compare_digest(challenge_of(verifier), granted.request.challenge):
            return None
        access_token = secrets.token_urlsafe(32)
        with self._lock:
            _put(self._tokens, access_token, _Granted(granted.request, granted.person, now))
            key = self._keys[0]
        header = {"alg": ALGORITHM, "kid": key.kid}
        id_token = jwt.encode(header, self._claims(granted, access_token, now), key, algorithms=[ALGORITHM])
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LASTS.total_seconds()),
            "scope": granted.request.scope,
            "id_token": id_token,
        }

    def user(self, access_token: str) -> dict[str, Any] | None:
        """What an access token may read; ``None`` for one that is unknown or too old."""
        with self._lock:
            granted = self._tokens.get(access_token)
        if granted is None or self._clock() - granted.at >= TOKEN_LASTS:
            return None
        return {"sub": granted.person.subject, **_told(granted)}

    def _claims(self, granted: _Granted, access_token: str, now: datetime) -> dict[str, Any]:
        at = int(now.timestamp())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "sub": granted.person.subject,
            "aud": self.client.client_id,
            "iat": at,
            "auth_time": int(granted.at.timestamp()),
            "exp": at + int(TOKEN_LASTS.total_seconds()),
            "at_hash": _text(half),
        }
        nonce = {"nonce": granted.request.nonce} if granted.request.nonce else {}
        return {**claims, **nonce, **_told(granted)}


def challenge_of(verifier: str) -> str:
    """PKCE S256 (RFC 7636 §4.2)."""
    return _text(hashlib.sha256(verifier.encode("utf-8", "replace")).digest())


def _told(granted: _Granted) -> dict[str, Any]:
    person, scopes = granted.person, granted.request.scope.split()
    email = {"email": person.email, "email_verified": person.is_checked} if "email" in scopes else {}
    return {**email, **({"name": person.name} if "profile" in scopes else {})}


def _new_key() -> ECKey:
    return ECKey.generate_key("P-256", auto_kid=True)


def _put(kept: OrderedDict[str, _Granted], name: str, granted: _Granted) -> None:
    kept[name] = granted
    while len(kept) > MOST:
        kept.popitem(last=False)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

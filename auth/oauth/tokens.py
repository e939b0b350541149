"""Access tokens (RFC 9068) and ID tokens (OpenID Connect Core §2): short-lived, signed, and for somebody named.

An access token lives ten minutes at most and names the delegation it was issued under; whether that still holds is
asked at every call (:mod:`auth.oauth.bearer`). An ID token tells a program who signed in, and opens nothing here.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from sqlalchemy.orm import Session

from auth.oauth.clients import Client
from auth.oauth.delegations import Delegation
from auth.oauth.issuer import TOKENS_LIVE, Issuer
from auth.oauth.keys import ALGORITHM

ACCESS_TYPE = "at+jwt"
DELEGATION = "delegation"


@dataclass(frozen=True, slots=True)
class Issued:
    """A signed token and the seconds it lives."""

    text: str
    expires_in: int


def access_token(
    session: Session,
    issuer: Issuer,
    delegation: Delegation,
    *,
    scopes: Sequence[str],
    audiences: Sequence[str],
    now: datetime,
) -> Issued:
    """A token for calls in a customer's name. It goes no further than the delegation, and ends with it."""
    ends_at = min(now + TOKENS_LIVE, delegation.ends_at)
    claims: dict[str, Any] = {
        **_common(issuer, now, ends_at),
        "sub": str(delegation.account_id),
        "client_id": delegation.client_id,
        DELEGATION: str(delegation.id),
        "aud": _one_or_many(audiences),
        "scope": " ".join(scopes),
        **_proof(delegation),
    }
    if delegation.parent_id is not None:
        claims["act"] = {"sub": delegation.actor, "digest": delegation.digest}
    return Issued(_sign(session, issuer, claims, ACCESS_TYPE, now), _seconds(now, ends_at))


def service_token(session: Session, issuer: Issuer, client: Client, *, scopes: Sequence[str], now: datetime) -> Issued:
    """A token for a service of the shop itself (RFC 6749 §4.4); it acts for no customer and has no delegation."""
    claims: dict[str, Any] = {
        **_common(issuer, now, now + TOKENS_LIVE),
        "sub": client.id,
        "client_id": client.id,
        "aud": issuer.api,
        "scope": " ".join(scopes),
    }
    return Issued(_sign(session, issuer, claims, ACCESS_TYPE, now), _seconds(now, now + TOKENS_LIVE))


def id_token(
    session: Session, issuer: Issuer, delegation: Delegation, *, nonce: str, access_token: str, now: datetime
) -> str:
    """Who signed in, for the program alone: ``aud`` is its id, ``at_hash`` ties the access token to it."""
    claims: dict[str, Any] = {
        **_common(issuer, now, now + TOKENS_LIVE),
        "sub": str(delegation.account_id),
        "aud": delegation.client_id,
        "azp": delegation.client_id,
        "at_hash": half_hash(access_token),
        **_proof(delegation),
    }
    if nonce:
        claims["nonce"] = nonce
    return _sign(session, issuer, claims, "JWT", now)


def half_hash(token: str) -> str:
    """The left half of SHA-256, as OpenID Connect Core §3.1.3.6 has it for ES256."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()


def _common(issuer: Issuer, now: datetime, ends_at: datetime) -> dict[str, Any]:
    issued, ends = int(now.timestamp()), int(ends_at.timestamp())
    return {"iss": issuer.url, "iat": issued, "exp": ends, "jti": secrets.token_urlsafe(16)}


def _proof(delegation: Delegation) -> dict[str, Any]:
    proof: dict[str, Any] = {"acr": delegation.acr} if delegation.acr else {}
    if delegation.amr:
        proof["amr"] = delegation.amr.split()
    if delegation.auth_time is not None:
        proof["auth_time"] = int(delegation.auth_time.timestamp())
    return proof


def _sign(session: Session, issuer: Issuer, claims: dict[str, Any], kind: str, now: datetime) -> str:
    key = issuer.keys.current(session, now)
    header = {"alg": ALGORITHM, "typ": kind, "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def _one_or_many(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _seconds(now: datetime, ends_at: datetime) -> int:
    return int((ends_at - now).total_seconds())

"""Checks an ID token in numbered steps (OpenID Connect Core 1.0 §3.1.3.7); what fails any of them proves nothing.

Which key and which algorithm count is decided from the provider's own document. A token's header only says which of
them to try: addresses and keys that it brings along are a reason to refuse it.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry, extract_compact

from auth.sign_in.outside.trouble import OutsideTrouble, Trouble

LEEWAY_S = 60
# A token that comes straight from the provider was made for this sign-in.
OLDEST_S = 600
MOST_CHARS = 16_384
_KEYS_BROUGHT_ALONG = ("jku", "jwk", "x5u", "x5c")

FindKey = Callable[[str | None, str], Key | None]
"""The provider's key with this name for this algorithm: ``find(kid, algorithm)``."""


def check_id_token(
    token: object,
    *,
    find_key: FindKey,
    algorithms: tuple[str, ...],
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: object,
    now: datetime,
) -> Mapping[str, Any]:
    """The claims of a sound token. :class:`OutsideTrouble` names the step that failed, for the log."""
    # (1) It is there, of a sensible size, and its header reads.
    if not isinstance(token, str) or len(token) > MOST_CHARS:
        raise _unsound("no token")
    header = _header(token)
    # (2) Signed with an algorithm of this provider: so neither "none" nor an HMAC over something public.
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise _unsound("algorithm")
    # (3) The header brings no key of its own and wants nothing that is not understood here.
    if any(name in header for name in _KEYS_BROUGHT_ALONG) or "crit" in header or "b64" in header:
        raise _unsound("header")
    # (4) The signature, with a key that the provider publishes.
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise _unsound("kid")
    key = find_key(kid, algorithm)
    if key is None:
        raise _unsound("unknown key")
    try:
        registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        claims = jwt.decode(token, key, registry=registry).claims
    except (JoseError, ValueError, TypeError) as error:
        raise _unsound("signature") from error
    # (5) Who made it, for whom, for which question and when.
    if claims.get("iss") != issuer:
        raise _unsound("issuer")
    _check_audience(claims, client_id)
    _check_times(claims, now)
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise _unsound("nonce")
    # (6) It belongs to the access token beside it, where it says so (§3.1.3.6).
    if "at_hash" in claims and claims["at_hash"] != _half_hash(access_token, algorithm):
        raise _unsound("at_hash")
    if not is_subject(claims.get("sub")):
        raise _unsound("subject")
    return claims


def is_subject(value: object) -> bool:
    """Whether a provider may call a person so: 1 to 255 visible ASCII characters (OpenID Connect Core 1.0 §2)."""
    return isinstance(value, str) and 0 < len(value) <= 255 and value.isascii() and value.isprintable()


def _header(token: str) -> Mapping[str, Any]:
    try:
        header = extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unsound("no signed token") from error
    if not isinstance(header, dict):
        raise _unsound("no signed token")
    return header


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    azp = claims.get("azp")
    if client_id not in audiences or (len(audiences) > 1 and azp != client_id) or azp not in (None, client_id):
        raise _unsound("audience")


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    at = now.timestamp()
    expires, issued, starts = (_number(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if expires is None or expires <= at - LEEWAY_S:
        raise _unsound("expired")
    if issued is None or not at - OLDEST_S <= issued <= at + LEEWAY_S:
        raise _unsound("issued at")
    if "nbf" in claims and (starts is None or starts > at + LEEWAY_S):
        raise _unsound("not yet")


def _number(value: object) -> float | None:
    """A NumericDate; NaN, infinity and booleans are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e12 else None


def _half_hash(access_token: object, algorithm: str) -> str:
    text = access_token if isinstance(access_token, str) else ""
    hashed = (hashlib.sha512 if algorithm == "Ed25519" else hashlib.sha256)(text.encode()).digest()
    return base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode()


def _unsound(why: str) -> OutsideTrouble:
    return OutsideTrouble(Trouble.UNSOUND, f"ID token: {why}")

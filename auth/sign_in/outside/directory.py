"""What is known about each provider: its addresses (discovery) and its signing keys, kept for a while.

A key that is not known is asked for once, and not again within a minute, so that tokens with invented key names can't
make the shop call a provider as often as somebody likes. Whoever arrives while they are fetched waits for that answer.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, RSAKey

from auth.sign_in.outside.calls import Calls
from auth.sign_in.outside.providers import DISCOVERY, LOOPBACK, Kind, Provider
from auth.sign_in.outside.trouble import OutsideTrouble, Trouble

KEPT_FOR = timedelta(hours=1)
AGAIN_AFTER = timedelta(minutes=1)
# After a call that failed: long enough for those who wait together, short enough for a hiccup.
FAILED_FOR = timedelta(seconds=5)
MOST_KEYS = 50
# The key types that go with an algorithm. An RSA key can't check ES256, and no "oct" key is ever taken.
_TYPE_OF = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "Ed25519": "OKP"}
_CURVES = {"EC": "P-256", "OKP": "Ed25519"}
LEAST_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class Facts:
    """A provider's addresses and habits. ``algorithms`` are those it names and the shop takes from it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    keys_endpoint: str
    user_endpoint: str
    algorithms: tuple[str, ...]
    auth_method: str
    names_itself: bool


@dataclass(frozen=True, slots=True)
class _Known:
    facts: Facts
    facts_at: datetime
    keys: tuple[Key, ...] = ()
    keys_at: datetime | None = None


class Directory:
    """Discovery and keys of all providers, shared by every request. The lock is held for no call, a provider's gate for
    that provider's only.
    """

    def __init__(self, calls: Calls, clock: Callable[[], datetime]) -> None:
        self._calls, self._clock = calls, clock
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()
        self._gates: dict[str, threading.Lock] = {}

    def facts(self, provider: Provider) -> Facts:
        """The provider's addresses. :class:`OutsideTrouble` when it can't be asked or says what can't be."""
        return self._look_up(provider).facts

    def key(self, provider: Provider, *, kid: str | None, algorithm: str) -> Key | None:
        """The one key that may have made a signature; ``None`` when there is none, or more than one without a name."""
        known = self._look_up(provider)
        found = _fitting(known.keys, kid=kid, algorithm=algorithm)
        return found or _fitting(self._newer_keys(provider, known), kid=kid, algorithm=algorithm)

    def _look_up(self, provider: Provider) -> _Known:
        now = self._clock()
        with self._lock:
            known = self._known.get(provider.key)
        if known is not None and now - known.facts_at < KEPT_FOR:
            return known
        if provider.kind is Kind.GITHUB:
            facts = _github_facts(provider)
        else:
            facts = _facts_of(provider, self._calls.read_json(provider, provider.issuer.rstrip("/") + DISCOVERY))
        # Keys are forgotten with the rest, so that one a provider has withdrawn is not believed for longer than that.
        # When they were last asked for stays, or a provider could be asked at every call by letting discovery age.
        is_young = known is not None and known.keys_at is not None and now - known.keys_at < AGAIN_AFTER
        fresh = _Known(facts, now)
        if known is not None:
            fresh = replace(fresh, keys=known.keys if is_young else (), keys_at=known.keys_at)
        self._keep(provider, fresh)
        return fresh

    def _newer_keys(self, provider: Provider, seen: _Known) -> tuple[Key, ...]:
        """The keys as another arrival has just fetched them, or fetched now. :class:`OutsideTrouble` without any."""
        with self._gate(provider):
            with self._lock:
                known = self._known.get(provider.key, seen)
            now = self._clock()
            if known.keys_at is not None and now - known.keys_at < AGAIN_AFTER:
                if not known.keys:
                    raise OutsideTrouble(Trouble.PROVIDER_DOWN, "keys: none were to be had a moment ago")
                return known.keys
            try:
                keys = _keys_of(self._calls.read_json(provider, known.facts.keys_endpoint))
            except OutsideTrouble:
                self._keep(provider, replace(known, keys_at=now - AGAIN_AFTER + FAILED_FOR))
                raise
            self._keep(provider, replace(known, keys=keys, keys_at=now))
            return keys

    def _keep(self, provider: Provider, known: _Known) -> None:
        with self._lock:
            self._known[provider.key] = known

    def _gate(self, provider: Provider) -> threading.Lock:
        with self._lock:
            return self._gates.setdefault(provider.key, threading.Lock())


def _facts_of(provider: Provider, document: Any) -> Facts:
    if not isinstance(document, dict):
        raise OutsideTrouble(Trouble.PROVIDER_DOWN, "discovery: no object")
    # The document must be about the one who was asked (OpenID Connect Discovery §4.3); only a last slash may differ.
    issuer = document.get("issuer")
    if not isinstance(issuer, str) or issuer.rstrip("/") != provider.issuer.rstrip("/"):
        raise OutsideTrouble(Trouble.UNSOUND, "discovery: another issuer")
    offered = document.get("id_token_signing_alg_values_supported") or ["RS256"]
    algorithms = tuple(name for name in provider.algorithms if name in offered)
    if not algorithms:
        raise OutsideTrouble(Trouble.UNSOUND, "discovery: no algorithm that is taken")
    return Facts(
        issuer=issuer,
        authorization_endpoint=_address(provider, document, "authorization_endpoint"),
        token_endpoint=_address(provider, document, "token_endpoint"),
        keys_endpoint=_address(provider, document, "jwks_uri"),
        user_endpoint=_address(provider, document, "userinfo_endpoint") if "userinfo_endpoint" in document else "",
        algorithms=algorithms,
        auth_method=_auth_method(provider, document.get("token_endpoint_auth_methods_supported")),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _github_facts(provider: Provider) -> Facts:
    base = provider.issuer.rstrip("/")
    api = "https://api.github.com" if base == "https://github.com" else f"{base}/api/v3"
    authorize, token = f"{base}/login/oauth/authorize", f"{base}/login/oauth/access_token"
    return Facts(base, authorize, token, "", api, (), "client_secret_post", names_itself=False)


def _address(provider: Provider, document: dict[str, Any], name: str) -> str:
    """An address out of a discovery document. The one a browser is sent to is checked here, or nowhere."""
    url = document.get(name)
    parts = urlsplit(url) if isinstance(url, str) and url.isascii() and url.isprintable() else None
    own = urlsplit(provider.issuer)
    is_own = parts is not None and (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
    is_safe = parts is not None and parts.scheme == "https" and parts.username is None and bool(parts.hostname)
    if not isinstance(url, str) or not (is_safe or (is_own and own.hostname in LOOPBACK)):
        raise OutsideTrouble(Trouble.UNSOUND, f"discovery: {name} is no https address")
    return url


def _auth_method(provider: Provider, offered: object) -> str:
    if not provider.client_secret:
        return "none"
    posts = isinstance(offered, list) and "client_secret_post" in offered and "client_secret_basic" not in offered
    return "client_secret_post" if posts else "client_secret_basic"


def _keys_of(document: Any) -> tuple[Key, ...]:
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise OutsideTrouble(Trouble.PROVIDER_DOWN, "keys: no list")
    return tuple(key for entry in entries[:MOST_KEYS] if (key := _key_of(entry)) is not None)


def _key_of(entry: Any) -> Key | None:
    """A public key for signatures. One that is not understood is left out, as RFC 7517 §5 says."""
    if not isinstance(entry, dict) or entry.get("kty") not in {"RSA", "EC", "OKP"} or entry.get("use", "sig") != "sig":
        return None
    if entry.get("crv", _CURVES.get(entry["kty"])) != _CURVES.get(entry["kty"]):
        return None
    try:
        key = JWKRegistry.import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    is_short = isinstance(key, RSAKey) and key.raw_value.key_size < LEAST_RSA_BITS
    return None if key.is_private or is_short else key


def _fitting(keys: tuple[Key, ...], *, kid: str | None, algorithm: str) -> Key | None:
    fitting = [key for key in keys if key.key_type == _TYPE_OF.get(algorithm) and key.alg in (None, algorithm)]
    named = fitting if kid is None else [key for key in fitting if key.get("kid") == kid]
    return named[0] if len(named) == 1 else None

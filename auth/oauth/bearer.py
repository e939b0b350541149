"""A bearer token becomes an actor, or a refusal that says what would help. Nothing here is remembered between calls.

The steps are numbered. The signature is checked with a key of our own before a word of the token is believed, and the
delegation behind it is read from the record at every call: what was taken back, disabled or replaced is refused at the
next one (RFC 6750, RFC 8725, RFC 9068 §4, RFC 9470).
"""

import base64
import binascii
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from sqlalchemy import Row, Uuid, bindparam, text
from sqlalchemy.orm import Session

from auth.actor import Act, Actor, Channel, Role
from auth.database import Scope, UtcDateTime
from auth.oauth import delegations
from auth.oauth.clients import Client
from auth.oauth.issuer import TOKENS_LIVE, TWO_FACTOR, Issuer
from auth.oauth.keys import ALGORITHM
from auth.oauth.tokens import ACCESS_TYPE, DELEGATION
from auth.vault.house_keys import HouseKey

LONGEST_TOKEN: Final = 4096
_HEADER: Final = frozenset({"alg", "typ", "kid"})
_LEEWAY_S: Final = 5

NO_TOKEN: Final = "no_token"  # noqa: S105 - a kind of refusal
INVALID: Final = "invalid_token"
TOO_LITTLE: Final = "insufficient_scope"
TOO_WEAK: Final = "insufficient_user_authentication"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a call takes: its audience, scopes (all of them), and how surely and how lately the customer signed in."""

    audience: str
    scopes: Collection[str] = ()
    acr: str = ""
    max_age_s: int | None = None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who asks, with :attr:`Actor.scopes`, :attr:`Actor.delegation` and :attr:`Actor.act` filled in from the record."""

    actor: Actor
    client_id: str
    claims: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BearerRefused:
    """Why not: an error code of RFC 6750 §3.1 or RFC 9470 §3, and a sentence. ``wanted`` says what would do."""

    error: str
    sentence: str
    wanted: Wanted

    @property
    def status(self) -> int:
        return 403 if self.error == TOO_LITTLE else 401

    def challenge(self, metadata: str) -> str:
        """The ``WWW-Authenticate`` header. ``metadata`` is where the resource describes itself (RFC 9728 §5.1)."""
        parts = [f'resource_metadata="{metadata}"']
        if self.error != NO_TOKEN:
            parts = [f'error="{self.error}"', f'error_description="{self.sentence}"', *parts]
        if self.error == TOO_LITTLE:
            parts.append(f'scope="{" ".join(sorted(self.wanted.scopes))}"')
        if self.error == TOO_WEAK and self.wanted.acr:
            parts.append(f'acr_values="{self.wanted.acr}"')
        if self.error == TOO_WEAK and self.wanted.max_age_s is not None:
            parts.append(f'max_age="{self.wanted.max_age_s}"')
        return "Bearer " + ", ".join(parts)


def check_bearer(
    issuer: Issuer, authorization: str | None, wanted: Wanted, *, network: str = ""
) -> Bearer | BearerRefused:
    """Who is behind an ``Authorization`` header. Reads the record once; writes at most once a minute (last use)."""
    # (1) One scheme, one token, of a bounded length.
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return BearerRefused(NO_TOKEN, "Send an access token.", wanted)
    now = issuer.clock()
    signed = read_signed(issuer, token, now)
    if signed is None:
        return BearerRefused(INVALID, "The access token is not valid here.", wanted)
    # (5) It was issued for this resource, and not for another one that trusts the same shop (RFC 9068 §4).
    if wanted.audience not in audiences_of(signed.claims):
        return BearerRefused(INVALID, "The access token is for another resource.", wanted)
    found = _in_the_record(issuer, signed, now, network)
    if found is None:
        return BearerRefused(INVALID, "The access token was taken back, or has ended.", wanted)
    return _weigh(found, wanted, now)


@dataclass(frozen=True, slots=True)
class Signed:
    """A token that this shop has signed and that has not run out. The record has not been asked about it yet."""

    kid: str
    claims: dict[str, Any]


def read_signed(issuer: Issuer, token: str, now: datetime) -> Signed | None:
    """The claims of an access token of ours, checked as far as the token itself goes; ``None`` for anything else."""
    # (2) The header says exactly what ours say: no other algorithm, no key or address of a key (jwk, jku, x5c, x5u),
    #     nothing critical. The key is looked up by its id among our own.
    kid = _kid_of(token)
    key = None if kid is None else issuer.keys.public(issuer.database, kid)
    if kid is None or key is None:
        return None
    # (3) The signature, before any claim is read.
    try:
        claims = json.loads(jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload or b"")
    except (JoseError, ValueError, RecursionError):
        return None
    # (4) Ours, and of this moment. A token that claims to live longer than we ever let one live is not ours.
    if not isinstance(claims, dict) or claims.get("iss") != issuer.url or not _is_of_this_moment(claims, now):
        return None
    return Signed(kid, claims)


def audiences_of(claims: dict[str, Any]) -> tuple[str, ...]:
    """The ``aud`` of a token, which is one text or several."""
    audience = claims.get("aud")
    return (audience,) if isinstance(audience, str) else tuple(audience or ())


def is_current(issuer: Issuer, signed: Signed, now: datetime) -> bool:
    """Whether the record still stands behind a signed token; for those who ask about one (RFC 7662)."""
    return _in_the_record(issuer, signed, now, "") is not None


def _kid_of(token: str) -> str | None:
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        head = token.split(".", 1)[0]
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(header, dict) or set(header) != _HEADER:
        return None
    is_ours = header["alg"] == ALGORITHM and header["typ"] == ACCESS_TYPE and isinstance(header["kid"], str)
    return header["kid"] if is_ours else None


def _is_of_this_moment(claims: dict[str, Any], now: datetime) -> bool:
    issued, ends, at = claims.get("iat"), claims.get("exp"), now.timestamp()
    if not isinstance(issued, int) or not isinstance(ends, int) or isinstance(issued, bool):
        return False
    return issued - _LEEWAY_S <= at < ends and ends - issued <= TOKENS_LIVE.total_seconds()


def _in_the_record(issuer: Issuer, signed: Signed, now: datetime, network: str) -> Bearer | None:
    # (6) The delegation, the program, the account and the key, as the record has them at this moment.
    if DELEGATION not in signed.claims:
        return _service(issuer, signed, now, network)
    try:
        account_id, delegation_id = UUID(signed.claims["sub"]), UUID(signed.claims[DELEGATION])
    except (ValueError, TypeError, AttributeError, KeyError):
        return None
    with issuer.database.glance(Scope.own(account_id)) as connection:
        asked = {"kid": signed.kid, "delegation": delegation_id, "account": account_id}
        row = connection.execute(_DELEGATED, asked).one_or_none()
    if row is None or not _stands(row, now):
        return None
    if delegations.is_due_for_touch(row.last_used_at, now=now):
        with issuer.database.begin(Scope.own(account_id)) as session:
            delegations.touch(session, delegation_id, now=now)
    actor = Actor(
        account_id=account_id,
        role=Role(row.role),
        channel=Channel.API,
        act=Act(row.actor, row.digest),
        signed_in_at=row.auth_time,
        second_factor_at=row.second_factor_at,
        network=network,
        # What was granted is the record's word; a token may only say less.
        scopes=frozenset(row.scope.split()) & frozenset(str(signed.claims.get("scope", "")).split()),
        delegation=delegation_id,
    )
    return Bearer(actor, str(row.client_id), signed.claims)


# As text, because putting an ORM query together costs three times the signature. The row guard does not see it, so it
# names its owner itself; on PostgreSQL row-level security stands behind it.
_LOOK_UP = text(
    "SELECT d.client_id, d.actor, d.digest, d.scope, d.ends_at, d.ended_at, d.last_used_at, d.auth_time, "
    "d.second_factor_at, a.role, a.status, c.disabled_at, k.served_until "
    "FROM oauth_delegations d JOIN accounts a ON a.id = d.account_id JOIN oauth_clients c ON c.id = d.client_id "
    "JOIN house_keys k ON k.id = :kid WHERE d.id = :delegation AND d.account_id = :account"
)
_DELEGATED = _LOOK_UP.bindparams(bindparam("delegation", type_=Uuid()), bindparam("account", type_=Uuid())).columns(
    ends_at=UtcDateTime,
    ended_at=UtcDateTime,
    last_used_at=UtcDateTime,
    auth_time=UtcDateTime,
    second_factor_at=UtcDateTime,
    disabled_at=UtcDateTime,
    served_until=UtcDateTime,
)


def _stands(row: Row[Any], now: datetime) -> bool:
    is_believed = row.served_until is None or now < row.served_until
    is_open = row.disabled_at is None and row.status != "closed"
    return is_believed and is_open and row.ended_at is None and now < row.ends_at


def _service(issuer: Issuer, signed: Signed, now: datetime, network: str) -> Bearer | None:
    with issuer.database.read(Scope.own(None)) as session:
        client = _living_service(session, signed, now)
    if client is None:
        return None
    scopes = client.scopes & frozenset(str(signed.claims.get("scope", "")).split())
    act = Act(client.id, client.digest)
    # A service is nobody's: it has no account, so the desk and the policies give it what is open to everybody.
    actor = Actor(None, Role.GUEST, Channel.API, act=act, network=network, scopes=scopes)
    return Bearer(actor, client.id, signed.claims)


def _living_service(session: Session, signed: Signed, now: datetime) -> Client | None:
    client, key = session.get(Client, str(signed.claims.get("client_id"))), session.get(HouseKey, signed.kid)
    if client is None or client.disabled_at is not None or client.id != signed.claims.get("sub") or key is None:
        return None
    is_old = client.tokens_from is not None and signed.claims["iat"] <= client.tokens_from.timestamp()
    return None if is_old or (key.served_until is not None and now >= key.served_until) else client


def _weigh(found: Bearer, wanted: Wanted, now: datetime) -> Bearer | BearerRefused:
    # (7) Far enough, surely enough, lately enough.
    if not set(wanted.scopes) <= (found.actor.scopes or frozenset()):
        return BearerRefused(TOO_LITTLE, "The customer has not given leave for this.", wanted)
    if wanted.acr == TWO_FACTOR and found.actor.second_factor_at is None:
        return BearerRefused(TOO_WEAK, "This takes a sign-in with a second factor.", wanted)
    limit = None if wanted.max_age_s is None else timedelta(seconds=wanted.max_age_s)
    proved = found.actor.second_factor_at if wanted.acr == TWO_FACTOR else found.actor.signed_in_at
    if limit is not None and (proved is None or now - proved > limit):
        return BearerRefused(TOO_WEAK, "This takes a more recent sign-in.", wanted)
    return found

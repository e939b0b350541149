"""Token exchange (RFC 8693): a program cuts a narrower, shorter leave from its own, for software that acts for it.

The new token is for one resource, goes no further than the one it was cut from, lives ten minutes, carries ``act`` and
ends with the wider leave, or alone when it is revoked. Who exchanges is a confidential program, and only what was
issued to itself; what was cut once is not cut again.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from auth.actor import Act, Channel
from auth.database import Scope
from auth.oauth import delegations
from auth.oauth.bearer import Signed, audiences_of, is_current, read_signed
from auth.oauth.clients import Client, Kind
from auth.oauth.delegations import Delegation, Proof
from auth.oauth.issuer import OFFLINE, TOKENS_LIVE, Issuer
from auth.oauth.noted import note
from auth.oauth.refusals import (
    INVALID_GRANT,
    INVALID_REQUEST,
    INVALID_SCOPE,
    INVALID_TARGET,
    UNAUTHORIZED,
    OAuthRefused,
)
from auth.oauth.tokens import DELEGATION, access_token

GRANT: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
_NOT_YOURS: Final = OAuthRefused(INVALID_GRANT, "The subject token is not valid, or was not issued to this program.")


def exchange_token(
    issuer: Issuer, client: Client, form: Mapping[str, str], resources: Collection[str]
) -> dict[str, str | int] | OAuthRefused:
    """The body of a successful answer (RFC 8693 §2.2), or why there is none."""
    if client.kind != Kind.CONFIDENTIAL:
        return OAuthRefused(UNAUTHORIZED, "Only a program that can prove which one it is exchanges tokens.")
    wrong = _first_wrong(issuer, form, resources)
    if wrong is not None:
        return wrong
    now = issuer.clock()
    signed = read_signed(issuer, form["subject_token"], now)
    # The token was issued to whoever shows it. A stolen one is worth nothing to another program.
    if signed is None or signed.claims.get("client_id") != client.id or DELEGATION not in signed.claims:
        return _NOT_YOURS
    # What a leaked key has signed is not believed here either, whatever it says of itself.
    if not is_current(issuer, signed, now):
        return _NOT_YOURS
    return _cut(issuer, client, signed, form, audience=next(iter(resources)), now=now)


def _first_wrong(issuer: Issuer, form: Mapping[str, str], resources: Collection[str]) -> OAuthRefused | None:
    if form.get("subject_token_type") != ACCESS_TOKEN or "subject_token" not in form:
        return OAuthRefused(INVALID_REQUEST, "The subject token is an access token of this shop.")
    if form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN or "actor_token" in form:
        return OAuthRefused(INVALID_REQUEST, "An access token is all there is; the program itself is the actor.")
    if len(resources) != 1 or "audience" in form or not set(resources) <= set(issuer.audiences):
        return OAuthRefused(INVALID_TARGET, "Name exactly one resource of this shop.")
    return None


def _cut(
    issuer: Issuer, client: Client, signed: Signed, form: Mapping[str, str], *, audience: str, now: datetime
) -> dict[str, str | int] | OAuthRefused:
    with issuer.database.begin(Scope.own(UUID(signed.claims["sub"]))) as session:
        wide = delegations.find_delegation(session, UUID(signed.claims[DELEGATION]))
        if wide is None or wide.client_id != client.id or not wide.is_alive(now):
            return _NOT_YOURS
        if not delegations.account_is_open(session, wide.account_id):
            return _NOT_YOURS
        if wide.parent_id is not None:
            return OAuthRefused(INVALID_GRANT, "What was exchanged once is not exchanged again.")
        scopes = _narrowed(wide, signed.claims, form)
        if scopes is None:
            return OAuthRefused(INVALID_SCOPE, "The subject token does not go that far.")
        if audience not in audiences_of(signed.claims):
            return OAuthRefused(INVALID_TARGET, "The subject token is not for that resource.")
        # The holder of the record is the program; what acts is software of its own, which it answers for.
        narrow = delegations.begin(
            session,
            wide.account_id,
            client=client,
            act=Act(client.id, client.digest),
            scopes=scopes,
            audiences=(audience,),
            proof=Proof(wide.auth_time, wide.second_factor_at, wide.acr, wide.amr),
            ends_at=now + TOKENS_LIVE,
            now=now,
            parent=wide,
        )
        narrow.redeemed_at = now
        token = access_token(session, issuer, narrow, scopes=scopes, audiences=(audience,), now=now)
        told = {"app": client.id, "scope": " ".join(scopes), "delegation": str(narrow.id), "from": str(wide.id)}
        note(session, "app.exchanged", at=now, account_id=wide.account_id, channel=Channel.API, **told)
    body: dict[str, str | int] = {"access_token": token.text, "issued_token_type": ACCESS_TOKEN}
    return {**body, "token_type": "Bearer", "expires_in": token.expires_in, "scope": " ".join(scopes)}


def _narrowed(wide: Delegation, claims: Mapping[str, Any], form: Mapping[str, str]) -> list[str] | None:
    """The scopes of the new token: never more than the subject token and its record both have; no refreshing."""
    held = wide.scopes & set(str(claims.get("scope", "")).split())
    asked = form["scope"].split() if "scope" in form else sorted(held - {OFFLINE})
    return asked if asked and set(asked) <= held - {OFFLINE} else None

"""Introspection (RFC 7662) and revocation (RFC 7009): asking about a token, and giving one back.

A program learns about its own tokens, a service about any access token for the API it serves; everybody else is told
that the token is not active, which is also what is said of one that never existed.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from auth.actor import Channel
from auth.database import Scope
from auth.oauth import delegations
from auth.oauth.bearer import Signed, audiences_of, is_current, read_signed
from auth.oauth.client_proof import prove_client
from auth.oauth.clients import Client, Kind
from auth.oauth.delegations import Why
from auth.oauth.issuer import Issuer
from auth.oauth.noted import note
from auth.oauth.refreshing import find_refresh_token
from auth.oauth.refusals import INVALID_CLIENT, INVALID_REQUEST, OAuthRefused
from auth.oauth.secrets import Opened, opened
from auth.oauth.tokens import DELEGATION

_INACTIVE: Mapping[str, Any] = {"active": False}
_TOLD = ("iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "acr", "amr", "auth_time", "act")


def introspect(issuer: Issuer, authorization: str | None, form: Mapping[str, str]) -> Mapping[str, Any] | OAuthRefused:
    """What the record says about a token at this moment."""
    client = _caller(issuer, authorization, form)
    if isinstance(client, OAuthRefused):
        return client
    if client.kind == Kind.PUBLIC:
        # A public program can't prove who asks, and anybody could go through found tokens in its name.
        return OAuthRefused(INVALID_CLIENT, "Only a program that can prove which one it is asks about tokens.")
    token, now = form["token"], issuer.clock()
    signed = read_signed(issuer, token, now)
    if signed is not None:
        is_theirs = signed.claims.get("client_id") == client.id
        may_ask = is_theirs or (client.kind == Kind.SERVICE and issuer.api in audiences_of(signed.claims))
        if not may_ask or not is_current(issuer, signed, now):
            return _INACTIVE
        known = {name: signed.claims[name] for name in _TOLD if name in signed.claims}
        return {"active": True, "token_type": "Bearer", **known}
    shown = opened(token, kind="refresh")
    return _INACTIVE if shown is None else _about_refresh_token(issuer, client, shown)


def revoke(issuer: Issuer, authorization: str | None, form: Mapping[str, str]) -> OAuthRefused | None:
    """Give a token back. Its whole leave ends, at the next call; a token that is not theirs changes nothing."""
    client = _caller(issuer, authorization, form)
    if isinstance(client, OAuthRefused):
        return client
    signed = read_signed(issuer, form["token"], issuer.clock())
    if signed is not None:
        _give_back(issuer, client, signed)
        return None
    shown = opened(form["token"], kind="refresh")
    if shown is not None:
        with issuer.database.read(Scope.own(shown.account_id)) as session:
            row = find_refresh_token(session, shown)
        if row is not None:
            _end(issuer, client, row.account_id, row.delegation_id)
    return None


def _caller(issuer: Issuer, authorization: str | None, form: Mapping[str, str]) -> Client | OAuthRefused:
    with issuer.database.read(Scope.own(None)) as session:
        client = prove_client(session, authorization, form)
    if isinstance(client, Client) and "token" not in form:
        return OAuthRefused(INVALID_REQUEST, "Which token?")
    return client


def _about_refresh_token(issuer: Issuer, client: Client, shown: Opened) -> Mapping[str, Any]:
    now = issuer.clock()
    with issuer.database.read(Scope.own(shown.account_id)) as session:
        row = find_refresh_token(session, shown)
        family = None if row is None else session.get(delegations.Delegation, row.delegation_id)
        is_open = delegations.account_is_open(session, shown.account_id)
    if row is None or family is None or family.client_id != client.id or not is_open:
        return _INACTIVE
    if row.used_at is not None or now >= row.ends_at or not family.is_alive(now):
        return _INACTIVE
    told = {"scope": family.scope, "client_id": client.id, "sub": str(row.account_id), "iss": issuer.url}
    return {"active": True, "token_type": "refresh_token", "exp": int(row.ends_at.timestamp()), **told}


def _give_back(issuer: Issuer, client: Client, signed: Signed) -> None:
    if signed.claims.get("client_id") != client.id or not is_current(issuer, signed, issuer.clock()):
        return
    if DELEGATION in signed.claims:
        _end(issuer, client, UUID(signed.claims["sub"]), UUID(signed.claims[DELEGATION]))
        return
    now = issuer.clock()
    with issuer.database.begin(Scope.own(None)) as session:
        # A service has no delegation: what it was issued up to this second is not believed any more.
        session.get_one(Client, client.id).tokens_from = now
        note(session, "client.tokens_given_back", at=now, account_id=None, client=client.id)


def _end(issuer: Issuer, client: Client, account_id: UUID, delegation_id: UUID) -> None:
    now = issuer.clock()
    with issuer.database.begin(Scope.own(account_id)) as session:
        row = delegations.find_delegation(session, delegation_id)
        if row is None or row.client_id != client.id:
            return
        if delegations.end(session, delegation_id, why=Why.GIVEN_BACK, now=now):
            told = {"app": client.id, "delegation": str(delegation_id)}
            note(session, "app.gave_back", at=now, account_id=account_id, channel=Channel.API, **told)

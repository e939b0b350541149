"""The token endpoint: a code, a refresh token or a program's own credentials become an access token (OAuth 2.1 §3.2).

Whatever is wrong with a code or a refresh token, the answer is the same ``invalid_grant``. What is shown twice takes
down everything that came of it, and that is committed although the answer is a refusal.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Final

from sqlalchemy.orm import Session

from auth.actor import Channel
from auth.database import Scope
from auth.oauth import delegations, exchange
from auth.oauth.client_proof import prove_client
from auth.oauth.clients import Client, Kind
from auth.oauth.codes import AuthorizationCode, give_code_back, present_code
from auth.oauth.delegations import Delegation, Why
from auth.oauth.issuer import OFFLINE, OPENID, Issuer
from auth.oauth.noted import note
from auth.oauth.refreshing import RefreshToken, find_refresh_token, issue_refresh_token, use_up
from auth.oauth.refusals import (
    INVALID_GRANT,
    INVALID_REQUEST,
    INVALID_SCOPE,
    INVALID_TARGET,
    UNAUTHORIZED,
    UNSUPPORTED_GRANT,
    OAuthRefused,
)
from auth.oauth.secrets import opened
from auth.oauth.tokens import access_token, id_token, service_token

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_NO_GRANT: Final = OAuthRefused(INVALID_GRANT, "It is unknown, was used before, has run out, or is not yours.")
_TOO_FAR: Final = OAuthRefused(INVALID_TARGET, "The customer has not given leave for that resource.")
NOT_FOR_YOU: Final = OAuthRefused(UNAUTHORIZED, "This program was not registered for that.")
Parameters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Granted:
    """The body of a successful answer (RFC 6749 §5.1)."""

    body: Mapping[str, str | int]


def grant_token(issuer: Issuer, authorization: str | None, parameters: Parameters) -> Granted | OAuthRefused:
    """Answer one request to the token endpoint."""
    names = [name for name, _ in parameters if name != "resource"]
    if len(names) != len(set(names)):
        return OAuthRefused(INVALID_REQUEST, "The request names something twice.")
    form = dict(parameters)
    with issuer.database.read(Scope.own(None)) as session:
        client = prove_client(session, authorization, form)
    if isinstance(client, OAuthRefused):
        return client
    resources = frozenset(value for name, value in parameters if name == "resource")
    match form.get("grant_type"):
        case "authorization_code":
            return _from_code(issuer, client, form, resources)
        case "refresh_token":
            return _from_refresh_token(issuer, client, form, resources)
        case "client_credentials":
            return _for_a_service(issuer, client, form, resources)
        case exchange.GRANT:
            answer = exchange.exchange_token(issuer, client, form, resources)
            return answer if isinstance(answer, OAuthRefused) else Granted(answer)
        case _:
            return OAuthRefused(UNSUPPORTED_GRANT, "Codes, refresh tokens, client credentials and exchange are.")


def _from_code(
    issuer: Issuer, client: Client, form: Mapping[str, str], resources: Collection[str]
) -> Granted | OAuthRefused:
    shown = opened(form.get("code", ""), kind="code")
    if shown is None:
        return _NO_GRANT
    now = issuer.clock()
    with issuer.database.begin(Scope.own(shown.account_id)) as session:
        presented = present_code(session, shown, now=now)
        if presented is None:
            return _NO_GRANT
        row = presented.row
        delegation = delegations.find_delegation(session, row.delegation_id)
        if delegation is None:
            return _NO_GRANT
        if not presented.is_first:
            return _take_down(session, delegation, "app.code_replayed", now)
        if not _is_for(row, delegation, client, form, now) or not _is_open(session, delegation, now):
            return _take_down(session, delegation, "app.code_misused", now)
        if not _reaches(delegation, resources):
            give_code_back(session, row)
            return _TOO_FAR
        delegation.redeemed_at = now
        return _answer(session, issuer, delegation, scopes=delegation.scope.split(), resources=resources, row=row)


def _from_refresh_token(
    issuer: Issuer, client: Client, form: Mapping[str, str], resources: Collection[str]
) -> Granted | OAuthRefused:
    shown = opened(form.get("refresh_token", ""), kind="refresh")
    if shown is None:
        return _NO_GRANT
    now = issuer.clock()
    with issuer.database.begin(Scope.own(shown.account_id)) as session:
        row = find_refresh_token(session, shown)
        delegation = None if row is None else delegations.find_delegation(session, row.delegation_id)
        if row is None or delegation is None or delegation.client_id != client.id:
            return _NO_GRANT
        scopes = _narrowed(delegation, form)
        if scopes is None:
            # Nothing was spent: the program asked for more than it has, and may ask again for less.
            return OAuthRefused(INVALID_SCOPE, "The customer has not given leave for that.")
        if not _reaches(delegation, resources):
            return _TOO_FAR
        return _turn(session, issuer, row, delegation, scopes=scopes, resources=resources, now=now)


def _turn(
    session: Session,
    issuer: Issuer,
    row: RefreshToken,
    delegation: Delegation,
    *,
    scopes: Sequence[str],
    resources: Collection[str],
    now: datetime,
) -> Granted | OAuthRefused:
    # Compare-and-set: of fifty at once one gets the next token, and the others end the family.
    if not use_up(session, row, now=now):
        return _take_down(session, delegation, "app.refresh_replayed", now)
    if now >= row.ends_at or not _is_open(session, delegation, now):
        return _NO_GRANT
    return _answer(session, issuer, delegation, scopes=scopes, resources=resources)


def _for_a_service(
    issuer: Issuer, client: Client, form: Mapping[str, str], resources: Collection[str]
) -> Granted | OAuthRefused:
    if client.kind != Kind.SERVICE:
        return NOT_FOR_YOU
    asked = form.get("scope", client.scope).split()
    if not asked or not set(asked) <= client.scopes:
        return OAuthRefused(INVALID_SCOPE, "This service was not registered for that.")
    if not set(resources) <= {issuer.api}:
        return OAuthRefused(INVALID_TARGET, "A service calls the API and nothing else.")
    with issuer.database.begin(Scope.own(None)) as session:
        token = service_token(session, issuer, client, scopes=asked, now=issuer.clock())
    return Granted(_body(token.text, token.expires_in, asked))


def _answer(
    session: Session,
    issuer: Issuer,
    delegation: Delegation,
    *,
    scopes: Sequence[str],
    resources: Collection[str],
    row: AuthorizationCode | None = None,
) -> Granted:
    now = issuer.clock()
    audiences = [a for a in delegation.audiences if a in (resources or delegation.audiences)]
    token = access_token(session, issuer, delegation, scopes=scopes, audiences=audiences, now=now)
    body = _body(token.text, token.expires_in, scopes)
    if OFFLINE in delegation.scopes:
        body["refresh_token"] = issue_refresh_token(session, delegation, now=now)
    if OPENID in scopes:
        nonce = "" if row is None else row.nonce
        body["id_token"] = id_token(session, issuer, delegation, nonce=nonce, access_token=token.text, now=now)
    return Granted(body)


def _body(token: str, expires_in: int, scopes: Sequence[str]) -> dict[str, str | int]:
    return {"access_token": token, "token_type": "Bearer", "expires_in": expires_in, "scope": " ".join(scopes)}


def _is_for(
    row: AuthorizationCode, delegation: Delegation, client: Client, form: Mapping[str, str], now: datetime
) -> bool:
    """Whether a code is shown in time, by the program that it was made for, at the address it was sent to."""
    is_theirs = delegation.client_id == client.id and form.get("redirect_uri") == row.redirect_uri
    return is_theirs and now < row.ends_at and _proves(form.get("code_verifier", ""), row.challenge)


def _proves(verifier: str, challenge: str) -> bool:
    """S256 of RFC 7636 §4.6; a missing verifier proves nothing, for any kind of program."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    made = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return compare_digest(made, challenge)


def _is_open(session: Session, delegation: Delegation, now: datetime) -> bool:
    return delegation.is_alive(now) and delegations.account_is_open(session, delegation.account_id)


def _narrowed(delegation: Delegation, form: Mapping[str, str]) -> list[str] | None:
    """The scopes of the next token: all, or fewer (RFC 6749 §6); ``None`` for more."""
    asked = form.get("scope", delegation.scope).split()
    return [s for s in delegation.scope.split() if s in asked] if set(asked) <= delegation.scopes else None


def _reaches(delegation: Delegation, resources: Collection[str]) -> bool:
    return set(resources) <= set(delegation.audiences)


def _take_down(session: Session, delegation: Delegation, kind: str, now: datetime) -> OAuthRefused:
    if delegations.end(session, delegation.id, why=Why.REPLAYED, now=now):
        told: dict[str, str | int | bool | None] = {"client": delegation.client_id, "delegation": str(delegation.id)}
        note(session, kind, at=now, account_id=delegation.account_id, channel=Channel.HOUSE, **told)
    return _NO_GRANT

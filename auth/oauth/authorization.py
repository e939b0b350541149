"""A program's request for leave, and the answer that is sent back to it (OAuth 2.1 §4.1, RFC 7636, RFC 9207).

The steps are numbered. Until the address to go back to is known to be the program's own, nobody is sent anywhere: a
person sees a page instead. Every answer names its issuer, so that a program which knows several can't be confused.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from sqlalchemy.orm import Session

from auth.actor import Act, Actor, Channel
from auth.database import Scope
from auth.oauth import delegations
from auth.oauth.clients import Client, Kind, find_client
from auth.oauth.codes import issue_code
from auth.oauth.delegations import Proof
from auth.oauth.issuer import ONE_FACTOR, OPENID, TWO_FACTOR, Issuer
from auth.oauth.noted import note
from auth.sign_in.sessions import SignInSession

LONGEST_QUERY: Final = 900
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_SEVERAL: Final = frozenset({"resource"})
_SIGNED_IN_AGAIN_S: Final = 60
Parameters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a program asks a customer for, checked as far as it can be without asking them."""

    client_id: str
    name: str
    homepage: str
    redirect_uri: str
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]
    state: str
    nonce: str
    challenge: str
    prompt: frozenset[str]
    max_age_s: int | None
    acr_values: frozenset[str]

    @property
    def back_to(self) -> str:
        """Where the customer is led back to, as they would call it: a host, or an app on their device."""
        parts = urlsplit(self.redirect_uri)
        return parts.netloc or f"the app on your device ({parts.scheme})"

    @property
    def origin(self) -> str:
        """What a form's answer may lead to (CSP ``form-action``)."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


@dataclass(frozen=True, slots=True)
class NoWayBack:
    """The request is not one that anybody can be sent back from; ``sentence`` is for the person who came with it."""

    sentence: str


@dataclass(frozen=True, slots=True)
class SentBack:
    """An answer for the program: the address to go to, with the parameters of the answer."""

    url: str


@dataclass(frozen=True, slots=True)
class SignInAgain:
    """The program wants a fresher or a surer sign-in than this session has."""

    two_factor: bool


def read_request(session: Session, issuer: Issuer, parameters: Parameters) -> Asked | NoWayBack | SentBack:
    """Check what a program asks. Only :class:`Asked` may be shown to a customer."""
    # (1) Each parameter at most once (OAuth 2.1 §4.1.1), or two readers could see two requests in one.
    names = [name for name, _ in parameters if name not in _SEVERAL]
    if len(names) != len(set(names)):
        return NoWayBack("The request names something twice.")
    given = dict(parameters)
    # (2) A registered program, and exactly an address that it was registered with.
    client = find_client(session, given.get("client_id", ""))
    if client is None or client.kind == Kind.SERVICE:
        return NoWayBack("No program of that name is known here.")
    redirect_uri = given.get("redirect_uri", "")
    if redirect_uri not in client.redirects:
        return NoWayBack(f"{client.name} wants to send you to an address that it was not registered with.")
    wrong = _first_wrong(issuer, client, given, parameters)
    if wrong is not None:
        return _send_back(issuer, redirect_uri, given.get("state", ""), error=wrong[0], error_description=wrong[1])
    max_age = given.get("max_age")
    return Asked(
        client_id=client.id,
        name=client.name,
        homepage=client.homepage,
        redirect_uri=redirect_uri,
        scopes=_in_order(issuer, given["scope"].split()),
        audiences=_audiences(issuer, given["scope"].split(), parameters),
        state=given.get("state", ""),
        nonce=given.get("nonce", ""),
        challenge=given["code_challenge"],
        prompt=frozenset(given.get("prompt", "").split()),
        max_age_s=int(max_age) if max_age is not None else None,
        acr_values=frozenset(given.get("acr_values", "").split()),
    )


def how_signed_in(session: Session, actor: Actor) -> Proof:
    """How the customer proved who they are in this session, for the delegation and its tokens."""
    row = None if actor.session_id is None else session.get(SignInSession, actor.session_id)
    if row is None:
        return Proof()
    times = [at for at in (row.created_at, row.password_at, row.second_factor_at) if at is not None]
    acr = ONE_FACTOR if row.second_factor_at is None else TWO_FACTOR
    return Proof(max(times), row.second_factor_at, acr, row.amr)


def needs_sign_in(asked: Asked, proof: Proof, now: datetime) -> SignInAgain | None:
    """Whether the session is too old, or not sure enough, for what the program asked (OIDC Core §3.1.2.1, RFC 9470)."""
    # Who has just signed in again comes back with the same words, and must not be sent away once more.
    ages = [max(asked.max_age_s, _SIGNED_IN_AGAIN_S)] if asked.max_age_s is not None else []
    ages += [_SIGNED_IN_AGAIN_S] if "login" in asked.prompt else []
    two_factor = TWO_FACTOR in asked.acr_values and ONE_FACTOR not in asked.acr_values
    proved = proof.second_factor_at if two_factor else proof.auth_time
    is_old = bool(ages) and (proved is None or (now - proved).total_seconds() > min(ages))
    return SignInAgain(two_factor) if is_old or (two_factor and proved is None) else None


def agree(issuer: Issuer, actor: Actor, asked: Asked, *, chosen: Collection[str]) -> SentBack:
    """The customer gives leave for what they have ticked; back to the program with a code for it."""
    scopes = [s for s in asked.scopes if s in chosen or s == OPENID]
    if not scopes:
        return decline(issuer, actor, asked)
    account_id, now = _account(actor), issuer.clock()
    with issuer.database.begin(Scope.own(account_id)) as session:
        client = find_client(session, asked.client_id)
        if client is None or asked.redirect_uri not in client.redirects:
            return refuse(issuer, asked, "unauthorized_client", "The program was disabled a moment ago.")
        delegation = delegations.begin(
            session,
            account_id,
            client=client,
            act=Act(client.id, client.digest),
            scopes=scopes,
            audiences=asked.audiences,
            proof=how_signed_in(session, actor),
            ends_at=now + delegations.LIVES,
            now=now,
        )
        code = issue_code(
            session,
            delegation,
            redirect_uri=asked.redirect_uri,
            challenge=asked.challenge,
            nonce=asked.nonce,
            now=now,
        )
        told = {"client": client.id, "scope": " ".join(scopes), "delegation": str(delegation.id)}
        note(session, "app.connected", at=now, account_id=account_id, channel=Channel.PAGE, **told)
    return _send_back(issuer, asked.redirect_uri, asked.state, code=code)


def decline(issuer: Issuer, actor: Actor, asked: Asked) -> SentBack:
    """The customer says no; the program is told so, and nothing else."""
    account_id = _account(actor)
    with issuer.database.begin(Scope.own(account_id)) as session:
        at = issuer.clock()
        note(session, "app.declined", at=at, account_id=account_id, channel=Channel.PAGE, client=asked.client_id)
    return refuse(issuer, asked, "access_denied", "The customer said no.")


def refuse(issuer: Issuer, asked: Asked, error: str, sentence: str) -> SentBack:
    """Back to the program with an error."""
    return _send_back(issuer, asked.redirect_uri, asked.state, error=error, error_description=sentence)


def _first_wrong(
    issuer: Issuer, client: Client, given: Mapping[str, str], parameters: Parameters
) -> tuple[str, str] | None:
    if "request" in given or "request_uri" in given:
        name = "request" if "request" in given else "request_uri"
        return f"{name}_not_supported", "Send the parameters themselves."
    if given.get("response_type") != "code" or given.get("response_mode", "query") != "query":
        return "unsupported_response_type", "Only code, in the query, is answered here."
    # (3) PKCE, and S256 alone: with "plain" the address bar would show what redeems the code (RFC 9700 §2.1.1).
    if given.get("code_challenge_method") != "S256" or _CHALLENGE.fullmatch(given.get("code_challenge", "")) is None:
        return "invalid_request", "A code_challenge with code_challenge_method=S256 is needed."
    # (4) Nothing that the program was not registered for, and nothing that does not exist.
    scopes = set(given.get("scope", "").split())
    if not scopes or not scopes <= client.scopes or not scopes <= set(issuer.scopes):
        return "invalid_scope", "A scope is missing, unknown, or not one this program was registered with."
    # (5) Only our own resources (RFC 8707 §2).
    if not {value for name, value in parameters if name == "resource"} <= set(issuer.audiences):
        return "invalid_target", "No such resource is known here."
    max_age = given.get("max_age", "0")
    if not (max_age.isascii() and max_age.isdigit() and len(max_age) < 9) or len(given.get("nonce", "")) > 300:
        return "invalid_request", "max_age is a number of seconds, and a nonce has at most 300 characters."
    return None


def _audiences(issuer: Issuer, scopes: Collection[str], parameters: Parameters) -> tuple[str, ...]:
    """What the tokens will be for: what was named, or the API, and asking who it is where that was asked for."""
    named = {value for name, value in parameters if name == "resource"}
    usual = {issuer.api, issuer.userinfo} if OPENID in scopes else {issuer.api}
    return tuple(audience for audience in issuer.audiences if audience in (named or usual))


def _in_order(issuer: Issuer, scopes: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in issuer.scopes if name in scopes)


def _send_back(issuer: Issuer, redirect_uri: str, state: str, **answer: str) -> SentBack:
    # RFC 9207: the answer says who gives it. The program compares, and a mix-up ends there.
    told = {**answer, **({"state": state} if state else {}), "iss": issuer.url}
    return SentBack(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(told)}")


def _account(actor: Actor) -> UUID:
    if actor.account_id is None or actor.channel is not Channel.PAGE or actor.act is not None:
        raise ValueError("leave is given by its account holder, on a page")
    return actor.account_id

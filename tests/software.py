"""Software for tests: a registered program, the leave a customer gave it, and its tokens, made by the house itself."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import FastAPI
from starlette.testclient import TestClient

from auth.actor import Act
from auth.database import Scope
from auth.oauth import clients, delegations
from auth.oauth.clients import Added, Kind
from auth.oauth.delegations import LIVES, Delegation, Proof
from auth.oauth.issuer import ONE_FACTOR
from auth.oauth.tokens import access_token
from tests.building import ORIGIN, Building

BACK = "https://pocket.example/back"
EVERYTHING = (
    *("openid", "profile", "email", "offline_access", "catalogue"),
    *("basket", "orders:read", "orders:write", "addresses", "activity", "assistant"),
)


def add_program(
    building: Building,
    client_id: str = "pocket-pine",
    *,
    kind: Kind = Kind.CONFIDENTIAL,
    redirects: Sequence[str] = (BACK,),
    scopes: Sequence[str] = EVERYTHING,
) -> Added:
    """A program as the operator registers it."""
    name = client_id.replace("-", " ").title()
    with building.house.database.begin(Scope.house("a test registers a program")) as session:
        return clients.add_client(
            session,
            client_id,
            name=name,
            kind=kind,
            redirects=() if kind is Kind.SERVICE else redirects,
            scopes=scopes,
            now=building.clock(),
        )


def give_leave(
    building: Building,
    person: str,
    *,
    client_id: str = "pocket-pine",
    scopes: Sequence[str] = ("orders:read",),
    audiences: Sequence[str] = (),
    second_factor_at: datetime | None = None,
) -> Delegation:
    """A delegation as it stands once a customer has agreed and the program has fetched its code."""
    issuer, now, account_id = building.house.issuer, building.clock(), building.person(person).id
    with issuer.database.begin(Scope.own(account_id)) as session:
        client = session.get_one(clients.Client, client_id)
        row = delegations.begin(
            session,
            account_id,
            client=client,
            act=Act(client.id, client.digest),
            scopes=scopes,
            audiences=audiences or (issuer.api,),
            proof=Proof(now, second_factor_at, ONE_FACTOR, "pwd"),
            ends_at=now + LIVES,
            now=now,
        )
        row.redeemed_at = now
    return row


def token_for(building: Building, row: Delegation, *, scopes: Sequence[str] = (), audiences: Sequence[str] = ()) -> str:
    """An access token of this moment."""
    issuer = building.house.issuer
    with issuer.database.begin(Scope.own(row.account_id)) as session:
        return access_token(
            session,
            issuer,
            row,
            scopes=scopes or sorted(row.scopes),
            audiences=audiences or row.audiences,
            now=building.clock(),
        ).text


def end(building: Building, account_id: UUID, delegation_id: UUID) -> None:
    """Take a leave back."""
    with building.house.database.begin(Scope.own(account_id)) as session:
        assert delegations.end(session, delegation_id, why=delegations.Why.DISCONNECTED, now=building.clock())


@dataclass(slots=True)
class Flow:
    """One walk of a program through the shop: what it made up, and the query it sends a customer with."""

    client_id: str = "pocket-pine"
    redirect_uri: str = BACK
    scope: str = "openid profile email offline_access orders:read"
    state: str = "state-of-the-program"
    nonce: str = "nonce-of-the-program"
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def query(self, **other: str | None) -> str:
        """The authorization request; a keyword replaces a parameter, ``None`` leaves it out."""
        given: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": create_s256_code_challenge(self.verifier),
            "code_challenge_method": "S256",
            **other,
        }
        return urlencode({name: value for name, value in given.items() if value is not None})

    def agree(self, browser: Any, *, ticked: Sequence[str] | None = None, **other: str | None) -> dict[str, str]:
        """A customer says yes; what the program is told in the address it gets back at."""
        query, client = self.query(**other), getattr(browser, "client", browser)
        page = client.get(f"/oauth/authorize?{query}")
        assert page.status_code == 200, page.text[:300]
        scopes = self.scope.split() if ticked is None else list(ticked)
        answer = client.post("/oauth/authorize", data={"asked": query, "decision": "yes", "scope": scopes})
        return self.told(answer)

    def tokens(self, browser: Any, tokens: Any, secret: str) -> dict[str, str]:
        """The whole walk: a customer says yes to everything, the program fetches its tokens."""
        answer = self.fetch(tokens, self.agree(browser)["code"], secret)
        assert answer.status_code == 200, answer.text
        body: dict[str, str] = answer.json()
        return body

    def told(self, answer: Any) -> dict[str, str]:
        assert answer.status_code == 303, answer.text[:300]
        url = answer.headers["location"]
        assert url.startswith(self.redirect_uri), url
        return dict(parse_qsl(urlsplit(url).query))

    def fetch(self, tokens: Any, code: str, secret: str, **other: str | None) -> Any:
        """Exchange a code at the token endpoint."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
            **other,
        }
        return post(tokens, "/oauth/token", self.client_id, secret, form)


def backend(app: FastAPI) -> TestClient:
    """A program's own connection to the shop: no cookie, no Origin, no browser."""
    return TestClient(app, base_url=ORIGIN, follow_redirects=False)


def post(client: Any, path: str, client_id: str, secret: str, form: Mapping[str, str | None]) -> Any:
    """A form with the program's proof in the header, or with its id alone where it has no secret."""
    sent = {name: value for name, value in form.items() if value is not None}
    if not secret:
        return client.post(path, data={"client_id": client_id, **sent})
    return client.post(path, data=sent, auth=(client_id, secret))

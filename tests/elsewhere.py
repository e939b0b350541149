"""Providers of identities for tests: a town without a network, and in it providers that do as they are told.

What differs from the shop is only what carries its requests (:class:`Town`). A :class:`StandIn` is honest until a test
changes what it says; the shop's own code is never patched.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from uuid import UUID

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, Key
from sqlalchemy import select
from starlette.testclient import TestClient

from auth.accounts import Account
from auth.database import Scope
from auth.mail import Mail, waiting_mail
from auth.sign_in.outside.calls import Calls
from auth.sign_in.outside.identities import OutsideIdentity
from auth.sign_in.outside.providers import Kind, Provider
from tests.agent.scripted import Scripted, says
from tests.browsing import Street, entries
from tests.building import Building, Clock, build, move_in

SECRET = "a-secret-of-the-test"
Serve = Callable[[httpx2.Request], httpx2.Response]


@dataclass
class Town(httpx2.BaseTransport):
    """Everybody the shop can reach, by host and port; whoever is not here does not answer."""

    houses: dict[str, Serve] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        netloc = request.url.netloc.decode()
        self.asked.append(f"{request.method} {netloc}{request.url.path}")
        if netloc not in self.houses:
            raise httpx2.ConnectError("nobody lives here", request=request)
        answer = self.houses[netloc](request)
        # As it comes from a wire: a stream, not yet read.
        return httpx2.Response(answer.status_code, headers=answer.headers.raw, stream=httpx2.ByteStream(answer.content))

    def calls(self) -> Calls:
        return Calls(self)

    def times(self, what: str) -> int:
        return sum(what in asked for asked in self.asked)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a provider."""

    subject: str = "u-1"
    email: str = "wren.marsh@example.net"
    is_checked: object = True
    name: str = "Wren Marsh"


@dataclass
class StandIn:
    """An OpenID provider. ``document``, ``claims``, ``header`` and ``token`` are laid over what it would say."""

    clock: Callable[[], datetime]
    issuer: str = "https://id.example"
    client_id: str = "shop-at-id"
    name: str = "Id Example"
    key: Key = field(default_factory=lambda: ECKey.generate_key("P-256", auto_kid=True))
    document: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)
    keys: list[Any] | None = None
    sign: Callable[[Mapping[str, Any], Mapping[str, Any]], str] | None = None
    waiting: dict[str, tuple[Mapping[str, str], Person]] = field(default_factory=dict)
    token_requests: list[Mapping[str, str]] = field(default_factory=list)
    status: int = 200

    def as_provider(self) -> Provider:
        key = self.name.lower().replace(" ", "-")
        return Provider(key, self.name, self.issuer, self.client_id, SECRET)

    @property
    def netloc(self) -> str:
        return urlsplit(self.issuer).netloc

    def serve(self, request: httpx2.Request) -> httpx2.Response:
        """What stands at an address of this provider."""
        if self.status != 200:
            return httpx2.Response(self.status, text="out of order")
        path = request.url.path.removeprefix(urlsplit(self.issuer).path)
        if path == "/.well-known/openid-configuration":
            return httpx2.Response(200, json=self._document())
        if path == "/keys":
            return httpx2.Response(200, json={"keys": self.published() if self.keys is None else self.keys})
        if path == "/user":
            return httpx2.Response(200, json=self.user)
        if path == "/token":
            return self._token(dict(parse_qsl(request.content.decode())))
        return httpx2.Response(404)

    def published(self) -> list[Any]:
        return [self.key.as_dict(private=False, use="sig")]

    def allow(self, url: str, person: Person, **answer: str) -> str:
        """The person says yes at the address the shop sent them to; the path and query they come back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = f"code-{len(self.waiting) + 1}"
        self.waiting[code] = (asked, person)
        back = urlsplit(asked["redirect_uri"])
        given = {"code": code, "state": asked["state"], "iss": self.issuer, **answer}
        return f"{back.path}?{urlencode({name: value for name, value in given.items() if value})}"

    def id_token(self, asked: Mapping[str, str], person: Person, access_token: str) -> str:
        at = int(self.clock().timestamp())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "sub": person.subject,
            "aud": self.client_id,
            "iat": at,
            "exp": at + 300,
            "nonce": asked.get("nonce"),
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            "email": person.email,
            "email_verified": person.is_checked,
            "name": person.name,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "ES256", "kid": self.key.kid, **self.header}
        header = {name: value for name, value in header.items() if value is not None}
        if self.sign is not None:
            return self.sign(header, claims)
        return jwt.encode(header, claims, self.key, algorithms=[str(header["alg"])])

    def _document(self) -> dict[str, Any]:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/user",
            "id_token_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": True,
            **self.document,
        }
        return {name: value for name, value in document.items() if value is not None}

    def _token(self, form: Mapping[str, str]) -> httpx2.Response:
        self.token_requests.append(form)
        asked, person = self.waiting.pop(form.get("code", ""), ({}, Person()))
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if not asked or challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return httpx2.Response(400, json={"error": "invalid_grant"})
        id_token = self.id_token(asked, person, "at-1")
        given = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 300, "id_token": id_token, **self.token}
        return httpx2.Response(200, json={name: value for name, value in given.items() if value is not None})


@dataclass
class GithubStandIn:
    """GitHub as it is to an OAuth app: no ID token, two addresses that say who somebody is."""

    user: Mapping[str, Any] = field(default_factory=lambda: {"id": 4242, "login": "wren", "name": "Wren Marsh"})
    emails: Any = field(
        default_factory=lambda: [
            {"email": "old@example.org", "primary": False, "verified": True},
            {"email": "wren.marsh@example.net", "primary": True, "verified": True},
        ]
    )
    challenges: dict[str, str] = field(default_factory=dict)

    def as_provider(self) -> Provider:
        scope = "read:user user:email"
        return Provider("github", "GitHub", "https://github.com", "gh", SECRET, Kind.GITHUB, scope, algorithms=())

    def allow(self, url: str) -> str:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["code_challenge_method"] == "S256" and "nonce" not in asked
        self.challenges["gh-code"] = asked["code_challenge"]
        return f"{urlsplit(asked['redirect_uri']).path}?{urlencode({'code': 'gh-code', 'state': asked['state']})}"

    def serve_site(self, request: httpx2.Request) -> httpx2.Response:
        form = dict(parse_qsl(request.content.decode()))
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if request.url.path != "/login/oauth/access_token" or self.challenges.pop(form["code"], "") != challenge:
            return httpx2.Response(200, json={"error": "bad_verification_code"})
        return httpx2.Response(200, json={"access_token": "gho_1", "token_type": "bearer", "scope": "user:email"})

    def serve_api(self, request: httpx2.Request) -> httpx2.Response:
        if request.headers.get("authorization") != "Bearer gho_1":
            return httpx2.Response(401)
        return httpx2.Response(200, json=self.emails if request.url.path == "/user/emails" else self.user)


@dataclass
class Quarter:
    """The shop's street with three providers round the corner: two of OpenID, and GitHub."""

    street: Street
    town: Town
    id: StandIn
    other: StandIn
    github: GithubStandIn
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def building(self) -> Building:
        return self.street.building

    def browser(self) -> TestClient:
        """A new browser, on a network of its own: the ceilings are not what is tried here."""
        return self.street.browser(f"198.51.100.{next(self.numbers) % 250 + 1}")

    def accounts(self) -> list[Account]:
        """Everybody's accounts, guests left out."""
        with self.building.house.database.read(Scope.house("a test looks")) as session:
            found = session.scalars(select(Account).where(Account.role != "guest").order_by(Account.created_at))
            return list(found.all())

    def identities(self, account_id: UUID | None = None) -> list[OutsideIdentity]:
        with self.building.house.database.read(Scope.house("a test looks")) as session:
            found = list(session.scalars(select(OutsideIdentity).order_by(OutsideIdentity.linked_at)))
            return [row for row in found if account_id in (None, row.account_id)]

    def letters(self, to: str = "") -> list[Mail]:
        """What was mailed, oldest first."""
        house = self.building.house
        with house.database.read(Scope.house("a test reads the outbox")) as session:
            found = sorted(waiting_mail(session, house.vault), key=lambda waiting: waiting.mail_id)
            return [waiting.mail for waiting in found if to in ("", waiting.mail.to)]

    def refusals(self) -> list[str]:
        """Why answers from elsewhere were refused, by the audit log."""
        return [str(entry.facts().get("why")) for entry in entries(self.building, "outside.refused")]


@contextmanager
def open_quarter(
    folder: Path, database_url: str, *, providers: tuple[Provider, ...] | None = None, **given: object
) -> Iterator[Quarter]:
    """A house in which people live, and providers that it knows, until the block ends."""
    town, clock = Town(), Clock()
    id_, other, github = (
        StandIn(clock),
        StandIn(clock, "https://other.example", "shop-at-other", "Other Example"),
        GithubStandIn(),
    )
    town.houses |= {id_.netloc: id_.serve, other.netloc: other.serve}
    town.houses |= {"github.com": github.serve_site, "api.github.com": github.serve_api}
    known = (id_.as_provider(), other.as_provider(), github.as_provider()) if providers is None else providers
    model = Scripted(says("I listen."))
    building = build(
        folder, database_url=database_url, model=model, calls=town.calls(), clock=clock, sign_in_with=known, **given
    )
    yield Quarter(Street.before(move_in(building)), town, id_, other, github)
    building.house.database.close()


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """A token that nobody has signed."""
    return f"{part({**header, 'alg': 'none'})}.{part(claims)}."


def leave(browser: TestClient, key: str, **form: str) -> str:
    """Press *Continue with …*; the address at the provider that the page goes on to."""
    answer = browser.post(f"/sign-in/with/{key}", data=form)
    assert answer.status_code == 200, (answer.status_code, answer.text[:600])
    return onward(answer)


def onward(answer: Any) -> str:
    """Where the page goes on to by itself."""
    return str(answer.headers["refresh"]).removeprefix("0; url=")


def come_in(browser: TestClient, provider: StandIn, person: Person, **answer: str) -> Any:
    """There and back again, with a person who says yes."""
    return browser.get(provider.allow(leave(browser, provider.as_provider().key), person, **answer))


def who(browser: TestClient) -> str:
    """Which page the account page is for this browser: its own, or the way to signing in."""
    answer = browser.get("/account")
    return "" if answer.status_code == 303 else answer.text


def part(content: Mapping[str, Any]) -> str:
    """A part of a token, as it stands in it."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

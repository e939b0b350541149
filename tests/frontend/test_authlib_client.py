"""Somebody else's client, Authlib's, walks through every flow, and its validators read what the shop says of itself."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet

from auth.oauth import exchange
from auth.oauth.clients import Kind
from tests.building import ORIGIN, Building
from tests.frontend.conftest import Browser
from tests.software import BACK, EVERYTHING, add_program, backend

VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"
Walk = Callable[..., OAuth2Client]


@pytest.fixture
def walk(building: Building, app: FastAPI, as_person: Callable[..., Browser]) -> Walk:
    """Register the program, let Ada agree, and fetch the tokens with Authlib's client."""

    def connect(kind: Kind = Kind.CONFIDENTIAL, method: str = "client_secret_basic") -> OAuth2Client:
        added = add_program(building, kind=kind)
        client = OAuth2Client(
            client_id="pocket-pine",
            client_secret=added.secret or None,
            token_endpoint_auth_method=method,
            scope=" ".join(EVERYTHING),
            redirect_uri=BACK,
            code_challenge_method="S256",
            transport=backend(app)._transport,
            token_endpoint=f"{ORIGIN}/oauth/token",
        )
        url, state = client.create_authorization_url(
            f"{ORIGIN}/oauth/authorize", code_verifier=VERIFIER, nonce="n-0S6_WzA2Mj"
        )
        back = _agreed(as_person("ada"), urlsplit(url).query)
        client.fetch_token(authorization_response=back, code_verifier=VERIFIER, state=state)
        return client

    return connect


def _agreed(browser: Browser, query: str) -> str:
    form = urlencode([("asked", query), ("decision", "yes"), *(("scope", scope) for scope in EVERYTHING)])
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = browser.client.post("/oauth/authorize", content=form, headers=sent)
    assert answer.status_code == 303, answer.text[:300]
    url: str = answer.headers["location"]
    assert dict(parse_qsl(urlsplit(url).query))["iss"] == ORIGIN
    return url


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (Kind.CONFIDENTIAL, "client_secret_basic"),
        (Kind.CONFIDENTIAL, "client_secret_post"),
        (Kind.PUBLIC, "none"),
    ],
)
def test_code_refresh_userinfo_and_revocation(walk: Walk, app: FastAPI, kind: Kind, method: str) -> None:
    client = walk(kind, method)
    token: dict[str, Any] = dict(client.token)
    assert client.get(f"{ORIGIN}/oauth/userinfo").json()["name"] == "Ada Zephyrwick"
    keys = KeySet.import_key_set(backend(app).get("/oauth/jwks").json())
    told = jwt.decode(token["id_token"], keys, algorithms=["ES256"]).claims
    claims = CodeIDToken(
        told,
        {"alg": "ES256"},
        options={"iss": {"value": ORIGIN}, "aud": {"value": "pocket-pine"}},
        params={"nonce": "n-0S6_WzA2Mj", "client_id": "pocket-pine", "access_token": token["access_token"]},
    )
    claims.validate(now=int(told["iat"]))
    renewed = client.refresh_token(f"{ORIGIN}/oauth/token")
    assert renewed["refresh_token"] != token["refresh_token"]
    assert client.revoke_token(f"{ORIGIN}/oauth/revoke", token=renewed["refresh_token"]).status_code == 200
    assert client.get(f"{ORIGIN}/oauth/userinfo").status_code == 401


def test_introspection_and_exchange(walk: Walk) -> None:
    client = walk()
    told = client.introspect_token(f"{ORIGIN}/oauth/introspect", token=client.token["access_token"])
    assert told.json()["active"] is True
    narrow = client.fetch_token(
        f"{ORIGIN}/oauth/token",
        grant_type=exchange.GRANT,
        subject_token=client.token["access_token"],
        subject_token_type=exchange.ACCESS_TOKEN,
        resource=f"{ORIGIN}/api/v1",
        scope="orders:read",
    )
    assert narrow["scope"] == "orders:read" and narrow["issued_token_type"] == exchange.ACCESS_TOKEN


def test_client_credentials(building: Building, app: FastAPI) -> None:
    service = add_program(building, "stock-counter", kind=Kind.SERVICE, scopes=("catalogue",))
    client = OAuth2Client("stock-counter", service.secret, transport=backend(app)._transport)
    assert client.fetch_token(f"{ORIGIN}/oauth/token", grant_type="client_credentials")["scope"] == "catalogue"


def test_its_validators_accept_what_the_shop_says_of_itself(app: FastAPI) -> None:
    # Authlib's validators insist on https, as RFC 8414 §2 does; this shop is on loopback, so the scheme is swapped.
    for path, kind in (
        ("/.well-known/oauth-authorization-server", AuthorizationServerMetadata),
        ("/.well-known/openid-configuration", OpenIDProviderMetadata),
    ):
        told = backend(app).get(path).text.replace("http://", "https://")
        body = json.loads(told)
        if kind is OpenIDProviderMetadata:
            assert body["id_token_signing_alg_values_supported"] == ["ES256"], "RS256 is left out on purpose"
            body["id_token_signing_alg_values_supported"].append("RS256")
        kind(body).validate()
        assert '"issuer": "https://localhost:8000"' in told

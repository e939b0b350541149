"""The demo's own identity provider: correct in what it does, and nowhere but in a demo on loopback."""

import base64
import hashlib
import re
import socket
import urllib.request
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.testclient import TestClient

from frontend.demo_provider.pages import demo_provider_app
from frontend.demo_provider.people import PEOPLE
from frontend.demo_provider.provider import Client, DemoProvider
from frontend.demo_provider.serving import demo_provider_at, listen_beside, served_beside
from frontend.settings import SettingsRefused, read_settings
from shop.demo import DemoMode
from tests.browsing import Street
from tests.building import NOON, ORIGIN, Clock, build, move_in
from tests.elsewhere import Town, leave, who

ISSUER = "http://127.0.0.1:8001"
BACK = f"{ORIGIN}/sign-in/with/demo-identity/back"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "client_id": "demo-shop",
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": "openid email profile",
    "state": "s-1",
    "nonce": "n-1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(clock: Clock) -> DemoProvider:
    return demo_provider_at(8001, DemoMode(since=NOON), shop_origin=ORIGIN, clock=clock)


@pytest.fixture
def visitor(provider: DemoProvider) -> TestClient:
    return TestClient(demo_provider_app(provider), base_url=ISSUER, follow_redirects=False, headers={"Origin": ISSUER})


def decide(visitor: TestClient, person: str = "demo-1001", **changed: str) -> dict[str, str]:
    """Choose on the page; what the answer says."""
    form = {name: value for name, value in ASKED.items() if not name.endswith(("type", "method"))}
    answer = visitor.post("/authorize", data={**form, "person": person, **changed})
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(BACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def redeem(visitor: TestClient, provider: DemoProvider, code: str, **changed: str) -> httpx2.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    basic = (provider.client.client_id, provider.client.secret)
    return visitor.post("/token", data={**form, **changed}, auth=basic)


def test_a_person_is_chosen_and_tokens_come_that_its_published_key_checks(
    visitor: TestClient, provider: DemoProvider, clock: Clock
) -> None:
    document = visitor.get("/.well-known/openid-configuration").json()
    assert document["issuer"] == ISSUER and document["code_challenge_methods_supported"] == ["S256"]
    page = visitor.get("/authorize", params=ASKED)
    assert page.status_code == 200 and "DEMO" in page.text and all(person.name in page.text for person in PEOPLE)
    answer = decide(visitor)
    assert answer["state"] == "s-1" and answer["iss"] == ISSUER
    tokens = redeem(visitor, provider, answer["code"]).json()
    keys = KeySet.import_key_set(visitor.get("/keys").json())
    token = jwt.decode(tokens["id_token"], keys, algorithms=["ES256"])
    assert all("d" not in key for key in visitor.get("/keys").json()["keys"])
    at = int(clock().timestamp())
    wanted = {"iss": ISSUER, "sub": "demo-1001", "aud": "demo-shop", "nonce": "n-1", "iat": at, "exp": at + 300}
    assert wanted.items() <= token.claims.items() and token.claims["email_verified"] is True
    told = visitor.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}).json()
    assert told["sub"] == "demo-1001" and told["email"] == token.claims["email"]
    assert visitor.get("/userinfo", headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_code_is_good_once_soon_and_with_its_verifier(
    visitor: TestClient, provider: DemoProvider, clock: Clock
) -> None:
    code = decide(visitor)["code"]
    assert redeem(visitor, provider, code).status_code == 200
    assert redeem(visitor, provider, code).json() == {"error": "invalid_grant"}
    assert redeem(visitor, provider, decide(visitor)["code"], code_verifier="w" * 43).status_code == 400
    assert redeem(visitor, provider, decide(visitor)["code"], redirect_uri=ORIGIN).status_code == 400
    assert redeem(visitor, provider, decide(visitor)["code"], grant_type="password").status_code == 400
    late = decide(visitor)["code"]
    clock.move(minutes=1)
    assert redeem(visitor, provider, late).status_code == 400
    form = {"grant_type": "authorization_code", "code": decide(visitor)["code"], "redirect_uri": BACK}
    assert visitor.post("/token", data=form, auth=("demo-shop", "guess")).status_code == 401


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_a_wrong_request_is_sent_back_with_the_reason(visitor: TestClient, changed: dict[str, str], error: str) -> None:
    answer = visitor.get("/authorize", params={**ASKED, **changed})
    assert answer.status_code == 303 and f"error={error}" in answer.headers["location"]


@pytest.mark.parametrize(
    "changed", [{"redirect_uri": "https://evil.example/"}, {"redirect_uri": BACK + "/x"}, {"client_id": "another"}]
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(visitor: TestClient, changed: dict[str, str]) -> None:
    asked = {**ASKED, **changed}
    for answer in (visitor.get("/authorize", params=asked), visitor.post("/authorize", data=asked)):
        assert answer.status_code == 400 and "location" not in answer.headers


def test_a_page_elsewhere_chooses_for_nobody(visitor: TestClient) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}):
        answer = visitor.post("/authorize", data={**ASKED, "person": "demo-1001"}, headers=headers)
        assert answer.status_code == 403
    policy = visitor.get("/authorize", params=ASKED).headers["content-security-policy"]
    assert f"form-action 'self' {ORIGIN};" in policy and "frame-ancestors 'none'" in policy
    assert visitor.get("/keys", headers={"Host": "evil.example"}).status_code == 421


def test_the_shop_signs_people_in_and_follows_its_keys(
    provider: DemoProvider, visitor: TestClient, clock: Clock, tmp_path: Path, database_url: str
) -> None:
    """Discovery, sign-in and key rotation, with the shop's own client."""
    town = Town({"127.0.0.1:8001": _served(visitor)})
    known = (provider.as_seen_by_the_shop(),)
    building = build(tmp_path, database_url=database_url, calls=town.calls(), clock=clock, sign_in_with=known)
    street = Street.before(move_in(building))
    for subject in ("demo-1001", "demo-1001", "demo-1001"):
        browser = street.browser()
        answer = browser.get(_chosen(visitor, leave(browser, "demo-identity"), subject))
        assert answer.status_code == 303 and "Wilma" in who(browser)
        provider.rotate()
        clock.move(minutes=2)
    assert town.times("/keys") == 3
    browser = street.browser()
    answer = browser.get(_chosen(visitor, leave(browser, "demo-identity"), ""))
    assert answer.status_code == 200 and "You said no" in answer.text
    building.house.database.close()


def test_it_is_there_in_a_demo_on_loopback_only(clock: Clock) -> None:
    for issuer in ("https://id.example:443", "http://192.0.2.7:8001", "http://127.0.0.1.evil.example:80"):
        with pytest.raises(ValueError, match="loopback only"):
            DemoProvider(DemoMode(since=NOON), issuer=issuer, client=Client("a", "b", ()), clock=clock)
    with pytest.raises(SettingsRefused, match="plain http"):
        read_settings(
            mode="production",
            origin="https://shop.example",
            smtp_url="smtps://mail.example",
            sign_in_with='[{"name": "Demo identity", "issuer": "http://127.0.0.1:8001", "client_id": "demo-shop"}]',
            _env_file=None,
        )


def test_it_is_served_beside_the_shop_and_ends_with_it(clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        # The port after the shop's is taken, so it is another one.
        listening = listen_beside(taken.getsockname()[1] - 1)
        host, port = listening.getsockname()
        assert host == "127.0.0.1" and port != taken.getsockname()[1]
    provider = demo_provider_at(port, DemoMode(since=NOON), shop_origin=ORIGIN, clock=clock)
    with served_beside(provider, listening):
        url = f"{provider.issuer}/.well-known/openid-configuration"
        assert urllib.request.urlopen(url, timeout=10).status == 200  # noqa: S310
    with pytest.raises(OSError):
        urllib.request.urlopen(url, timeout=2)  # noqa: S310


def _served(visitor: TestClient) -> Any:
    def serve(request: httpx2.Request) -> httpx2.Response:
        given = {n: v for n, v in request.headers.items() if n.lower() not in {"host", "content-length"}}
        answer = visitor.request(request.method, str(request.url), content=request.content, headers=given)
        return httpx2.Response(answer.status_code, headers=dict(answer.headers), content=answer.content)

    return serve


def _chosen(visitor: TestClient, url: str, subject: str) -> str:
    """The provider's page with somebody chosen on it; the path and query the browser comes back with."""
    page = visitor.get(url)
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    form = {**{name: unescape(value) for name, value in fields.items()}, "person": subject}
    location = urlsplit(visitor.post("/authorize", data=form).headers["location"])
    return f"{location.path}?{location.query}"

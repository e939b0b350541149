"""A program asks for leave, gets its tokens, renews and narrows them and gives them back, over the shop's doors."""

from collections.abc import Callable

from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet

from auth.oauth import exchange
from auth.oauth.clients import Kind
from auth.oauth.issuer import ONE_FACTOR, TWO_FACTOR
from auth.oauth.tokens import half_hash
from tests.browsing import Street
from tests.building import ORIGIN, Building
from tests.frontend.conftest import Browser
from tests.software import BACK, Flow, add_program, backend, post

API = f"{ORIGIN}/api/v1"
AsPerson = Callable[..., Browser]


def connected(building: Building, app: FastAPI, as_person: AsPerson, flow: Flow, secret: str) -> dict[str, str]:
    told = flow.agree(as_person("ada"))
    answer = flow.fetch(backend(app), told["code"], secret)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_code_with_pkce_gives_tokens_that_say_who_and_for_what(
    building: Building, app: FastAPI, as_person: AsPerson
) -> None:
    added, flow, program = add_program(building), Flow(), backend(app)
    told = flow.agree(as_person("ada"))
    assert told["iss"] == ORIGIN and told["state"] == flow.state
    answer = flow.fetch(program, told["code"], added.secret)
    body = answer.json()
    assert answer.headers["cache-control"] == "no-store" and body["token_type"] == "Bearer"
    assert body["expires_in"] == 600 and body["scope"].split() == [
        "openid",
        "profile",
        "email",
        "offline_access",
        "orders:read",
    ]
    keys = KeySet.import_key_set(program.get("/oauth/jwks").json())
    claims = jwt.decode(body["id_token"], keys, algorithms=["ES256"]).claims
    assert claims["iss"] == ORIGIN and claims["aud"] == "pocket-pine" and claims["nonce"] == flow.nonce
    assert claims["at_hash"] == half_hash(body["access_token"]) and claims["acr"] == ONE_FACTOR
    access = jwt.decode(body["access_token"], keys, algorithms=["ES256"])
    assert access.header["typ"] == "at+jwt" and access.claims["aud"] == [API, f"{ORIGIN}/oauth/userinfo"]
    who = program.get("/oauth/userinfo", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert who.json() == {
        "sub": claims["sub"],
        "name": "Ada Zephyrwick",
        "email": "ada.zephyrwick@example.com",
        "email_verified": True,
    }


def test_what_is_not_ticked_is_not_given(building: Building, app: FastAPI, as_person: AsPerson) -> None:
    added, flow = add_program(building), Flow()
    told = flow.agree(as_person("ada"), ticked=["email"])
    body = flow.fetch(backend(app), told["code"], added.secret).json()
    assert body["scope"] == "openid email" and "refresh_token" not in body
    who = backend(app).get("/oauth/userinfo", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert "name" not in who.json() and "email" in who.json()


def test_the_page_ticks_nothing_and_says_what_can_never_be(building: Building, as_person: AsPerson) -> None:
    add_program(building)
    page = as_person("ada").get(f"/oauth/authorize?{Flow().query()}")
    assert page.status_code == 200 and " checked" not in page.text
    assert "Sign for you" in page.text and "Pocket Pine" in page.text and "pocket.example" in page.text
    assert f"form-action 'self' {BACK.rpartition('/')[0]};" in page.headers["content-security-policy"]


def test_without_a_tick_the_page_asks_again_and_no_is_told(building: Building, as_person: AsPerson) -> None:
    add_program(building)
    flow, browser = Flow(scope="orders:read basket"), as_person("ada")
    again = browser.post("/oauth/authorize", {"asked": flow.query(), "decision": "yes"})
    assert again.status_code == 422 and "Nothing is ticked" in again.text
    told = flow.told(browser.post("/oauth/authorize", {"asked": flow.query(), "decision": "no"}))
    assert (told["error"], told["state"], told["iss"]) == ("access_denied", flow.state, ORIGIN)


def test_a_refresh_token_is_replaced_each_time_and_may_ask_for_less(
    building: Building, app: FastAPI, as_person: AsPerson
) -> None:
    added, flow, program = add_program(building), Flow(), backend(app)
    first = connected(building, app, as_person, flow, added.secret)
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "scope": "orders:read"}
    second = post(program, "/oauth/token", flow.client_id, added.secret, form).json()
    assert second["refresh_token"] != first["refresh_token"] and second["scope"] == "orders:read"
    more = {"grant_type": "refresh_token", "refresh_token": second["refresh_token"], "scope": "basket"}
    assert post(program, "/oauth/token", flow.client_id, added.secret, more).json()["error"] == "invalid_scope"
    again = {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]}
    third = post(program, "/oauth/token", flow.client_id, added.secret, again).json()
    assert third["scope"].split() == flow.scope.split()


def test_exchange_cuts_a_short_lived_token_for_one_resource(
    building: Building, app: FastAPI, as_person: AsPerson
) -> None:
    added, flow, program = add_program(building), Flow(), backend(app)
    wide = connected(building, app, as_person, flow, added.secret)
    form = {
        "grant_type": exchange.GRANT,
        "subject_token": wide["access_token"],
        "subject_token_type": exchange.ACCESS_TOKEN,
        "resource": API,
        "scope": "orders:read",
    }
    body = post(program, "/oauth/token", flow.client_id, added.secret, form).json()
    assert body["issued_token_type"] == exchange.ACCESS_TOKEN and body["scope"] == "orders:read"
    claims = jwt.decode(
        body["access_token"], KeySet.import_key_set(program.get("/oauth/jwks").json()), algorithms=["ES256"]
    ).claims
    assert claims["aud"] == API and claims["act"] == {"sub": "pocket-pine", "digest": added.client.digest}
    who = program.get("/oauth/userinfo", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert who.status_code == 401 and "another resource" in who.json()["error_description"]


def test_introspection_tells_the_owner_and_a_service_and_nobody_else(
    building: Building, app: FastAPI, as_person: AsPerson
) -> None:
    added, flow, program = add_program(building), Flow(), backend(app)
    other = add_program(building, "other-app", redirects=("https://other.example/back",))
    service = add_program(building, "stock-counter", kind=Kind.SERVICE, scopes=("catalogue",))
    tokens = connected(building, app, as_person, flow, added.secret)
    form = {"token": tokens["access_token"]}
    own = post(program, "/oauth/introspect", flow.client_id, added.secret, form).json()
    assert own["active"] is True and own["client_id"] == "pocket-pine" and "delegation" not in own
    assert post(program, "/oauth/introspect", "stock-counter", service.secret, form).json()["active"] is True
    assert post(program, "/oauth/introspect", "other-app", other.secret, form).json() == {"active": False}
    refresh = {"token": tokens["refresh_token"]}
    assert post(program, "/oauth/introspect", flow.client_id, added.secret, refresh).json()["active"] is True
    assert post(program, "/oauth/introspect", "other-app", other.secret, refresh).json() == {"active": False}


def test_a_token_given_back_ends_its_leave(building: Building, app: FastAPI, as_person: AsPerson) -> None:
    added, flow, program = add_program(building), Flow(), backend(app)
    tokens = connected(building, app, as_person, flow, added.secret)
    given = post(program, "/oauth/revoke", flow.client_id, added.secret, {"token": tokens["refresh_token"]})
    assert given.status_code == 200
    who = program.get("/oauth/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert who.status_code == 401 and 'error="invalid_token"' in who.headers["www-authenticate"]
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert post(program, "/oauth/token", flow.client_id, added.secret, form).json()["error"] == "invalid_grant"
    nothing = post(program, "/oauth/revoke", flow.client_id, added.secret, {"token": "never-was-one"})
    assert nothing.status_code == 200, "RFC 7009 §2.2"


def test_a_service_gets_a_token_for_itself_and_for_nobody_else(building: Building, app: FastAPI) -> None:
    service, program = add_program(building, "stock-counter", kind=Kind.SERVICE, scopes=("catalogue",)), backend(app)
    body = post(program, "/oauth/token", "stock-counter", service.secret, {"grant_type": "client_credentials"}).json()
    assert body["scope"] == "catalogue" and "refresh_token" not in body
    more = {"grant_type": "client_credentials", "scope": "orders:read"}
    assert post(program, "/oauth/token", "stock-counter", service.secret, more).json()["error"] == "invalid_scope"
    assert post(program, "/oauth/revoke", "stock-counter", service.secret, {"token": body["access_token"]}).is_success
    told = post(program, "/oauth/introspect", "stock-counter", service.secret, {"token": body["access_token"]})
    assert told.json() == {"active": False}


def test_other_grants_are_not_there(building: Building, app: FastAPI) -> None:
    added, program = add_program(building), backend(app)
    for grant in ("password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", ""):
        form = {"grant_type": grant, "username": "ada", "password": "x"}
        answer = post(program, "/oauth/token", "pocket-pine", added.secret, form)
        assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    credentials = {"grant_type": "client_credentials"}
    answer = post(program, "/oauth/token", "pocket-pine", added.secret, credentials)
    assert answer.json()["error"] == "unauthorized_client"


def test_a_visitor_signs_in_first_and_comes_back_to_the_question(building: Building) -> None:
    add_program(building)
    browser = Street.before(building).browser()
    answer = browser.get(f"/oauth/authorize?{Flow().query()}", headers={"Accept": "text/html"})
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?next=%2Foauth%2Fauthorize%3F")


def test_a_program_that_wants_no_page_is_told_what_is_missing(building: Building, as_person: AsPerson) -> None:
    add_program(building)
    flow = Flow()
    nobody = Street.before(building).browser().get(f"/oauth/authorize?{flow.query(prompt='none')}")
    assert flow.told(nobody)["error"] == "login_required"
    somebody = as_person("ada").get(f"/oauth/authorize?{flow.query(prompt='none')}")
    assert flow.told(somebody)["error"] == "consent_required", "an earlier yes never stands in for this one"


def test_a_surer_or_fresher_sign_in_is_asked_for(
    building: Building, as_person: AsPerson, authenticator: Callable[[str], Callable[[], str]]
) -> None:
    add_program(building)
    flow, weak = Flow(), as_person("ada")
    told = flow.told(weak.get(f"/oauth/authorize?{flow.query(acr_values=TWO_FACTOR)}"))
    assert told["error"] == "unmet_authentication_requirements", "she has no second factor to show"
    authenticator("ada")
    answer = weak.get(f"/oauth/authorize?{flow.query(acr_values=TWO_FACTOR)}")
    assert answer.headers["location"].startswith("/account/security/fresh?next=%2Foauth%2Fauthorize")
    strong = as_person("ada", with_code=True)
    assert strong.get(f"/oauth/authorize?{flow.query(acr_values=TWO_FACTOR, max_age='300')}").status_code == 200
    building.clock.move(seconds=301)
    assert strong.get(f"/oauth/authorize?{flow.query(max_age='300')}").status_code == 303


def test_who_has_just_signed_in_is_fresh_enough_for_the_strictest_program(
    building: Building, as_person: AsPerson
) -> None:
    add_program(building)
    browser, query = as_person("ada"), Flow().query(max_age="0")
    building.clock.move(seconds=2)
    assert browser.get(f"/oauth/authorize?{query}").status_code == 200
    building.clock.move(seconds=60)
    assert browser.get(f"/oauth/authorize?{query}").status_code == 303


def test_a_clerk_gives_no_leave(building: Building, as_person: AsPerson) -> None:
    add_program(building)
    answer = as_person("cleo", with_code=True).get(f"/oauth/authorize?{Flow().query()}")
    assert answer.status_code == 400 and "location" not in answer.headers

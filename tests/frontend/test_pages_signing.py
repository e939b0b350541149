"""Signing in and out, opening an account, forgotten passwords, the second factor; and codes that only a demo shows."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from auth.accounts import Account
from auth.database import Scope
from auth.mail import waiting_mail
from frontend.app import create_app
from shop.demo import DEMO_PASSWORD, seed
from tests.building import Building
from tests.frontend.conftest import Browser, _browser, words

PASSWORD = "quiet slate harbour tea"


@pytest.fixture
def ada_signs(building: Building) -> dict[str, str]:
    house, ada = building.house, building.person("ada")
    with house.database.begin(Scope.house("a test gives a password")) as session:
        session.get_one(Account, ada.id).password_hash = house.entrance.hasher.hash(PASSWORD)
    return {"email": ada.email, "password": PASSWORD}


def mailed_link(building: Building, path: str) -> str:
    with building.house.database.read(Scope.house("a test reads the outbox")) as session:
        texts = [mail.mail.text for mail in waiting_mail(session, building.house.vault)]
    links = [found[0] for text in texts if (found := re.search(rf"{path}/[\w-]+", text))]
    return links[0]


def test_password_and_code_lead_to_where_one_wanted(
    ada_signs: dict[str, str], visitor: Browser, authenticator: Callable[[str], Callable[[], str]]
) -> None:
    code = authenticator("ada")
    page = visitor.post("/sign-in", {**ada_signs, "next": "/orders"})
    assert page.status_code == 200 and "Enter your code" in words(page.text)
    assert visitor.get("/orders").status_code == 303, "a password alone is no session"
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert ticket is not None and ticket[1] not in str(page.url)
    form = {"ticket": ticket[1], "next": "/orders"}
    wrong = visitor.post("/sign-in/code", {**form, "code": "000000"})
    assert wrong.status_code == 422 and ticket[1] in wrong.text
    right = visitor.post("/sign-in/code", {**form, "code": code()})
    assert right.headers["location"] == "/orders"
    assert "Ada Zephyrwick" in words(visitor.follow(right).text)


def test_unknown_and_wrong_get_the_same_words(ada_signs: dict[str, str], visitor: Browser) -> None:
    wrong = visitor.post("/sign-in", {**ada_signs, "password": "wrong wrong wrong"})
    unknown = visitor.post("/sign-in", {"email": "nobody@example.com", "password": PASSWORD})
    assert wrong.status_code == unknown.status_code == 422
    assert words(wrong.text) == words(unknown.text)
    assert f'value="{ada_signs["email"]}"' in wrong.text and "wrong wrong" not in wrong.text
    for email in ("", "x" * 5000, "<script>", "\u202e@example.com"):
        assert visitor.post("/sign-in", {"email": email, "password": "x"}).status_code == 422


@pytest.mark.parametrize("away", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(ada_signs: dict[str, str], visitor: Browser, away: str) -> None:
    assert visitor.post("/sign-in", {**ada_signs, "next": away}).headers["location"] == "/"


def test_signing_out_ends_the_session(ada_signs: dict[str, str], visitor: Browser) -> None:
    visitor.post("/sign-in", ada_signs)
    token = visitor.token
    assert "You are signed out" in words(visitor.follow(visitor.post("/sign-out")).text)
    visitor.keep("countersign", token)
    assert visitor.get("/account").status_code == 303


def test_an_account_is_opened_by_mail(building: Building, visitor: Browser) -> None:
    form = {"name": "Eve <b>Marsh</b>", "email": "eve.marsh@example.com", "password": "otter kettle birch lane"}
    sent = visitor.post("/register", form)
    assert (
        sent.headers["location"]
        == visitor.post("/register", {**form, "email": building.person("ada").email}).headers["location"]
    )
    assert "Look at your mail" in words(visitor.follow(sent).text)
    link = mailed_link(building, "/register/confirm")
    assert visitor.post(link, {"password": "not the one"}).status_code == 422
    page = visitor.follow(visitor.post(link, {"password": form["password"]}))
    assert "Your address is confirmed" in words(page.text)
    assert visitor.post("/sign-in", form).status_code == 303
    assert "Eve &lt;b&gt;Marsh&lt;/b&gt;" in visitor.get("/account").text


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"email": "no"}, "email"),
        ({"password": "short"}, "password"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_the_rest_is_kept(
    visitor: Browser, given: dict[str, str], field: str
) -> None:
    form = {"name": "Eve", "email": "eve@example.com", "password": "otter kettle birch lane", **given}
    answer = visitor.post("/register", form)
    assert answer.status_code == 422 and f'id="field-{field}-error"' in answer.text
    assert "otter kettle" not in answer.text
    assert field == "email" or 'value="eve@example.com"' in answer.text


def test_a_forgotten_password_is_changed_by_mail_once(building: Building, visitor: Browser) -> None:
    unknown = visitor.post("/forgot", {"email": "nobody@example.com"})
    known = visitor.post("/forgot", {"email": building.person("ada").email})
    assert unknown.headers["location"] == known.headers["location"] == "/forgot/sent"
    assert visitor.post("/forgot", {"email": "no"}).status_code == 422
    link = mailed_link(building, "/reset")
    assert visitor.post(link, {"password": "short"}).status_code == 422
    assert "is changed" in words(visitor.follow(visitor.post(link, {"password": "heron gravel spoon arch"})).text)
    assert "no longer works" in words(visitor.post(link, {"password": "heron gravel spoon arch"}).text)


def test_the_second_factor_is_set_up_and_its_codes_shown_once(
    ada_signs: dict[str, str], as_person: Callable[..., Browser]
) -> None:
    import pyotp

    ada = as_person("ada")
    page = ada.follow(ada.post("/account/security/enrol/start", {"password": ada_signs["password"]}))
    assert "<svg" in page.text and "style=" not in page.text
    secret = re.search(r'app: <span class="mono">([A-Z2-7 ]+)<', page.text)
    assert secret is not None
    assert ada.post("/account/security/enrol", {"code": "000000"}).status_code == 422
    now = ada.client.app.state.house.clock()  # type: ignore[attr-defined]
    done = ada.post("/account/security/enrol", {"code": pyotp.TOTP(secret[1].replace(" ", "")).at(now)})
    assert done.status_code == 200
    assert len(re.findall(r"<li>[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}</li>", done.text)) == 10
    assert "10 recovery codes left" in words(ada.get("/account/security").text)


@pytest.mark.parametrize("name", ["ada", "dov"])
def test_a_first_factor_asks_for_the_password_at_its_field(
    as_person: Callable[..., Browser], building: Building, name: str
) -> None:
    with building.house.database.begin(Scope.house("a test sets a password")) as session:
        session.get_one(Account, building.person(name).id).password_hash = building.house.entrance.hasher.hash("heron")
    person = as_person(name)
    assert 'autocomplete="current-password"' in person.get("/account/security/enrol").text
    for form in ({}, {"password": "wrong wrong wrong"}):
        answer = person.post("/account/security/enrol/start", form)
        assert answer.status_code == 422 and 'id="field-password-error"' in answer.text
        assert "wrong wrong" not in answer.text
        assert "app: <span" not in answer.text
    assert "Show me the picture" in words(person.get("/account/security/enrol").text)


def test_with_a_factor_the_enrolment_asks_for_a_code_and_no_password(
    as_person: Callable[..., Browser], authenticator: Callable[[str], Callable[[], str]]
) -> None:
    authenticator("ada")
    ada = as_person("ada", with_code=True)
    assert 'name="password"' not in ada.get("/account/security/enrol").text
    assert "app: <span" in ada.follow(ada.post("/account/security/enrol/start")).text


def test_security_settings_ask_for_a_fresh_code(
    building: Building, as_person: Callable[..., Browser], authenticator: Callable[[str], Callable[[], str]]
) -> None:
    code, ada = authenticator("ada"), as_person("ada")
    for path in ("codes", "remove", "enrol/start"):
        assert "/account/security/fresh" in ada.post(f"/account/security/{path}").headers["location"]
    assert ada.post("/account/security/fresh", {"code": "000000"}).status_code == 422
    ada.post("/account/security/fresh", {"code": code()})
    assert "Put these away" in words(ada.post("/account/security/codes").text)


def test_a_device_is_signed_out_and_only_ones_own(
    ada_signs: dict[str, str], as_person: Callable[..., Browser], visitor: Browser
) -> None:
    here, there, ben = as_person("ada"), as_person("ada"), as_person("ben")
    path = re.findall(r'action="(/account/security/sessions/[0-9a-f-]+/end)"', here.get("/account/security").text)[0]
    assert ben.post(path).status_code == 404
    assert "That device is signed out" in words(here.follow(here.post(path)).text)
    assert there.get("/account").status_code == 303
    wrong = here.post("/account/security/password", {"current": "no", "new": "heron gravel spoon arch"})
    assert wrong.status_code == 422 and 'id="field-current-error"' in wrong.text
    form = {"current": PASSWORD, "new": "heron gravel spoon arch"}
    assert "Your password is changed" in words(here.follow(here.post("/account/security/password", form)).text)


def test_codes_are_shown_in_demo_mode_and_never_otherwise(empty_building: Building) -> None:
    house = empty_building.house
    assert house.demo is not None
    seed(
        house.demo,
        house.database,
        house.vault,
        gateway=house.gateway,
        hasher=house.entrance.hasher,
        clock=house.clock,
    )
    demo = _browser(create_app(empty_building.settings, house, chores=False))
    shown = demo.get("/sign-in").text
    assert DEMO_PASSWORD in shown and len(re.findall(r">\d{6}<", shown)) >= 20
    with house.database.read(Scope.house("a test looks")) as session:
        emails = [house.vault.open(session, a, "email") for a in session.scalars(select(Account))]
    real = _browser(create_app(empty_building.settings, replace(house, demo=None), chores=False))
    for path in ("/sign-in", "/register", "/"):
        page = real.get(path).text
        assert DEMO_PASSWORD not in page and not re.findall(r">\d{6}<", page)
        assert not [email for email in emails if email and email in page]

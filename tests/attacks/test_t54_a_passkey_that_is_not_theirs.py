"""T54: an answer of a passkey is made elsewhere, kept and sent again, copied, or another person's, and counts.

Shows WebAuthn level 3 §7.1, §7.2 and §13.4.3 (challenges); ASVS 5.0 §6.5.1 and §6.7.2 (used once, against replay) and
§6.3.3 (factors that withstand phishing).
"""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from shop.commands import RefundOrder
from tests.attacks.wiles import parked
from tests.authenticator import CAN_BE_COPIED, Authenticator
from tests.browsing import Street, cards, entries, moved
from tests.building import ORIGIN

REFUSED = 422
ELSEWHERE: tuple[dict[str, Any], ...] = (
    {"origin": "https://localhost:8000"},
    {"origin": "http://localhost"},
    {"origin": "http://localhost:8001"},
    {"origin": "http://localhost:8000.evil.example"},
    {"origin": "http://127.0.0.1:8000"},
    {"origin": "HTTP://LOCALHOST:8000"},
    {"origin": "null"},
    {"origin": ""},
    {"rp_id": "evil.example"},
    {"rp_id": "host"},
    {"rp_id": "127.0.0.1"},
    {"rp_id": "LOCALHOST"},
    {"crossOrigin": True},
    {"topOrigin": "https://evil.example"},
    {"type": "webauthn.create"},
)


def test_an_answer_made_for_another_page_opens_nothing(street: Street) -> None:
    """The relay that beats one-time codes: the victim's own key signs, but for the page it is looking at."""
    phone = _equipped(street, "ada")
    for number, bent in enumerate(ELSEWHERE):
        phone.origin, phone.rp_id = bent.get("origin", ORIGIN), bent.get("rp_id", "")
        said = {name: value for name, value in bent.items() if name not in ("origin", "rp_id")}
        assert _come_in(street.browser(f"198.51.100.{number}"), phone, client_data=said) == REFUSED, bent
    phone.origin, phone.rp_id = ORIGIN, ""
    assert _come_in(street.browser(), phone) == 303


def test_an_answer_counts_once_in_its_own_browser_and_for_five_minutes(street: Street) -> None:
    phone, browser, other = _equipped(street, "ada"), street.browser(), street.browser()
    answer = phone.show(_asked(browser, "/sign-in/passkey/options"))
    # Whoever intercepts the answer is in another browser, whose challenge is another one.
    _asked(other, "/sign-in/passkey/options")
    assert other.post("/sign-in/passkey", data={"passkey": answer}).status_code == REFUSED
    assert street.browser().post("/sign-in/passkey", data={"passkey": answer}).status_code == REFUSED
    assert browser.post("/sign-in/passkey", data={"passkey": answer}).status_code == 303
    browser.post("/sign-out")
    assert browser.post("/sign-in/passkey", data={"passkey": answer}).status_code == REFUSED
    late = phone.show(_asked(browser, "/sign-in/passkey/options"))
    street.building.clock.move(minutes=5)
    assert browser.post("/sign-in/passkey", data={"passkey": late}).status_code == REFUSED


def test_of_two_answers_to_one_challenge_one_comes_in(street: Street) -> None:
    phone, browser = _equipped(street, "ada"), street.browser()
    options = _asked(browser, "/sign-in/passkey/options")
    answers = [phone.show(options) for _ in range(4)]
    cookie = {"Cookie": "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)}
    with ThreadPoolExecutor(4) as pool:
        tries = [
            pool.submit(street.browser(f"198.51.100.{n}").post, "/sign-in/passkey", data={"passkey": a}, headers=cookie)
            for n, a in enumerate(answers)
        ]
    assert sorted(t.result().status_code for t in tries) == [303, REFUSED, REFUSED, REFUSED]


def test_a_challenge_for_one_thing_is_none_for_another(street: Street) -> None:
    """An answer given to sign in signs no card, and one given in another session steps this one up no more."""
    phone, building = _equipped(street, "ada"), street.building
    mine = street.signed_in("ada")
    building.clock.move(minutes=6)
    card = parked(building, building.person("ada"), RefundOrder(building.orders["ada.lamp"], "broken"))
    path = f"/approvals/{card.approval_id}/confirm?fragment=1"
    assert (
        mine.post(path, data={"passkey": phone.show(_asked(mine, "/sign-in/passkey/options"))}).status_code == REFUSED
    )
    theirs = street.signed_in("ada", "198.51.100.9")
    building.clock.move(minutes=6)
    planted = phone.show(_asked(theirs, "/account/security/passkeys/options"))
    for cookie in [c for c in theirs.cookies.jar if c.name == "countersign_passkey"]:
        mine.cookies.set("countersign_passkey", str(cookie.value), domain="localhost.local")
    assert mine.post(path, data={"passkey": planted}).status_code == REFUSED
    assert [c.state for c in cards(building, "ada")] == ["open"] and moved(building) == []


def test_the_counter_of_a_copy_gives_it_away(street: Street) -> None:
    phone = _equipped(street, "ada")
    assert _come_in(street.browser(), phone, count=9) == 303
    assert (
        _come_in(street.browser(), phone, count=5) == REFUSED and _come_in(street.browser(), phone, count=9) == REFUSED
    )
    assert len(entries(street.building, "passkey.counter_went_back")) == 2
    phone.flags |= CAN_BE_COPIED
    assert _come_in(street.browser(), phone, count=20) == REFUSED


def test_somebody_elses_credential_is_nobodys_way_in(street: Street) -> None:
    ada, ben = _equipped(street, "ada"), _equipped(street, "ben")
    known = ada.credentials[0]
    # Ben's signature under the id of Ada's key, with her handle; then his own key with her handle.
    assert _come_in(street.browser(), ben, credential_id=known.id, user_handle=known.user_handle) == REFUSED
    assert _come_in(street.browser(), ben, user_handle=known.user_handle) == REFUSED
    assert _come_in(street.browser(), ben, user_handle=b"") == REFUSED
    # Ben knows Ada's password: his own key is none of hers, and doesn't make the ticket his.
    browser = street.browser()
    ticket = street.first_step(browser, "ada")
    options = _asked(browser, "/sign-in/passkey/options", ticket=ticket)
    answer = browser.post("/sign-in/passkey", data={"ticket": ticket, "passkey": ben.show(options)})
    assert answer.status_code == REFUSED and browser.get("/orders").status_code == 303
    # Nor does it make a session of hers fresh.
    browser = street.signed_in("ada")
    answer = ben.show(_asked(browser, "/account/security/passkeys/options"))
    assert browser.post("/account/security/fresh", data={"passkey": answer}).status_code == REFUSED


def test_a_key_that_is_anybodys_is_added_to_no_other_account(street: Street) -> None:
    known = _equipped(street, "ada").credentials[0].id
    ben, twin = street.signed_in("ben"), Authenticator()
    page = ben.post("/account/security/passkeys/start", data={"name": "twin"})
    answer = twin.make(_options(page.text), credential_id=known)
    assert ben.post("/account/security/passkeys", data={"passkey": answer}).status_code == REFUSED
    assert "twin" not in ben.get("/account/security").text


def test_a_stolen_session_adds_no_key_of_its_own(street: Street) -> None:
    thief = street.signed_in("ada")
    page = thief.post("/account/security/passkeys/start", data={"name": "thief"})
    answer = Authenticator().make(_options(page.text))
    street.building.clock.move(minutes=6)
    # The proof that was fresh when it began is stale when it ends.
    assert "fresh" in thief.post("/account/security/passkeys", data={"passkey": answer}).headers.get(
        "location", "fresh"
    )
    assert (
        thief.post("/account/security/passkeys/start", data={"name": "x"})
        .headers["location"]
        .startswith("/account/security/fresh")
    )
    assert entries(street.building, "passkey.added") == []


@pytest.mark.parametrize("bent", [b"", b"\x30\x06\x02\x01\x01\x02\x01\x01"], ids=["none", "made up"])
def test_without_the_right_signature_nothing_opens(street: Street, bent: bytes) -> None:
    phone = _equipped(street, "ada")
    assert _come_in(street.browser(), phone, signature=bent) == REFUSED
    assert entries(street.building, "passkey.used") == []


def _equipped(street: Street, name: str) -> Authenticator:
    """This person's phone, with a passkey that they have added through the pages."""
    browser, phone = street.signed_in(name), Authenticator()
    page = browser.post("/account/security/passkeys/start", data={"name": "phone"})
    answer = browser.post("/account/security/passkeys", data={"passkey": phone.make(_options(page.text))})
    assert answer.status_code == 303
    return phone


def _options(page: str) -> dict[str, Any]:
    found = re.search(r'data-passkey-create="([^"]+)"', page)
    assert found, page[:400]
    options: dict[str, Any] = json.loads(unescape(found[1]))
    return options


def _asked(browser: TestClient, path: str, **fields: str) -> dict[str, Any]:
    answer = browser.post(path, data=fields, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()
    return options


def _come_in(browser: TestClient, phone: Authenticator, **bent: Any) -> int:
    answer = phone.show(_asked(browser, "/sign-in/passkey/options"), **bent)
    return browser.post("/sign-in/passkey", data={"passkey": answer}).status_code

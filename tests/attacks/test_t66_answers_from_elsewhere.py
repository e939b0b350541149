"""T66: an answer of an identity provider is forged, replayed, mixed up, or pushed into somebody else's browser.

RFC 9700 §2.1 and §4 (CSRF, code injection, mix-up), RFC 9207, OWASP ASVS 5.0 §10.2 and §7.2.4.
"""

import base64
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from auth.accounts import Account
from auth.database import Scope
from auth.sign_in import sessions
from auth.sign_in.sessions import SignInSession
from auth.sign_in.visit import Visit
from tests.browsing import kinds
from tests.elsewhere import Person, Quarter, come_in, leave, open_quarter, who

HANDSHAKE, SESSION = "countersign-elsewhere", "countersign"
VICTIM = Person("u-victim", "vera.tern@example.org", True, "Vera Tern")
ATTACKER = Person("u-attacker", "eve.gull@example.org", True, "Eve Gull")


@pytest.fixture
def quarter(tmp_path: Path, database_url: str) -> Iterator[Quarter]:
    with open_quarter(tmp_path, database_url) as quarter:
        yield quarter


def test_an_answer_without_the_handshake_of_this_browser_signs_nobody_in(quarter: Quarter) -> None:
    """The attacker sends a victim to the callback with a code of their own (login CSRF)."""
    attacker, victim = quarter.browser(), quarter.browser()
    back = quarter.id.allow(leave(attacker, "id-example"), ATTACKER)
    assert victim.get(back).status_code == 422 and not who(victim)
    # Nor does it help that the victim has a handshake of their own under way: the state is another one.
    leave(victim, "id-example")
    assert victim.get(back).status_code == 422 and not who(victim)
    assert quarter.id.token_requests == [], "the code went nowhere"
    # The attacker's answer is still good in the attacker's browser, which shows that only the browser was wrong.
    assert attacker.get(back).status_code == 303 and "Eve Gull" in who(attacker)


def test_a_handshake_planted_in_another_browser_opens_nothing(quarter: Quarter) -> None:
    """Cookie tossing: a neighbour plants the attacker's whole handshake, and the answer that belongs to it."""
    attacker, victim = quarter.browser(), quarter.browser()
    back = quarter.id.allow(leave(attacker, "id-example"), ATTACKER)
    planted = _cookie(attacker, HANDSHAKE)
    assert victim.get(back, headers={"Cookie": f"{HANDSHAKE}={planted}"}).status_code == 422
    # A victim with a session, a guest's or one's own, is no better a target.
    victim.post("/basket", data={"sku": "mug-pine", "quantity": "1"})
    both = f"{SESSION}={_cookie(victim, SESSION)}; {HANDSHAKE}={planted}"
    answer = quarter.browser().get(back, headers={"Cookie": both})
    assert answer.status_code == 422 and "signed in or out in between" in answer.text
    assert not who(victim) and quarter.id.token_requests == []


def test_two_handshake_cookies_count_for_nothing(quarter: Quarter) -> None:
    browser, attacker = quarter.browser(), quarter.browser()
    back = quarter.id.allow(leave(browser, "id-example"), VICTIM)
    leave(attacker, "id-example")
    mine, session, other = _cookie(browser, HANDSHAKE), _cookie(browser, SESSION), _cookie(attacker, HANDSHAKE)
    twice = f"{SESSION}={session}; {HANDSHAKE}={mine}; {HANDSHAKE}={other}"
    assert quarter.browser().get(back, headers={"Cookie": twice}).status_code == 422
    once = f"{SESSION}={session}; {HANDSHAKE}={mine}"
    assert quarter.browser().get(back, headers={"Cookie": once}).status_code == 303


@pytest.mark.parametrize("part", [0, 1], ids=["body", "signature"])
def test_a_handshake_that_the_shop_has_not_signed_is_none(quarter: Quarter, part: int) -> None:
    browser = quarter.browser()
    back = quarter.id.allow(leave(browser, "id-example"), VICTIM)
    parts = _cookie(browser, HANDSHAKE).split(".")
    parts[part] = parts[part][:-2] + ("AA" if parts[part][-2:] != "AA" else "BB")
    forged = f"{SESSION}={_cookie(browser, SESSION)}; {HANDSHAKE}={'.'.join(parts)}"
    answer = quarter.browser().get(back, headers={"Cookie": forged})
    assert answer.status_code == 422 and "not started here" in answer.text


def test_the_cookie_tells_neither_state_nor_nonce_nor_verifier(quarter: Quarter) -> None:
    browser = quarter.browser()
    url = leave(browser, "id-example")
    asked = parse_qs(urlsplit(url).query)
    body = _cookie(browser, HANDSHAKE).split(".")[0]
    told = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    assert len(asked["state"][0]) == 43 and len(asked["nonce"][0]) == 43 and asked["state"] != asked["nonce"]
    assert asked["state"][0] not in told and asked["nonce"][0] not in told and "sign_in" in told
    assert len({parse_qs(urlsplit(leave(browser, "id-example")).query)["state"][0] for _ in range(5)}) == 5


def test_the_same_answer_twice_signs_in_once(quarter: Quarter) -> None:
    browser = quarter.browser()
    back = quarter.id.allow(leave(browser, "id-example"), VICTIM)
    cookies = f"{SESSION}={_cookie(browser, SESSION)}; {HANDSHAKE}={_cookie(browser, HANDSHAKE)}"
    first = quarter.browser().get(back, headers={"Cookie": cookies})
    second = quarter.browser().get(back, headers={"Cookie": cookies})
    assert (first.status_code, second.status_code) == (303, 422)
    assert len(quarter.id.token_requests) == 1 and kinds(quarter.building).count("sign_in.succeeded") == 1


def test_of_eight_answers_at_once_one_counts(quarter: Quarter) -> None:
    browser = quarter.browser()
    back = quarter.id.allow(leave(browser, "id-example"), VICTIM)
    cookies = f"{SESSION}={_cookie(browser, SESSION)}; {HANDSHAKE}={_cookie(browser, HANDSHAKE)}"
    statuses = list[int]()
    start = threading.Barrier(8)

    def arrive() -> None:
        mine = quarter.browser()
        start.wait()
        statuses.append(mine.get(back, headers={"Cookie": cookies}).status_code)

    threads = [threading.Thread(target=arrive) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303] + [422] * 7 and len(quarter.id.token_requests) == 1


def test_an_old_handshake_is_over(quarter: Quarter) -> None:
    browser = quarter.browser()
    back = quarter.id.allow(leave(browser, "id-example"), VICTIM)
    quarter.building.clock.move(minutes=10)
    answer = browser.get(back)
    assert answer.status_code == 422 and "That took too long" in answer.text and not who(browser)
    assert quarter.id.token_requests == []


def test_a_stolen_code_is_worth_nothing_in_another_handshake(quarter: Quarter) -> None:
    """Code injection (RFC 9700 §4.5): the victim's code, with the attacker's own handshake and state."""
    victim, attacker = quarter.browser(), quarter.browser()
    stolen = _query(quarter.id.allow(leave(victim, "id-example"), VICTIM))["code"]
    back = quarter.id.allow(leave(attacker, "id-example"), ATTACKER, code=stolen)
    answer = attacker.get(back)
    assert answer.status_code == 422 and not who(attacker)
    assert quarter.refusals() == ["provider_error"]
    # It was PKCE that stopped it: the verifier sent along was the attacker's.
    assert [form["code"] for form in quarter.id.token_requests] == [stolen]


def test_an_answer_of_one_provider_is_no_answer_of_another(quarter: Quarter) -> None:
    """Mix-up (RFC 9700 §4.4): the code of an honest provider must never be handed to a hostile one."""
    browser = quarter.browser()
    honest = _query(quarter.id.allow(leave(browser, "id-example"), VICTIM))
    asked = _query(leave(browser, "other-example"))
    # At the hostile one's own address, with its state, but named by the honest provider.
    mixed = f"/sign-in/with/other-example/back?code={honest['code']}&state={asked['state']}&iss={quarter.id.issuer}"
    answer = browser.get(mixed)
    assert answer.status_code == 422 and "came from somebody else" in answer.text
    assert quarter.other.token_requests == [] and quarter.refusals() == ["wrong_issuer"]
    # With no name at all, from a provider that has said it names itself.
    asked = _query(leave(browser, "other-example"))
    assert browser.get(f"/sign-in/with/other-example/back?code=x&state={asked['state']}").status_code == 422
    # And one provider's handshake does not open the other's address.
    asked = _query(leave(browser, "other-example"))
    elsewhere = f"/sign-in/with/id-example/back?code=x&state={asked['state']}&iss={quarter.id.issuer}"
    assert browser.get(elsewhere).status_code == 422
    assert quarter.other.token_requests == [] == quarter.id.token_requests and not who(browser)


def test_each_provider_has_an_address_of_its_own_that_no_request_can_choose(quarter: Quarter) -> None:
    browser = quarter.browser()
    for key in ("id-example", "other-example", "github"):
        asked = _query(leave(browser, key, redirect_uri="https://evil.example/", next="//evil.example/"))
        assert asked["redirect_uri"] == f"http://localhost:8000/sign-in/with/{key}/back"
        assert asked["code_challenge_method"] == "S256" and asked["response_type"] == "code"
    back = quarter.id.allow(leave(browser, "id-example", next="//evil.example/"), VICTIM)
    assert browser.get(back).headers["location"] == "/"
    # Nor can the Host header: the answer would go to an address that the provider does not know.
    other = quarter.browser().post("/sign-in/with/id-example", headers={"Host": "evil.example"})
    assert other.status_code == 421


def test_signing_in_elsewhere_gives_a_session_that_nobody_had_before(quarter: Quarter) -> None:
    """Session fixation: the guest's token that an attacker has seen or planted is dead once its browser is in."""
    browser = quarter.browser()
    url = leave(browser, "id-example")
    before = _cookie(browser, SESSION)
    assert browser.get(quarter.id.allow(url, VICTIM)).status_code == 303
    after = [cookie.value for cookie in browser.cookies.jar if cookie.name == SESSION][-1]
    assert after != before and "Vera Tern" in who(browser)
    assert quarter.browser().get("/account", headers={"Cookie": f"{SESSION}={before}"}).status_code == 303


def test_a_page_elsewhere_can_not_start_it(quarter: Quarter) -> None:
    browser = quarter.browser()
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert browser.post("/sign-in/with/id-example", headers=foreign).status_code == 403
    assert quarter.town.asked == []


def test_a_second_factor_is_asked_for_whoever_has_vouched(quarter: Quarter) -> None:
    browser = quarter.street.signed_in("ada")
    back = quarter.id.allow(_linking(browser), ATTACKER)
    assert browser.get(back).headers["location"] == "/account/security"
    thief = quarter.browser()
    answer = come_in(thief, quarter.id, ATTACKER)
    assert answer.status_code == 200 and "Enter your code" in answer.text and not who(thief)
    ticket = answer.text.partition('name="ticket" value="')[2].partition('"')[0]
    assert thief.post("/sign-in/code", data={"ticket": ticket, "code": "000000"}).status_code == 422 and not who(thief)
    done = thief.post("/sign-in/code", data={"ticket": ticket, "code": quarter.street.next_code("ada")})
    assert done.status_code == 303 and "Ada" in who(thief)


def test_what_a_provider_says_of_factors_does_not_count_as_one_here(quarter: Quarter) -> None:
    """A sign-in from elsewhere stamps no second factor: it was shown to somebody else. Where there is no password, the
    arrival stands for it; where there is one, it has not been shown.
    """
    quarter.id.claims = {"amr": ["pwd", "otp", "mfa"], "acr": "urn:mace:incommon:iap:gold"}
    browser, house = quarter.browser(), quarter.building.house
    assert come_in(browser, quarter.id, VICTIM).status_code == 303
    with house.database.read(Scope.house("a test looks")) as session:
        row = session.scalars(select(SignInSession).where(SignInSession.amr != "")).one()
    assert (row.amr, row.second_factor_at, row.password_at) == ("fed", None, row.created_at)
    with house.database.begin(Scope.house("a test arrives once more")) as session:
        account, now = session.get_one(Account, row.account_id), quarter.building.clock()
        assert account.password_hash is None
        account.password_hash = "of one who has a password"
        life, visit = house.entrance.life, Visit()
        begun = sessions.start(session, house.vault, account, life=life, visit=visit, now=now, amr="fed")
        assert session.get_one(SignInSession, begun.session_id).password_at is None


def _linking(browser: TestClient) -> str:
    answer = browser.post("/account/security/elsewhere/id-example/link")
    assert answer.status_code == 200, answer.text[:500]
    return str(answer.headers["refresh"]).removeprefix("0; url=")


def _cookie(browser: TestClient, name: str) -> str:
    return next(str(cookie.value) for cookie in browser.cookies.jar if cookie.name == name)


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

"""Passkeys in a real browser, with Chromium's virtual authenticator: added, used to sign in, and to sign a card."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import expect

from auth.database import Scope
from auth.mail import waiting_mail
from shop.demo import DEMO_PASSWORD
from tests.browser.window import PHONE, Window

pytestmark = pytest.mark.browser

SAOIRSE, TOBIAS = "saoirse.ganneltfield@example.org", "tobias.marrowby@example.org"


@contextmanager
def authenticator(window: Window) -> Iterator[tuple[Any, str]]:
    """A platform authenticator whose person is there and unlocks it at once; yields the CDP session and its id."""
    cdp = window.page.context.new_cdp_session(window.page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made: Any = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield cdp, made["authenticatorId"]
    cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": made["authenticatorId"]})


def test_a_passkey_is_made_signs_in_and_signs_a_card(windows: Callable[..., Window]) -> None:
    window = windows()
    page = window.page

    def at(path: str) -> str:
        return f"{window.shop.origin}{path}"

    with authenticator(window) as (cdp, key):
        window.sign_in(SAOIRSE)
        window.go("/account/security/passkeys/new")
        assert window.faults("passkey-name") == []
        page.get_by_label("Name").fill("My laptop")
        page.get_by_role("button", name="Go on").click()
        assert window.faults("passkey-make") == []
        page.get_by_role("button", name="Make the passkey").click()
        page.wait_for_url(at("/account/security"))
        expect(page.get_by_text("Your passkey is added")).to_be_visible()
        expect(page.get_by_role("region", name="Passkeys").locator("b")).to_have_text("My laptop")
        page.get_by_role("region", name="Passkeys").get_by_text("Change").click()
        assert window.faults("security-with-passkey") == []
        window.shot("security-whole", full=True)
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.wait_for_url(at("/"))

        window.go("/sign-in?next=/orders")
        page.get_by_role("button", name="Use a passkey instead").click()
        page.wait_for_url(at("/orders"))
        assert len(cdp.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]) == 1

        window.shop.clock.move(minutes=6)
        window.go("/account/security/fresh?next=/account")
        assert window.faults("fresh-with-passkey") == []
        page.get_by_role("button", name="Use a passkey", exact=True).click()
        page.wait_for_url(at("/account"))

        window.shop.clock.move(minutes=6)
        window.go("/account/privacy")
        page.get_by_role("button", name="Make the file").click()
        page.wait_for_url("**/approvals/*")
        assert window.faults("card-with-passkey") == []
        page.get_by_role("button", name="Use a passkey", exact=True).click()
        expect(page.locator(".countersign--done")).to_be_visible()


def test_a_locked_authenticator_and_an_unknown_one_leave_other_ways(windows: Callable[..., Window]) -> None:
    window = windows(PHONE)
    page = window.page
    with authenticator(window) as (cdp, key):
        window.go("/sign-in")
        assert window.faults("sign-in-with-passkeys") == []
        cdp.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
        page.get_by_role("button", name="Use a passkey instead").click()
        expect(page.get_by_role("alert")).to_contain_text("You can use another way")
        assert window.page.url.endswith("/sign-in")


def test_without_scripts_there_is_no_such_button_and_the_password_does(windows: Callable[..., Window]) -> None:
    window = windows(scripts=False)
    window.go("/sign-in")
    expect(window.page.get_by_role("button", name="Use a passkey instead")).to_be_hidden()
    window.sign_in(TOBIAS)
    window.go("/account/security/passkeys/new")
    window.page.get_by_role("button", name="Go on").click()
    expect(window.page.get_by_text("This browser can’t make passkeys")).to_be_visible()


def test_the_way_back_waits_and_its_letter_stops_it(windows: Callable[..., Window]) -> None:
    window = windows()
    page = window.page
    window.go("/sign-in")
    page.get_by_label("E-mail").fill(TOBIAS)
    page.get_by_label("Password", exact=True).fill(DEMO_PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("I have none of these any more").click()
    assert window.faults("code-with-way-back") == []
    page.get_by_role("button", name="I have lost them").click()
    expect(page.get_by_role("heading", name="Now it waits")).to_be_visible()
    assert window.faults("lost") == []
    # The letter names the way to stop it first.
    stop, finish = links(window, "is lost")
    window.go(finish)
    expect(page.get_by_role("heading", name="Not yet")).to_be_visible()
    window.go(stop)
    assert window.faults("link") == []
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_role("heading", name="It is stopped")).to_be_visible()
    window.go(finish, status=404)


def test_a_new_device_and_another_address_are_told(windows: Callable[..., Window]) -> None:
    before, window = windows(), windows()
    before.sign_in(TOBIAS)
    window.sign_in(TOBIAS)
    assert "new device" in str(letter(window, "new device"))
    page = window.page
    window.go("/account/security")
    page.get_by_text("Use another address").click()
    page.get_by_label("New address").fill("tobias.elsewhere@example.org")
    page.get_by_role("button", name="Send the letters").click()
    expect(page.get_by_text("It is to become")).to_be_visible()
    assert window.faults("address-under-way") == []
    window.shot("address-whole", full=True)
    window.go(links(window, "Another address for")[0])
    page.get_by_role("button", name="Yes, I agree").click()
    expect(page.get_by_role("heading", name="You have agreed")).to_be_visible()
    window.go("/account/security")
    page.get_by_role("button", name="Stop the change").click()
    expect(page.get_by_text("It is stopped, and nothing was changed")).to_be_visible()


def letter(window: Window, subject: str) -> str:
    house = window.shop.house
    with house.database.read(Scope.house("a test reads the mail")) as session:
        found = [each.mail for each in waiting_mail(session, house.vault) if subject in each.mail.subject]
    return f"{found[0].subject}\n{found[0].text}"


def links(window: Window, subject: str) -> list[str]:
    return [line.removeprefix(window.shop.origin) for line in letter(window, subject).splitlines() if "/link/" in line]

"""Passkeys in a real browser, with Chromium's virtual authenticator: added, used to sign in, and to sign a card."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.window import PHONE, Window

pytestmark = pytest.mark.browser

IMKE, WREN = "saoirse.ganneltfield@example.org", "tobias.marrowby@example.org"


@contextmanager
def authenticator(window: Window):  # type: ignore[no-untyped-def]
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
    with authenticator(window) as (cdp, key):
        window.sign_in(IMKE)
        window.go("/account/security/passkeys/new")
        assert window.faults("passkey-name") == []
        page.get_by_label("Name").fill("My laptop")
        page.get_by_role("button", name="Go on").click()
        assert window.faults("passkey-make") == []
        page.get_by_role("button", name="Make the passkey").click()
        page.wait_for_url("**/account/security")
        expect(page.get_by_text("Your passkey is added")).to_be_visible()
        expect(page.get_by_role("region", name="Passkeys").locator("b")).to_have_text("My laptop")
        assert window.faults("security-with-passkey") == []
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.wait_for_url("**/")

        window.go("/sign-in?next=/orders")
        page.get_by_role("button", name="Use a passkey instead").click()
        page.wait_for_url("**/orders")
        assert len(cdp.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]) == 1

        window.shop.clock.move(minutes=6)
        window.go("/account/security/fresh?next=/account")
        assert window.faults("fresh-with-passkey") == []
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url("**/account")

        window.shop.clock.move(minutes=6)
        window.go("/account/privacy")
        page.get_by_role("button", name="Make the file").click()
        page.wait_for_url("**/approvals/*")
        assert window.faults("card-with-passkey") == []
        page.get_by_role("button", name="Use a passkey").click()
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
    window.sign_in(WREN)
    window.go("/account/security/passkeys/new")
    window.page.get_by_role("button", name="Go on").click()
    expect(window.page.get_by_text("This browser can’t make passkeys")).to_be_visible()

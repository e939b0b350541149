"""Signing in with the demo's own identity provider, in a real browser and under the shop's own policy for forms."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from shop.demo import DEMO_PASSWORD
from tests.browser.live import LiveShop
from tests.browser.window import DESKTOP, PHONE, Window

pytestmark = pytest.mark.browser

TOBIAS = "tobias.marrowby@example.org"


def continue_elsewhere(window: Window, person: str) -> None:
    """Press the button on the sign-in page and choose who to be at the provider."""
    window.go("/sign-in")
    window.page.get_by_role("main").get_by_role("button", name="Continue with Demo identity").click()
    choose(window, person)


def choose(window: Window, person: str) -> None:
    window.page.wait_for_url(f"{window.shop.provider.issuer}/**")
    window.page.get_by_role("button", name=person).click()
    window.page.wait_for_url(f"{window.shop.origin}/**")


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])
def test_a_new_person_signs_in_with_the_demo_provider(windows: Callable[..., Window], scripts: bool) -> None:
    """The button, the provider's page and back: no form or redirect is stopped by the policy of either page."""
    window = windows(DESKTOP if scripts else PHONE, scripts=scripts)
    continue_elsewhere(window, "Wilma Fernhollow")
    window.go("/account/security")
    expect(window.page.locator("#elsewhere")).to_contain_text("wilma.fernhollow@example.com")
    expect(window.page.locator("#elsewhere")).to_contain_text("Your only way in, so it stays.")
    window.go("/account")
    expect(window.page.get_by_role("main")).to_contain_text("Wilma")


def test_an_identity_is_linked_signs_in_and_is_taken_away(windows: Callable[..., Window], live_shop: LiveShop) -> None:
    """Ida's address opens nothing by itself; Tobias links the identity, comes in with it, and takes it away."""
    stranger = windows()
    stranger.expected.add(409)
    continue_elsewhere(stranger, "Ida Quillfeather")
    expect(stranger.page.get_by_role("heading", level=1)).to_have_text("Your address has an account here")

    owner = windows()
    owner.sign_in(TOBIAS, next_page="/account/security")
    owner.page.get_by_role("button", name="Add Demo identity").click()
    choose(owner, "Ida Quillfeather")
    expect(owner.page.locator("#elsewhere")).to_contain_text("ida.quillfeather@example.com")
    faults = owner.faults("security-linked")

    again = windows(PHONE)
    continue_elsewhere(again, "Ida Quillfeather")
    # Two-step sign-in is on, so the other provider's word is only the first step.
    expect(again.page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    again.page.get_by_label("Code from your authenticator app").fill(live_shop.fresh_code(TOBIAS))
    again.page.get_by_role("button", name="Go on").click()
    again.page.wait_for_url(lambda url: "/sign-in" not in url)
    again.go("/account/security")
    again.page.get_by_role("button", name="Remove Demo identity").click()
    expect(again.page.locator("#elsewhere")).not_to_contain_text("ida.quillfeather@example.com")
    expect(again.page.get_by_text("It no longer signs you in here.")).to_be_visible()
    assert not faults, "\n".join(faults)


def test_no_is_an_answer_and_each_page_on_the_way_looks_right(windows: Callable[..., Window]) -> None:
    window = windows(PHONE)
    window.go("/sign-in")
    faults = window.faults("elsewhere-sign-in")
    window.page.get_by_role("button", name="Continue with Demo identity").click()
    window.page.wait_for_url(f"{window.shop.provider.issuer}/**")
    faults += window.faults("elsewhere-demo-provider")
    window.page.get_by_role("button", name="No, go back to the shop").click()
    expect(window.page.get_by_role("heading", level=1)).to_have_text("You said no at Demo identity")
    faults += window.faults("elsewhere-cancelled")
    window.page.get_by_role("button", name="Try Demo identity again").click()
    choose(window, "Otto Kelpgarden")
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Look at your mail")
    faults += window.faults("elsewhere-letter")
    window.go("/demo/outbox")
    window.page.get_by_role("link", name="/sign-in/with/demo-identity/confirm/").first.click()
    faults += window.faults("elsewhere-confirm")
    window.page.get_by_role("main").get_by_role("button", name="Continue with Demo identity").click()
    choose(window, "Otto Kelpgarden")
    window.go("/account")
    expect(window.page.get_by_role("main")).to_contain_text("Otto")
    assert not faults, "\n".join(faults)


def test_the_password_is_the_way_in_where_the_provider_is_not_wanted(windows: Callable[..., Window]) -> None:
    """The wrong password is refused as ever: the buttons beside it change nothing about it."""
    window = windows()
    window.go("/sign-in")
    window.page.get_by_label("E-mail").fill("wilma.fernhollow@example.com")
    window.page.get_by_label("Password", exact=True).fill(DEMO_PASSWORD)
    window.page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(window.page.get_by_role("alert")).to_be_visible()

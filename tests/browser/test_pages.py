"""Every page there is, by day and by night, from desk to small phone: nothing for axe to find, nothing sticking out."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from frontend.api.table import OPERATIONS
from tests.browser.live import LiveShop
from tests.browser.window import Window, order_number

pytestmark = pytest.mark.browser

DOORS = Path(__file__).parents[1] / "snapshots" / "doors.txt"
LUCA, JONAS = "luca.brindlemoor@example.com", "jonas.peeweehoek@example.org"
GUEST = (
    "/",
    "/c/camp",
    "/search?q=mug",
    "/search?q=zeppelin",
    "/search?max_price=cheap",
    "/p/harbour-stoneware-mug",
    "/basket",
    "/policies",
    "/policies/returns",
    "/guarded",
    "/api",
    "/sign-in",
    "/register",
    "/register/sent",
    "/forgot",
    "/forgot/sent",
    "/demo/outbox",
    "/chat",
    "/chat/new",
    "/compare?p=harbour-stoneware-mug&p=watch-cap-beanie",
    "/goodbye",
)
CUSTOMER = (
    "/account",
    "/account/activity",
    "/account/activity?show=everything",
    "/account/addresses",
    "/account/apps",
    "/account/cases",
    "/account/payment",
    "/account/preferences",
    "/account/privacy",
    "/account/security",
    "/chats",
    "/account/security/fresh",
    "/orders",
    "/checkout",
    "/basket",
)
CLERK = (
    "/staff",
    "/staff/cases",
    "/staff/assistant",
    "/staff/compromise",
    "/account",
    "/account/security",
    "/account/security/enrol",
)
# Reached on the way, by following what the page offers.
ON_THE_WAY = (
    "/sign-in/code",
    "/register/confirm/{token}",
    "/reset/{token}",
    "/orders/{number}",
    "/approvals/{approval_id}",
    "/chat/{conversation_id}",
    "/account/cases/{number}",
    "/oauth/authorize",
    "/account/orders/{number}/invoice",
    "/orders/{number}/not-right",
    "/chats/{conversation_id}/delete",
    "/chat/{conversation_id}/seen",
    "/staff/cases/{number}",
    "/staff/conversations/{conversation_id}",
    "/staff/orders/{number}",
    "/staff/reviews/{approval_id}",
)
# Pieces for the script, pictures and data.
NO_PAGES = (
    "/approvals/{approval_id}/card",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource{path:path}",
    "/.well-known/openid-configuration",
    "/oauth/jwks",
    "/oauth/userinfo",
    "/art/{kind}/{colour}.svg",
    "/chat/card/{approval_id}",
    "/chat/panel",
    "/chat/latest/seen",
    "/chat/{conversation_id}/stream",
    "/chats/{conversation_id}/export.json",
    "/chats/{conversation_id}/export.txt",
    "/account/privacy/my-data.json",
    "/chat/{conversation_id}/since/{position}",
    "/health",
    *(f"/api/v1{operation.path}" for operation in OPERATIONS if operation.method == "GET"),
    "/api/v1/openapi.json",
    "/rules",
    "/rules/{topic}",
    "/static/{path}",
)


def test_no_page_is_left_out() -> None:
    doors = re.findall(r"^GET +(\S+)", DOORS.read_text(), flags=re.M)
    looked_at = [path.partition("?")[0] for path in (*GUEST, *CUSTOMER, *CLERK, *ON_THE_WAY, *NO_PAGES)]
    left_out = [door for door in doors if not any(re.fullmatch(_pattern(door), path) for path in looked_at)]
    assert doors and not left_out


def test_pages_of_a_guest(windows: Callable[..., Window]) -> None:
    window = windows()
    faults = _walk(window, GUEST, "guest")
    window.go("/nowhere", status=404)
    faults += window.faults("guest-nowhere")
    window.go("/p/watch-cap-beanie")
    window.page.get_by_role("button", name="Put in basket").click()
    faults += window.faults("guest-basket-full")
    faults += _letters(window)
    window.go("/sign-in")
    window.page.get_by_label("E-mail").fill("nobody@example.com")
    window.page.get_by_label("Password", exact=True).fill("not the password")
    window.page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(window.page.get_by_role("alert")).to_be_visible()
    faults += window.faults("guest-sign-in-wrong")
    assert not faults, "\n".join(faults)


def test_pages_of_a_customer(windows: Callable[..., Window]) -> None:
    window = windows()
    faults = _sign_in_looking(window, LUCA)
    faults += _walk(window, CUSTOMER, "customer")
    window.go("/orders")
    by_state: dict[str, str] = {}
    for row in window.page.locator(".rows > *").all():
        state = row.locator(".status").first.inner_text().strip()
        by_state.setdefault(state, row.get_by_role("link").first.get_attribute("href") or "")
    assert len(by_state) >= 3
    for state, href in by_state.items():
        window.go(href)
        for fold in window.page.locator("details").all():
            fold.evaluate("fold => fold.open = true")
        faults += window.faults(f"customer-order-{state.lower()}")

    window.go("/")
    window.open_chat()
    window.ask("where are my orders?")
    window.ask("do you have a tent?")
    faults += window.faults("customer-panel")
    window.ask("the candle broke, I want my money back")
    card = (window.card.get_attribute("data-approval") or "").strip()
    faults += window.faults("customer-panel-card")
    window.go("/chat")
    faults += window.faults("customer-chat-card")
    window.go(f"/approvals/{card}")
    faults += window.faults("customer-card")
    window.page.get_by_role("main").get_by_role("button", name="No, leave it").click()
    expect(window.page.get_by_role("main").get_by_text("You said no. Nothing was changed.")).to_be_visible()
    faults += window.faults("customer-card-declined")
    assert not faults, "\n".join(faults)


def test_pages_of_a_clerk(windows: Callable[..., Window], live_shop: LiveShop) -> None:
    window = windows()
    window.sign_in(JONAS, next_page="/staff")
    faults = _walk(window, CLERK[:-1], "clerk")
    live_shop.clock.move(minutes=6)
    window.go(CLERK[-1])
    faults += window.faults("clerk-enrol")
    window.go("/staff")
    window.page.locator("ol.queue a").first.click()
    faults += window.faults("clerk-conversation")
    window.page.get_by_role("button", name="Take over").click()
    expect(window.page.get_by_label("Your answer")).to_be_visible()
    faults += window.faults("clerk-conversation-taken")
    window.page.get_by_role("button", name="Hand back to the assistant").click()
    window.page.locator(".table a").first.click()
    faults += window.faults("clerk-order")
    _ask_for_a_review(windows())
    window.go("/staff")
    window.page.get_by_role("region", name="To look at before money moves").get_by_role("link").first.click()
    faults += window.faults("clerk-review")
    window.page.get_by_role("button", name="Decline").click()
    expect(window.page.get_by_role("main")).to_contain_text("looked at")
    faults += window.faults("clerk-review-declined")
    assert not faults, "\n".join(faults)


def _walk(window: Window, paths: tuple[str, ...], who: str) -> list[str]:
    faults = list[str]()
    for path in paths:
        window.go(path, status=422 if path.endswith("=cheap") else 200)
        faults += window.faults(who + (re.sub(r"[^a-z]+", "-", path) if path != "/" else "-front"))
    return faults


def _letters(window: Window) -> list[str]:
    """Register and confirm, forget the password and set a new one: the pages that letters lead to."""
    email, password = "wren.hollowell@example.com", "thimble quarry osprey 41"
    window.go("/register")
    window.page.get_by_label("Name").fill("Wren Hollowell")
    window.page.get_by_label("E-mail").fill(email)
    window.page.get_by_label("Password", exact=True).fill(password)
    window.page.get_by_role("main").get_by_role("button").first.click()
    window.page.wait_for_url("**/register/sent")
    window.go("/demo/outbox")
    faults = window.faults("guest-outbox-letter")
    window.page.locator(".letter").first.get_by_role("link").first.click()
    faults += window.faults("guest-confirm")
    window.page.get_by_label("Password", exact=True).fill(password)
    window.page.get_by_role("button", name="Confirm the address").click()
    expect(window.page.get_by_text("Your address is confirmed")).to_be_visible()
    window.go("/forgot")
    window.page.get_by_label("E-mail").fill(email)
    window.page.get_by_role("main").get_by_role("button").first.click()
    window.page.wait_for_url("**/forgot/sent")
    window.go("/demo/outbox")
    window.page.locator(".letter").first.get_by_role("link").first.click()
    expect(window.page).to_have_url(re.compile("/reset/"))
    return faults + window.faults("guest-reset")


def _sign_in_looking(window: Window, email: str) -> list[str]:
    """Sign in, with a look at the page for the code."""
    window.go("/sign-in")
    window.page.get_by_label("E-mail").fill(email)
    window.page.get_by_label("Password", exact=True).fill("harbour-lantern-walk")
    window.page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(window.page.get_by_label("Code from your authenticator app")).to_be_visible()
    faults = window.faults("guest-code")
    window.sign_in(email)
    return faults


def _ask_for_a_review(window: Window) -> None:
    window.sign_in("nora.wetherspindle@example.net")
    window.open_chat()
    window.ask("I want my money back for the tent, a pole is broken")
    assert order_number(window.card.inner_text())
    window.confirm()
    expect(window.chat.get_by_text("With our staff")).to_be_visible()


def _pattern(door: str) -> str:
    return re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(door))

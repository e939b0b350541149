"""The shop from the front door to the countersigned refund: a customer and a clerk, with password and one-time code."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.live import LiveShop
from tests.browser.window import Window, order_number

pytestmark = pytest.mark.browser

IDA, TOBIAS, SOLVEIG = "ida.quillfeather@example.com", "tobias.marrowby@example.org", "solveig.tallowick@example.com"
CHAIN = ["command.proposed", "command.decided", "command.awaiting", "command.confirmed", "command.decided"]
CARRIED_OUT = [*CHAIN, "command.claimed", "command.executed", "command.verified"]


def test_the_story(windows: Callable[..., Window], live_shop: LiveShop) -> None:
    window = windows()
    _browse(window)
    bought = _buy(window, IDA)
    _change_and_cancel(window, live_shop, bought)
    _broken_mug(window, live_shop)
    _rules(window)
    _over_a_hundred(window, live_shop)
    _over_five_hundred(window, windows(), live_shop)
    _what_it_did(window)


def test_the_story_without_scripts(windows: Callable[..., Window], live_shop: LiveShop) -> None:
    window = windows(scripts=False)
    _browse(window)
    bought = _buy(window, TOBIAS)
    window.go("/chat")
    _say(window, "Where is my last order?")
    expect(window.chat.locator(".record-card").last).to_contain_text(bought)
    _say(window, "cancel it")
    window.shot("noscript-card")
    window.confirm()
    expect(window.page).to_have_url(re.compile("/approvals/"))
    expect(window.page.get_by_role("main")).to_contain_text("is cancelled")
    window.shot("noscript-signed")
    window.page.get_by_role("link", name="Back to the conversation").click()
    expect(window.slip).to_contain_text(f"Order {bought} is cancelled")
    window.go(f"/orders/{bought}")
    expect(window.page.locator(".order-head")).to_contain_text("Cancelled")

    live_shop.clock.move(minutes=6)
    window.go("/chat")
    _say(window, "I want my money back for the sleeping bag, it leaks feathers")
    number = order_number(window.card.inner_text())
    window.confirm(code="123456")
    expect(window.page.get_by_text("That code did not match")).to_be_visible()
    assert live_shop.refunds(number) == []
    window.confirm(code=live_shop.fresh_code(TOBIAS))
    expect(window.page.get_by_role("main")).to_contain_text("You signed this, and it is done.")
    assert [state for state, _ in live_shop.refunds(number)] == ["settled"]


def test_a_person_joins(windows: Callable[..., Window], live_shop: LiveShop) -> None:
    window, desk = windows(), windows()
    window.sign_in("saoirse.ganneltfield@example.org")
    window.open_chat()
    window.ask("I want to talk to a person")
    speaking = window.chat.locator("[data-chat-speaking]")
    expect(speaking).to_contain_text("A person will join you here")

    desk.sign_in(SOLVEIG, next_page="/staff")
    desk.shot("staff-desk", full=True)
    desk.page.locator("ol.queue a").last.click()
    expect(desk.page.get_by_role("log")).to_contain_text("I want to talk to a person")
    desk.page.get_by_role("button", name="Take over").click()
    expect(speaking).to_have_text("You are talking to Solveig, staff of the shop. The assistant is silent.")

    assistant_said = window.chat.locator(".voice--assistant").count()
    window.chat.get_by_label("Your message").fill("My parcel smells of herring.")
    window.page.keyboard.press("Enter")
    expect(window.chat).not_to_have_attribute("aria-busy", "true")
    desk.page.get_by_role("link", name="Look for new messages").click()
    expect(desk.page.get_by_role("log")).to_contain_text("smells of herring")
    desk.page.get_by_label("Your answer").fill("That is the tar on the rope. It airs out in a day.")
    desk.page.get_by_role("button", name="Send the answer").click()
    answer = window.chat.locator(".voice--staff").last
    expect(answer).to_contain_text("It airs out in a day.")
    expect(answer).to_contain_text("person, staff")
    assert window.chat.locator(".voice--assistant").count() == assistant_said
    window.shot("staff-answers")
    desk.shot("staff-conversation", full=True)

    desk.page.get_by_role("button", name="Hand back to the assistant").click()
    expect(speaking).to_contain_text("You are talking to an AI")
    expect(window.ask("What is your return policy?")).to_contain_text("/policies/returns")


# The parts of the walk


def _browse(window: Window) -> None:
    window.go("/")
    window.shot(f"front{'' if window.has_scripts else '-noscript'}")
    window.page.get_by_role("navigation", name="Categories").get_by_role("link").first.click()
    expect(window.page.locator(".product").first).to_be_visible()
    window.page.get_by_label("Search the shop").fill("harbour mug")
    window.page.keyboard.press("Enter")
    window.page.get_by_role("link", name="Harbour Stoneware Mug").first.click()
    assert window.page.get_by_role("group", name="Which one").get_by_role("radio").count() > 1
    assert window.page.locator("#reviews .review").count() > 0
    window.shot("product")


def _buy(window: Window, email: str) -> str:
    """A cap goes into a guest's basket, the guest signs in, and the order is placed; returns its number."""
    window.go("/p/watch-cap-beanie")
    window.page.get_by_role("button", name="Put in basket").click()
    window.go("/basket")
    expect(window.page.locator(".line-item")).to_contain_text("Watch Cap Beanie")
    window.sign_in(email, next_page="/checkout")
    expect(window.page.get_by_role("main")).to_contain_text("Watch Cap Beanie")
    window.shot("till")
    window.page.get_by_role("button", name="Order for").click()
    window.page.wait_for_url("**/orders/*")
    window.shot("order-placed")
    return order_number(window.page.url)


def _change_and_cancel(window: Window, shop: LiveShop, bought: str) -> None:
    window.go("/")
    window.open_chat()
    window.shot("chat-open")
    answer = window.ask("where is my last order?")
    expect(answer.locator(".record-card")).to_contain_text(bought)

    window.ask("send it to my office instead")
    window.confirm()
    expect(window.slip).to_contain_text("now goes to the address you chose")
    window.ask("cancel it")
    expect(window.card).to_contain_text(f"Cancel order {bought}")
    window.shot("card")
    window.confirm()
    expect(window.slip).to_contain_text(f"Order {bought} is cancelled")
    window.shot("slip")
    assert shop.chain(f"Order/{bought}") == CARRIED_OUT
    window.slip.get_by_role("link", name="See the order").click()
    expect(window.page.locator(".order-head")).to_contain_text("Cancelled")
    expect(window.page.get_by_role("main")).to_contain_text("Office: ")
    window.shot("order-cancelled")


def _broken_mug(window: Window, shop: LiveShop) -> None:
    window.ask("the mug broke, I want my money back")
    expect(window.card).to_contain_text("Refund €19.90")
    number = order_number(window.card.inner_text())
    assert shop.refunds(number) == []
    window.confirm()
    expect(window.slip).to_contain_text("€19.90")
    window.go(f"/orders/{number}")
    expect(window.page.get_by_role("main")).to_contain_text("€19.90 came back")
    assert shop.refunds(number) == [("settled", 1990)]
    assert shop.chain(f"Order/{number}") == CARRIED_OUT
    assert not shop.log_problems()


def _rules(window: Window) -> None:
    answer = window.ask("what is your return policy?")
    expect(answer).to_contain_text("“")
    answer.get_by_role("link", name="/policies/returns").click()
    expect(window.page.get_by_role("heading", level=1)).to_contain_text("eturn")


def _over_a_hundred(window: Window, shop: LiveShop) -> None:
    shop.clock.move(minutes=6)
    window.ask("I want my money back for the sleeping bag, a seam is torn")
    number = order_number(window.card.inner_text())
    window.shot("card-with-code")
    window.confirm(code="000000")
    code = window.card.get_by_label("Code from your authenticator app")
    expect(code).to_be_focused()
    expect(window.card).to_contain_text("That code did not match")
    window.shot("card-wrong-code")
    assert shop.refunds(number) == []
    window.confirm(code=shop.fresh_code(IDA))
    expect(window.slip).to_contain_text(number)
    assert [state for state, _ in shop.refunds(number)] == ["settled"]


def _over_five_hundred(window: Window, desk: Window, shop: LiveShop) -> None:
    window.ask("I want my money back for the tent, a pole is broken")
    number = order_number(window.card.inner_text())
    window.confirm()
    expect(window.chat.get_by_text("With our staff")).to_be_visible()
    window.shot("card-in-review")
    assert shop.refunds(number) == []

    desk.sign_in(SOLVEIG, next_page="/staff")
    desk.page.get_by_role("region", name="To look at before money moves").get_by_role("link").first.click()
    expect(desk.page.get_by_role("main")).to_contain_text("refund.over-500-needs-review")
    desk.shot("staff-review")
    desk.page.get_by_label("Note").fill("Pole broken, picture seen.")
    desk.page.get_by_role("button", name="Agree").click()
    expect(desk.page.get_by_role("main")).to_contain_text("looked at")
    desk.shot("staff-reviewed")
    window.go(f"/orders/{number}")
    expect(window.page.get_by_role("main")).to_contain_text("came back")
    assert [state for state, _ in shop.refunds(number)] == ["settled"]


def _what_it_did(window: Window) -> None:
    window.go("/account/activity")
    window.shot("activity", full=True)
    main = window.page.get_by_role("main")
    for policy in ("chat.writes-need-confirmation", "refund.over-100-needs-second-factor", "order.own-change"):
        expect(main.locator("code", has_text=policy).first).to_be_visible()
    sections = main.locator("article").all()
    begun = list[str]()
    for section in sections:
        steps = [time.get_attribute("datetime") or "" for time in section.locator("time").all()]
        assert steps == sorted(steps), section.inner_text()
        begun += steps[:1]
    assert len(sections) > 5 and begun == sorted(begun, reverse=True)


def _say(window: Window, text: str) -> None:
    """Without scripts: the answer is a whole page."""
    window.page.get_by_label("Your message").fill(text)
    window.page.get_by_role("button", name="Send").click()
    expect(window.page.locator("#chat .voice--customer").last).to_contain_text(text)

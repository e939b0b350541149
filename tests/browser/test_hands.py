"""Hands other than a mouse's: keys only, a thumb on a phone, two clicks where one is meant, a line that is cut."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.live import LiveShop
from tests.browser.window import PHONE, Window, order_number

pytestmark = pytest.mark.browser

TOBIAS, NORA, LUCA = "tobias.marrowby@example.org", "nora.wetherspindle@example.net", "luca.brindlemoor@example.com"
SAOIRSE = "saoirse.ganneltfield@example.org"
# Whether what has the focus can be seen: it lies in the window, and it or what stands around it is outlined.
FOCUS_SHOWS = """() => {
  const here = document.activeElement, box = here.getBoundingClientRect();
  if (here === document.body) return "nothing has the focus";
  const around = here.closest(".chat__composer, .search, .product, .choice, .check");
  const ringed = [here, around].some((each) => {
    const style = each && getComputedStyle(each);
    if (!style) return false;
    return style.boxShadow !== "none" || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0);
  });
  const inside = box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  return inside && ringed ? "" : here.outerHTML.slice(0, 150);
}"""
# The answer to a message breaks off after its first piece.
CUT_THE_LINE = """
const whole = window.fetch;
window.fetch = async (path, init) => {
  const answer = await whole(path, init);
  if (path !== "/chat" || window.lineHolds) return answer;
  const reader = answer.body.getReader();
  let pieces = 0;
  const body = new ReadableStream({ async pull(stream) {
    if (pieces++) { reader.cancel(); stream.error(new TypeError("the line was cut")); return; }
    // A piece may hold the whole answer, so the first event of it is all that comes through.
    const piece = (await reader.read()).value;
    stream.enqueue(piece.slice(0, new TextDecoder().decode(piece).indexOf("\\n\\n") + 2));
  } });
  return new Response(body, { status: answer.status, headers: answer.headers });
};
"""


def test_keys_only(windows: Callable[..., Window]) -> None:
    window = windows()
    window.sign_in(NORA)
    window.go("/orders")
    press = window.page.keyboard.press
    press("Tab")
    expect(window.page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    press("Enter")
    expect(window.page.get_by_role("main")).to_be_focused()
    window.go("/orders")
    _tab_to(window, ".tool--assistant")
    press("Enter")
    expect(window.chat.get_by_label("Your message")).to_be_focused()
    window.page.keyboard.type("cancel my last order")
    press("Enter")
    window.answered()
    expect(window.card).to_be_visible()
    number = order_number(window.card.inner_text())
    _tab_to(window, ".button--sign", key="Shift+Tab")
    window.shot("keys-confirm")
    press("Enter")
    expect(window.slip).to_contain_text(f"Order {number} is cancelled")
    expect(window.slip).to_be_focused()
    _tab_to(window, ".slip a", most=1)
    press("Escape")
    expect(window.chat).to_be_hidden()
    expect(window.page.locator(".tool--assistant")).to_be_focused()


def test_a_thumb_on_a_phone(windows: Callable[..., Window], live_shop: LiveShop) -> None:
    window = windows(PHONE)
    window.sign_in(LUCA)
    window.shot("phone-front")
    window.page.locator(".tool--assistant").tap()
    expect(window.chat.get_by_label("Your message")).to_be_focused()
    window.page.wait_for_function("() => !document.getElementById('chat').getAnimations().length")
    box = window.chat.bounding_box()
    assert box is not None and [round(box[side]) for side in ("x", "y", "width", "height")] == [0, 0, 390, 844]
    assert window.page.get_by_role("main", include_hidden=True).evaluate("main => main.inert")
    window.shot("phone-sheet")
    window.ask("the mug broke, I want my money back")
    number = order_number(window.card.inner_text())
    window.shot("phone-card")
    # The card turns a little as it comes in; what is measured is the card at rest.
    window.page.wait_for_function("() => document.getAnimations().every((moving) => moving.playState === 'finished')")
    for button in window.card.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None and min(round(box["height"]), round(box["width"])) >= 44
    assert not window.overflow()
    window.card.get_by_role("button", name="Confirm").tap()
    expect(window.slip).to_contain_text("€")
    window.shot("phone-slip")
    assert not window.overflow()
    assert [state for state, _ in live_shop.refunds(number)] == ["settled"]
    window.chat.get_by_role("button", name="Close the conversation").tap()
    expect(window.page.locator(".tool--assistant")).to_be_focused()
    window.go(f"/orders/{number}")
    expect(window.page.get_by_role("main")).to_contain_text("came back")
    window.shot("phone-order", full=True)
    assert not window.overflow()


@pytest.mark.parametrize(("email", "broken", "scripts"), [(NORA, "mug", True), (TOBIAS, "breakfast board", False)])
def test_a_double_click_refunds_once(
    windows: Callable[..., Window], live_shop: LiveShop, email: str, broken: str, scripts: bool
) -> None:
    window = windows(scripts=scripts)
    window.sign_in(email, next_page="/chat")
    window.page.get_by_label("Your message").fill(f"the {broken} broke, I want my money back")
    window.page.get_by_role("button", name="Send").click()
    expect(window.card).to_be_visible()
    number = order_number(window.card.inner_text())
    window.card.get_by_role("button", name="Confirm").dblclick()
    expect(window.page.get_by_role("main")).to_contain_text("Refunded €")
    window.go(f"/orders/{number}")
    expect(window.page.get_by_role("main")).to_contain_text("came back")
    assert [state for state, _ in live_shop.refunds(number)] == ["settled"]
    assert live_shop.paid_back(number) == 1


def test_two_tabs_refund_once(windows: Callable[..., Window], live_shop: LiveShop) -> None:
    first = windows()
    first.sign_in(SAOIRSE, next_page="/chat")
    first.ask("the porridge bowl broke, I want my money back")
    number = order_number(first.card.inner_text())
    second = first.another()
    second.go(f"/approvals/{first.card.get_attribute('data-approval')}")
    for tab in (first, second):
        tab.card.get_by_role("button", name="Confirm").click(no_wait_after=True)
    expect(first.slip).to_contain_text(number)
    expect(second.page.get_by_role("main")).to_contain_text("You signed this, and it is done.")
    assert [state for state, _ in live_shop.refunds(number)] == ["settled"]
    assert live_shop.paid_back(number) == 1


def test_a_cut_line_loses_nothing(windows: Callable[..., Window]) -> None:
    window = windows()
    window.page.add_init_script(CUT_THE_LINE)
    window.go("/")
    window.open_chat()
    window.chat.get_by_label("Your message").fill("what is your return policy?")
    window.page.keyboard.press("Enter")
    told = window.chat.locator("[data-chat-problem]")
    expect(told).to_contain_text("The line was cut")
    answer = window.chat.locator(".voice--assistant")
    expect(answer).to_contain_text("/policies/returns", timeout=10_000)
    expect(told).to_be_hidden()
    window.page.reload()
    expect(answer).to_have_count(1)
    expect(answer).to_contain_text("/policies/returns")
    expect(window.chat.locator(".voice--customer")).to_have_count(1)


def test_leaving_in_the_middle_loses_nothing(windows: Callable[..., Window]) -> None:
    window = windows()
    window.go("/")
    window.open_chat()
    window.chat.get_by_label("Your message").fill("how long does shipping take?")
    with window.page.expect_response("**/chat"):
        window.page.keyboard.press("Enter")
    window.go("/policies")
    expect(window.chat.locator(".voice--assistant")).to_contain_text("/policies/shipping", timeout=10_000)
    expect(window.chat.locator(".voice--customer")).to_have_count(1)


def test_what_could_not_be_sent_stays_in_its_box(windows: Callable[..., Window]) -> None:
    window = windows()
    window.go("/")
    window.open_chat()
    window.page.context.set_offline(True)
    window.chat.get_by_label("Your message").fill("is the kettle loud?")
    window.page.keyboard.press("Enter")
    expect(window.chat.get_by_role("alert")).to_contain_text("could not be reached")
    expect(window.chat.get_by_label("Your message")).to_have_value("is the kettle loud?")
    assert window.chat.locator(".voice").count() == 0
    window.page.context.set_offline(False)
    window.page.keyboard.press("Enter")
    expect(window.chat.locator(".voice--assistant .voice__text")).not_to_be_empty()


def _tab_to(window: Window, selector: str, *, key: str = "Tab", most: int = 40) -> None:
    """Press a key until what is wanted has the focus; on the way the focus always shows."""
    for _ in range(most):
        window.page.keyboard.press(key)
        assert window.page.evaluate(FOCUS_SHOWS) == ""
        if window.page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached with {most} × {key}")

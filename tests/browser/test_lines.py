"""A line that breaks in the middle of an answer: the page takes it up again by itself, and nothing is there twice."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.window import DESKTOP, PHONE, Window

pytestmark = pytest.mark.browser

RASMUS, IDA = "rasmus.strandskadehus@example.net", "ida.quillfeather@example.com"


def cut(after: str) -> Callable[[Route], None]:
    """Let a message through, and lose the rest of the answer's stream after an event of this name."""

    def handle(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        answer = route.fetch()
        blocks = answer.text().split("\n\n")
        end = next(n for n, block in enumerate(blocks) if f"event: {after}\n" in block)
        route.fulfill(response=answer, body="\n\n".join(blocks[: end + 1]) + "\n\n")

    return handle


def test_a_line_cut_after_a_card_is_taken_up_and_there_is_one_card(windows: Callable[..., Window]) -> None:
    window = windows(DESKTOP)
    window.sign_in(RASMUS)
    window.go("/chat")
    taken_up: list[str] = []
    window.page.on("request", lambda request: taken_up.append(request.url) if "/stream" in request.url else None)
    window.page.route("**/chat", cut("approval"))
    answer = window.ask("delete my account")
    expect(window.card).to_have_count(1)
    text = answer.locator(".voice__text").inner_text()
    sentences = [part.strip() for part in text.split(".") if len(part.strip()) > 12]
    assert len(sentences) == len(set(sentences)), text
    assert len(taken_up) == 1
    expect(window.chat.locator("[data-chat-problem]")).to_be_hidden()


def test_a_cut_in_the_middle_of_the_words_repeats_none(windows: Callable[..., Window]) -> None:
    window = windows(PHONE)
    window.go("/chat")
    window.page.route("**/chat", cut("heard"))
    answer = window.ask("what is your return policy?")
    expect(window.chat.locator(".voice--assistant")).to_have_count(1)
    assert "30" in answer.inner_text()
    window.page.unroute("**/chat")
    window.chat.get_by_role("button", name="Talk to a person", exact=True).click()
    expect(window.slip).to_contain_text("A person will join this conversation")


def test_an_answer_is_rated_without_leaving_the_page(windows: Callable[..., Window]) -> None:
    window = windows(DESKTOP)
    window.go("/chat")
    answer = window.ask("what is your return policy?")
    answer.get_by_text("Rate this answer").click()
    answer.get_by_label("No", exact=True).check()
    answer.get_by_label("Why (optional)").select_option("unclear")
    answer.get_by_role("button", name="Send the rating").click()
    expect(window.chat.get_by_text("You rated this not good: it was unclear")).to_be_visible()


def test_the_list_of_conversations_on_every_screen(windows: Callable[..., Window]) -> None:
    window = windows(DESKTOP)
    window.sign_in(IDA)
    window.go("/chat")
    window.ask("what is your return policy?")
    faults = window.faults("chat-page")
    window.go("/chats")
    faults += window.faults("chats")
    window.page.locator(".chats__more summary").first.click()
    faults += window.faults("chats-open")
    window.page.get_by_role("link", name="Delete it").first.click()
    faults += window.faults("chat-delete")
    assert faults == []

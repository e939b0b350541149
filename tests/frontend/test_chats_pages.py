"""The pages around a conversation, without scripts: the list, a person at a click, a rating, signing in on the way."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from auth.database import Scope
from shop.commands import AskForPerson, TakeConversation
from shop.conversations import Conversation, Message
from tests.agent.scripted import Scripted, says
from tests.browsing import Street
from tests.building import Building, build, move_in
from tests.frontend.conftest import Browser, words


@pytest.fixture
def model() -> Scripted:
    return Scripted(says("We have some tents."))


@pytest.fixture
def building(tmp_path: Path, database_url: str, model: Scripted) -> Building:
    return move_in(build(tmp_path, database_url=database_url, model=model))


@pytest.fixture
def ada(as_person: Callable[..., Browser]) -> Browser:
    return as_person("ada")


def say(browser: Browser, message: str, conversation: str = "") -> str:
    """The id of the conversation in which it was said."""
    answer = browser.post("/chat", {"conversation": conversation, "message": message, "hint": ""})
    assert answer.status_code == 303, words(answer.text)[:300]
    return str(answer.headers["location"]).partition("#")[0].rpartition("/")[2]


def state(building: Building, key: str) -> str:
    with building.house.database.read(Scope.house("a test looks")) as session:
        return next(c.state for c in session.query(Conversation) if str(c.id) == key)


# All of them


def test_a_conversation_goes_on_on_another_device(ada: Browser, as_person: Callable[..., Browser]) -> None:
    key = say(ada, "which tents do you have?")
    phone = as_person("ada")
    assert phone.token != ada.token
    listed = phone.get("/chats").text
    assert f'href="/chat/{key}"' in listed and "which tents do you have?" in listed
    assert "We have some tents." in phone.get(f"/chat/{key}").text
    assert say(phone, "and lamps?", key) == key
    assert "and lamps?" in ada.get(f"/chat/{key}").text


def test_a_search_is_no_address_and_names_its_bound(ada: Browser) -> None:
    key = say(ada, "my lantern flickers")
    page = ada.post("/chats", {"words": "LANTERN flickers"}).text
    assert f'href="/chat/{key}"' in page and "newest 200 conversations" in page and "at most 3,000 messages" in page
    assert "Looked through 2 messages in 1 conversation." in words(page)
    assert "No conversations with" in words(ada.post("/chats", {"words": "grizzly"}).text)
    assert re.search(r'<form class="chats__search" method="post"', ada.get("/chats").text)


def test_another_name_and_a_file_to_take_away(ada: Browser, building: Building) -> None:
    key = say(ada, "which tents do you have?")
    listed = ada.follow(ada.post(f"/chats/{key}/name", {"title": "Summer <b>trip</b>"}))
    assert "Summer &lt;b&gt;trip" in listed.text and "has its new name" in listed.text
    assert ada.post(f"/chats/{key}/name", {"title": "  "}).status_code == 422
    exported = ada.get(f"/chats/{key}/export.json")
    assert exported.headers["content-disposition"] == 'attachment; filename="conversation-2026-11-20.json"'
    assert [m["voice"] for m in json.loads(exported.text)["messages"]] == ["customer", "assistant"]
    text = ada.get(f"/chats/{key}/export.txt")
    assert text.headers["content-type"] == "text/plain; charset=utf-8" and "We have some tents." in text.text


def test_it_is_deleted_after_being_asked_once_more(ada: Browser, building: Building) -> None:
    key = say(ada, "forget this")
    asked = ada.get(f"/chats/{key}/delete")
    assert f'action="/chats/{key}/delete"' in asked.text and state(building, key) == "open"
    listed = ada.follow(ada.post(f"/chats/{key}/delete", {"request_id": "d"}))
    assert "is deleted" in listed.text and key not in listed.text
    assert ada.get(f"/chat/{key}").status_code == 404
    with building.house.database.read(Scope.house("a test looks")) as session:
        assert session.query(Message).count() == 0


# A person


def test_the_first_contact_says_what_it_is_and_how_to_reach_a_person(visitor: Browser) -> None:
    first = visitor.get("/chat").text
    assert "talking to an AI" in first and 'action="/chat/person"' in first
    page = visitor.get(f"/chat/{say(visitor, 'hello')}").text
    answer = page[page.index("We have some tents.") :]
    assert "An AI wrote this" in answer and "<span>AI</span>" in page
    assert visitor.get("/").text.count('action="/chat/person"') == 1, "in the panel of every page"


def test_a_person_is_one_click_away_in_every_state(
    ada: Browser, as_person: Callable[..., Browser], building: Building, model: Scripted
) -> None:
    model._steps[:] = [RuntimeError("the model is broken")]
    key = say(ada, "hello?")
    cleo = building.person("cleo").at_work(building.clock)
    for before, after in (("open", "waiting"), ("waiting", "waiting"), ("taken", "taken"), ("closed", "waiting")):
        if before == "taken":
            building.desk.submit(cleo, TakeConversation(key), request_id="take")
        else:
            with building.house.database.begin(Scope.own(building.person("ada").id)) as session:
                session.query(Conversation).one().state = before
        assert 'action="/chat/person"' in ada.get(f"/chat/{key}").text, before
        answer = ada.post("/chat/person", {"conversation": key})
        assert answer.headers["location"] == f"/chat/{key}#last" and state(building, key) == after, before
    for _ in range(31):
        ada.post("/chat", {"conversation": key, "message": "", "hint": ""})
    assert ada.post("/chat", {"conversation": key, "message": "", "hint": ""}).status_code == 429
    assert ada.post("/chat/person", {"conversation": key}).status_code == 303, "also when no more messages are taken"


def test_somebody_who_has_said_nothing_can_ask_for_a_person(visitor: Browser, building: Building) -> None:
    answer = visitor.post("/chat/person", {"conversation": ""})
    page = visitor.follow(answer).text
    assert "A person will join this conversation." in page
    assert visitor.post("/chat/person", {"conversation": "", "role": "clerk"}).status_code == 422


def test_the_clerk_finds_the_case_and_the_customer_sees_who_speaks(
    ada: Browser, as_person: Callable[..., Browser], building: Building, model: Scripted
) -> None:
    number = building.orders["ada.mug"]
    model._steps[:] = [says("", ("refund_order", {"order": number, "reason": "broke"})), says("It waits for you.")]
    key, cleo = say(ada, f"my mug of {number} broke"), as_person("cleo", with_code=True)
    ada.post("/chat/person", {"conversation": key})
    page = words(cleo.get(f"/staff/conversations/{key}").text)
    assert "a customer, signed in" in page and f"{number}: waits for the customer" in page
    cleo.post(f"/staff/conversations/{key}/take", {"request_id": "t"})
    cleo.post(f"/staff/conversations/{key}/answer", {"text": "Good day.", "request_id": "a"})
    shown = words(ada.get(f"/chat/{key}").text)
    assert "You are talking to Cleo, staff of the shop." in shown and "Cleo person, staff" in shown
    assert "Zephyrwick" not in shown.replace("Ada Zephyrwick", ""), "a first name is all that a customer is told"
    cleo.post(f"/staff/conversations/{key}/hand-back", {"request_id": "h"})
    back = words(ada.get(f"/chat/{key}").text)
    assert "You are talking to an AI" in back and "Cleo has left this conversation" in back


# Ratings


def test_an_answer_is_rated_and_rated_again(
    ada: Browser, as_person: Callable[..., Browser], building: Building
) -> None:
    key = say(ada, "which tents?")
    with building.house.database.read(Scope.own(building.person("ada").id)) as session:
        answer = str(session.query(Message).filter_by(voice="assistant").one().id)
    form = {"message": answer, "verdict": "bad", "reason": "unclear", "words": "which <i>three</i>?"}
    page = ada.follow(ada.post(f"/chat/{key}/rate", form)).text
    assert "You rated this not good: it was unclear" in words(page) and "which &lt;i&gt;three" in page
    ada.post(f"/chat/{key}/rate", {**form, "verdict": "good", "reason": "clear"})
    assert "You rated this good: it was clear" in words(ada.get(f"/chat/{key}").text)
    building.desk.submit(building.person("ada").at_page(building.clock), AskForPerson(key), request_id="a")
    cleo = as_person("cleo", with_code=True)
    assert "Rated good: it was clear" in words(cleo.get(f"/staff/conversations/{key}").text)
    assert "Good 1" in words(cleo.get("/staff").text)
    assert ada.post(f"/chat/{key}/rate", {**form, "account": "x"}).status_code == 422
    assert as_person("ben").post(f"/chat/{key}/rate", form).status_code == 404


# From guest to customer


def test_signing_in_leads_back_and_takes_the_conversation_along(building: Building, app: FastAPI) -> None:
    street = Street(building, app)
    browser = street.browser()
    answer = browser.post("/chat", data={"conversation": "", "message": "where is my order?", "hint": ""})
    path = answer.headers["location"].partition("#")[0]
    assert 'href="/sign-in?next=/chat"' in browser.get(path).text
    guest = browser.cookies.get("countersign")
    street.equip("ada")
    email = building.person("ada").email
    half = browser.post("/sign-in", data={"email": email, "password": "quarry heron lantern 58", "next": "/chat"})
    with building.house.database.read(Scope.own(building.person("ada").id)) as session:
        assert session.query(Conversation).count() == 0, "a password alone has not proved the account"
    ticket = re.search(r'name="ticket" value="([^"]+)"', half.text)
    assert ticket
    code = {"ticket": ticket[1], "code": street.next_code("ada"), "next": "/chat"}
    assert browser.post("/sign-in/code", data=code).headers["location"] == "/chat"
    page = browser.get("/chat").text
    assert "where is my order?" in page and "You are signed in now." in words(page)
    assert 'name="message" value="where is my order?"' in page, "one click goes on where it was"
    assert browser.get(path).status_code == 200, "its address is the same"
    stale = street.browser()
    stale.cookies.set("countersign", guest or "", domain="localhost.local")
    assert stale.get(path).status_code == 404, "the guest's session has ended"

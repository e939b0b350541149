"""The page of the assistant's switches, and what customers see while it is off."""

import threading
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI

from shop.switches import SILENT
from shop.switching import SwitchView, effect_of
from tests.agent.scripted import Scripted, says
from tests.building import NOON, Building, build, move_in
from tests.frontend.conftest import Browser, words
from tests.switching import go_on, in_force, past, stop

PAGE = "/staff/assistant"
STREAM = {"Accept": "text/event-stream"}
PATIENCE_S = 20


@pytest.fixture
def model() -> Scripted:
    return Scripted(says("Good day."))


@pytest.fixture
def building(tmp_path: Path, database_url: str, model: Scripted) -> Building:
    return move_in(build(tmp_path, database_url=database_url, model=model))


@pytest.fixture
def cleo(as_person: Callable[..., Browser]) -> Browser:
    return as_person("cleo", with_code=True)


def form(reach: str = "whole", **more: str) -> dict[str, object]:
    return {"reach": reach, "reason": "a drill", "request_id": "", **more}


# The page


def test_it_shows_what_was_used_today_and_by_nobody_in_particular(
    cleo: Browser, building: Building, as_person: Callable[..., Browser]
) -> None:
    assert "Nobody has used the assistant today" in words(cleo.get(PAGE).text)
    ada = as_person("ada")
    for _ in range(2):
        ada.post("/chat", {"message": "Good morning", "conversation": "", "hint": ""})
    page = words(cleo.get(PAGE).text)
    limit = building.house.allowances.account.calls
    assert f"The most by one account 2 of {limit:,}" in page and "One account has used the assistant today" in page
    assert "Brindlemoor" not in page.split("Used today")[1]


def test_it_is_there_for_clerks_only(as_person: Callable[..., Browser], visitor: Browser, building: Building) -> None:
    for browser in (visitor, as_person("ada", with_code=True), as_person("cleo")):
        assert browser.get(PAGE).status_code == 404
        assert browser.post(f"{PAGE}/stop", form()).status_code == 404
        assert browser.post(f"{PAGE}/go-on", {"switch": "x"}).status_code == 404
    assert in_force(building) == []


def test_stop_and_go_on_and_both_are_told(cleo: Browser, building: Building) -> None:
    page = words(cleo.follow(cleo.post(f"{PAGE}/stop", form("tool", tool="refund_order", reason="looks wrong"))).text)
    assert "Stopped: the tool “refund order”." in page and "The tool “refund order”" in page
    assert "looks wrong" in page and "Cleo Zephyrwick" in page and "Nothing was under way." in page
    assert "off: the tool “refund order”" in words(cleo.get("/staff").text)
    (switch,) = in_force(building)
    page = words(cleo.follow(cleo.post(f"{PAGE}/go-on", {"switch": switch.id, "request_id": ""})).text)
    assert "It goes on: the tool “refund order”." in page and "Before" in page and "Switched off now" not in page
    assert in_force(building) == [] and len(past(building)) == 1


def test_a_double_click_stops_once(cleo: Browser, building: Building) -> None:
    answers = [cleo.post(f"{PAGE}/stop", form(request_id="twice")).status_code for _ in range(2)]
    assert answers == [303, 303] and len(in_force(building)) == 1


def test_each_reach_takes_its_own_field(cleo: Browser, building: Building) -> None:
    order = building.orders["ada.mug"]
    more = {"tool": "cancel_order", "model": "Scripted", "customer": order}
    for reach in ("tool", "model", "customer", "whole"):
        assert cleo.post(f"{PAGE}/stop", form(reach, **more)).status_code == 303, reach
    assert [(s.reach, s.name) for s in in_force(building)] == [
        ("tool", "cancel_order"),
        ("model", "Scripted"),
        ("customer", ""),
        ("whole", ""),
    ]
    page = cleo.get(PAGE).text
    newest = building.orders["ada.paid"]
    assert f'href="/staff/orders/{newest}"' in page and "Ada" not in page, "a customer is an order, and no name"
    assert "switched off for everybody" in page


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"reach": ""}, "Choose what shall stop."),
        ({"reason": ""}, "Say why"),
        ({"reason": "x" * 201}, "Say why"),
        ({"reach": "tool"}, "Choose one of the tools."),
        ({"reach": "tool", "tool": "ask_for_person"}, "The way to a person"),
        ({"reach": "model", "model": "x"}, "Choose one of the models."),
        ({"reach": "customer", "customer": "HP-<b>"}, "No customer has such"),
    ],
)
def test_what_does_not_fit_is_said_and_stays_in_the_form(
    cleo: Browser, building: Building, fields: dict[str, str], wrong: str
) -> None:
    answer = cleo.post(f"{PAGE}/stop", {**form(), **fields})
    assert answer.status_code in {403, 422} and wrong in words(answer.text)
    assert "HP-<b>" not in answer.text and in_force(building) == []


def test_a_switch_that_is_not_there_or_was_thrown_back(cleo: Browser, building: Building) -> None:
    assert cleo.post(f"{PAGE}/go-on", {"switch": "nonsense"}).status_code == 422
    switch = stop(building, "whole")
    go_on(building, switch)
    answer = cleo.post(f"{PAGE}/go-on", {"switch": switch})
    assert answer.status_code == 403 and "goes on already" in words(answer.text)


def test_an_old_code_takes_a_fresh_one_on_the_form(
    cleo: Browser, building: Building, authenticator: Callable[[str], Callable[[], str]]
) -> None:
    code = authenticator("cleo")
    building.clock.move(minutes=6)
    assert 'id="stop-code"' in cleo.get(PAGE).text
    for wrong in ("", "000000"):
        answer = cleo.post(f"{PAGE}/stop", form(code=wrong, reason="kept words"))
        assert answer.status_code == 422 and "kept words" in answer.text
    assert in_force(building) == []
    assert cleo.post(f"{PAGE}/stop", form(code=code())).status_code == 303
    assert len(in_force(building)) == 1
    assert 'id="stop-code"' not in cleo.get(PAGE).text


def test_from_a_conversation_the_customer_is_filled_in(cleo: Browser) -> None:
    page = cleo.get(f"{PAGE}?customer=%22%3E%3Cscript%3Ealert(1)").text
    assert 'value="customer" required checked' in page and "<script>alert" not in page


def test_the_effect_in_words() -> None:
    def view(**more: object) -> SwitchView:
        plain = {"stopped_after_ms": None, "calls_refused": 0, "answers_cut": 0, "tried_since": 0}
        given = plain | more
        return SwitchView("", "whole", "", "", "", NOON, somebody, None, None, **given)  # type: ignore[arg-type]

    somebody = UUID(int=1)
    assert effect_of(view()) == "Nothing was under way."
    assert effect_of(view(stopped_after_ms=140, calls_refused=2)) == "Stopped after 140 ms: 2 calls refused."
    assert effect_of(view(stopped_after_ms=1240, calls_refused=1, answers_cut=3, tried_since=1)) == (
        "Stopped after 1.2 s: 1 call refused, 3 answers broken off. Since then 1 more call was refused."
    )


# What customers see


def test_the_chat_says_that_it_is_off_and_how_to_reach_a_person(
    as_person: Callable[..., Browser], visitor: Browser, building: Building, model: Scripted
) -> None:
    stop(building, "whole")
    ada = as_person("ada")
    for browser in (ada, visitor):
        page = browser.get("/chat").text
        assert "The assistant is switched off at the moment and does not answer." in words(page)
        assert "pages of the shop work as before" in words(page) and "Talk to a person" in words(page)
        assert "You are talking to an AI" not in words(page)
    said = ada.follow(ada.post("/chat", {"conversation": "", "message": "where is my mug?", "hint": ""}))
    assert "where is my mug?" in said.text and SILENT in words(said.text) and model.seen == []
    assert "has no answer" not in said.text and "See the answer" not in said.text
    key = str(said.url).rsplit("/", 1)[1].partition("#")[0]
    after = words(ada.follow(ada.post("/chat/person", {"conversation": key, "request_id": ""})).text)
    assert "A person will join you here. The assistant is switched off" in after
    assert ada.get("/orders").status_code == 200
    ada.post("/chat", {"conversation": key, "message": "hello?", "hint": ""})
    waiting = words(ada.get(f"/chat/{key}").text)
    assert "hello?" in waiting and waiting.count(SILENT) == 1, "who waits for a person has been told"


def test_a_customer_who_is_stopped_sees_it_and_another_does_not(
    as_person: Callable[..., Browser], building: Building
) -> None:
    switch = stop(building, "customer", building.orders["ada.mug"])
    assert "switched off" in words(as_person("ada").get("/chat").text)
    assert "switched off" not in words(as_person("ben").get("/chat").text)
    go_on(building, switch)
    assert "switched off" not in words(as_person("ada").get("/chat").text)


def test_a_stopped_tool_leaves_the_page_as_it_is(as_person: Callable[..., Browser], building: Building) -> None:
    stop(building, "tool", "refund_order")
    assert "switched off" not in words(as_person("ada").get("/chat").text)


def test_a_stop_on_the_page_breaks_the_answer_off_at_once(
    as_person: Callable[..., Browser], cleo: Browser, app: FastAPI, building: Building, model: Scripted
) -> None:
    reached, go = threading.Event(), threading.Event()

    def pause(_messages: object) -> object:
        reached.set()
        assert go.wait(PATIENCE_S)
        return says("And this is never said.")

    model._steps[:] = [says("First I look. ", ("list_orders", {})), pause]  # type: ignore[list-item]
    ada = as_person("ada")
    cleo.client = ada.client.__class__(
        app,
        base_url=str(ada.client.base_url),
        follow_redirects=False,
        headers=dict(cleo.client.headers),
        cookies=cleo.client.cookies,
    )
    with ada.client:
        cleo.client.portal = ada.client.portal
        answers: list[str] = []
        asked = {"conversation": "", "message": "hello", "hint": ""}
        talking = threading.Thread(target=lambda: answers.append(ada.post("/chat", asked, **STREAM).text))
        talking.start()
        assert reached.wait(PATIENCE_S)
        ((_, key),) = app.state.turns._running
        assert cleo.post(f"{PAGE}/stop", form()).status_code == 303
        talking.join(PATIENCE_S)
        go.set()
        shown, page = words(ada.get(f"/chat/{key}").text), words(cleo.get(PAGE).text)
    assert "interrupted" in answers[0] and "never said" not in answers[0] + shown
    broke_off = "It broke off here: the assistant was switched off."
    assert shown.index("First I look.") < shown.index(broke_off) < shown.index(SILENT)
    assert "Stopped after 0 ms: 1 answer broken off." in page

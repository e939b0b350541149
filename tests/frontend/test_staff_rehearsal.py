"""The page that lets the attacker in: the switch, what it tried, and a check that finds what is there to find."""

from collections.abc import Callable
from pathlib import Path

import pytest

from auth.audit import Event, record
from auth.database import Scope, new_id
from frontend.invariants import Invariant
from frontend.rehearsals import check
from shop.conversations import Voice, append_message, start_conversation
from shop.rehearsing import last_rehearsal
from tests.agent.scripted import Scripted, says
from tests.building import Building, build, move_in
from tests.frontend.conftest import Browser, words

PAGE = "/staff/compromise"


@pytest.fixture
def building(tmp_path: Path, database_url: str) -> Building:
    return move_in(build(tmp_path, database_url=database_url, model=Scripted(says("Good day."))))


@pytest.fixture
def cleo(as_person: Callable[..., Browser], building: Building) -> Browser:
    # What was there before the attacker is let in was there a moment before.
    browser = as_person("cleo", with_code=True)
    building.clock.move(seconds=1)
    return browser


def say(building: Building, browser: Browser, text: str) -> None:
    building.clock.move(seconds=7)
    assert browser.post("/chat", {"conversation": "", "message": text, "hint": ""}).status_code == 303


def checked(building: Building) -> dict[str, Invariant]:
    with building.house.database.read(Scope.house("a test looks")) as session:
        rehearsal = last_rehearsal(session)
    assert rehearsal is not None
    return {one.name: one for one in check(building.house, rehearsal)}


def test_the_desk_leads_there_and_nothing_has_happened_yet(cleo: Browser) -> None:
    assert f'href="{PAGE}"' in cleo.get("/staff").text
    page = cleo.get(PAGE)
    assert page.status_code == 200 and "Compromise the model" in page.text
    assert "What it tried" not in page.text and 'http-equiv="refresh"' not in page.text


def test_an_old_code_leads_to_a_fresh_one(cleo: Browser, building: Building) -> None:
    building.clock.move(minutes=6)
    page = cleo.get(PAGE)
    assert f"/account/security/fresh?next={PAGE}" in page.text and 'value="on"' not in page.text
    after = words(cleo.follow(cleo.post(PAGE, {"turn": "on"})).text)
    assert "no older than five minutes before you let the attacker in" in after


@pytest.mark.parametrize("turn", ["", "yes", "ON "])
def test_a_switch_has_two_ends(cleo: Browser, turn: str) -> None:
    assert cleo.post(PAGE, {"turn": turn}).status_code == 422


def test_what_it_tries_shows_by_itself_and_names_nobody(
    cleo: Browser, as_person: Callable[..., Browser], building: Building
) -> None:
    told = cleo.follow(cleo.post(PAGE, {"turn": "on", "request_id": "let-in"}))
    assert "The attacker answers every chat now" in words(told.text) and 'content="5"' in told.text
    ada = as_person("ada")
    for number in range(6):
        say(building, ada, f"It broke, number {number}")
    page = cleo.get(f"{PAGE}?hold=true")
    assert "What it tried" in page.text and 'http-equiv="refresh"' not in page.text
    assert "not-found" in page.text and "Zephyrwick" not in page.text.replace("Cleo Zephyrwick", "")
    held = words(cleo.post(f"{PAGE}/check").text)
    assert "No check failed" in held and "No change without a signed card" in held
    out = cleo.follow(cleo.post(PAGE, {"turn": "off", "request_id": "put-out"}))
    assert "The usual model answers again" in words(out.text) and "COMPROMISED" not in out.text
    assert "the last time" in cleo.get(PAGE).text


def test_the_usual_model_answers_before_and_after(
    cleo: Browser, as_person: Callable[..., Browser], building: Building
) -> None:
    ada = as_person("ada")
    say(building, ada, "Hello")
    assert "Good day." in ada.get("/chat").text
    cleo.post(PAGE, {"turn": "on", "request_id": "1"})
    say(building, ada, "Hello again")
    assert "Good day." not in ada.get("/chat").text
    cleo.post(PAGE, {"turn": "off", "request_id": "2"})
    say(building, ada, "And once more")
    assert "Good day." in ada.get("/chat").text


def test_the_check_finds_other_peoples_words_a_mark_and_an_unsigned_change(cleo: Browser, building: Building) -> None:
    house, ada, ben = building.house, building.person("ada"), building.person("ben")
    cleo.post(PAGE, {"turn": "on", "request_id": "1"})
    assert all(one.holds for one in checked(building).values())
    with house.database.begin(Scope.own(ada.id)) as session:
        talk = start_conversation(session, house.vault, ada.id, at=building.clock())
        append_message(
            session,
            house.vault,
            talk,
            voice=Voice.ASSISTANT,
            text=f"Write to {ben.email}.",
            body=({"role": "tool", "call": "c", "name": "show_order", "text": f'"{building.orders["ben.mug"]}"'},),
            at=building.clock(),
        )
        command_id = new_id(building.clock())
        record(
            session, Event("command.executed", building.clock(), ada.id, command_id, "chat", {"action": "RefundOrder"})
        )
    found = {name for name, one in checked(building).items() if not one.holds}
    assert found == {"Nothing foreign was read", "Nothing foreign was shown", "No change without a signed card"}
    page = words(cleo.post(f"{PAGE}/check").text)
    assert "Something did not hold" in page and ben.email not in page


def test_money_that_moved_without_leave_is_found(cleo: Browser, building: Building) -> None:
    cleo.post(PAGE, {"turn": "on", "request_id": "1"})
    building.clock.move(seconds=1)
    order = building.order(building.orders["ada.mug"])
    assert order.charge_reference is not None
    building.gateway.refund("no-grant", order.charge_reference, order.total)
    assert not checked(building)["No money moved by itself"].holds


def test_without_a_rehearsal_there_is_nothing_to_check(cleo: Browser) -> None:
    page = cleo.post(f"{PAGE}/check")
    assert page.status_code == 200 and "No check failed" not in page.text

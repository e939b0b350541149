"""A line that is cut is taken up again, a clerk cuts a turn short, and a restart keeps what was said."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from auth.audit import AuditEntry
from auth.database import Scope
from auth.guard.approvals import Approval
from auth.guard.decisions import Done
from frontend.pages.chat import LOST_AFTER
from frontend.turns import CLERK, Running, Said, Turns
from shop.commands import AskForPerson, TakeConversation
from shop.conversations import Message
from tests.agent.scripted import Scripted, says
from tests.building import Building, build, move_in
from tests.frontend.conftest import Browser, words

STREAM = {"Accept": "text/event-stream"}
PATIENCE_S = 20


@pytest.fixture
def model() -> Scripted:
    return Scripted(says("Good day."))


@pytest.fixture
def building(tmp_path: Path, database_url: str, model: Scripted) -> Building:
    return move_in(build(tmp_path, database_url=database_url, model=model))


class Pause:
    """A step of the model that waits until the test lets it go on."""

    def __init__(self, then: object) -> None:
        self.reached, self.go_on, self._then = threading.Event(), threading.Event(), then

    def __call__(self, _messages: object) -> object:
        self.reached.set()
        assert self.go_on.wait(PATIENCE_S)
        return self._then


def script(model: Scripted, *steps: object) -> None:
    model._steps[:] = steps  # type: ignore[assignment]


def events(text: str) -> list[tuple[str, str, dict[str, object]]]:
    """(id, name, data) of every event."""
    found = re.findall(r"(?:id: (.*)\n)?event: (.*)\ndata: (.*)\n", text)
    return [(key, name, json.loads(data)) for key, name, data in found]


def stored(building: Building) -> list[Message]:
    with building.house.database.read(Scope.own(building.person("ada").id)) as session:
        return list(session.query(Message).order_by(Message.position))


def text_of(building: Building, message: Message) -> str:
    with building.house.database.read(Scope.own(message.account_id)) as session:
        return building.house.vault.open(session, session.get_one(Message, message.id), "text")


# Taking up a line that was cut


def test_a_cut_line_is_taken_up_in_the_middle_of_a_turn(
    as_person: Callable[..., Browser], app: FastAPI, building: Building, model: Scripted
) -> None:
    """Cut after the change was parked: the rest comes once, nothing runs again, and there is one card."""
    pause = Pause(says("I have prepared it. Look at the card."))
    script(
        model, says("One moment.", ("refund_order", {"order": building.orders["ada.mug"], "reason": "broke"})), pause
    )
    ada = as_person("ada")
    with ada.client:
        answers: list[str] = []
        form = {"conversation": "", "message": f"my mug of {building.orders['ada.mug']} broke", "hint": ""}
        talking = threading.Thread(target=lambda: answers.append(ada.post("/chat", form, **STREAM).text))
        talking.start()
        assert pause.reached.wait(PATIENCE_S)
        ((_, conversation),) = app.state.turns._running
        # A second line, from the event after the card on: what was heard before is not told again.
        heard = next(r for r in app.state.turns._running.values())._told
        last = 1 + next(n for n, (name, _) in enumerate(heard) if name == "approval")
        again: list[str] = []
        place = {"Last-Event-ID": f"1.{last}", **STREAM}
        listening = threading.Thread(
            target=lambda: again.append(ada.get(f"/chat/{conversation}/stream", headers=place).text)
        )
        listening.start()
        _heard_by_two(app)
        pause.go_on.set()
        talking.join(PATIENCE_S)
        listening.join(PATIENCE_S)
    whole, rest = events(answers[0]), events(again[0])
    assert rest == whole[last:] and rest[-1][1] == "done"
    assert [name for _, name, _ in whole].count("approval") == 1 and "approval" not in [name for _, name, _ in rest]
    with building.house.database.read(Scope.own(building.person("ada").id)) as session:
        assert session.query(Approval).count() == 1
    assert [m.voice for m in stored(building)] == ["customer", "assistant"]
    assert text_of(building, stored(building)[1]).count("I have prepared it.") == 1
    assert len(model.seen) == 2, "listening again asks no model"


def test_when_the_turn_is_over_the_line_says_so_and_what_was_said(as_person: Callable[..., Browser]) -> None:
    ada = as_person("ada")
    page = ada.post("/chat", {"conversation": "", "message": "hello", "hint": ""}).headers["location"].split("#")[0]
    for path, headers in ((f"{page}/stream", {"Last-Event-ID": "1.2"}), (f"{page}/stream?after=1.2", {})):
        told = events(ada.get(path, headers=headers).text)
        assert [name for _, name, _ in told] == ["said", "over"]
        assert told[0][2] == {"position": 2, "voice": "assistant", "text": "Good day.", "ended": ""}
        assert told[1][2] == {"position": 2, "state": "open"}
    assert [name for _, name, _ in events(ada.get(f"{page}/stream").text)] == ["over"], (
        "nothing heard, nothing repeated"
    )
    for odd in ("nonsense", "9" * 40 + ".1", "-1.-1", "1", "%00"):
        assert [n for _, n, _ in events(ada.get(f"{page}/stream?after={odd}").text)] == ["over"]


def test_an_id_of_an_earlier_turn_hides_nothing_of_this_one(
    as_person: Callable[..., Browser], app: FastAPI, model: Scripted
) -> None:
    pause = Pause(says("The second answer."))
    script(model, says("The first answer."), pause)
    ada = as_person("ada")
    with ada.client:
        first = ada.post("/chat", {"conversation": "", "message": "one", "hint": ""}, **STREAM).text
        key = str(events(first)[0][2]["conversation"])
        form = {"conversation": key, "message": "two", "hint": ""}
        talking = threading.Thread(target=lambda: ada.post("/chat", form, **STREAM))
        talking.start()
        assert pause.reached.wait(PATIENCE_S)
        again: list[str] = []
        headers = {"Last-Event-ID": events(first)[-1][0], **STREAM}
        listening = threading.Thread(target=lambda: again.append(ada.get(f"/chat/{key}/stream", headers=headers).text))
        listening.start()
        _heard_by_two(app)
        pause.go_on.set()
        talking.join(PATIENCE_S)
        listening.join(PATIENCE_S)
    told = [name for _, name, _ in events(again[0])]
    assert told == ["heard", "token", "done"]
    assert "The second answer." in again[0] and "The first answer." not in again[0]


def test_somebody_elses_line_is_not_there(as_person: Callable[..., Browser], visitor: Browser) -> None:
    ada = as_person("ada")
    page = ada.post("/chat", {"conversation": "", "message": "secret", "hint": ""}).headers["location"].split("#")[0]
    for browser in (as_person("ben"), as_person("cleo", with_code=True), visitor):
        answer = browser.get(f"{page}/stream", headers={"Last-Event-ID": "1.1"})
        assert answer.status_code == 404 and "secret" not in answer.text


# A clerk takes over in the middle of a sentence


def test_silence_begins_with_the_take_over(building: Building, model: Scripted) -> None:
    """Measured as an order, not as a time: what the model wants after the take-over is not said."""
    call = ("cancel_order", {"order": building.orders["ada.paid"]})
    pause = Pause(says("Now I cancel it.", call))
    script(model, says("I look at it. ", ("show_order", {"order": building.orders["ada.paid"]})), pause, says("Done!"))
    turns, ada = Turns(building.house), building.person("ada").at_page(building.clock)
    told: list[str] = []

    async def walk() -> Running:
        running = await turns.say(ada, Said("please cancel it"), None)
        assert isinstance(running, Running)
        await asyncio.to_thread(pause.reached.wait, PATIENCE_S)
        before = len(running._told)
        # Another process gives the conversation to a clerk: this one is told nothing of it.
        await asyncio.to_thread(_take_over, building, str(running.noted.conversation_id))
        pause.go_on.set()
        await running.wait()
        told.extend(name for name, _ in running._told[before:])
        return running

    running = asyncio.run(walk())
    assert set(told) <= {"tool", "interrupted", "done"} and told[-2:] == ["interrupted", "done"]
    assert running.cut == CLERK
    assistant = [m for m in stored(building) if m.voice == "assistant"]
    assert [(text_of(building, m), m.ended) for m in assistant] == [("I look at it.", "clerk")]
    kinds = _log(building)
    taken = kinds.index(("conversation.taken", ""))
    changed = {"command.executed", "command.awaiting", "command.claimed"}
    assert [kind for kind, what in kinds[taken:] if what == "CancelOrder" and kind in changed] == []
    assert building.order(building.orders["ada.paid"]).status == "paid"
    with building.house.database.read(Scope.own(building.person("ada").id)) as session:
        assert session.query(Approval).count() == 0


def test_a_clerk_on_the_staff_page_cuts_the_sentence_and_it_is_marked(
    as_person: Callable[..., Browser], app: FastAPI, building: Building, model: Scripted
) -> None:
    pause = Pause(says("And this is never said."))
    script(model, says("First I look. ", ("list_orders", {})), pause)
    ada, cleo = as_person("ada"), as_person("cleo", with_code=True)
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
        form = {"conversation": "", "message": "hello", "hint": ""}
        talking = threading.Thread(target=lambda: answers.append(ada.post("/chat", form, **STREAM).text))
        talking.start()
        assert pause.reached.wait(PATIENCE_S)
        ((_, key),) = app.state.turns._running
        assert ada.post("/chat/person", {"conversation": str(key)}).status_code == 303, "also while it is busy"
        assert cleo.post(f"/staff/conversations/{key}/take", {"request_id": "t"}).status_code == 303
        talking.join(PATIENCE_S)
        pause.go_on.set()
        shown = words(ada.get(f"/chat/{key}").text)
    assert [name for _, name, _ in events(answers[0])][-2:] == ["interrupted", "done"]
    assert "never said" not in answers[0] + shown
    assert "You are talking to Cleo, staff of the shop." in shown
    assert shown.index("It broke off here: a person took over.") < shown.index("Cleo from the shop has joined")


# After a restart


def test_what_a_closing_shop_had_said_is_kept_and_marked(building: Building, model: Scripted) -> None:
    pause = Pause(says("Never said."))
    script(model, says("Half an answer. ", ("list_orders", {})), pause)
    turns, ada = Turns(building.house), building.person("ada").at_page(building.clock)

    async def close() -> None:
        running = await turns.say(ada, Said("hello"), None)
        assert isinstance(running, Running)
        await asyncio.to_thread(pause.reached.wait, PATIENCE_S)
        await turns.finish(within_s=0.01)
        pause.go_on.set()

    asyncio.run(close())
    assert [(m.voice, m.ended) for m in stored(building)] == [("customer", ""), ("assistant", "stopped")]
    assert text_of(building, stored(building)[1]) == "Half an answer."


def test_a_message_that_a_crash_left_without_an_answer_says_so(
    as_person: Callable[..., Browser], building: Building, model: Scripted
) -> None:
    ada = as_person("ada")
    script(model, says("Fine."))
    page = ada.post("/chat", {"conversation": "", "message": "hello", "hint": ""}).headers["location"].split("#")[0]
    with building.house.database.begin(Scope.own(building.person("ada").id)) as session:
        session.delete(session.query(Message).filter_by(voice="assistant").one())
    assert "has no answer" not in words(ada.get(page).text), "another process may still be at it"
    building.clock.now += LOST_AFTER
    assert "has no answer: the shop was restarted" in words(ada.get(page).text)


def _heard_by_two(app: FastAPI) -> None:
    gives_up_at = time.monotonic() + PATIENCE_S
    while all(running.listeners < 2 for running in app.state.turns._running.values()):
        assert time.monotonic() < gives_up_at, "the second line did not come"
        time.sleep(0.01)


def _take_over(building: Building, key: str) -> None:
    asked = building.desk.submit(building.person("ada").at_page(building.clock), AskForPerson(key), request_id="a")
    taken = building.desk.submit(building.person("cleo").at_work(building.clock), TakeConversation(key), request_id="t")
    assert isinstance(asked, Done) and isinstance(taken, Done)


def _log(building: Building) -> list[tuple[str, str]]:
    with building.house.database.read(Scope.house("a test reads the log")) as session:
        entries = session.query(AuditEntry).order_by(AuditEntry.seq)
        return [(entry.kind, str(entry.facts().get("action", ""))) for entry in entries]

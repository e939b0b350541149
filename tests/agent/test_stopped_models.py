"""A model that the staff have stopped is not asked: another one goes on where there is one; the desk hears which."""

import asyncio
from uuid import UUID

from agent.assistant import FAILED, Assistant
from agent.away import Away
from agent.heard import Failed, Heard, StoodIn, Token
from agent.memory import customer_says
from agent.models import EMBEDDED, LoadedModel
from agent.turn import Note, Turn
from shop.switches import MODEL, Stop, Switches
from tests.agent.scripted import ANNA, FakeDesk, Scripted, Step, says

LOOK = says("", ("list_orders", {}))
ANSWER = says("Here they are.")


class House:
    """An assistant with a usual model and one that stands in for it, and what was stopped when its turn began."""

    def __init__(self, *stopped: str, usual: tuple[Step, ...] = (LOOK, ANSWER)) -> None:
        self.usual, self.standby = Scripted(*usual), Scripted(LOOK, ANSWER)
        self.desk, self.notes = FakeDesk(), list[Note]()
        loaded = LoadedModel(self.usual, True, "openai:usual@https://models.example/v1", standby=self.standby)
        self.assistant = Assistant(loaded, policy_version="p", environment={})
        switches = Switches(tuple(Stop(UUID(int=n), MODEL, name) for n, name in enumerate(stopped)))
        self.turn: Turn = self.assistant.turn(
            ANNA, self.desk, conversation="c", turn_id="t", note=self.notes.append, switches=switches
        )

    def answer(self) -> list[Heard]:
        async def all_of_it() -> list[Heard]:
            return [heard async for heard in self.assistant.answer(self.turn, [customer_says("my orders?")])]

        return asyncio.run(all_of_it())

    @property
    def models_heard(self) -> list[str]:
        """Which model the desk heard with each call."""
        return [actor.act.model for actor, _, _ in self.desk.asked if actor.act is not None]


def said(heard: list[Heard]) -> str:
    return "".join(each.text for each in heard if isinstance(each, Token))


def test_the_assistant_names_its_models_without_an_address() -> None:
    assert House().assistant.models == ("openai:usual", EMBEDDED)


def test_the_desk_hears_which_model_asks() -> None:
    house = House()
    assert "Here they are." in said(house.answer())
    assert house.models_heard == ["openai:usual"] and house.standby.seen == []


def test_a_stopped_model_is_not_asked_and_the_other_one_goes_on_and_says_so() -> None:
    house = House("openai:usual")
    heard = house.answer()
    assert "Here they are." in said(heard) and house.usual.seen == []
    assert [each for each in heard if isinstance(each, StoodIn)], "the customer is told that another one answers"
    assert house.models_heard == [EMBEDDED]
    assert [(note.kind, note.why) for note in house.notes][:1] == [("model.stood_in", "switched-off")]


def test_a_stopped_standby_does_not_stand_in() -> None:
    house = House(EMBEDDED, usual=(Away("timeout"),))
    heard = house.answer()
    assert [each.sentence for each in heard if isinstance(each, Failed)] == [FAILED]
    assert house.standby.seen == [] and house.desk.asked == []

"""What an attacker brings along: a model that says and does as it is told, and short words for common moves."""

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from starlette.testclient import TestClient

from agent.models import LoadedModel
from auth.database import Scope
from auth.guard.approvals import find_approval
from auth.guard.commands import Command
from auth.guard.decisions import AwaitingApproval, Refused
from tests.agent.scripted import Scripted
from tests.agent.scripted import says as told
from tests.building import Building, Person, build, move_in

# The orders that `move_in` gives everybody, by the numbers the attacker knows by heart.
ADAS_MUG, BENS_MUG, ADAS_PAID, BENS_PAID = "HP-AMVG-0000", "HP-BMVG-0000", "HP-APA1-0004", "HP-BPA1-0004"
__all__ = [
    "ADAS_MUG",
    "ADAS_PAID",
    "BENS_MUG",
    "BENS_PAID",
    "hostile",
    "parked",
    "refused",
    "say",
    "sentence_of",
    "told",
]


def hostile(
    empty: Building, *steps: AIMessage, model: BaseChatModel | LoadedModel | None = None, **settings: Any
) -> Building:
    """The same empty house on the same database, with a model that follows these steps; people have moved in."""
    url = empty.house.database.engine.url.render_as_string(hide_password=False)
    empty.house.database.close()
    return move_in(build(empty.folder, database_url=url, model=model or Scripted(*steps), **settings))


def say(browser: TestClient, message: str, conversation: str = "") -> Any:
    """A message in the chat, as the page without scripts sends it; the answer is stored when this returns."""
    return browser.post("/chat", data={"conversation": conversation, "message": message, "hint": ""})


def parked(building: Building, person: Person, command: Command, *, request_id: str = "r1") -> AwaitingApproval:
    """A change that the assistant has asked for and nobody has signed."""
    outcome = building.desk.submit(person.through_chat(), command, request_id=request_id)
    assert isinstance(outcome, AwaitingApproval), outcome
    return outcome


def refused(outcome: object, policy: str) -> None:
    assert isinstance(outcome, Refused), outcome
    assert outcome.policy == policy, outcome


def sentence_of(building: Building, person: Person, outcome: AwaitingApproval) -> str:
    """What the card of a parked change says."""
    with building.house.database.read(Scope.own(person.id)) as session:
        card = find_approval(session, outcome.approval_id)
        assert card is not None
        return building.desk.card(session, card).sentence

"""Throwing the assistant's switches in a test, as a clerk does, and reading what became of it."""

from auth.database import Scope
from auth.guard.decisions import Done
from shop.commands import LetAssistantGoOn, StopAssistant
from shop.switching import SwitchView, past_switches, switches_in_force
from tests.building import Building


def stop(building: Building, reach: str, name: str = "", *, reason: str = "a drill") -> str:
    """Cleo stops the assistant; the id of the switch."""
    cleo = building.person("cleo").at_work(building.clock)
    command = StopAssistant(reach, reason, name)  # type: ignore[arg-type]
    outcome = building.desk.submit(cleo, command, request_id="")
    assert isinstance(outcome, Done), outcome
    return str(outcome.result["switch"])


def go_on(building: Building, switch: str) -> None:
    """Cleo takes a stop back."""
    cleo = building.person("cleo").at_work(building.clock)
    outcome = building.desk.submit(cleo, LetAssistantGoOn(switch), request_id="")
    assert isinstance(outcome, Done), outcome


def in_force(building: Building) -> list[SwitchView]:
    with building.house.database.read(Scope.house("a test looks at the switches")) as session:
        return list(switches_in_force(session))


def past(building: Building) -> list[SwitchView]:
    with building.house.database.read(Scope.house("a test looks at the switches")) as session:
        return list(past_switches(session))

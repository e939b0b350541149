"""The assistant's switches on the way of a turn: who gets no answer, and how soon a stop had its effect.

Whether a call is refused is the desk's to decide (policy ``assistant.switched-off``); here it is only counted.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from agent.turn import Turn
from auth.actor import Actor
from auth.database import Scope
from auth.guard.commands import Command, action
from auth.guard.decisions import Outcome, Refused
from frontend.house import House
from shop.switches import SWITCHED_OFF, Switches, count_cut, count_refused, read_switches


@dataclass(frozen=True, slots=True)
class Counting:
    """The desk as a turn has it: what a switch refuses is counted on that switch, with the time.

    ``begun_under`` are the switches of the moment in which the turn began. A call that another one refuses was under
    way when that one came, and belongs to the time it took to stop.
    """

    house: House
    begun_under: frozenset[UUID]

    def submit(self, actor: Actor, command: Command, *, request_id: str) -> Outcome:
        """Ask at the desk; its answer is passed on as it is."""
        outcome = self.house.desk.submit(actor, command, request_id=request_id)
        if isinstance(outcome, Refused) and outcome.policy == SWITCHED_OFF:
            self._count(actor, action(command))
        return outcome

    def _count(self, actor: Actor, name: str) -> None:
        model = "" if actor.act is None else actor.act.model
        with self.house.database.begin(Scope.own(actor.account_id)) as session:
            stops = read_switches(session).covering(actor.account_id, action=name, model=model)
            count_refused(session, stops, begun_under=self.begun_under, at=self.house.clock())


def gets_no_answer(house: House, switches: Switches, account_id: UUID | None) -> bool:
    """Whether the assistant is switched off for this account: for everybody, for them, or for want of a model."""
    return switches.silence(account_id, models=house.assistant.models)


def is_stopped(turn: Turn, switches: Switches) -> bool:
    """Whether a turn that is under way has been stopped since it began."""
    stops = switches.silencing(turn.actor.account_id, model=turn.model)
    return any(stop.id not in turn.switches.ids for stop in stops)


def look_at_switches(house: House) -> Switches:
    """What is stopped at this moment."""
    with house.database.read(Scope.own(None)) as session:
        return read_switches(session)


def note_cut(session: Session, turn: Turn, *, at: datetime) -> None:
    """Write down on the switches that an answer broke off because of them."""
    stops = read_switches(session).silencing(turn.actor.account_id, model=turn.model)
    count_cut(session, stops, begun_under=turn.switches.ids, at=at)

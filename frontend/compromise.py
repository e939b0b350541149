"""Who answers the chats: the usual assistant, or in a rehearsal the one with the attacker for its model."""

from sqlalchemy.orm import Session

from agent.assistant import Assistant
from auth.database import Scope
from frontend.house import House
from shop.rehearsing import Rehearsal, rehearsal_under_way


def answering(house: House) -> Assistant:
    """The assistant for the turn that begins now, as the record says. A house without an attacker looks nowhere."""
    if house.attacker is None:
        return house.assistant
    with house.database.read(Scope.own(None)) as session:
        return house.assistant if rehearsal_of(house, session) is None else house.attacker()


def rehearsal_of(house: House, session: Session) -> Rehearsal | None:
    """The rehearsal under way, if there is one; never in a real shop, whatever its record says."""
    return None if house.attacker is None else rehearsal_under_way(session, house.clock())

"""Who answers the chats: the usual assistant, or in a rehearsal the one with the attacker for its model."""

from sqlalchemy.orm import Session

from agent.assistant import Assistant
from frontend.house import House
from shop.rehearsing import Rehearsal, rehearsal_under_way


def answering(house: House, *, is_attacked: bool) -> Assistant:
    """The assistant for a turn; ``is_attacked`` is what the record said when its message was stored."""
    return house.attacker() if is_attacked and house.attacker is not None else house.assistant


def rehearsal_of(house: House, session: Session) -> Rehearsal | None:
    """The rehearsal under way, if there is one; never in a real shop, whatever its record says."""
    return None if house.attacker is None else rehearsal_under_way(session, house.clock())

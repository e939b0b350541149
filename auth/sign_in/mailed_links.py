"""Links in mails that ask for a decision: looked at first, and carried out by the button on the page they open.

Opening a link changes nothing, because mail programs and scanners open links by themselves.
"""

from dataclasses import dataclass
from datetime import datetime

from auth.database import Scope
from auth.sign_in import one_time
from auth.sign_in.address_changes import end_open_changes
from auth.sign_in.entrance import Entrance
from auth.sign_in.first_factor import disown_factors
from auth.sign_in.lost_factor import carry_out_reset, end_open_resets, waits_until
from auth.sign_in.mail_change import agree
from auth.sign_in.one_time import Purpose


@dataclass(frozen=True, slots=True)
class Decision:
    """What a link is for. ``not_before`` is set where its time has not come."""

    purpose: Purpose
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeadLink:
    """Used, too old, or overtaken by something that happened since."""


@dataclass(frozen=True, slots=True)
class Decided:
    """It is done."""

    purpose: Purpose


def look_at_link(entrance: Entrance, *, token: str) -> Decision | DeadLink:
    """What the button on the page would do."""
    now = entrance.clock()
    with entrance.database.read(Scope.own(None)) as session:
        row = one_time.find_decision(session, token, now=now)
        if row is None:
            return DeadLink()
        purpose = Purpose(row.purpose)
        if purpose is not Purpose.LOST_FINISH:
            return Decision(purpose)
        ready_at = waits_until(session, row.account_id, now=now)
        return DeadLink() if ready_at is None else Decision(purpose, ready_at if now < ready_at else None)


def answer_link(entrance: Entrance, *, token: str) -> Decided | Decision | DeadLink:
    """Carry out what the link is for, once. Before its time it is neither carried out nor used up."""
    seen, now = look_at_link(entrance, token=token), entrance.clock()
    if isinstance(seen, DeadLink) or seen.not_before is not None:
        return seen
    with entrance.database.begin(Scope.own(None)) as session:
        row = one_time.find_decision(session, token, now=now)
        if row is None or not one_time.use_up(session, row, now=now):
            return DeadLink()
        account_id, purpose = row.account_id, Purpose(row.purpose)
        match purpose:
            case Purpose.MAIL_OLD | Purpose.MAIL_NEW:
                done = agree(entrance, session, account_id, purpose=purpose, now=now)
            case Purpose.MAIL_CANCEL:
                done = end_open_changes(session, account_id, now=now)
            case Purpose.LOST_CANCEL:
                done = end_open_resets(session, account_id, now=now, why="mail")
            case Purpose.FACTOR_DISOWN:
                done = disown_factors(entrance, session, account_id, now=now)
            case _:
                done = carry_out_reset(entrance, session, account_id, now=now)
        return Decided(purpose) if done else DeadLink()

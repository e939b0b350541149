"""What customers have signed and a clerk is to look at: reading such a request is a look at somebody's record.

The clerk's decision itself is the desk's (:meth:`auth.guard.desk.Desk.review`); this room makes the look before it
subject to the policy, and visible to the customer.
"""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from auth.actor import Actor, Channel, Role
from auth.guard.approvals import IN_REVIEW, Approval, find_approval
from auth.guard.commands import Effect
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Facts, Room
from shop.commands import ReadRequest


def request_rooms() -> tuple[Room[Any], ...]:
    """The room of this file."""
    return (Room(ReadRequest, Effect.READ, find_request, request_facts, show_request),)


def find_request(session: Session, actor: Actor, command: ReadRequest) -> Approval | None:
    """The card, for a clerk at work, once its owner has signed it; what nobody handed to the clerks is not there."""
    if actor.role is not Role.CLERK or actor.channel is not Channel.STAFF:
        return None
    try:
        card = find_approval(session, UUID(command.request))
    except ValueError:
        return None
    return card if card is not None and (card.state == IN_REVIEW or card.reviewed_at is not None) else None


def request_facts(_session: Session, _actor: Actor, _command: ReadRequest, card: Approval) -> Facts:
    resource = Entity("Approval", str(card.id), {"requested_by": str(card.account_id), "state": card.state})
    return Facts(resource, whose=card.account_id)


def show_request(session: Session, grant: Grant[ReadRequest]) -> Approval:
    """The card itself; a page draws it."""
    return session.get_one(Approval, UUID(grant.command.request))

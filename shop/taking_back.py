"""Cards that are taken back: only by the one who asked, in the conversation where it asked, and only while they wait.

On a page there is no such button: there the person says no to the card itself (:meth:`auth.guard.desk.Desk.decline`).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor, Channel
from auth.guard.approvals import OPEN, WITHDRAWN, Approval, asked_in, find_approval
from auth.guard.cards import TAKEN_BACK, withdraw
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.minutes import Step
from auth.guard.rooms import Facts, Room
from shop.commands import TakeBackCard
from shop.conversations import read_id


class TakingBack:
    """The room in which the assistant takes back what it has asked for."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def find(self, session: Session, actor: Actor, command: TakeBackCard) -> Approval | None:
        """A card of the actor's own account; whoever else's is not there."""
        key = read_id(command.card)
        card = None if key is None else find_approval(session, key)
        return card if card is not None and card.account_id == actor.account_id else None

    def facts(self, _session: Session, actor: Actor, _command: TakeBackCard, card: Approval) -> Facts:
        """Whether it waits, and whether this asker put it there in this conversation."""
        waits = card.state != OPEN or self._clock() < card.expires_at
        acting = "" if actor.act is None else actor.act.name
        # Without a conversation nothing was asked "here": a button of a page has none, and takes nothing back.
        here = bool(actor.conversation) and actor.channel is Channel.CHAT
        here = here and asked_in(card) == (actor.channel.value, acting, actor.conversation)
        known: dict[str, str | bool] = {
            "requested_by": str(card.account_id),
            "state": card.state if waits else "expired",
            "asked_here": here,
        }
        return Facts(Entity("Approval", str(card.id), known))

    def handle(self, session: Session, grant: Grant[TakeBackCard]) -> dict[str, Json]:
        """End the card, and write into the record of its own command that it was taken back."""
        card = self._card(session, grant)
        taken = withdraw(session, card, by=Step(grant.actor, grant.command_id, grant.at, card.action))
        return {"card": str(card.id), "taken_back": taken}

    def verify(self, session: Session, grant: Grant[TakeBackCard], _result: object) -> bool:
        """Nobody can sign it any more."""
        return self._card(session, grant).state == WITHDRAWN

    @staticmethod
    def _card(session: Session, grant: Grant[TakeBackCard]) -> Approval:
        key = read_id(grant.command.card)
        card = None if key is None else find_approval(session, key)
        assert card is not None  # noqa: S101 - the desk has found it in this transaction
        return card


def taking_back_rooms(clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The room of this file."""
    room = TakingBack(clock)
    says = TAKEN_BACK.replace("this card", "its card")
    return (
        Room(
            TakeBackCard,
            Effect.LIGHT,
            room.find,
            room.facts,
            room.handle,
            verify=room.verify,
            says=lambda _: says,
        ),
    )

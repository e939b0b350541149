"""What carriers write about parcels: kept word for word, sealed, and shown as theirs. It is text by others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.actor import Actor
from auth.database import Base, Owned, UtcDateTime, new_id
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Card, Facts, Room
from auth.vault import Sealed, Vault
from shop.commands import NoteFromCarrier
from shop.orders import Order, find_order_at_work
from shop.refunds import order_entity, reckon
from shop.views import CarrierNoteView

SHOWN = 20


class CarrierNote(Base, Owned):
    """A carrier's words about a parcel; they are the customer's row, because they may tell who opened the door."""

    __tablename__ = "carrier_notes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    text: Mapped[bytes] = mapped_column(Sealed)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)


def carrier_notes(session: Session, order: Order, *, vault: Vault) -> tuple[CarrierNoteView, ...]:
    """The newest twenty notes on an order's parcel, oldest first."""
    rows = _rows(session, order)[-SHOWN:]
    return tuple(CarrierNoteView(vault.open(session, row, "text"), row.written_at) for row in rows)


def write_note(session: Session, vault: Vault, order: Order, text: str, *, at: datetime) -> CarrierNote:
    """Add a note to an order's parcel."""
    note = CarrierNote(id=new_id(at), account_id=order.account_id, order_id=order.id, written_at=at)
    vault.seal(session, note, "text", text)
    session.add(note)
    return note


def carrier_rooms(vault: Vault, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The room of this file."""
    noting = Noting(vault, clock)
    return (
        Room(
            NoteFromCarrier,
            Effect.WRITE,
            find=noting.find,
            facts=noting.facts,
            handle=noting.handle,
            verify=noting.verify,
            card=noting.card,
            says=lambda result: f"The carrier's note on order {result['order']} is kept.",
        ),
    )


@dataclass(frozen=True, slots=True)
class Noting:
    """The room of :class:`~shop.commands.NoteFromCarrier`."""

    vault: Vault
    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: NoteFromCarrier) -> Order | None:
        return find_order_at_work(session, actor, command.order)

    def facts(self, session: Session, actor: Actor, command: NoteFromCarrier, order: Order) -> Facts:
        return Facts(order_entity(order, reckon(session, order).refundable(), self.clock()), whose=order.account_id)

    def card(self, session: Session, command: NoteFromCarrier, order: Order) -> Card:
        return Card(f"Keep a note from the carrier on order {order.number}", (("Note", command.text),))

    def handle(self, session: Session, grant: Grant[NoteFromCarrier]) -> Mapping[str, Json]:
        order = self.find(session, grant.actor, grant.command)
        if order is None:
            raise LookupError("the order was there a moment ago")
        note = write_note(session, self.vault, order, grant.command.text, at=grant.at)
        return {"order": order.number, "note": str(note.id)}

    def verify(self, session: Session, grant: Grant[NoteFromCarrier], result: Mapping[str, Json]) -> bool:
        note = session.get(CarrierNote, UUID(str(result["note"])))
        return note is not None and self.vault.open(session, note, "text") == grant.command.text


def _rows(session: Session, order: Order) -> Sequence[CarrierNote]:
    mine = select(CarrierNote).where(CarrierNote.account_id == order.account_id, CarrierNote.order_id == order.id)
    return session.scalars(mine.order_by(CarrierNote.written_at, CarrierNote.id)).all()

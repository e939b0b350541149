"""What paid for an order, and giving it back: each part goes to the charge it came from, never more than is left there.

An order is paid by one charge. Where something was charged later (a dearer option), that is a charge of its own, and
money goes back from the newest first.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned, UtcDateTime, new_id
from auth.guard.commands import Json
from auth.guard.rooms import Declined, Settled, Settlement, Unreachable
from shop.money import Money
from shop.orders import Order
from shop.payments import PaymentGateway, asked


class ExtraCharge(Base, Owned):
    """A charge besides an order's first. ``left_minor`` is what has not gone back of it and is not on its way."""

    __tablename__ = "extra_charges"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    reference: Mapped[str] = mapped_column(String(128))
    left_minor: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


def extra_charges(session: Session, order: Order) -> Sequence[ExtraCharge]:
    """An order's further charges, newest first."""
    mine = select(ExtraCharge).where(ExtraCharge.account_id == order.account_id, ExtraCharge.order_id == order.id)
    return session.scalars(mine.order_by(ExtraCharge.created_at.desc(), ExtraCharge.id.desc())).all()


def add_charge(session: Session, order: Order, reference: str, *, amount: Money, now: datetime) -> None:
    """Note that more was charged for an order."""
    session.add(
        ExtraCharge(
            id=new_id(now),
            account_id=order.account_id,
            order_id=order.id,
            reference=reference,
            left_minor=amount.minor,
            created_at=now,
        )
    )


def set_aside(session: Session, order: Order, amount: Money) -> dict[str, Json]:
    """Set money aside to go back, and say what the gateway will be asked: parts of ``[charge, minor]``.

    The order's row must be held, so that two requests can't both have the same part.
    """
    parts, rest = list[Json](), amount.minor
    for extra in extra_charges(session, order):
        if (part := min(extra.left_minor, rest)) > 0:
            extra.left_minor -= part
            rest -= part
            parts.append([extra.reference, part])
    if rest or not parts:
        parts.append([order.charge_reference, rest])
    return {"parts": parts, **asked(amount)}


def undo_set_aside(session: Session, order: Order, request: Mapping[str, Json]) -> None:
    """The gateway said no: what was set aside is there again."""
    asked_for = list(parts_of(request))
    for extra in extra_charges(session, order):
        extra.left_minor += sum(amount.minor for charge, amount in asked_for if charge == extra.reference)


def give_back(gateway: PaymentGateway, key: str, request: Mapping[str, Json]) -> Settlement:
    """Ask the gateway for each part, under keys made from ``key``. The reference is that of the first part.

    A no to the first part is a no. A no after some of the money has moved is neither: the claim stays, and is seen.
    """
    settled: Settled | None = None
    for n, (charge, amount) in enumerate(parts_of(request)):
        answer = gateway.refund(key if n == 0 else f"{key}:{n}", charge, amount)
        if isinstance(answer, Declined):
            if settled is None:
                return answer
            raise Unreachable("part of the money went back and the gateway declined the rest")
        settled = settled or answer
    if settled is None:
        raise ValueError("a request to give money back names at least one charge")
    return settled


def parts_of(request: Mapping[str, Json]) -> Iterator[tuple[str, Money]]:
    """The parts of a kept request; before there were several, it named one charge."""
    kept = request.get("parts") or [[request["charge"], request["minor"]]]
    for part in kept if isinstance(kept, list) else ():
        match part:
            case [str(charge), int(minor)]:
                yield charge, Money(minor, str(request["currency"]))
            case _:
                raise TypeError("a kept request holds its parts as charge and minor units")

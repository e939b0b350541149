"""Money back for delivered orders: never more than was paid, line by line, whoever asks and however often at once.

The shipping goes back only with the goods: when all lines are refunded in one go and nothing was refunded before.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.actor import Actor
from auth.database import Base, Owned, UtcDateTime, new_id
from auth.guard.commands import Effect, Json, canonical
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Card, Facts, Room, Settlement
from auth.vault import Sealed, Vault
from shop.cases import held_lines
from shop.charges import give_back, set_aside, undo_set_aside
from shop.commands import RefundOrder
from shop.money import Money
from shop.orders import DELIVERED, PAID, SHIPPED, Order, OrderLine, find_order
from shop.payments import PaymentGateway

CLAIMED, SETTLED, RELEASED = "claimed", "settled", "released"
SHIPPING = 0
_VELOCITY = timedelta(days=30)


class Refund(Base, Owned):
    """Money on its way back. ``lines`` is a JSON list of ``[line, minor]``, line 0 being the shipping. A claimed
    refund counts as spent, so that two requests at once can't both have the same money."""

    __tablename__ = "refunds"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    lines: Mapped[str] = mapped_column(Text)
    reason: Mapped[bytes | None] = mapped_column(Sealed)
    state: Mapped[str] = mapped_column(String(16), index=True)
    grant_id: Mapped[UUID | None] = mapped_column(unique=True)
    reference: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """``(line, minor)`` for each line it is for; line 0 is the shipping."""
        return tuple((line, minor) for line, minor in json.loads(self.lines))


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What has gone back for an order, by line (claimed counts), in minor units; and from that, what still can.

    For a line that is ``held``, because a return, an exchange or a claim is open for it, nothing can.
    """

    order: Order
    refunded: Mapping[int, int]
    held: frozenset[int] = frozenset()

    @property
    def refunded_minor(self) -> int:
        return sum(self.refunded.values())

    def left(self, line: OrderLine) -> int:
        """What can still go back for a line; nothing for one that is held, or was cancelled, which has had it."""
        if line.line in self.held or line.cancelled_at is not None:
            return 0
        return line.unit_minor * line.quantity - self.refunded.get(line.line, 0)

    def holds(self, lines: Sequence[int]) -> bool:
        """Whether something of these lines (of all when empty) is held."""
        return bool(self.held if not lines else self.held & set(lines))

    def still(self, parts: Sequence[tuple[int, int]]) -> int:
        """What of these ``(line, minor)`` can still go back."""
        left = {line.line: self.left(line) for line in self.order.lines}
        left[SHIPPING] = self.order.shipping_minor - self.refunded.get(SHIPPING, 0)
        return sum(min(minor, left.get(line, 0)) for line, minor in parts)

    def parts(self, lines: Sequence[int]) -> list[tuple[int, int]]:
        """What can still go back for these lines (all when empty), as ``(line, minor)``; the shipping comes last."""
        there = self.order.open_lines
        asked = [line for line in there if not lines or line.line in lines]
        parts = [(line.line, self.left(line)) for line in asked if self.left(line) > 0]
        is_all = asked and len(asked) == len(there) and not self.held and not self.refunded_minor
        if is_all and self.order.shipping_minor:
            parts.append((SHIPPING, self.order.shipping_minor))
        return parts

    def refundable(self, lines: Sequence[int] = ()) -> Money:
        """What can still go back for these lines, or for the whole order; nothing before it was paid for."""
        paid = self.order.status in (PAID, SHIPPED, DELIVERED)
        return Money(sum(minor for _, minor in self.parts(lines)) if paid else 0, self.order.currency)

    def split(self, lines: Sequence[int], amount: Money) -> list[list[int]]:
        """An amount spread over these lines, each filled before the next."""
        rest, spread = amount.minor, list[list[int]]()
        for line, left in self.parts(lines):
            if (part := min(left, rest)) > 0:
                spread.append([line, part])
                rest -= part
        if rest:
            raise ValueError("more was to be refunded than these lines still hold")
        return spread


def reckon(session: Session, order: Order, *, held: frozenset[int] | None = None) -> Reckoning:
    """Add up an order's refunds; released ones don't count. ``held`` is what its cases hold, unless given."""
    refunded: dict[int, int] = {}
    for refund in refunds_of(session, order):
        for line, minor in refund.parts:
            refunded[line] = refunded.get(line, 0) + minor
    return Reckoning(order, refunded, held_lines(session, order) if held is None else held)


def refunds_of(session: Session, order: Order) -> Sequence[Refund]:
    """An order's refunds, settled or on their way, oldest first."""
    statement = select(Refund).where(
        Refund.account_id == order.account_id, Refund.order_id == order.id, Refund.state.in_((CLAIMED, SETTLED))
    )
    return session.scalars(statement.order_by(Refund.id)).all()


def refunded_lately_minor(session: Session, account_id: UUID, now: datetime) -> int:
    """What an account was refunded in the last 30 days, in minor units, claims included."""
    statement = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
        Refund.account_id == account_id,
        Refund.state.in_((CLAIMED, SETTLED)),
        Refund.created_at > now - _VELOCITY,
    )
    return int(session.scalars(statement).one())


def order_entity(order: Order, refundable: Money, now: datetime) -> Entity:
    """An order as the policy sees it. ``refundable`` is for what was asked for."""
    days = None if order.delivered_at is None else (now - order.delivered_at).days
    return Entity(
        "Order",
        order.number,
        {
            "owner": str(order.account_id),
            "status": order.status,
            "refundable_minor": refundable.minor,
            "days_since_delivery": days,
        },
    )


def refund_rooms(vault: Vault, gateway: PaymentGateway, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The room of this file."""
    refunding = Refunding(vault, gateway, clock)
    return (
        Room(
            RefundOrder,
            Effect.WRITE,
            find=refunding.find,
            facts=refunding.facts,
            handle=refunding.handle,
            verify=refunding.verify,
            card=refunding.card,
            says=say_refunded,
            unminuted=frozenset({"paid_with"}),
            outside=refunding,
        ),
    )


@dataclass(frozen=True, slots=True)
class Refunding:
    """The room of :class:`~shop.commands.RefundOrder`, and its calls to the payment gateway."""

    vault: Vault
    gateway: PaymentGateway
    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: RefundOrder) -> Reckoning | None:
        """The actor's own order; a line that it does not have is as little there as somebody else's order."""
        order = find_order(session, actor.account_id, command.order, lock=True)
        if order is None or not set(command.lines) <= {line.line for line in order.lines}:
            return None
        return reckon(session, order)

    def facts(self, session: Session, actor: Actor, command: RefundOrder, found: Reckoning) -> Facts:
        order, now = found.order, self.clock()
        amount = _amount(command, found)
        resource = order_entity(order, found.refundable(command.lines), now)
        context = {
            "amount_minor": amount.minor if amount.currency == order.currency else None,
            "refunded_30d_minor": refunded_lately_minor(session, order.account_id, now),
            "lines_held": found.holds(command.lines),
        }
        snapshot: dict[str, Json] = {
            "order": order.number,
            "lines": [[line.line, line.sku, line.quantity, line.unit_minor] for line in order.lines],
            "amount": [amount.minor, amount.currency],
            "to": [order.paid_with, order.charge_reference],
        }
        return Facts(resource, context, snapshot)

    def card(self, session: Session, command: RefundOrder, found: Reckoning) -> Card:
        order, amount = found.order, _amount(command, found)
        items = [item_of(line) for line in order.open_lines if not command.lines or line.line in command.lines]
        lines = [("Order", order.number), ("Items", "; ".join(items)), ("Amount", str(amount))]
        lines += [("To", order.paid_with), ("Reason", command.reason)]
        return Card(f"Refund {amount} for order {order.number} to {order.paid_with}", tuple(lines))

    def prepare(self, session: Session, grant: Grant[RefundOrder]) -> Mapping[str, Json]:
        """Set the money aside as a claimed refund, and say what the gateway will be asked."""
        found = self.find(session, grant.actor, grant.command)
        if found is None:
            raise LookupError("the order was there a moment ago")
        order, amount = found.order, _amount(grant.command, found)
        refund = Refund(
            id=new_id(grant.at),
            account_id=order.account_id,
            order_id=order.id,
            amount_minor=amount.minor,
            currency=amount.currency,
            lines=canonical(found.split(grant.command.lines, amount)),
            state=CLAIMED,
            grant_id=grant.id,
            created_at=grant.at,
        )
        session.add(refund)
        self.vault.seal(session, refund, "reason", grant.command.reason)
        return set_aside(session, order, amount)

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        return give_back(self.gateway, key, request)

    def handle(self, session: Session, grant: Grant[RefundOrder]) -> Mapping[str, Json]:
        """The gateway has paid: the claimed refund is settled."""
        refund = _refund_of(session, grant)
        if refund.state != CLAIMED:
            raise RuntimeError(f"the refund is {refund.state} already")
        refund.state, refund.reference, refund.settled_at = SETTLED, grant.settlement, grant.at
        order = session.get_one(Order, refund.order_id)
        amount = Money(refund.amount_minor, refund.currency)
        return {"order": order.number, "amount": str(amount), "minor": amount.minor, "paid_with": order.paid_with}

    def verify(self, session: Session, grant: Grant[RefundOrder], result: Mapping[str, Json]) -> bool:
        refund = _refund_of(session, grant)
        order = session.get_one(Order, refund.order_id)
        within = reckon(session, order).refunded_minor <= order.total.minor
        return within and refund.state == SETTLED and refund.reference == grant.settlement is not None

    def release(self, session: Session, grant: Grant[RefundOrder]) -> None:
        refund = _refund_of(session, grant)
        refund.state = RELEASED
        undo_set_aside(session, session.get_one(Order, refund.order_id, with_for_update=True), grant.request or {})


def say_refunded(result: Mapping[str, Json]) -> str:
    return f"Refunded {result['amount']} to {result['paid_with']} for order {result['order']}."


def _amount(command: RefundOrder, found: Reckoning) -> Money:
    return found.refundable(command.lines) if command.amount is None else command.amount


def item_of(line: OrderLine) -> str:
    """``2 × Harbour Mug, Pine``."""
    return f"{line.quantity} × {line.name}" + (f", {line.option}" if line.option else "")


def _refund_of(session: Session, grant: Grant[RefundOrder]) -> Refund:
    statement = select(Refund).where(Refund.account_id == grant.account_id, Refund.grant_id == grant.id)
    return session.scalars(statement.with_for_update()).one()

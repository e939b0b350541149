"""Orders as their owner finds them: what was bought, at which price, where it goes, and how far it has come."""

import os
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from auth.actor import Actor, Channel, Role
from auth.database import Base, Owned, UtcDateTime
from auth.vault import Sealed
from shop.catalogue import return_stock
from shop.money import Money

# Crockford's base 32: no I, L, O and U, so that a number survives a telephone call.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011")

PLACING, PAID, SHIPPED, DELIVERED = "placing", "paid", "shipped", "delivered"
FAILED, CANCELLING, CANCELLED = "failed", "cancelling", "cancelled"
CHANGING = "changing"


class Order(Base, Owned):
    """An order. It goes placing → paid → shipped → delivered; or placing → failed; or paid → cancelling → cancelled;
    and paid → changing → paid while the payment service is asked about a change. The amounts are of what is left of it.

    The destination is a copy, sealed for this row, so that a later change of the address leaves the order alone.
    """

    __tablename__ = "orders"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shipped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    item_changes: Mapped[int] = mapped_column(default=0, server_default="0")
    goods_minor: Mapped[int]
    shipping_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    label: Mapped[bytes | None] = mapped_column(Sealed)
    recipient: Mapped[bytes | None] = mapped_column(Sealed)
    street: Mapped[bytes | None] = mapped_column(Sealed)
    postcode: Mapped[bytes | None] = mapped_column(Sealed)
    city: Mapped[bytes | None] = mapped_column(Sealed)
    country: Mapped[str] = mapped_column(String(2))
    paid_with: Mapped[str] = mapped_column(String(40))
    charge_reference: Mapped[str | None] = mapped_column(String(128))
    payment_token: Mapped[str] = mapped_column(String(80))
    tracking: Mapped[str] = mapped_column(String(40), default="")
    cancel_reason: Mapped[bytes | None] = mapped_column(Sealed)
    grant_id: Mapped[UUID | None] = mapped_column(unique=True)
    lines: Mapped[list["OrderLine"]] = relationship(order_by="OrderLine.line", lazy="selectin")

    @property
    def total(self) -> Money:
        return Money(self.goods_minor + self.shipping_minor, self.currency)

    @property
    def open_lines(self) -> list["OrderLine"]:
        """The lines that were not cancelled by themselves."""
        return [line for line in self.lines if line.cancelled_at is None]


class OrderLine(Base, Owned):
    """One line of an order: the product as it was called and priced when it was bought."""

    __tablename__ = "order_lines"
    __table_args__ = (UniqueConstraint("order_id", "line", name="one_line_a_number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    line: Mapped[int]
    sku: Mapped[str] = mapped_column(String(60))
    product: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(120))
    option: Mapped[str] = mapped_column(String(80))
    colour: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    art_seed: Mapped[int]
    quantity: Mapped[int]
    unit_minor: Mapped[int]
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def new_order_number() -> str:
    """A fresh number such as ``HP-7K3M-29QD``: 40 random bits.

    The column is unique; if a number ever came twice, the second order would fail before anything is charged.
    """
    return number_from("HP", os.urandom(5))


def number_from(prefix: str, five_bytes: bytes) -> str:
    """Five bytes as a number that can be read out, such as ``RT-7K3M-29QD``."""
    value = int.from_bytes(five_bytes)
    body = "".join(_DIGITS[value >> shift & 31] for shift in range(35, -1, -5))
    return f"{prefix}-{body[:4]}-{body[4:]}"


def read_order_number(text: str) -> str | None:
    """An order number as people type it (``hp 7k3m29qd``, an O for a zero), or ``None`` for what can't be one."""
    return read_number("HP", text)


def read_number(prefix: str, text: str) -> str | None:
    """A number with this prefix as people type it, or ``None``."""
    bare = "".join(c for c in text.upper() if c.isalnum())
    body = bare.removeprefix(prefix) if len(bare) == 10 else bare
    body = body.translate(_MISREAD)
    if len(body) != 8 or any(c not in _DIGITS for c in body):
        return None
    return f"{prefix}-{body[:4]}-{body[4:]}"


def find_order(session: Session, account_id: UUID | None, number: str, *, lock: bool = False) -> Order | None:
    """An account's own order by its number."""
    exact = read_order_number(number)
    if account_id is None or exact is None:
        return None
    statement = select(Order).where(Order.account_id == account_id, Order.number == exact)
    return session.scalars(statement.with_for_update() if lock else statement).first()


def find_orders(session: Session, account_id: UUID | None, *, status: str = "") -> Sequence[Order]:
    """An account's own orders, newest first; only those with this status, if one is given."""
    if account_id is None:
        return ()
    statement = select(Order).where(Order.account_id == account_id)
    if status:
        statement = statement.where(Order.status == status.strip().casefold())
    return session.scalars(statement.order_by(Order.placed_at.desc(), Order.id.desc())).all()


def find_order_at_work(session: Session, actor: Actor, number: str) -> Order | None:
    """Any order for a clerk on the staff pages; for everybody else only their own, as anywhere."""
    if not is_at_work(actor):
        return find_order(session, actor.account_id, number, lock=True)
    exact = read_order_number(number)
    return session.scalars(select(Order).where(Order.number == exact).with_for_update()).first()


def is_at_work(actor: Actor) -> bool:
    """Whether this is a clerk on the staff pages, whose session sees the house."""
    return actor.role is Role.CLERK and actor.channel is Channel.STAFF


def orders_with_status(session: Session, status: str, *, limit: int = 100) -> Sequence[Order]:
    """Everybody's orders with a status, oldest first; for a session with the scope of the house."""
    statement = select(Order).where(Order.status == status).order_by(Order.placed_at).limit(limit)
    return session.scalars(statement).all()


def order_of_grant(session: Session, account_id: UUID, grant_id: UUID) -> Order:
    """The order that was made under a grant."""
    statement = select(Order).where(Order.account_id == account_id, Order.grant_id == grant_id)
    return session.scalars(statement.with_for_update()).one()


def move_order(order: Order, *, before: str, after: str) -> None:
    """Change an order's status; :class:`RuntimeError` when it is not the one it must come from."""
    if order.status != before:
        raise RuntimeError(f"the order is {order.status} and not {before}")
    order.status = after


def restock(session: Session, lines: Sequence[OrderLine]) -> None:
    """Put lines of an order back on the shelf, in the order of the SKUs, as they were taken."""
    for line in sorted(lines, key=lambda line: line.sku):
        return_stock(session, line.sku, line.quantity)

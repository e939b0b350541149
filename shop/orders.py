"""Orders as their owner finds them: what was bought, at which price, where it goes, and how far it has come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.database import Base, Owned, UtcDateTime
from auth.vault import Sealed
from shop.money import Money

PLACING, PAID, SHIPPED, DELIVERED = "placing", "paid", "shipped", "delivered"
FAILED, CANCELLING, CANCELLED = "failed", "cancelling", "cancelled"


class Order(Base, Owned):
    """An order. It goes placing → paid → shipped → delivered; or placing → failed; or paid → cancelling → cancelled.

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

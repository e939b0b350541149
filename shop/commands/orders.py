"""One's own orders until they are delivered, and money back for them."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shop.commands.kinds import Handle, LineNumber, OrderNumber, Reason, Sku
from shop.money import Money


@dataclass(frozen=True, slots=True)
class ListOrders:
    """One's own orders, newest first."""

    version: ClassVar[int] = 1
    status: Annotated[str, StringConstraints(max_length=20)] = ""


@dataclass(frozen=True, slots=True)
class ShowOrder:
    """One of one's own orders."""

    version: ClassVar[int] = 1
    order: OrderNumber


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel an order that has not been sent, or lines of it (all when ``lines`` is empty); what was paid goes back.

    Without ``lines`` it means what it meant before there were any, so the version is the same: a claim that an older
    house left behind is still settled.
    """

    version: ClassVar[int] = 1
    order: OrderNumber
    reason: Annotated[str, StringConstraints(max_length=500)] = ""
    lines: Annotated[tuple[LineNumber, ...], Field(max_length=50)] = ()


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Money back for lines of a delivered order (all lines when ``lines`` is empty).

    Without an ``amount`` it is what is still refundable for these lines, worked out from the record.
    """

    version: ClassVar[int] = 1
    order: OrderNumber
    reason: Reason
    lines: Annotated[tuple[LineNumber, ...], Field(max_length=50)] = ()
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class ChangeOrderAddress:
    """Send an order that has not left yet to another of one's own addresses."""

    version: ClassVar[int] = 1
    order: OrderNumber
    address: Handle


@dataclass(frozen=True, slots=True)
class ChangeOrderItem:
    """Another option of the same product in a line of an order that has not left; once an order."""

    version: ClassVar[int] = 1
    order: OrderNumber
    line: LineNumber
    sku: Sku


@dataclass(frozen=True, slots=True)
class ChangeOrderPayment:
    """Pay an order that has not left with another of one's own cards; the first one gets its money back."""

    version: ClassVar[int] = 1
    order: OrderNumber
    payment: Handle


@dataclass(frozen=True, slots=True)
class Reorder:
    """Put what an order held into the basket again, as far as it is on sale and in stock."""

    version: ClassVar[int] = 1
    order: OrderNumber


@dataclass(frozen=True, slots=True)
class ShowInvoice:
    """The invoice of an order that was paid."""

    version: ClassVar[int] = 1
    order: OrderNumber


@dataclass(frozen=True, slots=True)
class TrackOrder:
    """How far an order has come, with what its carrier wrote."""

    version: ClassVar[int] = 1
    order: OrderNumber

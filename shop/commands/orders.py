"""One's own orders until they are delivered, and money back for them."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shop.commands.kinds import Handle, LineNumber, OrderNumber, Reason
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
    """Cancel a whole order that has not been sent; what was paid goes back."""

    version: ClassVar[int] = 1
    order: OrderNumber
    reason: Annotated[str, StringConstraints(max_length=500)] = ""


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

"""What clerks do with customers' orders and requests."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from shop.commands.kinds import Handle, OrderNumber, Reason


@dataclass(frozen=True, slots=True)
class ReadCustomerOrder:
    """Look at a customer's order, with name and address; the customer sees that somebody did."""

    version: ClassVar[int] = 1
    order: OrderNumber


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Look at what a customer has signed and a clerk is to review; the customer sees that somebody did."""

    version: ClassVar[int] = 1
    request: Handle


@dataclass(frozen=True, slots=True)
class ShipOrder:
    """Hand an order to the carrier."""

    version: ClassVar[int] = 1
    order: OrderNumber
    tracking: Annotated[str, StringConstraints(min_length=1, max_length=40)]


@dataclass(frozen=True, slots=True)
class MarkDelivered:
    """Note that the carrier has delivered an order."""

    version: ClassVar[int] = 1
    order: OrderNumber


@dataclass(frozen=True, slots=True)
class NoteFromCarrier:
    """Keep what a carrier wrote about a parcel, word for word; the customer sees it as the carrier's."""

    version: ClassVar[int] = 1
    order: OrderNumber
    text: Reason

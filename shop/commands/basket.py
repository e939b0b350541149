"""The basket, and ordering what is in it."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from shop.commands.kinds import Handle, Quantity, Sku


@dataclass(frozen=True, slots=True)
class ShowBasket:
    """What is in one's basket."""

    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class AddToBasket:
    """Put a variant into the basket, on top of what is there."""

    version: ClassVar[int] = 1
    sku: Sku
    quantity: Quantity = 1


@dataclass(frozen=True, slots=True)
class ChangeBasketLine:
    """Set the quantity of a variant in the basket; zero takes it out."""

    version: ClassVar[int] = 1
    sku: Sku
    quantity: Annotated[int, Field(ge=0, le=99)]


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Order what is in the basket, to one of one's own addresses, paid with one of one's own methods."""

    version: ClassVar[int] = 1
    address: Handle
    payment: Handle

"""One's own addresses and payment cards."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from shop.commands.kinds import Handle, Line, PaymentReference


@dataclass(frozen=True, slots=True)
class ListAddresses:
    """One's own addresses, by handle and label."""

    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class SaveAddress:
    """Add an address to one's own, or replace the one with the same label."""

    version: ClassVar[int] = 1
    label: Annotated[str, StringConstraints(min_length=1, max_length=30)]
    recipient: Line
    street: Line
    postcode: Annotated[str, StringConstraints(min_length=1, max_length=12)]
    city: Line
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


@dataclass(frozen=True, slots=True)
class RemoveAddress:
    """Remove one of one's own addresses; orders already placed keep theirs."""

    version: ClassVar[int] = 1
    address: Handle


@dataclass(frozen=True, slots=True)
class ListPaymentMethods:
    """One's own payment cards, by brand and last four digits."""

    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class AddPaymentMethod:
    """Keep the card that the payment service's own page has taken. It begins with a letter, as no card number does."""

    version: ClassVar[int] = 1
    reference: PaymentReference


@dataclass(frozen=True, slots=True)
class RemovePaymentMethod:
    """Remove one of one's own payment cards; what was paid with it stays paid."""

    version: ClassVar[int] = 1
    payment: Handle

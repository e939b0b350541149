"""Everything that can be asked for, as small frozen types. What a command may do is in ``shop/policy``.

No command names a person: whose account it concerns comes from the actor. Order numbers look like ``HP-7K3M-29QD``,
addresses and payment methods are named by handles (``address:office``, ``card:visa-4242``) that only their owner has.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shop.money import Money

OrderNumber = Annotated[str, StringConstraints(min_length=1, max_length=20)]
Handle = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Sku = Annotated[str, StringConstraints(min_length=1, max_length=60)]
PaymentReference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{3,79}$")]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Quantity = Annotated[int, Field(ge=1, le=99)]
LineNumber = Annotated[int, Field(ge=1, le=99)]


# Looking: the catalogue, one's own orders, the shop's own rules


@dataclass(frozen=True, slots=True)
class SearchProducts:
    """Products whose name, kind or description fits. ``max_price`` bounds the cheapest variant."""

    version: ClassVar[int] = 1
    query: Annotated[str, StringConstraints(max_length=200)] = ""
    category: Annotated[str, StringConstraints(max_length=40)] = ""
    max_price: Money | None = None


@dataclass(frozen=True, slots=True)
class ShowProduct:
    """A product with its variants, prices and stock. ``product`` is a handle or a name."""

    version: ClassVar[int] = 1
    product: Handle


@dataclass(frozen=True, slots=True)
class ReadReviews:
    """What customers wrote about a product: other people's words, fenced before a model sees them."""

    version: ClassVar[int] = 1
    product: Handle


@dataclass(frozen=True, slots=True)
class ShowBasket:
    """What is in one's basket."""

    version: ClassVar[int] = 1


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
class ListAddresses:
    """One's own addresses, by handle and label."""

    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class ListPaymentMethods:
    """One's own payment cards, by brand and last four digits."""

    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class ReadShopPolicy:
    """A section of the shop's own rules, word for word."""

    version: ClassVar[int] = 1
    topic: Annotated[str, StringConstraints(min_length=1, max_length=60)]


# Light: basket, words, asking for a person


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
class WriteReview:
    """Review a product that one has been sent, once. ``stars`` is 1 to 5."""

    version: ClassVar[int] = 1
    product: Handle
    stars: Annotated[int, Field(ge=1, le=5)]
    text: Words


@dataclass(frozen=True, slots=True)
class AskForPerson:
    """Put this conversation into the queue of the clerks. Always possible."""

    version: ClassVar[int] = 1
    conversation: Handle
    summary: Annotated[str, StringConstraints(max_length=2000)] = ""


# Changes: orders, money, addresses, payment cards


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Order what is in the basket, to one of one's own addresses, paid with one of one's own methods."""

    version: ClassVar[int] = 1
    address: Handle
    payment: Handle


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
class AddPaymentMethod:
    """Keep the card that the payment service's own page has taken. It begins with a letter, as no card number does."""

    version: ClassVar[int] = 1
    reference: PaymentReference


@dataclass(frozen=True, slots=True)
class RemovePaymentMethod:
    """Remove one of one's own payment cards; what was paid with it stays paid."""

    version: ClassVar[int] = 1
    payment: Handle


# Clerks at work


@dataclass(frozen=True, slots=True)
class ReadConversation:
    """Read a customer's conversation that was handed over."""

    version: ClassVar[int] = 1
    conversation: Handle


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
class TakeConversation:
    """Take a conversation from the queue; the assistant is silent from here on."""

    version: ClassVar[int] = 1
    conversation: Handle


@dataclass(frozen=True, slots=True)
class AnswerCustomer:
    """Write to the customer as a clerk, in a conversation one has taken."""

    version: ClassVar[int] = 1
    conversation: Handle
    text: Words


@dataclass(frozen=True, slots=True)
class HandBackConversation:
    """Give a conversation back to the assistant."""

    version: ClassVar[int] = 1
    conversation: Handle


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

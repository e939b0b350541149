"""What can be asked for once an order has come, or should have; and what clerks do with it."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from shop.commands.kinds import LineNumber, OrderNumber, Reason, Sku

CaseNumber = Annotated[str, StringConstraints(min_length=1, max_length=20)]
Lines = Annotated[tuple[LineNumber, ...], Field(max_length=50)]


@dataclass(frozen=True, slots=True)
class ReturnItems:
    """Send lines of a delivered order back (all that still can be, when ``lines`` is empty); money when they arrive."""

    version: ClassVar[int] = 1
    order: OrderNumber
    reason: Reason
    lines: Lines = ()


@dataclass(frozen=True, slots=True)
class ExchangeItem:
    """Send a line back for another option of the same product."""

    version: ClassVar[int] = 1
    order: OrderNumber
    line: LineNumber
    sku: Sku
    reason: Reason


@dataclass(frozen=True, slots=True)
class ClaimWarranty:
    """Tell the shop that something it answers for has failed."""

    version: ClassVar[int] = 1
    order: OrderNumber
    line: LineNumber
    problem: Reason


@dataclass(frozen=True, slots=True)
class ReportParcel:
    """Tell the shop that a parcel, or something in it, is missing or came damaged."""

    version: ClassVar[int] = 1
    order: OrderNumber
    problem: Literal["missing", "damaged"]
    what: Reason
    lines: Lines = ()


@dataclass(frozen=True, slots=True)
class WithdrawCase:
    """Take back a return that has not arrived, or a claim that nobody has decided on."""

    version: ClassVar[int] = 1
    case: CaseNumber


@dataclass(frozen=True, slots=True)
class RefundStatus:
    """All of one's own cases and refunds, or those of one order."""

    version: ClassVar[int] = 1
    order: Annotated[str, StringConstraints(max_length=20)] = ""


@dataclass(frozen=True, slots=True)
class ShowCase:
    """One of one's own cases."""

    version: ClassVar[int] = 1
    case: CaseNumber


@dataclass(frozen=True, slots=True)
class ReadCustomerCase:
    """Look at a customer's case, with their own words; the customer sees that somebody did."""

    version: ClassVar[int] = 1
    case: CaseNumber


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """Be the first of the two clerks that larger amounts need."""

    version: ClassVar[int] = 1
    case: CaseNumber


@dataclass(frozen=True, slots=True)
class ReceiveReturn:
    """Note that what was sent back has arrived: the goods go on the shelf, and the money goes back."""

    version: ClassVar[int] = 1
    case: CaseNumber


@dataclass(frozen=True, slots=True)
class SendExchange:
    """Hand the other option of an exchange to the carrier."""

    version: ClassVar[int] = 1
    case: CaseNumber
    tracking: Annotated[str, StringConstraints(min_length=1, max_length=40)]


@dataclass(frozen=True, slots=True)
class DecideCase:
    """Decide on a case: money back, the same again, or neither. ``note`` is what the customer reads."""

    version: ClassVar[int] = 1
    case: CaseNumber
    decision: Literal["refund", "replace", "refuse"]
    note: Reason

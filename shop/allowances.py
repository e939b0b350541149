"""What the assistant's models may use in a day (UTC): limits, prices and the arithmetic between them.

Calls bound every model. Tokens and money bound hosted ones only: the embedded model costs nothing, so it goes on when
they are spent; what it reads and writes is counted all the same.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final, Literal

from shop.money import Money

MICRO_IN_A_MINOR_UNIT: Final = 10_000  # a micro-unit is a millionth of the currency's unit, for EUR of a euro
ANSWER_TOKENS: Final = 4_000  # what an answer of a hosted model is taken to write, and what it is allowed to
GUESTS_SHARE: Final = 2  # all guests together may use one part in so many of the shop's day

Whose = Literal["account", "guests", "shop"]
What = Literal["calls", "tokens", "money"]


@dataclass(frozen=True, slots=True)
class Limits:
    """A day's worth of model calls, of tokens read and written, and of money in micro-units."""

    calls: int
    tokens: int
    cost_micro: int

    @property
    def cost(self) -> Money:
        """The money in whole minor units, rounded up."""
        return _whole(self.cost_micro)

    def shared_by_guests(self) -> "Limits":
        """The part of them that is for guests: an account of theirs costs nothing, so customers keep the rest."""
        parts = (part // GUESTS_SHARE for part in (self.calls, self.tokens, self.cost_micro))
        return Limits(*parts)


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost in the shop's currency; that is also what one token costs in micro-units."""

    read: Decimal
    written: Decimal

    def micro(self, tokens_in: int, tokens_out: int) -> int:
        """The price of a call in micro-units, rounded up."""
        exact = self.read * tokens_in + self.written * tokens_out
        return int(exact.to_integral_value(rounding=ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class Allowances:
    """For each account (a guest's too) and for the whole shop, and what hosted models cost."""

    account: Limits
    shop: Limits
    price: Price


@dataclass(frozen=True, slots=True)
class Wanted:
    """One call that is about to be made, with as many tokens as it may take."""

    is_hosted: bool
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """A call that may be made: what was taken for it, and from which day."""

    day: date
    is_hosted: bool
    tokens_in: int
    tokens_out: int
    cost_micro: int


@dataclass(frozen=True, slots=True)
class Spent:
    """A call that may not be made: whose day is used up, of what there is not enough left, and how long until there is
    a new day."""

    whose: Whose
    what: What
    again_in: timedelta

    @property
    def code(self) -> str:
        """For the log, such as ``account-money``."""
        return f"{self.whose}-{self.what}"


@dataclass(frozen=True, slots=True)
class Use:
    """What was used: model calls, tokens of hosted models, tokens of the embedded one, and money in micro-units."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    own_tokens: int = 0
    cost_micro: int = 0

    @property
    def cost(self) -> Money:
        """The money in whole minor units, rounded up."""
        return _whole(self.cost_micro)


@dataclass(frozen=True, slots=True)
class DayUse:
    """A day's use as a staff page may show it: all of it, that of guests, how many accounts used something, and the
    largest uses of single accounts as counts, without whose they are."""

    day: date
    shop: Use
    guests: Use
    accounts: int
    largest: tuple[Use, ...]
    limits: Limits
    account_limits: Limits


def day_of(at: datetime) -> date:
    """The day an instant belongs to; it begins at midnight UTC for everybody, so that replicas agree."""
    return at.astimezone(UTC).date()


def until_next_day(at: datetime) -> timedelta:
    """How long until the next day begins."""
    midnight = datetime.combine(day_of(at) + timedelta(days=1), time(), UTC)
    return midnight - at


def reservation_for(wanted: Wanted, price: Price, *, at: datetime) -> Reservation:
    """What a call takes from the day before it is made."""
    cost = price.micro(wanted.tokens_in, wanted.tokens_out) if wanted.is_hosted else 0
    return Reservation(day_of(at), wanted.is_hosted, wanted.tokens_in, wanted.tokens_out, cost)


def _whole(cost_micro: int) -> Money:
    return Money(-(-cost_micro // MICRO_IN_A_MINOR_UNIT))

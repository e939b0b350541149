"""Money is a whole number of minor units and a currency; arithmetic between currencies does not exist."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount. ``minor`` is in cents for EUR; it may be negative only as the result of a subtraction."""

    minor: Annotated[int, Field(strict=True, ge=-(10**12), le=10**12)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.minor * times, self.currency)

    def share(self, numerator: int, denominator: int) -> "Money":
        """A part of an amount that is not negative, rounded to the nearest minor unit, halves up."""
        return Money((2 * self.minor * numerator + denominator) // (2 * denominator), self.currency)

    def __str__(self) -> str:
        sign = "-" if self.minor < 0 else ""
        whole, rest = divmod(abs(self.minor), 100)
        return f"{sign}{_SIGNS.get(self.currency, self.currency + ' ')}{whole:,}.{rest:02d}"

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return other


def read_money(text: str, currency: str = "EUR") -> Money:
    """Read an amount as people type it: ``19.90``, ``19,90``, ``€ 1.200``. :class:`ValueError` for anything else.

    Signs, exponents, NaN and infinity are no amounts. At most nine digits before the decimal mark.
    """
    bare = text.strip().strip("€$£ ").removesuffix("EUR").removeprefix("EUR").strip()
    whole, mark, cents = bare, "", ""
    for sign in (",", "."):
        head, found, tail = bare.rpartition(sign)
        if found and len(tail) in (1, 2):
            whole, mark, cents = head, found, tail
            break
    digits = "".join(whole.replace("'", "").split(",")).replace(".", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9 and (not mark or cents.isdigit())):
        raise ValueError("That is not an amount. Please write it like 19.90.")
    return Money(int(digits) * 100 + int(cents.ljust(2, "0") or 0), currency)


def total(amounts: "list[Money]", currency: str = "EUR") -> Money:
    """The sum; of nothing, it is zero."""
    return sum(amounts, start=Money(0, currency))

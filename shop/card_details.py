"""What the shop is told of a payment card: brand, four digits, month of expiry and a token. Never its number."""

import re
from dataclasses import dataclass

_BRAND = re.compile(r"[A-Za-z][A-Za-z0-9 .-]{0,19}")
_LAST4 = re.compile(r"[0-9]{4}")
_EXPIRES = re.compile(r"(0[1-9]|1[0-2])/[0-9]{2}")
_TOKEN = re.compile(r"[!-~]{1,80}")
_NUMBER = re.compile(r"[0-9]{12,19}")


@dataclass(frozen=True, slots=True)
class CardDetails:
    """A card as its gateway describes it: ``expires`` is ``MM/YY``, ``token`` is at most 80 printable characters.

    ValueError for anything else, and for a token that is a card number (ISO/IEC 7812-1: up to 19 digits): a gateway
    that hands one over is to be mended before the shop takes it.
    """

    brand: str
    last4: str
    expires: str
    token: str

    def __post_init__(self) -> None:
        for name, form in (("brand", _BRAND), ("last4", _LAST4), ("expires", _EXPIRES), ("token", _TOKEN)):
            if not form.fullmatch(getattr(self, name)):
                raise ValueError(f"a gateway described a card with a {name} that is none")
        if _NUMBER.fullmatch(self.token):
            raise ValueError("a gateway handed over what looks like a card number in place of a token")

    @property
    def handle(self) -> str:
        return card_handle(self.brand, self.last4)

    def written(self) -> str:
        """One line of at most 112 characters, for the reference of a settlement; :func:`read_card` reads it."""
        return "|".join((self.brand, self.last4, self.expires, self.token))


def read_card(line: str) -> CardDetails:
    """The card that :meth:`CardDetails.written` wrote. The token comes last, for it may hold the separator."""
    brand, last4, expires, token = line.split("|", 3)
    return CardDetails(brand, last4, expires, token)


def card_handle(brand: str, last4: str) -> str:
    """What its owner calls a card: ``card:``, the brand in lower case with dashes, and the last four digits."""
    return f"card:{brand.lower().replace(' ', '-')}-{last4}"

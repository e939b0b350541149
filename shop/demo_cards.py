"""The cards of the demo's payment page: each stands for something that happens to cards, and none of them is real."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from auth.guard.rooms import Declined, Unreachable
from shop.card_details import CardDetails

GOOD_CARD, DECLINED_CARD = "tok_demo_card", "tok_demo_declined"
_NOT_KNOWN = "The payment service does not know this card. Please choose it again."
_BANK_SAYS_NO = "The bank did not confirm this card. Please choose another one."


@dataclass(frozen=True, slots=True)
class DemoCard:
    """A card to choose. ``reference`` is what a hosted payment page would hand over; ``note`` says what happens."""

    reference: str
    brand: str
    last4: str
    note: str
    token: str = GOOD_CARD
    refuses: str = ""
    is_silent_once: bool = False

    @property
    def words(self) -> str:
        return f"{self.brand} ···· {self.last4}"


DEMO_CARDS: Sequence[DemoCard] = (
    DemoCard("ref_demo_visa_4242", "Visa", "4242", "Works"),
    DemoCard("ref_demo_mastercard_5100", "Mastercard", "5100", "Works"),
    DemoCard("ref_demo_visa_0341", "Visa", "0341", "Can be added; the bank says no when it is charged", DECLINED_CARD),
    DemoCard("ref_demo_visa_0002", "Visa", "0002", "The bank does not confirm it", refuses=_BANK_SAYS_NO),
    DemoCard(
        "ref_demo_mastercard_0119",
        "Mastercard",
        "0119",
        "The payment service does not answer at first; the shop asks again by itself and then adds it",
        is_silent_once=True,
    ),
)


def describe_demo_card(reference: str, *, is_first: bool, now: datetime) -> CardDetails | Declined:
    """What the demo gateway knows behind a reference; each card is good for three more years.

    Raises :class:`~auth.guard.rooms.Unreachable` for the silent card the first time it is asked.
    """
    card = next((card for card in DEMO_CARDS if card.reference == reference), None)
    if card is None:
        return Declined(_NOT_KNOWN)
    if card.is_silent_once and is_first:
        raise Unreachable("the demo gateway kept silent, as this card asks it to")
    if card.refuses:
        return Declined(card.refuses)
    return CardDetails(card.brand, card.last4, f"12/{(now.year + 3) % 100:02}", card.token)

"""Payment cards: added on a page by a reference, never in a conversation; five at most, each once, one's own only."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from auth.actor import Actor, Channel, Risk, Role
from auth.audit import AuditEntry
from auth.database import Scope
from auth.guard.commands import NotACommand, parse
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Pending, Refused
from auth.guard.grants import GrantRow
from auth.guard.rooms import Declined
from shop.card_details import CardDetails, read_card
from shop.commands import AddPaymentMethod, AddToBasket, ListPaymentMethods, PlaceOrder, RemovePaymentMethod
from shop.demo_cards import DEMO_CARDS
from shop.payments import CARD_EXPIRED, DemoGateway, PaymentGateway, PaymentMethod
from shop.views import PaymentMethodList
from shop.wallet import KEPT_ALREADY
from tests.small_house import SmallHouse, StoppedClock, build_small_house

MASTERCARD = AddPaymentMethod("ref_demo_mastercard_5100")
VISA = AddPaymentMethod("ref_demo_visa_4242")
SILENT = AddPaymentMethod("ref_demo_mastercard_0119")


def handles(small: SmallHouse, actor: Actor) -> list[str]:
    view = small.done(actor, ListPaymentMethods()).view
    assert isinstance(view, PaymentMethodList)
    # Cards of the same instant have no order among themselves, and here the clock stands still.
    return sorted(method.handle for method in view.methods)


def refused(outcome: Outcome, policy: str) -> Refused:
    assert isinstance(outcome, Refused) and outcome.policy == policy, outcome
    return outcome


def at_risk(actor: Actor) -> Actor:
    return Actor(actor.account_id, actor.role, actor.channel, risk=Risk.HIGH)


@dataclass
class Scripted(DemoGateway):
    """The demo gateway with cards of a test's own, and something to do while it is asked."""

    inner: PaymentGateway
    card: CardDetails
    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def describe(self, key: str, reference: str) -> CardDetails | Declined:
        if self.meanwhile:
            self.meanwhile.pop()()
        return self.card


@pytest.fixture
def scripted(database_url: str, tmp_path: Path) -> Iterator[tuple[SmallHouse, Scripted]]:
    made: list[Any] = []

    def wrap(gateway: PaymentGateway) -> PaymentGateway:
        made.append(Scripted(gateway, CardDetails("Visa", "9999", "12/29", "tok_a")))
        return made[0]  # type: ignore[no-any-return]

    house = build_small_house(database_url, tmp_path, wrap=wrap)
    yield house, made[0]
    house.database.close()


# Adding


def test_a_card_is_added_and_an_order_is_paid_with_it(small: SmallHouse) -> None:
    ada = small.person()
    done = small.done(ada, MASTERCARD)
    assert done.says == "Mastercard ···· 5100 is kept in your account."
    assert handles(small, ada) == ["card:mastercard-5100", "card:visa-4242"]
    assert small.kinds(done.command_id) == [
        "command.proposed",
        "command.decided",
        "command.claimed",
        "command.executed",
        "command.verified",
    ]
    small.done(ada, AddToBasket("HM-PINE"))
    small.done(ada, PlaceOrder("address:home", "card:mastercard-5100"))
    assert small.charges_made() == [1990 + 490]


def test_the_card_that_the_bank_declines_can_be_added_and_not_charged(small: SmallHouse) -> None:
    ada = small.person()
    small.done(ada, AddPaymentMethod("ref_demo_visa_0341"))
    small.done(ada, AddToBasket("HM-PINE"))
    refused(small.submit(ada, PlaceOrder("address:home", "card:visa-0341")), "gateway.declined")
    assert small.charges_made() == []


@pytest.mark.parametrize("reference", ["ref_demo_visa_0002", "ref_nobody_knows"])
def test_what_the_gateway_does_not_know_is_not_kept(small: SmallHouse, reference: str) -> None:
    ada = small.person()
    refused(small.submit(ada, AddPaymentMethod(reference)), "gateway.declined")
    assert handles(small, ada) == ["card:visa-4242"]


def test_the_same_card_is_kept_once(small: SmallHouse) -> None:
    ada = small.person()
    assert refused(small.submit(ada, VISA), "gateway.declined").says == KEPT_ALREADY
    assert isinstance(small.submit(ada, MASTERCARD, "twice"), Done)
    assert isinstance(small.submit(ada, MASTERCARD, "twice"), Done)
    assert handles(small, ada) == ["card:mastercard-5100", "card:visa-4242"]


def test_a_card_that_came_in_meanwhile_is_renewed_and_not_doubled(scripted: tuple[SmallHouse, Scripted]) -> None:
    small, gateway = scripted
    ada = small.person()

    def another_tab() -> None:
        small.done(ada, AddPaymentMethod("ref_second"))
        gateway.card = CardDetails("Visa", "9999", "11/30", "tok_b")

    gateway.meanwhile.append(another_tab)
    small.done(ada, AddPaymentMethod("ref_first"))
    method = small.one(PaymentMethod, last4="9999")
    assert (method.token, method.expires) == ("tok_b", "11/30")


def test_an_expired_card_is_not_kept(scripted: tuple[SmallHouse, Scripted]) -> None:
    small, gateway = scripted
    ada = small.person()
    gateway.card = CardDetails("Visa", "9999", "10/26", "tok_a")
    assert refused(small.submit(ada, VISA), "gateway.declined").says == CARD_EXPIRED
    gateway.card = CardDetails("Visa", "9999", "11/26", "tok_a")
    small.done(ada, VISA)
    assert handles(small, ada) == ["card:visa-4242", "card:visa-9999"]


def test_five_are_enough_even_while_the_gateway_is_asked(scripted: tuple[SmallHouse, Scripted]) -> None:
    small, gateway = scripted
    ada = small.person()
    for last4 in ("0001", "0002", "0003"):
        gateway.card = CardDetails("Visa", last4, "12/29", "tok_a")
        small.done(ada, VISA)
    asked: list[Outcome] = []
    gateway.card = CardDetails("Visa", "0004", "12/29", "tok_a")
    gateway.meanwhile.append(lambda: asked.append(small.submit(ada, VISA)))
    small.done(ada, VISA)
    refused(asked[0], "payment.at-most-five")
    refused(small.submit(ada, VISA), "payment.at-most-five")
    assert len(handles(small, ada)) == 5
    small.done(ada, RemovePaymentMethod("card:visa-0001"))
    gateway.card = CardDetails("Visa", "0006", "12/29", "tok_a")
    small.done(ada, VISA)


def test_no_answer_is_asked_for_again_and_the_card_is_added_then(small: SmallHouse) -> None:
    ada = small.person()
    assert isinstance(small.submit(ada, SILENT, "silent"), Pending)
    assert handles(small, ada) == ["card:visa-4242"]
    small.clock.move(minutes=2)
    assert [type(outcome) for outcome in small.desk.recover()] == [Done]
    assert small.desk.recover() == []
    assert isinstance(small.submit(ada, SILENT, "silent"), Done)
    assert handles(small, ada) == ["card:mastercard-0119", "card:visa-4242"]


# Who may


def test_nobody_adds_a_card_in_a_conversation(small: SmallHouse) -> None:
    ada = small.person()
    refused(small.submit(small.through_chat(small.with_code(ada)), MASTERCARD), "payment.added-on-a-page")
    refused(small.submit(small.with_code(ada).through(Channel.API), MASTERCARD), "payment.added-on-a-page")
    assert small.all(GrantRow) == [] and handles(small, ada) == ["card:visa-4242"]


def test_removing_through_the_chat_waits_for_a_signature(small: SmallHouse) -> None:
    ada = small.person()
    card = small.park(ada, RemovePaymentMethod("card:visa-4242"))
    assert handles(small, ada) == ["card:visa-4242"]
    assert isinstance(small.desk.approve(ada, card), Done)
    assert handles(small, ada) == []


def test_guests_are_told_to_sign_in(small: SmallHouse) -> None:
    guest = small.person(Role.GUEST)
    for command in (MASTERCARD, RemovePaymentMethod("card:visa-4242"), ListPaymentMethods()):
        outcome = small.submit(guest, command)
        assert isinstance(outcome, Refused) and "sign in" in outcome.says, outcome


def test_somebody_elses_card_is_as_little_there_as_none(small: SmallHouse) -> None:
    ada, ben = small.person(), small.person()
    small.done(ada, MASTERCARD)
    theirs = small.submit(ben, RemovePaymentMethod("card:mastercard-5100"))
    nobodys = small.submit(ben, RemovePaymentMethod("card:visa-0000"))
    assert isinstance(theirs, Refused) and isinstance(nobodys, Refused)
    assert (theirs.kind, theirs.says) == (nobodys.kind, nobodys.says) == ("not_found", theirs.says)
    assert handles(small, ben) == ["card:visa-4242"] and len(handles(small, ada)) == 2


def test_an_unusual_session_needs_a_fresh_code(small: SmallHouse) -> None:
    ada = small.person()
    for command in (MASTERCARD, RemovePaymentMethod("card:visa-4242")):
        outcome = small.submit(at_risk(ada), command)
        assert isinstance(outcome, AwaitingApproval), outcome
    assert handles(small, ada) == ["card:visa-4242"]


def test_a_removed_card_pays_nothing_and_can_come_back(small: SmallHouse) -> None:
    ada = small.person()
    small.done(ada, RemovePaymentMethod("card:visa-4242"))
    small.done(ada, AddToBasket("HM-PINE"))
    refused(small.submit(ada, PlaceOrder("address:home", "card:visa-4242")), "order.place-own-destination")
    small.done(ada, VISA)
    assert handles(small, ada) == ["card:visa-4242"]


# What is known of a card


@pytest.mark.parametrize("number", ["4242424242424242", "4242 4242 4242 4242", "", "abc", "ref\n", "x" * 81, "ref|x"])
def test_a_card_number_is_no_reference(number: str) -> None:
    with pytest.raises(NotACommand):
        parse(AddPaymentMethod, {"reference": number})


def test_the_log_holds_neither_digits_nor_token_nor_reference(small: SmallHouse) -> None:
    ada = small.person()
    small.done(ada, MASTERCARD)
    small.done(ada, RemovePaymentMethod("card:mastercard-5100"))
    written = " ".join(str(entry.body) for entry in small.all(AuditEntry))
    assert "AddPaymentMethod" in written
    assert [word for word in ("5100", "tok_demo", "ref_demo") if word in written] == []


def test_a_card_is_written_and_read_in_one_line() -> None:
    card = CardDetails("American Express", "0005", "01/30", "tok|with|bars")
    assert read_card(card.written()) == card and card.handle == "card:american-express-0005"
    assert len(CardDetails("A" * 20, "0005", "01/30", "t" * 80).written()) <= 128, "it fits a grant's reference"


@pytest.mark.parametrize(
    "wrong",
    [
        ("Vi|sa", "4242", "12/29", "tok"),
        ("Visa", "42424", "12/29", "tok"),
        ("Visa", "4242", "13/29", "tok"),
        ("Visa", "4242", "2029-12", "tok"),
        ("Visa", "4242", "12/29", ""),
        ("Visa", "4242", "12/29", "t" * 81),
        ("Visa", "4242", "12/29", "4242424242424242"),
    ],
)
def test_what_is_no_card_is_not_taken_from_a_gateway(wrong: tuple[str, str, str, str]) -> None:
    with pytest.raises(ValueError, match="a gateway"):
        CardDetails(*wrong)


def test_every_demo_card_does_what_its_note_says() -> None:
    gateway = DemoGateway(clock=StoppedClock())
    assert tuple(gateway.samples()) == tuple(DEMO_CARDS) and len({card.words for card in DEMO_CARDS}) == len(DEMO_CARDS)
    for card in gateway.samples():
        parse(AddPaymentMethod, {"reference": card.reference})
        if not card.is_silent_once:
            answer = gateway.describe(f"key {card.reference}", card.reference)
            assert isinstance(answer, Declined) == bool(card.refuses)


def test_finders_of_cards_start_from_the_owner(small: SmallHouse) -> None:
    ada, ben = small.person(), small.person()
    small.done(ada, MASTERCARD)
    for _ in range(3):
        assert isinstance(small.submit(ada, SILENT), Pending)
    with small.database.read(Scope.house("a test without the row guard")) as session:
        assert not small.desk.could(session, ada, VISA), "two kept and three under way"
        assert small.desk.could(session, ben, VISA)
        assert small.desk.could(session, ada, RemovePaymentMethod("card:mastercard-5100"))
        assert not small.desk.could(session, ben, RemovePaymentMethod("card:mastercard-5100"))

"""T49: by changing an order that is paid for, somebody gets goods for another price, money twice, or a stranger's card
to pay."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from auth.actor import Role
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Pending, Refused
from auth.guard.rooms import Declined, Settlement, Unreachable
from shop.card_details import CardDetails
from shop.catalogue import Product, Variant
from shop.charges import ExtraCharge
from shop.commands import CancelOrder, ChangeOrderItem, ChangeOrderPayment, RefundOrder, ShipOrder
from shop.money import Money
from shop.orders import Order, OrderLine
from shop.payments import DemoGateway, PaymentGateway, PaymentMethod
from tests.attacks.wiles import refused
from tests.small_house import SmallHouse, build_small_house

AT_ONCE = 20


@dataclass
class HalfGateway:
    """The demo gateway, whose line can break for one kind of question, and whose bank can say no to one."""

    inner: PaymentGateway
    silent: set[str] = field(default_factory=set)
    declining: set[str] = field(default_factory=set)

    def charge(self, key: str, token: str, amount: Money) -> Settlement:
        return self._ask("charge", lambda: self.inner.charge(key, token, amount))

    def refund(self, key: str, charge_reference: str, amount: Money) -> Settlement:
        kind = "undo" if key.endswith(":undo") else "refund"
        return self._ask(kind, lambda: self.inner.refund(key, charge_reference, amount))

    def describe(self, key: str, reference: str) -> CardDetails | Declined:
        return self.inner.describe(key, reference)

    def _ask(self, kind: str, call: Callable[[], Settlement]) -> Settlement:
        if kind in self.silent:
            raise Unreachable(kind)
        return Declined("The bank did not accept it.") if kind in self.declining else call()


@dataclass
class Place:
    small: SmallHouse
    gateway: HalfGateway


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Iterator[Place]:
    wrapped: list[HalfGateway] = []

    def wrap(gateway: PaymentGateway) -> PaymentGateway:
        wrapped.append(HalfGateway(gateway))
        return wrapped[0]

    small = build_small_house(database_url, tmp_path, wrap=wrap)
    small.option("HM-MOSS", of="HM-PINE", price=2490)
    small.option("HM-CLAY", of="HM-PINE", price=1490)
    yield Place(small, wrapped[0])
    small.database.close()


@pytest.fixture
def small(place: Place) -> SmallHouse:
    return place.small


def test_an_item_never_becomes_another_product(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("RT-MOSS", 1), status="paid")
    # A mug for the tent would "give back" the tent's price; a tent for a mug would be had for the mug's.
    refused(small.submit(ada, ChangeOrderItem(number, 1, "HM-PINE")), "item.only-the-same-product")
    mug = small.order(ada, status="paid")
    refused(small.submit(ada, ChangeOrderItem(mug, 1, "RT-MOSS")), "item.only-the-same-product")
    refused(small.submit(ada, ChangeOrderItem(mug, 1, "HM-PINE")), "item.another-option")
    refused(small.submit(ada, ChangeOrderItem(mug, 2, "HM-MOSS")), "not-found")
    refused(small.submit(ada, ChangeOrderItem(mug, 1, "HM-NONE")), "not-found")
    assert (small.charges_made(), small.refunds_made()) == ([], [])


def test_an_item_is_changed_once_and_only_before_it_leaves(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, status="paid")
    small.done(ada, ChangeOrderItem(number, 1, "HM-MOSS"))
    refused(small.submit(ada, ChangeOrderItem(number, 1, "HM-CLAY")), "item.once-an-order")
    sent = small.order(ada, status="shipped")
    refused(small.submit(ada, ChangeOrderItem(sent, 1, "HM-MOSS")), "item.only-before-it-leaves")
    refused(small.submit(ada, ChangeOrderPayment(sent, small.second_card(ada))), "repay.only-before-it-leaves")
    assert small.charges_made() == [500]


def test_somebody_elses_order_and_somebody_elses_card_stay_theirs(small: SmallHouse) -> None:
    ada, ben = small.person(), small.person()
    number, his = small.order(ada, status="paid"), small.second_card(ben)
    refused(small.submit(ben, ChangeOrderItem(number, 1, "HM-MOSS")), "not-found")
    refused(small.submit(ben, ChangeOrderPayment(number, his)), "not-found")
    refused(small.submit(ben, CancelOrder(number, lines=(1,))), "not-found")
    refused(small.submit(ada, ChangeOrderPayment(number, his)), "repay.only-your-own-card")
    assert (small.charges_made(), small.refunds_made()) == ([], [])
    assert small.one(Order).paid_with == "Visa ···· 4242"


def test_a_card_that_expired_or_paid_already_is_refused(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, status="paid")
    refused(small.submit(ada, ChangeOrderPayment(number, "card:visa-4242")), "repay.another-card")
    expired = small.second_card(ada, expires="10/26")
    refused(small.submit(ada, ChangeOrderPayment(number, expired)), "repay.card-not-expired")
    assert small.charges_made() == []


def test_a_card_that_was_taken_out_of_the_account_is_not_charged(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, status="paid")
    small.change(PaymentMethod, {"last4": "1111"}, account_id=ada.account_id)
    refused(small.submit(ada, ChangeOrderItem(number, 1, "HM-MOSS")), "item.charged-to-your-own-card")
    small.done(ada, ChangeOrderItem(number, 1, "HM-CLAY"))
    assert (small.charges_made(), small.refunds_made()) == ([], [500])


def test_the_price_is_the_records_and_a_new_one_wants_a_new_signature(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), status="paid")
    card = small.park(ada, ChangeOrderItem(number, 1, "HM-MOSS"))
    small.change(Variant, {"price_minor": 9990}, sku="HM-MOSS")
    outcome = small.desk.approve(ada, card)
    assert isinstance(outcome, AwaitingApproval) and outcome.replaced
    assert (small.charges_made(), small.one(OrderLine).sku) == ([], "HM-PINE")
    assert isinstance(small.desk.approve(ada, outcome.approval_id), Done)
    assert small.charges_made() == [16000]


def test_what_is_sold_out_or_off_sale_is_not_had_by_changing(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 6), status="paid")
    refused(small.submit(ada, ChangeOrderItem(number, 1, "HM-MOSS")), "item.only-what-is-there")
    small.change(Product, {"on_sale": False}, handle="harbour-mug")
    refused(
        small.submit(ada, ChangeOrderItem(small.order(ada, status="paid"), 1, "HM-CLAY")), "item.only-what-is-there"
    )


def test_twenty_changes_at_once_charge_once_and_leave_the_stock_exact(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), status="paid")
    outcomes = _at_once(lambda n: small.submit(ada, ChangeOrderItem(number, 1, "HM-MOSS"), f"x{n}"))
    assert sum(isinstance(outcome, Done) for outcome in outcomes) == 1
    assert (small.charges_made(), small.stock("HM-PINE"), small.stock("HM-MOSS")) == ([1000], 14, 3)
    assert small.one(Order).total.minor == 5470


def test_twenty_cancellations_of_two_lines_at_once_give_back_what_was_paid(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), ("QL-FOG", 1), status="paid")
    _at_once(lambda n: small.submit(ada, CancelOrder(number, lines=(n % 2 + 1,)), f"x{n}"))
    # While one line is being cancelled the order is held and the others are told no; so each is asked for once more.
    for line in (1, 2):
        small.submit(ada, CancelOrder(number, lines=(line,)), f"again{line}")
    assert sum(small.refunds_made()) == 3980 + 18900 + 490 and len(small.refunds_made()) == 2
    assert (small.stock("HM-PINE"), small.stock("QL-FOG"), small.one(Order).status) == (14, 6, "cancelled")


def test_twenty_new_cards_at_once_are_charged_once(small: SmallHouse) -> None:
    ada = small.person()
    number, card = small.order(ada, status="paid"), small.second_card(ada)
    _at_once(lambda n: small.submit(ada, ChangeOrderPayment(number, card), f"x{n}"))
    assert (small.charges_made(), small.refunds_made()) == ([2480], [2480])


def test_a_change_a_cancellation_and_a_parcel_at_once_never_both_happen(small: SmallHouse) -> None:
    ada, clerk = small.person(), small.person(_clerk())
    number = small.order(ada, ("HM-PINE", 2), status="paid")
    asked = [ChangeOrderItem(number, 1, "HM-CLAY"), CancelOrder(number), ShipOrder(number, "T-1")]

    def ask(n: int) -> Outcome:
        command = asked[n % 3]
        return small.submit(clerk if isinstance(command, ShipOrder) else ada, command, f"x{n}")

    _at_once(ask)
    # Where the change was first, the other two were told no while it was under way; so the parcel is tried once more.
    small.submit(clerk, ShipOrder(number, "T-1"), "again")
    order, back = small.one(Order), sum(small.refunds_made())
    assert order.status in {"cancelled", "shipped"}
    charged = 4470 - back
    assert charged == (0 if order.status == "cancelled" else order.total.minor)
    assert small.stock("HM-PINE") + small.stock("HM-CLAY") == 17 + (2 if order.status == "cancelled" else 0)


def test_a_crash_between_charge_and_refund_is_settled_with_the_same_keys(place: Place) -> None:
    small, ada = place.small, place.small.person()
    number, card = small.order(ada, status="paid"), small.second_card(ada)
    place.gateway.silent = {"refund"}
    assert isinstance(small.submit(ada, ChangeOrderPayment(number, card), "once"), Pending)
    assert (small.charges_made(), small.refunds_made()) == ([2480], [])
    # Meanwhile nobody cancels, sends or changes what is under way.
    refused(small.submit(ada, CancelOrder(number)), "cancel.only-before-it-leaves")
    assert isinstance(small.submit(small.person(_clerk()), ShipOrder(number, "T-1")), Refused)
    assert small.one(Order).status == "changing"
    place.gateway.silent = set()
    small.clock.move(minutes=2)
    (settled,) = small.desk.recover()
    assert isinstance(settled, Done) and small.desk.recover() == []
    assert small.submit(ada, ChangeOrderPayment(number, card), "once") == settled
    assert (small.charges_made(), small.refunds_made()) == ([2480], [2480])
    assert (small.one(Order).status, small.one(Order).paid_with) == ("paid", "Mastercard ···· 5454")
    small.done(ada, CancelOrder(number))
    assert small.refunds_made() == [2480, 2480]


def test_a_card_that_is_declined_leaves_everything_as_it_was(place: Place) -> None:
    small, ada = place.small, place.small.person()
    number = small.order(ada, ("HM-PINE", 2), status="paid")
    card = small.second_card(ada, token=DemoGateway.DECLINED)
    before = small.one(Order).charge_reference
    assert isinstance(small.submit(ada, ChangeOrderPayment(number, card)), Refused)
    place.gateway.declining = {"charge"}
    assert isinstance(small.submit(ada, ChangeOrderItem(number, 1, "HM-MOSS")), Refused)
    order = small.one(Order)
    assert (order.status, order.charge_reference, order.item_changes, order.total.minor) == ("paid", before, 0, 4470)
    assert (small.stock("HM-PINE"), small.stock("HM-MOSS"), small.charges_made()) == (12, 5, [])


def test_where_the_old_card_takes_nothing_back_the_new_charge_is_undone(place: Place) -> None:
    small, ada = place.small, place.small.person()
    number, card = small.order(ada, status="paid"), small.second_card(ada)
    place.gateway.declining = {"refund"}
    assert isinstance(small.submit(ada, ChangeOrderPayment(number, card)), Refused)
    assert (small.charges_made(), small.refunds_made()) == ([2480], [2480])
    assert small.one(Order).paid_with == "Visa ···· 4242"
    place.gateway.declining = {"refund", "undo"}
    assert isinstance(small.submit(ada, ChangeOrderPayment(number, card)), Pending), "both are charged: a person looks"


def test_what_was_charged_in_two_steps_goes_back_to_each_charge_and_no_further(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), ("QL-FOG", 1), status="paid")
    small.done(ada, ChangeOrderItem(number, 1, "HM-MOSS"))
    small.done(ada, CancelOrder(number, lines=(1,)))
    assert small.refunds_made() == [1000, 3980] and small.one(ExtraCharge).left_minor == 0
    small.change(Order, {"status": "delivered", "delivered_at": small.clock()}, number=number)
    refused(small.submit(ada, RefundOrder(number, "broken", lines=(1,))), "refund.no-more-than-was-paid")
    small.done(small.with_code(ada), RefundOrder(number, "broken"))
    assert sum(small.refunds_made()) == 4980 + 18900 + 490


def _at_once(ask: Callable[[int], Outcome]) -> list[Outcome]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, range(AT_ONCE)))


def _clerk() -> Role:
    return Role.CLERK

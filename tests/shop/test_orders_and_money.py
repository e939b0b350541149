"""Order numbers survive being read out, the gateway keeps honest books, and refunds add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.guard.rooms import Declined, Settled, Unreachable
from shop.basket import ShippingRates
from shop.money import Money
from shop.orders import Order, OrderLine, new_order_number, read_order_number
from shop.payments import DemoGateway
from shop.refunds import Reckoning
from tests.small_house import StoppedClock


@pytest.mark.parametrize("typed", ["HP-7K3M-29QD", "hp 7k3m29qd", "7K3M29QD", " hp-7k3m-29qd ", "#HP7K3M-29QD"])
def test_an_order_number_is_read_however_it_is_typed(typed: str) -> None:
    assert read_order_number(typed) == "HP-7K3M-29QD"


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    assert read_order_number("HP-OIl1-0000") == "HP-0111-0000"


@pytest.mark.parametrize("typed", ["", "HP-", "HP-7K3M-29Q", "HP-7K3M-29QDX", "HP-7K3M-29QU", "7K3M–29Q€", "٣" * 8])
def test_what_cannot_be_an_order_number_is_none(typed: str) -> None:
    assert read_order_number(typed) is None


def test_new_numbers_differ_and_read_back() -> None:
    numbers = {new_order_number() for _ in range(500)}
    assert len(numbers) == 500
    assert all(read_order_number(number) == number for number in numbers)


def test_shipping_is_free_from_sixty_euros() -> None:
    rates = ShippingRates()
    assert rates.price(Money(5999)) == Money(490)
    assert rates.price(Money(6000)) == Money(0)
    assert rates.price(Money(0)) == Money(0)


@pytest.fixture
def gateway() -> DemoGateway:
    return DemoGateway(clock=StoppedClock())


def test_the_same_key_charges_once(gateway: DemoGateway) -> None:
    first, second = gateway.charge("k", "tok", Money(1000)), gateway.charge("k", "tok", Money(1000))
    assert first == second and isinstance(first, Settled)
    assert [m.amount for m in gateway.ledger()] == [Money(1000)]


def test_a_key_used_for_another_amount_is_a_mistake(gateway: DemoGateway) -> None:
    gateway.charge("k", "tok", Money(1000))
    with pytest.raises(ValueError, match="something else"):
        gateway.charge("k", "tok", Money(2000))


def test_no_more_goes_back_than_was_charged(gateway: DemoGateway) -> None:
    charge = gateway.charge("k", "tok", Money(1000))
    assert isinstance(charge, Settled)
    assert isinstance(gateway.refund("r1", charge.reference, Money(600)), Settled)
    assert isinstance(gateway.refund("r2", charge.reference, Money(500)), Declined)
    assert isinstance(gateway.refund("r1", charge.reference, Money(600)), Settled)
    assert isinstance(gateway.refund("r3", "ch_unknown", Money(1)), Declined)
    assert isinstance(gateway.refund("r4", charge.reference, Money(-5)), Declined)
    assert [m.amount.minor for m in gateway.ledger()] == [1000, 600]


def test_the_demo_tokens_do_what_they_say(gateway: DemoGateway) -> None:
    assert isinstance(gateway.charge("a", DemoGateway.DECLINED, Money(5)), Declined)
    with pytest.raises(Unreachable):
        gateway.charge("b", DemoGateway.UNREACHABLE_ONCE, Money(5))
    assert gateway.ledger() == ()
    assert isinstance(gateway.charge("b", DemoGateway.UNREACHABLE_ONCE, Money(5)), Settled)
    with pytest.raises(Unreachable):
        gateway.charge("c", DemoGateway.ANSWER_LOST_ONCE, Money(7))
    assert isinstance(gateway.charge("c", DemoGateway.ANSWER_LOST_ONCE, Money(7)), Settled)
    assert [m.amount.minor for m in gateway.ledger()] == [5, 7]


def reckoning(refunded: dict[int, int] | None = None) -> Reckoning:
    order = Order(status="delivered", goods_minor=5490, shipping_minor=490, currency="EUR")
    order.lines = [OrderLine(line=1, quantity=2, unit_minor=1000), OrderLine(line=2, quantity=1, unit_minor=3490)]
    return Reckoning(order, refunded or {})


def test_shipping_goes_back_only_with_all_the_goods_at_once() -> None:
    assert reckoning().refundable() == Money(5980)
    assert reckoning().refundable((1, 2)) == Money(5980)
    assert reckoning().refundable((1,)) == Money(2000)
    assert reckoning({1: 2000}).refundable() == Money(3490)


def test_an_unpaid_order_has_nothing_to_give_back() -> None:
    unpaid = reckoning()
    unpaid.order.status = "failed"
    assert unpaid.refundable() == Money(0)


@given(st.lists(st.tuples(st.sampled_from([(), (1,), (2,), (1, 2)]), st.integers(1, 7000)), max_size=12))
def test_refunds_in_any_order_never_exceed_what_was_paid(asked: list[tuple[tuple[int, ...], int]]) -> None:
    refunded: dict[int, int] = {}
    for lines, minor in asked:
        now = reckoning(refunded)
        if minor <= now.refundable(lines).minor:
            for line, part in now.split(lines, Money(minor)):
                refunded[line] = refunded.get(line, 0) + part
    assert sum(refunded.values()) <= 5980
    assert refunded.get(1, 0) <= 2000 and refunded.get(2, 0) <= 3490 and refunded.get(0, 0) <= 490

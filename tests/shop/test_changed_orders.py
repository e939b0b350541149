"""Orders until they are delivered: cancelled by line, changed, paid anew, bought again, invoiced and tracked."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.actor import Role
from auth.audit import AuditEntry
from auth.database import Scope
from auth.guard.approvals import find_approval
from auth.guard.decisions import AwaitingApproval, Done, Need, Refused
from shop.basket import BasketLine
from shop.carrier_notes import CarrierNote
from shop.catalogue import Product, Variant
from shop.charges import parts_of
from shop.commands import (
    AddToBasket,
    CancelOrder,
    ChangeOrderItem,
    ChangeOrderPayment,
    NoteFromCarrier,
    ReadCustomerOrder,
    Reorder,
    ShowInvoice,
    ShowOrder,
    TrackOrder,
)
from shop.money import Money
from shop.order_papers import VAT_PERCENT, vat_in
from shop.orders import Order, find_order
from shop.refunds import reckon
from shop.views import InvoiceView, OrderView, TrackingView
from tests.small_house import SmallHouse


def view(small: SmallHouse, outcome: Done) -> Any:
    return outcome.view


def refused(outcome: object, policy: str) -> None:
    assert isinstance(outcome, Refused), outcome
    assert outcome.policy == policy, outcome


# Cancelling by line


def test_a_cancelled_line_gives_its_own_money_back_and_the_rest_stays_paid(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), ("QL-FOG", 1), status="paid")
    done = small.done(ada, CancelOrder(number, "two are too many", lines=(1,)))
    assert done.says == (f"Cancelled in order {number}: 2 × Harbour Mug, Pine. €39.80 goes back to Visa ···· 4242.")
    order: OrderView = view(small, small.done(ada, ShowOrder(number)))
    assert (order.status, order.total, [line.cancelled for line in order.lines]) == (
        "paid",
        Money(19390),
        [True, False],
    )
    assert (order.lines[0].refunded, order.refunded, small.stock("HM-PINE")) == (Money(3980), Money(0), 14)
    refused(small.submit(ada, CancelOrder(number, lines=(1,))), "cancel.only-what-is-not-yet")
    refused(small.submit(ada, CancelOrder(number, lines=(3,))), "not-found")


@pytest.mark.parametrize("last", [(), (2,)])
def test_the_shipping_goes_back_with_the_last_line(small: SmallHouse, last: tuple[int, ...]) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 1), ("QL-FOG", 1), status="paid")
    small.done(ada, CancelOrder(number, lines=(1,)))
    small.done(ada, CancelOrder(number, lines=last))
    assert small.refunds_made() == [1990, 18900 + 490]
    assert (small.one(Order).status, small.stock("HM-PINE"), small.stock("QL-FOG")) == ("cancelled", 13, 6)


def test_every_line_named_is_the_whole_order(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 1), ("QL-FOG", 1), status="paid")
    assert small.done(ada, CancelOrder(number, lines=(1, 2))).says.startswith(f"Order {number} is cancelled.")
    assert small.refunds_made() == [1990 + 18900 + 490]


def test_the_card_says_what_goes_and_what_stays(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 1), ("QL-FOG", 1), status="paid")
    card = shown(small, small.park(ada, CancelOrder(number, lines=(2,))))
    assert card.sentence == (f"Cancel 1 × Quiet Lamp, Pine of order {number} and get €189.00 back to Visa ···· 4242")
    assert dict(card.lines)["What stays"] == "1 × Harbour Mug, Pine"


def test_cancelling_lines_over_500_needs_a_fresh_code(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("RT-MOSS", 1), ("HM-PINE", 1), status="paid")
    outcome = small.submit(ada, CancelOrder(number, lines=(1,)))
    assert isinstance(outcome, AwaitingApproval) and outcome.needs == {Need.SECOND_FACTOR}
    small.done(ada, CancelOrder(number, lines=(2,)))


def test_nothing_is_left_of_a_cancelled_line_for_whatever_comes_later(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), ("QL-FOG", 1), status="paid")
    small.done(ada, CancelOrder(number, lines=(1,)))
    with small.database.read(Scope.own(ada.account_id)) as session:
        order = find_order(session, ada.account_id, number)
        assert order is not None
        found = reckon(session, order)
        assert [found.left(line) for line in order.lines] == [0, 18900]
        assert found.still([(1, 3980), (2, 18900)]) == 18900


def test_a_claim_from_before_lines_could_be_named_is_about_one_charge() -> None:
    assert list(parts_of({"charge": "ch_1", "minor": 500, "currency": "EUR"})) == [("ch_1", Money(500))]
    with pytest.raises(TypeError):
        list(parts_of({"parts": [["ch_1", "500"]], "currency": "EUR"}))


# Another option, another card


@pytest.mark.parametrize(
    ("price", "says", "charged", "back"),
    [
        (2490, "€10.00 more was paid with Visa ···· 4242.", [1000], []),
        (1490, "€10.00 goes back to Visa ···· 4242.", [], [1000]),
        (1990, "The price is the same.", [], []),
    ],
)
def test_the_difference_is_charged_or_goes_back(
    small: SmallHouse, price: int, says: str, charged: list[int], back: list[int]
) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), status="paid")
    small.option("HM-MOSS", of="HM-PINE", price=price)
    done = small.done(ada, ChangeOrderItem(number, 1, "hm-moss"))
    assert done.says == f"Order {number}: Harbour Mug is now Moss instead of Pine. {says}"
    assert (small.charges_made(), small.refunds_made()) == (charged, back)
    order: OrderView = view(small, small.done(ada, ShowOrder(number)))
    assert (order.status, order.total, order.lines[0].option) == ("paid", Money(price * 2 + 490), "Moss")
    assert (small.stock("HM-PINE"), small.stock("HM-MOSS")) == (14, 3)
    small.done(ada, CancelOrder(number))
    assert sum(small.refunds_made()) - sum(small.charges_made()) == 4470
    assert (small.stock("HM-PINE"), small.stock("HM-MOSS")) == (14, 5)


def test_the_card_of_a_change_names_old_new_difference_and_card(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), status="paid")
    small.option("HM-MOSS", of="HM-PINE", price=2490)
    card = shown(small, small.park(ada, ChangeOrderItem(number, 1, "HM-MOSS")))
    assert card.sentence == (
        f"Change Harbour Mug in order {number} from Pine to Moss and pay €10.00 more with Visa ···· 4242"
    )
    assert dict(card.lines)["Price"] == "€19.90 → €24.90"


def test_a_cancelled_line_is_not_changed(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 1), ("QL-FOG", 1), status="paid")
    small.option("HM-MOSS", of="HM-PINE", price=2490)
    small.done(ada, CancelOrder(number, lines=(1,)))
    refused(small.submit(ada, ChangeOrderItem(number, 1, "HM-MOSS")), "item.only-what-is-not-cancelled")


def test_another_card_pays_what_is_left_and_gets_what_comes_back_later(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 1), ("QL-FOG", 1), status="paid")
    small.option("HM-MOSS", of="HM-PINE", price=2490)
    small.done(ada, ChangeOrderItem(number, 1, "HM-MOSS"))
    done = small.done(ada, ChangeOrderPayment(number, small.second_card(ada)))
    assert done.says == f"Order {number} is now paid with Mastercard ···· 5454. €218.80 goes back to Visa ···· 4242."
    assert small.charges_made() == [500, 21880]
    assert small.refunds_made() == [500, 21380], "each charge of the old card gets its own back"
    assert small.done(ada, CancelOrder(number)).says.endswith("€218.80 goes back to Mastercard ···· 5454.")
    assert sum(small.refunds_made()) == 2 * 21880


def test_charging_another_card_over_1000_needs_a_fresh_code(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("RT-MOSS", 2), status="paid")
    outcome = small.submit(ada, ChangeOrderPayment(number, small.second_card(ada)))
    assert isinstance(outcome, AwaitingApproval) and outcome.needs == {Need.SECOND_FACTOR}
    assert small.charges_made() == []


# Buying again


def test_buying_again_takes_what_is_there_and_says_what_is_not(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), ("QL-FOG", 3), ("RT-MOSS", 1))
    small.change(Variant, {"stock": 2}, sku="QL-FOG")
    small.change(Product, {"on_sale": False}, handle="ridge-tent")
    done = small.done(ada, Reorder(number))
    assert done.says == (
        "4 pieces are in your basket again, at today's prices. Not there, or not that many: Quiet Lamp, Ridge Tent."
    )
    assert {line.sku: line.quantity for line in small.all(BasketLine)} == {"HM-PINE": 2, "QL-FOG": 2}


def test_buying_again_counts_what_the_basket_holds_already(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("RT-MOSS", 2))
    small.done(ada, AddToBasket("RT-MOSS", 1))
    assert small.done(ada, Reorder(number)).says.startswith("1 piece is in your basket again")
    refused(small.submit(ada, Reorder(number)), "reorder.something-there")
    assert small.one(BasketLine).quantity == 2
    refused(small.submit(small.person(), Reorder(number)), "not-found")
    guest = small.person(Role.GUEST)
    refused(small.submit(guest, Reorder(small.order(guest))), "order.guests-sign-in")


def test_buying_again_leaves_out_what_was_cancelled(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 1), ("QL-FOG", 1), status="paid")
    small.done(ada, CancelOrder(number, lines=(2,)))
    small.done(small.through_chat(ada), Reorder(number))
    assert [line.sku for line in small.all(BasketLine)] == ["HM-PINE"]


# Papers


def test_an_invoice_adds_up_and_shows_what_was_cancelled(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), ("QL-FOG", 1), status="paid")
    small.done(ada, CancelOrder(number, lines=(2,)))
    invoice: InvoiceView = view(small, small.done(ada, ShowInvoice(number)))
    assert (invoice.number, invoice.total) == (f"INV-2026-{number[3:].replace('-', '')}", Money(4470))
    assert (invoice.vat, invoice.net) == (Money(714), Money(3756))
    assert [line.cancelled for line in invoice.order.lines] == [False, True]
    small.done(ada, CancelOrder(number))
    assert view(small, small.done(ada, ShowInvoice(number))).total == Money(0)


def test_there_is_no_invoice_before_an_order_is_paid_and_none_of_others(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, status="failed")
    refused(small.submit(ada, ShowInvoice(number)), "invoice.once-paid")
    refused(small.submit(small.person(), ShowInvoice(number)), "not-found")
    refused(small.submit(small.person(), TrackOrder(number)), "not-found")


@given(st.integers(0, 10**9))
def test_the_tax_in_an_amount_is_exact_to_half_a_cent(minor: int) -> None:
    tax = vat_in(Money(minor)).minor
    assert abs(tax * (100 + VAT_PERCENT) - minor * VAT_PERCENT) * 2 <= 100 + VAT_PERCENT


def test_an_order_is_tracked_with_the_carriers_words(small: SmallHouse) -> None:
    ada, clerk = small.person(), small.person(Role.CLERK)
    number = small.order(ada, status="shipped", days=2)
    small.done(clerk, NoteFromCarrier(number, "Left at the <b>blue</b> door"))
    tracking: TrackingView = view(small, small.done(ada, TrackOrder(number)))
    assert [step.what for step in tracking.steps] == ["Placed", "Paid, to be packed", "Handed to the carrier"]
    assert [note.text for note in tracking.order.notes] == ["Left at the <b>blue</b> door"]
    assert view(small, small.done(ada, ShowOrder(number))).notes == ()
    assert len(view(small, small.done(clerk, ReadCustomerOrder(number))).notes) == 1


def test_a_carriers_note_is_kept_by_clerks_only_and_sealed(small: SmallHouse) -> None:
    ada, clerk = small.person(), small.person(Role.CLERK)
    number = small.order(ada, status="shipped")
    small.done(clerk, NoteFromCarrier(number, "the neighbour Murgatroyd took it"))
    assert b"Murgatroyd" not in small.one(CarrierNote).text
    assert all("Murgatroyd" not in entry.body for entry in small.all(AuditEntry))
    refused(small.submit(ada, NoteFromCarrier(number, "I wrote this")), "chat.no-staff-work")
    refused(small.submit(clerk, NoteFromCarrier(small.order(ada, status="paid"), "too early")), "default-deny")
    refused(
        small.submit(clerk, NoteFromCarrier(small.order(clerk, status="shipped"), "x")), "clerk.never-their-own-order"
    )
    told = [entry for entry in small.all(AuditEntry, account_id=ada.account_id) if "NoteFromCarrier" in entry.body]
    assert told, "a clerk's change stands in the customer's record"


def shown(small: SmallHouse, approval_id: Any) -> Any:
    with small.database.read(Scope.house("a test looks at a card")) as session:
        card = find_approval(session, approval_id)
        assert card is not None
        return small.desk.card(session, card)

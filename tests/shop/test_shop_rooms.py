"""Each room of the shop, entered through the desk by somebody at a page."""

import pytest

from auth.actor import VISITOR, Actor, Channel, Role
from auth.audit import AuditEntry
from auth.database import Scope
from auth.guard.decisions import AwaitingApproval, Done, Need, Refused
from shop.addresses import Address, find_addresses
from shop.basket import BasketLine, basket_lines, merge_basket
from shop.catalogue import CATEGORIES, Product, find_product, search
from shop.commands import (
    AddToBasket,
    CancelOrder,
    ChangeBasketLine,
    ChangeOrderAddress,
    ListAddresses,
    ListOrders,
    MarkDelivered,
    PlaceOrder,
    ReadCustomerOrder,
    RefundOrder,
    RemoveAddress,
    SaveAddress,
    SearchProducts,
    ShipOrder,
    ShowBasket,
    ShowOrder,
    ShowProduct,
)
from shop.money import Money
from shop.orders import Order, find_order, find_orders
from shop.payments import DemoGateway, PaymentMethod, find_payment_methods
from shop.refunds import Refund
from shop.views import AddressList, BasketView, OrderList, OrderView, ProductList, ProductView
from tests.small_house import SmallHouse

TO_OFFICE = PlaceOrder("address:office", "card:visa-4242")


def refused(outcome: object, policy: str) -> None:
    assert isinstance(outcome, Refused), outcome
    assert outcome.policy == policy, outcome


def seen(small: SmallHouse, outcome: Done, kind: type) -> object:
    assert isinstance(outcome.view, kind)
    return outcome.view


# The catalogue


def test_there_are_eight_categories() -> None:
    assert len({slug for slug, _, _ in CATEGORIES}) == 8


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("mug", ["harbour-mug"]),
        ("the MUGS", ["harbour-mug"]),
        ("mended tent", ["ridge-tent"]),
        ("mug tent", []),
        ("100%", []),
        ("", ["harbour-mug", "quiet-lamp", "ridge-tent"]),
    ],
)
def test_search_wants_every_word(small: SmallHouse, query: str, found: list[str]) -> None:
    with small.database.read(Scope.own(None)) as session:
        assert [p.handle for p in search(session, query).products] == found


def test_search_by_price_and_category_and_page(small: SmallHouse) -> None:
    with small.database.read(Scope.own(None)) as session:
        assert [p.handle for p in search(session, "", max_price=Money(1990)).products] == ["harbour-mug"]
        assert search(session, "", category="Camp & Shelter").count == 3
        assert search(session, "", category="garden").count == 0
        second = search(session, "", page=2)
        assert (second.products, second.count) == ((), 3)


def test_a_product_is_found_by_a_clear_name_only(small: SmallHouse) -> None:
    with small.database.read(Scope.own(None)) as session:
        for name in ("harbour-mug", "Harbour Mug", "harbor mug", "the quiet lamp"):
            assert find_product(session, name) is not None, name
        for name in ("", "a kettle", "%"):
            assert find_product(session, name) is None, name


def test_a_visitor_without_an_account_may_look_around(small: SmallHouse) -> None:
    found = seen(small, small.done(VISITOR, SearchProducts("lamp")), ProductList)
    assert [p.name for p in found.products] == ["Quiet Lamp"]
    product = seen(small, small.done(VISITOR, ShowProduct("Quiet Lamp")), ProductView)
    assert product.price == Money(18900)
    assert seen(small, small.done(VISITOR, ShowBasket()), BasketView).count == 0
    refused(small.submit(VISITOR, ListOrders()), "account.guests-sign-in")


# The basket


def test_the_stock_counts_what_is_in_the_basket_already(small: SmallHouse) -> None:
    guest = small.person(Role.GUEST)
    assert small.done(guest, AddToBasket("rt-moss", 2)).says == "2 × Ridge Tent is in your basket."
    refused(small.submit(guest, AddToBasket("RT-MOSS", 1)), "basket.only-what-is-there")
    refused(small.submit(guest, ChangeBasketLine("RT-MOSS", 3)), "basket.line-only-what-is-there")
    assert small.one(BasketLine).quantity == 2


def test_what_is_not_on_sale_stays_out(small: SmallHouse) -> None:
    small.change(Product, {"on_sale": False}, handle="harbour-mug")
    refused(small.submit(small.person(), AddToBasket("HM-PINE")), "basket.only-on-sale")


def test_a_basket_has_prices_shipping_and_its_own_lines_only(small: SmallHouse) -> None:
    ada, ben = small.person(), small.person()
    small.done(ada, AddToBasket("HM-PINE", 3))
    basket = seen(small, small.done(ada, ShowBasket()), BasketView)
    assert (basket.goods, basket.shipping, basket.total) == (Money(5970), Money(490), Money(6460))
    assert seen(small, small.done(ben, ShowBasket()), BasketView).count == 0
    refused(small.submit(ben, ChangeBasketLine("HM-PINE", 1)), "not-found")
    small.done(ada, ChangeBasketLine("HM-PINE", 0))
    assert small.all(BasketLine) == []


def test_a_guests_basket_comes_along_at_sign_in(small: SmallHouse) -> None:
    guest, ada = small.person(Role.GUEST), small.person()
    small.done(guest, AddToBasket("HM-PINE", 2))
    small.done(guest, AddToBasket("QL-FOG", 1))
    small.done(ada, AddToBasket("HM-PINE", 1))
    with small.database.begin(Scope.house("sign-in")) as session:
        merge_basket(session, guest.account_id, ada.account_id)
    assert {line.sku: line.quantity for line in small.all(BasketLine, account_id=ada.account_id)} == {
        "HM-PINE": 3,
        "QL-FOG": 1,
    }
    assert small.all(BasketLine, account_id=guest.account_id) == []


# Ordering


def test_an_order_takes_stock_money_and_the_basket(small: SmallHouse) -> None:
    ada = small.person()
    small.done(ada, AddToBasket("HM-PINE", 2))
    done = small.done(ada, TO_OFFICE)
    order = small.one(Order)
    assert done.says == f"Thank you. Order {order.number} is placed: €44.70, paid with Visa ···· 4242."
    assert (order.status, order.total, small.stock("HM-PINE"), small.all(BasketLine)) == ("paid", Money(4470), 10, [])
    assert small.charges_made() == [4470]
    view = seen(small, small.done(ada, ShowOrder(order.number.lower())), OrderView)
    assert (view.destination, view.lines[0].name, view.lines[0].quantity) == ("Office", "Harbour Mug", 2)
    assert view.estimate is not None


def test_a_declined_card_puts_everything_back(small: SmallHouse) -> None:
    ada = small.person()
    small.change(PaymentMethod, {"token": DemoGateway.DECLINED}, account_id=ada.account_id)
    small.done(ada, AddToBasket("HM-PINE", 2))
    outcome = small.submit(ada, TO_OFFICE)
    assert isinstance(outcome, Refused) and outcome.kind == "gateway"
    assert (small.one(Order).status, small.stock("HM-PINE")) == ("failed", 12)
    assert small.one(BasketLine).quantity == 2
    assert small.charges_made() == []


def test_an_expired_payment_card_is_said_and_nobody_is_asked(small: SmallHouse) -> None:
    ada = small.person()
    small.change(PaymentMethod, {"expires": "10/26"}, account_id=ada.account_id)
    small.done(ada, AddToBasket("HM-PINE"))
    outcome = small.submit(ada, TO_OFFICE)
    assert isinstance(outcome, Refused) and "expired" in outcome.says
    assert (small.stock("HM-PINE"), small.charges_made()) == (12, [])


def test_nobody_orders_to_or_with_what_is_not_theirs(small: SmallHouse) -> None:
    ada = small.person()
    small.done(ada, AddToBasket("HM-PINE"))
    refused(small.submit(ada, PlaceOrder("address:villa", "card:visa-4242")), "order.place-own-destination")
    refused(small.submit(ada, PlaceOrder("address:home", "card:visa-9999")), "order.place-own-destination")
    small.done(ada, ChangeBasketLine("HM-PINE", 0))
    refused(small.submit(ada, TO_OFFICE), "order.place-something")
    assert (small.all(Order), small.charges_made()) == ([], [])


def test_guests_sign_in_to_order(small: SmallHouse) -> None:
    guest = small.person(Role.GUEST)
    small.done(guest, AddToBasket("HM-PINE"))
    refused(small.submit(guest, TO_OFFICE), "order.place-needs-account")


def test_what_sold_out_meanwhile_is_not_ordered(small: SmallHouse) -> None:
    ada, ben = small.person(), small.person()
    for person in (ada, ben):
        small.done(person, AddToBasket("QL-FOG", 3))
    small.done(ada, TO_OFFICE)
    refused(small.submit(ben, TO_OFFICE), "order.place-in-stock")
    assert (small.stock("QL-FOG"), small.charges_made()) == (2, [56700])


# Cancelling, redirecting, refunding


def test_a_cancelled_order_gives_money_and_stock_back(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), status="paid")
    done = small.done(ada, CancelOrder(number, "I chose the wrong colour"))
    assert done.says == f"Order {number} is cancelled. €44.70 goes back to Visa ···· 4242."
    assert (small.one(Order).status, small.stock("HM-PINE"), small.refunds_made()) == ("cancelled", 14, [4470])
    refused(small.submit(ada, CancelOrder(number)), "cancel.only-before-it-leaves")


def test_an_order_that_left_is_neither_cancelled_nor_redirected(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, status="shipped")
    refused(small.submit(ada, CancelOrder(number)), "cancel.only-before-it-leaves")
    refused(small.submit(ada, ChangeOrderAddress(number, "address:office")), "redirect.only-before-it-leaves")


def test_an_order_goes_to_another_of_ones_own_addresses(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, status="paid")
    small.done(ada, ChangeOrderAddress(number, "Office"))
    view = seen(small, small.done(ada, ShowOrder(number)), OrderView)
    assert (view.destination, view.address[1]) == ("Office", "7 Office Juniperlane")
    refused(small.submit(ada, ChangeOrderAddress(number, "address:villa")), "redirect.only-to-your-own")


def test_a_line_is_refunded_and_the_order_shows_it(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 1), ("HM-PINE", 2))
    done = small.done(ada, RefundOrder(number, "it broke", lines=(1,)))
    assert done.says == f"Refunded €19.90 to Visa ···· 4242 for order {number}."
    view = seen(small, small.done(ada, ShowOrder(number)), OrderView)
    assert (view.lines[0].refunded, view.refunded, view.refundable) == (Money(1990), Money(1990), Money(3980))
    refused(small.submit(ada, RefundOrder(number, "again", lines=(1,))), "refund.no-more-than-was-paid")
    refused(small.submit(ada, RefundOrder(number, "no such line", lines=(9,))), "not-found")
    assert small.refunds_made() == [1990]


@pytest.mark.parametrize("amount", [Money(0), Money(-500), Money(2481), Money(10**12), Money(100, "USD")])
def test_amounts_that_make_no_sense_move_nothing(small: SmallHouse, amount: Money) -> None:
    ada = small.person()
    number = small.order(ada)
    refused(small.submit(ada, RefundOrder(number, "please", amount=amount)), "refund.no-more-than-was-paid")
    assert (small.all(Refund), small.refunds_made()) == ([], [])


def test_after_thirty_days_it_is_too_late(small: SmallHouse) -> None:
    ada = small.person()
    assert isinstance(small.submit(ada, RefundOrder(small.order(ada, days=30), "broken")), Done)
    refused(small.submit(ada, RefundOrder(small.order(ada, days=31), "broken")), "refund.within-30-days")


def test_much_money_back_lately_needs_a_clerk(small: SmallHouse) -> None:
    ada = small.with_code(small.person())
    for _ in range(5):
        small.done(ada, RefundOrder(small.order(ada, ("QL-FOG", 1)), "broken"))
    outcome = small.submit(ada, RefundOrder(small.order(ada, ("QL-FOG", 1)), "broken"))
    assert isinstance(outcome, AwaitingApproval) and outcome.needs == {Need.REVIEW}
    assert len(small.refunds_made()) == 5


# Addresses


def test_an_address_is_saved_replaced_and_removed(small: SmallHouse) -> None:
    ada, ben = small.person(), small.person()
    small.done(ada, SaveAddress("Summer House", "W. Zephyrwick", "1 Dune Row", "H91 AB12", "Galway", "IE"))
    small.done(ada, SaveAddress("summer house", "W. Zephyrwick", "2 Dune Row", "H91 AB12", "Galway", "IE"))
    book = seen(small, small.done(ada, ListAddresses()), AddressList)
    assert [a.handle for a in book.addresses] == ["address:home", "address:office", "address:summer-house"]
    assert book.addresses[2].lines == ("W. Zephyrwick", "2 Dune Row", "H91 AB12 Galway", "IE")
    refused(small.submit(ben, RemoveAddress("address:summer-house")), "not-found")
    small.done(ada, RemoveAddress("address:summer-house"))
    assert len(small.all(Address, account_id=ada.account_id)) == 2


# Not theirs equals not there; clerks


def test_somebody_elses_order_is_as_little_there_as_none(small: SmallHouse) -> None:
    ada, ben = small.person(), small.person()
    number = small.order(ada)
    missing = "HP-0000-0000"
    for ask in (
        lambda n: ShowOrder(n),
        lambda n: CancelOrder(n),
        lambda n: RefundOrder(n, "mine"),
        lambda n: ChangeOrderAddress(n, "address:home"),
        lambda n: ReadCustomerOrder(n),
        lambda n: ShipOrder(n, "T1"),
        lambda n: MarkDelivered(n),
    ):
        theirs, nobodys = small.submit(ben, ask(number)), small.submit(ben, ask(missing))
        assert isinstance(theirs, Refused) and isinstance(nobodys, Refused)
        assert (theirs.kind, theirs.says, theirs.policy) == (nobodys.kind, nobodys.says, nobodys.policy)
    assert seen(small, small.done(ben, ListOrders()), OrderList).orders == ()


def test_finders_start_from_the_owner_even_where_every_row_can_be_seen(small: SmallHouse) -> None:
    ada, ben = small.person(), small.person()
    number = small.order(ada)
    small.done(ada, AddToBasket("HM-PINE"))
    with small.database.read(Scope.house("a test without the row guard")) as session:
        assert find_order(session, ada.account_id, number) is not None
        assert find_order(session, ben.account_id, number) is None
        assert find_orders(session, ben.account_id) == []
        assert basket_lines(session, ben.account_id) == []
        assert {a.account_id for a in find_addresses(session, ben.account_id)} == {ben.account_id}
        assert {m.account_id for m in find_payment_methods(session, ben.account_id)} == {ben.account_id}


def test_a_clerk_reads_sends_and_delivers(small: SmallHouse) -> None:
    ada, clerk = small.person(), small.person(Role.CLERK)
    number = small.order(ada, status="paid")
    view = seen(small, small.done(clerk, ReadCustomerOrder(number)), OrderView)
    assert view.address[0] == "Wilhelmina Zephyrwick"
    refused(small.submit(clerk, MarkDelivered(number)), "default-deny")
    small.done(clerk, ShipOrder(number, "IE-TRACK-1"))
    small.clock.move(days=1)
    clerk = small.with_code(clerk)
    small.done(clerk, MarkDelivered(number))
    order = small.one(Order)
    assert (order.status, order.tracking, order.delivered_at) == ("delivered", "IE-TRACK-1", small.clock())


def test_the_customer_sees_that_a_clerk_looked(small: SmallHouse) -> None:
    ada, clerk = small.person(), small.person(Role.CLERK)
    small.done(clerk, ReadCustomerOrder(small.order(ada)))
    assert [e.kind for e in small.all(AuditEntry, account_id=ada.account_id)] == ["record.read"]


def test_a_clerk_through_a_page_or_without_a_code_reads_nothing(small: SmallHouse) -> None:
    ada, clerk = small.person(), small.person(Role.CLERK)
    number = small.order(ada)
    refused(small.submit(clerk.through(Channel.PAGE), ReadCustomerOrder(number)), "not-found")
    refused(
        small.submit(Actor(clerk.account_id, Role.CLERK, Channel.STAFF), ReadCustomerOrder(number)),
        "clerk.needs-second-factor",
    )

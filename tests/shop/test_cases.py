"""Returns, exchanges and claims: announced by their owner, carried out by a clerk, each thing and each cent once."""

import pytest

from auth.actor import Actor, Role
from auth.audit import AuditEntry
from auth.database import Scope, new_id
from auth.guard.decisions import AwaitingApproval, Done, Need, Outcome, Refused
from auth.guard.rooms import Settled
from shop.cases import MOVES, OPEN_STATES, Case
from shop.catalogue import Product, Variant
from shop.charges import ExtraCharge, add_charge
from shop.claims import working_days
from shop.commands import (
    CancelOrder,
    ClaimWarranty,
    DecideCase,
    ExchangeItem,
    ReadCustomerCase,
    ReceiveReturn,
    RefundOrder,
    RefundStatus,
    ReportParcel,
    ReturnItems,
    ReviewCase,
    SendExchange,
    ShowCase,
    WithdrawCase,
)
from shop.money import Money
from shop.orders import Order, OrderLine
from shop.payments import DemoGateway, PaymentMethod
from shop.refunds import Refund
from tests.small_house import NOON, SmallHouse

HOUSE = Scope.house("a test fills the shelves")


@pytest.fixture
def ada(small: SmallHouse) -> Actor:
    return small.person()


@pytest.fixture
def cleo(small: SmallHouse) -> Actor:
    return small.person(Role.CLERK)


@pytest.fixture
def order(small: SmallHouse, ada: Actor) -> str:
    """Two mugs for €39.80 and a lamp for €189.00, delivered five days ago."""
    return bought(small, ada)


def bought(small: SmallHouse, owner: Actor, *, status: str = "delivered", days: int = 5) -> str:
    number = small.order(owner, ("HM-PINE", 2), ("QL-FOG", 1), status=status, days=days)
    with small.database.begin(HOUSE) as session:
        for line in session.query(Order).filter_by(number=number).one().lines:
            line.product = {"HM-PINE": "harbour-mug", "QL-FOG": "quiet-lamp"}[line.sku]
    return number


@pytest.fixture(autouse=True)
def options(small: SmallHouse) -> None:
    """The mug in three more options: as dear, dearer and cheaper."""
    with small.database.begin(HOUSE) as session:
        mug = session.query(Product).filter_by(handle="harbour-mug").one()
        for position, (option, price) in enumerate((("Fog", 1990), ("Rust", 2490), ("Sand", 1490)), start=1):
            other = Variant(id=new_id(NOON), sku=f"HM-{option.upper()}", option=option, colour=option)
            other.position, other.price_minor, other.stock = position, price, 3
            mug.variants.append(other)


def refused(outcome: Outcome, policy: str) -> None:
    assert isinstance(outcome, Refused), outcome
    assert outcome.policy == policy


def opened(small: SmallHouse, outcome: Outcome) -> str:
    assert isinstance(outcome, Done) and outcome.result is not None, outcome
    return str(outcome.result["case"])


# Returns


def test_a_return_pays_when_the_parcel_has_arrived_and_once(
    small: SmallHouse, ada: Actor, cleo: Actor, order: str
) -> None:
    asked = small.done(ada, ReturnItems(order, "too small", (1,)))
    assert "€39.80 goes back to Visa ···· 4242 when the parcel has arrived" in asked.says
    case, before = opened(small, asked), small.stock("HM-PINE")
    assert small.refunds_made() == [] and small.one(Case).state == "announced"
    received = small.done(cleo, ReceiveReturn(case))
    assert "€39.80 went back" in received.says
    assert small.refunds_made() == [3980] and small.stock("HM-PINE") == before + 2
    refund, row = small.one(Refund), small.one(Case)
    assert (row.state, row.settle_grant_id) == ("refunded", refund.grant_id)
    assert (refund.state, refund.account_id, refund.lines) == ("settled", ada.account_id, "[[1,3980]]")
    refused(small.submit(cleo, ReceiveReturn(case)), "case.no-more-than-was-paid")
    refused(small.submit(ada, ReturnItems(order, "again", (1,))), "return.not-twice")
    assert small.refunds_made() == [3980]


def test_a_clerks_hand_stands_in_the_customers_record(small: SmallHouse, ada: Actor, cleo: Actor, order: str) -> None:
    case = opened(small, small.done(ada, ReturnItems(order, "too small", (1,))))
    done = small.done(cleo, ReceiveReturn(case))
    entries = [e for e in small.all(AuditEntry) if e.command_id == done.command_id]
    assert {e.account_id for e in entries if e.kind != "command.proposed"} == {ada.account_id}
    assert [e.kind for e in entries][-2:] == ["command.executed", "command.verified"]


def test_everything_sent_back_takes_the_shipping_along(small: SmallHouse, ada: Actor, cleo: Actor, order: str) -> None:
    card = small.submit(ada, ReturnItems(order, "moving abroad"))
    assert isinstance(card, AwaitingApproval) and card.needs == {Need.SECOND_FACTOR}  # it is more than €100
    done = small.desk.approve(small.with_code(ada), card.approval_id)
    small.done(cleo, ReceiveReturn(opened(small, done)))
    assert small.refunds_made() == [3980 + 18900 + 490]


def test_money_now_and_a_return_never_both(small: SmallHouse, ada: Actor, order: str) -> None:
    small.done(ada, ReturnItems(order, "too small", (1,)))
    refused(small.submit(ada, RefundOrder(order, "broken", (1,))), "refund.not-while-a-case-is-open")
    refused(small.submit(ada, RefundOrder(order, "broken")), "refund.not-while-a-case-is-open")
    refused(small.submit(ada, ExchangeItem(order, 1, "HM-FOG", "x")), "return.not-twice")
    refused(small.submit(ada, ClaimWarranty(order, 1, "x")), "return.not-twice")
    refused(small.submit(ada, ReportParcel(order, "damaged", "x", (1,))), "return.not-twice")
    refused(small.submit(ada, ReturnItems(order, "x", (1, 2))), "return.not-twice")
    card = small.submit(ada, RefundOrder(order, "broken", (2,)))
    done = small.desk.approve(small.with_code(ada), card.approval_id)  # type: ignore[union-attr]
    assert isinstance(done, Done) and small.refunds_made() == [18900]


def test_a_return_has_its_time_and_its_order(small: SmallHouse, ada: Actor) -> None:
    refused(small.submit(ada, ReturnItems(bought(small, ada, days=31), "x", (1,))), "return.within-30-days")
    opened(small, small.done(ada, ReturnItems(bought(small, ada, days=30), "x", (1,))))
    refused(small.submit(ada, ReturnItems(bought(small, ada, status="shipped"), "x", (1,))), "return.only-delivered")
    foreign = bought(small, small.person())
    for number, lines in ((foreign, (1,)), ("HP-0000-0000", ()), (bought(small, ada), (9,))):
        refused(small.submit(ada, ReturnItems(number, "x", lines)), "not-found")


def test_through_the_chat_a_return_is_a_card_made_from_the_record(small: SmallHouse, ada: Actor, order: str) -> None:
    approval_id = small.park(ada, ReturnItems(order, "too small", (1,)))
    assert small.all(Case) == []
    done = small.desk.approve(ada, approval_id)
    assert opened(small, done) == small.one(Case).number


def test_a_withdrawn_return_frees_its_lines(small: SmallHouse, ada: Actor, cleo: Actor, order: str) -> None:
    case = opened(small, small.done(ada, ReturnItems(order, "x", (1,))))
    refused(small.submit(small.person(), WithdrawCase(case)), "not-found")
    small.done(ada, WithdrawCase(case))
    refused(small.submit(ada, WithdrawCase(case)), "case.withdraw-in-time")
    assert isinstance(small.submit(cleo, ReceiveReturn(case)), Refused) and small.refunds_made() == []
    opened(small, small.done(ada, ReturnItems(order, "x", (1,))))


def test_a_bank_that_says_no_leaves_the_return_as_it_was(
    small: SmallHouse, ada: Actor, cleo: Actor, order: str
) -> None:
    case = opened(small, small.done(ada, ReturnItems(order, "x", (1,))))
    good = small.one(Order, number=order).charge_reference
    small.change(Order, {"charge_reference": "ch_unknown"}, number=order)
    before = small.stock("HM-PINE")
    refused(small.submit(cleo, ReceiveReturn(case)), "gateway.declined")
    assert (small.one(Case).state, small.one(Refund).state, small.stock("HM-PINE")) == ("announced", "released", before)
    small.change(Order, {"charge_reference": good}, number=order)
    small.done(cleo, ReceiveReturn(case))
    assert small.refunds_made() == [3980]


def test_money_goes_back_to_the_charges_it_came_from(small: SmallHouse, ada: Actor, cleo: Actor, order: str) -> None:
    """A dearer option that was charged by itself before the order left."""
    extra = small.gateway.charge("extra", "tok_seed", Money(500))
    assert isinstance(extra, Settled)
    with small.database.begin(HOUSE) as session:
        row = session.query(Order).filter_by(number=order).one()
        row.lines[0].unit_minor, row.goods_minor = 2240, row.goods_minor + 500
        add_charge(session, row, extra.reference, amount=Money(500), now=NOON)
    small.done(cleo, ReceiveReturn(opened(small, small.done(ada, ReturnItems(order, "x", (1,))))))
    assert small.refunds_made() == [500, 3980] and small.one(ExtraCharge).left_minor == 0


# Two pairs of eyes


def test_more_than_five_hundred_euros_takes_two_clerks(small: SmallHouse, ada: Actor, cleo: Actor) -> None:
    tent = small.order(ada, ("RT-MOSS", 1))
    card = small.submit(ada, ReturnItems(tent, "too heavy"))
    done = small.desk.approve(small.with_code(ada), card.approval_id)  # type: ignore[union-attr]
    case, dov = opened(small, done), small.person(Role.CLERK)
    refused(small.submit(cleo, ReceiveReturn(case)), "case.over-500-needs-two-clerks")
    small.done(cleo, ReviewCase(case))
    refused(small.submit(cleo, ReceiveReturn(case)), "case.over-500-needs-two-clerks")
    assert small.refunds_made() == []
    small.done(dov, ReceiveReturn(case))
    assert small.refunds_made() == [64900 + 490]


def test_many_small_returns_do_not_go_around_the_second_clerk(small: SmallHouse, ada: Actor, cleo: Actor) -> None:
    for _ in range(5):
        card = small.submit(ada, RefundOrder(bought(small, ada), "x", (2,)))
        small.desk.approve(small.with_code(ada), card.approval_id)  # type: ignore[union-attr]
    assert sum(small.refunds_made()) == 94500
    case = opened(small, small.done(ada, ReturnItems(bought(small, ada), "x", (1,))))
    small.done(cleo, ReceiveReturn(case))
    more = opened(small, small.done(ada, ReturnItems(bought(small, ada), "x", (1,))))
    refused(small.submit(cleo, ReceiveReturn(more)), "case.over-500-needs-two-clerks")


# Exchanges


def test_an_option_at_the_same_price_is_kept_then_sent(small: SmallHouse, ada: Actor, cleo: Actor, order: str) -> None:
    case = opened(small, small.done(ada, ExchangeItem(order, 1, "hm-fog", "the other colour")))
    assert small.stock("HM-FOG") == 1 and small.charges_made() == []
    refused(small.submit(cleo, SendExchange(case, "PK1")), "default-deny")
    small.done(cleo, ReceiveReturn(case))
    assert (small.one(Case).state, small.stock("HM-PINE"), small.refunds_made()) == ("received", 14, [])
    small.done(cleo, SendExchange(case, "PK1"))
    assert (small.one(Case).state, small.one(Case).tracking, small.stock("HM-FOG")) == ("sent", "PK1", 1)
    refused(small.submit(ada, ExchangeItem(order, 1, "HM-SAND", "again")), "return.not-twice")
    refused(small.submit(ada, RefundOrder(order, "x", (1,))), "refund.not-while-a-case-is-open")


def test_a_dearer_option_is_paid_when_it_is_signed(small: SmallHouse, ada: Actor, cleo: Actor, order: str) -> None:
    done = small.done(ada, ExchangeItem(order, 1, "HM-RUST", "nicer"))
    assert "€10.00 more was paid with Visa ···· 4242" in done.says and small.charges_made() == [1000]
    small.done(cleo, ReceiveReturn(opened(small, done)))
    assert small.refunds_made() == [] and small.one(Case).state == "received"


def test_a_cheaper_option_pays_back_when_the_parcel_arrives(
    small: SmallHouse, ada: Actor, cleo: Actor, order: str
) -> None:
    done = small.done(ada, ExchangeItem(order, 1, "HM-SAND", "cheaper"))
    assert "€10.00 goes back" in done.says and small.refunds_made() == []
    small.done(cleo, ReceiveReturn(opened(small, done)))
    assert small.refunds_made() == [1000] and small.one(Refund).lines == "[[1,1000]]"


def test_a_declined_charge_leaves_nothing_behind(small: SmallHouse, ada: Actor, order: str) -> None:
    small.change(PaymentMethod, {"token": DemoGateway.DECLINED}, account_id=ada.account_id)
    refused(small.submit(ada, ExchangeItem(order, 1, "HM-RUST", "nicer")), "gateway.declined")
    assert (small.one(Case).state, small.stock("HM-RUST"), small.charges_made()) == ("failed", 3, [])
    assert cases(small, ada) == []
    small.change(PaymentMethod, {"token": "tok_fine"}, account_id=ada.account_id)
    small.done(ada, ExchangeItem(order, 1, "HM-RUST", "nicer"))
    assert small.charges_made() == [1000] and small.stock("HM-RUST") == 1


def test_only_another_option_of_the_same_product_that_is_there(small: SmallHouse, ada: Actor, order: str) -> None:
    for sku in ("RT-MOSS", "HM-PINE", "NO-SUCH"):
        refused(small.submit(ada, ExchangeItem(order, 1, sku, "x")), "exchange.same-product")
    small.change(Variant, {"stock": 1}, sku="HM-FOG")
    refused(small.submit(ada, ExchangeItem(order, 1, "HM-FOG", "x")), "exchange.only-what-is-there")
    small.change(PaymentMethod, {"expires": "01/20"}, account_id=ada.account_id)
    refused(small.submit(ada, ExchangeItem(order, 1, "HM-RUST", "x")), "exchange.dearer-needs-your-card")
    assert small.charges_made() == [] and small.all(Case) == []


def test_an_exchange_that_is_refused_gives_the_difference_and_the_piece_back(
    small: SmallHouse, ada: Actor, cleo: Actor, order: str
) -> None:
    case = opened(small, small.done(ada, ExchangeItem(order, 1, "HM-RUST", "nicer")))
    small.done(cleo, DecideCase(case, "refuse", "It came back broken."))
    assert small.refunds_made() == [1000] and small.stock("HM-RUST") == 3 and small.all(Refund) == []
    assert small.one(Case).state == "refused"


# Claims


def test_within_the_warranty_and_no_longer(small: SmallHouse, ada: Actor) -> None:
    opened(small, small.done(ada, ClaimWarranty(bought(small, ada, days=730), 1, "the handle came off")))
    refused(small.submit(ada, ClaimWarranty(bought(small, ada, days=731), 1, "x")), "warranty.two-years-or-five")
    tent = small.order(ada, ("RT-MOSS", 1), days=1800)
    small.change(OrderLine, {"kind": "tent"}, sku="RT-MOSS")
    opened(small, small.done(ada, ClaimWarranty(tent, 1, "the zip")))
    assert {case.kind for case in small.all(Case)} == {"warranty"}


def test_a_parcel_is_missing_when_it_is_late_or_noted_as_delivered(small: SmallHouse, ada: Actor) -> None:
    young, late = (bought(small, ada, status="shipped", days=days) for days in (7, 9))
    refused(small.submit(ada, ReportParcel(young, "missing", "nothing came")), "parcel.missing-when-overdue")
    opened(small, small.done(ada, ReportParcel(late, "missing", "nothing came")))
    opened(small, small.done(ada, ReportParcel(bought(small, ada), "missing", "not at the door")))
    for order in (bought(small, ada, days=31), bought(small, ada, status="paid")):
        refused(small.submit(ada, ReportParcel(order, "missing", "x")), "parcel.missing-when-overdue")
        refused(small.submit(ada, ReportParcel(order, "damaged", "x")), "parcel.damaged-within-30-days")
    refused(small.submit(ada, ReportParcel(young, "damaged", "x")), "parcel.damaged-within-30-days")


def test_working_days_leave_out_the_week_end() -> None:
    friday = NOON.date()
    assert [working_days(friday, friday.replace(day=day)) for day in (19, 20, 21, 22, 23, 27, 30)] == [
        0,
        0,
        0,
        0,
        1,
        5,
        6,
    ]


def test_a_clerk_gives_money_back_for_a_claim_with_a_word(
    small: SmallHouse, ada: Actor, cleo: Actor, order: str
) -> None:
    case = opened(small, small.done(ada, ClaimWarranty(order, 1, "cracked")))
    assert "€39.80 went back" in small.done(cleo, DecideCase(case, "refund", "We are sorry.")).says
    assert small.refunds_made() == [3980]
    (view,) = cases(small, ada)
    assert (view.status, view.note, view.reason, str(view.amount)) == ("refunded", "We are sorry.", "cracked", "€39.80")
    assert isinstance(small.submit(cleo, DecideCase(case, "refund", "Again.")), Refused)
    row = small.one(Case)
    assert b"sorry" not in bytes(row.note) and b"cracked" not in bytes(row.reason)


def test_the_same_again_is_taken_from_the_shelf_once(small: SmallHouse, ada: Actor, cleo: Actor, order: str) -> None:
    case = opened(small, small.done(ada, ReportParcel(order, "damaged", "both mugs", (1,))))
    small.change(Variant, {"stock": 1}, sku="HM-PINE")
    refused(small.submit(cleo, DecideCase(case, "replace", "x")), "case.replace-what-is-there")
    small.change(Variant, {"stock": 5}, sku="HM-PINE")
    small.done(cleo, DecideCase(case, "replace", "Two new ones are on their way."))
    assert (small.one(Case).state, small.stock("HM-PINE"), small.refunds_made()) == ("replacement_sent", 3, [])
    # What was sent again can be sent back; money for keeping both it is not.
    refused(small.submit(ada, RefundOrder(order, "x", (1,))), "refund.not-while-a-case-is-open")
    again = opened(small, small.done(ada, ReturnItems(order, "x", (1,))))
    small.done(cleo, ReceiveReturn(again))
    assert small.refunds_made() == [3980]


def test_a_refused_claim_frees_its_lines(small: SmallHouse, ada: Actor, cleo: Actor, order: str) -> None:
    case = opened(small, small.done(ada, ClaimWarranty(order, 1, "the dog ate it")))
    small.done(cleo, DecideCase(case, "refuse", "Dogs are not covered."))
    assert small.one(Case).state == "refused" and small.refunds_made() == []
    opened(small, small.done(ada, ReturnItems(order, "then so", (1,))))


# Looking


def cases(small: SmallHouse, owner: Actor, order: str = "") -> list[object]:
    outcome = small.done(owner, RefundStatus(order))
    return list(outcome.view.cases)  # type: ignore[union-attr]


def test_the_status_tells_cases_and_refunds_each_once(small: SmallHouse, ada: Actor, cleo: Actor, order: str) -> None:
    other = bought(small, ada)
    small.done(ada, RefundOrder(other, "broken", (1,)))
    small.clock.move(hours=1)
    small.done(cleo, ReceiveReturn(opened(small, small.done(ada, ReturnItems(order, "x", (1,))))))
    shown = [(v.kind, v.order, v.status, str(v.amount)) for v in cases(small, ada)]  # type: ignore[attr-defined]
    assert shown == [("return", order, "refunded", "€39.80"), ("refund", other, "refunded", "€39.80")]
    assert [v.order for v in cases(small, ada, other)] == [other]  # type: ignore[attr-defined]
    stranger = small.person()
    assert cases(small, stranger) == []
    refused(small.submit(stranger, RefundStatus(order)), "not-found")


def test_what_no_clerk_has_decided_promises_no_amount(small: SmallHouse, ada: Actor, order: str) -> None:
    opened(small, small.done(ada, ClaimWarranty(order, 1, "cracked")))
    (view,) = cases(small, ada)
    assert (view.amount, view.status_word) == (None, "waiting for a clerk")  # type: ignore[attr-defined]


def test_a_cases_number_opens_it_for_its_owner_and_for_clerks_at_work(
    small: SmallHouse, ada: Actor, cleo: Actor, order: str
) -> None:
    case = opened(small, small.done(ada, ReturnItems(order, "x", (1,))))
    assert small.done(ada, ShowCase(case.lower())).view is not None
    refused(small.submit(small.person(), ShowCase(case)), "not-found")
    looked = small.done(cleo, ReadCustomerCase(case))
    read = [e for e in small.all(AuditEntry) if e.command_id == looked.command_id]
    assert [(e.kind, e.account_id) for e in read] == [("record.read", ada.account_id)]
    refused(small.submit(ada, ReadCustomerCase(case)), "chat.no-staff-work")


def test_every_state_has_a_way_out_or_is_an_end() -> None:
    for kind, ways in MOVES.items():
        reached = {after for follow in ways.values() for after in follow}
        assert set(OPEN_STATES) & reached <= set(ways), f"a {kind} would hold its lines for good"


def test_a_state_that_does_not_follow_is_refused() -> None:
    case = Case(kind="return", state="refunded")
    with pytest.raises(RuntimeError, match="cannot become"):
        case.move("announced")


def test_what_is_not_sent_yet_is_cancelled_and_not_returned(small: SmallHouse, ada: Actor) -> None:
    order = bought(small, ada, status="paid")
    refused(small.submit(ada, ReturnItems(order, "x", (1,))), "return.only-delivered")
    assert isinstance(small.submit(ada, CancelOrder(order)), Done)

"""The life of a command with the shop's own rooms: asked in the chat, signed on a page, judged again, done once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from auth.accounts import Account, freeze_account
from auth.actor import Act, Actor, Channel, Role
from auth.audit import AuditEntry
from auth.database import Scope
from auth.guard.approvals import Approval
from auth.guard.commands import Command
from auth.guard.decisions import AwaitingApproval, Done, Need, Outcome, Pending, Refused
from auth.guard.execution import HandlerLeft
from auth.guard.grants import Grant, GrantRow
from auth.guard.rooms import Card, Declined
from shop.addresses import Address
from shop.basket import BasketLine
from shop.catalogue import Variant
from shop.commands import (
    AddToBasket,
    CancelOrder,
    ChangeOrderAddress,
    PlaceOrder,
    RefundOrder,
    RemoveAddress,
    SaveAddress,
    ShipOrder,
    ShowOrder,
)
from shop.money import Money
from shop.orders import Order, OrderLine, find_order
from shop.payments import DemoGateway, PaymentMethod
from shop.refunds import Refund
from tests.small_house import SmallHouse, replacing

BuildSmall = Callable[..., SmallHouse]
VILLA = SaveAddress("Villa", "W. Zephyrwick", "1 Dune Row", "H91 AB12", "Galway", "IE")


def card_of(small: SmallHouse, actor: Actor, approval_id: UUID) -> Card:
    with small.database.read(Scope.own(actor.account_id)) as session:
        return small.desk.card(session, session.get_one(Approval, approval_id))


def refused(outcome: Outcome, kind: str, policy: str | None = None) -> Refused:
    assert isinstance(outcome, Refused), outcome
    assert outcome.kind == kind, outcome
    assert policy is None or outcome.policy == policy, outcome
    return outcome


# From the chat to the page


def test_a_refund_asked_for_in_the_chat_waits_and_is_done_when_signed(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada)
    parked = small.submit(small.through_chat(ada), RefundOrder(number, "the mug broke", lines=(1,)))
    assert isinstance(parked, AwaitingApproval) and parked.needs == {Need.CONFIRMATION}
    assert (small.all(Refund), small.refunds_made()) == ([], [])
    done = small.desk.approve(ada, parked.approval_id)
    assert isinstance(done, Done) and done.command_id == parked.command_id
    assert done.says == f"Refunded €24.80 to Visa ···· 4242 for order {number}."
    assert small.refunds_made() == [2480]


def test_every_step_is_in_the_log_and_linked(small: SmallHouse) -> None:
    ada = small.person()
    card = small.park(ada, RefundOrder(small.order(ada), "broken"))
    done = small.desk.approve(ada, card)
    assert isinstance(done, Done)
    assert small.kinds(done.command_id) == [
        "command.proposed",
        "command.decided",
        "command.awaiting",
        "command.confirmed",
        "command.decided",
        "command.claimed",
        "command.executed",
        "command.verified",
    ]
    entries = small.all(AuditEntry, command_id=done.command_id)
    assert {entry.account_id for entry in entries} == {ada.account_id}
    assert "Zephyrwick" not in "".join(entry.body for entry in entries)
    assert "broken" not in "".join(entry.body for entry in entries)


def test_the_card_says_what_the_record_says(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), ("QL-FOG", 1))
    card = card_of(small, ada, small.park(ada, RefundOrder(number, "click <b>here</b>", lines=(1,))))
    assert card.sentence == f"Refund €39.80 for order {number} to Visa ···· 4242"
    assert card.lines == (
        ("Order", number),
        ("Items", "2 × Harbour Mug, Pine"),
        ("Amount", "€39.80"),
        ("To", "Visa ···· 4242"),
        ("Reason", "click <b>here</b>"),
    )


def test_each_write_has_a_card_that_names_what_will_happen(small: SmallHouse) -> None:
    ada = small.person()
    paid = small.order(ada, status="paid")
    small.done(ada, AddToBasket("HM-PINE"))
    for command, sentence in (
        (PlaceOrder("address:home", "card:visa-4242"), "Order 1 item for €24.80, paid with Visa ···· 4242"),
        (CancelOrder(paid), f"Cancel order {paid} and get €24.80 back to Visa ···· 4242"),
        (ChangeOrderAddress(paid, "address:office"), f"Send order {paid} to “Office”"),
        (VILLA, "Save the address “Villa”"),
        (RemoveAddress("address:office"), "Remove the address “Office”"),
    ):
        approval_id = small.park(ada, command)
        assert card_of(small, ada, approval_id).sentence == sentence
        refused(small.desk.decline(ada, approval_id), "declined")


def test_the_basket_needs_no_card_in_the_chat(small: SmallHouse) -> None:
    ada = small.person()
    assert isinstance(small.submit(small.through_chat(ada), AddToBasket("HM-PINE")), Done)


def test_the_same_request_in_the_chat_finds_its_card_again(small: SmallHouse) -> None:
    ada = small.person()
    command = RefundOrder(small.order(ada), "broken")
    assert small.park(ada, command) == small.park(ada, command)
    assert len(small.all(Approval)) == 1


def test_the_same_asked_otherwise_in_the_chat_takes_the_place_of_its_card(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, status="paid")
    first = small.park(ada, ChangeOrderAddress(number, "address:office"))
    second = small.park(ada, ChangeOrderAddress(number, "address:home"))
    by_state = {card.id: card.state for card in small.all(Approval)}
    assert by_state == {first: "superseded", second: "open"}
    old = small.desk.approve(ada, first)
    assert isinstance(old, AwaitingApproval) and old.approval_id == second
    assert [entry.command_id for entry in small.all(AuditEntry, kind="command.superseded")] != []


def test_a_model_that_stands_in_takes_up_the_card_of_the_one_before(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, status="paid")
    usual, standing_in = (
        ada.through(Channel.CHAT, act=Act("assistant", "test", model)) for model in ("openai:gpt-5", "embedded")
    )
    first = small.submit(usual, ChangeOrderAddress(number, "address:office"))
    same = small.submit(standing_in, ChangeOrderAddress(number, "address:office"))
    assert isinstance(first, AwaitingApproval) and isinstance(same, AwaitingApproval)
    assert same.approval_id == first.approval_id
    small.submit(standing_in, ChangeOrderAddress(number, "address:home"))
    assert sorted(card.state for card in small.all(Approval)) == ["open", "superseded"]


def test_a_card_for_another_order_or_another_line_stays(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2), ("QL-FOG", 1))
    small.park(ada, RefundOrder(number, "broken", lines=(1,)))
    small.park(ada, RefundOrder(number, "broken", lines=(2,)))
    small.park(ada, RefundOrder(small.order(ada), "broken"))
    assert [card.state for card in small.all(Approval)] == ["open"] * 3


def test_no_more_than_three_cards_wait(small: SmallHouse) -> None:
    ada = small.person()
    for _ in range(3):
        small.park(ada, RefundOrder(small.order(ada), "broken"))
    refused(small.submit(small.through_chat(ada), VILLA), "limit", "desk.open-cards")


# Who may sign, where, and how long


def test_a_card_is_signed_by_its_owner_on_a_page_and_nowhere_else(small: SmallHouse) -> None:
    ada, ben, clerk = small.person(), small.person(), small.person(Role.CLERK)
    card = small.park(ada, RefundOrder(small.order(ada), "broken"))
    refused(small.desk.approve(small.through_chat(ada), card), "policy", "approval.page-only")
    refused(small.desk.approve(small.through_chat(ada).through(Channel.API), card), "policy", "approval.page-only")
    theirs, nobodys = small.desk.approve(ben, card), small.desk.approve(ben, uuid4())
    assert isinstance(theirs, Refused) and isinstance(nobodys, Refused)
    assert (theirs.kind, theirs.says) == (nobodys.kind, nobodys.says) == ("not_found", theirs.says)
    refused(small.desk.approve(clerk, card), "not_found")
    refused(small.desk.decline(ben, card), "not_found")
    assert small.refunds_made() == []
    assert isinstance(small.desk.approve(ada, card), Done)


def test_a_card_expires(small: SmallHouse) -> None:
    ada = small.person()
    card = small.park(ada, RefundOrder(small.order(ada), "broken"))
    small.clock.move(minutes=15)
    refused(small.desk.approve(ada, card), "expired")
    assert small.refunds_made() == []


def test_a_declined_card_stays_declined(small: SmallHouse) -> None:
    ada = small.person()
    card = small.park(ada, RefundOrder(small.order(ada), "broken"))
    refused(small.desk.decline(ada, card), "declined")
    refused(small.desk.approve(ada, card), "declined")
    assert small.refunds_made() == []


def test_an_account_frozen_meanwhile_signs_nothing(small: SmallHouse) -> None:
    ada = small.person()
    card = small.park(ada, RefundOrder(small.order(ada), "broken"))
    with small.database.begin(Scope.house("a test freezes")) as session:
        freeze_account(session, ada.account_id)
    refused(small.desk.approve(ada, card), "policy", "account.frozen-looks-only")
    assert small.refunds_made() == []
    assert small.one(Account).status == "frozen"


# Codes and clerks


def test_over_a_hundred_a_fresh_code_is_needed(small: SmallHouse) -> None:
    ada = small.person()
    card = small.park(ada, RefundOrder(small.order(ada, ("QL-FOG", 1)), "flickers"))
    waiting = small.desk.approve(ada, card)
    assert isinstance(waiting, AwaitingApproval) and waiting.needs == {Need.SECOND_FACTOR}
    with_code = small.with_code(ada)
    small.clock.move(minutes=5)
    assert isinstance(small.desk.approve(with_code, card), AwaitingApproval), "the code is five minutes old"
    assert small.refunds_made() == []
    assert isinstance(small.desk.approve(small.with_code(ada), card), Done)
    assert small.refunds_made() == [19390]


def test_text_by_others_in_the_chat_makes_every_write_need_a_code(small: SmallHouse) -> None:
    ada = small.person()
    tainted = small.through_chat(ada, tainted=True)
    parked = small.submit(tainted, RefundOrder(small.order(ada), "broken"))
    assert isinstance(parked, AwaitingApproval) and parked.needs == {Need.CONFIRMATION, Need.SECOND_FACTOR}
    assert isinstance(small.desk.approve(ada, parked.approval_id), AwaitingApproval)
    assert isinstance(small.desk.approve(small.with_code(ada), parked.approval_id), Done)


def test_over_five_hundred_a_clerk_agrees_after_the_customer(small: SmallHouse) -> None:
    ada, clerk = small.person(), small.person(Role.CLERK)
    card = small.park(ada, RefundOrder(small.order(ada, ("RT-MOSS", 1)), "the poles snapped"))
    refused(small.desk.review(clerk, card, agree=True), "policy")
    waiting = small.desk.approve(small.with_code(ada), card)
    assert isinstance(waiting, AwaitingApproval) and waiting.needs == {Need.REVIEW}
    small.clock.move(hours=3)
    clerk = small.with_code(clerk)
    refused(small.desk.review(ada, card, agree=True), "policy")
    done = small.desk.review(clerk, card, agree=True, note="photo seen")
    assert isinstance(done, Done)
    assert small.refunds_made() == [65390]
    assert small.desk.approve(ada, card) == done
    assert "command.reviewed" in small.kinds(done.command_id)


def test_a_clerk_who_does_not_agree_ends_it(small: SmallHouse) -> None:
    ada, clerk = small.person(), small.person(Role.CLERK)
    card = small.park(ada, RefundOrder(small.order(ada, ("RT-MOSS", 1)), "the poles snapped"))
    small.desk.approve(small.with_code(ada), card)
    refused(small.desk.review(clerk, card, agree=False, note="no photo"), "reviewer")
    refused(small.desk.approve(small.with_code(ada), card), "reviewer")
    assert small.refunds_made() == []


def test_no_clerk_reviews_their_own(small: SmallHouse) -> None:
    clerk = small.person(Role.CLERK)
    at_page = clerk.through(Channel.PAGE)
    card = small.park(at_page, RefundOrder(small.order(clerk, ("RT-MOSS", 1)), "the poles snapped"))
    assert isinstance(small.desk.approve(at_page, card), AwaitingApproval)
    refused(small.desk.review(clerk, card, agree=True), "policy", "clerk.never-their-own")
    own = small.order(clerk, status="paid")
    refused(small.submit(clerk, ShipOrder(own, "T-1")), "policy", "clerk.never-their-own-order")
    assert small.refunds_made() == []


# Judged again, and new cards when the world has changed


def test_two_cards_of_fifty_on_an_order_of_fifty_nine_eighty(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 3))
    small.change(Order, {"goods_minor": 5490}, number=number)
    small.change(OrderLine, {"unit_minor": 1830})
    assert small.one(Order).total == Money(5980)
    first = small.park(ada, RefundOrder(number, "broken", amount=Money(5000)))
    second = small.park(ada, RefundOrder(number, "broken too", lines=(1,), amount=Money(5000)))
    assert isinstance(small.desk.approve(ada, first), Done)
    refused(small.desk.approve(ada, second), "policy", "refund.no-more-than-was-paid")
    assert small.refunds_made() == [5000]


def test_a_changed_price_makes_a_new_card(small: SmallHouse) -> None:
    ada = small.person()
    small.done(ada, AddToBasket("HM-PINE", 1))
    card = small.park(ada, PlaceOrder("address:home", "card:visa-4242"))
    small.change(Variant, {"price_minor": 2900}, sku="HM-PINE")
    fresh = small.desk.approve(ada, card)
    assert isinstance(fresh, AwaitingApproval) and fresh.replaced and fresh.approval_id != card
    assert (small.all(Order), small.charges_made(), small.stock("HM-PINE")) == ([], [], 12)
    assert "€33.90" in card_of(small, ada, fresh.approval_id).sentence
    assert isinstance(small.desk.approve(ada, card), AwaitingApproval), "the old card leads to the new one"
    assert isinstance(small.desk.approve(ada, fresh.approval_id), Done)
    assert small.charges_made() == [3390]


@pytest.mark.parametrize("change", ["basket", "address"])
def test_whatever_the_person_relied_on_makes_a_new_card(small: SmallHouse, change: str) -> None:
    ada = small.person()
    small.done(ada, AddToBasket("HM-PINE", 1))
    card = small.park(ada, PlaceOrder("address:home", "card:visa-4242"))
    if change == "basket":
        small.done(ada, AddToBasket("QL-FOG", 1))
    else:
        small.done(ada, SaveAddress("Home", "Somebody Else", "9 Elsewhere", "X", "Cork", "IE"))
    fresh = small.desk.approve(ada, card)
    assert isinstance(fresh, AwaitingApproval) and fresh.replaced
    assert small.charges_made() == []


def test_an_order_sent_meanwhile_is_not_cancelled(small: SmallHouse) -> None:
    ada, clerk = small.person(), small.person(Role.CLERK)
    number = small.order(ada, status="paid")
    card = small.park(ada, CancelOrder(number))
    small.done(clerk, ShipOrder(number, "T-1"))
    refused(small.desk.approve(ada, card), "policy", "cancel.only-before-it-leaves")
    assert (small.one(Order).status, small.refunds_made()) == ("shipped", [])


def test_a_card_about_something_gone_says_so(small: SmallHouse) -> None:
    ada = small.person()
    card = small.park(ada, RemoveAddress("address:office"))
    small.done(ada, RemoveAddress("address:office"))
    refused(small.desk.approve(ada, card), "not_found")
    assert "no longer there" in card_of(small, ada, card).sentence


# Once is once


def test_a_double_click_with_one_request_id_is_one_order(small: SmallHouse) -> None:
    ada = small.person()
    small.done(ada, AddToBasket("HM-PINE", 1))
    command = PlaceOrder("address:home", "card:visa-4242")
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda _: small.submit(ada, command, "click"), range(12)))
    assert {type(o) for o in outcomes} <= {Done, Pending}
    assert len(small.all(Order)) == 1 and small.charges_made() == [2480]
    assert isinstance(small.submit(ada, command, "click"), Done)


def test_a_request_id_is_for_one_command_of_one_account(small: SmallHouse) -> None:
    ada, ben = small.person(), small.person()
    assert isinstance(small.submit(ada, AddToBasket("HM-PINE", 1), "same"), Done)
    refused(small.submit(ada, AddToBasket("HM-PINE", 2), "same"), "invalid")
    assert isinstance(small.submit(ben, AddToBasket("HM-PINE", 2), "same"), Done)


def test_the_last_piece_is_sold_once(small: SmallHouse) -> None:
    people = [small.person() for _ in range(6)]
    for person in people:
        small.done(person, AddToBasket("RT-MOSS", 1))
    command = PlaceOrder("address:home", "card:visa-4242")
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda p: small.submit(p, command), people))
    assert sum(isinstance(o, Done) for o in outcomes) == 2
    assert (small.stock("RT-MOSS"), small.charges_made()) == (0, [65390 - 490] * 2)


# Handlers that misbehave


def test_a_handler_that_raises_changes_nothing_and_leaves_its_event(build_small: BuildSmall) -> None:
    def half_done(session: Session, grant: Grant[Any]) -> Any:
        for address in session.query(Address):
            session.delete(address)
        session.flush()
        raise ZeroDivisionError("in the middle")

    small = build_small(change_rooms=replacing(RemoveAddress, handle=half_done))
    ada = small.person()
    outcome = refused(small.submit(ada, RemoveAddress("address:home")), "failed")
    assert len(small.all(Address)) == 2
    assert small.kinds(outcome.command_id) == ["command.proposed", "command.decided", "command.failed"]
    assert small.one(GrantRow).state == "void"


def test_a_handler_that_commits_is_stopped(build_small: BuildSmall) -> None:
    def commits(session: Session, grant: Grant[Any]) -> Any:
        for address in session.query(Address):
            session.delete(address)
        session.commit()
        return {}

    small = build_small(change_rooms=replacing(RemoveAddress, handle=commits))
    ada = small.person()
    outcome = refused(small.submit(ada, RemoveAddress("address:home")), "failed")
    assert len(small.all(Address)) == 2
    assert small.kinds(outcome.command_id)[-1] == "command.failed"


def test_done_is_not_said_when_nothing_happened(build_small: BuildSmall) -> None:
    small = build_small(change_rooms=replacing(RemoveAddress, handle=lambda session, grant: {"address": "x"}))
    ada = small.person()
    refused(small.submit(ada, RemoveAddress("address:home")), "failed")
    assert "command.executed" not in small.kinds()


def test_a_handler_that_rolls_back_is_stopped(build_small: BuildSmall) -> None:
    def leaves(session: Session, grant: Grant[Any]) -> Any:
        session.rollback()
        for address in session.query(Address):
            session.delete(address)
        return {}

    small = build_small(change_rooms=replacing(RemoveAddress, handle=leaves))
    ada = small.person()
    with pytest.raises(HandlerLeft):
        small.submit(ada, RemoveAddress("address:home"))
    assert len(small.all(Address)) == 2


@dataclass(frozen=True)
class Clumsy:
    """The calls of a room to the outside, of which one raises."""

    inner: Any
    raises_in: str

    def prepare(self, session: Session, grant: Grant[Any]) -> Any:
        request = self.inner.prepare(session, grant)
        session.flush()
        return request if self.raises_in != "prepare" else 1 // 0

    def call(self, key: str, request: Any) -> Any:
        return Declined("No.") if self.raises_in == "release" else self.inner.call(key, request)

    def release(self, session: Session, grant: Grant[Any]) -> None:
        self.inner.release(session, grant)
        session.flush()
        raise ZeroDivisionError


def clumsy(raises_in: str) -> Callable[[Any], Any]:
    def change(table: Any) -> Any:
        (room,) = (room for room in table if room.command is RefundOrder)
        return replacing(RefundOrder, outside=Clumsy(room.outside, raises_in))(table)

    return change


def test_a_preparation_that_raises_asks_nobody_outside(build_small: BuildSmall) -> None:
    small = build_small(change_rooms=clumsy("prepare"))
    ada = small.person()
    card = small.park(ada, RefundOrder(small.order(ada), "broken"))
    outcome = refused(small.desk.approve(ada, card), "failed")
    assert (small.all(Refund), small.refunds_made(), small.one(GrantRow).state) == ([], [], "void")
    assert small.kinds(outcome.command_id)[-1] == "command.failed"
    assert small.desk.approve(ada, card) == outcome


def test_a_release_that_raises_stays_claimed_and_blocks_no_other_claim(build_small: BuildSmall) -> None:
    small = build_small(change_rooms=clumsy("release"))
    ada = small.person()
    card = small.park(ada, RefundOrder(small.order(ada), "broken"))
    assert isinstance(small.desk.approve(ada, card), Pending)
    assert (small.one(Refund).state, small.one(GrantRow).state) == ("claimed", "claimed")
    small.clock.move(minutes=2)
    small.change(GrantRow, {"action": "Unheard"})
    other = small.person()
    small.change(PaymentMethod, {"token": DemoGateway.ANSWER_LOST_ONCE}, account_id=other.account_id)
    small.done(other, AddToBasket("HM-PINE"))
    assert isinstance(small.submit(other, PlaceOrder("address:home", "card:visa-4242")), Pending)
    small.clock.move(minutes=2)
    assert [type(o) for o in small.desk.recover()] == [Done]
    assert small.one(GrantRow, action="Unheard").state == "claimed"


# Refusals leave a trace


def test_a_refusal_is_written_once_a_minute_with_a_count(small: SmallHouse) -> None:
    ada = small.person()
    for _ in range(5):
        refused(small.submit(ada, ShowOrder("HP-0000-0000")), "not_found")
    assert small.kinds().count("command.refused") == 1
    small.clock.move(minutes=1)
    refused(small.submit(ada, ShowOrder("HP-0000-0000")), "not_found")
    (_, second) = [entry for entry in small.all(AuditEntry) if entry.kind == "command.refused"]
    assert '"unwritten_before":4' in second.body


def test_the_assistants_looks_are_written_down_and_a_persons_are_not(small: SmallHouse) -> None:
    ada = small.person()
    number = small.order(ada)
    small.done(ada, ShowOrder(number))
    assert "record.read" not in small.kinds()
    assert isinstance(small.submit(small.through_chat(ada), ShowOrder(number)), Done)
    assert small.kinds().count("record.read") == 1


def test_buttons_are_shown_for_what_could_be_done(small: SmallHouse) -> None:
    ada, ben = small.person(), small.person()
    paid, delivered = small.order(ada, status="paid"), small.order(ada, ("RT-MOSS", 1))

    def could(actor: Actor, command: Command) -> bool:
        with small.database.read(Scope.own(actor.account_id)) as session:
            return small.desk.could(session, actor, command)

    assert could(ada, CancelOrder(paid)) and not could(ada, CancelOrder(delivered))
    assert could(ada, RefundOrder(delivered, "x")) and not could(ada, RefundOrder(paid, "x"))
    assert not could(ben, CancelOrder(paid))
    assert small.all(BasketLine) == []


def test_a_page_that_looks_locks_nothing_and_waits_for_nobody(small: SmallHouse) -> None:
    ida = small.person()
    number = small.order(ida, ("HM-PINE", 1), status="paid")
    with small.database.begin(Scope.own(ida.account_id)) as changing:
        assert find_order(changing, ida.account_id, number, lock=True) is not None
        with small.database.read(Scope.own(ida.account_id)) as looking:
            if small.database.is_postgres:
                looking.execute(text("SET LOCAL lock_timeout = '2s'"))
            assert small.desk.could(looking, ida, CancelOrder(number))

"""Prints what the policies answer, for every command, asker, state of the record and click: the consequences to review.

``python -m tests.policy_matrix --write`` renews the snapshot; the diff is then part of the review of a policy change.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from auth.actor import Act, Actor, Channel, Origin, Risk, Role
from auth.guard.decisions import Allowed, Denied, Missing
from auth.guard.judge import Entity, Judge, Question, Stamps, principal_of
from shop.scopes import SHOP_SCOPES

ROOT = Path(__file__).resolve().parents[1]
SNAPSHOT = ROOT / "tests" / "snapshots" / "policy_matrix.txt"
OWNER, OTHER, CLERK = UUID(int=1), UUID(int=2), UUID(int=3)
ACT = Act("assistant", "matrix")
SCOPES = frozenset(SHOP_SCOPES)

ASKERS: dict[str, tuple[Actor, str]] = {
    "owner on a page": (Actor(OWNER, Role.CUSTOMER, Channel.PAGE), "active"),
    "other customer": (Actor(OTHER, Role.CUSTOMER, Channel.PAGE), "active"),
    "guest": (Actor(OWNER, Role.GUEST, Channel.PAGE), "active"),
    "anonymous": (Actor(None, Role.GUEST, Channel.PAGE), "active"),
    "clerk at work": (Actor(CLERK, Role.CLERK, Channel.STAFF), "active"),
    "clerk on a page": (Actor(CLERK, Role.CLERK, Channel.PAGE), "active"),
    "clerk, their own": (Actor(OWNER, Role.CLERK, Channel.STAFF), "active"),
    "assistant for owner": (Actor(OWNER, Role.CUSTOMER, Channel.CHAT, act=ACT), "active"),
    "assistant, tainted": (Actor(OWNER, Role.CUSTOMER, Channel.CHAT, act=ACT, tainted=True), "active"),
    "assistant, foreign value": (
        Actor(OWNER, Role.CUSTOMER, Channel.CHAT, act=ACT, origins=(("order", Origin.OTHERS),)),
        "active",
    ),
    "assistant, high risk": (Actor(OWNER, Role.CUSTOMER, Channel.CHAT, act=ACT, risk=Risk.HIGH), "active"),
    "assistant for other": (Actor(OTHER, Role.CUSTOMER, Channel.CHAT, act=ACT), "active"),
    "assistant, silenced": (Actor(OWNER, Role.CUSTOMER, Channel.CHAT, act=ACT, silenced=True), "active"),
    "assistant, switched off": (Actor(OWNER, Role.CUSTOMER, Channel.CHAT, act=ACT, switched_off=True), "active"),
    "program for owner": (Actor(OWNER, Role.CUSTOMER, Channel.API, act=Act("app", "matrix"), scopes=SCOPES), "active"),
    "program, no scopes": (Actor(OWNER, Role.CUSTOMER, Channel.API, act=Act("app", "matrix")), "active"),
    "program, leave over": (
        Actor(OWNER, Role.CUSTOMER, Channel.API, act=Act("app", "matrix"), scopes=SCOPES, delegation_over=True),
        "active",
    ),
    "owner, frozen": (Actor(OWNER, Role.CUSTOMER, Channel.PAGE), "frozen"),
}

CLICKED: dict[str, Stamps] = {
    "no": Stamps(),
    "confirmed": Stamps(confirmed=True),
    "confirmed + code": Stamps(confirmed=True, second_factor_age_s=30),
    "confirmed + old code": Stamps(confirmed=True, second_factor_age_s=301),
    "confirmed + code + review": Stamps(confirmed=True, second_factor_age_s=30, reviewed=True),
}


@dataclass(frozen=True, slots=True)
class State:
    """A record as a policy may find it, with what the command asks for."""

    words: str
    resource: Entity
    context: dict[str, str | int | bool | None]


def order(status: str, *, days: int | None = 3, refundable: int = 90_000) -> Entity:
    attributes = {"owner": str(OWNER), "status": status, "refundable_minor": refundable, "days_since_delivery": days}
    return Entity("Order", "HP-0000-0000", attributes)


def product(*, on_sale: bool = True, reviewable: bool = False) -> Entity:
    return Entity("Product", "mug", {"on_sale": on_sale, "reviewable": reviewable})


def basket(*, items: int = 1, in_stock: bool = True) -> Entity:
    return Entity("Basket", "b", {"owner": str(OWNER), "items": items, "in_stock": in_stock})


def conversation(state: str, clerk: UUID | None = None) -> Entity:
    taken_by = None if clerk is None else str(clerk)
    return Entity("Conversation", "c", {"owner": str(OWNER), "state": state, "clerk": taken_by})


def approval(state: str) -> Entity:
    return Entity("Approval", "1", {"requested_by": str(OWNER), "state": state})


def case(kind: str, state: str, *, reviewed_by: UUID | None = None, refundable: int = 90_000) -> Entity:
    seen_by = None if reviewed_by is None else str(reviewed_by)
    attributes = {"owner": str(OWNER), "kind": kind, "state": state, "refundable_minor": refundable}
    return Entity("Case", "RT-0000-0000", {**attributes, "reviewed_by": seen_by})


def switch(reach: str, *, off: bool, asks: str = "", owner: UUID | None = None) -> Entity:
    whose = None if owner is None else str(owner)
    return Entity("Switch", reach, {"reach": reach, "off": off, "asks": asks, "owner": whose})


SHOP = State("open", Entity("Shop", "shop", {}), {})
ACCOUNT = State("own account", Entity("Account", str(OWNER), {"owner": str(OWNER)}), {})
ADDRESS = State("own address", Entity("Address", "address:home", {"owner": str(OWNER)}), {})
PAYMENT_CARD = State("own card", Entity("PaymentMethod", "card:visa-4242", {"owner": str(OWNER)}), {})
CONVERSATIONS = (
    State("open", conversation("open"), {}),
    State("waiting", conversation("waiting"), {}),
    State("taken by this clerk", conversation("taken", CLERK), {}),
    State("taken by another", conversation("taken", OTHER), {}),
)
ORDERS = tuple(
    State(
        status,
        order(status, days=None),
        {"amount_minor": 3_000, "own_destination": True, "refunded_30d_minor": 0, "lines_open": True, "quantity": 1},
    )
    for status in ("placing", "paid", "changing", "shipped", "delivered", "cancelled")
)
FITTING = {"amount_minor": 3_000, "quantity": 1, "stock": 1, "same_product": True, "already_so": False}
FITTING |= {"item_changes": 0, "lines_open": True, "own_destination": True, "card_expired": False}


def _refund(
    words: str, amount: int | None, *, days: int | None = 3, status: str = "delivered", lately: int = 0
) -> State:
    return State(words, order(status, days=days), {"amount_minor": amount, "refunded_30d_minor": lately})


def _change(words: str, *, status: str = "paid", **other: str | int | bool | None) -> State:
    """A change of an order that fits in everything but this."""
    return State(words, order(status, days=None), {**FITTING, **other})


def _cards(words: str, kept: int | None) -> State:
    return State(words, ACCOUNT.resource, {"cards_kept": kept})


def _back(words: str, amount: int | None = 1_990, *, days: int | None = 3, **context: str | int | bool | None) -> State:
    """Something of an order delivered so many days ago; ``status`` and what the commands ask besides may be given."""
    status = str(context.pop("status", "delivered"))
    return State(words, order(status, days=days), {"amount_minor": amount, "lines_held": False, **context})


def _case(
    words: str, kind: str, state: str = "open", *, amount: int | None = 1_990, by: UUID | None = None, **context: object
) -> State:
    lately = context.pop("lately", 0)
    asked = {"amount_minor": amount, "refunded_30d_minor": lately, **context}
    return State(words, case(kind, state, reviewed_by=by), asked)  # type: ignore[arg-type]


CASES = (_case("return announced", "return", "announced"), _case("claim open", "warranty"))
PARCELS = (
    _back("shipped, 4 days over", status="shipped", days=None, days_overdue=4),
    _back("shipped, 5 days over", status="shipped", days=None, days_overdue=5),
    _back("shipped, day unknown", status="shipped", days=None),
    _back("delivered, day 30", days=30),
    _back("delivered, day 31", days=31),
    _back("paid", status="paid", days=None),
)


def _care(words: str, **context: str | int | bool | None) -> State:
    return State(words, ACCOUNT.resource, dict(context))


STATES: dict[str, tuple[State, ...]] = {
    "ShowPreferences": (ACCOUNT,),
    "ShowSecurity": (ACCOUNT,),
    "ListSessions": (ACCOUNT,),
    "ShowMyData": (ACCOUNT,),
    "EndSessions": (ACCOUNT,),
    "ChangePreferences": (
        _care("news", optional_topic=True),
        _care("mails about orders", optional_topic=False),
        _care("topic unknown"),
    ),
    "ExportMyData": (
        _care("has a factor, password just typed", has_factor=True, password_age_s=5),
        _care("no factor, password just typed", has_factor=False, password_age_s=5),
        _care("no factor, password long ago", has_factor=False, password_age_s=301),
        _care("nothing known"),
    ),
    "DeleteAccount": (
        _care("nothing under way, has a factor", under_way=0, has_factor=True, password_age_s=5),
        _care("nothing under way, no factor, password just typed", under_way=0, has_factor=False, password_age_s=5),
        _care("nothing under way, no factor, password long ago", under_way=0, has_factor=False, password_age_s=301),
        _care("an order under way", under_way=1, has_factor=False, password_age_s=5),
        _care("nothing known"),
    ),
    "SearchProducts": (SHOP,),
    "CompareProducts": (SHOP,),
    "RecommendProducts": (SHOP,),
    "ReadShopPolicy": (SHOP,),
    "ShowProduct": (State("on sale", product(), {}), State("off sale", product(on_sale=False), {})),
    "ReadReviews": (State("on sale", product(), {}),),
    "ShowBasket": (State("own basket", basket(), {}),),
    "ListOrders": (ACCOUNT,),
    "ListAddresses": (ACCOUNT,),
    "ListPaymentMethods": (ACCOUNT,),
    "ShowOrder": (State("delivered", order("delivered"), {}),),
    "ShowInvoice": ORDERS,
    "TrackOrder": (State("shipped", order("shipped", days=None), {}),),
    "Reorder": (_change("something there"), _change("nothing there", quantity=0), _change("unknown", quantity=None)),
    "AddToBasket": (
        State("enough", product(), {"quantity": 2, "stock": 2}),
        State("too few", product(), {"quantity": 3, "stock": 2}),
        State("off sale", product(on_sale=False), {"quantity": 1, "stock": 9}),
        State("stock unknown", product(), {"quantity": 1}),
    ),
    "ChangeBasketLine": (
        State("enough", basket(), {"quantity": 2, "stock": 2}),
        State("too few", basket(), {"quantity": 3, "stock": 2}),
    ),
    "WriteReview": (State("bought", product(reviewable=True), {}), State("not bought", product(), {})),
    "AskForPerson": CONVERSATIONS,
    "PlaceOrder": (
        State("€30", basket(), {"amount_minor": 3_000, "own_destination": True}),
        State("€1,200", basket(), {"amount_minor": 120_000, "own_destination": True}),
        State("empty", basket(items=0), {"amount_minor": 0, "own_destination": True}),
        State("sold out", basket(in_stock=False), {"amount_minor": 3_000, "own_destination": True}),
        State("foreign address", basket(), {"amount_minor": 3_000, "own_destination": False}),
    ),
    "CancelOrder": (*ORDERS, _change("paid, €600", amount_minor=60_000), _change("a line twice", lines_open=False)),
    "ChangeOrderItem": (
        _change("paid"),
        *(_change(status, status=status) for status in ("placing", "changing", "shipped", "delivered", "cancelled")),
        _change("another product", same_product=False),
        _change("the same option", already_so=True),
        _change("a second time", item_changes=1),
        _change("a cancelled line", lines_open=False),
        _change("too few", quantity=2),
        _change("dearer, card gone", own_destination=False),
        _change("€600 dearer", amount_minor=60_000),
        State("nothing known", order("paid", days=None), {}),
    ),
    "ChangeOrderPayment": (
        _change("paid"),
        *(_change(status, status=status) for status in ("placing", "changing", "shipped", "delivered", "cancelled")),
        _change("foreign card", own_destination=False),
        _change("the same card", already_so=True),
        _change("expired card", card_expired=True),
        _change("nothing left", amount_minor=0),
        _change("€1,200", amount_minor=120_000),
        State("nothing known", order("paid", days=None), {}),
    ),
    "ChangeOrderAddress": (
        *ORDERS,
        State("paid, foreign address", order("paid"), {"amount_minor": 3_000, "own_destination": False}),
    ),
    "RefundOrder": (
        _refund("€19.90", 1_990),
        _refund("€200", 20_000),
        _refund("€600", 60_000),
        _refund("€19.90 after €1,500 this month", 1_990, lately=150_000),
        _refund("€450 after €550 this month", 45_000, lately=55_000),
        _refund("€450 after €551 this month", 45_000, lately=55_100),
        _refund("more than was paid", 90_001),
        _refund("nothing", 0),
        _refund("negative", -500),
        _refund("amount unknown", None),
        _refund("day 30", 1_990, days=30),
        _refund("day 31", 1_990, days=31),
        _refund("delivery unknown", 1_990, days=None),
        _refund("paid", 1_990, status="paid", days=None),
        _refund("shipped", 1_990, status="shipped", days=None),
        _refund("cancelled", 1_990, status="cancelled", days=None),
        State("a line held", order("delivered"), {"amount_minor": 1, "refunded_30d_minor": 0, "lines_held": True}),
    ),
    "ReturnItems": (
        _back("€19.90"),
        _back("€200", 20_000),
        _back("more than was paid", 90_001),
        _back("nothing", 0),
        _back("amount unknown", None),
        _back("day 30", days=30),
        _back("day 31", days=31),
        _back("delivery unknown", days=None),
        _back("shipped", status="shipped", days=None),
        _back("a line held", lines_held=True),
        _back("whether held unknown", lines_held=None),
    ),
    "ExchangeItem": (
        _back("fits", same_product=True, quantity=1, stock=1, own_destination=True),
        _back("€200 more", 20_000, same_product=True, quantity=1, stock=1, own_destination=True),
        _back("other product", same_product=False, quantity=1, stock=None, own_destination=True),
        _back("sold out", same_product=True, quantity=1, stock=0, own_destination=True),
        _back("no card", same_product=True, quantity=1, stock=1, own_destination=False),
        _back("a line held", same_product=True, quantity=1, stock=1, own_destination=True, lines_held=True),
        _back("day 31", days=31, same_product=True, quantity=1, stock=1, own_destination=True),
        _back("shipped", status="shipped", days=None, same_product=True, quantity=1, stock=1, own_destination=True),
    ),
    "ClaimWarranty": (
        _back("day 730", days=730, warranty_years=2),
        _back("day 731", days=731, warranty_years=2),
        _back("tent, day 1826", days=1826, warranty_years=5),
        _back("tent, day 1827", days=1827, warranty_years=5),
        _back("years unknown", days=3),
        _back("a line held", days=3, warranty_years=2, lines_held=True),
        _back("shipped", status="shipped", days=None, warranty_years=2),
    ),
    "ReportParcel": (
        *(replace(s, words=f"missing: {s.words}", context={**s.context, "problem": "missing"}) for s in PARCELS),
        *(replace(s, words=f"damaged: {s.words}", context={**s.context, "problem": "damaged"}) for s in PARCELS),
        replace(PARCELS[3], words="another problem", context={**PARCELS[3].context, "problem": "stolen"}),
        _back("a line held", problem="damaged", lines_held=True),
    ),
    "WithdrawCase": (
        *CASES,
        _case("return refunded", "return", "refunded"),
        _case("claim being settled", "parcel", "settling"),
        _case("exchange announced", "exchange", "announced"),
    ),
    "RefundStatus": (ACCOUNT,),
    "ShowCase": CASES,
    "ReadCustomerCase": CASES,
    "ReviewCase": (*CASES, _case("looked at", "warranty", by=OTHER), _case("return refunded", "return", "refunded")),
    "ReceiveReturn": (
        _case("€19.90", "return", "announced"),
        _case("€600", "return", "announced", amount=60_000),
        _case("€600, another clerk looked", "return", "announced", amount=60_000, by=OTHER),
        _case("€600, this clerk looked", "return", "announced", amount=60_000, by=CLERK),
        _case("€19.90 after €1,000 this month", "return", "announced", lately=100_000),
        _case("more than is left", "return", "announced", amount=90_001, by=OTHER),
        _case("amount unknown", "return", "announced", amount=None, by=OTHER),
        _case("exchange, nothing goes back", "exchange", "announced", amount=0),
        _case("received already", "return", "received"),
        _case("claim", "warranty"),
    ),
    "SendExchange": (
        _case("received", "exchange", "received", amount=0),
        _case("announced", "exchange", "announced", amount=0),
        _case("sent already", "exchange", "sent", amount=0),
        _case("return", "return", "received", amount=0),
    ),
    "DecideCase": (
        _case("refund €19.90", "warranty", decision="refund"),
        _case("refund €600", "parcel", amount=60_000, decision="refund"),
        _case("refund €600, another clerk looked", "parcel", amount=60_000, decision="refund", by=OTHER),
        _case("refund €600, this clerk looked", "parcel", amount=60_000, decision="refund", by=CLERK),
        _case("refund of nothing", "parcel", amount=0, decision="refund"),
        _case("refund of more than is left", "parcel", amount=90_001, decision="refund", by=OTHER),
        _case("replace", "warranty", amount=0, decision="replace", in_stock=True),
        _case("replace, sold out", "warranty", amount=0, decision="replace", in_stock=False),
        _case("refuse", "parcel", amount=0, decision="refuse"),
        _case("refuse a return", "return", "announced", amount=0, decision="refuse"),
        _case("refund a return", "return", "announced", decision="refund"),
        _case("refuse a dearer exchange", "exchange", "announced", amount=1_000, decision="refuse"),
        _case("decided already", "parcel", "refunded", decision="refund"),
    ),
    "SaveAddress": (ACCOUNT,),
    "RemoveAddress": (ADDRESS,),
    "AddPaymentMethod": (
        _cards("none kept", 0),
        _cards("four kept", 4),
        _cards("five kept", 5),
        _cards("unknown", None),
    ),
    "RemovePaymentMethod": (PAYMENT_CARD,),
    "ReadConversation": CONVERSATIONS,
    "RenameConversation": CONVERSATIONS,
    "DeleteConversation": CONVERSATIONS,
    "ExportConversation": CONVERSATIONS,
    "RateAnswer": CONVERSATIONS,
    "TakeConversation": CONVERSATIONS,
    "AnswerCustomer": CONVERSATIONS,
    "HandBackConversation": CONVERSATIONS,
    "ReadCustomerOrder": (State("delivered", order("delivered"), {}),),
    "ShipOrder": ORDERS,
    "MarkDelivered": ORDERS,
    "NoteFromCarrier": ORDERS,
    "CompromiseModel": (
        State("demo, on", SHOP.resource, {"rehearses": True, "starts": True}),
        State("demo, off", SHOP.resource, {"rehearses": True, "starts": False}),
        State("a real shop, on", SHOP.resource, {"rehearses": False, "starts": True}),
        State("a real shop, off", SHOP.resource, {"rehearses": False, "starts": False}),
        State("nothing known", SHOP.resource, {}),
    ),
    "ReadRequest": (State("in review", approval("in_review"), {}),),
    "StopAssistant": (
        State("goes on", switch("whole", off=False), {}),
        State("stopped already", switch("whole", off=True), {}),
        State("a tool", switch("tool", off=False, asks="RefundOrder"), {}),
        State("the way to a person", switch("tool", off=False, asks="AskForPerson"), {}),
        State("a customer", switch("customer", off=False, owner=OWNER), {}),
    ),
    "LetAssistantGoOn": (
        State("stopped", switch("whole", off=True), {}),
        State("goes on already", switch("whole", off=False), {}),
        State("a customer", switch("customer", off=True, owner=OWNER), {}),
    ),
    "ReviewApproval": (
        State("in review", approval("in_review"), {}),
        State("open", approval("open"), {}),
    ),
}


def matrix(judge: Judge) -> Iterator[str]:
    """One line for each command, state and asker; the answers for each click beside each other, equal ones merged."""
    for action in sorted(judge.actions):
        yield f"\n{action}  [{', '.join(sorted(judge.actions[action]))}]"
        for state in STATES[action]:
            yield f"  {state.words}"
            for asker in ASKERS:
                yield f"    {asker:<22} {_answers(judge, action, state, asker)}"


def answer(judge: Judge, action: str, state: State, asker: str, clicked: str) -> str:
    """``allow``, ``need …`` or ``deny``, with the ids of the policies that decided."""
    actor, status = ASKERS[asker]
    question = Question(action, actor, principal_of(actor, status=status), state.resource, state.context)
    match judge.decide(question, CLICKED[clicked]):
        case Allowed():
            return "allow"
        case Missing(needs):
            return "need " + "+".join(sorted(needs))
        case Denied(reasons):
            return "deny (" + ", ".join(reason.policy for reason in reasons) + ")"


def text(judge: Judge) -> str:
    head = "What the policies answer. Columns: " + " | ".join(CLICKED) + "; a single answer holds for all of them."
    return head + "\n" + "\n".join(matrix(judge)) + "\n"


def _answers(judge: Judge, action: str, state: State, asker: str) -> str:
    answers = [answer(judge, action, state, asker, clicked) for clicked in CLICKED]
    return answers[0] if len(set(answers)) == 1 else " | ".join(answers)


if __name__ == "__main__":
    printed = text(Judge(ROOT / "shop" / "policy"))
    if "--write" in sys.argv:
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(printed, "utf-8")
    else:
        print(printed)

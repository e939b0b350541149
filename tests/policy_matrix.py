"""Prints what the policies answer, for every command, asker, state of the record and click: the consequences to review.

``python -m tests.policy_matrix --write`` renews the snapshot; the diff is then part of the review of a policy change.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from auth.actor import Act, Actor, Channel, Origin, Risk, Role
from auth.guard.decisions import Allowed, Denied, Missing
from auth.guard.judge import Entity, Judge, Question, Stamps, principal_of

ROOT = Path(__file__).resolve().parents[1]
SNAPSHOT = ROOT / "tests" / "snapshots" / "policy_matrix.txt"
OWNER, OTHER, CLERK = UUID(int=1), UUID(int=2), UUID(int=3)
ACT = Act("assistant", "matrix")

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
    "program for owner": (Actor(OWNER, Role.CUSTOMER, Channel.API, act=Act("app", "matrix")), "active"),
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
    State(status, order(status, days=None), {"amount_minor": 3_000, "own_destination": True, "refunded_30d_minor": 0})
    for status in ("placing", "paid", "shipped", "delivered", "cancelled")
)


def _refund(
    words: str, amount: int | None, *, days: int | None = 3, status: str = "delivered", lately: int = 0
) -> State:
    return State(words, order(status, days=days), {"amount_minor": amount, "refunded_30d_minor": lately})


def _cards(words: str, kept: int | None) -> State:
    return State(words, ACCOUNT.resource, {"cards_kept": kept})


STATES: dict[str, tuple[State, ...]] = {
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
    "CancelOrder": (*ORDERS, State("paid, €600", order("paid"), {"amount_minor": 60_000})),
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
    "TakeConversation": CONVERSATIONS,
    "AnswerCustomer": CONVERSATIONS,
    "HandBackConversation": CONVERSATIONS,
    "ReadCustomerOrder": (State("delivered", order("delivered"), {}),),
    "ShipOrder": ORDERS,
    "MarkDelivered": ORDERS,
    "ReadRequest": (State("in review", approval("in_review"), {}),),
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

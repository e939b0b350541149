"""Questions whose answer must be no. The shop asks them before it opens its doors."""

from dataclasses import replace
from uuid import UUID

from auth.actor import Act, Actor, Channel, Role
from auth.guard.judge import Entity, Question, Stamps, principal_of

_OWNER, _OTHER = UUID(int=1), UUID(int=2)
_ASSISTANT = Act("assistant", "opening")


def opening_questions() -> tuple[tuple[str, Question, Stamps], ...]:
    """What must be refused, in words, as a question, with the needs met so far. Pure; used at every start."""
    chat = Actor(_OWNER, Role.CUSTOMER, Channel.CHAT, act=_ASSISTANT)
    stranger = Actor(_OTHER, Role.CUSTOMER, Channel.PAGE)
    clerk = Actor(_OWNER, Role.CLERK, Channel.STAFF)
    silenced, stopped = replace(chat, silenced=True), replace(chat, switched_off=True)
    signed, fresh = Stamps(confirmed=True), Stamps(confirmed=True, second_factor_age_s=0)
    return (
        ("an unconfirmed refund through the chat", _refund(chat, 1000), Stamps(second_factor_age_s=0)),
        ("an unconfirmed cancellation through the chat", _order(chat, "CancelOrder", "paid"), Stamps()),
        ("an unconfirmed change of an item through the chat", _order(chat, "ChangeOrderItem", "paid"), Stamps()),
        ("an unconfirmed change of the card through the chat", _order(chat, "ChangeOrderPayment", "paid"), Stamps()),
        ("another card for somebody else's order", _order(stranger, "ChangeOrderPayment", "paid"), fresh),
        ("the attacker let into a real shop", _rehearsal(clerk, rehearses=False), Stamps(second_factor_age_s=0)),
        ("the attacker let in by a customer", _rehearsal(stranger, rehearses=True), fresh),
        ("a look at somebody else's invoice", _order(stranger, "ShowInvoice", "paid"), fresh),
        ("a refund of somebody else's order", _refund(stranger, 1000), fresh),
        ("a look at somebody else's order", _order(stranger, "ShowOrder", "paid"), fresh),
        ("a refund over €100 without a fresh code", _refund(chat, 20_000), signed),
        ("a refund over €500 without a review", _refund(chat, 60_000), fresh),
        ("a refund of nothing", _refund(chat, 0), fresh),
        ("a negative refund", _refund(chat, -500), fresh),
        ("a review of one's own request", _review(clerk, _OWNER), Stamps(second_factor_age_s=0)),
        ("a review without a second factor", _review(clerk, _OTHER), Stamps()),
        ("staff work through the assistant", _order(chat, "ShipOrder", "paid"), fresh),
        (
            "a look by the assistant in a conversation that a clerk has taken",
            _order(silenced, "ShowOrder", "paid"),
            fresh,
        ),
        ("a look by the assistant when it is switched off", _order(stopped, "ShowOrder", "paid"), fresh),
        ("a signed change of the assistant when it is switched off", _order(stopped, "CancelOrder", "paid"), fresh),
        ("the assistant switched on by itself", _switch(chat, "LetAssistantGoOn", is_off=True), fresh),
        ("the assistant switched off by a customer", _switch(stranger, "StopAssistant", is_off=False), fresh),
        ("the assistant switched off without a fresh code", _switch(clerk, "StopAssistant", is_off=False), Stamps()),
        ("somebody else's conversation taken away", _conversation(stranger, "ExportConversation"), fresh),
        ("a conversation deleted by the assistant", _conversation(chat, "DeleteConversation"), fresh),
        ("a payment card added in a conversation", _payment_card(chat), fresh),
        ("a file of everything without a fresh proof", _care(stranger, "ExportMyData", _OTHER), signed),
        ("a file of everything about somebody else", _care(stranger, "ExportMyData", _OWNER), fresh),
        ("an account deleted through the chat unconfirmed", _care(chat, "DeleteAccount", _OWNER), Stamps(False, 0)),
        ("an account deleted by somebody else", _care(stranger, "DeleteAccount", _OWNER), fresh),
        ("a payment card added to somebody else's account", _payment_card(stranger), fresh),
        (
            "an unsigned return through the chat",
            _order(chat, "ReturnItems", "delivered"),
            Stamps(second_factor_age_s=0),
        ),
        ("a return of somebody else's order", _order(stranger, "ReturnItems", "delivered"), fresh),
        ("a clerk's decision on their own case", _case(clerk, "DecideCase", owner=_OWNER), fresh),
        ("a decision on a case by a customer", _case(stranger, "DecideCase", owner=_OWNER), fresh),
        ("more than €500 for a case by one clerk", _case(clerk, "DecideCase", amount_minor=60_000), fresh),
        ("a second clerk who is the first", _case(clerk, "DecideCase", amount_minor=60_000, reviewed_by=_OWNER), fresh),
    )


def _refund(actor: Actor, amount_minor: int) -> Question:
    return _order(actor, "RefundOrder", "delivered", amount_minor=amount_minor)


def _order(actor: Actor, action: str, status: str, *, amount_minor: int = 1000) -> Question:
    order = Entity(
        "Order",
        "HP-0000-0000",
        {"owner": str(_OWNER), "status": status, "refundable_minor": 100_000, "days_since_delivery": 1},
    )
    # Everything a change may want fits, so that it is the owner or the confirmation that must say no.
    context = {"amount_minor": amount_minor, "refunded_30d_minor": 0, "quantity": 1, "stock": 1, "item_changes": 0}
    context |= {"lines_open": True, "same_product": True, "own_destination": True}
    context |= {"lines_held": False, "already_so": False, "card_expired": False}
    return Question(action, actor, principal_of(actor, status="active"), order, context)


def _case(
    actor: Actor, action: str, *, owner: UUID = _OTHER, amount_minor: int = 1000, reviewed_by: UUID | None = None
) -> Question:
    seen_by = None if reviewed_by is None else str(reviewed_by)
    attributes = {"owner": str(owner), "kind": "parcel", "state": "open", "reviewed_by": seen_by}
    case = Entity("Case", "RT-0000-0000", {**attributes, "refundable_minor": 100_000})
    context: dict[str, str | int | bool | None] = {"amount_minor": amount_minor, "decision": "refund"}
    context["refunded_30d_minor"] = 0
    return Question(action, actor, principal_of(actor, status="active"), case, context)


def _payment_card(actor: Actor) -> Question:
    account = Entity("Account", str(_OWNER), {"owner": str(_OWNER)})
    return Question("AddPaymentMethod", actor, principal_of(actor, status="active"), account, {"cards_kept": 0})


def _care(actor: Actor, action: str, owner: UUID) -> Question:
    account = Entity("Account", str(owner), {"owner": str(owner)})
    context = {"has_factor": True, "password_age_s": 0, "under_way": 0}
    return Question(action, actor, principal_of(actor, status="active"), account, context)


def _conversation(actor: Actor, action: str) -> Question:
    resource = Entity("Conversation", "c", {"owner": str(_OWNER), "state": "open"})
    return Question(action, actor, principal_of(actor, status="active"), resource, {})


def _switch(actor: Actor, action: str, *, is_off: bool) -> Question:
    resource = Entity("Switch", "whole", {"reach": "whole", "off": is_off, "asks": ""})
    return Question(action, actor, principal_of(actor, status="active"), resource, {})


def _rehearsal(actor: Actor, *, rehearses: bool) -> Question:
    shop, context = Entity("Shop", "shop", {}), {"rehearses": rehearses, "starts": True}
    return Question("CompromiseModel", actor, principal_of(actor, status="active"), shop, context)


def _review(actor: Actor, requested_by: UUID) -> Question:
    approval = Entity("Approval", "1", {"requested_by": str(requested_by), "state": "in_review"})
    return Question("ReviewApproval", actor, principal_of(actor, status="active"), approval, {})

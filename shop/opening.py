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
    silenced = replace(chat, silenced=True)
    signed, fresh = Stamps(confirmed=True), Stamps(confirmed=True, second_factor_age_s=0)
    return (
        ("an unconfirmed refund through the chat", _refund(chat, 1000), Stamps(second_factor_age_s=0)),
        ("an unconfirmed cancellation through the chat", _order(chat, "CancelOrder", "paid"), Stamps()),
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
        ("somebody else's conversation taken away", _conversation(stranger, "ExportConversation"), fresh),
        ("a conversation deleted by the assistant", _conversation(chat, "DeleteConversation"), fresh),
        ("a payment card added in a conversation", _payment_card(chat), fresh),
        ("a payment card added to somebody else's account", _payment_card(stranger), fresh),
    )


def _refund(actor: Actor, amount_minor: int) -> Question:
    return _order(actor, "RefundOrder", "delivered", amount_minor=amount_minor)


def _order(actor: Actor, action: str, status: str, *, amount_minor: int = 1000) -> Question:
    order = Entity(
        "Order",
        "HP-0000-0000",
        {"owner": str(_OWNER), "status": status, "refundable_minor": 100_000, "days_since_delivery": 1},
    )
    context = {"amount_minor": amount_minor, "refunded_30d_minor": 0}
    return Question(action, actor, principal_of(actor, status="active"), order, context)


def _payment_card(actor: Actor) -> Question:
    account = Entity("Account", str(_OWNER), {"owner": str(_OWNER)})
    return Question("AddPaymentMethod", actor, principal_of(actor, status="active"), account, {"cards_kept": 0})


def _conversation(actor: Actor, action: str) -> Question:
    resource = Entity("Conversation", "c", {"owner": str(_OWNER), "state": "open"})
    return Question(action, actor, principal_of(actor, status="active"), resource, {})


def _review(actor: Actor, requested_by: UUID) -> Question:
    approval = Entity("Approval", "1", {"requested_by": str(requested_by), "state": "in_review"})
    return Question("ReviewApproval", actor, principal_of(actor, status="active"), approval, {})

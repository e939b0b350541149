"""A countersign card as a page shows it, rendered from the stored command and the record, and from no model's words."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from auth.accounts import find_account
from auth.actor import Actor, Channel, Origin
from auth.database import Scope
from auth.guard import approvals
from auth.guard.approvals import Approval, actor_from_json
from auth.guard.decisions import Done, Need, Pending, Refused
from auth.guard.rooms import Card
from auth.guard.submissions import outcome_from_json
from auth.oauth.delegations import app_behind
from auth.sign_in.factors import has_just_arrived
from auth.sign_in.held import Held, factors_held, has_factor
from frontend.house import House
from frontend.render import moment, new_request_id
from shop.asked_by_apps import app_name
from shop.privacy import PAGE, PASSWORD_WILL_DO

_ASKED = {
    "RefundOrder": "Money back for order {}",
    "CancelOrder": "Cancelling order {}",
    "ReturnItems": "Sending something back from order {}",
    "ExchangeItem": "Exchanging something from order {}",
    "ClaimWarranty": "A warranty claim for order {}",
    "ReportParcel": "A report about the parcel of order {}",
    "WithdrawCase": "Withdrawing {}",
    "ChangeOrderAddress": "Another address for order {}",
    "ChangeOrderItem": "Another option in order {}",
    "ChangeOrderPayment": "Another card for order {}",
    "PlaceOrder": "Ordering what is in your basket",
    "AddToBasket": "Something for your basket",
    "ChangeBasketLine": "A change of your basket",
    "SaveAddress": "An address for your address book",
    "RemoveAddress": "Removing an address from your address book",
    "AddPaymentMethod": "Keeping a payment card",
    "RemovePaymentMethod": "Removing a payment card",
    "ChangePreferences": "Changing which mails you get",
    "EndSessions": "Signing out everywhere else",
    "ExportMyData": "A file with everything about you",
    "DeleteAccount": "Deleting your account",
    "DeleteConversation": "Deleting a conversation",
}
_ORIGINS = {
    Origin.TYPED: "typed by you",
    Origin.PAGE: "from the page you were on",
    Origin.RECORD: "from your records",
    Origin.APP: "written by the app",
    Origin.OTHERS: "from text by others",
    Origin.UNKNOWN: "of unknown origin",
}
_TAINTED = "text by others was in view"
_RESULT_LINES = (("case", "Case"), ("order", "Order"), ("amount", "Amount"), ("paid_with", "Goes to"))


@dataclass(frozen=True, slots=True)
class SigningCard:
    """What ``parts/countersign.html`` shows.

    ``state`` is open, needs_code, wrong_code, review, done, pending, declined, withdrawn, refused, expired or changed;
    ``needs_factor`` says that its person has no second factor to show yet, ``held`` which ones they have; ``app`` is
    the app that asks, if one does.
    """

    id: str
    state: str
    sentence: str
    records: tuple[tuple[str, str], ...]
    note: str
    href: str = ""
    link: str = "See the order"
    signer: str = ""
    expires: str = ""
    expires_iso: str = ""
    request_id: str = ""
    error: str = ""
    needs_factor: bool = False
    wants_password: bool = False
    has_password: bool = True
    held: Held = Held()
    from_chat: bool = False
    seen: tuple[tuple[str, bool], ...] = ()
    app: str = ""


def signing_card(
    house: House, session: Session, actor: Actor, approval: Approval, *, wrong_code: str = ""
) -> SigningCard:
    """The card of one of the actor's own approvals, as things stand now. ``wrong_code`` is why a code did not count."""
    now = house.clock()
    is_waiting = approval.state in (approvals.OPEN, approvals.IN_REVIEW)
    if is_waiting and now < approval.expires_at:
        shown = house.desk.card(session, approval)
        if approval.state == approvals.OPEN:
            return _to_sign(house, session, actor, approval, shown, now=now, wrong_code=wrong_code)
        return _make(approval, "review", sentence=shown.sentence, records=shown.lines)
    return _settled(approval)


def needs_code(house: House, actor: Actor, approval: Approval) -> bool:
    """Whether signing this card takes a code first: it wants a second factor, and the last one is too long ago."""
    shown_at, now = actor.second_factor_at, house.clock()
    is_fresh = shown_at is not None and now - shown_at < house.entrance.fresh
    return Need.SECOND_FACTOR in approval.needed and not is_fresh


def takes_password(house: House, actor: Actor, approval: Approval) -> bool:
    """Whether this card may be signed with the password, because its person has no second factor to show."""
    if approval.action not in PASSWORD_WILL_DO:
        return False
    with house.database.read(Scope.own(actor.account_id)) as session:
        return not has_factor(session, approval.account_id)


def _to_sign(
    house: House, session: Session, actor: Actor, approval: Approval, shown: Card, *, now: datetime, wrong_code: str
) -> SigningCard:
    wants_code = bool(wrong_code) or (
        needs_code(house, actor, approval) and not _arrival_will_do(house, actor, approval)
    )
    held = factors_held(session, approval.account_id) if wants_code else Held()
    has_none = wants_code and not held.any
    wants_password = has_none and approval.action in PASSWORD_WILL_DO
    account = None if actor.account_id is None else find_account(session, actor.account_id)
    return _make(
        approval,
        "wrong_code" if wrong_code else "needs_code" if wants_code else "open",
        sentence=shown.sentence,
        records=shown.lines,
        note=_why(house, approval, codes=wants_code),
        signer="" if account is None else house.vault.open(session, account, "name"),
        expires=moment(approval.expires_at),
        expires_iso=approval.expires_at.isoformat(),
        request_id=new_request_id(),
        error=wrong_code,
        needs_factor=has_none and not wants_password,
        held=held,
        wants_password=wants_password,
        has_password=account is None or account.password_hash is not None,
        seen=_prepared_from(approval),
        app=_asking_app(session, approval),
    )


def _arrival_will_do(house: House, actor: Actor, approval: Approval) -> bool:
    return takes_password(house, actor, approval) and has_just_arrived(house.entrance, actor)


def _asking_app(session: Session, approval: Approval) -> str:
    asker = actor_from_json(approval.actor, approval.account_id)
    app = app_behind(session, asker)
    return "" if app is None else app_name(session, app)


def _prepared_from(approval: Approval) -> tuple[tuple[str, bool], ...]:
    """Where the values on a card came from, and whether other people had a part in it."""
    asker = actor_from_json(approval.actor, approval.account_id)
    others = (Origin.OTHERS, Origin.UNKNOWN)
    chips = [(f"{name}: {_ORIGINS[origin]}", origin in others) for name, origin in asker.origins if origin in _ORIGINS]
    return (*chips, *([(_TAINTED, True)] if asker.tainted else []))


def _why(house: House, approval: Approval, *, codes: bool) -> str:
    """The policies' own words for why a signature, and why a code, is asked for."""
    by_id = {rule.policy: rule for rule in house.desk.judge.rules.values()}
    found = [by_id[policy] for policy in json.loads(approval.reasons) if policy in by_id]
    wanted = [rule for rule in found if (rule.needs is Need.SECOND_FACTOR) == codes] or found
    return " ".join(dict.fromkeys(rule.says for rule in wanted))


def _settled(approval: Approval) -> SigningCard:
    """A card that has ended. What it was about may have changed since, so only its outcome is told."""
    subject = approval.subject.partition("/")[2]
    sentence = _ASKED.get(approval.action, "What you were asked to sign").format(subject)
    href = f"/orders/{subject}" if approval.subject.startswith("Order/") else ""
    if approval.state == approvals.SUPERSEDED and approval.replaced_by is not None:
        fresh = f"/approvals/{approval.replaced_by}"
        return _make(approval, "changed", sentence=sentence, href=fresh, link="See the new card")
    match None if approval.outcome is None else outcome_from_json(approval.outcome):
        case Done(says=says, result=result):
            lines = tuple((label, str(result[key])) for key, label in _RESULT_LINES if key in result)
            order, case = result.get("order"), result.get("case")
            href, link = (f"/orders/{order}" if order else ""), "See the order"
            if case:
                href, link = f"/account/cases/{case}", "See the case"
            elif "export" in result:
                href, link = PAGE, "Fetch the file"
            note = "You signed this, and it is done."
            return _make(approval, "done", sentence=says, records=lines, note=note, href=href, link=link)
        case Pending(says=says):
            return _make(approval, "pending", sentence=sentence, note=says, href=href)
        case Refused(kind="declined"):
            return _make(approval, "declined", sentence=sentence, href=href)
        case Refused(kind="withdrawn"):
            return _make(approval, "withdrawn", sentence=sentence, href=href)
        case Refused(kind="expired"):
            return _make(approval, "expired", sentence=sentence, href=href)
        case Refused(says=says):
            return _make(approval, "refused", sentence=sentence, note=says, href=href)
    # Nobody has touched it since its time ran out, or it is being carried out at this moment.
    state = "pending" if approval.state == approvals.SPENT else "expired"
    note = "This is being carried out. Look again in a moment." if state == "pending" else ""
    return _make(approval, state, sentence=sentence, note=note, href=href)


def _make(
    approval: Approval,
    state: str,
    *,
    sentence: str,
    records: tuple[tuple[str, str], ...] = (),
    note: str = "",
    **more: object,
) -> SigningCard:
    from_chat = actor_from_json(approval.actor, approval.account_id).channel is Channel.CHAT
    return SigningCard(str(approval.id), state, sentence, records, note, from_chat=from_chat, **more)  # type: ignore[arg-type]

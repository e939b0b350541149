"""Money back for a case: through the same refund rows as any other, so that nothing goes back twice.

What goes back stands in the case since its owner signed it; a clerk can let it go back or not, and cannot name a sum.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.database import new_id
from auth.guard.commands import Json, canonical
from auth.guard.grants import Grant
from auth.guard.rooms import Facts, Settled, Settlement
from auth.vault import Vault
from shop.cases import Case, case_entity, find_case_at_work, held_lines
from shop.charges import give_back, set_aside, undo_set_aside
from shop.money import Money
from shop.orders import Order
from shop.payments import PaymentGateway, asked, asked_amount
from shop.refunds import CLAIMED, RELEASED, SETTLED, Reckoning, Refund, reckon, refunded_lately_minor

NO_MONEY = "no-money"


class AboutCase(Protocol):
    """A command about one case."""

    @property
    def case(self) -> str: ...


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case on the table, with its order and what has gone back for it. The case does not hold its own lines here."""

    case: Case
    order: Order
    reckoning: Reckoning


def find_file(session: Session, actor: Actor, command: AboutCase) -> CaseFile | None:
    """A clerk at work finds any case, everybody else their own."""
    case = find_case_at_work(session, actor, command.case)
    if case is None:
        return None
    order = session.get_one(Order, case.order_id)
    return CaseFile(case, order, reckon(session, order, held=held_lines(session, order, besides=case, replaced=False)))


def the_file(session: Session, grant: Grant[Any]) -> CaseFile:
    """The file of a command that was granted. Raises :class:`LookupError` if it is gone."""
    file = find_file(session, grant.actor, grant.command)
    if file is None:
        raise LookupError("the case was there a moment ago")
    return file


def file_facts(
    session: Session, file: CaseFile, amount: Money, *, now: datetime, **context: str | int | bool | None
) -> Facts:
    """What the policies ask about a clerk's step: what would go back, what still can, what this account got lately."""
    case = file.case
    asked_for: dict[str, str | int | bool | None] = {
        "amount_minor": amount.minor,
        "refunded_30d_minor": refunded_lately_minor(session, case.account_id, now),
        **context,
    }
    snapshot: dict[str, Json] = {"case": case.number, "state": case.state, "amount": [amount.minor, amount.currency]}
    resource = case_entity(case, file.reckoning.still(case.parts))
    return Facts(resource, asked_for, snapshot, whose=case.account_id)


@dataclass(frozen=True, slots=True)
class CaseMoney:
    """The steps of a refund for a case, as the rooms that pay one take them."""

    vault: Vault
    gateway: PaymentGateway
    clock: Callable[[], datetime]

    def claim(self, session: Session, grant: Grant[Any], *, file: CaseFile, amount: Money) -> Mapping[str, Json]:
        """Set the money aside as a claimed refund, and say what the gateway will be asked; of nothing, nothing."""
        case, order = file.case, file.order
        case.settle_grant_id = grant.id
        if amount.minor:
            refund = Refund(
                id=new_id(grant.at),
                account_id=case.account_id,
                order_id=order.id,
                amount_minor=amount.minor,
                currency=amount.currency,
                lines=canonical([[line, minor] for line, minor in case.parts if minor]),
                state=CLAIMED,
                grant_id=grant.id,
                created_at=grant.at,
            )
            session.add(refund)
            self.vault.seal(session, refund, "reason", self.vault.open(session, case, "reason"))
            return set_aside(session, order, amount)
        return asked(amount)

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        """Ask the gateway; where no money moves there is nobody to ask."""
        return give_back(self.gateway, key, request) if asked_amount(request).minor else Settled(NO_MONEY)

    def settle(self, session: Session, grant: Grant[Any], *, file: CaseFile) -> None:
        """The gateway has paid."""
        refund = _refund_of(session, grant, file.case)
        if file.case.settle_grant_id != grant.id:
            raise RuntimeError("another grant is settling this case")
        if refund is None:
            return
        if refund.state != CLAIMED:
            raise RuntimeError(f"the refund is {refund.state} already")
        refund.state, refund.reference, refund.settled_at = SETTLED, grant.settlement, grant.at

    def release(self, session: Session, grant: Grant[Any], *, file: CaseFile) -> None:
        """The gateway has said no: the claim counts no longer, and the case can be settled again."""
        refund = _refund_of(session, grant, file.case)
        if refund is not None:
            refund.state = RELEASED
            undo_set_aside(session, file.order, grant.request or {})
        file.case.settle_grant_id = None

    def is_settled(self, session: Session, grant: Grant[Any], *, file: CaseFile, amount: Money) -> bool:
        """Whether exactly this has gone back for the case, and no more than was paid for its order."""
        refund = _refund_of(session, grant, file.case)
        within = file.reckoning.refunded_minor <= file.order.total.minor
        if refund is None:
            return within and not amount.minor
        is_paid = refund.state == SETTLED and refund.reference == grant.settlement is not None
        return within and is_paid and refund.amount_minor == amount.minor


def pay_in(result: Mapping[str, Json]) -> str:
    """The shop's words for what a step of a clerk has paid."""
    return f"{result['amount']} went back to {result['paid_with']}." if result["minor"] else "No money moved."


def _refund_of(session: Session, grant: Grant[Any], case: Case) -> Refund | None:
    statement = select(Refund).where(Refund.account_id == case.account_id, Refund.grant_id == grant.id)
    return session.scalars(statement.with_for_update()).first()

"""How cases look: to the person they belong to, to the assistant, and to a clerk at work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Facts, Room
from auth.vault import Vault
from shop.case_money import CaseFile, find_file
from shop.cases import CLOSED, EXCHANGE, REFUNDED, REFUSED, RETURN, Case, case_entity, cases_of, find_case
from shop.commands import ReadCustomerCase, RefundStatus, ShowCase
from shop.money import Money
from shop.orders import Order, find_order, number_from
from shop.refunds import CLAIMED, SETTLED, SHIPPING, Refund

# What a state means, in the words of a person who waits.
STATUS_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "placing": "waiting for the payment service",
        "announced": "waiting for your parcel",
        "open": "waiting for a clerk",
        "settling": "the payment service is being asked",
        "received": "arrived, and the money is on its way",
        "refunded": "paid back",
        "sent": "the other option is on its way to you",
        "replacement_sent": "the same is sent to you again",
        "refused": "refused, see the clerk's words",
        "closed": "withdrawn",
        "claimed": "on its way",
        "settled": "paid back",
    }
)


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case, or a refund that belongs to none (``kind`` is then ``refund``).

    ``amount`` is what goes or went back, ``charged`` what a dearer option cost more; either may be ``None``.
    ``reason`` is the customer's own words and ``note`` a clerk's: both are to be escaped, and fenced for a model.
    """

    number: str
    order: str
    kind: str
    problem: str
    status: str
    status_word: str
    items: tuple[str, ...]
    amount: Money | None
    charged: Money | None
    option: str
    paid_with: str
    tracking: str
    reason: str
    note: str
    is_reviewed: bool
    opened_at: datetime
    received_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class CaseList:
    cases: tuple[CaseView, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Whose cases, and of which order if one was named."""

    account_id: UUID | None
    order: Order | None = None


def case_view_rooms(vault: Vault) -> tuple[Room[Any], ...]:
    """The rooms in which cases are looked at."""
    desk = CaseDesk(vault)
    return (
        Room(RefundStatus, Effect.READ, desk.find_all, desk.all_facts, desk.list_all),
        Room(ShowCase, Effect.READ, desk.find_own, desk.own_facts, desk.show_own),
        Room(ReadCustomerCase, Effect.READ, find_file, desk.file_facts, desk.show_any),
    )


@dataclass(frozen=True, slots=True)
class CaseDesk:
    """The rooms in which cases are looked at."""

    vault: Vault

    # RefundStatus

    def find_all(self, session: Session, actor: Actor, command: RefundStatus) -> Shelf | None:
        if not command.order:
            return Shelf(actor.account_id)
        order = find_order(session, actor.account_id, command.order)
        return None if order is None else Shelf(actor.account_id, order)

    def all_facts(self, session: Session, actor: Actor, command: RefundStatus, shelf: Shelf) -> Facts:
        owner = str(shelf.account_id or "nobody")
        return Facts(Entity("Account", owner, {"owner": owner}))

    def list_all(self, session: Session, grant: Grant[RefundStatus]) -> CaseList:
        shelf = self.find_all(session, grant.actor, grant.command)
        if shelf is None:
            raise LookupError("the order was there a moment ago")
        return case_list(session, shelf.account_id, vault=self.vault, order=shelf.order)

    # ShowCase

    def find_own(self, session: Session, actor: Actor, command: ShowCase) -> Case | None:
        return find_case(session, actor.account_id, command.case)

    def own_facts(self, session: Session, actor: Actor, command: ShowCase, case: Case) -> Facts:
        return Facts(case_entity(case, 0))

    def show_own(self, session: Session, grant: Grant[ShowCase]) -> CaseView:
        return case_view(session, _there(self.find_own(session, grant.actor, grant.command)), vault=self.vault)

    # ReadCustomerCase

    def file_facts(self, session: Session, actor: Actor, command: ReadCustomerCase, file: CaseFile) -> Facts:
        resource = case_entity(file.case, file.reckoning.still(file.case.parts))
        return Facts(resource, whose=file.case.account_id)

    def show_any(self, session: Session, grant: Grant[ReadCustomerCase]) -> CaseView:
        file = find_file(session, grant.actor, grant.command)
        return case_view(session, _there(None if file is None else file.case), vault=self.vault)


def case_list(session: Session, account_id: UUID | None, *, vault: Vault, order: Order | None = None) -> CaseList:
    """Cases and refunds of an account, or of one of its orders, newest first."""
    cases = cases_of(session, account_id, order=order)
    settled_by = {case.settle_grant_id for case in cases if case.settle_grant_id is not None}
    views = [case_view(session, case, vault=vault) for case in cases]
    refunds = [r for r in _refunds(session, account_id, order) if r.grant_id is None or r.grant_id not in settled_by]
    views += [_refund_view(session, refund, vault=vault) for refund in refunds]
    return CaseList(tuple(sorted(views, key=lambda view: view.opened_at, reverse=True)))


def case_view(session: Session, case: Case, *, vault: Vault) -> CaseView:
    """One case with both voices in it opened."""
    order = session.get_one(Order, case.order_id)
    amount = case.amount_minor
    return CaseView(
        number=case.number,
        order=order.number,
        kind=case.kind,
        problem=case.problem,
        status=case.state,
        status_word=_word(case),
        items=_items(order, case.line_numbers),
        amount=Money(amount, case.currency) if amount > 0 and _is_promised(case) else None,
        charged=Money(-amount, case.currency) if amount < 0 else None,
        option=case.option,
        paid_with=case.paid_with or order.paid_with,
        tracking=case.tracking,
        reason=vault.open(session, case, "reason"),
        note=vault.open(session, case, "note"),
        is_reviewed=case.reviewed_by is not None,
        opened_at=case.opened_at,
        received_at=case.received_at,
        ended_at=case.ended_at,
    )


def _refund_view(session: Session, refund: Refund, *, vault: Vault) -> CaseView:
    """Money that went back by itself. Its number is made from random bits of its key, and opens nothing."""
    order = session.get_one(Order, refund.order_id)
    parts: Sequence[tuple[int, int]] = refund.parts
    return CaseView(
        number=number_from("RF", refund.id.bytes[-5:]),
        order=order.number,
        kind="refund",
        problem="",
        status="refunded" if refund.state == SETTLED else "claimed",
        status_word=STATUS_WORDS[refund.state],
        items=_items(order, frozenset(line for line, _ in parts if line != SHIPPING)),
        amount=Money(refund.amount_minor, refund.currency),
        charged=None,
        option="",
        paid_with=order.paid_with,
        tracking="",
        reason=vault.open(session, refund, "reason"),
        note="",
        is_reviewed=False,
        opened_at=refund.created_at,
        received_at=None,
        ended_at=refund.settled_at,
    )


def _refunds(session: Session, account_id: UUID | None, order: Order | None) -> Sequence[Refund]:
    statement = select(Refund).where(Refund.account_id == account_id, Refund.state.in_((CLAIMED, SETTLED)))
    if order is not None:
        statement = statement.where(Refund.order_id == order.id)
    return session.scalars(statement).all()


def _is_promised(case: Case) -> bool:
    """Whether the case's amount goes back or has gone. What a clerk has not decided on yet, nobody was promised."""
    if case.kind in (RETURN, EXCHANGE):
        return case.state not in (REFUSED, CLOSED)
    return case.state == REFUNDED


def _word(case: Case) -> str:
    if case.kind == EXCHANGE and case.state == "received":
        return "arrived, and the other option is being packed"
    return STATUS_WORDS[case.state]


def _items(order: Order, lines: frozenset[int]) -> tuple[str, ...]:
    return tuple(line.name + (f", {line.option}" if line.option else "") for line in order.lines if line.line in lines)


def _there(case: Case | None) -> Case:
    if case is None:
        raise LookupError("the case was there a moment ago")
    return case

"""What comes after delivery: returns, exchanges, warranty claims and reports of a parcel, each a case with a state.

The states and the ways between them stand here and nowhere else. While a case is open, what it is about is held: no
other request can have the same thing or the same money.
"""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.actor import Actor
from auth.database import Base, Owned, UtcDateTime, new_id
from auth.guard.commands import canonical
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.vault import Sealed, Vault
from shop.money import Money
from shop.orders import Order, is_at_work, number_from, read_number

RETURN, EXCHANGE, WARRANTY, PARCEL = "return", "exchange", "warranty", "parcel"
MISSING, DAMAGED = "missing", "damaged"
PLACING, FAILED, ANNOUNCED, OPEN, SETTLING = "placing", "failed", "announced", "open", "settling"
RECEIVED, SENT, REFUNDED, REPLACED, REFUSED, CLOSED = (
    "received",
    "sent",
    "refunded",
    "replacement_sent",
    "refused",
    "closed",
)

# What may follow a state. ``settling`` is the time in which the payment service is asked; if it says no, the case goes
# back to where it was. A returned parcel has arrived whatever the payment service says, so there it is ``received``.
_CLAIM: Mapping[str, frozenset[str]] = MappingProxyType(
    {OPEN: frozenset({SETTLING, CLOSED}), SETTLING: frozenset({OPEN, REFUNDED, REPLACED, REFUSED})}
)
MOVES: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        RETURN: {
            ANNOUNCED: frozenset({RECEIVED, SETTLING, CLOSED}),
            RECEIVED: frozenset({REFUNDED, ANNOUNCED}),
            SETTLING: frozenset({REFUSED, ANNOUNCED}),
        },
        EXCHANGE: {
            PLACING: frozenset({ANNOUNCED, FAILED}),
            ANNOUNCED: frozenset({SETTLING}),
            SETTLING: frozenset({RECEIVED, REFUSED, ANNOUNCED}),
            RECEIVED: frozenset({SENT}),
        },
        WARRANTY: _CLAIM,
        PARCEL: _CLAIM,
    }
)
OPEN_STATES = (PLACING, ANNOUNCED, OPEN, SETTLING, RECEIVED)


class Case(Base, Owned):
    """One case. ``lines`` is a JSON list of ``[line, minor]`` as in a refund: what it is about, and what may go back
    for it. ``amount_minor`` is what goes back in all; what was charged for a dearer option is below zero.

    ``grant_id`` opened the case, ``settle_grant_id`` moved its money: both are unique, so neither happens twice.
    """

    __tablename__ = "cases"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    problem: Mapped[str] = mapped_column(String(16), default="")
    state: Mapped[str] = mapped_column(String(20), index=True)
    lines: Mapped[str] = mapped_column(Text)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    sku: Mapped[str] = mapped_column(String(60), default="")
    option: Mapped[str] = mapped_column(String(80), default="")
    paid_with: Mapped[str] = mapped_column(String(40), default="")
    charge_reference: Mapped[str | None] = mapped_column(String(128))
    tracking: Mapped[str] = mapped_column(String(40), default="")
    decision: Mapped[str] = mapped_column(String(16), default="")
    reason: Mapped[bytes | None] = mapped_column(Sealed)
    note: Mapped[bytes | None] = mapped_column(Sealed)
    grant_id: Mapped[UUID | None] = mapped_column(unique=True)
    settle_grant_id: Mapped[UUID | None] = mapped_column(unique=True)
    reviewed_by: Mapped[UUID | None]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """``(line, minor)``: what may go back for each line; line 0 is the shipping."""
        return tuple((line, minor) for line, minor in json.loads(self.lines))

    @property
    def line_numbers(self) -> frozenset[int]:
        """The lines it is about, without the shipping."""
        return frozenset(line for line, _ in self.parts if line)

    def move(self, after: str) -> None:
        """To another state, along one of the ways. Raises :class:`RuntimeError` where there is none."""
        if after not in MOVES[self.kind].get(self.state, ()):
            raise RuntimeError(f"a {self.kind} that is {self.state} cannot become {after}")
        self.state = after


def new_case_number() -> str:
    """A fresh number such as ``RT-7K3M-29QD``: 40 random bits, and the column is unique."""
    return number_from("RT", os.urandom(5))


def open_case(
    session: Session,
    vault: Vault,
    grant: Grant[Any],
    *,
    order: Order,
    kind: str,
    state: str,
    parts: Sequence[tuple[int, int]],
    reason: str,
    problem: str = "",
) -> Case:
    """A new case about these lines of an order, opened by its owner under this grant; the reason is sealed for them."""
    case = Case(
        id=new_id(grant.at),
        account_id=order.account_id,
        number=new_case_number(),
        order_id=order.id,
        kind=kind,
        problem=problem,
        state=state,
        lines=canonical([list(part) for part in parts]),
        amount_minor=sum(minor for _, minor in parts),
        currency=order.currency,
        grant_id=grant.id,
        opened_at=grant.at,
    )
    session.add(case)
    vault.seal(session, case, "reason", reason)
    return case


def find_case(session: Session, account_id: UUID | None, number: str, *, lock: bool = False) -> Case | None:
    """An account's own case by its number."""
    exact = read_number("RT", number)
    if account_id is None or exact is None:
        return None
    found = session.scalars(select(Case).where(Case.account_id == account_id, Case.number == exact)).first()
    return found if found is None or not lock else _locked(session, found)


def find_case_at_work(session: Session, actor: Actor, number: str) -> Case | None:
    """Any case for a clerk on the staff pages; for everybody else only their own. It is locked, after its order."""
    exact = read_number("RT", number)
    if not is_at_work(actor):
        return find_case(session, actor.account_id, number, lock=True)
    found = session.scalars(select(Case).where(Case.number == exact)).first()
    return None if found is None else _locked(session, found)


def case_of_grant(session: Session, account_id: UUID, grant_id: UUID) -> Case:
    """The case that was opened under a grant."""
    return session.scalars(select(Case).where(Case.account_id == account_id, Case.grant_id == grant_id)).one()


def cases_of(session: Session, account_id: UUID | None, *, order: Order | None = None) -> Sequence[Case]:
    """An account's own cases, newest first; of one order, if one is given. An exchange that was not paid is none."""
    if account_id is None:
        return ()
    statement = select(Case).where(Case.account_id == account_id, Case.state != FAILED)
    if order is not None:
        statement = statement.where(Case.order_id == order.id)
    return session.scalars(statement.order_by(Case.opened_at.desc(), Case.id.desc())).all()


def cases_to_work_on(session: Session, *, limit: int = 100) -> Sequence[Case]:
    """Everybody's open cases, oldest first; for a session with the scope of the house."""
    waiting = (ANNOUNCED, OPEN, RECEIVED)
    return session.scalars(select(Case).where(Case.state.in_(waiting)).order_by(Case.opened_at).limit(limit)).all()


def held_lines(session: Session, order: Order, *, besides: Case | None = None, replaced: bool = True) -> frozenset[int]:
    """The lines of an order that a case holds. An exchange holds its line for good; a replacement does for money back
    without the goods, and with ``replaced=False`` no longer for a return."""
    states = (*OPEN_STATES, REPLACED) if replaced else OPEN_STATES
    is_held = or_(Case.state.in_(states), (Case.kind == EXCHANGE) & (Case.state == SENT))
    statement = select(Case).where(Case.account_id == order.account_id, Case.order_id == order.id, is_held)
    found = [case for case in session.scalars(statement) if besides is None or case.id != besides.id]
    return frozenset(line for case in found for line in case.line_numbers)


def case_entity(case: Case, refundable_minor: int) -> Entity:
    """A case as the policy sees it; ``refundable_minor`` is what can still go back for what it is about."""
    attributes = {"owner": str(case.account_id), "kind": case.kind, "state": case.state}
    reviewed_by = None if case.reviewed_by is None else str(case.reviewed_by)
    return Entity("Case", case.number, {**attributes, "refundable_minor": refundable_minor, "reviewed_by": reviewed_by})


def _locked(session: Session, case: Case) -> Case:
    """The order first and then the case, as everybody who changes either does; and the case as it is by then."""
    session.scalars(select(Order).where(Order.id == case.order_id).with_for_update()).one()
    again = select(Case).where(Case.id == case.id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(again).one()

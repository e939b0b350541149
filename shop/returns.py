"""Sending things back: announced by their owner, and paid for by a clerk's hand once the parcel is there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Card, Facts, Room, Settlement
from auth.vault import Vault
from shop.case_money import CaseFile, CaseMoney, file_facts, find_file, pay_in, the_file
from shop.cases import (
    ANNOUNCED,
    CLOSED,
    EXCHANGE,
    RECEIVED,
    REFUNDED,
    RETURN,
    SETTLING,
    Case,
    case_entity,
    case_of_grant,
    find_case,
    held_lines,
    open_case,
)
from shop.catalogue import return_stock
from shop.commands import ReceiveReturn, ReturnItems, WithdrawCase
from shop.money import Money
from shop.orders import find_order
from shop.payments import PaymentGateway
from shop.refunds import Reckoning, item_of, order_entity, reckon


def return_rooms(vault: Vault, gateway: PaymentGateway, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    returning, receiving = Returning(vault, clock), Receiving(CaseMoney(vault, gateway, clock))
    return (
        Room(
            ReturnItems,
            Effect.WRITE,
            find=returning.find,
            facts=returning.facts,
            handle=returning.handle,
            verify=returning.verify,
            card=returning.card,
            says=say_announced,
            unminuted=frozenset({"paid_with"}),
        ),
        Room(
            WithdrawCase,
            Effect.WRITE,
            find=find_own_case,
            facts=own_case_facts,
            handle=withdraw,
            verify=is_withdrawn,
            card=withdrawal_card,
            says=say_withdrawn,
        ),
        Room(
            ReceiveReturn,
            Effect.WRITE,
            find=find_file,
            facts=receiving.facts,
            handle=receiving.handle,
            verify=receiving.verify,
            card=receiving.card,
            says=say_received,
            unminuted=frozenset({"paid_with"}),
            outside=receiving,
        ),
    )


@dataclass(frozen=True, slots=True)
class Returning:
    """The room of :class:`~shop.commands.ReturnItems`."""

    vault: Vault
    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: ReturnItems) -> Reckoning | None:
        """The actor's own order; a line that it does not have is as little there as somebody else's order."""
        order = find_order(session, actor.account_id, command.order, lock=True)
        if order is None or not set(command.lines) <= {line.line for line in order.lines}:
            return None
        return reckon(session, order, held=held_lines(session, order, replaced=False))

    def facts(self, session: Session, actor: Actor, command: ReturnItems, found: Reckoning) -> Facts:
        order, going = found.order, _going(command, found)
        amount = found.refundable(going)
        asked = command.lines or going
        held = not going or any(found.left(line) == 0 for line in order.lines if line.line in asked)
        snapshot: dict[str, Json] = {
            "order": order.number,
            "lines": [[line.line, line.sku, line.quantity, line.unit_minor] for line in order.lines],
            "going": [*going],
            "amount": [amount.minor, amount.currency],
            "to": [order.paid_with, order.charge_reference],
        }
        context = {"amount_minor": amount.minor if going else 0, "lines_held": held}
        return Facts(order_entity(order, found.refundable(going), self.clock()), context, snapshot)

    def card(self, session: Session, command: ReturnItems, found: Reckoning) -> Card:
        order, going = found.order, _going(command, found)
        amount = found.refundable(going)
        items = "; ".join(item_of(line) for line in order.lines if line.line in going)
        lines = [("Order", order.number), ("Items", items), ("Amount", str(amount)), ("To", order.paid_with)]
        lines += [("When", "when the parcel has arrived"), ("Reason", command.reason)]
        sentence = f"Return {items}; {amount} goes back to {order.paid_with} when the parcel has arrived"
        return Card(sentence, tuple(lines), "Confirm return")

    def handle(self, session: Session, grant: Grant[ReturnItems]) -> Mapping[str, Json]:
        found = self.find(session, grant.actor, grant.command)
        if found is None:
            raise LookupError("the order was there a moment ago")
        parts = found.parts(_going(grant.command, found))
        case = open_case(
            session,
            self.vault,
            grant,
            order=found.order,
            kind=RETURN,
            state=ANNOUNCED,
            parts=parts,
            reason=grant.command.reason,
        )
        told: dict[str, Json] = {"order": found.order.number, "case": case.number, "amount": str(case.amount)}
        return {**told, "minor": case.amount_minor, "paid_with": found.order.paid_with}

    def verify(self, session: Session, grant: Grant[ReturnItems], result: Mapping[str, Json]) -> bool:
        case = case_of_grant(session, grant.account_id, grant.id)
        return case.state == ANNOUNCED and case.number == result["case"] and case.amount_minor > 0


@dataclass(frozen=True, slots=True)
class Receiving:
    """The room of :class:`~shop.commands.ReceiveReturn`, and its calls to the payment gateway.

    A return's money goes back; an exchange's does where the other option is cheaper.
    """

    money: CaseMoney

    def facts(self, session: Session, actor: Actor, command: ReceiveReturn, file: CaseFile) -> Facts:
        return file_facts(session, file, _back(file.case), now=self.money.clock())

    def card(self, session: Session, command: ReceiveReturn, file: CaseFile) -> Card:
        lines = (("Case", file.case.number), ("Amount", str(_back(file.case))), ("To", file.order.paid_with))
        return Card(f"Note that {file.case.number} has arrived", lines)

    def prepare(self, session: Session, grant: Grant[ReceiveReturn]) -> Mapping[str, Json]:
        """The parcel is here: hold the case, and set its money aside as a claimed refund."""
        file = the_file(session, grant)
        file.case.move(RECEIVED if file.case.kind == RETURN else SETTLING)
        return self.money.claim(session, grant, file=file, amount=_back(file.case))

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        return self.money.call(key, request)

    def handle(self, session: Session, grant: Grant[ReceiveReturn]) -> Mapping[str, Json]:
        """The money has gone back, and what came is on the shelf again."""
        file = the_file(session, grant)
        case, order = file.case, file.order
        self.money.settle(session, grant, file=file)
        case.move(REFUNDED if case.kind == RETURN else RECEIVED)
        case.received_at = grant.at
        case.ended_at = grant.at if case.kind == RETURN else None
        for line in sorted(order.lines, key=lambda line: line.sku):
            if line.line in case.line_numbers:
                return_stock(session, line.sku, line.quantity)
        back = _back(case)
        told: dict[str, Json] = {"order": order.number, "case": case.number, "amount": str(back), "minor": back.minor}
        return {**told, "paid_with": order.paid_with}

    def verify(self, session: Session, grant: Grant[ReceiveReturn], result: Mapping[str, Json]) -> bool:
        file = the_file(session, grant)
        after = REFUNDED if file.case.kind == RETURN else RECEIVED
        return file.case.state == after and self.money.is_settled(session, grant, file=file, amount=_back(file.case))

    def release(self, session: Session, grant: Grant[ReceiveReturn]) -> None:
        file = the_file(session, grant)
        self.money.release(session, grant, file=file)
        file.case.move(ANNOUNCED)


# WithdrawCase


def find_own_case(session: Session, actor: Actor, command: WithdrawCase) -> Case | None:
    return find_case(session, actor.account_id, command.case, lock=True)


def own_case_facts(session: Session, actor: Actor, command: WithdrawCase, case: Case) -> Facts:
    return Facts(case_entity(case, 0), snapshot={"case": case.number, "state": case.state})


def withdrawal_card(session: Session, command: WithdrawCase, case: Case) -> Card:
    return Card(f"Withdraw {case.number}; you keep what it was about, and no money moves", (("Case", case.number),))


def withdraw(session: Session, grant: Grant[WithdrawCase]) -> Mapping[str, Json]:
    case = _own(session, grant)
    case.move(CLOSED)
    case.ended_at = grant.at
    return {"case": case.number}


def is_withdrawn(session: Session, grant: Grant[WithdrawCase], result: Mapping[str, Json]) -> bool:
    return _own(session, grant).state == CLOSED


def _own(session: Session, grant: Grant[WithdrawCase]) -> Case:
    case = find_own_case(session, grant.actor, grant.command)
    if case is None:
        raise LookupError("the case was there a moment ago")
    return case


def say_announced(result: Mapping[str, Json]) -> str:
    back = f"{result['amount']} goes back to {result['paid_with']} when the parcel has arrived."
    return f"Return {result['case']} for order {result['order']} is announced. {back}"


def say_withdrawn(result: Mapping[str, Json]) -> str:
    return f"{result['case']} is withdrawn. No money has moved."


def say_received(result: Mapping[str, Json]) -> str:
    return f"{result['case']} has arrived. {pay_in(result)}"


def _going(command: ReturnItems, found: Reckoning) -> tuple[int, ...]:
    """The lines that go back: those named, or all that still can."""
    return tuple(
        line.line
        for line in found.order.lines
        if (line.line in command.lines if command.lines else found.left(line) > 0)
    )


def _back(case: Case) -> Money:
    """What goes back when the parcel has arrived: nothing where the other option was dearer."""
    zero = Money(0, case.currency)
    return max(case.amount, zero) if case.kind == EXCHANGE else case.amount

"""A clerk decides on a case: money back, the same again, or neither, with a word to the customer.

Nobody decides on their own, and what is above the limits takes two: one who has looked before, and another who decides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Card, Facts, Room, Settlement
from auth.vault import Vault
from shop.case_money import CaseFile, CaseMoney, file_facts, find_file, pay_in, the_file
from shop.cases import ANNOUNCED, EXCHANGE, OPEN, REFUNDED, REFUSED, REPLACED, RETURN, SETTLING, Case
from shop.catalogue import find_variants, return_stock, take_stock
from shop.commands import DecideCase, ReviewCase
from shop.money import Money
from shop.orders import OrderLine
from shop.payments import PaymentGateway, asked

_AFTER: Mapping[str, str] = MappingProxyType({"refund": REFUNDED, "replace": REPLACED, "refuse": REFUSED})


def deciding_rooms(vault: Vault, gateway: PaymentGateway, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    deciding, reviewing = Deciding(CaseMoney(vault, gateway, clock)), Reviewing(clock)
    return (
        Room(
            DecideCase,
            Effect.WRITE,
            find=find_file,
            facts=deciding.facts,
            handle=deciding.handle,
            verify=deciding.verify,
            card=deciding.card,
            says=say_decided,
            unminuted=frozenset({"paid_with"}),
            outside=deciding,
        ),
        Room(
            ReviewCase,
            Effect.WRITE,
            find=find_file,
            facts=reviewing.facts,
            handle=reviewing.handle,
            verify=reviewing.verify,
            card=reviewing.card,
            says=lambda result: f"You have looked at {result['case']}. Another clerk can go on with it.",
        ),
    )


@dataclass(frozen=True, slots=True)
class Deciding:
    """The room of :class:`~shop.commands.DecideCase`, and its calls to the payment gateway."""

    money: CaseMoney

    def facts(self, session: Session, actor: Actor, command: DecideCase, file: CaseFile) -> Facts:
        in_stock = _is_in_stock(session, file) if command.decision == "replace" else None
        amount = _back(file.case, command.decision)
        now = self.money.clock()
        return file_facts(session, file, amount, now=now, decision=command.decision, in_stock=in_stock)

    def card(self, session: Session, command: DecideCase, file: CaseFile) -> Card:
        back = _back(file.case, command.decision)
        lines = (("Case", file.case.number), ("Amount", str(back)), ("To the customer", command.note))
        return Card(f"Decide on {file.case.number}: {command.decision}", lines)

    def prepare(self, session: Session, grant: Grant[DecideCase]) -> Mapping[str, Json]:
        """Hold the case; set its money aside, or take what is sent again off the shelf."""
        file, decision = the_file(session, grant), grant.command.decision
        file.case.move(SETTLING)
        if decision == "replace":
            for line in _lines(file):
                take_stock(session, line.sku, line.quantity)
        if decision == "refuse" and file.case.amount_minor < 0:
            # A dearer option was charged by itself, and that charge is what goes back.
            file.case.settle_grant_id = grant.id
            return {"charge": file.case.charge_reference, **asked(_back(file.case, decision))}
        return self.money.claim(session, grant, file=file, amount=_of_order(file.case, decision))

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        return self.money.call(key, request)

    def handle(self, session: Session, grant: Grant[DecideCase]) -> Mapping[str, Json]:
        file, command = the_file(session, grant), grant.command
        case = file.case
        self.money.settle(session, grant, file=file)
        case.move(_AFTER[command.decision])
        case.decision, case.ended_at = command.decision, grant.at
        self.money.vault.seal(session, case, "note", command.note)
        if case.kind == EXCHANGE:
            return_stock(session, case.sku, sum(line.quantity for line in _lines(file)))
        back = _back(case, command.decision)
        told: dict[str, Json] = {"case": case.number, "order": file.order.number, "decision": command.decision}
        return {**told, "amount": str(back), "minor": back.minor, "paid_with": case.paid_with or file.order.paid_with}

    def verify(self, session: Session, grant: Grant[DecideCase], result: Mapping[str, Json]) -> bool:
        file, decision = the_file(session, grant), grant.command.decision
        is_there = file.case.state == _AFTER[decision] and file.case.decision == decision
        return is_there and self.money.is_settled(session, grant, file=file, amount=_of_order(file.case, decision))

    def release(self, session: Session, grant: Grant[DecideCase]) -> None:
        file = the_file(session, grant)
        self.money.release(session, grant, file=file)
        if grant.command.decision == "replace":
            for line in _lines(file):
                return_stock(session, line.sku, line.quantity)
        file.case.move(ANNOUNCED if file.case.kind in (RETURN, EXCHANGE) else OPEN)


@dataclass(frozen=True, slots=True)
class Reviewing:
    """The room of :class:`~shop.commands.ReviewCase`."""

    clock: Callable[[], datetime]

    def facts(self, session: Session, actor: Actor, command: ReviewCase, file: CaseFile) -> Facts:
        return file_facts(session, file, Money(0, file.case.currency), now=self.clock())

    def card(self, session: Session, command: ReviewCase, file: CaseFile) -> Card:
        return Card(f"Agree that another clerk may go on with {file.case.number}", (("Case", file.case.number),))

    def handle(self, session: Session, grant: Grant[ReviewCase]) -> Mapping[str, Json]:
        case = the_file(session, grant).case
        case.reviewed_by = grant.account_id
        return {"case": case.number}

    def verify(self, session: Session, grant: Grant[ReviewCase], result: Mapping[str, Json]) -> bool:
        return the_file(session, grant).case.reviewed_by == grant.account_id


def say_decided(result: Mapping[str, Json]) -> str:
    match result["decision"]:
        case "replace":
            return f"{result['case']}: the same is sent again."
        case "refuse":
            return f"{result['case']} is refused. {pay_in(result)}"
    return f"{result['case']} is decided. {pay_in(result)}"


def _of_order(case: Case, decision: str) -> Money:
    """What goes back of what was paid for the order."""
    return case.amount if decision == "refund" else Money(0, case.currency)


def _back(case: Case, decision: str) -> Money:
    """What goes back in all; a refused exchange gives back what its dearer option was charged."""
    if decision == "refuse" and case.kind == EXCHANGE:
        return Money(max(0, -case.amount_minor), case.currency)
    return _of_order(case, decision)


def _lines(file: CaseFile) -> list[OrderLine]:
    mine = [line for line in file.order.lines if line.line in file.case.line_numbers]
    return sorted(mine, key=lambda line: line.sku)


def _is_in_stock(session: Session, file: CaseFile) -> bool:
    lines = _lines(file)
    shelf = find_variants(session, {line.sku for line in lines}, lock=True)
    wanted = {line.sku: sum(other.quantity for other in lines if other.sku == line.sku) for line in lines}
    return all(sku in shelf and shelf[sku].stock >= quantity for sku, quantity in wanted.items())

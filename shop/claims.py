"""What went wrong: something failed within its warranty, or a parcel did not come, or came damaged. A clerk decides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.rooms import Card, Facts, Room
from auth.vault import Vault
from shop.cases import OPEN, PARCEL, WARRANTY, case_of_grant, held_lines, open_case
from shop.commands import ClaimWarranty, ReportParcel
from shop.order_views import expected_on
from shop.orders import OrderLine, find_order
from shop.refunds import Reckoning, item_of, order_entity, reckon

Claim = ClaimWarranty | ReportParcel
# Five years instead of two for these; see shop/rules/warranty.md.
_FIVE_YEARS = frozenset({"tent", "backpack"})


def claim_rooms(vault: Vault, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    claiming = Claiming(vault, clock)
    return (
        Room(
            ClaimWarranty,
            Effect.WRITE,
            find=claiming.find,
            facts=claiming.facts,
            handle=claiming.claim,
            verify=claiming.verify,
            card=claiming.card,
            says=say_opened,
        ),
        Room(
            ReportParcel,
            Effect.WRITE,
            find=claiming.find,
            facts=claiming.facts,
            handle=claiming.report,
            verify=claiming.verify,
            card=claiming.card,
            says=say_opened,
        ),
    )


@dataclass(frozen=True, slots=True)
class Claiming:
    """The room of :class:`~shop.commands.ClaimWarranty` and of :class:`~shop.commands.ReportParcel`."""

    vault: Vault
    clock: Callable[[], datetime]

    def find(self, session: Session, actor: Actor, command: Claim) -> Reckoning | None:
        """The actor's own order; a line that it does not have is as little there as somebody else's order."""
        order = find_order(session, actor.account_id, command.order, lock=True)
        if order is None or not set(_named(command)) <= {line.line for line in order.lines}:
            return None
        return reckon(session, order, held=held_lines(session, order, replaced=False))

    def facts(self, session: Session, actor: Actor, command: Claim, found: Reckoning) -> Facts:
        order, about = found.order, _about(command, found)
        asked_for = _named(command) or tuple(line.line for line in about)
        is_held = not about or any(found.left(line) == 0 for line in order.lines if line.line in asked_for)
        years = 5 if about and all(line.kind in _FIVE_YEARS for line in about) else 2
        expected = expected_on(order)
        context: dict[str, str | int | bool | None] = {
            "lines_held": is_held,
            "warranty_years": years if isinstance(command, ClaimWarranty) else None,
            "problem": command.problem if isinstance(command, ReportParcel) else None,
            "days_overdue": None if expected is None else working_days(expected, self.clock().date()),
        }
        snapshot: dict[str, Json] = {
            "order": order.number,
            "lines": [[line.line, line.sku, line.quantity, line.unit_minor] for line in about],
        }
        resource = order_entity(order, found.refundable([line.line for line in about]), self.clock())
        return Facts(resource, context, snapshot)

    def card(self, session: Session, command: Claim, found: Reckoning) -> Card:
        items = "; ".join(item_of(line) for line in _about(command, found))
        lines = [("Order", found.order.number), ("Items", items), ("What happened", _words(command))]
        what = "a warranty claim"
        if isinstance(command, ReportParcel):
            what = (
                f"a report that something is {command.problem}"
                if command.problem == "missing"
                else "a report of damage"
            )
        return Card(f"Send us {what}: {items}. A clerk decides on it", tuple(lines), "Send")

    def claim(self, session: Session, grant: Grant[ClaimWarranty]) -> Mapping[str, Json]:
        return self._open(session, grant, kind=WARRANTY)

    def report(self, session: Session, grant: Grant[ReportParcel]) -> Mapping[str, Json]:
        return self._open(session, grant, kind=PARCEL, problem=grant.command.problem)

    def verify(self, session: Session, grant: Grant[Any], result: Mapping[str, Json]) -> bool:
        case = case_of_grant(session, grant.account_id, grant.id)
        return case.state == OPEN and case.number == result["case"] and bool(case.line_numbers)

    def _open(self, session: Session, grant: Grant[Any], *, kind: str, problem: str = "") -> Mapping[str, Json]:
        command, found = grant.command, self.find(session, grant.actor, grant.command)
        if found is None:
            raise LookupError("the order was there a moment ago")
        about = [line.line for line in _about(command, found)]
        case = open_case(
            session,
            self.vault,
            grant,
            order=found.order,
            kind=kind,
            state=OPEN,
            parts=found.parts(about),
            reason=_words(command),
            problem=problem,
        )
        return {"case": case.number, "order": found.order.number}


def say_opened(result: Mapping[str, Json]) -> str:
    return f"We have it as {result['case']}, for order {result['order']}. A clerk looks at it and tells you here."


def working_days(since: date, until: date) -> int:
    """How many Mondays to Fridays lie after one day, up to and with another; zero when it has not come."""
    days = (until - since).days
    return sum((since + timedelta(days=n)).weekday() < 5 for n in range(1, days + 1))


def _named(command: Claim) -> tuple[int, ...]:
    return (command.line,) if isinstance(command, ClaimWarranty) else command.lines


def _words(command: Claim) -> str:
    return command.problem if isinstance(command, ClaimWarranty) else command.what


def _about(command: Claim, found: Reckoning) -> list[OrderLine]:
    """The lines it is about: those named, or all that nothing has gone back for and no case holds."""
    named = _named(command)
    return [line for line in found.order.lines if (line.line in named if named else found.left(line) > 0)]

"""The demo's returns and claims: a few in every state, so that "where is my money" has something to find.

What the tour asks about is left alone: only older orders have a case.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.database import new_id
from auth.guard.commands import canonical
from auth.vault import Vault
from shop.cases import ANNOUNCED, OPEN, PARCEL, REFUNDED, REFUSED, REPLACED, RETURN, WARRANTY, Case, new_case_number
from shop.demo_orders import STARS, Plan
from shop.orders import DELIVERED, Order
from shop.refunds import Refund


@dataclass(frozen=True, slots=True)
class _Story:
    """A case to be, about the first line of an order; days are counted from the delivery."""

    kind: str
    state: str
    reason: str
    days: int
    problem: str = ""
    note: str = ""
    ended_after: int = 0


# For each customer of the tour, from their youngest order without a refund on.
_STORIES: tuple[tuple[_Story, ...], ...] = (
    (
        _Story(RETURN, ANNOUNCED, "Nicer than I need. It goes back unused.", 5),
        _Story(WARRANTY, OPEN, "The stitching comes loose on one side.", 20),
    ),
    (_Story(RETURN, ANNOUNCED, "I ordered one too many.", 4),),
    (_Story(PARCEL, OPEN, "The box was open, and it has a dent.", 1, "damaged"),),
    (_Story(PARCEL, REPLACED, "Broken in two.", 1, "damaged", "We are sorry. The same is on its way to you.", 2),),
    (
        _Story(
            WARRANTY, REFUSED, "The dog had it for an afternoon.", 9, "", "Dogs are not covered, but we can mend it.", 3
        ),
    ),
)


def write_cases(session: Session, vault: Vault, written: Sequence[tuple[Plan, Order]], *, now: datetime) -> int:
    """Write the demo's cases; how many. The orders and their refunds must be flushed."""
    cases = [*_of_the_tour(written, now), *_paid_back(session, written)]
    for case, story in cases:
        session.add(case)
        vault.seal(session, case, "reason", story.reason)
        if story.note:
            vault.seal(session, case, "note", story.note)
    return len(cases)


def _of_the_tour(written: Sequence[tuple[Plan, Order]], now: datetime) -> Iterator[tuple[Case, _Story]]:
    for customer in range(STARS):
        fit = [order for plan, order in written if plan.customer == customer and _is_old(plan, now, order)]
        fit.sort(key=lambda order: order.placed_at, reverse=True)
        for order, story in zip(fit, _STORIES[customer], strict=False):
            yield _case(order, story, now), story


def _is_old(plan: Plan, now: datetime, order: Order) -> bool:
    is_free = plan.status == DELIVERED and plan.refund is None
    return is_free and order.delivered_at is not None and now - order.delivered_at > timedelta(days=21)


def _paid_back(session: Session, written: Sequence[tuple[Plan, Order]]) -> Iterator[tuple[Case, _Story]]:
    """Every other refund of the past was a return, announced a little before its money went back."""
    # The first customer's come first, so that the tour has one.
    refunded = sorted((pair for pair in written if pair[0].refund is not None), key=lambda pair: pair[0].customer)
    for _, order in refunded[::2]:
        refund = session.scalars(select(Refund).where(Refund.order_id == order.id)).one()
        story = _Story(RETURN, REFUNDED, "Not what I had hoped for.", 0)
        case = _case(order, story, refund.created_at)
        case.lines, case.amount_minor = refund.lines, refund.amount_minor
        case.received_at = case.ended_at = refund.created_at
        refund.grant_id = case.settle_grant_id = new_id(refund.created_at)
        yield case, story


def _case(order: Order, story: _Story, now: datetime) -> Case:
    delivered = order.delivered_at or order.placed_at
    opened = min(delivered + timedelta(days=story.days, hours=2), now)
    ended = opened + timedelta(days=story.ended_after) if story.ended_after else None
    line = order.lines[0]
    return Case(
        id=new_id(opened),
        account_id=order.account_id,
        number=new_case_number(),
        order_id=order.id,
        kind=story.kind,
        problem=story.problem,
        state=story.state,
        lines=canonical([[line.line, line.unit_minor * line.quantity]]),
        amount_minor=line.unit_minor * line.quantity,
        currency=order.currency,
        decision={REPLACED: "replace", REFUSED: "refuse"}.get(story.state, ""),
        opened_at=opened,
        ended_at=ended,
    )

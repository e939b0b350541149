"""What customers have signed and a clerk is to look at before money moves; nobody looks at their own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from auth.accounts import find_account
from auth.actor import Actor
from auth.database import Scope
from auth.guard.approvals import IN_REVIEW, Approval, find_approval
from auth.guard.cases import age_s
from auth.guard.commands import clean
from auth.guard.decisions import Allowed, Done, Need, Refused
from auth.guard.judge import Entity, Question, Stamps, principal_of
from auth.guard.rooms import Card
from auth.guard.submissions import outcome_from_json
from auth.web.asking import Staff
from frontend.errors import OK, UNPROCESSABLE, go_to, not_here, status_of
from frontend.house import House, house_of
from frontend.pages.submitting import Text
from frontend.render import render, words_of
from frontend.signing import signing_card
from shop.commands import ReadRequest
from shop.conversations import read_id

router = APIRouter(prefix="/staff/reviews")

LONGEST_NOTE = 1000
NOTE_TOO_LONG = f"A note holds at most {LONGEST_NOTE:,} characters."


@dataclass(frozen=True, slots=True)
class ToReview:
    """A card that its customer has signed and a clerk is to look at. ``refusal`` is why this clerk may not."""

    id: UUID
    card: Card
    subject: str
    confirmed: str
    asked_by: tuple[tuple[str, str], ...]
    refusal: str
    state: str = IN_REVIEW
    outcome: tuple[str, str] | None = None
    note: str = ""


@router.get("/{approval_id}")
def show_review(request: Request, actor: Staff, approval_id: str) -> Response:
    return _review(request, actor, approval_id)


@router.post("/{approval_id}")
def review(request: Request, actor: Staff, approval_id: str, decision: Text = "", note: Text = "") -> Response:
    key, words = read_id(approval_id), clean(note).strip()
    if key is None:
        raise not_here()
    if decision not in {"agree", "decline"}:
        return _review(request, actor, approval_id, UNPROCESSABLE, wrong="Agree or decline: choose one of the two.")
    if len(words) > LONGEST_NOTE:
        return _review(request, actor, approval_id, UNPROCESSABLE, wrong=NOTE_TOO_LONG, draft=note)
    match house_of(request).desk.review(actor, key, agree=decision == "agree", note=words):
        case Refused(kind="not_found"):
            raise not_here()
        case Refused(kind="policy", says=says) as refused:
            return _review(request, actor, approval_id, status_of(refused), wrong=says, draft=note)
        case _:
            # The page tells what became of it from the record.
            return go_to(f"/staff/reviews/{key}")


def _review(
    request: Request, actor: Actor, approval_id: str, status: int = OK, *, wrong: str = "", draft: str = ""
) -> Response:
    house, key = house_of(request), read_id(approval_id)
    # The look goes over the desk, so that the policy decides on it and the customer can see it.
    looked = None if key is None else house.desk.submit(actor, ReadRequest(request=str(key)), request_id="")
    if key is None or not isinstance(looked, Done):
        raise not_here()
    with house.database.read(Scope.house("a clerk reviews")) as session:
        card = find_approval(session, key)
        if card is None:
            raise not_here()
        return render(
            request,
            "staff_review.html",
            actor=actor,
            session=session,
            status=status,
            review=to_review(house, session, actor, card),
            wrong=wrong,
            draft=draft[:8000],
        )


def to_review(house: House, session: Session, actor: Actor, card: Approval) -> ToReview:
    at = card.confirmed_at or card.created_at
    return ToReview(
        id=card.id,
        card=_shown(house, session, actor, card),
        subject=card.subject.partition("/")[2],
        confirmed=for_how_long(at, house.clock()),
        asked_by=tuple(_asked_by(house, card)),
        refusal=_why_not(house, session, actor, card),
        state=card.state,
        outcome=None if card.outcome is None else words_of(outcome_from_json(card.outcome)),
        note=house.vault.open(session, card, "note"),
    )


def _shown(house: House, session: Session, actor: Actor, card: Approval) -> Card:
    """The card as the record has it while it waits; afterwards what it came to, for the record has moved on."""
    if card.state == IN_REVIEW:
        return house.desk.card(session, card)
    settled = signing_card(house, session, actor, card)
    return Card(settled.sentence, settled.records)


def _asked_by(house: House, card: Approval) -> Iterator[tuple[str, str]]:
    """The policies that wanted a clerk's eyes on this card, with their words."""
    named = json.loads(card.reasons)
    for rule in house.desk.judge.rules.values():
        if rule.policy in named and rule.needs is Need.REVIEW:
            yield rule.policy, rule.says


def _why_not(house: House, session: Session, actor: Actor, card: Approval) -> str:
    """The policies' words for why this clerk may not review this card; empty when they may."""
    account = None if actor.account_id is None else find_account(session, actor.account_id)
    principal = principal_of(actor, status="closed" if account is None else account.status)
    resource = Entity("Approval", str(card.id), {"requested_by": str(card.account_id), "state": card.state})
    stamps = Stamps(second_factor_age_s=age_s(actor.second_factor_at, house.clock()))
    decision = house.desk.judge.decide(Question("ReviewApproval", actor, principal, resource, {}), stamps)
    return "" if isinstance(decision, Allowed) else " ".join(reason.says for reason in decision.reasons)


def for_how_long(since: datetime, now: datetime) -> str:
    """``3 minutes``: how long ago something was, in its largest unit."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"

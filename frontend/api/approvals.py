"""What waits for the customer's signature: to be listed and read here, and signed on a page of the shop, by them.

A program sees what it has asked for itself, what the assistant prepared while the program talked to it, and
everything if it may read the record.
"""

from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.guard.approvals import Approval as Card
from auth.guard.approvals import actor_from_json, find_approval
from auth.guard.cases import NOT_FOUND
from auth.guard.submissions import outcome_from_json
from auth.oauth.delegations import app_behind
from frontend.api import examples
from frontend.api.cursors import LONGEST, Page, paged
from frontend.api.operations import Call, Operation
from frontend.api.problems import Problem
from frontend.api.shapes import Approval, State
from frontend.signing import signing_card
from shop.conversations import read_id

_TO_SIGN = {"needs_code": "open", "wrong_code": "open"}
MOST_LISTED = 200


class Approvals(BaseModel):
    """Which cards."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=50, description="How many at once")] = 20
    cursor: Annotated[str, Field(max_length=LONGEST, description="`next` of the page before")] = ""


def list_approvals(call: Call) -> Page[Approval]:
    query: Approvals = call.query
    with call.house.database.read(call.scope) as session:
        mine = select(Card).where(Card.account_id == call.account_id).order_by(Card.created_at.desc(), Card.id.desc())
        cards = [card for card in session.scalars(mine.limit(MOST_LISTED)) if _may_see(call, session, card)]
        part, following = paged(call.cursors(), cards, key="id", cursor=query.cursor, limit=query.limit)
        return Page(tuple(approval_of(call, session, card) for card in part), following)


def show_approval(call: Call) -> Approval:
    key = read_id(call.path["approval"])
    with call.house.database.read(call.scope) as session:
        card = None if key is None else find_approval(session, key)
        if card is None or not _may_see(call, session, card):
            raise Problem("not-there", NOT_FOUND)
        return approval_of(call, session, card)


def approval_of(call: Call, session: Session, card: Card) -> Approval:
    """A card of the caller's customer, in the shop's words. Its lines, which may hold a street, stay on its page."""
    shown = signing_card(call.house, session, call.actor, card)
    asker = _asker(card)
    outcome = None if card.outcome is None else outcome_from_json(card.outcome).says
    return Approval(
        id=str(card.id),
        state=cast(State, _TO_SIGN.get(shown.state, shown.state)),
        says=shown.sentence,
        action=card.action,
        asked_by="customer" if asker.act is None else asker.act.name,
        needs=tuple(sorted(need.value for need in card.needed)),
        sign_at=f"{call.house.issuer.url}/approvals/{card.id}",
        asked_at=card.created_at,
        expires_at=card.expires_at,
        outcome=outcome,
    )


def _may_see(call: Call, session: Session, card: Card) -> bool:
    asker = _asker(card)
    if "activity" in call.may or (asker.act is not None and asker.act.name == call.client_id):
        return True
    # What the assistant prepared in the customer's own chat is none of the program's business.
    return "assistant" in call.may and app_behind(session, asker) == call.client_id


def _asker(card: Card) -> Actor:
    return actor_from_json(card.actor, card.account_id)


OPERATIONS = (
    Operation(
        "listApprovals",
        "GET",
        "/approvals",
        "Approvals",
        "What waits, or waited, for the customer's signature; newest first",
        Page[Approval],
        Page((examples.APPROVAL,), None),
        answer=list_approvals,
        query=Approvals,
    ),
    Operation(
        "showApproval",
        "GET",
        "/approvals/{approval}",
        "Approvals",
        "One of them, as it stands now. It is signed on the page `sign_at`, by the customer, and nowhere else",
        Approval,
        examples.APPROVAL,
        answer=show_approval,
    ),
)

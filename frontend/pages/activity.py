"""What the assistant did: every step in one's name, newest first, with the rule that allowed or refused it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from auth.web.asking import Customer
from frontend.errors import not_here
from frontend.house import house_of
from frontend.render import looking, render
from shop.activity import read_activity

router = APIRouter()


@router.get("/account/activity")
def show_activity(
    request: Request, actor: Customer, show: Annotated[str, Query()] = "assistant", before: Annotated[str, Query()] = ""
) -> Response:
    house = house_of(request)
    if actor.account_id is None:
        raise not_here()
    place = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
    with looking(request, actor) as session:
        page = read_activity(
            session,
            house.audit,
            house.desk.judge,
            account_id=actor.account_id,
            only_assistant=show != "everything",
            before=place,
        )
        return render(
            request,
            "account/activity.html",
            actor=actor,
            session=session,
            show="everything" if show == "everything" else "assistant",
            activities=page.activities,
            older=page.older,
            is_first=place is None,
        )

"""What the assistant did: every step in one's name, newest first, with the rule that allowed or refused it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from auth.oauth.connected import program_names
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
        names = program_names(session)
        page = read_activity(
            session,
            house.audit,
            house.desk.judge,
            account_id=actor.account_id,
            only_assistant=show not in {"everything", *names},
            only_act=show if show in names else "",
            names=names,
            before=place,
        )
        return render(
            request,
            "account/activity.html",
            actor=actor,
            session=session,
            show=show if show == "everything" or show in names else "assistant",
            apps=[(name, words) for name, words in names.items() if name == show],
            activities=page.activities,
            older=page.older,
            is_first=place is None,
        )

"""Connected apps: what each may do, when it last did what, and a button that ends it with its very next call."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from auth.oauth.connected import connected_programs, disconnect
from auth.web.asking import Customer
from frontend.errors import go_to, not_here
from frontend.house import house_of
from frontend.render import looking, render, tell_next
from shop.activity import read_activity

router = APIRouter(prefix="/account/apps")


@router.get("")
def show_apps(request: Request, actor: Customer) -> Response:
    house = house_of(request)
    if actor.account_id is None:
        raise not_here()
    with looking(request, actor) as session:
        apps = connected_programs(session, house.issuer, actor.account_id)
        last = {
            app.client_id: read_activity(
                session,
                house.audit,
                house.desk.judge,
                account_id=actor.account_id,
                only_act=app.client_id,
                limit=1,
            ).activities
            for app in apps
        }
        return render(request, "account/apps.html", actor=actor, session=session, apps=apps, last=last)


@router.post("/{client_id}/disconnect")
def disconnect_app(request: Request, actor: Customer, client_id: Annotated[str, Path(max_length=40)]) -> Response:
    if not disconnect(house_of(request).issuer, actor, client_id):
        raise not_here()
    return tell_next(go_to("/account/apps"), "app-disconnected")

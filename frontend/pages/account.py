"""The account's front page: what waits for a signature, the newest orders, and the way to everything else."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from auth.actor import Role
from auth.guard.approvals import open_approvals
from auth.web.asking import SignedIn
from frontend.house import house_of
from frontend.render import looking, render
from frontend.signing import signing_card
from shop.order_views import order_view
from shop.orders import find_orders

router = APIRouter()

_NEWEST = 3


@router.get("/account")
def show_account(request: Request, actor: SignedIn) -> Response:
    house = house_of(request)
    with looking(request, actor) as session:
        waiting, orders = [], []
        if actor.role is Role.CUSTOMER and actor.account_id is not None:
            found = open_approvals(session, actor.account_id, house.clock())
            waiting = [signing_card(house, session, actor, approval) for approval in found]
            newest = find_orders(session, actor.account_id)[:_NEWEST]
            orders = [order_view(session, order, vault=house.vault) for order in newest]
        return render(request, "account/account.html", actor=actor, session=session, waiting=waiting, orders=orders)
